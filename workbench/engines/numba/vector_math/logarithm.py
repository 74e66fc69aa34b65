"""log, log2, log10 and log1p of doubles: log(x) = k log(2) + log(1 + f) with sqrt(1/2) <= 1 + f < sqrt(2).

log(1 + f) = f - f**2/2 + s (f**2/2 + R(s**2)) with s = f / (2 + f); the first two terms are kept as an exact sum.
What is not positive, normal and finite is left to the C library.

Source: Muller, Elementary Functions (2016), ch. 11; Tang, "Table-driven implementation of the logarithm function"
(1990), for the sums in two parts.
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.engines.numba.vector_math.coefficients import (
    LOG,
    PER_LN2,
    PER_LN10,
    SHORT_LN2,
    SHORT_LOG10_2,
)
from workbench.engines.numba.vector_math.lanes import Lanes, fma, polynomial, quick_sum, two_product, two_sum, where

SMALLEST, INFINITE = 2.0**-1022, float("inf")
_ROOT = 0x3FE6A09E00000000  # the bits of about sqrt(1/2)
_ONE = 0x3FF0000000000000
_MANTISSA = 0x000FFFFFFFFFFFFF
_INTEGER = 0x4330000000000000  # 2**52: an integer in its lowest bits makes a float of it


def split(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """k + 1023 as an integer, k, and m with x = 2**k m (x positive and normal)."""
    raised = x.bits() + (_ONE - _ROOT)
    exponent = raised >> 52
    k = (exponent | _INTEGER).floats() - (2.0**52 + 1023.0)
    return exponent, k, ((raised & _MANTISSA) + _ROOT).floats()


def log_of_sum(f: Lanes) -> tuple[Lanes, Lanes]:
    """log(1 + f) as a sum of two."""
    s = f / (f + 2.0)
    z = s * s
    half = 0.5 * f
    square = half * f
    head = f - square
    rest = ((f - head) - square) - fma(half, f, -square)
    return head, rest + s * fma(z, polynomial(z, LOG), square)


def combined(k: Lanes, head: Lanes, rest: Lanes) -> Lanes:
    """k log(2) + head + rest."""
    total, error = quick_sum(k * SHORT_LN2[0], head)
    return total + (error + fma(k, SHORT_LN2[1], rest))


def _logarithm(name: str, x: Lanes, finish: Callable[[Lanes, Lanes, Lanes], Lanes]) -> Lanes:
    _, k, m = split(x)
    y = finish(k, *log_of_sum(m - 1.0))
    outside = ~((x >= SMALLEST) & (x < INFINITE))
    x.writer.leave(outside, lambda: x.writer.by_libm(name, outside, y, x))
    return y


def log(x: Lanes) -> Lanes:
    """The natural logarithm."""
    return _logarithm("log", x, combined)


def _scaled(head: Lanes, rest: Lanes, factor: tuple[float, float]) -> tuple[Lanes, Lanes]:
    product, error = two_product(head, factor[0])
    return product, fma(rest, factor[0], fma(head, factor[1], error))


def log2(x: Lanes) -> Lanes:
    """The logarithm to base 2."""
    def finish(k: Lanes, head: Lanes, rest: Lanes) -> Lanes:
        product, low = _scaled(head, rest, PER_LN2)
        total, error = quick_sum(k, product)
        return total + (error + low)
    return _logarithm("log2", x, finish)


def log10(x: Lanes) -> Lanes:
    """The logarithm to base 10."""
    def finish(k: Lanes, head: Lanes, rest: Lanes) -> Lanes:
        product, low = _scaled(head, rest, PER_LN10)
        total, error = quick_sum(k * SHORT_LOG10_2[0], product)
        return total + (error + fma(k, SHORT_LOG10_2[1], low))
    return _logarithm("log10", x, finish)


def log1p(x: Lanes) -> Lanes:
    """log(1 + x): the rounding error of 1 + x is carried along."""
    u, u_low = two_sum(x, 1.0)
    exponent, k, m = split(u)
    f, f_low = quick_sum(m - 1.0, u_low * ((2046 - exponent) << 52).floats())
    head, rest = log_of_sum(f)
    y = combined(k, head, fma(f_low, 1.0 - f + f * f, rest))
    y = where(x.equals(0.0), x, y)
    outside = ~((x > -1.0) & (x < 1e300))
    x.writer.leave(outside, lambda: x.writer.by_libm("log1p", outside, y, x))
    return y
