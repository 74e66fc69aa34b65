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

UNARY, BINARY = (tuple(dict.fromkeys(f for f in vars(np).values() if isinstance(f, np.ufunc) and f.nin == n
                                     and f.nout == 1 and f.signature is None)) for n in (1, 2))
# those whose reductions have a primitive of their own
_REDUCTIONS = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min, np.logical_and: np.all,
               np.logical_or: np.any}
_CUMULATIVE = {np.add: np.cumsum, np.multiply: np.cumprod}
_ORDERED = (np.subtract, np.divide, np.floor_divide, np.remainder, np.fmod, np.power, np.float_power, np.arctan2,
            np.copysign, np.nextafter, np.heaviside, np.left_shift, np.right_shift)
_AT = (np.add, np.subtract)  # scatters
_TRUTH = (np.logical_and, np.logical_or)


def operand(array: Any, dtype: Any, out: Any) -> Any:
    """The array in the dtype that is asked for, or in that of `out`."""
    array = np.asarray(array)
    if dtype is not None:
        return array.astype(dtype)
    return array if out is None else array.astype(out.dtype)


def summed(ufunc: Any, array: Any) -> Any:
    """The array in the dtype in which a ufunc gives its results (quotients of integers are floats)."""
    if array.dtype.kind in "fc":
        return array
    return array.astype(ufunc(np.ones(1, array.dtype), np.ones(1, array.dtype)).dtype)


def reduced(reduction: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False,
            initial: Any = None, where: Any = True) -> Any:
    """A reduction, of the first axis where none is given."""
    array = operand(array, dtype, out)
    if reduction is np.all or reduction is np.any:
        return reduction(array, axis, out, keepdims, where=where)
    return reduction(array, axis, out=out, keepdims=keepdims, initial=initial, where=where)


def reduce(ufunc: Any, identity: Any, array: Any, axis: Any = 0, dtype: Any = None, out: Any = None,
           keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    """One element after the other."""
    if ufunc is np.power:
        refuse("np.power.reduce, which raises the first element to the last alone", "loop over the elements")
    array = summed(ufunc, operand(array, dtype, out))
    if array.ndim == 0:
        return into(_of_number(ufunc, array, axis, initial, where), out)
    start = identity if initial is None else initial
    if where is not True:
        if identity is None:
            refuse(f"np.{ufunc.__name__}.reduce with where=, which has no identity", "select the elements first")
        mask = np.asarray(where)
        if mask.ndim > array.ndim:
            raise ValueError("input operand has more dimensions than allowed by the axis remapping")
        array = np.where(np.broadcast_to(mask, array.shape), array, np.full((), identity, array.dtype))
    axes = tuple(range(array.ndim)) if axis is None else axes_of(axis, array.ndim)
    if len(axes) > 1 and ufunc in _ORDERED:
        raise ValueError(f"reduction operation '{ufunc.__name__}' is not reorderable, so at most one axis may be "
                         "specified")
    kept = tuple([k for k in range(array.ndim) if k not in axes])
    rows = np.transpose(array, axes + kept)
    if len(axes) > 1:
        rows = np.reshape(rows, (-1, *rows.shape[len(axes):]))
    if start is None:
        if rows.shape[0] == 0:
            raise ValueError(f"zero-size array to reduction operation {ufunc.__name__} which has no identity")
        total = np.array(rows[0])
    else:
        total = np.full(rows.shape[1:], start, array.dtype)
    for k in range(1 if start is None else 0, rows.shape[0]):
        total = ufunc(total, rows[k])
    return into(restored(total, array, axis, keepdims), out)


def _of_number(ufunc: Any, number: Any, axis: Any, initial: Any, where: Any) -> Any:
    """A reduction of a number, whose first and last axis may be named."""
    if axis not in (None, 0, -1, ()):
        raise np.exceptions.AxisError(0 if isinstance(axis, tuple) else axis, 0)
    if where is not True:
        refuse(f"np.{ufunc.__name__}.reduce of a number with where=", "leave it out")
    return number[()] if initial is None else ufunc(number.dtype.type(initial), number)


def accumulated(cumulative: Any, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """Cumulative along the first axis where none is given."""
    array = np.asarray(array)
    if array.ndim == 0:
        raise TypeError("cannot accumulate on a scalar")
    if axis is None and array.ndim > 1:
        raise ValueError("accumulate does not allow multiple axes")
    return cumulative(array, axis_of(0 if axis is None and array.ndim == 1 else axis, array.ndim), dtype, out)


def accumulate(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """All results up to each element."""
    array = summed(ufunc, operand(array, dtype, out))
    if array.ndim == 0:
        raise TypeError("cannot accumulate on a scalar")
    if axis is None and array.ndim > 1:
        raise ValueError("accumulate does not allow multiple axes")
    axis = axis_of(0 if axis is None and array.ndim == 1 else axis, array.ndim)
    rows = np.moveaxis(array, axis, 0)
    made = np.array(rows)
    for k in range(1, rows.shape[0]):
        made[k] = ufunc(made[k - 1], rows[k])
    return into(np.moveaxis(made, 0, axis), out)


def outer(ufunc: Any, A: Any, B: Any, /, *, out: Any = None, dtype: Any = None) -> Any:
    """Every element with every other."""
    a, b = np.asarray(A), np.asarray(B)
    column = np.reshape(a, a.shape + (1,) * b.ndim) if b.ndim else a
    return into(ufunc(column, b) if dtype is None else ufunc(column, b, dtype=dtype), out)


def reduceat(ufunc: Any, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> Any:
    """Reductions of pieces that begin at the places given."""
    if ufunc is np.power:
        refuse("np.power.reduceat, which raises the first element of a piece to the last alone", "loop over the pieces")
    array = summed(ufunc, operand(array, dtype, out))
    axis = axis_of(axis, array.ndim)
    rows, starts = np.moveaxis(array, axis, 0), np.asarray(indices)
    n, m = rows.shape[0], starts.shape[0]
    made = np.take(rows, starts, 0)
    for j in range(m):
        stop = n if j == m - 1 else starts[min(j + 1, m - 1)]
        for k in range(starts[j] + 1, stop):
            made[j] = ufunc(made[j], rows[k])
    return into(np.moveaxis(made, 0, axis), out)


def at(ufunc: Any, a: Any, indices: Any, *b: Any) -> None:
    """In place, one element after the other: those that occur twice count twice."""
    places = np.reshape(np.arange(a.size), a.shape)[indices]
    others = [np.ravel(np.broadcast_to(other, np.shape(places))) for other in b]
    flat = np.ravel(places)
    ufunc(np.zeros(0, a.dtype), *[np.zeros(0, other.dtype) for other in others])  # raises for kinds it does not take
    for k in range(flat.shape[0]):
        place = flat[k] if a.ndim == 1 else np.unravel_index(flat[k], a.shape)
        a[place] = ufunc(a[place], *[other[k] for other in others])


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
for _ufunc in (*BINARY, *UNARY):
    if _ufunc not in _AT:
        composes(_ufunc.at, first=(_ufunc,))(at)
