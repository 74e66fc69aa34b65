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
from workbench.frontend.composed.statistics import inexact
from workbench.rules.special import exprels

_special = Library("scipy.special")


def _largest(a: Any, axis: Any) -> Any:
    """The largest element along axes (0 where it is infinite), without its derivative."""
    peak = np.max(a, axis, keepdims=True)
    return held(np.where(np.isfinite(peak), peak, 0).astype(peak.dtype))


@composes(_special.logsumexp)
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """The logarithm of the (weighted) sum of exponentials."""
    if return_sign:
        refuse("logsumexp with return_sign=True", "take the logarithm of the sum of scaled exponentials")
    a = inexact(a)
    if a.dtype.kind == "c":
        refuse("logsumexp of complex numbers", "write the scaled sum out")
    if a.ndim == 0:
        return a if b is None else a + np.log(b)
    if b is not None:
        b = np.asarray(b)
        a = np.where(b == 0, -np.inf, a)
        a = np.broadcast_to(a, np.broadcast_shapes(a.shape, b.shape))
    peak = _largest(a, axis)
    terms = np.exp(a - peak)
    if b is not None:
        terms = b * terms
    total = np.log(np.sum(terms, axis, keepdims=keepdims))
    return total + (peak if keepdims else np.squeeze(peak, axis) if axis is not None else np.sum(peak))


@composes(_special.softmax)
def softmax(x: Any, axis: Any = None) -> Any:
    """Exponentials divided by their sum."""
    x = inexact(x)
    terms = np.exp(x - _largest(x, axis))
    return terms / np.sum(terms, axis, keepdims=True)


@composes(_special.log_softmax)
def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of softmax."""
    x = inexact(x)
    shifted = x - _largest(x, axis)
    return shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True))


@composes(_special.kl_div)
def kl_div(x: Any, y: Any, out: Any = None) -> Any:
    """x log(x / y) - x + y."""
    return into(scipy.special.rel_entr(x, y) - x + y, out)


@composes(_special.huber)
def huber(delta: Any, r: Any, out: Any = None) -> Any:
    """Quadratic near zero, linear beyond `delta`."""
    size = np.abs(r)
    loss = np.where(size <= delta, 0.5 * np.square(r), delta * (size - 0.5 * delta))
    return into(np.where(delta < 0, np.inf, loss), out)


@composes(_special.pseudo_huber)
def pseudo_huber(delta: Any, r: Any, out: Any = None) -> Any:
    """Smooth between quadratic and linear."""
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
    logarithm = np.log(x)
    return into(logarithm * exprels(0, inexact(lmbda * logarithm)), out)


@composes(_special.boxcox1p)
def boxcox1p(x: Any, lmbda: Any, out: Any = None) -> Any:
    """The same of 1 + x."""
    logarithm = np.log1p(x)
    return into(logarithm * exprels(0, inexact(lmbda * logarithm)), out)


@composes(_special.inv_boxcox)
def inv_boxcox(x: Any, lmbda: Any, out: Any = None) -> Any:
    """The inverse of `boxcox`."""
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
    return into(np.exp2(x), out)


@composes(_special.exp10)
def exp10(x: Any, out: Any = None) -> Any:
    """Ten to a power."""
    return into(np.power(10.0, x), out)


@composes(_special.expm1)
def expm1(x: Any, out: Any = None) -> Any:
    """exp(x) - 1."""
    return into(np.expm1(x), out)


@composes(_special.log1p)
def log1p(x: Any, out: Any = None) -> Any:
    """log(1 + x)."""
    return into(np.log1p(x), out)
