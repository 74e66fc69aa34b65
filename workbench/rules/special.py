"""Error functions and the gamma function with its logarithmic derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from workbench.rules import kernels
from workbench.rules.arithmetic import unary
from workbench.rules.expr import digamma, exp, polygamma
from workbench.rules.primitive import FLOAT, INT, Primitive, register
from workbench.rules.typing import elementwise, last

TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)


def _in_kind_of(x: Any, value: Any) -> Any:
    return np.asarray(value).astype(np.result_type(x))[()]


unary("erf", special.erf, lambda y, x: TWO_OVER_ROOT_PI * exp(-(x * x)), kinds=FLOAT, callables=(math.erf, special.erf),
      numba="math.erf({0})", transcendental=True, analytic=False)
unary("erfc", special.erfc, lambda y, x: -TWO_OVER_ROOT_PI * exp(-(x * x)), kinds=FLOAT,
      callables=(math.erfc, special.erfc), numba="math.erfc({0})", transcendental=True, analytic=False)
unary("gamma", special.gamma, lambda y, x: y * digamma(x), kinds=FLOAT, callables=(math.gamma, special.gamma),
      numba="math.gamma({0})", transcendental=True, analytic=False, domain=(0.3, 4.0))
unary("lgamma", special.gammaln, lambda y, x: digamma(x), kinds=FLOAT, callables=(math.lgamma, special.gammaln),
      numba="math.lgamma({0})", transcendental=True, analytic=False, domain=(0.3, 4.0))
unary("digamma", special.digamma, lambda y, x: polygamma(1, x), kinds=FLOAT, callables=(special.digamma,),
      numba="digamma({0})", helpers=(kernels.digamma,), transcendental=True, analytic=False, domain=(0.3, 4.0))
register(Primitive(
    "polygamma", lambda n, x: _in_kind_of(x, special.polygamma(n, x)),
    elementwise(last, (INT, FLOAT), "polygamma", True, 1), 2, True, (INT, FLOAT), (special.polygamma,), (None,
    lambda y, n, x: polygamma(n + 1, x)), numba="polygamma({0}, {1})",
    helpers=(kernels.polygamma,), flops=1, transcendental=True, analytic=False, domain=((1.0, 3.0), (0.3, 4.0))))
