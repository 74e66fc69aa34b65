"""Functions applied to slices or elements, and arrays written as subscripts (`np.r_`, `np.mgrid`).

Invariant: a function that is applied is entered for the first slice once more than NumPy calls it, to know the shape.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, composes_subscript, elementwise, refuse
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
