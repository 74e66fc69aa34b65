"""Means, spreads, ranks and products of moments. A deviation has derivative 0 at 0; a median or quantile follows the
elements between which it lies.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.selection import into
from workbench.frontend.composed.shaping import axes_of


def count_of(a: Any, axis: Any) -> Any:
    """The number of elements along axes."""
    if axis is None:
        return a.size
    n = 1
    for k in axes_of(axis, a.ndim):
        n = n * a.shape[k]
    return n


def inexact(a: Any, dtype: Any = None) -> Any:
    """An array of floats (integers become float64), or of the dtype that is asked for."""
    a = np.asarray(a)
    if dtype is not None:
        return a.astype(dtype)
    return a if a.dtype.kind in "fc" else a.astype(np.float64)


def root(total: Any) -> Any:
    """The square root of a sum of squares, with derivative 0 at 0 (the root's own is infinite there)."""
    zero = total == 0
    return np.where(zero, 0, np.sqrt(np.where(zero, 1, total))).astype(total.dtype)


@composes(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *,
         where: Any = True) -> Any:
    """The sum divided by the count."""
    a = inexact(a, dtype)
    if where is True:
        return into(np.sum(a, axis, keepdims=keepdims) / count_of(a, axis), out)
    n = np.sum(np.broadcast_to(where, a.shape), axis, keepdims=keepdims)
    return into((np.sum(a, axis, keepdims=keepdims, where=where) / n).astype(a.dtype), out)


@composes(np.var)
def var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False, *,
        where: Any = True, mean: Any = None, correction: Any = None) -> Any:
    """The mean of squared distances from the mean."""
    a = inexact(a, dtype)
    ddof = ddof if correction is None else correction
    center = np.mean(a, axis, keepdims=True, where=where) if mean is None else mean
    total = np.sum(squares(a - center), axis, keepdims=keepdims, where=where)
    if where is True:
        n = count_of(a, axis)
    else:
        n = np.sum(np.broadcast_to(where, a.shape), axis, keepdims=keepdims)
    return into((total / np.maximum(n - ddof, 0)).astype(total.dtype), out)


def squares(x: Any) -> Any:
    """Squared moduli."""
    return np.square(np.real(x)) + np.square(np.imag(x)) if x.dtype.kind == "c" else np.square(x)


@composes(np.std)
def std(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False, *,
        where: Any = True, mean: Any = None, correction: Any = None) -> Any:
    """The root of the variance."""
    return into(root(var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)), out)


@composes(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any:
    """The maximum less the minimum."""
    return into(np.max(a, axis, keepdims=keepdims) - np.min(a, axis, keepdims=keepdims), out)


@composes(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """The mean, each element counted by its weight."""
    a = inexact(a)
    if weights is None:
        result = np.mean(a, axis, keepdims=keepdims)
        return (result, 0 * result + count_of(a, axis)) if returned else result
    weights = np.asarray(weights)
    if weights.ndim != a.ndim:
        if axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        axes = axes_of(axis, a.ndim)
        order = [k for axis_ in range(a.ndim) for k in range(len(axes)) if axes[k] == axis_]
        spread = np.transpose(weights, tuple(order))
        weights = np.expand_dims(spread, tuple([k for k in range(a.ndim) if k not in axes]))
    scale = np.sum(np.broadcast_to(weights, a.shape), axis, keepdims=keepdims)
    result = np.sum(a * weights, axis, keepdims=keepdims) / scale
    return (result, scale) if returned else result


@composes(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """How many elements are not zero; derivative zero."""
    return np.sum(np.asarray(a) != 0, axis, np.int64, keepdims=keepdims)


# ---------------------------------------------------------------------- ranks
def rows_of(a: Any, axis: Any) -> Any:
    """The reduced axes merged into the last."""
    if axis is None:
        return np.ravel(a)
    axes = axes_of(axis, a.ndim)
    kept = tuple([k for k in range(a.ndim) if k not in axes])
    moved = np.transpose(a, kept + axes)
    return np.reshape(moved, (*moved.shape[:len(kept)], -1)) if len(axes) > 1 else moved


def restored(result: Any, a: Any, axis: Any, keepdims: bool, lead: int = 0) -> Any:
    """The reduced axes back at length 1; `lead` axes of the result are new."""
    if not keepdims:
        return result
    axes = tuple(range(a.ndim)) if axis is None else axes_of(axis, a.ndim)
    return np.expand_dims(result, tuple([k + lead for k in axes]))


@composes(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The middle element in order, or the mean of the two in the middle."""
    a = inexact(a)
    ordered = np.sort(rows_of(a, axis))
    n = ordered.shape[-1]
    middle = (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2
    if a.dtype.kind == "f":
        middle = np.where(np.isnan(ordered[..., -1]), np.nan, middle)
    return into(restored(middle, a, axis, keepdims), out)


_METHODS = ("linear", "lower", "higher", "nearest", "midpoint")


@composes(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
             keepdims: bool = False, *, weights: Any = None) -> Any:
    """Between the two elements in order around the given part of the way; differentiable by `q` too."""
    return _quantile(inexact(a), np.asarray(q), axis, out, method, keepdims, weights)


@composes(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
               method: str = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """As `quantile`, of a hundred."""
    return _quantile(inexact(a), np.asarray(q) / 100, axis, out, method, keepdims, weights)


def _quantile(a: Any, q: Any, axis: Any, out: Any, method: str, keepdims: bool, weights: Any) -> Any:
    if weights is not None or method not in _METHODS:
        refuse("np.quantile with weights or of another method than linear, lower, higher, nearest and midpoint",
               "use the linear method")
    if np.any((q < 0) | (q > 1)):
        raise ValueError("Quantiles must be in the range [0, 1]")
    ordered = np.sort(rows_of(a, axis))
    n = ordered.shape[-1]
    place = q * (n - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, n - 1)
    part = _part(place, low, method)
    rank = ordered.ndim - 1
    below, above = (np.moveaxis(np.take(ordered, k, rank), -1, 0) if np.ndim(q) else ordered[..., k]
                    for k in (low, high))
    if np.ndim(q):
        part = np.reshape(part, (-1,) + (1,) * rank)
    result = np.where(part >= 0.5, above - (above - below) * (1 - part), below + (above - below) * part)
    result = np.where(np.isnan(ordered[..., -1]), np.nan, result).astype(a.dtype)
    return into(restored(result, a, axis, keepdims, np.ndim(q)), out)


def _part(place: Any, low: Any, method: str) -> Any:
    """How far a place lies from the element below it to the one above it."""
    rest = place - low
    if method == "linear":
        return rest
    if method == "lower":
        return 0 * rest
    if method == "higher":
        return np.ceil(rest)
    if method == "midpoint":
        return 0.5 * np.ceil(rest)
    return np.round(place) - low


# ---------------------------------------------------------------------- moments of several variables
@composes(np.cov)
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
        aweights: Any = None, *, dtype: Any = None) -> Any:
    """Covariances of variables, one a row."""
    if fweights is not None or aweights is not None:
        refuse("np.cov with weights", "write the weighted sums out")
    rows = np.atleast_2d(inexact(m, dtype))
    if not rowvar and np.ndim(m) > 1:
        rows = rows.T
    if y is not None:
        more = np.atleast_2d(inexact(y, dtype))
        rows = np.concatenate((rows, more if rowvar or np.ndim(y) < 2 else more.T))
    ddof = (0 if bias else 1) if ddof is None else ddof
    centred = rows - np.mean(rows, 1, keepdims=True)
    return np.squeeze(centred @ np.conj(centred.T) / np.maximum(rows.shape[1] - ddof, 0))


@composes(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Covariances divided by both deviations."""
    c = cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    places = np.arange(c.shape[0])
    deviation = np.sqrt(np.real(c[places, places]))
    return np.clip(c / deviation[:, None] / deviation[None, :], -1, 1)
