"""Arrays put together: blocks, insertions and deletions, padding, grids."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.shaping import along, axis_of


@composes(np.dstack)
def dstack(tup: Any) -> Any:
    """Joined along the third axis."""
    return np.concatenate([np.atleast_3d(a) for a in tup], 2)


@composes(np.block)
def block(arrays: Any) -> Any:
    """Nested lists of blocks: the innermost lists are joined along the last axis."""
    depth = _depth(arrays)
    rank = max(depth, _rank(arrays))
    return _block(arrays, depth, rank)


def _depth(arrays: Any) -> int:
    return 1 + _depth(arrays[0]) if isinstance(arrays, list) else 0


def _rank(arrays: Any) -> int:
    return max([_rank(a) for a in arrays]) if isinstance(arrays, list) else np.ndim(arrays)


def _block(arrays: Any, depth: int, rank: int) -> Any:
    if not isinstance(arrays, list):
        return np.reshape(np.array(arrays), (1,) * (rank - np.ndim(arrays)) + np.shape(arrays))
    return np.concatenate([_block(a, depth - 1, rank) for a in arrays], -depth)


@composes(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """Values after an array."""
    if axis is None:
        return np.concatenate((np.ravel(arr), np.ravel(values)))
    return np.concatenate((arr, values), axis)


@composes(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """Without the elements at the given places."""
    arr = np.ravel(arr) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis_of(axis, arr.ndim)
    n = arr.shape[axis]
    if np.ndim(obj) == 0 and not isinstance(obj, slice):
        place = _place(obj, n)
        return np.concatenate((arr[along(axis, slice(0, place))], arr[along(axis, slice(place + 1, None))]), axis)
    if isinstance(obj, (list, tuple)) and len(obj) == 0:
        return np.array(arr)
    keep = np.ones(n, np.bool_)
    keep[obj if isinstance(obj, slice) else np.asarray(obj)] = False
    return np.take(arr, np.flatnonzero(keep), axis)


def _place(obj: Any, n: int) -> Any:
    """An index from the front; out of bounds raises."""
    if obj < -n or obj >= n:
        raise IndexError("index is out of bounds for the axis")
    return obj + n if obj < 0 else obj


@composes(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """With values before the given places."""
    arr = np.ravel(arr) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis_of(axis, arr.ndim)
    if isinstance(obj, slice):
        refuse("np.insert at a slice", "give the places as an array")
    n = arr.shape[axis]
    values = np.asarray(values).astype(arr.dtype)
    if np.ndim(obj) == 0:
        place = obj if obj == n else _place(obj, n)  # behind the last, or before an element
        if values.ndim < arr.ndim:
            values = np.reshape(values, (1,) * (arr.ndim - values.ndim) + values.shape)
        # a place of its own is filled as a single row would be: the first axis of the values goes along the axis
        values = np.moveaxis(values, 0, axis)
        values = np.broadcast_to(values, (*arr.shape[:axis], values.shape[axis], *arr.shape[axis + 1:]))
        head, tail = arr[along(axis, slice(0, place))], arr[along(axis, slice(place, None))]
        return np.concatenate((head, values, tail), axis)
    if isinstance(obj, (list, tuple)) and len(obj) == 0:
        return np.array(arr)
    places = np.asarray(obj)
    count = places.shape[0]
    places = np.where(places < 0, places + n, places)
    order = np.argsort(places, kind="stable")
    slots = np.empty(count, np.int64)
    slots[order] = places[order] + np.arange(count)
    old = np.ones(n + count, np.bool_)
    old[slots] = False
    made = np.empty((*arr.shape[:axis], n + count, *arr.shape[axis + 1:]), arr.dtype)
    made[along(axis, slots)] = values
    made[along(axis, np.flatnonzero(old))] = arr
    return made


# ---------------------------------------------------------------------- padding
@composes(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0, end_values: Any = 0,
        reflect_type: str = "even", stat_length: Any = None) -> Any:
    """Longer at both ends of each axis."""
    array = np.asarray(array)
    widths = _pairs(pad_width, array.ndim)
    if not isinstance(mode, str):
        refuse("np.pad with a function", "write the padding out")
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp"):
        refuse(f"np.pad with mode={mode!r}", "use constant, edge, reflect, symmetric, wrap or linear_ramp")
    if reflect_type != "even" or stat_length is not None:
        refuse("the options reflect_type and stat_length of np.pad", "leave them out")
    ends = _pairs(end_values if mode == "linear_ramp" else constant_values, array.ndim)
    for k in tuple(range(array.ndim)):
        before, after = widths[k]
        if before < 0 or after < 0:
            raise ValueError("index can't contain negative values")
        if mode != "constant" and array.shape[k] == 0 and (before > 0 or after > 0):
            raise ValueError(f"can't extend empty axis {k} using modes other than 'constant' or 'empty'")
        if mode == "constant":
            array = _constant(array, k, before, after, ends[k])
        elif mode == "linear_ramp":
            array = _ramp(array, k, before, after, ends[k])
        else:
            array = np.take(array, _sources(mode, array.shape[k], before, after), k)
    return array


def _pairs(width: Any, rank: int) -> Any:
    """`n`, `(n,)`, `(before, after)` or a pair for each axis, as a pair for each axis."""
    if np.ndim(width) == 0:
        return [(width, width)] * rank
    entries = list(width)
    if max([np.size(entry) for entry in entries]) > 2 or (np.ndim(entries[0]) == 0 and len(entries) > 2):
        raise ValueError("operands could not be broadcast together")
    if np.ndim(entries[0]) == 0:
        return [(entries[0], entries[-1])] * rank
    pairs = [(entry[0], entry[-1]) for entry in entries]
    if len(pairs) == 1:
        return pairs * rank
    if len(pairs) != rank:
        raise ValueError("operands could not be broadcast together")
    return pairs


def _shape_with(array: Any, axis: int, n: Any) -> Any:
    return (*array.shape[:axis], n, *array.shape[axis + 1:])


def _constant(array: Any, axis: int, before: Any, after: Any, ends: Any) -> Any:
    n = array.shape[axis]
    made = np.empty(_shape_with(array, axis, n + before + after), array.dtype)
    made[along(axis, slice(0, before))] = ends[0]
    made[along(axis, slice(before, before + n))] = array
    made[along(axis, slice(before + n, None))] = ends[1]
    return made


def _ramp(array: Any, axis: int, before: Any, after: Any, ends: Any) -> Any:
    shape = (1,) * axis + (-1,) + (1,) * (array.ndim - axis - 1)
    first = np.take(array, np.zeros(before, np.int64), axis)
    last = np.take(array, np.full(after, array.shape[axis] - 1), axis)
    up = np.reshape(np.arange(before), shape) / np.maximum(before, 1)
    down = np.reshape(np.arange(after)[::-1], shape) / np.maximum(after, 1)
    head = ends[0] + (first - ends[0]) * up
    tail = ends[1] + (last - ends[1]) * down
    if array.dtype.kind == "i":
        head, tail = np.floor(head), np.floor(tail)
    return np.concatenate((head.astype(array.dtype), array, tail.astype(array.dtype)), axis)


def _sources(mode: str, n: Any, before: Any, after: Any) -> Any:
    """For each place of the result along an axis, the place of the element that it shows."""
    places = np.arange(n + before + after) - before
    if mode == "edge":
        return np.clip(places, 0, n - 1)
    if mode == "wrap":
        return places % n
    if mode == "reflect":
        period = max(2 * (n - 1), 1)
        folded = places % period
        return np.minimum(folded, period - folded) if not (isinstance(n, int) and n == 1) else 0 * places
    folded = places % (2 * n)
    return np.minimum(folded, 2 * n - 1 - folded)


# ---------------------------------------------------------------------- grids
@composes(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """Coordinates of a grid of points."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    rank = len(xi)
    vectors = [np.ravel(x) for x in xi]
    order = [1, 0, *range(2, rank)] if indexing == "xy" and rank > 1 else [*range(rank)]
    open_ = [np.reshape(v, (1,) * order[k] + (-1,) + (1,) * (rank - order[k] - 1)) for k, v in enumerate(vectors)]
    spread = open_ if sparse else np.broadcast_arrays(*open_)
    return tuple([np.array(v) if copy else v for v in spread])


@composes(np.ix_)
def ix_(*args: Any) -> Any:
    """Vectors along axes of their own."""
    rank = len(args)
    vectors = [np.flatnonzero(v) if np.asarray(v).dtype == np.bool_ else np.asarray(v) for v in args]
    return tuple([np.reshape(v, (1,) * k + (-1,) + (1,) * (rank - k - 1)) for k, v in enumerate(vectors)])


@composes(np.indices)
def indices(dimensions: Any, dtype: Any = np.int64, sparse: bool = False) -> Any:
    """The indices of a grid."""
    rank = len(dimensions)
    places = [np.reshape(np.arange(n), (1,) * k + (-1,) + (1,) * (rank - k - 1)) for k, n in enumerate(dimensions)]
    if sparse:
        return tuple([p.astype(dtype) for p in places])
    shape = tuple(dimensions)
    return np.stack([np.broadcast_to(p, shape) for p in places]).astype(dtype)


@composes(np.fromfunction)
def fromfunction(function: Any, shape: Any, *, dtype: Any = np.float64, **named: Any) -> Any:
    """A function of the indices."""
    return function(*list(np.indices(shape, dtype)), **named)
