"""Loops that add to shifted elements of an array are turned around: each element collects its terms.

    for i: bar[i-1] += e(i); bar[i+1] += e(i)      ->      for p: bar[p] = bar[p] + e(p-1) + e(p+1)

and likewise in nests, row by row. Rows near the edge, which not every term reaches, are added to term by term; at the
ends of the other rows each element adds the terms that reach it. What the nest overwrites (the adjoint of a store) and
the scalars it sums follow in nests of their own, and what an iteration of an outer loop leaves as zeros for the next
one to add to is not read (`passes.zeroing`). A nest that only needs its direction changed runs upwards. All this lets
loops be vectorised.

Invariant: every element receives its terms in the order of the original loops, so results keep every bit.

Source: Hückelheim, Hovland, Strout & Müller, "Parallelizable adjoint stencil computations using transposed
forward-mode algorithmic differentiation" (2018).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from workbench.ir import Constant, Function, Kind, Op, Polynomial, Slot, Value, definitions, normal_form, walk
from workbench.passes.nest_parts import ZERO, Box, NestBuilder
from workbench.passes.nests import Nest, Term, find_nest
from workbench.passes.pipeline import Pass
from workbench.passes.simplify import Simplify
from workbench.passes.zeroing import Rotate, Zeros, zeros_of

_CHEAP = frozenset({"add", "sub", "mul", "neg", "load", "cast", "select", "lt", "le", "gt", "ge", "eq", "ne", "and",
                    "or"})
TRUE = Constant(True, Kind.BOOL)


@dataclass(frozen=True)
class Gather(Pass):
    """Turns scattering nests around, where computing their terms again is cheap (`budget` operations at most)."""

    name: ClassVar[str] = "gather"
    budget: int = 60

    def __call__(self, function: Function) -> Function:
        """The function with its scattering nests turned around."""
        if not any(op.prim == "for" for op in walk(function.block)):
            return function
        parting = _Parting(function, self.budget)
        parted = parting.run(function)
        if parting.found:
            parted = Simplify(unroll=1)(parted)  # bounds of loops are made where they are known
            parted = Rotate(lambda op, maker: is_turned(find_nest(op, maker), self.budget)).run(parted)
        return _Gatherer(parted, self.budget).run(parted)


def is_turned(nest: Nest | None, budget: int) -> bool:
    """True for nests that are to be turned around."""
    return nest is not None and any(len({t.shift for t in terms}) > 1 for terms in nest.terms.values()) and (
        is_cheap(nest, budget))


def is_cheap(nest: Nest, budget: int) -> bool:
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
    return repeated <= budget


class _Parting(NestBuilder):
    """Nests to be turned around do nothing else: what they sum and store follows in nests of its own."""

    def __init__(self, function: Function, budget: int) -> None:
        self.makers = definitions(function)
        self.budget = budget
        self.found = False

    def op(self, op: Op) -> None:
        """Take a nest apart."""
        nest = find_nest(op, self.makers.get) if op.prim == "for" else None
        if nest is None or not is_turned(nest, self.budget):
            self.copy(op)
            return
        self.found = True
        box, slots = self.box(nest), self.slots(nest)
        updates = [term.op for terms in nest.terms.values() for term in terms]
        self.part(nest, box, updates, slots, [loop.attrs["step"] for loop in nest.loops])
        if nest.sums:
            self.sums(nest, box, slots)
        if nest.stores:
            self.part(nest, box, nest.stores, slots, [1] * len(box))
        self.close(nest, slots)


class _Gatherer(NestBuilder):
    def __init__(self, function: Function, budget: int) -> None:
        self.makers = definitions(function)
        self.budget = budget
        self.zeroed = zeros_of(function, lambda op: is_turned(find_nest(op, self.makers.get), budget))

    def op(self, op: Op) -> None:
        """Turn a nest around where that is possible and worth it."""
        zeros = self.zeroed.dropped(op.results[0]) if op.results else None
        if zeros is not None:  # the reader makes them, or does not look
            made = self.get(zeros.before) if zeros.before is not None else self.emit(
                "empty", *self.all(op.operands[1:]), kind=op.result.kind)
            self.env[op.results[0]] = made
            made.name = made.name or op.results[0].name
            return
        nest = find_nest(op, self.makers.get) if op.prim == "for" else None
        if nest is None or not (nest.terms or nest.stores):
            self.copy(op)
        elif op.results[0] in self.zeroed.added:
            self.add_shell(nest, self.zeroed.added[op.results[0]])
        elif is_turned(nest, self.budget):
            self.turn(nest)
        elif not nest.sums and any(loop.attrs["step"] == -1 for loop in nest.loops) and (
                all(len({t.shift for t in terms}) == 1 for terms in nest.terms.values())):
            self.upwards(nest)
        else:
            self.copy(op)

    def upwards(self, nest: Nest) -> None:
        """The same nest with ascending loops."""
        box, slots = self.box(nest), self.slots(nest)
        updates = [op for op in nest.ops if op.prim in ("store", "accum")]
        self.part(nest, box, updates, slots, [1] * len(box))
        self.close(nest, slots)

    def add_shell(self, nest: Nest, zeros: Zeros) -> None:
        """The elements outside the zeros are added."""
        box, slots, hole = self.box(nest), self.slots(nest), self.shifted(zeros.bounds, zeros.shifts)
        (update,) = (op for op in nest.ops if op.prim in ("store", "accum"))

        def element(place: list[Value]) -> None:
            self.enter(nest, place)
            self.compute(nest, update.operands[1:], slots)
            self.update(slots[0], update.prim, self.all(update.operands[1:]), update)

        def row(outer: list[Value]) -> None:
            crossed: Value = TRUE
            for i, (lo, hi) in zip(outer, hole, strict=False):
                crossed = self.emit("and", crossed, self.emit("and", self.emit("ge", i, lo), self.emit("lt", i, hi)))
            (first, last), (lo, hi) = box[-1], hole[-1]
            stop = self.emit("select", crossed, self.emit("minimum", self.emit("maximum", lo, first), last), last)
            self.ends(outer, (first, stop), (self.emit("maximum", hi, stop), last), element)

        self.nest(box[:-1], [1] * (len(box) - 1), row)
        self.close(nest, slots)

    def ends(self, outer: list[Value], low: tuple[Value, Value], high: tuple[Value, Value],
             body: Callable[[list[Value]], None]) -> None:
        """Both ends of a row."""
        part = self.begin(ZERO, Constant(2, Kind.INT), 1, "part")
        is_first = self.emit("eq", part, ZERO)
        lo, hi = (self.emit("select", is_first, a, b) for a, b in zip(low, high, strict=True))
        body([*outer, self.begin(lo, hi, 1, self.letter(len(outer)))])
        self.builder.end_for()
        self.builder.end_for()

    def turn(self, nest: Nest) -> None:
        """A nest over elements for each array that is added to."""
        box, slots = self.box(nest), self.slots(nest)
        for chain, terms in nest.terms.items():
            zeros = self.zeroed.gathered.get(nest.loops[0].operands[2 + chain])
            collector = _Collector(self, nest, box, chain, terms, slots)
            if zeros is not None:
                self.clear(collector, zeros)
            collector.run()
        self.close(nest, slots)

    def clear(self, collector: _Collector, zeros: Zeros) -> None:
        """Zeros where the nest begins: the collector makes them where it can, else a nest of their own."""
        place = self.shifted(zeros.bounds, zeros.shifts)
        axes = collector.nest.axes[collector.chain]
        by_loop = [place[axes.index(k)] for k in range(len(axes))]
        if not collector.begin_with_zeros(by_loop):
            self.zeros(collector.slot, place)


class _Collector:
    """One array's gathering: rows of elements in the order of the nest's loops."""

    def __init__(self, out: _Gatherer, nest: Nest, box: Box, chain: int, terms: list[Term],
                 slots: dict[int, Slot]) -> None:
        self.out, self.nest, self.box, self.chain, self.slots = out, nest, box, chain, slots
        self.slot = slots[chain]
        self.axes = nest.axes[chain]
        steps = [loop.attrs["step"] for loop in nest.loops]
        depth = range(len(steps))
        self.terms = sorted(terms, key=lambda t: [-t.shift[k] * steps[k] for k in depth])
        most = [max(t.shift[k] for t in terms) for k in depth]
        least = [min(t.shift[k] for t in terms) for k in depth]
        plus = out.plus
        self.inner = [(plus(lo, most[k]), plus(hi, least[k])) for k, (lo, hi) in enumerate(box)]
        self.hull = [(plus(lo, least[k]), plus(hi, most[k])) for k, (lo, hi) in enumerate(box)]
        self.zeros: Box | None = None

    def begin_with_zeros(self, zeros: Box) -> bool:
        """Make these zeros, too: where they hold the elements that collect all terms."""
        hull: Box = []
        for (lo, hi), (least, most), (first, last) in zip(zeros, self.hull, self.inner, strict=True):
            low, high = self.distance(lo, least), self.distance(hi, most)
            before, after = self.distance(first, lo), self.distance(hi, last)
            if low is None or high is None or before is None or after is None or min(before, after) < 0:
                return False
            hull.append((lo if low < 0 else least, hi if high > 0 else most))
        self.hull, self.zeros = hull, zeros
        return True

    def distance(self, a: Value, b: Value) -> int | None:
        """a - b, where it is a constant."""
        maker = self.out.builder.definitions.get
        difference: Polynomial = normal_form(a, maker) - normal_form(b, maker)
        return difference.constant

    def run(self) -> None:
        """The rows of the outer loops' elements."""
        rows = self.hull[:-1]
        self.out.nest(rows, [1] * len(rows), self.row)

    def row(self, outer: list[Value]) -> None:
        """One row: in one loop but for its ends, or near the edge term by term."""
        self.out.when(self.all_within(outer, self.inner[:-1]), lambda: self.inner_row(outer),
                      lambda: self.edge_row(outer))

    def inner_row(self, outer: list[Value]) -> None:
        """A row that all terms reach."""
        out = self.out
        lo, hi = self.inner[-1]
        i = out.builder.begin_for(lo, hi, 1, out.letter(len(outer)))
        self.collect([*outer, i])
        out.builder.end_for()
        first, last = self.hull[-1]
        if first is lo and last is hi:
            return
        stop = out.emit("minimum", lo, last)
        start = out.emit("maximum", hi, stop)
        out.ends(outer, (first, stop), (start, last), self.add_those_that_reach)

    def collect(self, place: list[Value]) -> None:
        """An element that all terms reach."""
        out = self.out
        where = [place[k] for k in self.axes]
        zero = Constant(0, self.slot.type.kind)
        total = out.emit("load", out.builder.held(self.slot), *where) if self.zeros is None else zero
        for term in self.terms:
            self.enter(term, place)
            out.compute(self.nest, term.op.operands[1:2], self.slots)
            out.builder.span = term.op.span or out.builder.span
            with out.builder.rounding(loose="loose" in term.op.attrs):
                total = out.emit("add", total, out.get(term.op.operands[1]))
        out.builder.write(self.slot, out.emit("store", out.builder.held(self.slot), total, *where))

    def add_those_that_reach(self, place: list[Value]) -> None:
        """An element near the end of a row that is not near the edge otherwise."""
        if self.zeros is not None:
            self.out.when(self.within(place[-1], self.zeros[-1]), lambda: self.zero(place))
        for term in self.terms:
            self.enter(term, place)
            self.out.when(self.within(place[-1], self.reach(term, -1)), partial(self.add, term))

    def edge_row(self, outer: list[Value]) -> None:
        """A row that not all terms reach."""
        out = self.out
        name = out.letter(len(outer))

        def zero_row() -> None:
            assert self.zeros is not None
            self.zero([*outer, out.builder.begin_for(*self.zeros[-1], 1, name)])
            out.builder.end_for()

        def add_row(term: Term) -> None:
            i = out.builder.begin_for(*self.reach(term, -1), 1, name)
            self.enter(term, [*outer, i])
            self.add(term)
            out.builder.end_for()

        if self.zeros is not None:
            out.when(self.all_within(outer, self.zeros[:-1]), zero_row)
        for term in self.terms:
            reached = self.all_within(outer, [self.reach(term, k) for k in range(len(outer))])
            out.when(reached, partial(add_row, term))

    # ------------------------------------------------------------------ pieces
    def enter(self, term: Term, place: Sequence[Value]) -> None:
        """The iteration whose term is for an element."""
        self.out.enter(self.nest, [self.out.plus(p, -d) for p, d in zip(place, term.shift, strict=True)])

    def add(self, term: Term) -> None:
        """The term of the entered iteration."""
        self.out.compute(self.nest, term.op.operands[1:], self.slots)
        self.out.update(self.slot, "accum", self.out.all(term.op.operands[1:]), term.op)

    def zero(self, place: Sequence[Value]) -> None:
        """A zero."""
        where = [place[k] for k in self.axes]
        zero = Constant(0, self.slot.type.kind)
        self.out.builder.write(self.slot, self.out.emit("store", self.out.builder.held(self.slot), zero, *where))

    def reach(self, term: Term, axis: int) -> tuple[Value, Value]:
        """The elements along an axis that a term reaches."""
        lo, hi = self.box[axis]
        return self.out.plus(lo, term.shift[axis]), self.out.plus(hi, term.shift[axis])

    def within(self, i: Value, bounds: tuple[Value, Value]) -> Value:
        """lo <= i < hi."""
        return self.out.emit("and", self.out.emit("ge", i, bounds[0]), self.out.emit("lt", i, bounds[1]))

    def all_within(self, index: Sequence[Value], box: Box) -> Value:
        """True for a place in a box; known where the box is all the rows there are."""
        found: Value = TRUE
        for i, bounds, whole in zip(index, box, self.hull, strict=False):
            if bounds[0] is not whole[0] or bounds[1] is not whole[1]:
                found = self.out.emit("and", found, self.within(i, bounds))
        return found
