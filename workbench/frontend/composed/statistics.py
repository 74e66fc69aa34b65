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
        found = np.sum(a, axis, keepdims=keepdims) / count_of(a, axis)
        return into(found if dtype is None else found.astype(a.dtype), out)
    n = np.sum(np.broadcast_to(where, a.shape), axis, keepdims=keepdims)
    return into((np.sum(a, axis, keepdims=keepdims, where=where) / n).astype(a.dtype), out)


@composes(np.var)
def var(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False, *,
        where: Any = True, mean: Any = None, correction: Any = None) -> Any:
    """The mean of squared distances from the mean."""
    if dtype is not None and np.dtype(dtype).kind in "biu":
        refuse("np.var and np.std in integers", "leave dtype= out, or round what they give")
    a = inexact(a, dtype)
    if correction is not None and ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
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
        if np.size(result) == 0:
            raise ZeroDivisionError("division by zero")
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
    if np.any(scale == 0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    result = np.sum(a * weights, axis, keepdims=keepdims) / scale
    return (result, scale.astype(result.dtype)) if returned else result


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
    if len(axes) == 0:
        return np.reshape(a, (*a.shape, 1))
    kept = tuple([k for k in range(a.ndim) if k not in axes])
    moved = np.transpose(a, kept + axes)
    return np.reshape(moved, (*moved.shape[:len(kept)], -1)) if len(axes) > 1 else moved


def some_along(a: Any, axis: Any) -> None:
    """Raise as NumPy does for ranks of nothing along no axis."""
    if isinstance(axis, tuple) and len(axis) == 0 and a.size == 0:
        raise ValueError("cannot reshape array of size 0")


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
    some_along(a, axis)
    ordered = np.sort(rows_of(a, axis))
    return into(restored(_middle(ordered), a, axis, keepdims), out)


def _middle(ordered: Any) -> Any:
    n = ordered.shape[-1]
    if n == 0:
        return np.full(ordered.shape[:-1], np.nan, ordered.dtype)
    middle = (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2
    return np.where(np.isnan(ordered[..., -1]), np.nan, middle)


# of an estimator that interpolates, its parameters (alpha, beta); the others choose one element or the mean of two
_ESTIMATORS = {"linear": (1.0, 1.0), "hazen": (0.5, 0.5), "weibull": (0.0, 0.0), "median_unbiased": (1 / 3, 1 / 3),
               "normal_unbiased": (0.375, 0.375), "interpolated_inverted_cdf": (0.0, 1.0)}
_CHOICES = ("lower", "higher", "nearest", "midpoint")
_STEPS = ("inverted_cdf", "averaged_inverted_cdf", "closest_observation")


@composes(np.quantile)
def quantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
             keepdims: bool = False, *, weights: Any = None) -> Any:
    """Between the two elements in order around the given part of the way; differentiable by `q` too."""
    a = np.asarray(a)
    return quantiles(a, part_of_way(a, q, 1), axis, out, method, keepdims, weights)


@composes(np.percentile)
def percentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
               method: str = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """As `quantile`, of a hundred."""
    a = np.asarray(a)
    return quantiles(a, part_of_way(a, q, 100), axis, out, method, keepdims, weights)


def part_of_way(a: Any, q: Any, whole: int) -> Any:
    """q as a part of 1, in the precision in which NumPy has it: a number's is that of the array."""
    if isinstance(q, (int, float)) and a.dtype.kind == "f":
        return np.asarray(q, a.dtype) if whole == 1 else np.asarray(q, a.dtype) / a.dtype.type(whole)
    return np.asarray(q) if whole == 1 else np.asarray(q) / whole


def quantiles(a: Any, q: Any, axis: Any, out: Any, method: str, keepdims: bool, weights: Any) -> Any:
    """Quantiles of rows of which all elements count."""
    checked(a, q, method, weights)
    some_along(a, axis)
    ordered = np.sort(rows_of(a, axis))
    n = ordered.shape[-1]
    if q.dtype.kind == "i":
        result = np.take(ordered, np.ravel(q) * (n - 1), -1)
    else:
        place, part = places(np.ravel(q), n, method)
        low = np.clip(place, 0, n - 1)
        result = np.take(ordered, low, -1)
        if part is not None:
            result = between(result, np.take(ordered, np.clip(place + 1, 0, n - 1), -1), part)
    if a.dtype.kind == "f":
        result = np.where(np.isnan(ordered[..., -1])[..., None], np.nan, result)
    return into(shaped(result, a, q, axis, keepdims), out)


def checked(a: Any, q: Any, method: str, weights: Any) -> None:
    """Raise or refuse what is not taken."""
    if weights is not None or method in _STEPS:
        refuse("a quantile with weights, or of a method that jumps (inverted_cdf, averaged_inverted_cdf, "
               "closest_observation)", "use one that interpolates")
    if method not in _ESTIMATORS and method not in _CHOICES:
        raise ValueError(f"{method!r} is not a valid method")
    if a.dtype.kind == "b":
        refuse("a quantile of truth values", "convert them to floats")
    if np.any((q < 0) | (q > 1)):
        raise ValueError("Quantiles must be in the range [0, 1]")


def places(q: Any, n: Any, method: str) -> Any:
    """The place of the element below each quantile, and how far from it to the next one it lies (None: not at all)."""
    if method in _ESTIMATORS:
        alpha, beta = _ESTIMATORS[method]
        exact = q * (n - 1) if method == "linear" else n * q + (alpha + q * (1 - alpha - beta)) - 1
        low = np.floor(exact)
        return low.astype(np.int64), exact - low
    exact = q * (n - 1)
    if method == "lower":
        return np.floor(exact).astype(np.int64), None
    if method == "higher":
        return np.ceil(exact).astype(np.int64), None
    if method == "nearest":
        return np.round(exact).astype(np.int64), None
    low = np.floor(exact)
    return low.astype(np.int64), 0.5 * (np.ceil(exact) - low)


def between(below: Any, above: Any, part: Any) -> Any:
    """A part of the way from one number to another; the end that is nearer is exact."""
    return np.where(part >= 0.5, above - (above - below) * (1 - part), below + (above - below) * part)


def shaped(result: Any, a: Any, q: Any, axis: Any, keepdims: bool) -> Any:
    """Quantiles along the last axis moved to the front, in the shape of q."""
    if q.ndim == 0:
        return restored(result[..., 0], a, axis, keepdims)
    moved = np.moveaxis(result, -1, 0)
    if q.ndim > 1:
        moved = np.reshape(moved, q.shape + moved.shape[1:])
    return restored(moved, a, axis, keepdims, q.ndim)


# ---------------------------------------------------------------------- moments of several variables
@composes(np.cov)
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
        aweights: Any = None, *, dtype: Any = None) -> Any:
    """Covariances of variables, one a row."""
    if fweights is not None or aweights is not None:
        refuse("np.cov with weights", "write the weighted sums out")
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    if np.ndim(m) > 2 or np.ndim(y) > 2:
        raise ValueError("an argument of np.cov has more than 2 dimensions")
    if dtype is None:
        dtype = np.result_type(m, np.float64) if y is None else np.result_type(m, y, np.float64)
    rows = np.atleast_2d(np.asarray(m, dtype))
    if not rowvar and np.ndim(m) != 1:
        rows = rows.T
    if y is not None:
        more = np.atleast_2d(np.asarray(y, dtype))
        rows = np.concatenate((rows, more.T if not rowvar and more.shape[0] != 1 else more))
    ddof = (0 if bias else 1) if ddof is None else ddof
    centred = rows - np.mean(rows, 1, keepdims=True)
    return np.squeeze(centred @ np.conj(centred.T) / max(rows.shape[1] - ddof, 0))


@composes(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Covariances divided by both deviations."""
    c = cov(x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    places = np.arange(c.shape[0])
    deviation = np.sqrt(np.real(c[places, places]))
    c = c / deviation[:, None] / deviation[None, :]
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return np.clip(c, -1, 1)
