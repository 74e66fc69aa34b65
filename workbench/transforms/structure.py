"""Where each value of a program lives, and what is known of its loops and arrays.

What is run in one pass (`transforms.onepass`) is given: in the regions of such an operation, as in the function's own
block, the reverse sweep follows the forward sweep at once, and all that the region made is still there. Such a region
is *open*. So is the body of a loop that the reverse sweep runs again (`transforms.late`).

Invariant: nothing here changes the program; a `Region` stands for one block, a `Loop` for one `for` or `while`. The two
regions of a `while` and all arms inside a body belong to that body's loop. The regions of what is run in one pass
belong to none.
A value that is not said to vary with a loop around it has the same bits in all its iterations (in one iteration of the
other loops).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import field

from workbench.ir import Block, Constant, Function, Kind, Op, ScalarType, Value, consumed_operands, normal_form, walk
from workbench.ir.ops import ALLOCATING, CONSUMING
from workbench.records import dataclass

_HOISTED = frozenset({"add", "sub", "mul", "neg", "minimum", "maximum", "abs", "select", "lt", "le", "gt", "ge", "eq",
                      "ne"})


def dependent(ops: Sequence[Op], loops: Collection[Op]) -> set[Op]:
    """These operations, and those that depend on their results."""
    found: set[Op] = set()
    made: set[Value] = set()
    for op in ops:
        if op in loops or not made.isdisjoint(op.operands) or (op.regions and not made.isdisjoint(captured(op))):
            found.add(op)
            made.update(op.results)
    return found


def is_arithmetic(op: Op) -> bool:
    """True for an operation on numbers, whose adjoint has a part for each of its operands."""
    return not op.regions and op.prim != "call" and not any(v.is_array for v in (*op.operands, *op.results))


def captured(op: Op) -> set[Value]:
    """What the regions of an operation use of what is made outside."""
    used: set[Value] = set()
    made: set[Value] = set()
    for block in op.regions:
        _gather(block, used, made)
    return used - made


def taken(op: Op) -> set[Value]:
    """The arrays whose buffers an operation, or one in its regions, takes."""
    found: set[Value] = set()
    for inner in (op, *(inner for block in op.regions for inner in walk(block))):
        found.update(consumed_operands(inner))
        inits = inner.operands[2:] if inner.prim == "for" else inner.operands if inner.prim == "while" else ()
        found.update(v for v in inits if v.is_array)
        found.update(v for block in inner.regions for v in block.yields if v.is_array)
    return found


def _gather(block: Block, used: set[Value], made: set[Value]) -> None:
    made.update(block.params)
    used.update(block.yields)
    for op in block.ops:
        used.update(op.operands)
        made.update(op.results)
        for inner in op.regions:
            _gather(inner, used, made)


@dataclass(slots=True, eq=False)
class Loop:
    """A loop: its operation, the region it stands in, the values its carried integers advance by.

    `base` stands for the place in the loop's residual lists where its iterations begin, `trips` for the number of full
    iterations of a `while`: two values of the enclosing region that the program itself does not compute."""

    op: Op
    region: Region
    base: Value
    trips: Value | None = None
    induction: dict[Value, tuple[Value, int]] = field(default_factory=dict)

    @property
    def outer(self) -> Loop | None:
        """The loop around this one."""
        return self.region.loop

    @property
    def nest(self) -> tuple[Loop, ...]:
        """The loops around this one, outermost first, and this one."""
        return (*(self.outer.nest if self.outer else ()), self)

    @property
    def body(self) -> Block:
        """The body of a `for`."""
        return self.op.regions[0]


@dataclass(slots=True, eq=False)
class Region:
    """A block, the operation that holds it, the region around it, and the innermost loop whose body it is part of."""

    block: Block
    op: Op | None
    parent: Region | None
    loop: Loop | None
    is_open: bool = False

    @property
    def around(self) -> Region:
        """The innermost open region that this one is part of."""
        return next(region for region in self.chain if region.is_open)

    @property
    def chain(self) -> Iterator[Region]:
        """This region and those around it."""
        region: Region | None = self
        while region is not None:
            yield region
            region = region.parent


@dataclass(frozen=True, slots=True)
class Halves:
    """The operations of an open region: those whose adjoints come before the first one in one pass (and what is in one
    pass), and those whose adjoints come when all has run: what the cotangents of `made`, the results of the early ones,
    do not depend on. The adjoint of an arithmetic operation comes early for operands that are `made`, late for others.
    """

    early: tuple[Op, ...]
    late: tuple[Op, ...]
    made: frozenset[Value]


class Structure:
    """The analysis of one function."""

    def __init__(self, function: Function, one_pass: Collection[Op] = (), late: Collection[Op] = ()) -> None:
        self.function = function
        self.one_pass = frozenset(one_pass)
        self.late = frozenset(late)
        self.home: dict[Value, Region] = {}
        self.definitions: dict[Value, Op] = {}
        self.regions: dict[Block, Region] = {}
        self.loops: dict[Op, Loop] = {}
        self.indices: dict[Value, Loop] = {}
        self.consumed: set[Value] = set()
        self.top_op: dict[Value, Op] = {}
        self.varies: dict[Value, frozenset[Loop]] = {}
        self.applied: dict[tuple[str, Value], list[Value]] = {}  # what functions of one number give, by name and number
        self.top = self._block(function.block, None, None, None, None)

    # ------------------------------------------------------------------ building
    def _block(self, block: Block, op: Op | None, parent: Region | None, loop: Loop | None,
               top_op: Op | None) -> Region:
        is_open = parent is None or op in self.one_pass or op in self.late
        region = Region(block, op, parent, loop, is_open)
        self.regions[block] = region
        self._define(block.params, region, None if is_open else top_op)
        if op is not None and op.prim == "for" and loop is not None and loop.op is op:
            self.varies[block.params[0]] = frozenset({loop})
        for inner in block.ops:
            self._op(inner, region, inner if is_open else top_op)
        if parent is not None:
            self.consumed.update(v for v in block.yields if v.is_array)
        return region

    def _define(self, values: tuple[Value, ...], region: Region, top_op: Op | None) -> None:
        around = frozenset(region.loop.nest) if region.loop is not None else frozenset()
        for value in values:
            self.home[value] = region
            self.varies[value] = around
            if top_op is not None:
                self.top_op[value] = top_op

    def _op(self, op: Op, region: Region, top_op: Op | None) -> None:
        self.consumed.update(consumed_operands(op))
        if op.prim in ("for", "while"):
            self._loop(op, region, top_op)
        else:
            for block in op.regions:
                self._block(block, op, region, region.loop, top_op)
        self._define(op.results, region, None if region.is_open else top_op)
        for result in op.results:
            self.definitions[result] = op
        if len(op.operands) == 1 and len(op.results) == 1 and not op.attrs and op.result.kind.is_inexact:
            self.applied.setdefault((op.prim, op.operands[0]), []).append(op.result)
        if not op.regions and op.prim not in CONSUMING and op.prim not in ("call", *ALLOCATING):
            operands = (v for v in op.operands if not isinstance(v, Constant))
            changing = frozenset[Loop]().union(*(self.varies[v] for v in operands))
            self.varies.update((r, changing) for r in op.results)

    def _loop(self, op: Op, region: Region, top_op: Op | None) -> None:
        loop = Loop(op, region, Value(ScalarType(Kind.INT), "base"))
        self.loops[op] = loop
        self._define((loop.base,), region, None if region.is_open else top_op)
        inits = op.operands[2:] if op.prim == "for" else op.operands
        self.consumed.update(v for v in inits if v.is_array)
        is_open = op in self.one_pass or op in self.late
        for block in op.regions:
            self._block(block, op, region, None if is_open else loop, top_op)
        if is_open:
            return
        if op.prim == "for":
            self.indices[loop.body.params[0]] = loop
            params = loop.body.params[1:]
        else:
            params = op.regions[0].params
            loop.trips = Value(ScalarType(Kind.INT), "trips")
            self._define((loop.trips,), region, None if region.is_open else top_op)
        for init, param, out in zip(inits, params, op.regions[-1].yields, strict=True):
            step = self._step(param, out)
            if step is not None:
                loop.induction[param] = (init, step)

    def _step(self, param: Value, out: Value) -> int | None:
        """What an integer position advances by in an iteration, where that is a constant."""
        if param.is_array or param.kind is not Kind.INT:
            return None
        difference = normal_form(out, self.definitions.get) - normal_form(param, self.definitions.get)
        return difference.constant

    # ------------------------------------------------------------------ questions
    def parted(self, block: Block) -> tuple[tuple[Op, ...], tuple[Op, ...]]:
        """The operations of an open region before the first one in one pass, and the others."""
        first = next((k for k, op in enumerate(block.ops) if op in self.one_pass), len(block.ops))
        return block.ops[:first], block.ops[first:]

    def halves(self, block: Block) -> Halves:
        """The operations of an open region, by when their adjoints come."""
        before, after = self.parted(block)
        early = dependent(after, self.one_pass)
        made = frozenset(r for op in early for r in op.results)
        return Halves(tuple(op for op in after if op in early),
                      (*before, *(op for op in after if op not in early or self._is_split(op, made))), made)

    def _is_split(self, op: Op, made: Collection[Value]) -> bool:
        """True where part of an early adjoint comes late."""
        return op not in self.one_pass and is_arithmetic(op) and not all(
            isinstance(v, Constant) or v in made for v in op.operands)

    def loop_of(self, value: Value) -> Loop | None:
        """The loop in whose body a value is made."""
        return self.home[value].loop

    def axes(self, value: Value) -> tuple[Loop, ...]:
        """The loops around a value, outermost first, in whose iterations it differs."""
        loop = self.loop_of(value)
        return tuple(outer for outer in loop.nest if outer in self.varies[value]) if loop is not None else ()

    def computed(self, prim: str, operand: Value, region: Region) -> Value | None:
        """What a function of an operand is, where it has been computed whenever a region runs (and is still there)."""
        return next((v for v in self.applied.get((prim, operand), ()) if self.home[v] in region.chain and (
            not v.is_array or self.is_stable(v))), None)

    def is_top(self, value: Value) -> bool:
        """True for constants and for values made directly in an open region: they are there when they are asked for."""
        return isinstance(value, Constant) or self.home[value].is_open

    def is_stable(self, array: Value) -> bool:
        """True where an array version can be read at any later time."""
        return self.is_top(array) and array not in self.consumed

    def is_hoistable(self, value: Value) -> bool:
        """True where an integer can be computed in the open region, whatever the program does."""
        if self.is_top(value):
            return True
        op = self.definitions.get(value)
        if op is None or value.is_array or value.kind not in (Kind.INT, Kind.BOOL):
            return False
        if op.prim in ("floordiv", "mod"):
            divisor = op.operands[1]
            return isinstance(divisor, Constant) and divisor.value != 0 and self.is_hoistable(op.operands[0])
        integers = all(v.kind in (Kind.INT, Kind.BOOL) for v in op.operands)
        return integers and op.prim in _HOISTED and all(self.is_hoistable(v) for v in op.operands)

    def is_regular(self, loop: Loop | None) -> bool:
        """True where all trip counts of the nest are known on entry of its outermost loop."""
        if loop is None:
            return True
        return loop.op.prim == "for" and all(self.is_hoistable(v) for v in loop.op.operands[:2]) and (
            self.is_regular(loop.outer))

    def is_exact(self, value: Value) -> bool:
        """True where what a value would take, kept in every iteration, is known on entry of its outermost loop."""
        return self.is_regular(self.loop_of(value)) and all(self.is_hoistable(d) for d in value.dims)
