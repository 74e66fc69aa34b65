"""Elementary functions that Numba has no form of for a GPU (or a slow one), as Python that it compiles there.

Invariant: each gives what NumPy's function of that name gives, and none raises. Every one runs as plain Python, too
(tests/engines/cuda/test_functions.py). They compute in float64; what is float32 is converted where they are called.
"""

from __future__ import annotations

import math

import numpy as np


def sign(x: float) -> float:
    """-1, 0 or 1; NaN of NaN."""
    if x != x:
        return x
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0


def floor(x: float) -> float:
    """The next whole number below; what is whole, infinite or NaN as it is."""
    return math.copysign(float(math.floor(x)), x) if abs(x) < 4503599627370496.0 else x


def ceil(x: float) -> float:
    """The next whole number above."""
    return math.copysign(float(math.ceil(x)), x) if abs(x) < 4503599627370496.0 else x


def trunc(x: float) -> float:
    """The next whole number towards zero."""
    return math.copysign(float(math.floor(abs(x))), x) if abs(x) < 4503599627370496.0 else x


def rint(x: float) -> float:
    """The nearest whole number, the even one of two."""
    if not abs(x) < 4503599627370496.0:
        return x
    moved = abs(x) + 4503599627370496.0
    return math.copysign(moved - 4503599627370496.0, x)


def fmod(x: float, y: float) -> float:
    """The remainder with the sign of x."""
    if x != x or y != y or y == 0.0 or abs(x) == math.inf:
        return math.nan
    return math.fmod(x, y)


def cbrt(x: float) -> float:
    """The real cube root: a power, and one step of Newton's method for its last digits."""
    if x == 0.0 or not abs(x) < math.inf:
        return x
    root = math.copysign(math.pow(abs(x), 1.0 / 3.0), x)
    return root - (root * root * root - x) / (3.0 * root * root)


def exp2(x: float) -> float:
    """2 to a power."""
    return math.pow(2.0, x)


def logaddexp(x: float, y: float) -> float:
    """log(exp(x) + exp(y))."""
    if x == y:
        return x + 0.6931471805599453
    high = x if x > y else y
    low = y if x > y else x
    return high + math.log1p(math.exp(low - high)) if x == x and y == y else x + y


def isfinite(x: float) -> bool:
    """Neither infinite nor NaN."""
    return abs(x) < math.inf


def signbit(x: float) -> bool:
    """Whether the sign is minus, that of zeros included."""
    return math.copysign(1.0, x) < 0.0


def quotient(item: int, length: int) -> np.int64:
    """A whole number divided by another, both at least 0: without the corrections for signs that `//` has."""
    return np.int64(np.uint64(item) // np.uint64(length))
