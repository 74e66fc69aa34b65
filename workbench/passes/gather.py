"""Loops that add to shifted elements of an array are turned around: each element collects its terms.

    for i: bar[i-1] += e(i); bar[i+1] += e(i)      ->      for p: bar[p] = bar[p] + e(p-1) + e(p+1)

and likewise in nests. Elements near the edge, which not every term reaches, are added to as before, by loops over the
edge. What the nest overwrites (the adjoint of a store) and the scalars it sums follow in nests of their own. A nest
that only needs its direction changed runs upwards. All this lets loops be vectorised.

Invariant: every element receives its terms in the order of the original loops, so results keep every bit.

Source: Hückelheim, Hovland, Strout & Müller, "Parallelizable adjoint stencil computations using transposed
forward-mode algorithmic differentiation" (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.ir import Constant, Function, Kind, Op, Slot, Value, definitions
from workbench.passes.nests import Nest, Term, find_nest
from workbench.passes.pipeline import Pass
from workbench.passes.rebuild import Rebuilder

Box = list[tuple[Value, Value]]
_CHEAP = frozenset({"add", "sub", "mul", "neg", "load", "cast", "select", "lt", "le", "gt", "ge", "eq", "ne", "and",
                    "or"})


@dataclass(frozen=True)
class Gather(Pass):
    """Turns scattering nests around, where computing their terms again is cheap (`budget` operations at most)."""

    name: ClassVar[str] = "gather"
    budget: int = 60

    def __call__(self, function: Function) -> Function:
        """The function with its scattering nests turned around."""
        return _Gatherer(function, self.budget).run(function)


class _Gatherer(Rebuilder):
    def __init__(self, function: Function, budget: int) -> None:
        self.makers = definitions(function)
        self.budget = budget

    def op(self, op: Op) -> None:
        """Turn a nest around where that is possible and worth it."""
        nest = find_nest(op, self.makers.get) if op.prim == "for" else None
        if nest is None or not (nest.terms or nest.stores):
            self.copy(op)
        elif any(len({t.shift for t in terms}) > 1 for terms in nest.terms.values()):
            if self.is_cheap(nest):
                self.turn(nest)
            else:
                self.copy(op)
        elif not nest.sums and any(loop.attrs["step"] == -1 for loop in nest.loops):
            self.upwards(nest)
        else:
            self.copy(op)

    def is_cheap(self, nest: Nest) -> bool:
        """True where computing shared values again costs little."""
        parts = [nest.needed(t.op.operands[1:]) for terms in nest.terms.values() for t in terms]
        parts += [nest.needed(op.operands[1:]) for op in nest.stores]
        parts.append(nest.needed([nest.body.yields[k] for k in nest.sums]))
        seen: set[int] = set()
        repeated = 0
        for part in parts:
            for op in part:
                if id(op) in seen and op.result.kind is not Kind.INT:
                    repeated += 1
                    if op.prim not in _CHEAP:
                        return False
                seen.add(id(op))
        return repeated <= self.budget

    # ------------------------------------------------------------------ parts of a nest
    def turn(self, nest: Nest) -> None:
        """Gather, edges, sums, stores."""
        box = self.box(nest)
        slots = self.slots(nest)
        for chain, terms in nest.terms.items():
            self.gather(nest, box, chain, terms, slots)
        if nest.sums:
            self.sums(nest, box, slots)
        if nest.stores:
            self.part(nest, box, nest.stores, slots)
        self.close(nest, slots)

    def upwards(self, nest: Nest) -> None:
        """The same nest with ascending loops."""
        box, slots = self.box(nest), self.slots(nest)
        updates = [op for op in nest.ops if op.prim in ("store", "accum")]
        self.part(nest, box, updates, slots)
        self.close(nest, slots)

    def box(self, nest: Nest) -> Box:
        """The nest's iterations: [lo, hi) of each loop."""
        box: Box = []
        for loop in nest.loops:
            self.compute(nest, loop.operands[:2], {})
            lo, hi = self.all(loop.operands[:2])
            box.append((lo, hi) if loop.attrs["step"] == 1 else (self.plus(hi, 1), self.plus(lo, 1)))
        return box

    def slots(self, nest: Nest) -> dict[int, Slot]:
        """A variable for each carried value."""
        outer = nest.loops[0]
        return {k: self.builder.slot(self.type(r.type), self.get(outer.operands[2 + k]), r.name)
                for k, r in enumerate(outer.results)}

    def close(self, nest: Nest, slots: dict[int, Slot]) -> None:
        """The results of the nest."""
        for k, result in enumerate(nest.loops[0].results):
            self.bind(result, self.read(slots[k]))

    def part(self, nest: Nest, box: Box, updates: Sequence[Op], slots: dict[int, Slot]) -> None:
        """A nest that makes some updates, at the iterations of the original."""
        def body(index: list[Value]) -> None:
            self.enter(nest, index)
            self.compute(nest, [v for op in updates for v in op.operands[1:]], slots)
            for op in updates:
                self.update(slots[nest.chains[op.operands[0]]], op.prim, self.all(op.operands[1:]), op)

        self.nest(box, [1] * len(box), body)

    def sums(self, nest: Nest, box: Box, slots: dict[int, Slot]) -> None:
        """A nest for the carried scalars, in the original order."""
        yields = [nest.body.yields[k] for k in nest.sums]

        def body(index: list[Value]) -> None:
            self.enter(nest, index)
            for k in nest.sums:
                self.env[nest.body.params[1 + k]] = self.read(slots[k])
            self.compute(nest, yields, slots)
            for k, value in zip(nest.sums, self.all(yields), strict=True):
                self.builder.write(slots[k], value)

        self.nest(box, [loop.attrs["step"] for loop in nest.loops], body)

    # ------------------------------------------------------------------ gathering
    def gather(self, nest: Nest, box: Box, chain: int, terms: list[Term], slots: dict[int, Slot]) -> None:
        """Elements that all terms reach collect them; the others are added to from the edge's iterations."""
        slot = slots[chain]
        steps = [loop.attrs["step"] for loop in nest.loops]
        depth = range(len(steps))
        most = [max(t.shift[k] for t in terms) for k in depth]
        least = [min(t.shift[k] for t in terms) for k in depth]
        inner = [(self.plus(lo, most[k]), self.plus(hi, least[k])) for k, (lo, hi) in enumerate(box)]
        ordered = sorted(terms, key=lambda t: [-t.shift[k] * steps[k] for k in depth])
        axes = nest.axes[chain]

        def collect(place: list[Value]) -> None:
            where = [place[k] for k in axes]
            total = self.emit("load", self.read(slot), *where)
            for term in ordered:
                self.enter(nest, [self.plus(p, -term.shift[k]) for k, p in enumerate(place)])
                self.compute(nest, term.op.operands[1:2], slots)
                self.builder.span = term.op.span or self.builder.span
                total = self.emit("add", total, self.get(term.op.operands[1]))
            self.builder.write(slot, self.emit("store", self.read(slot), total, *where))

        self.nest(inner, [1] * len(steps), collect)
        widths = [high - low for high, low in zip(most, least, strict=True)]
        if any(widths):
            self.edges(box, widths, steps, lambda index: self.edge(nest, index, terms, inner, slots))

    def edges(self, box: Box, widths: list[int], steps: list[int], body: Callable[[list[Value]], None]) -> None:
        """The iterations near the edge, in the original order: in rows near the edge all, else both ends of the row."""
        *outer, (lo, hi) = box
        width = widths[-1]
        low_end = self.emit("minimum", self.plus(lo, width), hi)
        high_start = self.emit("maximum", self.plus(hi, -width), low_end)

        def row(index: list[Value]) -> None:
            near: Value = Constant(False, Kind.BOOL)
            for i, (first, last), margin in zip(index, outer, widths, strict=False):
                near = self.emit("or", near, self.emit("lt", i, self.plus(first, margin)))
                near = self.emit("or", near, self.emit("ge", i, self.plus(last, -margin)))
            part = self.begin(Constant(0, Kind.INT), Constant(2, Kind.INT), steps[-1], "part")
            is_first = self.emit("eq", part, Constant(0, Kind.INT))
            start = self.emit("select", is_first, lo, self.emit("select", near, hi, high_start))
            stop = self.emit("select", is_first, self.emit("select", near, hi, low_end), hi)
            j = self.begin(start, stop, steps[-1], "ijkl"[len(index)] if len(box) <= 4 else "i")
            body([*index, j])
            self.builder.end_for()
            self.builder.end_for()

        self.nest(outer, steps[:-1], row)

    def edge(self, nest: Nest, index: list[Value], terms: list[Term], inner: Box, slots: dict[int, Slot]) -> None:
        """One iteration near the edge: its terms, where the element is not one that collects."""
        self.enter(nest, index)
        slot = slots[nest.chains[terms[0].op.operands[0]]]
        for term in terms:
            reached: Value = Constant(True, Kind.BOOL)
            for k, (lo, hi) in enumerate(inner):
                after = self.emit("ge", index[k], self.plus(lo, -term.shift[k]))
                inside = self.emit("and", after, self.emit("lt", index[k], self.plus(hi, -term.shift[k])))
                reached = self.emit("and", reached, inside)
            outside = self.emit("not", reached)
            self.builder.begin_arm()
            self.compute(nest, term.op.operands[1:], slots)
            self.update(slot, "accum", self.all(term.op.operands[1:]), term.op)
            then = self.builder.end_arm()
            self.builder.begin_arm()
            self.builder.end_if(outside, then, self.builder.end_arm())

    # ------------------------------------------------------------------ pieces
    def plus(self, value: Value, number: int) -> Value:
        """value + number."""
        return self.emit("add", value, Constant(number, Kind.INT)) if number else value

    def read(self, slot: Slot) -> Value:
        """The value a slot holds."""
        value = self.builder.read(slot)
        assert value is not None
        return value

    def update(self, slot: Slot, prim: str, operands: Sequence[Value], op: Op) -> None:
        """Store or add."""
        self.builder.span = op.span or self.builder.span
        self.builder.write(slot, self.emit(prim, self.read(slot), *operands))

    def enter(self, nest: Nest, index: Sequence[Value]) -> None:
        """Let the nest's indices stand for these values."""
        for old, new in zip(nest.indices, index, strict=True):
            self.env[old] = new

    def compute(self, nest: Nest, values: Sequence[Value], slots: dict[int, Slot]) -> None:
        """Emit the operations that values need, for the current indices."""
        for op in nest.needed(values):
            if op.prim == "load" and op.operands[0] in nest.chains:
                self.env[op.operands[0]] = self.read(slots[nest.chains[op.operands[0]]])
            self.builder.span = op.span or self.builder.span
            self.copy(op)

    def nest(self, box: Box, steps: Sequence[int], body: Callable[[list[Value]], None],
             index: list[Value] | None = None) -> None:
        """Loops over a box."""
        index = index or []
        if len(index) == len(box):
            body(index)
            return
        axis = len(index)
        i = self.begin(*box[axis], steps[axis], "ijkl"[axis] if axis < 4 else "i")
        self.nest(box, steps, body, [*index, i])
        self.builder.end_for()

    def begin(self, lo: Value, hi: Value, step: int, name: str) -> Value:
        """Open a loop over lo, ..., hi - 1 in one direction."""
        if step == -1:
            lo, hi = self.plus(hi, -1), self.plus(lo, -1)
        return self.builder.begin_for(lo, hi, step, name)
