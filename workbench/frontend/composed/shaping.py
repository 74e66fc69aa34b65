"""Axes moved, turned, split and repeated. What NumPy gives as a view is one here too."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse


def axis_of(axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if axis < -rank or axis >= rank:
        raise np.exceptions.AxisError(axis, rank)
    return axis % rank


def axes_of(axes: Any, rank: int) -> tuple[int, ...]:
    """One axis, or several, counted from the front."""
    if isinstance(axes, (tuple, list)):
        found = tuple([axis_of(axis, rank) for axis in axes])
        for k in tuple(range(len(found))):
            if found[k] in found[:k]:
                raise ValueError("repeated axis")
        return found
    return (axis_of(axes, rank),)


def along(axis: int, part: Any) -> Any:
    """The key that applies `part` to one axis."""
    return (*[slice(None)] * axis, part)


@composes(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places."""
    a = np.asarray(a)
    sources, targets = axes_of(source, a.ndim), axes_of(destination, a.ndim)
    if len(sources) != len(targets):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    rest = [k for k in range(a.ndim) if k not in sources]
    order = []
    for k in tuple(range(a.ndim)):
        order.append(sources[list(targets).index(k)] if k in targets else rest.pop(0))
    return np.transpose(a, tuple(order))


@composes(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """An axis moved to before another."""
    a = np.asarray(a)
    axis = axis_of(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    if start < 0 or start > a.ndim:
        raise np.exceptions.AxisError(start, a.ndim + 1)
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@composes(np.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """The last two axes swapped."""
    x = np.asarray(x)
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return np.swapaxes(x, -1, -2)


@composes(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """New axes of length 1."""
    a = np.asarray(a)
    rank = a.ndim + (len(axis) if isinstance(axis, (tuple, list)) else 1)
    axes = axes_of(axis, rank)
    return a[tuple([None if k in axes else slice(None) for k in range(rank)])]


@composes(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """At least one axis."""
    made = [np.reshape(a, 1) if np.ndim(a) == 0 else np.asarray(a) for a in arys]
    return made[0] if len(made) == 1 else tuple(made)


@composes(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """At least two axes: a vector is a row."""
    made = [np.reshape(a, (1, 1)) if np.ndim(a) == 0 else np.asarray(a) for a in arys]
    made = [a[None, :] if a.ndim == 1 else a for a in made]
    return made[0] if len(made) == 1 else tuple(made)


@composes(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """At least three axes."""
    made = [np.reshape(a, (1, 1, 1)) if np.ndim(a) == 0 else np.asarray(a) for a in arys]
    made = [a[None, :, None] if a.ndim == 1 else a[:, :, None] if a.ndim == 2 else a for a in made]
    return made[0] if len(made) == 1 else tuple(made)


@composes(np.fliplr)
def fliplr(m: Any) -> Any:
    """Columns in reverse order."""
    m = np.asarray(m)
    if m.ndim < 2:
        raise ValueError("Input must be >= 2-d.")
    return m[:, ::-1]


@composes(np.flipud)
def flipud(m: Any) -> Any:
    """Rows in reverse order."""
    m = np.asarray(m)
    if m.ndim < 1:
        raise ValueError("Input must be >= 1-d.")
    return m[::-1]


@composes(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned by quarters in the plane of two axes."""
    m = np.asarray(m)
    plane = axes_of(tuple(axes), m.ndim)
    if len(plane) != 2 or plane[0] == plane[1]:
        raise ValueError("Axes must be different.")
    turns = k % 4
    if turns == 0:
        return m[:]
    if turns == 2:
        return np.flip(np.flip(m, plane[0]), plane[1])
    if turns == 1:
        return np.swapaxes(np.flip(m, plane[1]), plane[0], plane[1])
    return np.flip(np.swapaxes(m, plane[0], plane[1]), plane[1])


@composes(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved along axes; those that leave come in again."""
    a = np.asarray(a)
    if axis is None:
        return np.reshape(roll(np.ravel(a), shift, 0), a.shape)
    axes = tuple([axis_of(k, a.ndim) for k in axis]) if isinstance(axis, (tuple, list)) else (axis_of(axis, a.ndim),)
    shifts = tuple(shift) if isinstance(shift, (tuple, list)) else (shift,)
    if len(shifts) == 1:
        shifts = shifts * len(axes)
    if len(axes) == 1:
        axes = axes * len(shifts)
    if len(shifts) != len(axes):
        raise ValueError("'shift' and 'axis' should be scalars or 1D sequences")
    for place, by in zip(axes, shifts, strict=True):
        n = a.shape[place]
        a = np.take(a, (np.arange(n) - by) % max(n, 1), place)
    return a


# ---------------------------------------------------------------------- splitting
@composes(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Views of pieces: as many as given, or cut at the places given."""
    ary = np.asarray(ary)
    axis = axis_of(axis, ary.ndim)
    n = ary.shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        count = indices_or_sections
        if count <= 0:
            raise ValueError("number sections must be larger than 0.")
        each, extra = n // count, n % count
        cuts = [k * each + min(k, extra) for k in range(count + 1)]
        return [ary[along(axis, slice(cuts[k], cuts[k + 1]))] for k in range(count)]
    places = list(indices_or_sections)
    starts, stops = [0, *places], [*places, n]
    return [ary[along(axis, slice(starts[k], stops[k]))] for k in range(len(starts))]


@composes(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Views of equal pieces, or cut at the places given."""
    if isinstance(indices_or_sections, (int, np.integer)):
        n = np.shape(ary)[axis]
        if n % indices_or_sections:
            raise ValueError("array split does not result in an equal division")
    return array_split(ary, indices_or_sections, axis)


@composes(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Split along columns (a vector along itself)."""
    if np.ndim(ary) == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0)


@composes(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Split along rows."""
    if np.ndim(ary) < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@composes(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Split along the third axis."""
    if np.ndim(ary) < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


@composes(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> Any:
    """The slices along an axis."""
    if np.ndim(x) == 0:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(np.moveaxis(x, axis, 0))


# ---------------------------------------------------------------------- windows
def windows(x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False) -> Any:
    """What `np.lib.stride_tricks.sliding_window_view` shows, copied: the places of a window along new last axes."""
    if writeable:
        refuse("np.lib.stride_tricks.sliding_window_view with writeable=True", "write into the array itself")
    x = np.asarray(x)
    sizes = tuple(window_shape) if isinstance(window_shape, (tuple, list)) else (window_shape,)
    for size in sizes:
        if size < 0:
            raise ValueError("`window_shape` cannot contain negative values")
    given = tuple(range(x.ndim)) if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    axes = tuple([axis_of(k, x.ndim) for k in given])
    if len(sizes) != len(axes):
        raise ValueError("Must provide matching length window_shape and axis")
    for k, size in zip(axes, sizes, strict=True):
        n = x.shape[k]
        if n < size:
            raise ValueError("window shape cannot be larger than input array shape")
        places = np.arange(n - size + 1)[:, None] + np.arange(size)
        x = np.moveaxis(np.take(x, places, k), k + 1, -1)
    return np.array(x)


# ---------------------------------------------------------------------- repeating
@composes(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """Repeated as a whole along each axis."""
    counts = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    a = np.array(A)
    rank = max(len(counts), a.ndim)
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - a.ndim) + a.shape
    for k in tuple(range(rank)):
        a = np.reshape(a, shape)
        if not (isinstance(counts[k], int) and counts[k] == 1):
            wide = np.array(np.broadcast_to(np.expand_dims(a, k), (*shape[:k], counts[k], *shape[k:])))
            shape = (*shape[:k], counts[k] * shape[k], *shape[k + 1:])
            a = np.reshape(wide, shape)
    return a


@composes(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Each element repeated, all as often or each as often as given."""
    a = np.ravel(a) if axis is None else np.atleast_1d(a)
    axis = 0 if axis is None else axis_of(axis, a.ndim)
    n = a.shape[axis]
    if np.ndim(repeats) == 0:
        wide = np.array(
            np.broadcast_to(np.expand_dims(a, axis + 1), (*a.shape[:axis + 1], repeats, *a.shape[axis + 1:])))
        return np.reshape(wide, (*a.shape[:axis], n * repeats, *a.shape[axis + 1:]))
    ends = np.cumsum(np.broadcast_to(np.asarray(repeats), (n,)))
    total = int(np.sum(np.broadcast_to(np.asarray(repeats), (n,))))
    return np.take(a, np.searchsorted(ends, np.arange(total), "right"), axis)


@composes(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """Another number of elements: repeated, or cut off."""
    a = np.ravel(a)
    shape = tuple(new_shape) if isinstance(new_shape, (tuple, list)) else (new_shape,)
    total = 1
    for n in shape:
        if n < 0:
            raise ValueError("all elements of `new_shape` must be non-negative")
        total = total * n
    filled = np.append(a, np.zeros(1, a.dtype))  # zeros, where there is nothing to repeat
    return np.reshape(np.take(filled, np.arange(total) % max(a.shape[0], 1)), shape)
