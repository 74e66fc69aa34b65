"""The methods of ufuncs: `reduce`, `accumulate`, `outer`, `reduceat` and `at`, as loops over the axis where there is no
better way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.selection import into
from workbench.frontend.composed.shaping import axes_of, axis_of
from workbench.frontend.composed.statistics import restored

BINARY = tuple(dict.fromkeys(f for f in vars(np).values() if isinstance(f, np.ufunc) and f.nin == 2 and f.nout == 1
                             and f.signature is None))
# those whose reductions have a primitive of their own
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min, np.logical_and: np.all,
               np.logical_or: np.any}
_CUMULATIVE = {np.add: np.cumsum, np.multiply: np.cumprod}
_AT = (np.add, np.subtract)  # scatters
_TRUTH = (np.logical_and, np.logical_or)


def reduced(reduction: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
            initial: Any = None, where: Any = True) -> Any:
    """A reduction, of the first axis where none is given."""
    array = np.asarray(array) if dtype is None else np.asarray(array).astype(dtype)
    if reduction is np.all or reduction is np.any:
        return reduction(array, axis, out, keepdims, where=where)
    return reduction(array, axis, out=out, keepdims=keepdims, initial=initial, where=where)


def reduce(ufunc: Any, identity: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None,
           keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """One element after the other."""
    array = np.asarray(array) if dtype is None else np.asarray(array).astype(dtype)
    start = identity if initial is None else initial
    if where is not True:
        if identity is None:
            refuse(f"np.{ufunc.__name__}.reduce with where=, which has no identity", "select the elements first")
        array = np.where(where, array, identity)
    axes = tuple(range(array.ndim)) if axis is None else axes_of(axis, array.ndim)
    kept = tuple([k for k in range(array.ndim) if k not in axes])
    rows = np.transpose(array, axes + kept)
    if len(axes) > 1:
        rows = np.reshape(rows, (-1, *rows.shape[len(axes):]))
    if start is None:
        if rows.shape[0] == 0:
            raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
        total = np.array(rows[0])
    else:
        total = np.zeros(rows.shape[1:], array.dtype) + start
    for k in range(1 if start is None else 0, rows.shape[0]):
        total = ufunc(total, rows[k])
    return into(restored(total, array, axis, keepdims), out)


def accumulated(cumulative: Any, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """Cumulative along the first axis where none is given."""
    return cumulative(array, axis, dtype, out)


def accumulate(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """All results up to each element."""
    array = np.asarray(array) if dtype is None else np.asarray(array).astype(dtype)
    axis = axis_of(axis, array.ndim)
    rows = np.moveaxis(array, axis, 0)
    made = np.array(rows)
    for k in range(1, rows.shape[0]):
        made[k] = ufunc(made[k - 1], rows[k])
    return into(np.moveaxis(made, 0, axis), out)


def outer(ufunc: Any, A: Any, B: Any, /, *, out: Any = None, dtype: Any = None) -> Any:
    """Every element with every other."""
    a, b = np.asarray(A), np.asarray(B)
    result = ufunc(np.reshape(a, a.shape + (1,) * b.ndim) if b.ndim else a, b)
    return into(result if dtype is None else result.astype(dtype), out)


def reduceat(ufunc: Any, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """Reductions of pieces that begin at the places given."""
    array = np.asarray(array) if dtype is None else np.asarray(array).astype(dtype)
    axis = axis_of(axis, array.ndim)
    rows, starts = np.moveaxis(array, axis, 0), np.asarray(indices)
    n, m = rows.shape[0], starts.shape[0]
    made = np.take(rows, starts, 0)
    for j in range(m):
        stop = n if j == m - 1 else starts[min(j + 1, m - 1)]
        for k in range(starts[j] + 1, stop):
            made[j] = ufunc(made[j], rows[k])
    return into(np.moveaxis(made, 0, axis), out)


def at(ufunc: Any, a: Any, indices: Any, b: Any) -> None:
    """In place, one index after the other: those that occur twice count twice."""
    if isinstance(indices, (tuple, slice)):
        refuse(f"np.{ufunc.__name__}.at with several indices, or a slice", "give one array of places on the first axis")
    places = np.ravel(indices)
    rows = np.broadcast_to(b, (*np.shape(indices), *a.shape[1:])) if np.ndim(indices) else np.reshape(b, (1, *np.shape(
        b)))
    rows = np.reshape(rows, (-1, *a.shape[1:]))
    for k in range(places.shape[0]):
        a[places[k]] = ufunc(a[places[k]], rows[k])


for _ufunc in BINARY:
    if _ufunc in _REDUCTIONS:
        composes(_ufunc.reduce, first=(_REDUCTIONS[_ufunc],))(reduced)
    else:
        composes(_ufunc.reduce, first=(_ufunc, _ufunc.identity))(reduce)
    if _ufunc in _CUMULATIVE:
        composes(_ufunc.accumulate, first=(_CUMULATIVE[_ufunc],))(accumulated)
    else:
        composes(_ufunc.accumulate, first=(_ufunc,))(accumulate)
    composes(_ufunc.outer, first=(_ufunc,))(outer)
    composes(_ufunc.reduceat, first=(_ufunc,))(reduceat)
    if _ufunc not in _AT:
        composes(_ufunc.at, first=(_ufunc,))(at)
