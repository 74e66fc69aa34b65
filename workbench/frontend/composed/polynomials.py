"""Polynomials by their coefficients: the highest power first in `np`, the lowest in `np.polynomial`; fits."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse


# ---------------------------------------------------------------------- the highest power first
@composes(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """A polynomial, the highest power first, by Horner's rule."""
    p, x = np.asarray(p), np.asarray(x)
    y = np.zeros_like(x)
    for k in range(p.shape[0]):
        y = y * x + p[k]
    return y


@composes(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    """Coefficients of the derivative."""
    if m < 0:
        raise ValueError("Order of derivative must be positive (see polyint)")
    p = np.asarray(p)
    for _ in tuple(range(m)):
        n = p.shape[0] - 1
        p = p[:-1] * np.arange(n, 0, -1)
    return p


@composes(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    """Coefficients of the integral."""
    if m < 0:
        raise ValueError("Order of integral must be positive (see polyder)")
    p = np.asarray(p)
    constants = [0.0] * m if k is None else [k] * m if np.ndim(k) == 0 else list(k)
    for j in tuple(range(m)):
        p = np.append(p / np.arange(p.shape[0], 0, -1), constants[j])
    return p


@composes(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    """Coefficients of the sum."""
    a, b = np.atleast_1d(a1), np.atleast_1d(a2)
    if a.ndim > 1 or b.ndim > 1:
        refuse("np.polyadd and np.polysub of matrices", "add them with +")
    n = max(a.shape[0], b.shape[0])
    made = np.zeros(n, np.result_type(a.dtype, b.dtype))
    made[n - a.shape[0]:] += a
    made[n - b.shape[0]:] += b
    return made


@composes(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    """Coefficients of the difference."""
    return polyadd(a1, -np.atleast_1d(a2))


@composes(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """Coefficients of the polynomial with given zeros."""
    zeros = np.atleast_1d(seq_of_zeros)
    if zeros.ndim != 1:
        refuse("np.poly of a matrix", "take the characteristic polynomial from the eigenvalues")
    n = zeros.shape[0]
    made = np.zeros(n + 1, zeros.dtype if zeros.dtype.kind in "fc" else np.float64)
    made[0] = 1.0
    for k in range(n):
        made[1:k + 2] -= zeros[k] * made[:k + 1]
    return made


@composes(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Powers of a vector, one a column."""
    x = np.asarray(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = x.shape[0] if N is None else N
    made = np.ones((x.shape[0], n), np.result_type(x.dtype, np.int64))
    for k in range(1, n):
        if increasing:
            made[:, k] = made[:, k - 1] * x
        else:
            made[:, n - 1 - k] = made[:, n - k] * x
    return made


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


# ---------------------------------------------------------------------- the lowest power first
@composes(np.polynomial.polynomial.polyval)
def lowest_first(x: Any, c: Any, tensor: bool = True) -> Any:
    """A polynomial, the lowest power first."""
    c, x = np.asarray(c), np.asarray(x)
    if tensor and x.ndim > 0 and c.ndim > 1:
        c = np.reshape(c, c.shape + (1,) * x.ndim)
    n = c.shape[0]
    y = c[n - 1] + x * 0
    for k in range(1, n):
        y = c[n - 1 - k] + y * x
    return y


@composes(np.polynomial.polynomial.polyder)
def lowest_first_derivative(c: Any, m: int = 1, scl: Any = 1, axis: int = 0) -> Any:
    """Coefficients of the derivative, the lowest power first."""
    c = np.moveaxis(np.asarray(c), axis, 0)
    for _ in tuple(range(m)):
        n = c.shape[0]
        c = c[1:] * np.reshape(np.arange(1, n), (-1,) + (1,) * (c.ndim - 1)) * scl
    return np.moveaxis(c, 0, axis)


@composes(np.polynomial.polynomial.polyint)
def lowest_first_integral(c: Any, m: int = 1, k: Any = 0, lbnd: Any = 0, scl: Any = 1, axis: int = 0) -> Any:
    """Coefficients of the integral, the lowest power first."""
    c = np.moveaxis(np.asarray(c), axis, 0)
    constants = [k] if np.ndim(k) == 0 else list(k)
    constants = constants + [0] * (m - len(constants))
    for j in tuple(range(m)):
        n = c.shape[0]
        higher = c * scl / np.reshape(np.arange(1, n + 1), (-1,) + (1,) * (c.ndim - 1))
        c = np.concatenate((np.zeros((1, *c.shape[1:]), higher.dtype), higher))
        c[0] = constants[j] - lowest_first(lbnd, c)
    return np.moveaxis(c, 0, axis)
