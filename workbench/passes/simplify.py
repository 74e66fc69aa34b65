"""Simplification: constant folding, common subexpressions, hoisting, short loops unrolled, dead control flow removed.

Invariants: IEEE results are kept bit for bit; what raises is neither moved nor removed unless it provably never raises;
only scalar operations without effect are moved out of loops, and loads whose indices are those of loops that stay
around them and within the array (their value does not change: a loop's body takes no buffer from outside).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workbench.ir import ArrayType, Block, Constant, Function, Kind, Op, Polynomial, Value, normal_form
from workbench.passes.accumulation import made_in
from workbench.passes.base import Pass
from workbench.passes.dead import DeadCode
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass
from workbench.rules import get

# integer division may trap: not evaluated where the program might not, nor before it has checked the divisor
_DIVISIONS = frozenset({"floordiv", "mod"})
_FAILS = "fails"  # where a frame's numbers have this, its code ends in an exception


@dataclass(frozen=True)
class Simplify(Pass):
    """Folds, reuses, hoists, unrolls, until nothing changes (or `rounds` times).

    unroll: loops of at most this many constant trips are unrolled, if they then have at most `budget` operations."""

    name: ClassVar[str] = "simplify"
    settles: ClassVar[bool] = True
    unroll: int = 4
    budget: int = 160
    rounds: int = 4

    def __call__(self, function: Function) -> Function:
        """The simplified function."""
        for _ in range(self.rounds):
            simplifier = _Simplifier(self)
            function = DeadCode()(simplifier.run(function))
            if not simplifier.changed:
                break
        return function


def weight(block: Block) -> int:
    """Number of operations, those in regions included."""
    return sum(1 + sum(weight(region) for region in op.regions) for op in block.ops)


class _Simplifier(Rebuilder):
    def __init__(self, options: Simplify) -> None:
        self.options = options
        self.changed = False
        self.ranges: dict[Value, tuple[Value, Value, int]] = {}  # of the indices of open loops
        self.forms: dict[Value, Polynomial] = {}

    def op(self, op: Op) -> None:
        """Simplify one operation. Behind a check that fails always, shapes may contradict each other: what is there is
        not reached, and anything will do for it."""
        try:
            self.simplified(op)
        except (TypeError, ValueError):
            if not any(_FAILS in frame.numbers for frame in self.builder.frames):
                raise
            for result in op.results:
                dims = self.type(result.type).dims
                self.env[result] = Constant(0, result.kind) if not result.is_array else self.emit(
                    "empty", *dims, kind=result.kind)

    def simplified(self, op: Op) -> None:
        """Emit what the operation comes to."""
        if op.prim == "if":
            self.if_(op)
        elif op.prim == "for":
            self.for_(op)
        elif op.prim == "while":
            self.while_(op)
        elif op.prim == "check":
            self.check(op)
        elif op.prim == "load" and self.builder.depth > 1 and self.is_within(self.all(op.operands)):
            self.hoist_load(op)
        elif len(op.results) == 1 and not op.result.is_array and get(op.prim).elementwise:
            self.hoist(op)
        else:
            self.copy(op)

    # ------------------------------------------------------------------ scalars
    def hoist(self, op: Op) -> None:
        """Emit a scalar operation before the outermost loop in which its operands do not change."""
        operands = self.all(op.operands)
        folded = self.offset(op, operands)
        if folded is not None:
            self.env[op.result] = folded
            return
        made = 1
        for value in operands:
            if not isinstance(value, Constant) and self.depth_of[value] > made:
                made = self.depth_of[value]
        depth = self.target(op, made)
        if depth == len(self.builder.frames):
            self.bind(op.result, self.emit(op.prim, *operands, **op.attrs))
            return
        with self.builder.outside(depth):
            self.bind(op.result, self.emit(op.prim, *operands, **op.attrs))

    def hoist_load(self, op: Op) -> None:
        """Emit a load before the outermost loop in which neither the array nor the indices change."""
        operands = self.all(op.operands)
        made = max(self.depth_of[v] for v in operands if not isinstance(v, Constant))
        depth = self.builder.depth
        for k in range(depth - 1, made - 1, -1):
            if self.builder.frames[k].kind == "arm":
                break
            if self.builder.frames[k].is_loop:
                depth = k
        if depth == self.builder.depth:
            self.copy(op)
            return
        with self.builder.outside(depth):
            self.copy(op)

    def is_within(self, operands: Sequence[Value]) -> bool:
        """True where indices are those of loops around, or so much more, and known to be within the array."""
        array, *indices = operands
        if isinstance(array.type, ArrayType) and array.type.growable:
            return False
        return all(self._is_below(i, dim) for i, dim in zip(indices, array.dims, strict=True))

    def _is_below(self, index: Value, dim: Value) -> bool:
        """True where 0 <= index < dim, for an index that is a loop's and a constant."""
        maker = self.builder.definitions.get
        form = normal_form(index, maker, self.forms)
        for variable, (lo, hi, step) in self.ranges.items():
            more = form.above(normal_form(variable, maker, self.forms))
            if more is None:
                continue
            first, end = (lo, hi) if step == 1 else (hi, lo)  # with step -1: first < index <= end
            least = normal_form(first, maker, self.forms).constant
            over = normal_form(end, maker, self.forms).above(normal_form(dim, maker, self.forms))
            late = 0 if step == 1 else 1
            return least is not None and over is not None and least + late + more >= 0 and over + late + more <= 0
        return False

    def offset(self, op: Op, operands: Sequence[Value]) -> Value | None:
        """(v + a) + b of integers as v + (a + b), where v + a is known as such."""
        if op.prim not in ("add", "sub") or op.result.kind is not Kind.INT or not isinstance(operands[1], Constant):
            return None
        base, number = operands[0], int(operands[1].value.real) * (1 if op.prim == "add" else -1)
        inner = self.builder.definitions.get(base)
        while inner is not None and inner.prim in ("add", "sub") and isinstance(inner.operands[1], Constant):
            base = self.builder.resolve(inner.operands[0])
            number += int(inner.operands[1].value.real) * (1 if inner.prim == "add" else -1)
            inner = self.builder.definitions.get(base)
        if base is operands[0] or not -2**62 < number < 2**62:
            return None
        if number == 0 or isinstance(base, Constant):
            return self.emit("add", base, Constant(number, Kind.INT))
        with self.builder.outside(self.target(op, self.depth_of[base])):
            return self.emit("add" if number > 0 else "sub", base, Constant(abs(number), Kind.INT))

    def target(self, op: Op, made: int) -> int:
        """The number of frames left open where the operation goes."""
        frames = self.builder.frames
        depth = len(frames)
        if made == depth:
            return depth
        if op.result.kind is Kind.BOOL and all(v.kind is Kind.INT for v in op.operands):
            return depth  # reads better where it is tested
        divides = op.prim in _DIVISIONS
        divisor = self.get(op.operands[1]) if divides else None
        checked = divides and not (isinstance(divisor, Constant) and divisor.value not in (0, -1))
        for k in range(len(frames) - 1, made - 1, -1):
            frame = frames[k]
            if frame.is_loop and not checked:
                depth = k
            elif frame.is_loop or (frame.kind == "arm" and (get(op.prim).transcendental or divides)):
                break
        return depth

    def check(self, op: Op) -> None:
        """A check of a constant truth is no check; an equal check that dominates this one is enough."""
        ok = self.get(op.operands[0])
        if isinstance(ok, Constant) and ok.value:
            return
        if isinstance(ok, Constant):
            self.builder.frames[-1].numbers[_FAILS] = ok
        if any(("checked", ok) in frame.numbers for frame in self.builder.frames):
            return
        self.builder.frames[-1].numbers["checked", ok] = ok
        self.copy(op)

    # ------------------------------------------------------------------ control flow
    def if_(self, op: Op) -> None:
        """One arm where the condition is known; a `select` where both arms are empty; else the conditional."""
        condition = self.get(op.operands[0])
        if isinstance(condition, Constant):
            self.changed = True
            arm = op.regions[0 if condition.value else 1]
            self.ops(arm)
            for old, value in zip(op.results, arm.yields, strict=True):
                self.env[old] = self.get(value)
            return
        arms = []
        for region in op.regions:
            with self.frame("arm") as frame:
                self.ops(region)
                arms.append((tuple(frame.ops), self.all(region.yields)))
        keep = []
        for k, old in enumerate(op.results):
            a, b = arms[0][1][k], arms[1][1][k]
            if a == b:
                self.changed = True
                self.env[old] = a
            elif not arms[0][0] and not arms[1][0] and not old.is_array:
                self.changed = True
                self.bind(old, self.emit("select", condition, a, b))
            else:
                keep.append(k)
        if keep or arms[0][0] or arms[1][0]:
            blocks = tuple(Block((), ops, tuple(yields[k] for k in keep)) for ops, yields in arms)
            self.finish(op, (condition,), blocks, [op.results[k] for k in keep])

    def for_(self, op: Op) -> None:
        """A loop without trips is nothing; short ones are unrolled; what a loop does not change is not carried."""
        (body,) = op.regions
        lo, hi, *inits = self.all(op.operands)
        trips = self.trips(lo, hi, op.attrs["step"])
        if trips == 0:
            self.changed = True
            for old, value in zip(op.results, inits, strict=True):
                self.env[old] = value
            return
        if trips is not None and trips <= self.options.unroll and trips * weight(
                body) <= self.options.budget and "threads" not in op.attrs:
            self.unrolled(op, lo, trips, inits)
            return
        keep = []
        made = made_in(body)
        for k, (param, value) in enumerate(zip(body.params[1:], body.yields, strict=True)):
            if value is param or (not param.is_array and value not in made and self.get(value) == inits[k]):
                self.changed = True
                self.env[param] = self.env[op.results[k]] = inits[k]
            else:
                keep.append(k)

        def begin(params: tuple[Value, ...]) -> None:
            self.ranges[params[0]] = lo, hi, op.attrs["step"]
        self.rebuild_for(op, keep, begin)
        self.ranges.popitem()

    @staticmethod
    def trips(lo: Value, hi: Value, step: int) -> int | None:
        """A constant trip count, else None."""
        if lo == hi:
            return 0
        if not isinstance(lo, Constant) or not isinstance(hi, Constant):
            return None
        return max(0, int(hi.value.real) - int(lo.value.real)) if step == 1 else max(
            0, int(lo.value.real) - int(hi.value.real))

    def unrolled(self, op: Op, lo: Value, trips: int, inits: Sequence[Value]) -> None:
        """The body once per trip."""
        (body,) = op.regions
        self.changed = True
        assert isinstance(lo, Constant)
        carried = list(inits)
        for k in range(trips):
            self.env[body.params[0]] = Constant(lo.value + k * op.attrs["step"], Kind.INT)
            for param, value in zip(body.params[1:], carried, strict=True):
                self.env[param] = value
            self.ops(body)
            carried = list(self.all(body.yields))
        for old, value in zip(op.results, carried, strict=True):
            self.env[old] = value

    def while_(self, op: Op) -> None:
        """What a loop does not change is not carried."""
        before, after = op.regions
        keep = []
        for k, param in enumerate(before.params):
            if before.yields[1 + k] is param and after.yields[k] is param:
                self.changed = True
                self.env[param] = self.env[op.results[k]] = self.get(op.operands[k])
            else:
                keep.append(k)
        self.rebuild_while(op, keep)
