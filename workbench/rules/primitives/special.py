"""Error functions, the normal distribution, the gamma function and its relatives, sin(x)/x.

By their orders and shapes functions have no derivative here, where none is known in closed form: it is refused.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.rules.entries import family, foreign, special, unary
from workbench.rules.expr import apply
from workbench.rules.functions import cos, digamma, exp, polygamma, sin, where
from workbench.rules.kernels import special as kernels
from workbench.rules.primitive import FLOAT, Unknown

ROOT_PI = math.sqrt(math.pi)
TWO_OVER_ROOT_PI = 2.0 / ROOT_PI
ROOT_TWO_PI = math.sqrt(2.0 * math.pi)


def _in_kind_of(x: Any, value: Any) -> Any:
    return np.asarray(value).astype(np.result_type(x))[()]


# ---------------------------------------------------------------------- error functions and the normal distribution
unary("erf", special.erf, lambda y, x: TWO_OVER_ROOT_PI * exp(-(x * x)), kinds=FLOAT, callables=(math.erf, special.erf),
      numba="math.erf({0})", transcendental=True, analytic=False)
unary("erfc", special.erfc, lambda y, x: -TWO_OVER_ROOT_PI * exp(-(x * x)), kinds=FLOAT,
      callables=(math.erfc, special.erfc), numba="math.erfc({0})", transcendental=True, analytic=False)
foreign("erfcx", (lambda y, x: 2.0 * (x * y) - TWO_OVER_ROOT_PI,), ((-2.0, 2.0),), "__pyx_fuse_1erfcx")
foreign("erfi", (lambda y, x: TWO_OVER_ROOT_PI * exp(x * x),), ((-2.0, 2.0),), "__pyx_fuse_1erfi")
foreign("erfinv", (lambda y, x: 0.5 * ROOT_PI * exp(y * y),), ((-0.9, 0.9),), "__pyx_fuse_0erfinv", singular=True)
foreign("erfcinv", (lambda y, x: -0.5 * ROOT_PI * exp(y * y),), ((0.1, 1.9),), singular=True)
foreign("dawsn", (lambda y, x: 1.0 - 2.0 * (x * y),), ((-2.0, 2.0),), "__pyx_fuse_1dawsn")
foreign("ndtr", (lambda y, x: exp(-0.5 * (x * x)) / ROOT_TWO_PI,), ((-2.0, 2.0),), "__pyx_fuse_1ndtr")
foreign("log_ndtr", (lambda y, x: exp(-0.5 * (x * x) - y) / ROOT_TWO_PI,), ((-2.0, 2.0),), "__pyx_fuse_1log_ndtr")
foreign("ndtri", (lambda y, x: ROOT_TWO_PI * exp(0.5 * (y * y)),), ((0.1, 0.9),), singular=True)

# ---------------------------------------------------------------------- the gamma function
unary("gamma", special.gamma, lambda y, x: y * digamma(x), kinds=FLOAT, callables=(math.gamma, special.gamma),
      numba="math.gamma({0})", transcendental=True, analytic=False, domain=(0.3, 4.0))
unary("lgamma", special.gammaln, lambda y, x: digamma(x), kinds=FLOAT, callables=(math.lgamma, special.gammaln),
      numba="math.lgamma({0})", transcendental=True, analytic=False, domain=(0.3, 4.0))


def _rgamma_slope(y: Any, x: Any) -> Any:
    """The derivative of 1 / Gamma: by the reflection formula left of 1/2, where it has zeros."""
    left = x < 0.5
    over, under = where(left, 1.0, x), where(left, 1.0 - x, 1.0)
    angle = math.pi * where(left, x, 0.0)
    reflected = apply("gamma", under) * (cos(angle) - sin(angle) * digamma(under) / math.pi)
    return where(left, reflected, -(y * digamma(over)))


foreign("rgamma", (_rgamma_slope,), ((-2.5, 4.0),), "__pyx_fuse_1rgamma")
unary("digamma", special.digamma, lambda y, x: polygamma(1, x), kinds=FLOAT, callables=(special.digamma,),
      kernel=kernels.digamma, transcendental=True, analytic=False, domain=(0.3, 4.0))
family("polygamma", lambda n, x: _in_kind_of(x, special.polygamma(n, x)), kernels.polygamma, (0.3, 4.0),
       callables=(special.polygamma,))


def _density(a: Any, x: Any) -> Any:
    """x**(a - 1) exp(-x) / Gamma(a)."""
    return exp(apply("xlogy", a - 1.0, x) - x - apply("lgamma", a))


def _beta_density(a: Any, b: Any, x: Any) -> Any:
    """x**(a - 1) (1 - x)**(b - 1) / B(a, b)."""
    return exp(apply("xlogy", a - 1.0, x) + apply("xlog1py", b - 1.0, -x) - apply("betaln", a, b))


_SHAPE = Unknown("the derivative by a shape parameter is not known in closed form")
foreign("gammainc", (_SHAPE, lambda y, a, x: _density(a, x)), ((0.5, 3.0), (0.3, 3.0)), singular=True)
foreign("gammaincc", (_SHAPE, lambda y, a, x: -_density(a, x)), ((0.5, 3.0), (0.3, 3.0)), singular=True)
foreign("beta", (lambda y, a, b: y * (digamma(a) - digamma(a + b)), lambda y, a, b: y * (digamma(b) - digamma(a + b))),
        ((0.5, 3.0), (0.5, 3.0)))
foreign("betaln", (lambda y, a, b: digamma(a) - digamma(a + b), lambda y, a, b: digamma(b) - digamma(a + b)),
        ((0.5, 3.0), (0.5, 3.0)))
foreign("betainc", (_SHAPE, _SHAPE, lambda y, a, b, x: _beta_density(a, b, x)), ((0.5, 3.0), (0.5, 3.0), (0.1, 0.9)),
        "__pyx_fuse_0betainc", singular=True)
foreign("binom", (lambda y, n, k: y * (digamma(n + 1.0) - digamma(n - k + 1.0)),
                  lambda y, n, k: y * (digamma(n - k + 1.0) - digamma(k + 1.0))), ((3.1, 5.0), (0.5, 2.0)))


# ---------------------------------------------------------------------- sin(x) / x, exponential integrals
def _each(kernel: Any) -> Any:
    """A kernel f(n, x) of numbers, for arrays."""
    def evaluate(n: Any, x: Any) -> Any:
        return _in_kind_of(x, np.vectorize(kernel, otypes=[float])(n, x))
    return evaluate


sincs, exprels = _each(kernels.sincs), _each(kernels.exprels)
family("sincs", sincs, kernels.sincs, (-3.0, 3.0), callables=(sincs,))
family("exprels", exprels, kernels.exprels, (-3.0, 3.0), callables=(exprels,))
foreign("expi", (lambda y, x: exp(x) / x,), ((0.3, 3.0),), "__pyx_fuse_1expi", singular=True)
foreign("exp1", (lambda y, x: -exp(-x) / x,), ((0.3, 3.0),), "__pyx_fuse_1exp1", singular=True)
