"""exp, exp2 and expm1 of doubles: exp(x) = 2**k exp(r) with |r| <= log(2)/2.

k log(2) is taken off in two parts, of which the first leaves an exact difference; the rounding of r goes into the tail
of the polynomial, whose head 1 + r is an exact sum. Results that are subnormal or infinite are scaled twice.

Source: Muller, Elementary Functions (2016), ch. 4, 5, 11 (Cody and Waite's reduction).
"""

from __future__ import annotations

from workbench.engines.numba.vector_math.coefficients import EXP, LN2, PER_LN2
from workbench.engines.numba.vector_math.lanes import Lanes, fma, polynomial, quick_sum, two_product, two_sum, where

#: added to a number below 2**51 it leaves the nearest integer in the lowest bits
ROUNDER = 1.5 * 2.0**52


def reduced(x: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    """ROUNDER + k, k, r and the rounding error of r, with x = k log(2) + r."""
    t = fma(x, PER_LN2[0], ROUNDER)
    k = t - ROUNDER
    first = fma(k, -LN2[0], x)
    low = k * LN2[1]
    r = first - low
    return t, k, r, (first - r) - low


def near_zero(r: Lanes, low: Lanes) -> Lanes:
    """exp(r + low) for |r| <= log(2)/2."""
    head, rest = quick_sum(1.0, r)
    return head + (rest + fma(r * r, polynomial(r, EXP), low))


def power_of_two(t: Lanes) -> Lanes:
    """2**k of ROUNDER + k, for |k| < 1023."""
    return ((t.bits() + 1023) << 52).floats()


def scaled(y: Lanes, t: Lanes) -> Lanes:
    """y 2**k of ROUNDER + k, where it is a normal number."""
    return (y.bits() + (t.bits() << 52)).floats()


def scaled_twice(y: Lanes, k: Lanes) -> Lanes:
    """y 2**k, whatever it is."""
    t = fma(k, 0.5, ROUNDER)
    return (y * power_of_two(t)) * power_of_two((k - (t - ROUNDER)) + ROUNDER)


def clamped(x: Lanes, low: float, high: float) -> Lanes:
    """x between two bounds (NaN as it is)."""
    return where(x < low, low, where(x > high, high, x))


def anywhere(x: Lanes, halved: bool = False) -> Lanes:
    """exp(x), or half of it, for all x."""
    _, k, r, low = reduced(clamped(x, -746.0, 711.0))
    return scaled_twice(near_zero(r, low), k - 1.0 if halved else k)


def exp(x: Lanes) -> Lanes:
    """exp(x)."""
    x.writer.leave(~(abs(x) <= 708.0), lambda: anywhere(x))
    t, _, r, low = reduced(x)
    return scaled(near_zero(r, low), t)


def _binary(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    t = x + ROUNDER
    k = t - ROUNDER
    fraction = x - k
    r, low = two_product(fraction, LN2[0])
    return t, k, near_zero(r, fma(fraction, LN2[1], low))


def exp2(x: Lanes) -> Lanes:
    """2**x."""
    def anywhere_binary() -> Lanes:
        _, k, y = _binary(clamped(x, -1080.0, 1030.0))
        return scaled_twice(y, k)

    x.writer.leave(~(abs(x) <= 1020.0), anywhere_binary)
    t, _, y = _binary(x)
    return scaled(y, t)


def expm1(x: Lanes) -> Lanes:
    """exp(x) - 1."""
    t, _, r, low = reduced(where(x < -50.0, -50.0, x))
    head, rest = quick_sum(r, fma(r * r, polynomial(r, EXP), low))
    scale = power_of_two(t)
    total, error = two_sum(scale - 1.0, head * scale)
    y = where(x.equals(0.0), x, total + fma(rest, scale, error))
    large = x > 709.0
    x.writer.leave(large, lambda: where(large, anywhere(x), y))
    return y
