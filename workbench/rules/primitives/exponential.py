"""Exponentials and logarithms."""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.entries import binary, unary
from workbench.rules.functions import exp, exp2
from workbench.rules.primitive import FLOAT

LN2, LN10 = math.log(2.0), math.log(10.0)

unary("exp", np.exp, lambda y, x: y, callables=(np.exp, math.exp), numba="math.exp({0})", numba_complex="np.exp({0})",
      transcendental=True)
unary("expm1", np.expm1, lambda y, x: y + 1.0, callables=(np.expm1, math.expm1), numba="math.expm1({0})",
      numba_complex="np.expm1({0})", transcendental=True)
unary("exp2", np.exp2, lambda y, x: LN2 * y, callables=(np.exp2,) + ((math.exp2,) if hasattr(math, "exp2") else ()),
      numba="np.exp2({0})", transcendental=True)
unary("log", np.log, lambda y, x: 1.0 / x, callables=(np.log, math.log), numba="math.log({0})",
      numba_complex="np.log({0})", transcendental=True, singular=True, domain=(0.2, 3.0))
unary("log1p", np.log1p, lambda y, x: 1.0 / (1.0 + x), callables=(np.log1p, math.log1p), numba="math.log1p({0})",
      numba_complex="np.log1p({0})", transcendental=True, singular=True, domain=(-0.6, 3.0))
unary("log2", np.log2, lambda y, x: 1.0 / (LN2 * x), callables=(np.log2, math.log2), numba="np.log2({0})",
      transcendental=True, singular=True, domain=(0.2, 3.0))
unary("log10", np.log10, lambda y, x: 1.0 / (LN10 * x), callables=(np.log10, math.log10), numba="math.log10({0})",
      numba_complex="np.log10({0})", transcendental=True, singular=True, domain=(0.2, 3.0))
binary("logaddexp", np.logaddexp, (lambda y, a, b: exp(a - y), lambda y, a, b: exp(b - y)), kinds=(FLOAT,),
       callables=(np.logaddexp,), numba="np.logaddexp({0}, {1})", transcendental=True, singular=True, analytic=False)
binary("logaddexp2", np.logaddexp2, (lambda y, a, b: exp2(a - y), lambda y, a, b: exp2(b - y)), kinds=(FLOAT,),
       callables=(np.logaddexp2,), numba="np.logaddexp2({0}, {1})", transcendental=True, singular=True, analytic=False)
