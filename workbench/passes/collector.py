"""One array's gathering: the elements that a nest adds to, each of which collects its terms.

Along a loop's axis the terms reach ranges that differ by constants at both ends. Where the axis is longer than that, it
falls into segments, each reached by terms that are known: a loop in the middle, at the ends mostly single elements. So
the whole nest is written without a condition, segment by segment, where that is no more than `_WRITTEN` terms. Else
only the rows that all terms reach are, rows near the edge are added to term by term, and where even the ends of a row
would be too much, the elements there ask which terms reach them. As all elements do where an axis is too short, or
where each element is a thread's anyhow.

Invariant: every element receives its terms in the order of the nest's loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial, reduce
from itertools import pairwise

from workbench.ir import Constant, Kind, ScalarType, Slot, Value, normal_form
from workbench.passes.nest_parts import TRUE, ZERO, Box, NestBuilder
from workbench.passes.nests import Nest, Term
from workbench.records import dataclass

_WRITTEN = 64


@dataclass(frozen=True)
class Segment:
    """A range along an axis, counted from the first bound of the nest's loop or from the last one (`low`, `high`: to
    which each is relative), the terms that reach it and whether its elements begin with zeros."""

    low: tuple[int, int]
    high: tuple[int, int]
    terms: list[Term]
    zero: bool

    @property
    def is_single(self) -> bool:
        """True for one element."""
        return self.low[0] == self.high[0] and self.high[1] - self.low[1] == 1


def ends(out: NestBuilder, outer: list[Value], low: tuple[Value, Value], high: tuple[Value, Value],
         body: Callable[[list[Value]], None]) -> None:
    """Both ends of a row."""
    part = out.begin(ZERO, Constant(2, Kind.INT), 1, "part")
    is_first = out.emit("eq", part, ZERO)
    lo, hi = (out.emit("select", is_first, a, b) for a, b in zip(low, high, strict=True))
    body([*outer, out.begin(lo, hi, 1, out.letter(len(outer)))])
    out.builder.end_for()
    out.builder.end_for()


class Collector:
    """Writes the elements of one carried array (`chain`) of a nest that is turned around."""

    def __init__(self, out: NestBuilder, nest: Nest, box: Box, chain: int, terms: list[Term],
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
        self.zero_offsets: list[tuple[int, int]] = []

    def begin_with_zeros(self, zeros: Box) -> bool:
        """Make these zeros, too: where they hold the elements that collect all terms."""
        hull: Box = []
        offsets: list[tuple[int, int]] = []
        for (lo, hi), (start, stop), (least, most), (first, last) in zip(
                zeros, self.box, self.hull, self.inner, strict=True):
            low, high = self.distance(lo, least), self.distance(hi, most)
            before, after = self.distance(first, lo), self.distance(hi, last)
            from_start, from_stop = self.distance(lo, start), self.distance(hi, stop)
            if low is None or high is None or before is None or after is None or min(before, after) < 0 or (
                    from_start is None or from_stop is None):
                return False
            hull.append((lo if low < 0 else least, hi if high > 0 else most))
            offsets.append((from_start, from_stop))
        self.hull, self.zeros, self.zero_offsets = hull, zeros, offsets
        return True

    def distance(self, a: Value, b: Value) -> int | None:
        """a - b, where it is a constant."""
        maker = self.out.builder.definitions.get
        return normal_form(a, maker).above(normal_form(b, maker))

    def run(self, asks: bool = False) -> None:
        """Write all elements. asks: let each ask which terms reach it."""
        zero = self.zeros is not None
        if asks:
            self.out.nest(self.hull, [1] * len(self.hull), self.sum_of_those_that_reach)
        elif self.size(self.terms, zero, 0) <= _WRITTEN:
            has_room = self.all_true([self.has_room(axis) for axis in range(len(self.box))])
            self.out.when(has_room, lambda: self.write([], self.terms, zero), self.ask)
        else:
            rows = self.hull[:-1]
            self.out.nest(rows, [1] * len(rows), self.row)

    # ------------------------------------------------------------------ where it is known which terms reach an element
    def has_room(self, axis: int) -> Value:
        """True where an axis is as long as its ends together; nothing is asked of one that is but a loop."""
        (first, last), (begin, end) = self.inner[axis], self.hull[axis]
        if self.distance(first, begin) == 0 and self.distance(end, last) == 0:
            return TRUE
        return self.out.emit("le", first, last)

    def segments(self, terms: Sequence[Term], zero: bool, axis: int) -> Iterator[Segment]:
        """The segments along an axis that has room for all terms, of these terms and zeros."""
        shifts = [t.shift[axis] for t in terms]
        starts, stops = ([o[k] for o in self.zero_offsets[axis:axis + 1] if zero] for k in (0, 1))
        low, high = sorted({*shifts, *starts}), sorted({*shifts, *stops})
        for a, b in pairwise(low):
            yield Segment((0, a), (0, b), [t for t in terms if t.shift[axis] <= a], any(s <= a for s in starts))
        if low:
            yield Segment((0, low[-1]), (1, high[0]), list(terms), zero)
        for a, b in pairwise(high):
            yield Segment((1, a), (1, b), [t for t in terms if t.shift[axis] > a], any(s > a for s in stops))

    def size(self, terms: Sequence[Term], zero: bool, axis: int) -> int:
        """How many terms and zeros are written for the segments of this axis and the inner ones."""
        if axis == len(self.box):
            return max(len(terms), int(zero))
        return sum(self.size(s.terms, s.zero, axis + 1) for s in self.segments(terms, zero, axis))

    def write(self, place: list[Value], terms: Sequence[Term], zero: bool) -> None:
        """The elements at a place along the outer axes, segment by segment."""
        axis = len(place)
        if axis == len(self.box):
            self.collect(place, terms, zero)
            return
        bounds = self.box[axis]
        for segment in self.segments(terms, zero, axis):
            (base, shift), (end, stop) = segment.low, segment.high
            first = self.out.plus(bounds[base], shift)
            if segment.is_single:
                self.write([*place, first], segment.terms, segment.zero)
            elif segment.terms or segment.zero:
                i = self.out.begin(first, self.out.plus(bounds[end], stop), 1, self.out.letter(axis))
                self.write([*place, i], segment.terms, segment.zero)
                self.out.builder.end_for()

    def collect(self, place: Sequence[Value], terms: Sequence[Term], zero: bool) -> None:
        """An element that these terms reach, in their order; it begins with a zero or with what it holds."""
        if not terms and not zero:
            return
        array, where = self.out.builder.held(self.slot), [place[k] for k in self.axes]
        total = self.zero if zero else self.out.emit("load", array, *where)
        for term in terms:
            value = self.term_of(term, place)
            with self.out.builder.rounding(loose="loose" in term.op.attrs):
                total = self.out.emit("add", total, value)
        self.store(total, place)

    # ------------------------------------------------------------------ where elements ask, or terms come one by one
    def ask(self) -> None:
        """All elements ask which terms reach them."""
        self.out.nest(self.hull, [1] * len(self.hull), lambda place: self.collect_those_that_reach(place, 0))

    def row(self, outer: list[Value]) -> None:
        """One row."""
        whole = self.all_within(outer, self.inner[:-1], 0)
        zero = self.zeros is not None
        if self.size(self.terms, zero, len(outer)) <= _WRITTEN:
            whole = self.all_true([whole, self.has_room(-1)])
            self.out.when(whole, lambda: self.write(outer, self.terms, zero), lambda: self.edge_row(outer))
        else:
            self.out.when(whole, lambda: self.inner_row(outer), lambda: self.edge_row(outer))

    def inner_row(self, outer: list[Value]) -> None:
        """A row that all terms reach: elements near its ends ask."""
        out = self.out
        lo, hi = self.inner[-1]
        i = out.begin(lo, hi, 1, out.letter(len(outer)))
        self.collect([*outer, i], self.terms, self.zeros is not None)
        out.builder.end_for()
        first, last = self.hull[-1]
        stop = out.emit("minimum", lo, last)
        start = out.emit("maximum", hi, stop)
        ends(out, outer, (first, stop), (start, last), lambda place: self.collect_those_that_reach(place, len(outer)))

    def collect_those_that_reach(self, place: Sequence[Value], axis: int) -> None:
        """An element that asks, along this axis and the inner ones; one that nothing reaches may not exist."""
        if self.zeros is not None:
            self.out.when(self.all_within(place, self.zeros, axis), lambda: self.store(self.zero, place))
        for term in self.terms:
            self.out.when(self.all_within(place, self.reach(term), axis), partial(self.add, term, place))

    def sum_of_those_that_reach(self, place: Sequence[Value]) -> None:
        """An element that asks and begins with a zero: its terms are added up in a number, and it is written once."""
        if self.zeros is None or self.all_within(place, self.zeros, 0) is not TRUE:
            self.collect_those_that_reach(place, 0)
            return
        total = self.out.builder.slot(ScalarType(self.slot.type.kind), self.zero)

        def add(term: Term) -> None:
            value = self.term_of(term, place)
            with self.out.builder.rounding(loose="loose" in term.op.attrs):
                self.out.builder.write(total, self.out.emit("add", self.out.builder.held(total), value))

        for term in self.terms:
            self.out.when(self.all_within(place, self.reach(term), 0), partial(add, term))
        self.store(self.out.builder.held(total), place)

    def edge_row(self, outer: list[Value]) -> None:
        """A row that not all terms reach, or that is too short, term by term."""
        out = self.out
        name = out.letter(len(outer))

        def zero_row(bounds: tuple[Value, Value]) -> None:
            self.store(self.zero, [*outer, out.begin(*bounds, 1, name)])
            out.builder.end_for()

        def add_row(term: Term) -> None:
            self.add(term, [*outer, out.begin(*self.reach(term)[-1], 1, name)])
            out.builder.end_for()

        if self.zeros is not None:
            out.when(self.all_within(outer, self.zeros[:-1], 0), partial(zero_row, self.zeros[-1]))
        for term in self.terms:
            out.when(self.all_within(outer, self.reach(term)[:-1], 0), partial(add_row, term))

    # ------------------------------------------------------------------ pieces
    def term_of(self, term: Term, place: Sequence[Value]) -> Value:
        """The term of the iteration that it is for an element."""
        out = self.out
        out.enter(self.nest, [out.plus(p, -d) for p, d in zip(place, term.shift, strict=True)])
        out.compute(self.nest, term.op.operands[1:2], self.slots)
        out.builder.span = term.op.span or out.builder.span
        return out.get(term.op.operands[1])

    def add(self, term: Term, place: Sequence[Value]) -> None:
        """Add a term to an element."""
        value = self.term_of(term, place)
        self.out.update(self.slot, "accum", [value, *(place[k] for k in self.axes)], term.op)

    @property
    def zero(self) -> Constant:
        """What a new sum begins with."""
        return Constant(0, self.slot.type.kind)

    def store(self, value: Value, place: Sequence[Value]) -> None:
        """Give an element its value."""
        array = self.out.builder.held(self.slot)
        self.out.builder.write(self.slot, self.out.emit("store", array, value, *(place[k] for k in self.axes)))

    def reach(self, term: Term) -> Box:
        """The elements that a term reaches."""
        return [(self.out.plus(lo, d), self.out.plus(hi, d)) for (lo, hi), d in zip(self.box, term.shift, strict=True)]

    def all_true(self, conditions: Sequence[Value]) -> Value:
        """Their conjunction."""
        asked = [c for c in conditions if c is not TRUE]
        return reduce(partial(self.out.emit, "and"), asked) if asked else TRUE

    def all_within(self, place: Sequence[Value], box: Box, axis: int) -> Value:
        """True for a place in a box, from this axis on; what is true of every element is not asked."""
        asked: list[Value] = []
        for i, (lo, hi), (first, last) in list(zip(place, box, self.hull, strict=False))[axis:]:
            if self.distance(lo, first) != 0:
                asked.append(self.out.emit("ge", i, lo))
            if self.distance(hi, last) != 0:
                asked.append(self.out.emit("lt", i, hi))
        return self.all_true(asked)
