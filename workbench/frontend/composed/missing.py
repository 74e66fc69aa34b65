"""Reductions that leave NaN out, and what tells finite numbers from others. What is left out has derivative zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.selection import into
from workbench.frontend.composed.statistics import (
    between,
    checked,
    inexact,
    part_of_way,
    places,
    quantiles,
    root,
    rows_of,
    shaped,
    squares,
)


def _present(a: Any) -> Any:
    return ~np.isnan(a) if a.dtype.kind in "fc" else np.ones(a.shape, np.bool_)


def _filled(a: Any, number: Any) -> Any:
    a = np.asarray(a)
    return np.where(np.isnan(a), number, a).astype(a.dtype) if a.dtype.kind in "fc" else a


@composes(np.nansum)
def nansum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
           where: Any = True) -> Any:
    """The sum of what is not NaN."""
    return np.sum(_filled(a, 0), axis, dtype, out, keepdims, initial, where)


@composes(np.nanprod)
def nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
            where: Any = True) -> Any:
    """The product of what is not NaN."""
    return np.prod(_filled(a, 1), axis, dtype, out, keepdims, initial, where)


@composes(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Cumulative sums, NaN as 0."""
    return np.cumsum(_filled(a, 0), axis, dtype, out)


@composes(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
    """Cumulative products, NaN as 1."""
    return np.cumprod(_filled(a, 1), axis, dtype, out)


@composes(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *,
            where: Any = True) -> Any:
    """The mean of what is not NaN."""
    if np.asarray(a).dtype.kind not in "fc":
        return np.mean(a, axis, dtype, out, keepdims, where=where)
    a = inexact(a, dtype)
    chosen = _present(a) & where
    total = np.sum(_filled(a, 0), axis, keepdims=keepdims, where=chosen)
    return into((total / np.sum(chosen, axis, keepdims=keepdims)).astype(a.dtype), out)


@composes(np.nanvar)
def nanvar(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False, *,
           where: Any = True, mean: Any = None, correction: Any = None) -> Any:
    """The variance of what is not NaN."""
    if np.asarray(a).dtype.kind not in "fc":
        return np.var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)
    a = inexact(a, dtype)
    ddof = ddof if correction is None else correction
    chosen = _present(a) & where
    center = nanmean(a, axis, keepdims=True, where=where) if mean is None else mean
    total = np.sum(squares(_filled(a - center, 0)), axis, keepdims=keepdims, where=chosen)
    degrees = np.sum(chosen, axis, keepdims=keepdims) - ddof
    return into(np.where(degrees <= 0, np.nan, total / np.maximum(degrees, 1)).astype(total.dtype), out)


@composes(np.nanstd)
def nanstd(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: bool = False, *,
           where: Any = True, mean: Any = None, correction: Any = None) -> Any:
    """The deviation of what is not NaN."""
    return into(root(nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)), out)


def _extremum(reduction: Any, number: float, a: Any, axis: Any, out: Any, keepdims: bool, initial: Any,
              where: Any) -> Any:
    a = np.asarray(a)
    if a.ndim == 0 and where is not True:
        refuse("a number's extremum with where=, which NumPy gives as NaN where the mask does not hold",
               "use np.where")
    if a.dtype.kind != "f":
        return reduction(a, axis, out, keepdims, initial=initial, where=where)
    found = reduction(_filled(a, number), axis, keepdims=keepdims, initial=initial, where=where)
    if initial is not None:
        return into(found, out)
    none = np.all(np.isnan(a), axis, keepdims=keepdims)
    return into(np.where(none, np.nan, found).astype(a.dtype), out)


@composes(np.nanmax)
def nanmax(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
           where: Any = True) -> Any:
    """The largest of what is not NaN; ties split equally."""
    return _extremum(np.max, -np.inf, a, axis, out, keepdims, initial, where)


@composes(np.nanmin)
def nanmin(a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
           where: Any = True) -> Any:
    """The smallest of what is not NaN; ties split equally."""
    return _extremum(np.min, np.inf, a, axis, out, keepdims, initial, where)


def _position(search: Any, number: float, a: Any, axis: Any, out: Any, keepdims: bool) -> Any:
    a = np.asarray(a)
    if a.dtype.kind == "f" and np.any(np.all(np.isnan(a), axis)):
        raise ValueError("All-NaN slice encountered")
    return search(_filled(a, number), axis, out, keepdims=keepdims)


@composes(np.nanargmax)
def nanargmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """The place of the largest of what is not NaN."""
    return _position(np.argmax, -np.inf, a, axis, out, keepdims)


@composes(np.nanargmin)
def nanargmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
    """The place of the smallest of what is not NaN."""
    return _position(np.argmin, np.inf, a, axis, out, keepdims)


@composes(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """The median of what is not NaN."""
    a = inexact(a)
    return _quantiles(a, np.asarray(0.5, a.dtype), axis, out, "linear", keepdims, None)


@composes(np.nanquantile)
def nanquantile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
                method: str = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """The quantiles of what is not NaN."""
    a = np.asarray(a)
    return _quantiles(a, part_of_way(a, q, 1), axis, out, method, keepdims, weights)


@composes(np.nanpercentile)
def nanpercentile(a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
                  method: str = "linear", keepdims: bool = False, *, weights: Any = None) -> Any:
    """As `nanquantile`, of a hundred."""
    a = np.asarray(a)
    return _quantiles(a, part_of_way(a, q, 100), axis, out, method, keepdims, weights)


def _quantiles(a: Any, q: Any, axis: Any, out: Any, method: str, keepdims: bool, weights: Any) -> Any:
    """Quantiles of the elements of each row that are not NaN: they come first in order."""
    if a.dtype.kind != "f":
        return quantiles(a, q, axis, out, method, keepdims, weights)
    checked(a, q, method, weights)
    if q.ndim > 0 and a.size == 0:
        refuse("several quantiles of an array of size 0, which NumPy gives as one mean", "call it for each quantile")
    if q.ndim > 1 and isinstance(axis, tuple) and 1 < len(axis) < a.ndim:
        refuse("several rows of quantiles along several axes, which NumPy orders otherwise", "call it with np.ravel(q)")
    rows = rows_of(a, axis)
    rows = np.concatenate((rows, np.full((*rows.shape[:-1], 1), np.nan, a.dtype)), -1)  # one at least: NaN, of nothing
    ordered = np.sort(rows)
    n = np.sum(_present(rows), -1, keepdims=True)
    place, part = places(np.ravel(q).astype(np.result_type(q, a)), n.astype(a.dtype), method)
    last = np.maximum(n - 1, 0)
    result = np.take_along_axis(ordered, np.clip(place, 0, last), -1)
    if part is not None:
        result = between(result, np.take_along_axis(ordered, np.clip(place + 1, 0, last), -1), part)
    return into(shaped(result, a, q, axis, keepdims), out)


@composes(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """NaN and infinities replaced by numbers (with derivative zero there)."""
    x = np.asarray(x)
    if x.dtype.kind == "c":
        return nan_to_num(np.real(x), True, nan, posinf, neginf) + 1j * nan_to_num(np.imag(x), True, nan, posinf,
                                                                                  neginf)
    if x.dtype.kind != "f":
        return np.array(x) if copy else x
    largest = np.finfo(x.dtype).max
    result = np.where(np.isnan(x), nan, x)
    result = np.where(x == np.inf, largest if posinf is None else posinf, result)
    result = np.where(x == -np.inf, -largest if neginf is None else neginf, result).astype(x.dtype)
    return result if copy else into(result, x)


@composes(np.isposinf)
def isposinf(x: Any, out: Any = None) -> Any:
    """Where a number is positive infinity."""
    return into(np.asarray(x) == np.inf, out)


@composes(np.isneginf)
def isneginf(x: Any, out: Any = None) -> Any:
    """Where a number is negative infinity."""
    return into(np.asarray(x) == -np.inf, out)


@composes(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """Where two numbers are nearly equal; derivative zero."""
    a, b = np.asarray(a), np.asarray(b)
    near = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b) | (a == b)
    return near | (np.isnan(a) & np.isnan(b)) if equal_nan else near


@composes(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    """True where all are nearly equal."""
    return bool(np.all(isclose(a, b, rtol, atol, equal_nan)))


@composes(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> Any:
    """True for equal shapes and elements."""
    a, b = np.asarray(a1), np.asarray(a2)
    if a.ndim != b.ndim:
        return False
    for n, m in zip(a.shape, b.shape, strict=True):
        if n != m:
            return False
    same = a == b
    return bool(np.all(same | (np.isnan(a) & np.isnan(b)) if equal_nan else same))


@composes(np.array_equiv)
def array_equiv(a1: Any, a2: Any) -> Any:
    """True for elements that are equal once broadcast."""
    return bool(np.all(np.asarray(a1) == np.asarray(a2)))
