"""Neighbouring nests over the same elements become one: what one stores and the next reads stays in a register.

Array operations whose results are read more than once are nests of their own when they have been lowered; so are the
parts of an adjoint. Nests are merged where they touch a common array and no iteration of a later one needs what another
iteration of an earlier one does.

Invariant: an array that one of two nests writes is touched by both at the same element, the iteration's own, or is only
added to by both and may be rounded otherwise (`passes.exactness`); everything else keeps every bit.

Source: Kennedy & McKinley, "Maximizing loop parallelism and improving data locality via loop fusion and distribution"
(1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Op, Polynomial, Slot, Value, definitions, normal_form, walk
from workbench.ir.ops import ALLOCATING, CONSUMING, has_effect
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.nest_parts import NestBuilder
from workbench.passes.nests import Nest, find_nest
from workbench.records import dataclass
from workbench.rules import get

Place = tuple[object, ...]


@dataclass(frozen=True)
class Merge(CotangentPass):
    """Merges neighbouring nests, of any program: of cotangents also those that add to one array in another order.

    freely: also those that share no array, and sums with stores. On a CPU that would cost vectors; where each nest is
    launched by itself it saves a launch."""

    name: ClassVar[str] = "merge"
    freely: bool = False

    def __call__(self, function: Function) -> Function:
        """The function with its nests merged."""
        if sum(op.prim == "for" for op in walk(function.block)) < 2:
            return function
        if not _Search(function, self.exact, self.freely).has_found():
            return function
        return _Merger(function, self.exact, self.freely).run(function)


@dataclass(frozen=True)
class _Access:
    """One access to an array: by which operation, and where (None: somewhere that more than the indices decides)."""

    buffer: Value
    prim: str
    place: Place | None
    loose: bool


class _Merger(NestBuilder):
    def __init__(self, function: Function, exact: int | None, freely: bool) -> None:
        self.freely = freely
        self.makers = definitions(function)
        self.exact = exact_values(function, exact) if exact is not None else None
        self.forms: dict[Value, Polynomial] = {}
        self.group: list[Nest] = []
        self.buffers: dict[Value, Value] = {}  # results of the group's nests: the array that came in
        self.results: set[Value] = set()

    def ops(self, block: Block) -> None:
        """Emit a block, neighbouring nests together."""
        outer, self.group = self.group, []
        for op in block.ops:
            nest = self.qualified(op)
            if nest is not None and self.group and self.fits(nest):
                self.take(nest)
                continue
            if nest is not None or not self.may_come_first(op):
                self.flush()
            self.reach(op)
            if nest is not None:
                self.take(nest)
            else:
                self.op(op)
        self.flush()
        self.group = outer

    def reach(self, op: Op) -> None:
        """Go on at an operation's line."""
        self.builder.span = op.span or self.builder.span

    # ------------------------------------------------------------------ which nests
    def qualified(self, op: Op) -> Nest | None:
        """An ascending nest of independent iterations (but for what it sums)."""
        nest = find_nest(op, self.makers.get) if op.prim == "for" else None
        return nest if nest is not None and all(loop.attrs["step"] == 1 for loop in nest.loops) else None

    def may_come_first(self, op: Op) -> bool:
        """True for an operation without effect that uses nothing of the waiting nests."""
        if not self.group or op.regions or not op.results or op.prim in CONSUMING or op.prim == "call":
            return False
        known = op.prim in ALLOCATING or op.prim == "load" or get(op.prim).elementwise
        return known and not has_effect(op.prim, bool(op.attrs.get("checked"))) and (
            not self.results.intersection(op.operands))

    def take(self, nest: Nest) -> None:
        """A nest joins the group."""
        self.group.append(nest)
        outer = nest.loops[0]
        for k, result in enumerate(outer.results):
            self.results.add(result)
            if result.is_array:
                self.buffers[result] = self.buffer(outer.operands[2 + k])

    def buffer(self, array: Value) -> Value:
        """The array that came into the group as this one."""
        return self.buffers.get(array, array)

    def fits(self, nest: Nest) -> bool:
        """True where a nest can be merged into the group, and has reason to."""
        if any(self.box_of(nest) != self.box_of(other) for other in self.group):
            return False
        if not self.freely and any(bool(nest.sums) != bool(other.sums) for other in self.group):
            return False
        scalars = {v for v in self.results if not v.is_array}
        outer = nest.loops[0]
        if scalars and scalars.intersection(v for op in nest.ops for v in op.operands):
            return False
        if any(v in self.results and not v.is_array for v in outer.operands):
            return False
        mine = self.accesses(nest)
        theirs = [access for other in self.group for access in self.accesses(other)]
        shared = False
        for a in mine:
            for b in theirs:
                if a.buffer is b.buffer:
                    shared = True
                    if not self.may_meet(a, b):
                        return False
        return shared or self.freely

    @staticmethod
    def may_meet(a: _Access, b: _Access) -> bool:
        """True for accesses to one array that may come in the order of a merged nest."""
        if a.prim == b.prim == "load":
            return True
        if a.place is not None and a.place == b.place:
            return True
        return a.prim == b.prim == "accum" and a.loose and b.loose

    def box_of(self, nest: Nest) -> list[tuple[Polynomial, Polynomial]]:
        """The bounds of the loops."""
        return [(self.form(loop.operands[0]), self.form(loop.operands[1])) for loop in nest.loops]

    def form(self, value: Value) -> Polynomial:
        """The normal form of an integer."""
        return normal_form(value, self.makers.get, self.forms)

    def accesses(self, nest: Nest) -> list[_Access]:
        """All accesses to arrays."""
        outer = nest.loops[0]
        found = []
        for op in nest.ops:
            if op.prim not in ("load", "store", "accum"):
                continue
            array = op.operands[0]
            chain = nest.chains.get(array)
            source = array if chain is None else outer.operands[2 + chain]
            loose = "loose" in op.attrs and self.exact is not None and op.result not in self.exact
            where = op.operands[1:] if op.prim == "load" else op.operands[2:]
            found.append(_Access(self.buffer(source), op.prim, self.place(nest, where), loose))
        return found

    def place(self, nest: Nest, where: Sequence[Value]) -> Place | None:
        """Where an access is, in terms of the loops' numbers: each loop's index and a constant on one axis, the other
        axes at places that do not change; None where that is not so."""
        axes: list[object] = []
        used: list[int] = []
        for value in where:
            form = self.form(value)
            for k, index in enumerate(nest.indices):
                distance = form.above(self.form(index))
                if distance is not None:
                    axes.append((k, distance))
                    used.append(k)
                    break
            else:
                if not isinstance(value, Constant):
                    return None
                axes.append(value)
        return tuple(axes) if sorted(used) == list(range(len(nest.loops))) else None

    # ------------------------------------------------------------------ merging
    def flush(self) -> None:
        """Emit the group."""
        group, self.group = self.group, []
        if len(group) == 1:
            self.builder.span = group[0].loops[0].span or self.builder.span
            self.copy(group[0].loops[0])
        elif group:
            self.merge(group)
        self.results.clear()
        self.buffers.clear()

    def merge(self, group: list[Nest]) -> None:
        """One nest that does what several do."""
        slots: dict[Value, Slot] = {}
        sums: dict[Value, Slot] = {}
        for nest in group:
            outer = nest.loops[0]
            for k, result in enumerate(outer.results):
                start = self.buffer(outer.operands[2 + k]) if result.is_array else outer.operands[2 + k]
                if not result.is_array:
                    sums[result] = self.builder.slot(self.type(result.type), self.get(start), result.name)
                elif start not in slots:
                    slots[start] = self.builder.slot(self.type(result.type), self.get(start), result.name)
                else:
                    slots[start].name = result.name or slots[start].name
        box = self.box(group[0])

        def body(index: list[Value]) -> None:
            known: dict[tuple[Value, ...], Value] = {}
            for nest in group:
                self.enter(nest, index)
                self.iteration(nest, slots, sums, known)

        self.nest(box, [1] * len(box), body)
        for nest in group:
            outer = nest.loops[0]
            for k, result in enumerate(outer.results):
                slot = slots[self.buffer(outer.operands[2 + k])] if result.is_array else sums[result]
                self.bind(result, self.builder.held(slot))

    def iteration(self, nest: Nest, slots: dict[Value, Slot], sums: dict[Value, Slot],
                  known: dict[tuple[Value, ...], Value]) -> None:
        """An iteration of one of the nests; what this iteration stored is not loaded."""
        outer = nest.loops[0]
        for k in nest.sums:
            self.env[nest.body.params[1 + k]] = self.builder.held(sums[outer.results[k]])
        for op in nest.ops:
            self.builder.span = op.span or self.builder.span
            if op.prim not in ("load", "store", "accum"):
                self.copy(op)
                continue
            chain = nest.chains.get(op.operands[0])
            buffer = self.buffer(op.operands[0] if chain is None else outer.operands[2 + chain])
            slot = slots.get(buffer)
            if slot is None:
                self.copy(op)
            elif op.prim == "load":
                where = self.all(op.operands[1:])
                found = known.get((buffer, *where))
                self.bind(op.result, self.emit("load", self.builder.held(slot), *where) if found is None else found)
            else:
                value, *rest = self.all(op.operands[1:])
                self.update(slot, op.prim, (value, *rest), op)
                self.env[op.result] = self.builder.held(slot)
                for key in [key for key in known if key[0] is buffer]:
                    del known[key]
                if op.prim == "store":
                    known[buffer, *rest] = value
        for k in nest.sums:
            self.builder.write(sums[outer.results[k]], self.get(nest.body.yields[k]))


class _Search(_Merger):
    """Goes through a program as if nests were merged, and makes nothing."""

    def __init__(self, function: Function, exact: int | None, freely: bool) -> None:
        super().__init__(function, exact, freely)
        self.function = function
        self.found = False

    def has_found(self) -> bool:
        """Whether there are nests to be merged."""
        self.ops(self.function.block)
        return self.found

    def ops(self, block: Block) -> None:
        """Look through a block."""
        if not self.found and any(op.regions for op in block.ops):
            super().ops(block)

    def reach(self, op: Op) -> None:
        """Nothing is emitted at any line."""

    def op(self, op: Op) -> None:
        """Look through what an operation holds."""
        for region in op.regions:
            self.ops(region)

    def flush(self) -> None:
        """Look through a nest that stays alone."""
        group, self.group = self.group, []
        self.found = self.found or len(group) > 1
        if len(group) == 1:
            self.op(group[0].loops[0])
        self.results.clear()
        self.buffers.clear()
