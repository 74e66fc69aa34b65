"""Functions of `scipy.special` that are made of others: log-sum-exp, softmax, losses, transforms.

The largest element, by which exponentials are scaled, is held: it cancels, and so does its derivative.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy

from workbench.deferred import Library
from workbench.frontend.composed.registry import composes, held, refuse
from workbench.frontend.composed.selection import into
from workbench.frontend.composed.statistics import count_of, inexact
from workbench.rules.primitives.special import exprels

_special = Library("scipy.special")


def _finite(peak: Any) -> Any:
    """Where it is infinite or not a number, 0."""
    return np.where(np.isfinite(peak), peak, 0).astype(peak.dtype)


def _bounded(x: Any, where: Any) -> Any:
    """x, no larger there than numbers whose exponentials are finite."""
    limit = np.log(np.finfo(x.dtype).max)
    return np.where(where & (np.real(x) > limit), limit, x).astype(x.dtype)


@composes(_special.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """The logarithm of the (weighted) sum of exponentials; with `return_sign` that of its modulus, and its sign."""
    kind = np.result_type(a, 0.0) if b is None else np.result_type(a, b, 0.0)
    a = np.asarray(a, kind)
    if b is not None:
        b = np.asarray(b, kind)
        a = np.broadcast_to(a, np.broadcast_shapes(a.shape, b.shape))
    if a.ndim == 0:
        a = np.reshape(a, (1,))
    if a.ndim > 1 and (axis is None or (isinstance(axis, tuple) and len(axis) > 1)) and a.size == 0:
        raise IndexError("too many indices for array")  # as SciPy does of nothing along several axes
    heights = np.real(a) if b is None else np.where(b == 0, -np.inf, np.real(a))
    peak = _finite(held(np.max(heights, axis, keepdims=True, initial=-np.inf)))
    terms = np.exp(a - peak) if b is None else b * np.exp(_bounded(a - peak, b == 0))
    total = np.sum(terms, axis, keepdims=True)
    found = np.log(np.abs(total) if return_sign else total) + peak
    sign = np.where(count_of(a, axis) == 0, -1, np.sign(total)).astype(total.dtype) if return_sign else found
    if not keepdims:
        found, sign = np.squeeze(found, axis), np.squeeze(sign, axis)
    return (found[()], sign[()]) if return_sign else found[()]


@composes(_special.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    """Exponentials divided by their sum."""
    x = np.asarray(x)
    terms = np.exp(x - held(np.max(np.real(x), axis, keepdims=True)))
    return terms / np.sum(terms, axis, keepdims=True)


@composes(_special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of softmax."""
    x = np.asarray(x)
    shifted = x - _finite(held(np.max(np.real(x), axis, keepdims=True)))
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


def in_common(x: Any, y: Any) -> Any:
    """Both in the precision that NumPy's promotion gives."""
    kind = np.result_type(x, y, 0.0)
    return np.asarray(x, kind), np.asarray(y, kind)


def _real(x: Any) -> Any:
    if np.asarray(x).dtype.kind == "c":
        raise TypeError("the function is not supported for complex numbers")
    return x


@composes(_special.kl_div)
def kl_div(x: Any, y: Any, out: Any = None) -> Any:
    """x log(x / y) - x + y."""
    return into(scipy.special.rel_entr(x, y) - x + y, out)


@composes(_special.huber)
def huber(delta: Any, r: Any, out: Any = None) -> Any:
    """Quadratic near zero, linear beyond `delta`."""
    delta, r = in_common(delta, r)
    size = np.abs(r)
    loss = np.where(size <= delta, 0.5 * np.square(r), delta * (size - 0.5 * delta))
    return into(np.where(delta < 0, np.inf, loss), out)


@composes(_special.pseudo_huber)
def pseudo_huber(delta: Any, r: Any, out: Any = None) -> Any:
    """Smooth between quadratic and linear."""
    delta, r = in_common(delta, r)
    zero = delta == 0
    scaled = r / np.where(zero, 1.0, delta)
    loss = np.square(delta) * (np.sqrt(1.0 + np.square(scaled)) - 1.0)
    return into(np.where(delta < 0, np.inf, np.where(zero, 0.0, loss)), out)


@composes(_special.exprel)
def exprel(x: Any, out: Any = None) -> Any:
    """(exp(x) - 1) / x, 1 at 0."""
    return into(exprels(0, inexact(x)), out)


@composes(_special.boxcox)
def boxcox(x: Any, lmbda: Any, out: Any = None) -> Any:
    """(x**lmbda - 1) / lmbda, log x at 0."""
    x, lmbda = in_common(x, lmbda)
    logarithm = np.log(x)
    return into(logarithm * exprels(0, inexact(lmbda * logarithm)), out)


@composes(_special.boxcox1p)
def boxcox1p(x: Any, lmbda: Any, out: Any = None) -> Any:
    """The same of 1 + x."""
    x, lmbda = in_common(x, lmbda)
    logarithm = np.log1p(x)
    return into(logarithm * exprels(0, inexact(lmbda * logarithm)), out)


@composes(_special.inv_boxcox)
def inv_boxcox(x: Any, lmbda: Any, out: Any = None) -> Any:
    """The inverse of `boxcox`."""
    x, lmbda = in_common(x, lmbda)
    zero = lmbda == 0
    power = np.exp(np.log1p(lmbda * x) / np.where(zero, 1.0, lmbda))
    return into(np.where(zero, np.exp(x), power), out)


@composes(_special.comb)
def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """Combinations, as real functions of both numbers."""
    if exact:
        refuse("scipy.special.comb with exact=True", "use math.comb, or leave exact out")
    if repetition:
        return comb(N + k - 1, k)
    N, k = np.asarray(N) * 1.0, np.asarray(k) * 1.0
    return np.where((k <= N) & (N >= 0) & (k >= 0), scipy.special.binom(N, k), 0.0)


@composes(_special.cbrt)
def cbrt(x: Any, out: Any = None) -> Any:
    """The cube root."""
    return into(np.cbrt(x), out)


@composes(_special.exp2)
def exp2(x: Any, out: Any = None) -> Any:
    """Two to a power."""
    return into(np.exp2(_real(x)), out)


@composes(_special.exp10)
def exp10(x: Any, out: Any = None) -> Any:
    """Ten to a power."""
    return into(np.power(10.0, _real(x)), out)


@composes(_special.expm1)
def expm1(x: Any, out: Any = None) -> Any:
    """exp(x) - 1."""
    return into(np.expm1(x), out)


@composes(_special.log1p)
def log1p(x: Any, out: Any = None) -> Any:
    """log(1 + x)."""
    return into(np.log1p(x), out)
