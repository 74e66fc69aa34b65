"""Scalar functions that the engine's compiler lacks, as Python that it compiles (their source goes into what it emits).

Source: Abramowitz & Stegun (1964), 6.3.6, 6.3.7, 6.3.18, 6.4.6, 6.4.11: shift the argument up, then the asymptotic
series with Bernoulli numbers. Accurate to about 1e-14 relative to the largest term.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def remainders(a: Any, b: Any) -> Any:
    """`math.remainder` of arrays (NaN where it raises)."""
    kind = np.result_type(a, b)
    flat = [ieee_remainder(float(x), float(y)) for x, y in np.broadcast(a, b)]
    return np.array(flat, kind).reshape(np.broadcast_shapes(np.shape(a), np.shape(b)))[()]


def heaviside(x, h):  # type: ignore[no-untyped-def]
    """0 below zero, h at zero, 1 above (NaN of NaN)."""
    if x != x:
        return x
    if x == 0.0:
        return h
    return 1.0 if x > 0.0 else 0.0


def ieee_remainder(x, y):  # type: ignore[no-untyped-def]
    """x - n y, with n the integer nearest to x/y (even in a tie); exact, as in IEEE 754. NaN where it is undefined."""
    if x != x or y != y or y == 0.0 or abs(x) == math.inf:
        return math.nan * x * y
    if abs(y) == math.inf:
        return x
    a, b = abs(x), abs(y)
    m = np.fmod(a, b)
    c = b - m
    if m < c:
        r = m
    elif m > c:
        r = -c
    else:
        r = m - 2.0 * np.fmod(0.5 * (a - m), b)
    return math.copysign(1.0, x) * r


def digamma(x):  # type: ignore[no-untyped-def]
    """The derivative of log Gamma at x (NaN at the poles)."""
    if x != x or x == -math.inf or (x <= 0.0 and x == math.floor(x)):
        return math.nan * x
    if x == math.inf:
        return x
    total = 0.0 * x
    if x < 0.0:
        total = -math.pi / math.tan(math.pi * x)
        x = 1.0 - x
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    r = 1.0 / (x * x)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * (691 / 32760 - r / 12))))))
    return total + math.log(x) - 0.5 / x - series


def polygamma(n, x):  # type: ignore[no-untyped-def]
    """The derivative of order n of `digamma` at x, n >= 1 (infinite at the poles)."""
    if x != x or x == -math.inf:
        return math.nan * x
    if x <= 0.0 and x == math.floor(x):
        return math.inf + x
    if x == math.inf:
        return 0.0 * (1.0 / x)
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    total = 0.0 * x
    while x < 12.0 + n:
        total += factorial / x ** (n + 1)
        x += 1.0
    power = 1.0 / x ** n
    total += power * factorial / n + factorial * power / (2.0 * x)
    # Bernoulli numbers B2, B4, ... with the rising factorial (2k+n-1)! / (2k)!
    term = factorial * (n + 1) / (2.0 * x * x) * power
    total += term / 6.0
    term *= (n + 2) * (n + 3) / (12.0 * x * x)
    total -= term / 30.0
    term *= (n + 4) * (n + 5) / (30.0 * x * x)
    total += term / 42.0
    term *= (n + 6) * (n + 7) / (56.0 * x * x)
    total -= term / 30.0
    term *= (n + 8) * (n + 9) / (90.0 * x * x)
    total += term * 5.0 / 66.0
    term *= (n + 10) * (n + 11) / (132.0 * x * x)
    total -= term * 691.0 / 2730.0
    return total if n % 2 else -total
