"""Trigonometric and hyperbolic functions and their inverses. `hypot` has derivative 0 at the origin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.rules.entries import binary, unary
from workbench.rules.functions import cos, cosh, sin, sinh, sqrt, where
from workbench.rules.primitive import FLOAT


def _math(name: str, ufunc: str, *more: object) -> dict[str, Any]:
    """What the functions of one name in `math` and NumPy share."""
    return {"callables": (getattr(np, ufunc), getattr(math, name), *more), "numba": f"math.{name}({{0}})",
            "numba_complex": f"np.{ufunc}({{0}})", "transcendental": True}


unary("sin", np.sin, lambda y, x: cos(x), **_math("sin", "sin"))
unary("cos", np.cos, lambda y, x: -sin(x), **_math("cos", "cos"))
unary("tan", np.tan, lambda y, x: 1.0 + y * y, domain=(-1.3, 1.3), **_math("tan", "tan"))
unary("asin", np.arcsin, lambda y, x: 1.0 / sqrt((1.0 - x) * (1.0 + x)), singular=True, domain=(-0.9, 0.9),
      **_math("asin", "arcsin"))
unary("acos", np.arccos, lambda y, x: -1.0 / sqrt((1.0 - x) * (1.0 + x)), singular=True, domain=(-0.9, 0.9),
      **_math("acos", "arccos"))
unary("atan", np.arctan, lambda y, x: 1.0 / (1.0 + x * x), **_math("atan", "arctan"))
unary("sinh", np.sinh, lambda y, x: cosh(x), **_math("sinh", "sinh"))
unary("cosh", np.cosh, lambda y, x: sinh(x), **_math("cosh", "cosh"))
unary("tanh", np.tanh, lambda y, x: 1.0 - y * y, **_math("tanh", "tanh"))
unary("asinh", np.arcsinh, lambda y, x: 1.0 / sqrt(1.0 + x * x), **_math("asinh", "arcsinh"))
unary("acosh", np.arccosh, lambda y, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)), singular=True, domain=(1.1, 3.0),
      **_math("acosh", "arccosh"))
unary("atanh", np.arctanh, lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x)), singular=True, domain=(-0.9, 0.9),
      **_math("atanh", "arctanh"))
binary("atan2", np.arctan2, (lambda r, y, x: x / (x * x + y * y), lambda r, y, x: -y / (x * x + y * y)), kinds=(FLOAT,),
       callables=(np.arctan2, math.atan2), numba="math.atan2({0}, {1})", transcendental=True, singular=True,
       analytic=False, domain=((-2.0, 2.0), (0.3, 2.0)))
binary("hypot", np.hypot, (lambda y, a, b: a / where(y == 0, 1.0, y), lambda y, a, b: b / where(y == 0, 1.0, y)),
       kinds=(FLOAT,), callables=(np.hypot, math.hypot), numba="math.hypot({0}, {1})", transcendental=True,
       analytic=False)
