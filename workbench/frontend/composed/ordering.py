"""Order: sorting, bins, values each once, sets of them. A derivative follows each element to its place."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse


# ---------------------------------------------------------------------- sorted
@composes(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """In order, NaN last; the derivative follows each element to its place."""
    a = np.ravel(a) if axis is None else np.asarray(a)
    axis = -1 if axis is None else axis
    return np.take_along_axis(a, np.argsort(a, axis, kind, order, stable=stable), axis)


@composes(np.lexsort)
def lexsort(keys: Any, axis: int = -1) -> Any:
    """The order by the last key, ties by the one before it, and so on."""
    rows = [np.asarray(key) for key in keys]
    order = np.argsort(rows[0], axis=axis, kind="stable")
    for key in rows[1:]:
        inner = np.argsort(np.take_along_axis(key, order, axis), axis=axis, kind="stable")
        order = np.take_along_axis(order, inner, axis)
    return order


@composes(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> Any:
    """The bins that numbers fall into; derivative zero."""
    bins = np.asarray(bins)
    rising = np.searchsorted(bins, x, "left" if right else "right")
    falling = bins.shape[0] - np.searchsorted(bins[::-1], x, "right" if right else "left")
    steps = bins[1:] - bins[:-1]
    if np.any(steps > 0) and np.any(steps < 0):
        raise ValueError("bins must be monotonically increasing or decreasing")
    return np.where(np.any(steps < 0), falling, rising)


@composes(np.unique)
def unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
           axis: Any = None, *, equal_nan: bool = True, sorted: bool = True) -> Any:
    """Each value once, in order; the derivative follows the first of equal elements."""
    if axis is not None:
        refuse("np.unique along an axis", "loop over the axis")
    ar = np.asarray(ar)
    flat = np.ravel(ar)
    order = np.argsort(flat, kind="stable")
    ranked = flat[order]
    differs = ranked[1:] != ranked[:-1]
    if equal_nan and flat.dtype.kind == "f":
        differs = differs & ~(np.isnan(ranked[1:]) & np.isnan(ranked[:-1]))
    first = np.ones(flat.shape[0], np.bool_)
    first[1:] = differs
    found = [ranked[first]]
    if return_index:
        found.append(order[first])
    if return_inverse:
        inverse = np.empty(flat.shape[0], np.int64)
        inverse[order] = np.cumsum(first) - 1
        found.append(np.reshape(inverse, ar.shape))
    if return_counts:
        starts = np.flatnonzero(first)
        found.append(np.append(starts[1:], flat.shape[0]) - starts)
    return found[0] if len(found) == 1 else tuple(found)


@composes(np.unique_values)
def unique_values(x: Any) -> Any:
    """Each value once, in order."""
    return unique(x, equal_nan=False)


@composes(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """How often each number occurs, or the sum of the weights there."""
    x = np.asarray(x)
    if np.any(x < 0):
        raise ValueError("'list' argument must have no negative elements")
    n = max(int(np.max(x, initial=-1)) + 1, minlength)
    made: Any
    if weights is None:
        made = np.zeros(n, np.int64)
        np.add.at(made, x, 1)
        return made
    weights = np.asarray(weights)
    if weights.dtype.kind == "c":
        raise TypeError("Cannot cast array data from dtype('complex128') to dtype('float64')")
    made = np.zeros(n)
    np.add.at(made, x, weights)
    return made


@composes(np.isin)
def isin(element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False, *,
         kind: Any = None) -> Any:
    """Which elements are among others."""
    element, others = np.asarray(element), np.ravel(test_elements)
    found = np.any(np.expand_dims(element, element.ndim) == others, -1)
    return ~found if invert else found


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
