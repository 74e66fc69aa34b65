"""erf of doubles: below 1 an odd polynomial, above it 1 - exp(-x**2) g(x) with a polynomial g.

Above, an error of erfc matters by erfc/erf only. Source: Abramowitz & Stegun (1964), 7.1.
"""

from __future__ import annotations

from workbench.engines.numba.vector_math.coefficients import ERF_FAR, ERF_NEAR, TWO_PER_ROOT_PI
from workbench.engines.numba.vector_math.exponential import near_zero, reduced, scaled
from workbench.engines.numba.vector_math.lanes import Lanes, fma, polynomial, two_product, where
from workbench.engines.numba.vector_math.trigonometric import sign_of, signed


def erf(x: Lanes) -> Lanes:
    """The error function."""
    a = abs(x)
    a = where(a > 6.0, 6.0, a)
    z = a * a
    head, low = two_product(a, TWO_PER_ROOT_PI[0])
    near = head + fma(a, fma(z, polynomial(z, ERF_NEAR), TWO_PER_ROOT_PI[1]), low)

    def with_far() -> Lanes:
        t, _, r, r_low = reduced(-z)
        far = 1.0 - scaled(near_zero(r, r_low), t) * polynomial(a - 3.0, ERF_FAR)
        return signed(where(a > 1.0, far, near), sign_of(x))

    x.writer.leave(a > 1.0, with_far, rare=False)
    return signed(near, sign_of(x))
