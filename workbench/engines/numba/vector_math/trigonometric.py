"""sin, cos, tan, atan and atan2 of doubles.

x = k pi/2 + r: x - k times the first of three doubles that make pi/2 is exact, the rest is summed in two parts, so that
r keeps its accuracy beside every multiple of pi/2 as long as |x| <= 2**30. Beyond, the C library is called.
Odd functions are computed of |x| and given its sign.

Source: Muller, Elementary Functions (2016), ch. 11; Abramowitz & Stegun (1964), 4.4.34 for the shifts of atan.
"""

from __future__ import annotations

from workbench.engines.numba.vector_math.coefficients import ATAN, COS, HALF_PI, QUARTER_PI, SIN, TWO_PER_PI
from workbench.engines.numba.vector_math.exponential import ROUNDER
from workbench.engines.numba.vector_math.lanes import (
    Lanes,
    fma,
    polynomial,
    quick_sum,
    quotient,
    two_product,
    two_sum,
    where,
)

FAR = 2.0**30
SIGN = -2**63
ROOT = 2.0**0.5


def sign_of(x: Lanes) -> Lanes:
    """The sign bit."""
    return x.bits() & SIGN


def signed(x: Lanes, sign: Lanes) -> Lanes:
    """x, negated where the sign bit is set."""
    return (x.bits() ^ sign).floats()


def quadrant(x: Lanes) -> tuple[Lanes, Lanes, Lanes]:
    """k in the lowest bits of an integer, r and its rounding error, of x >= 0."""
    t = fma(x, TWO_PER_PI, ROUNDER)
    k = t - ROUNDER
    first = fma(k, -HALF_PI[0], x)
    product, error = two_product(k, HALF_PI[1])
    second, rest = two_sum(first, -product)
    tail = fma(k, -HALF_PI[2], rest - error)
    r, low = quick_sum(second, tail)
    return t.bits(), r, low


def sine(r: Lanes, low: Lanes, z: Lanes) -> tuple[Lanes, Lanes]:
    """sin(r + low) as a sum of two, z = r**2."""
    return r, fma(r * z, polynomial(z, SIN), fma(z * -0.5, low, low))


def cosine(r: Lanes, low: Lanes, z: Lanes) -> tuple[Lanes, Lanes]:
    """cos(r + low) as a sum of two, z = r**2."""
    half = 0.5 * z
    head = 1.0 - half
    rest = fma(fma(r, r, -z), -0.5, (1.0 - head) - half)
    return head, rest + fma(z * z, polynomial(z, COS), -(r * low))


def is_odd(k: Lanes) -> Lanes:
    """A mask of the odd integers."""
    return ~(k & 1).equals(0)


def sin_or_cos(x: Lanes, name: str) -> Lanes:
    """One of the two."""
    writer, a = x.writer, abs(x)
    k, r, low = quadrant(a)
    if name == "cos":
        k = k + 1
    z = r * r
    odd = is_odd(k)
    (s, s_low), (c, c_low) = sine(r, low, z), cosine(r, low, z)
    y = where(odd, c, s) + where(odd, c_low, s_low)
    sign = (k << 62) & SIGN
    y = signed(y, sign ^ sign_of(x) if name == "sin" else sign)
    far = ~(a <= FAR)
    writer.leave(far, lambda: writer.by_libm(name, far, y, x))
    return y


def sin(x: Lanes) -> Lanes:
    """The sine."""
    return sin_or_cos(x, "sin")


def cos(x: Lanes) -> Lanes:
    """The cosine."""
    return sin_or_cos(x, "cos")


def tan(x: Lanes) -> Lanes:
    """The tangent: sin/cos, or -cos/sin."""
    writer, a = x.writer, abs(x)
    k, r, low = quadrant(a)
    z = r * r
    odd = is_odd(k)
    s, s_low = quick_sum(*sine(r, low, z))
    c, c_low = quick_sum(*cosine(r, low, z))
    first, correction = quotient(where(odd, c, s), where(odd, c_low, s_low), where(odd, s, c),
                                 where(odd, s_low, c_low))
    y = signed(first + correction, (k << 63) ^ sign_of(x))
    far = ~(a <= FAR)
    writer.leave(far, lambda: writer.by_libm("tan", far, y, x))
    return y


def atan(x: Lanes) -> Lanes:
    """The inverse tangent: of a > 1 + sqrt(2) pi/2 - atan(1/a), of a > sqrt(2) - 1 pi/4 + atan((a - 1)/(a + 1))."""
    a = abs(x)
    a = where(a > 1e20, 1e20, a)
    large, middle = a > 1.0 + ROOT, a > ROOT - 1.0
    less, more = a - 1.0, a + 1.0
    above, above_low = where(middle, less, a), where(middle, a - (less + 1.0), 0.0)
    below, below_low = where(middle, more, 1.0), where(middle, a - (more - 1.0), 0.0)
    t, low = quotient(where(large, -1.0, above), where(large, 0.0, above_low), where(large, a, below),
                      where(large, 0.0, below_low))
    z = t * t
    base = where(large, HALF_PI[0], where(middle, a.like(QUARTER_PI[0]), 0.0))
    base_low = where(large, HALF_PI[1], where(middle, a.like(QUARTER_PI[1]), 0.0))
    total, error = quick_sum(base, t)
    y = total + (error + fma(t * z, polynomial(z, ATAN), fma(-z, low, low) + base_low))
    return signed(y, sign_of(x))


def atan2(y: Lanes, x: Lanes) -> Lanes:
    """The angle of (x, y): the smaller over the larger of |x|, |y|, reflected and turned."""
    writer, a, b = y.writer, abs(y), abs(x)
    steep = a > b
    small, large = where(steep, b, a), where(steep, a, b)
    middle = small > (ROOT - 1.0) * large
    less, more = small - large, small + large
    t, low = quotient(where(middle, less, small), where(middle, small - (less + large), 0.0),
                      where(middle, more, large), where(middle, small - (more - large), 0.0))
    z = t * t
    tail = fma(t * z, polynomial(z, ATAN), fma(-z, low, low))
    quarters = where(middle, t.like(1.0), 0.0)
    quarters = where(steep, 2.0 - quarters, quarters)
    behind = sign_of(x)
    quarters = where(behind < 0, 4.0 - quarters, quarters)
    turn = behind ^ where(steep, behind.like(SIGN), 0)
    base, base_low = two_product(quarters, QUARTER_PI[0])
    total, error = quick_sum(base, signed(t, turn))
    angle = total + (error + (signed(tail, turn) + fma(quarters, QUARTER_PI[1], base_low)))
    angle = signed(angle, sign_of(y))
    usual = (large <= 2.0**480) & (large >= 2.0**-480) & ((small >= 2.0**-480) | small.equals(0.0))
    writer.leave(~usual, lambda: writer.by_libm("atan2", ~usual, angle, y, x))
    return angle
