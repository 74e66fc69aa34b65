"""Floating-point numbers taken apart: exponents, neighbours, signs. All but the fraction are piecewise constant."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.ir import Kind
from workbench.rules.entries import binary, unary
from workbench.rules.functions import constant_like, copysign, ldexp, sign
from workbench.rules.kernels import floating as kernels
from workbench.rules.primitive import FLOAT, INT, Primitive, register
from workbench.rules.typing import elementwise, same


def _integer(kinds: Any) -> Kind:
    return Kind.INT


def _exponent(x: Any) -> Any:
    return np.frexp(x)[1].astype(np.int64)[()]


binary("copysign", np.copysign, (lambda y, a, b: sign(a) * copysign(1.0, b), None), kinds=(FLOAT,),
       callables=(np.copysign, math.copysign), numba="math.copysign({0}, {1})", flops=0, analytic=False)
register(Primitive(
    "ldexp", np.ldexp, elementwise(same, (FLOAT, INT), "ldexp", False), 2, True, (FLOAT, INT), (np.ldexp, math.ldexp),
    (lambda y, x, i: ldexp(constant_like(x, 1.0), i), None), numba="math.ldexp({0}, {1})", flops=1, analytic=False,
    domain=((-2.0, 2.0), (-4.0, 4.0))))
unary("exponent", _exponent, None, kinds=FLOAT, callables=(kernels.exponent,), result=_integer,
      kernel=kernels.exponent, flops=0, analytic=False, domain=(0.3, 9.0))
binary("nextafter", np.nextafter, (lambda y, a, b: 1.0, None), kinds=(FLOAT,), callables=(np.nextafter,),
       numba="np.nextafter({0}, {1})", flops=0, analytic=False)
unary("spacing", np.spacing, None, kinds=FLOAT, callables=(np.spacing,), kernel=kernels.spacing,
      flops=0, analytic=False)
