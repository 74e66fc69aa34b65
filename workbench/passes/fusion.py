"""What is never stored: which array values are computed element by element where they are read.

A *view* moves data only (slice, transpose, broadcast, full, iota, a reshape by axes of length 1): it may be read at any
number of places. A *cheap* value (a product, a comparison, ...: nothing beside the traffic of storing it) may be
computed again by a second reader. Any other array value is fused only into one reader that reads each of its elements
once.

Invariant: a fused value is evaluated at its readers; no array that it reads has its buffer taken before the last of
them. Where the reader itself updates such an array, each element must be read exactly where it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from workbench.ir import (
    Block,
    Constant,
    Function,
    Kind,
    Op,
    Polynomial,
    Value,
    consumed_operands,
    definitions,
    normal_form,
)
from workbench.ir.ops import CONSUMING
from workbench.records import dataclass
from workbench.rules import get

ONE, ZERO = Constant(1, Kind.INT), Constant(0, Kind.INT)
VIEWS = frozenset({"slice", "transpose", "broadcast", "full", "iota", "reshape", "copy"})
REDUCTIONS = frozenset({"sum", "prod", "max", "min", "any", "all"})
CHEAP = frozenset({"add", "sub", "mul", "neg", "abs", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "select",
                   "minimum", "maximum"})
SITES = 2  # how often a cheap value may be computed
# operations that read each element of an array operand at most once, by operand positions (None: all)
_READERS: dict[str, tuple[int, ...]] = {
    "slice": (0,), "transpose": (0,), "copy": (0,), "slice_store": (1,), "slice_accum": (1,),
    "scatter_store": (1,), "scatter_accum": (1,), "argmax": (0,), "argmin": (0,), "cumsum": (0,), "cumprod": (0,),
    "mask_count": (0,), "mask_index": (0,), **dict.fromkeys(REDUCTIONS, (0,)),
}
# ... and that may read an element more than once
_REPEATING: dict[str, tuple[int, ...]] = {"broadcast": (0,), "load": (0,)}


@dataclass(slots=True)
class _Use:
    op: Op
    position: int
    time: int
    loops: tuple[int, ...]


@dataclass(slots=True)
class _Place:
    time: int
    loops: tuple[int, ...]
    uses: list[_Use] = field(default_factory=list)


class Fusion:
    """Decisions for one function: `fused[v]` is the operation computed where v is read."""

    def __init__(self, function: Function, eligible: Callable[[Op], bool]) -> None:
        self.eligible = eligible
        self.makers = definitions(function)
        self.forms: dict[Value, Polynomial] = {}
        self.fused: dict[Value, Op] = {}
        self.keys: dict[Value, set[Op | None]] = {}  # the operations that evaluate a value, see `_key`
        self._places: dict[Value, _Place] = {}
        self._taken: dict[Value, list[int]] = {}  # times at which its buffer is taken (once in each arm)
        self._ends: dict[Value, set[int]] = {}  # times at which a fused value is evaluated
        self._endangered: dict[Value, bool] = {}  # see `_in_danger`
        self._clock = 0
        self._order: list[Op] = []
        self._enter(function.block, ())
        for value in function.results:
            self._use(value, Op("return", function.results, ()), 0, ())
        for op in reversed(self._order):
            if self.eligible(op) and len(op.results) == 1 and op.result.is_array and op.prim not in CONSUMING:
                self._decide(op)

    def loops(self, value: Value) -> tuple[int, ...]:
        """The loops around a value's definition."""
        return self._places[value].loops

    def same(self, a: Value, b: Value) -> bool:
        """True for integers that are provably equal."""
        return a is b or normal_form(a, self.makers.get, self.forms) == normal_form(b, self.makers.get, self.forms)

    # ------------------------------------------------------------------ where things happen
    def _enter(self, block: Block, loops: tuple[int, ...]) -> None:
        for param in block.params:
            self._places[param] = _Place(self._clock, loops)
        for op in block.ops:
            self._clock += 1
            now = self._clock
            self._order.append(op)
            for position, value in enumerate(op.operands):
                self._use(value, op, position, loops)
            for value in consumed_operands(op):
                self._taken.setdefault(value, []).append(now)
            if op.prim in ("for", "while"):
                for value in op.operands:
                    self._taken.setdefault(value, []).append(now)
            inner = (*loops, now) if op.prim in ("for", "while") else loops
            for region in op.regions:
                self._enter(region, inner)
                self._clock += 1
                for value in region.yields:
                    self._use(value, op, -1, inner)
                    self._taken.setdefault(value, []).append(self._clock)
            self._clock += 1
            for result in op.results:
                self._places[result] = _Place(now, loops)

    def _use(self, value: Value, op: Op, position: int, loops: tuple[int, ...]) -> None:
        if not isinstance(value, Constant):
            self._places[value].uses.append(_Use(op, position, self._clock, loops))

    # ------------------------------------------------------------------ decisions, from the last operation to the first
    def _decide(self, op: Op) -> None:
        value = op.result
        place = self._places[value]
        self.keys[value] = keys = {self._key(use, value, place) for use in place.uses}
        if not place.uses or not self._can_fuse(op) or not all(
                self._reads_elements(use) or self._is_turned(op, use) for use in place.uses):
            return
        root = next(iter(keys)) if len(keys) == 1 else None
        ends: set[int] = set()
        for use in place.uses:
            result = use.op.results[0] if use.op.results else None
            ends |= self._ends[result] if result in self.fused and result is not None else {use.time}
        if root is None and not self._is_view(op) and not (self._is_cheap(op) and None not in keys and (
                len(ends) <= SITES)):
            return
        if not self._stays_readable(op, max(ends), root, not self._is_view(op), set()):
            return
        self.fused[value] = op
        self._ends[value] = ends

    def _stays_readable(self, op: Op, end: int, root: Op | None, deep: bool,
                        seen: set[tuple[Value, Value, bool]]) -> bool:
        """True where what `op` reads is still there at time `end` (`deep`: also what its operands would read). `seen`:
        readers and what they read, each at its own index: one that reads where it is written says nothing of others."""
        if not self._in_danger(op):
            return True
        for operand in op.operands:
            reading = (op.result, operand, root is None)
            if not operand.is_array or reading in seen:
                continue
            seen.add(reading)
            start = self._places[op.result].time
            taken = min((time for time in self._taken.get(operand, ()) if time > start), default=None)
            if taken is not None and taken <= end:
                if taken < end or root is None or not self._reads_where_written(op, operand, root):
                    return False
            inner = self.makers.get(operand)
            if deep and inner is not None and not inner.regions and (
                    inner.prim not in CONSUMING and self._can_fuse(inner)):
                aligned = root if get(op.prim).elementwise and self._same_shape(operand, op.result) else None
                if not self._stays_readable(inner, end, aligned, True, seen):
                    return False
        return True

    def _in_danger(self, op: Op) -> bool:
        """True where something that `op` reads, or that what it reads would read, has its buffer taken after that.
        Found once for each operation; there is mostly no such thing, and then nothing is to be followed."""
        found = self._endangered.get(op.result)
        if found is None:
            start = self._places[op.result].time
            found = False
            for operand in op.operands:
                if not found and operand.is_array:
                    inner = self.makers.get(operand)
                    found = any(time > start for time in self._taken.get(operand, ())) or (
                        inner is not None and not inner.regions and inner.prim not in CONSUMING
                        and self._can_fuse(inner) and self._in_danger(inner))
            self._endangered[op.result] = found
        return found

    def _key(self, use: _Use, value: Value, place: _Place) -> Op | None:
        """The one operation that reads a value's elements through this use, each at most once and at the index that
        it works on; None where there is none such."""
        op = use.op
        if use.loops != place.loops or use.position < 0 or op.prim in ("return", "broadcast", "gather", "matmul"):
            return None
        if op.prim == "load":
            return op if use.position == 0 else None
        if op.prim in ("slice_store", "slice_accum"):
            return op if use.position == 1 and ONE not in value.dims else None
        if op.prim in _READERS and op.prim not in VIEWS:
            return op if use.position in _READERS[op.prim] and ONE not in value.dims else None
        if len(op.results) != 1 or not op.result.is_array or op.regions or op.prim in CONSUMING:
            return None
        if op.prim in VIEWS:  # another index: the only use, or a second evaluation
            if op.result not in self.fused:
                return op if op.prim != "reshape" or self.reshape_axes(op) is not None else None
            keys = self.keys[op.result]
            return op if len(keys) == 1 and None not in keys else None
        if not get(op.prim).elementwise or not self._same_shape(value, op.result):
            return None
        if op.result not in self.fused:
            return op
        keys = self.keys[op.result]
        return next(iter(keys)) if len(keys) == 1 else None

    def aligned(self, value: Value, op: Op) -> bool:
        """True where the elementwise `op` reads a value, each element where it is written, and nothing does later."""
        place, now = self._places[value], self._places[op.result].time
        keys = [(self._key(use, value, place), use) for use in place.uses]
        return any(key is op for key, _ in keys) and all(key is op or self._last(use) < now for key, use in keys)

    def _last(self, use: _Use) -> int:
        """When a use is evaluated last."""
        result = use.op.results[0] if use.op.results else None
        return max(self._ends[result]) if result is not None and result in self.fused else use.time

    def _can_fuse(self, op: Op) -> bool:
        if op.prim == "reshape":
            return self.reshape_axes(op) is not None
        return op.prim in VIEWS or op.prim == "gather" or get(op.prim).elementwise

    def _is_view(self, op: Op) -> bool:
        """True where reading an element is a load (or nothing) and an affine index."""
        if op.prim in VIEWS:
            return True
        return op.prim == "cast" and op.operands[0].kind is Kind.INT and op.operands[0] in self.makers and (
            self.makers[op.operands[0]].prim == "iota")

    def _is_cheap(self, op: Op) -> bool:
        """True where computing an element again costs no more than storing and loading it: one array is read."""
        return op.prim in CHEAP and sum(v.is_array and not self._is_constant(v) for v in op.operands) <= 1

    def _is_constant(self, value: Value) -> bool:
        """True for arrays that are one number."""
        made = self.makers.get(value)
        return made is not None and (made.prim == "full" or (
            made.prim in VIEWS and made.operands[0].is_array and self._is_constant(made.operands[0])))

    def _reads_elements(self, use: _Use) -> bool:
        op = use.op
        if use.position < 0 or op.prim == "return" or not self.eligible(op):
            return False
        if op.prim in _READERS:
            return use.position in _READERS[op.prim]
        if op.prim in _REPEATING:
            return use.position in _REPEATING[op.prim]
        if op.prim == "reshape":
            return use.position == 0 and self.reshape_axes(op) is not None
        if op.prim == "gather":
            return True
        return not op.regions and op.prim not in CONSUMING and get(op.prim).elementwise

    def _is_turned(self, op: Op, use: _Use) -> bool:
        """True for a transposed matrix (or a stack of them) that is a factor of a product. In loops matrices are small:
        the library is faster at small ones that lie by rows than a copy takes."""
        rank = op.result.rank
        return op.prim == "transpose" and use.op.prim == "matmul" and use.position >= 0 and self.eligible(use.op) and (
            rank <= 3 and op.attrs["perm"] == (*range(rank - 2), rank - 1, rank - 2)) and (rank == 3 or not use.loops)

    @staticmethod
    def _same_shape(a: Value, b: Value) -> bool:
        return a.rank == b.rank and all((x == ONE) == (y == ONE) for x, y in zip(a.dims, b.dims, strict=True))

    def _reads_where_written(self, op: Op, operand: Value, root: Op) -> bool:
        """True where `op` reads the array that its root updates at the element that is being updated."""
        if root.prim not in ("slice_store", "slice_accum") or root.operands[0] is not operand:
            return False
        box = root.operands[2:]
        if op.prim == "slice":
            return op.attrs["fixed"] == root.attrs["fixed"] and all(
                self.same(a, b) for a, b in zip(op.operands[1:], box, strict=True))
        if not get(op.prim).elementwise or op.result.rank != operand.rank or any(root.attrs["fixed"]):
            return False
        rank = operand.rank
        return all(self.same(v, ZERO) for v in box[:rank]) and all(self.same(v, ONE) for v in box[2 * rank:]) and (
            self._same_shape(op.result, operand))

    # ------------------------------------------------------------------ reshapes that only add or drop axes of length 1
    def reshape_axes(self, op: Op) -> tuple[int | None, ...] | None:
        """For each axis of a reshape's operand the result's axis that indexes it (None: its length is 1), or None
        where the reshape does more than add and drop axes of length 1."""
        source = op.operands[0]
        targets = [k for k, d in enumerate(op.result.dims) if d != ONE]
        axes: list[int | None] = []
        for dim in source.dims:
            if dim == ONE:
                axes.append(None)
            elif targets and self.same(dim, op.result.dims[targets[0]]):
                axes.append(targets.pop(0))
            else:
                return None
        return tuple(axes) if not targets else None


def unowned(function: Function, of: Sequence[Value] | None = None) -> set[Value]:
    """Arrays whose buffer may be the caller's (that of one of these arrays, where they are given: through reshapes,
    too, which are how a program renames an array's dimensions)."""
    found: set[Value] = set()
    pending = [p for p in (function.params if of is None else of) if p.is_array]
    edges: dict[Value, list[Value]] = {}

    def link(a: Value, b: Value) -> None:
        if b.is_array:
            edges.setdefault(a, []).append(b)

    def enter(block: Block) -> None:
        for op in block.ops:
            if op.prim == "reshape" and of is not None:
                link(op.operands[0], op.result)
            for value in consumed_operands(op):
                for result in op.results:
                    link(value, result)
            if op.prim == "if":
                for region in op.regions:
                    for value, result in zip(region.yields, op.results, strict=True):
                        link(value, result)
            elif op.prim in ("for", "while"):
                head = 2 if op.prim == "for" else 0
                params = op.regions[0].params[1 if op.prim == "for" else 0:]
                last = op.regions[-1].yields
                leaving = last if op.prim == "for" else op.regions[0].yields[1:]
                for k, result in enumerate(op.results):
                    link(op.operands[head + k], params[k])
                    link(last[k], params[k])
                    link(leaving[k], result)
                    link(params[k], result)
            for region in op.regions:
                enter(region)

    enter(function.block)
    while pending:
        value = pending.pop()
        if value not in found:
            found.add(value)
            pending.extend(edges.get(value, []))
    return found
