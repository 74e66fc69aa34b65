"""The logistic function and its relatives, and logarithms that are weighted; exact where a weight is 0."""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.source import Number


def expit(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x))


def logit(x: float) -> Number:
    """log(x / (1 - x))."""
    if 0.3 <= x <= 0.65:
        s = 2.0 * (x - 0.5)
        return math.log1p(s) - math.log1p(-s)
    return np.log(x / (1.0 - x))


def log_expit(x: float) -> float:
    """-log(1 + exp(-x))."""
    if x < 0.0:
        return x - math.log1p(math.exp(x))
    return -math.log1p(math.exp(-x))


def entr(x: float) -> float:
    """-x log x (0 at 0, minus infinity below)."""
    if x != x:
        return x
    if x > 0.0:
        return -x * math.log(x)
    return 0.0 if x == 0.0 else -math.inf


def xlogy(x: float, y: float) -> Number:
    """x log y, 0 where x is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x * np.log(y)


def xlog1py(x: float, y: float) -> Number:
    """x log(1 + y), 0 where x is 0."""
    if x == 0.0 and y == y:
        return 0.0
    return x * np.log1p(y)


def ratio(x: float, y: float) -> float:
    """x / y, 0 where x is 0."""
    return x if x == 0.0 else x / y


def rel_entr(x: float, y: float) -> float:
    """x log(x / y), 0 where x is 0 and y is not negative, infinite outside."""
    if x != x or y != y:
        return x + y
    if x > 0.0 and y > 0.0:
        return x * math.log(x / y)
    return 0.0 if x == 0.0 and y >= 0.0 else math.inf
