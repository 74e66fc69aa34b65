"""pow of doubles: exp(y log(x)), the logarithm as a sum of two doubles, good to about 2**-66 of itself.

log(m) = 2 atanh(s) with s = (m - 1)/(m + 1); the first two terms of the series after s are summed in two parts. So
results that are doubles are found exactly. What is not positive, normal and finite, and results that are not, are left
to the C library. Source: Muller, Elementary Functions (2016), ch. 11.
"""

from __future__ import annotations

from workbench.engines.numba.vector_math.coefficients import POW, SHORT_LN2, THIRD
from workbench.engines.numba.vector_math.exponential import near_zero, reduced, scaled
from workbench.engines.numba.vector_math.lanes import Lanes, fma, polynomial, quick_sum, quotient, two_product
from workbench.engines.numba.vector_math.logarithm import INFINITE, SMALLEST, split


def precise_log(x: Lanes) -> tuple[Lanes, Lanes]:
    """log(x) as a sum of two."""
    _, k, m = split(x)
    below = m + 1.0
    s, s_low = quick_sum(*quotient(m - 1.0, m.like(0.0), below, m - (below - 1.0)))
    z, z_error = two_product(s, s)
    z_low = fma(s + s, s_low, z_error)
    inner = fma(z, polynomial(z, POW), 0.2)
    a, a_error = two_product(z, inner)
    b, b_error = quick_sum(THIRD[0], a)
    b_low = b_error + (fma(z_low, inner, a_error) + THIRD[1])
    c, c_error = two_product(z, b)
    c_low = fma(z, b_low, fma(z_low, b, c_error))
    d, d_error = two_product(s, c)
    d_low = fma(s, c_low, fma(s_low, c, d_error))
    half, half_error = quick_sum(s, d)
    half_low = half_error + (s_low + d_low)
    total, error = quick_sum(k * SHORT_LN2[0], half + half)
    return quick_sum(total, error + fma(k, SHORT_LN2[1], half_low + half_low))


def pow_(x: Lanes, y: Lanes) -> Lanes:
    """x**y."""
    log, log_low = precise_log(x)
    product, error = two_product(y, log)
    t, _, r, low = reduced(product)
    power = scaled(near_zero(*quick_sum(r, low + fma(y, log_low, error))), t)
    usual = (x >= SMALLEST) & (x < INFINITE) & (abs(product) <= 708.0)
    x.writer.leave(~usual, lambda: x.writer.by_libm("pow", ~usual, power, x, y))
    return power
