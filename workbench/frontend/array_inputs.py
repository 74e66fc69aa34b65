"""Arrays that come in: buffers with a parameter for each dimension; views of one buffer where they share memory.

Arguments that share memory are buffers of their own until the program writes one of them: then tracing starts over,
all of them being views of the array that owns the memory (`overlap`). Dimensions that meet are made one, or constants.

Invariant: what one argument writes, the others that show the same memory read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arrays, overlap, unrolling
from workbench.frontend.order import Given, Keys, Order
from workbench.frontend.parameters import Parameters
from workbench.frontend.paths import (
    Input,
    Path,
    array_signature,
    layout_of,
)
from workbench.frontend.tracer import ONE
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import Array
from workbench.ir import ArrayType, Constant, Kind, ScalarType, Value, kind_of


class ArrayInputs(Parameters):
    """Takes arrays in."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: dict[Value, tuple[Path, int, int]] = {}
        self.by_place: dict[Any, Value] = {}
        self.buffers: list[tuple[np.ndarray, int]] = []
        self.groups: dict[int, list[tuple[np.ndarray, Path]]] = {}
        self.views: dict[Any, tuple[Input, overlap.Placement]] = {}
        self.was_written: set[int] = set()
        self.meet_outside: Callable[[Value, Value], None] | None = None  # of an inner program: asks the outer one

    @property
    def merged(self) -> bool:
        """True when arguments that share memory are taken as views of one buffer."""
        return "merge" in self.t.decisions

    def share(self, args: tuple[Any, ...]) -> None:
        """Before tracing: which arguments share memory, if that is to be heeded."""
        if self.merged:
            self.groups = overlap.groups(args)

    def array_written(self, position: int) -> None:
        """An input array is about to be written: arrays that share its memory must be one buffer (start over)."""
        self.was_written.add(position)
        self._look_for_overlap(position)

    def _look_for_overlap(self, position: int) -> None:
        if self.merged:
            return
        mine = next((array for array, where in self.buffers if where == position), None)
        if mine is None:  # a stand-in of an array of an outer program, which knows its aliases itself
            return
        for array, where in self.buffers:
            if where != position and np.shares_memory(mine, array):
                raise Restart("merge", True, self.t.span, "arguments share memory that is written")

    def given_order(self, value: np.ndarray, path: Path) -> Order | None:
        """How an input array lies in memory, which is guarded where it decides something."""
        found = layout_of(value)
        if found == "C":
            keys: Keys | None = tuple(range(value.ndim))
            unit = 1
        elif found == "F":
            keys, unit = tuple(reversed(range(value.ndim))), 1
        else:
            keys, unit = found
        return None if keys is None else Order(keys, unit, frozenset((Given(path, found),)))

    def guard_apart(self) -> None:
        """At the end: arrays that are written must share no memory with others at later calls."""
        for array, position in self.buffers:
            others = [self.inputs[where].path for _, where in self.buffers if where != position]
            if position in self.was_written and others and array is not None:
                self.guard(self.inputs[position].path, "apart", tuple(others))

    def shared(self, value: np.ndarray, owner: np.ndarray, hops: int, path: Path) -> Array:
        """An argument that shares its memory with another: a view of the buffer that owns it."""
        kind = array_kind(owner)
        if kind is None or not owner.flags.c_contiguous or kind is not kind_of(owner.dtype):
            self.t.fail("arguments share memory whose owner is no contiguous array of numbers, and one is written",
                        "pass copies")
        where = path
        for _ in range(hops):
            where = where.attribute("base")
        if id(owner) not in self.known:
            self.known[id(owner)] = self.buffer(owner, kind, where)
            self.keep.append(owner)
        whole = self.known[id(owner)]
        place = overlap.placement(value, owner)
        root = self.inputs[whole.cell.source]
        self.guard(path, "placed", (root.path, place))
        self.guard(path, "array", array_signature(value))
        self.views[path.key] = (root, place)
        view: Array = arrays.subview(self.t, whole, overlap.affine_view(place, owner))
        return replace(view, readonly=not value.flags.writeable)

    def buffer(self, value: np.ndarray, kind: Kind, path: Path) -> Array:
        """An input array: a buffer of its own, with a parameter for each dimension that is not known."""
        name = self.name_of(path)
        position = len(self.inputs)
        dims: list[Value] = []
        for axis, size in enumerate(value.shape):
            pinned = self._known_dim(path, axis, size)
            if pinned is not None:
                dims.append(pinned)
            else:
                dim = self.t.builder.param(ScalarType(Kind.INT), f"{name}_n{axis}" if value.ndim > 1 else f"{name}_n",
                                           shape_of=(position, axis))
                self.t.nonnegative.add(dim)
                self.sizes[dim] = (path, axis, size)
                self.by_place[path.key, axis] = dim
                dims.append(dim)
        param = self.t.builder.param(ArrayType(kind, tuple(dims)), name)
        self.register(path, kind, value.ndim, False, param)
        self.buffers.append((value, position))
        for written in self.was_written:
            self._look_for_overlap(written)
        with self.at_top():
            cell = self.t.new_cell(param, name, origin=position)
        cell.order = self.given_order(value, path)
        self.guard(path, "array", array_signature(value))
        return Array(cell, (), tuple(dims), readonly=not value.flags.writeable)

    def _known_dim(self, path: Path, axis: int, size: int) -> Value | None:
        """A dimension that is 1, or that an earlier tracing found to be fixed or equal to another's."""
        if size == 1:
            return ONE
        decision = self.t.decisions.get(("dim", path.key, axis))
        if decision is None and unrolling.FIX in self.t.decisions and size <= unrolling.MAX_SIZE:
            decision = size
        if isinstance(decision, int):
            self.guard(path, f"size{axis}", (axis, decision))
            return Constant(decision, Kind.INT)
        if decision is not None:
            other, other_axis = decision
            found = self.by_place.get((other.key, other_axis))
            if found is not None:
                self.guard(path, f"same{axis}", (axis, other, other_axis))
            return found
        return None

    def at_least(self, dim: Value, bound: int) -> bool:
        """True when a dimension is the size of an input that is at least `bound` now. Either is guarded: what is made
        for a shorter one is good for others, but may refuse them."""
        known = self.sizes.get(dim)
        if known is None:
            return False
        path, axis, size = known
        self.guard(path, f"{'least' if size >= bound else 'below'}{axis}_{bound}", (axis, bound))
        return size >= bound

    def known_size(self, dim: Value) -> int | None:
        """What a dimension is in the call that is specialised for, where it is one of an input. Nothing is guarded."""
        known = self.sizes.get(dim)
        return None if known is None else known[2]

    def meet(self, a: Value, b: Value) -> None:
        """Two dimensions must be equal: where both are sizes of inputs and are equal now, that is guarded instead of
        checked (tracing starts over)."""
        first, second = self.sizes.get(a), self.sizes.get(b)
        if first is not None and second is not None and first[2] == second[2]:
            order = list(self.sizes)
            (path, axis, _), (other, other_axis, _) = ((second, first) if order.index(a) < order.index(b)
                                                        else (first, second))
            raise Restart(("dim", path.key, axis), (other, other_axis), self.t.span, "dimensions that meet are equal")
        for known, fixed in ((first, b), (second, a)):
            if known is not None and isinstance(fixed, Constant) and fixed.value == known[2]:
                raise Restart(("dim", known[0].key, known[1]), known[2], self.t.span, "a dimension is fixed")
        if self.meet_outside is not None:
            self.meet_outside(a, b)


def array_kind(value: np.ndarray) -> Kind | None:
    """The kind of an array's elements; other integers count as int64, what is no number has none."""
    kind = kind_of(value.dtype)
    if kind is None and np.issubdtype(value.dtype, np.integer) and value.dtype != np.dtype(np.uint64):
        return Kind.INT
    return kind
