"""Arrays put together: blocks, insertions and deletions, grids."""

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
