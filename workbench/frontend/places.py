"""Where a view lies in its buffer, as a row of numbers: indices, starts, lengths, steps. A name whose view moves in a
loop (`prev = H[t]`) keeps those of them that change in slots; the buffer and the form of the view are static.

Invariant: a view of numbers from slots is a view of the same buffer as any other: what is read and written through it
is at the place that Python's view shows, because every index in it was checked when the view was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.frontend.values import Affine, Array, Fixed, Range, Reshape
from workbench.ir import Constant, Kind, Value

ONE = Constant(1, Kind.INT)


def dims_of(step: Affine | Reshape) -> tuple[Value, ...]:
    """The dimensions of what a step gives."""
    if isinstance(step, Reshape):
        return step.dims

    def length(axis: int | None) -> Value:
        if axis is None:
            return ONE
        base = step.base[axis]
        assert isinstance(base, Range)
        return base.length
    return tuple(length(axis) for axis in step.axes)


def numbers(array: Array) -> list[Value]:
    """Where a view lies in its buffer."""
    found: list[Value] = []
    for step in array.steps:
        if isinstance(step, Reshape):
            found.extend(step.dims)
            continue
        for axis in step.base:
            found.extend((axis.index,) if isinstance(axis, Fixed) else (axis.start, axis.length, axis.step))
    return found


def at(array: Array, values: Sequence[Value], moving: frozenset[int] | None = None) -> Array:
    """A view of the same form elsewhere; `moving`: positions among its numbers that are kept in slots."""
    supply = iter(values)

    def axis(old: Fixed | Range) -> Fixed | Range:
        return Fixed(next(supply)) if isinstance(old, Fixed) else Range(next(supply), next(supply), next(supply))
    steps = tuple(Reshape(tuple(next(supply) for _ in step.dims)) if isinstance(step, Reshape) else
                  Affine(tuple(axis(b) for b in step.base), step.axes) for step in array.steps)
    dims = dims_of(steps[-1]) if steps else array.dims
    return replace(array, steps=steps, dims=dims, moving=array.moving if moving is None else moving)


def movable(array: Array) -> frozenset[int]:
    """Positions of the numbers that may be another in each turn of a loop: indices and starts, and lengths where no
    reshape follows."""
    found: set[int] = set()
    position = 0
    for step in array.steps:
        if isinstance(step, Reshape):
            position += len(step.dims)
            continue
        for axis in step.base:
            found.add(position)
            if isinstance(axis, Range) and step is array.steps[-1]:
                found.add(position + 1)
            position += 1 if isinstance(axis, Fixed) else 3
    return frozenset(found)


def lengths(array: Array) -> list[int | None]:
    """Positions of the numbers that are the lengths of a view's axes; None for one that is new."""
    step = array.steps[-1]
    start = len(numbers(array)) - len(numbers(replace(array, steps=(step,))))
    if isinstance(step, Reshape):
        return list(range(start, start + len(step.dims)))
    places: list[int] = []
    for axis in step.base:
        places.append(start + 1)
        start += 1 if isinstance(axis, Fixed) else 3
    return [None if axis is None else places[axis] for axis in step.axes]


def same_form(a: Array, b: Array) -> bool:
    """True for views of one buffer that differ in numbers only."""
    return (a.cell is b.cell and a.readonly == b.readonly and a.flat is b.flat and len(a.steps) == len(b.steps)
            and all(_alike(s, r) for s, r in zip(a.steps, b.steps, strict=True)))


def _alike(a: Affine | Reshape, b: Affine | Reshape) -> bool:
    if isinstance(a, Reshape) or isinstance(b, Reshape):
        return isinstance(a, Reshape) and isinstance(b, Reshape) and len(a.dims) == len(b.dims)
    return a.axes == b.axes and all(type(x) is type(y) for x, y in zip(a.base, b.base, strict=True))
