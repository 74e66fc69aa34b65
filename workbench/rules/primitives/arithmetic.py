"""Arithmetic, powers and rounding.

Kinks: `abs` and `sign` have derivative 0 at 0; rounding has derivative 0 everywhere. `pow` has both partials, safe at
base 0: 0**b has derivative 0 with respect to b > 0, and x**0 has derivative 0.
"""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

import numpy as np

from workbench.ir import Kind
from workbench.rules.entries import binary, unary
from workbench.rules.expr import floordiv, log, power, real, rint, sign, trunc, where
from workbench.rules.kernels import floating as kernels
from workbench.rules.primitive import (
    FLOAT,
    INEXACT,
    NUMBER,
    PLUS,
    POWER,
    REAL,
    TIMES,
    UNARY,
    Primitive,
    Types,
    register,
)
from workbench.rules.typing import elementwise, same


def _remainders(a: Any, b: Any) -> Any:
    """`math.remainder` of arrays (NaN where it raises)."""
    kind = np.result_type(a, b)
    flat = [kernels.ieee_remainder(float(x), float(y)) for x, y in np.broadcast(a, b)]
    return np.array(flat, kind).reshape(np.broadcast_shapes(np.shape(a), np.shape(b)))[()]


def _one(y: Any, *x: Any) -> float:
    return 1.0


binary("add", np.add, (_one, _one), kinds=(NUMBER,), callables=(np.add, operator.add, operator.iadd),
       numba="{0} + {1}", precedence=PLUS)
binary("sub", np.subtract, (_one, lambda y, a, b: -1.0), kinds=(NUMBER,),
       callables=(np.subtract, operator.sub, operator.isub), numba="{0} - {1}", precedence=PLUS)
binary("mul", np.multiply, (lambda y, a, b: b, lambda y, a, b: a), kinds=(NUMBER,),
       callables=(np.multiply, operator.mul, operator.imul), numba="{0} * {1}", precedence=TIMES)
binary("div", np.true_divide, (lambda y, a, b: 1.0 / b, lambda y, a, b: -y / b), singular=True,
       callables=(np.true_divide, operator.truediv, operator.itruediv), numba="{0} / {1}", precedence=TIMES,
       domain=((-2.0, 2.0), (0.5, 2.0)))
unary("neg", np.negative, lambda y, x: -1.0, kinds=NUMBER, callables=(np.negative, operator.neg), numba="-{0}",
      precedence=UNARY, flops=0)


# ---------------------------------------------------------------------- powers
def _pow_base(y: Any, a: Any, b: Any) -> Any:
    """b a**(b-1), and 0 at 0**0 (where a**(b-1) alone would be infinite)."""
    return b * power(where((a == 0) & (b == 0), 1.0, a), b - 1)


def _pow_exponent(y: Any, a: Any, b: Any) -> Any:
    """y log a, and 0 where a is 0 and b > 0."""
    return y * log(where((a == 0) & (real(b) > 0), 1.0, a))


def _pow_types(operands: Any, attrs: Any) -> Types:
    """Kinds are equal, or an inexact base has an integer exponent."""
    a, b = operands
    equal = not (a.kind.is_inexact and b.kind is Kind.INT)
    return elementwise(same, (NUMBER,), "pow", equal)(operands, attrs)


def _pow_numpy(a: Any, b: Any) -> Any:
    """NumPy's power in the base's kind (an integer exponent does not widen a float32)."""
    kind = np.result_type(a)
    if kind.kind in "fc" and np.result_type(b).kind in "iu":
        return np.power(a, np.asarray(b).astype(kind)[()])
    return np.power(a, b)


register(Primitive(
    "pow", _pow_numpy, _pow_types, 2, True, (NUMBER, NUMBER),
    (np.power, operator.pow, operator.ipow, builtins.pow, math.pow), (_pow_base, _pow_exponent), numba="{0} ** {1}",
    numba_complex="{0} ** {1}", precedence=POWER, flops=1,
    transcendental=True, singular=True, domain=((0.3, 2.0), (-2.0, 2.0))))
unary("sqrt", np.sqrt, lambda y, x: 0.5 / y, callables=(np.sqrt, math.sqrt), numba="math.sqrt({0})",
      numba_complex="np.sqrt({0})", singular=True, domain=(0.2, 3.0))
unary("cbrt", np.cbrt, lambda y, x: 1.0 / (3.0 * (y * y)), kinds=FLOAT, callables=(np.cbrt,) + (
      (math.cbrt,) if hasattr(math, "cbrt") else ()), numba="np.cbrt({0})", transcendental=True, singular=True,
      analytic=False, domain=(0.2, 3.0))
unary("square", np.square, lambda y, x: 2.0 * x, kinds=NUMBER, callables=(np.square,), numba="np.square({0})")
unary("reciprocal", np.reciprocal, lambda y, x: -(y * y), callables=(np.reciprocal,), numba="1 / {0}",
      numba_complex="np.reciprocal({0})", precedence=TIMES, singular=True, domain=(0.5, 2.0))

# ---------------------------------------------------------------------- sign and rounding
unary("abs", np.abs, lambda y, x: sign(x), kinds=REAL,
      callables=(np.abs, np.fabs, builtins.abs, math.fabs, operator.abs), numba="abs({0})", flops=0, analytic=False)
unary("sign", np.sign, None, kinds=REAL, callables=(np.sign,), numba="np.sign({0})", flops=0, analytic=False)
unary("floor", np.floor, None, kinds=FLOAT, callables=(np.floor, math.floor), numba="np.floor({0})", analytic=False)
unary("ceil", np.ceil, None, kinds=FLOAT, callables=(np.ceil, math.ceil), numba="np.ceil({0})", analytic=False)
unary("trunc", np.trunc, None, kinds=FLOAT, callables=(np.trunc, math.trunc, np.fix), numba="np.trunc({0})",
      analytic=False)
unary("rint", np.rint, None, kinds=FLOAT, callables=(np.rint,), numba="np.rint({0})", analytic=False)

# the identity whose derivative is zero by the user's word: it states no partial, since zero is not its derivative
register(Primitive("stop", np.positive, lambda operands, attrs: (operands[0].type,), arity=1, elementwise=True,
                   kinds=(INEXACT,), numba="+{0}", numba_complex="+{0}", precedence=UNARY, domain=((-3.0, 3.0),)))

# ---------------------------------------------------------------------- division with remainder
binary("floordiv", np.floor_divide, (None, None), kinds=(REAL,),
       callables=(np.floor_divide, operator.floordiv, operator.ifloordiv), numba="{0} // {1}", precedence=TIMES,
       analytic=False, domain=((-4.0, 4.0), (0.5, 2.0)))
binary("mod", np.mod, (_one, lambda y, a, b: -floordiv(a, b)), kinds=(REAL,),
       callables=(np.remainder, operator.mod, operator.imod), numba="{0} % {1}", precedence=TIMES,
       analytic=False, domain=((-4.0, 4.0), (0.5, 2.0)))
binary("fmod", np.fmod, (_one, lambda y, a, b: -trunc(a / b)), kinds=(REAL,), callables=(np.fmod, math.fmod),
       numba="np.fmod({0}, {1})", analytic=False, domain=((-4.0, 4.0), (0.5, 2.0)))
binary("remainder", _remainders, (_one, lambda y, a, b: -rint((a - y) / b)), kinds=(FLOAT,),
       callables=(math.remainder,), kernel=kernels.ieee_remainder, analytic=False,
       domain=((-4.0, 4.0), (0.5, 2.0)))
unary("degrees", np.degrees, lambda y, x: 180.0 / math.pi, kinds=FLOAT,
      callables=(np.degrees, np.rad2deg, math.degrees), numba="math.degrees({0})", analytic=False)
unary("radians", np.radians, lambda y, x: math.pi / 180.0, kinds=FLOAT,
      callables=(np.radians, np.deg2rad, math.radians), numba="math.radians({0})", analytic=False)
