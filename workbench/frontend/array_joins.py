"""Joining arrays that two arms of a branch leave: one array, a view whose place is known at run time, or a choice.

Two arrays that the arms made become one; two views of an older buffer that differ in where they lie only become one
view; all else is a `Choice`, whose options are as they were, or yielded by the arm that made them.

Invariant: a buffer that an arm made is yielded once, whatever names and views it has, so that these stay views of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

from workbench.frontend import arrays, dynamic_lists, layout
from workbench.frontend.order import Order, joined
from workbench.frontend.places import at, movable, numbers, same_form
from workbench.frontend.tracer import ZERO, Tracer
from workbench.frontend.values import (
    Array,
    Cell,
    Choice,
    Conflict,
    Scalar,
)
from workbench.ir import Constant, Frame, Kind, Value
from workbench.ir.slots import Arm
from workbench.records import dataclass

Finish = Callable[[Sequence[Value]], Any]
_COPIED = "a write to an array that a run-time condition has chosen among arrays of different shapes"


@contextmanager
def reopened(t: Tracer, arm: Arm) -> Iterator[None]:
    """Emit at the end of a closed arm."""
    t.builder.frames.append(Frame("arm", ops=arm.ops))
    try:
        yield
    finally:
        t.builder.frames.pop()


@dataclass
class ArrayJoin:
    """Collects the pairs of values that become results of the `if`."""

    t: Tracer
    arms: tuple[Arm, Arm]
    dead: tuple[bool, bool] = (False, False)
    pairs: list[tuple[Value, Value]] = field(default_factory=list)
    homes: dict[tuple[Cell, int], int] = field(default_factory=dict)
    made: dict[int, Array] = field(default_factory=dict)
    orders: dict[int, Order | None] = field(default_factory=dict)  # how they lie
    sources: dict[int, list[tuple[Cell, int]]] = field(default_factory=dict)  # whose buffers they are, in which arm
    views: list[tuple[Cell, Cell, int]] = field(default_factory=list)  # copies of parts of what an arm made
    partner: dict[Any, Any] = field(default_factory=dict)
    joined: dict[tuple[Any, Any], Finish] = field(default_factory=dict)  # containers, with their mates or arms
    local: tuple[set[Value], set[Value]] = (frozenset(), frozenset())  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.local = tuple({r for op in arm.ops for r in op.results} for arm in self.arms)  # type: ignore[assignment]
        self.depth = len(self.t.frames)

    def pair(self, a: Value, b: Value) -> int:
        """Register a pair; gives the position of its result."""
        self.pairs.append((a, b))
        return len(self.pairs) - 1

    def arrays(self, a: Any, b: Any, loose: bool) -> Finish:
        """Two arrays, or choices of arrays."""
        if isinstance(a, Array) and isinstance(b, Array):
            alike = a.readonly == b.readonly and a.flat is b.flat
            if a.cell is b.cell and a.steps == b.steps and alike:
                return lambda results: a
            elsewhere = self.elsewhere(a, b)
            if elsewhere is not None:
                return elsewhere
            if a.kind is not b.kind or a.rank != b.rank:
                return lambda results: Conflict("an array whose kind or rank depends on a run-time condition")
            if alike and self.is_fresh(a, 0) and self.is_fresh(b, 1) and self.mates(a.cell, b.cell):
                merged = self.merge(a, b)
                if merged is not None:
                    return merged
        return self.choice(a, b, loose)

    def elsewhere(self, a: Array, b: Array) -> Finish | None:
        """Two views of an older buffer that differ in where they lie only: one view, its place known at run time."""
        if a.cell.depth > self.depth or not same_form(a, b):
            return None
        dims = [self.outer_dim(x, y) for x, y in zip(a.dims, b.dims, strict=True)]
        if any(d is None for d in dims):
            return None
        values: list[Any] = [self.outer_dim(x, y) for x, y in zip(numbers(a), numbers(b), strict=True)]
        apart = {k for k, v in enumerate(values) if v is None}
        if not apart <= movable(a):
            return None
        places = {k: self.pair(numbers(a)[k], numbers(b)[k]) for k in sorted(apart)}
        return lambda results: at(a, [results[places[k]] if k in places else v for k, v in enumerate(values)],
                                  frozenset())

    def is_fresh(self, array: Array, side: int) -> bool:
        return array.cell.depth > self.depth and not array.steps

    def mates(self, a: Any, b: Any) -> bool:
        return self.partner.setdefault(a, b) is b and self.partner.setdefault(b, a) is a

    def merge(self, a: Array, b: Array) -> Finish | None:
        """Two arrays made in the arms become one new array."""
        first, second = self.homes.get((a.cell, 0)), self.homes.get((b.cell, 1))
        if first is not None or second is not None:
            return self.cell_of(first, a) if first is not None and first == second else None
        dims = [self.outer_dim(x, y) for x, y in zip(a.dims, b.dims, strict=True)]
        if any(d is None for d in dims):
            return None
        sides = []
        for arm, array in zip(self.arms, (a, b), strict=True):
            with reopened(self.t, arm):
                sides.append(self.retyped(array, dims))  # type: ignore[arg-type]
        self.homes[a.cell, 0] = self.homes[b.cell, 1] = position = self.pair(sides[0], sides[1])
        self.orders[position] = joined([layout.order(self.t, v) for v in (a, b)])
        self.sources[position] = [(a.cell, 0), (b.cell, 1)]
        return self.cell_of(position, a)

    def home(self, array: Array, side: int) -> Finish | None:
        """The buffer that one arm made, after the `if`: it is yielded once, whatever views of it there are."""
        cell = array.cell
        if (cell, side) not in self.homes:
            dims = [self.hoist(d, side) for d in cell.dims]
            if any(d is None for d in dims):
                return None
            sides: list[Value] = [ZERO, ZERO]
            with reopened(self.t, self.arms[side]):
                sides[side] = self.retyped(Array(cell, (), cell.dims), dims)  # type: ignore[arg-type]
            with reopened(self.t, self.arms[1 - side]):
                sides[1 - side] = self.t.emit("empty", *dims, kind=cell.kind)  # type: ignore[arg-type]
            self.homes[cell, side] = position = self.pair(sides[0], sides[1])
            self.orders[position] = layout.order(self.t, Array(cell, (), cell.dims))
            self.sources[position] = [(cell, side)]
        return self.cell_of(self.homes[cell, side], array)

    def cell_of(self, position: int, model: Array) -> Finish:
        """The array that a result is: one, however many names it has."""
        def finish(results: Sequence[Value]) -> Any:
            if position not in self.made:
                made = self.t.new_array(results[position], model.cell.name)
                self.made[position] = layout.laid(made, self.orders[position])
                for cell, side in self.sources[position]:
                    self.inherit(made.cell, cell, side)
            made = self.made[position]
            return replace(made, readonly=model.readonly, flat=model.flat) if model.readonly or model.flat else made
        return finish

    def inherit(self, made: Cell, cell: Cell, side: int) -> None:
        """What is known of a buffer that an arm made holds for what it has become."""
        made.inherit(cell)
        made.chosen += tuple(c for c in cell.chosen if c.depth <= self.depth)
        self.views += ((made, owner, side) for owner in cell.owners)

    def link(self) -> None:
        """Once all is joined: copies of what NumPy has views of are copies of what that has become."""
        for made, owner, side in self.views:
            if owner.depth > self.depth:
                kept = self.made.get(self.homes.get((owner, side), -1))
                if kept is None:
                    continue  # (no name is left for it)
                owner = kept.cell
            owner.shown_by(made)

    def retyped(self, array: Array, dims: Sequence[Value]) -> Value:
        value = arrays.read(self.t, array)
        if tuple(value.dims) == tuple(dims):
            return value
        return self.t.emit("reshape", value, *dims)

    def outer_dim(self, a: Value, b: Value) -> Value | None:
        """A dimension that both arms agree on, as a value visible outside of them."""
        outer = [self.hoist(v, side) for side, v in enumerate((a, b))]
        if outer[0] is None or outer[1] is None:
            return None
        return outer[0] if self.t.same(outer[0], outer[1]) else None

    def hoist(self, value: Value, side: int) -> Value | None:
        """A value of an arm as one that is visible outside: itself, or made again; None where there is no way."""
        value = self.t.builder.resolve(value)
        if isinstance(value, Constant) or value not in self.local[side]:
            return value
        op = self.t.builder.definitions.get(value)
        if op is None or op.regions or op.prim in ("load", "mask_count", "cast", "index", "call"):
            return None
        operands = [self.hoist(v, side) for v in op.operands]
        if any(v is None for v in operands):
            return None
        return self.t.emit(op.prim, *[v for v in operands if v is not None], **op.attrs)

    def option(self, array: Array, side: int) -> Finish | None:
        """An array of one arm, usable after the `if`: as it is when it is older, else yielded."""
        older = arrays.moved(array, lambda v: self.hoist(v, side)) if array.cell.depth <= self.depth else None
        if older is not None:
            return lambda results: older
        if array.cell.depth <= self.depth:
            if any(self.hoist(d, side) is None for d in array.dims):
                return None
            buffer = Array(array.cell, (), array.cell.dims)
        home = self.home(array, side) if array.cell.depth > self.depth else lambda results: buffer
        if home is None:
            return None
        if not array.steps:
            return home
        carried: dict[Value, int] = {}
        visible: dict[Value, Value] = {}

        def gather(value: Value) -> Value:
            found = self.hoist(value, side)
            if found is not None:
                visible[value] = found
            elif value not in carried:  # an offset that only this arm computes
                zero = Constant(0, Kind.INT)
                carried[value] = self.pair(*((value, zero) if side == 0 else (zero, value)))
            return value
        arrays.moved(array, gather)

        def finish(results: Sequence[Value]) -> Any:
            whole = home(results)
            moved = arrays.moved(array, lambda v: visible[v] if v in visible else results[carried[v]])
            assert moved is not None
            return Array(whole.cell, moved.steps, moved.dims, array.readonly, array.flat)
        return finish

    def choice(self, a: Any, b: Any, loose: bool = False) -> Finish:
        """One of several arrays, told apart by an integer."""
        finishes: list[Finish] = []
        starts, indices = [], []
        for side, value in enumerate((a, b)):
            starts.append(len(finishes))
            options = value.options if isinstance(value, Choice) else (value,)
            for array in options:
                finish = self.option(array, side)
                if finish is None:
                    return self.reshaped(a, b, loose)
                finishes.append(finish)
            base = Constant(starts[side], Kind.INT)
            if isinstance(value, Choice):
                with reopened(self.t, self.arms[side]):
                    indices.append(self.t.emit("add", self.t.scalar(value.index), base))
            else:
                indices.append(base)
        position = self.pair(indices[0], indices[1])
        return lambda results: Choice(tuple(f(results) for f in finishes), Scalar(results[position], True))

    def reshaped(self, a: Any, b: Any, loose: bool) -> Finish:
        """One of two arrays whose shapes are known in the arms only: its elements are handed out as a list, its
        dimensions as numbers. A copy: an array from before the arms (which only what is returned may be, so that
        nothing is refused for a name that is not used again) must not be written from here on."""
        both = isinstance(a, Array) and isinstance(b, Array) and a.kind is b.kind and a.rank == b.rank
        fresh = both and all(v.cell.depth > self.depth for v in (a, b))
        if not both or not (fresh or loose):
            return lambda results: Conflict("an array whose shape depends on a run-time condition")
        listed, sizes = [], []
        for arm, array in zip(self.arms, (a, b), strict=True):
            with reopened(self.t, arm):
                value = arrays.read(self.t, array)
                listed.append(dynamic_lists.elements(self.t, value))
                sizes.append(value.dims)
            if not fresh:
                array.cell.snapshot = _COPIED
                self.t.listed[array.cell] = None
        place = self.pair(listed[0], listed[1])
        places = [self.pair(x, y) for x, y in zip(*sizes, strict=True)]

        def finish(results: Sequence[Value]) -> Any:
            made = dynamic_lists.array_of(self.t, [results[k] for k in places], results[place])
            if not fresh:
                made.cell.snapshot = _COPIED
            return made
        return finish
