"""The same functions of single-precision numbers, computed in double precision and rounded once.

Double precision leaves some 25 bits to spare: polynomials are shorter, sums need no second part, and no result or
argument of a float is subnormal or infinite as a double.

Source: Muller, Elementary Functions (2016), ch. 4, 11; the reductions are those of the functions of doubles.
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.engines.numba.vector_math.coefficients import (
    ATAN_F32,
    COS_F32,
    COSH_F32,
    ERF_FAR_F32,
    ERF_NEAR_F32,
    EXP_F32,
    HALF_PI,
    LN2,
    LOG,
    LOG10_2,
    LOG_F32,
    PER_LN2,
    PER_LN10,
    QUARTER_PI,
    SIN_F32,
    SINH_F32,
    TWO_PER_PI,
    TWO_PER_ROOT_PI,
)
from workbench.engines.numba.vector_math.exponential import ROUNDER, clamped, power_of_two, scaled
from workbench.engines.numba.vector_math.lanes import Lanes, fma, polynomial, where
from workbench.engines.numba.vector_math.logarithm import INFINITE, split
from workbench.engines.numba.vector_math.trigonometric import FAR, ROOT, SIGN, is_odd, sign_of, signed


def _reduced(x: Lanes) -> tuple[Lanes, Lanes]:
    t = fma(x, PER_LN2[0], ROUNDER)
    k = t - ROUNDER
    return t, fma(k, -LN2[1], fma(k, -LN2[0], x))


def _exp(x: Lanes) -> Lanes:
    """exp of a double between -700 and 700."""
    t, r = _reduced(x)
    return scaled(fma(r * r, polynomial(r, EXP_F32), r + 1.0), t)


def exp(x: Lanes) -> Lanes:
    """exp(x)."""
    return _exp(clamped(x.wide(), -150.0, 150.0)).narrow()


def exp2(x: Lanes) -> Lanes:
    """2**x."""
    w = clamped(x.wide(), -200.0, 200.0)
    t = w + ROUNDER
    r = (w - (t - ROUNDER)) * LN2[0]
    return scaled(fma(r * r, polynomial(r, EXP_F32), r + 1.0), t).narrow()


def expm1(x: Lanes) -> Lanes:
    """exp(x) - 1."""
    t, r = _reduced(clamped(x.wide(), -150.0, 150.0))
    scale = power_of_two(t)
    y = fma(fma(r * r, polynomial(r, EXP_F32), r), scale, scale - 1.0).narrow()
    return where(x.equals(0.0), x, y)


def _log_of_sum(f: Lanes, coefficients: tuple[float, ...]) -> Lanes:
    s = f / (f + 2.0)
    z = s * s
    return fma(s * z, polynomial(z, coefficients), s + s)


def _log(x: Lanes, coefficients: tuple[float, ...] = LOG_F32) -> Lanes:
    _, k, m = split(x)
    return fma(k, LN2[0], _log_of_sum(m - 1.0, coefficients))


def _logarithm(x: Lanes, name: str, finish: Callable[[Lanes, Lanes], Lanes]) -> Lanes:
    _, k, m = split(x.wide())
    y = finish(k, _log_of_sum(m - 1.0, LOG_F32)).narrow()
    outside = ~((x > 0.0) & (x < INFINITE))
    x.writer.leave(outside, lambda: x.writer.by_libm(name, outside, y, x))
    return y


def log(x: Lanes) -> Lanes:
    """The natural logarithm."""
    return _logarithm(x, "log", lambda k, y: fma(k, LN2[0], y))


def log2(x: Lanes) -> Lanes:
    """The logarithm to base 2."""
    return _logarithm(x, "log2", lambda k, y: fma(y, PER_LN2[0], k))


def log10(x: Lanes) -> Lanes:
    """The logarithm to base 10."""
    return _logarithm(x, "log10", lambda k, y: fma(k, LOG10_2[0], y * PER_LN10[0]))


def log1p(x: Lanes) -> Lanes:
    """log(1 + x)."""
    w = x.wide()
    _, k, m = split(w + 1.0)
    y = fma(k, LN2[0], _log_of_sum(where(k.equals(0.0), w, m - 1.0), LOG_F32)).narrow()
    y = where(x.equals(0.0), x, y)
    outside = ~((x > -1.0) & (x < INFINITE))
    x.writer.leave(outside, lambda: x.writer.by_libm("log1p", outside, y, x))
    return y


def _quadrant(a: Lanes) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    """k, whether it is odd, sin(r) and cos(r) of a = k pi/2 + r >= 0."""
    t = fma(a, TWO_PER_PI, ROUNDER)
    k = t - ROUNDER
    r = fma(k, -HALF_PI[1], fma(k, -HALF_PI[0], a))
    z = r * r
    sine = fma(r * z, polynomial(z, SIN_F32), r)
    cosine = fma(z * z, polynomial(z, COS_F32), fma(z, -0.5, 1.0))
    return t.bits(), sine, cosine, a <= FAR


def _circular(x: Lanes, name: str) -> Lanes:
    w = x.wide()
    k, sine, cosine, near = _quadrant(abs(w))
    if name == "tan":
        odd = is_odd(k)
        y = signed(where(odd, cosine, sine) / where(odd, sine, cosine), (k << 63) ^ sign_of(w)).narrow()
    else:
        k = k + 1 if name == "cos" else k
        sign = (k << 62) & SIGN
        y = signed(where(is_odd(k), cosine, sine), sign ^ sign_of(w) if name == "sin" else sign).narrow()
    x.writer.leave(~near, lambda: x.writer.by_libm(name, ~near, y, x))
    return y


def sin(x: Lanes) -> Lanes:
    """The sine."""
    return _circular(x, "sin")


def cos(x: Lanes) -> Lanes:
    """The cosine."""
    return _circular(x, "cos")


def tan(x: Lanes) -> Lanes:
    """The tangent."""
    return _circular(x, "tan")


def _arc(above: Lanes, below: Lanes) -> Lanes:
    t = above / below
    z = t * t
    return fma(t * z, polynomial(z, ATAN_F32), t)


def atan(x: Lanes) -> Lanes:
    """The inverse tangent."""
    w = x.wide()
    a = abs(w)
    a = where(a > 1e20, 1e20, a)
    large, middle = a > 1.0 + ROOT, a > ROOT - 1.0
    angle = _arc(where(large, -1.0, where(middle, a - 1.0, a)), where(large, a, where(middle, a + 1.0, 1.0)))
    base = where(large, HALF_PI[0], where(middle, a.like(QUARTER_PI[0]), 0.0))
    return signed(base + angle, sign_of(w)).narrow()


def atan2(y: Lanes, x: Lanes) -> Lanes:
    """The angle of (x, y)."""
    v, w = y.wide(), x.wide()
    a, b = abs(v), abs(w)
    steep = a > b
    small, large = where(steep, b, a), where(steep, a, b)
    middle = small > (ROOT - 1.0) * large
    angle = _arc(where(middle, small - large, small), where(middle, small + large, large))
    angle = angle + where(middle, a.like(QUARTER_PI[0]), 0.0)
    angle = where(steep, HALF_PI[0] - angle, angle)
    angle = where(sign_of(w) < 0, 2.0 * HALF_PI[0] - angle, angle)
    found = signed(angle, sign_of(v)).narrow()
    usual = (large > 0.0) & (large < INFINITE)
    y.writer.leave(~usual, lambda: y.writer.by_libm("atan2", ~usual, found, y, x))
    return found


def _hyperbolic(a: Lanes) -> tuple[Lanes, Lanes]:
    t, r = _reduced(a)
    z = r * r
    odd = fma(r * z, polynomial(z, SINH_F32), r)
    even = fma(z * z, polynomial(z, COSH_F32), fma(z, 0.5, 1.0))
    up, down = power_of_two(t), power_of_two(2.0 * ROUNDER - t)
    cosh_k, sinh_k = 0.5 * (up + down), 0.5 * (up - down)
    return fma(odd, cosh_k, even * sinh_k), fma(even, cosh_k, odd * sinh_k)


def sinh(x: Lanes) -> Lanes:
    """The hyperbolic sine."""
    w = x.wide()
    a = abs(w)
    return signed(_hyperbolic(where(a > 150.0, 150.0, a))[0], sign_of(w)).narrow()


def cosh(x: Lanes) -> Lanes:
    """The hyperbolic cosine."""
    a = abs(x.wide())
    return _hyperbolic(where(a > 150.0, 150.0, a))[1].narrow()


def tanh(x: Lanes) -> Lanes:
    """The hyperbolic tangent."""
    w = x.wide()
    a = abs(w)
    above, below = _hyperbolic(where(a > 20.0, 20.0, a))
    return signed(above / below, sign_of(w)).narrow()


def pow_(x: Lanes, y: Lanes) -> Lanes:
    """x**y."""
    product = y.wide() * _log(x.wide(), LOG)
    power = _exp(product).narrow()
    usual = (x > 0.0) & (x < INFINITE) & (abs(product) < 87.0)
    x.writer.leave(~usual, lambda: x.writer.by_libm("pow", ~usual, power, x, y))
    return power


def erf(x: Lanes) -> Lanes:
    """The error function."""
    w = x.wide()
    a = abs(w)
    a = where(a > 6.0, 6.0, a)
    z = a * a
    near = a * fma(z, polynomial(z, ERF_NEAR_F32), TWO_PER_ROOT_PI[0])
    far = 1.0 - _exp(-z) * polynomial(a - 3.0, ERF_FAR_F32)
    return signed(where(a > 1.0, far, near), sign_of(w)).narrow()
