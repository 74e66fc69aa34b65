"""Loops that add to shifted elements of an array are turned around: each element collects its terms.

    for i: bar[i-1] += e(i); bar[i+1] += e(i)      ->      for p: bar[p] = bar[p] + e(p-1) + e(p+1)

and likewise in nests (`passes/collector.py`). What the nest overwrites (the adjoint of a store) and
the scalars it sums follow in nests of their own, and what an iteration of an outer loop leaves as zeros for the next
one to add to is not read (`passes.zeroing`). A nest that only needs its direction changed runs upwards. All this lets
loops be vectorised.

Invariant: every element receives its terms in the order of the original loops, so results keep every bit.

Source: Hückelheim, Hovland, Strout & Müller, "Parallelizable adjoint stencil computations using transposed
forward-mode algorithmic differentiation" (2018).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from workbench.ir import Function, Kind, Op, Value, definitions, walk
from workbench.passes.base import Pass
from workbench.passes.collector import Collector, ends
from workbench.passes.nest_parts import TRUE, NestBuilder
from workbench.passes.nests import Nest, find_nest
from workbench.passes.simplify import Simplify
from workbench.passes.zeroing import Rotate, Zeros, zeros_of
from workbench.records import dataclass

_CHEAP = frozenset({"add", "sub", "mul", "neg", "load", "cast", "select", "lt", "le", "gt", "ge", "eq", "ne", "and",
                    "or"})


@dataclass(frozen=True)
class Gather(Pass):
    """Turns scattering nests around, where computing their terms again is cheap (`budget` operations at most). asks:
    every element asks which terms reach it, so that one nest does all; else edges have loops of their own."""

    name: ClassVar[str] = "gather"
    budget: int = 60
    asks: bool = False

    def __call__(self, function: Function) -> Function:
        """The function with its scattering nests turned around."""
        if not any(op.prim == "for" for op in walk(function.block)):
            return function
        parting = _Parting(function, self.budget)
        if parting.found:
            function = parting.run(function)
            function = Simplify(unroll=1)(function)  # bounds of loops are made where they are known
            function = Rotate(lambda op, maker: is_turned(find_nest(op, maker), self.budget)).run(function)
        gatherer = _Gatherer(function, self.budget, self.asks)
        return gatherer.run(function) if gatherer.has_work else function


def nests_of(function: Function, makers: Mapping[Value, Op]) -> dict[Op, Nest]:
    """The nests of a program, by their outermost loops."""
    found = ((op, find_nest(op, makers.get)) for op in walk(function.block) if op.prim == "for")
    return {op: nest for op, nest in found if nest is not None}


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


def _is_reversed(nest: Nest) -> bool:
    """True for nests that may as well run upwards, and do not."""
    downwards = any(loop.attrs["step"] == -1 for loop in nest.loops)
    return downwards and bool(nest.terms or nest.stores) and not nest.sums and all(
        len({t.shift for t in terms}) == 1 for terms in nest.terms.values())


class _Parting(NestBuilder):
    """Nests to be turned around do nothing else: what they sum and store follows in nests of its own."""

    def __init__(self, function: Function, budget: int) -> None:
        nests = nests_of(function, definitions(function))
        self.found = {op: nest for op, nest in nests.items() if is_turned(nest, budget)}

    def op(self, op: Op) -> None:
        """Take a nest apart."""
        nest = self.found.get(op)
        if nest is None:
            self.copy(op)
            return
        box, slots = self.box(nest), self.slots(nest)
        updates = [term.op for terms in nest.terms.values() for term in terms]
        self.part(nest, box, updates, slots, [loop.attrs["step"] for loop in nest.loops])
        if nest.sums:
            self.sums(nest, box, slots)
        if nest.stores:
            self.part(nest, box, nest.stores, slots, [1] * len(box))
        self.close(nest, slots)


class _Gatherer(NestBuilder):
    def __init__(self, function: Function, budget: int, asks: bool) -> None:
        self.budget = budget
        self.asks = asks
        self.nests = nests_of(function, definitions(function))
        self.zeroed = zeros_of(function, lambda op: is_turned(self.nests.get(op), budget))

    @property
    def has_work(self) -> bool:
        """Whether there is anything to be turned around, or zeros that nobody reads."""
        return bool(self.zeroed.gathered or self.zeroed.added) or any(
            is_turned(nest, self.budget) or _is_reversed(nest) for nest in self.nests.values())

    def op(self, op: Op) -> None:
        """Turn a nest around where that is possible and worth it."""
        zeros = self.zeroed.dropped(op.results[0]) if op.results else None
        if zeros is not None:  # the reader makes them, or does not look
            made = self.get(zeros.before) if zeros.before is not None else self.emit(
                "empty", *self.all(op.operands[1:]), kind=op.result.kind)
            self.env[op.results[0]] = made
            made.name = made.name or op.results[0].name
            return
        nest = self.nests.get(op)
        if nest is None or not (nest.terms or nest.stores):
            self.copy(op)
        elif op.results[0] in self.zeroed.added:
            self.add_shell(nest, self.zeroed.added[op.results[0]])
        elif is_turned(nest, self.budget):
            self.turn(nest)
        elif _is_reversed(nest):
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

        def elsewhere(place: list[Value]) -> None:
            inside: Value = TRUE
            for i, (lo, hi) in zip(place, hole, strict=True):
                inside = self.emit("and", inside, self.emit("and", self.emit("ge", i, lo), self.emit("lt", i, hi)))
            self.when(inside, lambda: None, lambda: element(place))

        def row(outer: list[Value]) -> None:
            crossed: Value = TRUE
            for i, (lo, hi) in zip(outer, hole, strict=False):
                crossed = self.emit("and", crossed, self.emit("and", self.emit("ge", i, lo), self.emit("lt", i, hi)))
            (first, last), (lo, hi) = box[-1], hole[-1]
            stop = self.emit("select", crossed, self.emit("minimum", self.emit("maximum", lo, first), last), last)
            ends(self, outer, (first, stop), (self.emit("maximum", hi, stop), last), element)

        if self.asks:
            self.nest(box, [1] * len(box), elsewhere)
        else:
            self.nest(box[:-1], [1] * (len(box) - 1), row)
        self.close(nest, slots)

    def turn(self, nest: Nest) -> None:
        """A nest over elements for each array that is added to."""
        box, slots = self.box(nest), self.slots(nest)
        for chain, terms in nest.terms.items():
            zeros = self.zeroed.gathered.get(nest.loops[0].operands[2 + chain])
            collector = Collector(self, nest, box, chain, terms, slots)
            if zeros is not None:
                self.clear(collector, zeros)
            collector.run(self.asks)
        self.close(nest, slots)

    def clear(self, collector: Collector, zeros: Zeros) -> None:
        """Zeros where the nest begins: the collector makes them where it can, else a nest of their own."""
        place = self.shifted(zeros.bounds, zeros.shifts)
        axes = collector.nest.axes[collector.chain]
        by_loop = [place[axes.index(k)] for k in range(len(axes))]
        if not collector.begin_with_zeros(by_loop):
            self.zeros(collector.slot, place)
