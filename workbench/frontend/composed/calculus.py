"""Differences, cumulative sums, integrals, interpolation and convolution of sampled values."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.deferred import Library
from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.selection import into
from workbench.frontend.composed.shaping import along, axis_of
from workbench.ir import DifferentiationError

_integrate = Library("scipy.integrate")


# ---------------------------------------------------------------------- differences and integrals
@composes(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, `n` times."""
    if n == 0:
        return a
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    a = np.asarray(a)
    if a.ndim == 0:
        raise ValueError("diff requires input that is at least one dimensional")
    axis = axis_of(axis, a.ndim)
    before, after = [[] if part is None else [_beside(part, a, axis)] for part in (prepend, append)]
    a = np.concatenate([*before, a, *after], axis) if before or after else a
    for _ in tuple(range(n)):
        later, earlier = a[along(axis, slice(1, None))], a[along(axis, slice(None, -1))]
        a = later != earlier if a.dtype == np.bool_ else later - earlier
    return a


def _beside(part: Any, a: Any, axis: int) -> Any:
    """What goes before or behind an array: a number fills one place along the axis."""
    part = np.asarray(part)
    return np.broadcast_to(part, (*a.shape[:axis], 1, *a.shape[axis + 1:])) if part.ndim == 0 else part


@composes(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours of the flattened array, with numbers before and behind."""
    flat = np.ravel(ary)
    parts = [flat[1:] - flat[:-1]]
    if to_begin is not None:
        parts = [np.ravel(to_begin), *parts]
    if to_end is not None:
        parts = [*parts, np.ravel(to_end)]
    return np.concatenate(parts)


@composes(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes by central differences, by one-sided ones at the ends."""
    f = np.asarray(f)
    f = f.astype(np.float64) if f.dtype.kind == "i" else f
    several = axis is None or isinstance(axis, tuple)
    axes = tuple(range(f.ndim)) if axis is None else tuple([axis_of(k, f.ndim) for k in (
        axis if several else (axis,))])
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError("invalid number of arguments")
    steps = (1.0,) * len(axes) if not varargs else varargs * len(axes) if len(varargs) == 1 else varargs
    found = [_slope(f, k, step, edge_order) for k, step in zip(axes, steps, strict=True)]
    return found[0] if len(axes) == 1 else tuple(found)


def _slope(f: Any, axis: int, step: Any, edge_order: int) -> Any:
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError("Shape of array too small to calculate a numerical gradient, at least (edge_order + 1) "
                         "elements are required.")
    f = np.moveaxis(f, axis, -1)
    made = np.empty_like(f)
    if np.ndim(step) == 0:
        made[..., 1:-1] = (f[..., 2:] - f[..., :-2]) / (2.0 * step)
        first, last = step, step
        second, before = step, step
    else:
        step = np.asarray(step)
        if step.shape[0] != n:
            raise ValueError("when 1d, distances must match the length of the corresponding dimension")
        dx = step[1:] - step[:-1]
        dx = dx if dx.dtype.kind in "fc" else dx.astype(np.float64)
        left, right = dx[:-1], dx[1:]
        made[..., 1:-1] = (-right / (left * (left + right)) * f[..., :-2]
                           + (right - left) / (left * right) * f[..., 1:-1]
                           + left / (right * (left + right)) * f[..., 2:])
        first, last = dx[0], dx[-1]
        second, before = (dx[1], dx[-2]) if edge_order == 2 else (first, last)
    if edge_order == 1:
        made[..., 0] = (f[..., 1] - f[..., 0]) / first
        made[..., -1] = (f[..., -1] - f[..., -2]) / last
    else:
        made[..., 0] = (-(2.0 * first + second) / (first * (first + second)) * f[..., 0]
                        + (first + second) / (first * second) * f[..., 1]
                        - first / (second * (first + second)) * f[..., 2])
        made[..., -1] = (last / (before * (last + before)) * f[..., -3] - (last + before) / (last * before) * f[..., -2]
                         + (2.0 * last + before) / (last * (last + before)) * f[..., -1])
    return np.moveaxis(made, -1, axis)


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


def _widths(x: Any, dx: Any, axis: int, rank: int) -> Any:
    """Distances between the samples, along an axis."""
    if x is None:
        return dx
    x = np.asarray(x)
    if x.ndim == 1:
        return np.reshape(x[1:] - x[:-1], (-1,) + (1,) * (rank - axis - 1))
    return x[along(axis, slice(1, None))] - x[along(axis, slice(None, -1))]


def _panels(y: Any, x: Any, dx: Any, axis: int) -> Any:
    return _widths(x, dx, axis, y.ndim) * (y[along(axis, slice(1, None))] + y[along(axis, slice(None, -1))]) / 2.0


@composes(np.trapezoid, _integrate.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """The integral of samples by the trapezoidal rule."""
    y = np.asarray(y)
    axis = axis_of(axis, y.ndim)
    return np.sum(_panels(y, x, dx, axis), axis)


@composes(_integrate.cumulative_trapezoid)
def cumulative_trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None) -> Any:
    """The integral up to each sample, by the trapezoidal rule."""
    y = np.asarray(y)
    axis = axis_of(axis, y.ndim)
    sums = np.cumsum(_panels(y, x, dx, axis), axis)
    if initial is None:
        return sums
    if initial != 0:
        raise ValueError("`initial` must be `None` or `0`.")
    return np.concatenate((np.zeros((*y.shape[:axis], 1, *y.shape[axis + 1:]), sums.dtype), sums), axis)


@composes(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 6.283185307179586) -> Any:
    """Jumps of more than half a period taken out by whole periods."""
    p = np.asarray(p)
    axis = axis_of(axis, p.ndim)
    if p.dtype.kind != "f" or isinstance(period, int):
        refuse("np.unwrap of integers", "make them floats")
    steps = np.diff(p, axis=axis)
    half = period / 2
    folded = np.mod(steps + half, period) - half
    folded = np.where((folded == -half) & (steps > 0), half, folded)
    turns = np.where(np.abs(steps) < (half if discont is None else discont), 0, folded - steps)
    made = np.array(p)
    rest = along(axis, slice(1, None))
    made[rest] = p[rest] + np.cumsum(turns, axis)
    return made


# ---------------------------------------------------------------------- interpolation
@composes(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Piecewise linear; constant outside, with derivative 0 by x there."""
    x, xp = np.asarray(x, np.float64), np.asarray(xp, np.float64)
    fp = np.asarray(fp, np.complex128 if np.asarray(fp).dtype.kind == "c" else np.float64)
    if period is not None:
        if period == 0:
            raise ValueError("period must be a non-zero value")
        period = np.abs(period)
        x, xp = x % period, xp % period
        order = np.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
        fp = np.concatenate((fp[-1:], fp, fp[:1]))
    n = xp.shape[0]
    if n != fp.shape[0]:
        raise ValueError("fp and xp are not of the same length.")
    if n == 0:
        raise ValueError("array of sample points is empty")
    if np.any(xp[1:] < xp[:-1]):
        raise DifferentiationError("np.interp on sample points that do not increase, of which NumPy gives what its "
                                   "search happens to find: sort them")
    low = np.clip(np.searchsorted(xp, x, "right") - 1, 0, max(n - 2, 0))
    high = np.minimum(low + 1, n - 1)
    width = xp[high] - xp[low]
    slope = (fp[high] - fp[low]) / np.where(width == 0, 1.0, width)
    inside = slope * (x - xp[low]) + fp[low]
    before = (fp[0] if left is None else left) if period is None else inside
    behind = (fp[n - 1] if right is None else right) if period is None else inside
    return np.where(x < xp[0], before, np.where(x > xp[n - 1], behind, inside))


# ---------------------------------------------------------------------- convolution
@composes(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Sums of products of one sequence with the other reversed, at all shifts."""
    a, v = np.atleast_1d(a), np.atleast_1d(v)
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError("object too deep for desired array")
    n, m = a.shape[0], v.shape[0]
    if n == 0:
        raise ValueError("a cannot be empty")
    if m == 0:
        raise ValueError("v cannot be empty")
    made = np.zeros(n + m - 1, np.result_type(a.dtype, v.dtype))
    for k in range(m):
        made[k:k + n] += v[k] * a
    return _part(made, n, m, mode)


def _part(full: Any, n: Any, m: Any, mode: str) -> Any:
    """What a mode keeps of a full convolution of `n` with `m` elements."""
    if mode == "full":
        return full
    long, short = max(n, m), min(n, m)
    if mode == "valid":
        return full[short - 1:long].copy()
    if mode == "same":
        start = (short - 1) // 2
        return full[start:start + long].copy()
    raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")


@composes(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Sums of products of one sequence with the conjugated other, at all shifts."""
    if np.ndim(a) == 0 or np.ndim(v) == 0:
        raise ValueError("object of too small depth for desired array")
    a, v = np.asarray(a), np.conj(v)
    n, m = a.shape[0], v.shape[0]
    full = convolve(a, v[::-1], "full")
    if mode != "same":
        return _part(full, n, m, mode)
    start = np.where(n >= m, (m - 1) // 2, n // 2)
    return np.take(full, start + np.arange(max(n, m)))
