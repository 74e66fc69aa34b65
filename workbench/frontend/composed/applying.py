"""Functions applied to slices or elements, and arrays written as subscripts (`np.r_`, `np.mgrid`).

Invariant: a function that is applied is entered for the first slice once more than NumPy calls it, to know the shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, composes_subscript, elementwise, refuse
from workbench.frontend.composed.selection import into
from workbench.frontend.composed.shaping import axis_of


@composes(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of vectors, applied along an axis."""
    arr = np.asarray(arr)
    axis = axis_of(axis, arr.ndim)
    moved = np.moveaxis(arr, axis, -1)
    lead = moved.shape[:-1]
    rows = np.reshape(moved, (-1, moved.shape[-1]))
    first = np.asarray(func1d(rows[0], *args, **kwargs))
    made = np.empty((rows.shape[0], *first.shape), first.dtype)
    for k in range(rows.shape[0]):
        made[k] = func1d(rows[k], *args, **kwargs)
    rank = len(lead)
    if rank == 0:
        return made[0]
    made = np.reshape(made, (*lead, *first.shape))
    places = tuple(range(first.ndim))
    return np.moveaxis(made, tuple([rank + k for k in places]), tuple([axis + k for k in places]))


@composes(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """A reduction applied to one axis after the other."""
    a = np.asarray(a)
    for axis in tuple(axes) if isinstance(axes, (tuple, list)) else (axes,):
        place = axis_of(axis, a.ndim)
        reduced = func(a, place)
        a = reduced if np.ndim(reduced) == a.ndim else np.expand_dims(reduced, place)
    return a


def vectorized(function: Any, otypes: Any, *args: Any, **named: Any) -> Any:
    """A function of numbers, applied to each element."""
    arrays = [np.asarray(a) for a in args]
    shape = np.broadcast_shapes(*[np.shape(a) for a in arrays])
    if len(shape) == 0:
        return np.asarray(function(*arrays, **named), otypes)
    flat = [np.ravel(np.broadcast_to(a, shape)) for a in arrays]
    n = flat[0].shape[0]
    first = function(*[v[0] for v in flat], **named)
    if isinstance(first, tuple):
        refuse("np.vectorize of a function with several results", "vectorize one function for each")
    made = np.empty(n, np.result_type(first) if otypes is None else otypes)
    for k in range(n):
        made[k] = function(*[v[k] for v in flat], **named)
    return elementwise(np.reshape(made, shape), *arrays)


def agreed(stacked: Any) -> Any:
    """What is the same in all rows (of a function that is mapped over items). Raises ValueError where it is not."""
    if not np.all((stacked == stacked[0]) | (stacked != stacked)):
        raise ValueError("vmap: a result whose axis in out_axes is None differs from item to item")
    return stacked[0]


@composes(np.cumulative_sum)
def cumulative_sum(x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None,
                   include_initial: bool = False) -> Any:
    """Cumulative sums, with a zero in front where that is asked for."""
    return into(_cumulative(np.cumsum, 0, np.asarray(x), axis, dtype, include_initial), out)


@composes(np.cumulative_prod)
def cumulative_prod(x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None,
                    include_initial: bool = False) -> Any:
    """Cumulative products, with a one in front where that is asked for."""
    return into(_cumulative(np.cumprod, 1, np.asarray(x), axis, dtype, include_initial), out)


def _cumulative(function: Any, first: int, x: Any, axis: Any, dtype: Any, include_initial: bool) -> Any:
    x = np.atleast_1d(x)
    if axis is None:
        if x.ndim > 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        axis = 0
    axis = axis_of(axis, x.ndim)
    sums = function(x, axis, dtype)
    if not include_initial:
        return sums
    return np.concatenate((np.full((*x.shape[:axis], 1, *x.shape[axis + 1:]), first, sums.dtype), sums), axis)


# ---------------------------------------------------------------------- arrays written as subscripts
def _range(part: Any) -> Any:
    """What a slice stands for: steps, or (where its step is imaginary) so many numbers with both ends."""
    start = 0 if part.start is None else part.start
    if isinstance(part.step, complex):
        return np.linspace(start, part.stop, int(abs(part.step)))
    return np.arange(start, part.stop, 1 if part.step is None else part.step)


@composes_subscript(np.ogrid)
def open_grid(key: Any) -> Any:
    """`np.ogrid[...]`."""
    if isinstance(key, slice):
        return _range(key)
    rank = len(key)
    return tuple([np.reshape(_range(part), (1,) * k + (-1,) + (1,) * (rank - k - 1)) for k, part in enumerate(key)])


@composes_subscript(np.mgrid)
def dense_grid(key: Any) -> Any:
    """`np.mgrid[...]`."""
    if isinstance(key, slice):
        return _range(key)
    places = open_grid(key)
    shape = tuple([places[k].shape[k] for k in range(len(key))])
    return np.stack([np.broadcast_to(place, shape) for place in places])


def _piece(part: Any) -> Any:
    if isinstance(part, str):
        refuse("np.r_ and np.c_ with a directive", "use np.concatenate or np.stack")
    return _range(part) if isinstance(part, slice) else np.atleast_1d(part)


@composes_subscript(np.r_)
def joined_rows(key: Any) -> Any:
    """`np.r_[...]`."""
    return np.concatenate([_piece(part) for part in (key if isinstance(key, tuple) else (key,))])


@composes_subscript(np.c_)
def joined_columns(key: Any) -> Any:
    """`np.c_[...]`."""
    pieces = [_piece(part) for part in (key if isinstance(key, tuple) else (key,))]
    return np.concatenate([p[:, None] if p.ndim == 1 else p for p in pieces], -1)


@composes_subscript(np.s_)
def key_itself(key: Any) -> Any:
    """`np.s_[...]`."""
    return key


# ---------------------------------------------------------------------- sets
@composes(np.union1d)
def union1d(ar1: Any, ar2: Any) -> Any:
    """Values of either, each once, in order."""
    return np.unique(np.concatenate((np.ravel(ar1), np.ravel(ar2))))


@composes(np.intersect1d)
def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """Values of both, each once, in order; the derivative follows those of the first."""
    if return_indices:
        refuse("np.intersect1d with return_indices=True", "search with np.isin")
    values = np.unique(ar1)
    return values[np.isin(values, ar2)]


@composes(np.setdiff1d)
def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Values of the first that the second has not, each once, in order."""
    values = np.ravel(ar1) if assume_unique else np.unique(ar1)
    return values[~np.isin(values, ar2)]


@composes(np.setxor1d)
def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Values of one of the two alone, in order."""
    return np.sort(np.concatenate((setdiff1d(ar1, ar2), setdiff1d(ar2, ar1))))


# ---------------------------------------------------------------------- fits
@composes(np.polyfit)
def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    """Coefficients of the polynomial nearest to points, by least squares."""
    if full or cov:
        refuse("np.polyfit with full= or cov=", "write the least squares out with np.linalg.lstsq")
    x, y = np.asarray(x) * 1.0, np.asarray(y) * 1.0
    columns = np.vander(x, deg + 1)
    if w is not None:
        w = np.asarray(w) * 1.0
        columns = columns * w[:, None]
        y = y * (w[:, None] if y.ndim == 2 else w)
    scale = np.sqrt(np.sum(np.square(columns), 0))
    found = np.linalg.lstsq(columns / scale, y, None if rcond is None else rcond)[0]
    return found / (scale[:, None] if y.ndim == 2 else scale)
