"""Floating-point numbers taken apart: remainders, exponents, neighbours, steps."""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.source import Number


def heaviside(x: float, h: float) -> float:
    """0 below zero, h at zero, 1 above (NaN of NaN)."""
    if x != x:
        return x
    if x == 0.0:
        return h
    return 1.0 if x > 0.0 else 0.0


def ieee_remainder(x: float, y: float) -> Number:
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


def exponent(x: float) -> int:
    """The power of two that makes x a fraction between 1/2 and 1 (0 of zero, infinity and NaN)."""
    if x == 0.0 or x != x or abs(x) == math.inf:
        return 0
    return math.frexp(x)[1]


def spacing(x: float) -> Number:
    """The distance to the next number away from zero (of zero of either sign, the smallest number)."""
    return np.spacing(abs(x)) if x == 0.0 else np.spacing(x)
