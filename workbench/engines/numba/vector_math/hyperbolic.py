"""sinh, cosh and tanh of doubles, of a sum x = k log(2) + r: sinh(x) = sinh(r) cosh(k log 2) + cosh(r) sinh(k log 2).

cosh(k log 2) = (2**k + 2**-k)/2 is a sum of two doubles, and nothing cancels: there is no division but that of tanh.
Source: Abramowitz & Stegun (1964), 4.5.24, 4.5.25.
"""

from __future__ import annotations

from workbench.engines.numba.vector_math.coefficients import COSH, SINH
from workbench.engines.numba.vector_math.exponential import ROUNDER, anywhere, power_of_two, reduced
from workbench.engines.numba.vector_math.lanes import Lanes, fma, polynomial, quick_sum, quotient, two_product, where
from workbench.engines.numba.vector_math.trigonometric import sign_of, signed
from workbench.records import dataclass

LARGE = 708.0


@dataclass(frozen=True)
class Parts:
    """Of a >= 0: r and its error; sinh(r) - r, cosh(r) - 1; cosh and sinh of k log(2), their errors."""

    r: Lanes
    low: Lanes
    odd: Lanes
    even: Lanes
    cosh_k: Lanes
    sinh_k: Lanes
    cosh_k_low: Lanes
    sinh_k_low: Lanes

    def sinh(self) -> tuple[Lanes, Lanes]:
        """As a sum of two."""
        product, product_low = two_product(self.r, self.cosh_k)
        total, error = quick_sum(self.sinh_k, product)
        small = fma(self.odd, self.cosh_k, fma(self.even, self.sinh_k, product_low))
        return total, fma(self.low, fma(self.r, self.sinh_k, self.cosh_k), (error + self.sinh_k_low) + small)

    def cosh(self) -> tuple[Lanes, Lanes]:
        """As a sum of two."""
        product, product_low = two_product(self.r, self.sinh_k)
        total, error = quick_sum(self.cosh_k, product)
        small = fma(self.odd, self.sinh_k, fma(self.even, self.cosh_k, product_low))
        return total, fma(self.low, fma(self.r, self.cosh_k, self.sinh_k), (error + self.cosh_k_low) + small)


def parts(a: Lanes) -> Parts:
    """What sinh and cosh are made of."""
    t, k, r, low = reduced(a)
    z = r * r
    odd = (r * z) * polynomial(z, SINH)
    even = z * fma(z, polynomial(z, COSH), 0.5)
    up, down = 0.5 * power_of_two(t), 0.5 * power_of_two(ROUNDER - k)
    cosh_k, cosh_k_low = quick_sum(up, down)
    sinh_k, sinh_k_low = quick_sum(up, -down)
    return Parts(r, low, odd, even, cosh_k, sinh_k, cosh_k_low, sinh_k_low)


def sinh(x: Lanes) -> Lanes:
    """The hyperbolic sine."""
    a = abs(x)
    head, rest = parts(a).sinh()
    y = signed(head + rest, sign_of(x))
    large = ~(a <= LARGE)
    x.writer.leave(large, lambda: where(large, signed(anywhere(a, halved=True), sign_of(x)), y))
    return y


def cosh(x: Lanes) -> Lanes:
    """The hyperbolic cosine."""
    a = abs(x)
    head, rest = parts(a).cosh()
    y = head + rest
    large = ~(a <= LARGE)
    x.writer.leave(large, lambda: where(large, anywhere(a, halved=True), y))
    return y


def tanh(x: Lanes) -> Lanes:
    """The hyperbolic tangent."""
    a = abs(x)
    found = parts(where(a > 20.0, 20.0, a))
    first, correction = quotient(*quick_sum(*found.sinh()), *quick_sum(*found.cosh()))
    return signed(first + correction, sign_of(x))
