"""Arithmetic, powers and rounding.

Kinks: `abs` and `sign` have derivative 0 at 0; rounding has derivative 0 everywhere. `pow` has both partials, safe at
base 0: 0**b has derivative 0 with respect to b > 0, and x**0 has derivative 0.
"""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Builder, Constant, Kind, Value
from workbench.rules import folding, identities
from workbench.rules.emission import emit
from workbench.rules.entries import binary, unary
from workbench.rules.functions import floordiv, log, power, real, rint, sign, trunc, where
from workbench.rules.kernels import floating as kernels
from workbench.rules.primitive import (
    ATOM,
    FLOAT,
    NUMBER,
    PLUS,
    POWER,
    REAL,
    TIMES,
    UNARY,
    Attrs,
    Primitive,
    Types,
    register,
)
from workbench.rules.spelling import converted
from workbench.rules.typing import elementwise, same


def _remainders(a: Any, b: Any) -> Any:
    """`math.remainder` of arrays (NaN where it raises)."""
    kind = np.result_type(a, b)
    flat = [kernels.ieee_remainder(float(x), float(y)) for x, y in np.broadcast(a, b)]
    return np.array(flat, kind).reshape(np.broadcast_shapes(np.shape(a), np.shape(b)))[()]


def _one(y: Any, *x: Any) -> float:
    return 1.0


binary("add", np.add, (_one, _one), kinds=(NUMBER,), callables=(np.add, operator.add, operator.iadd),
       numba="{0} + {1}", precedence=PLUS, exact=operator.add, simpler=identities.add)
binary("sub", np.subtract, (_one, lambda y, a, b: -1.0), kinds=(NUMBER,),
       callables=(np.subtract, operator.sub, operator.isub), numba="{0} - {1}", precedence=PLUS,
       exact=operator.sub, simpler=identities.sub)
binary("mul", np.multiply, (lambda y, a, b: b, lambda y, a, b: a), kinds=(NUMBER,),
       callables=(np.multiply, operator.mul, operator.imul), numba="{0} * {1}", precedence=TIMES,
       exact=operator.mul, simpler=identities.mul)
binary("div", np.true_divide, (lambda y, a, b: 1.0 / b, lambda y, a, b: -y / b), singular=True,
       callables=(np.true_divide, operator.truediv, operator.itruediv), numba="{0} / {1}", precedence=TIMES,
       domain=((-2.0, 2.0), (0.5, 2.0)), simpler=identities.div)
unary("neg", np.negative, lambda y, x: -1.0, kinds=NUMBER, callables=(np.negative, operator.neg), numba="-{0}",
      precedence=UNARY, flops=0, exact=operator.neg, simpler=identities.neg)


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


def _pow_complex(kinds: Sequence[Kind], result: Kind) -> tuple[str, int]:
    """The compiler computes an integer power of single precision in double precision."""
    form = "{0} ** {1}"
    return (converted(form, result), ATOM) if result.is_single and Kind.INT in kinds else (form, POWER)


register(Primitive(
    "pow", _pow_numpy, _pow_types, 2, True, (NUMBER, NUMBER),
    (np.power, operator.pow, operator.ipow, builtins.pow, math.pow), (_pow_base, _pow_exponent), integral=(1,),
    numba="{0} ** {1}", numba_complex=_pow_complex, precedence=POWER, flops=1, transcendental=True, singular=True,
    domain=((0.3, 2.0), (-2.0, 2.0)), exact=folding.power, simpler=identities.power))
unary("sqrt", np.sqrt, lambda y, x: 0.5 / y, callables=(np.sqrt, math.sqrt), numba="math.sqrt({0})",
      numba_complex="np.sqrt({0})", singular=True, domain=(0.2, 3.0))
unary("cbrt", np.cbrt, lambda y, x: 1.0 / (3.0 * (y * y)), kinds=FLOAT, callables=(np.cbrt,) + (
      (math.cbrt,) if hasattr(math, "cbrt") else ()), numba="np.cbrt({0})", transcendental=True, singular=True,
      analytic=False, domain=(0.2, 3.0))
unary("square", np.square, lambda y, x: 2.0 * x, kinds=NUMBER, callables=(np.square,), numba="np.square({0})",
      exact=lambda a: a * a)


def _quotient(builder: Builder, operands: Sequence[Value], attrs: Attrs) -> Value | None:
    """Of real numbers, 1 / x."""
    (x,) = operands
    return emit(builder, "div", Constant(1, x.kind), x) if x.kind.is_float else None


unary("reciprocal", np.reciprocal, lambda y, x: -(y * y), callables=(np.reciprocal,), numba="1 / {0}",
      numba_complex="np.reciprocal({0})", precedence=TIMES, singular=True, domain=(0.5, 2.0),
      instead=_quotient)

# ---------------------------------------------------------------------- sign and rounding
unary("abs", np.abs, lambda y, x: sign(x), kinds=REAL,
      callables=(np.abs, np.fabs, builtins.abs, math.fabs, operator.abs), numba="abs({0})", flops=0, analytic=False,
      exact=abs, instead=lambda builder, operands, attrs: "modulus" if operands[0].kind.is_complex else None)
unary("sign", np.sign, None, kinds=REAL, callables=(np.sign,), numba="np.sign({0})", flops=0, analytic=False)
unary("floor", np.floor, None, kinds=FLOAT, callables=(np.floor, math.floor), numba="np.floor({0})", analytic=False)
unary("ceil", np.ceil, None, kinds=FLOAT, callables=(np.ceil, math.ceil), numba="np.ceil({0})", analytic=False)
unary("trunc", np.trunc, None, kinds=FLOAT, callables=(np.trunc, math.trunc, np.fix), numba="np.trunc({0})",
      analytic=False)
unary("rint", np.rint, None, kinds=FLOAT, callables=(np.rint,), numba="np.rint({0})", analytic=False)

# the identity whose derivative is zero by the user's word
unary("stop", np.positive, None, kinds=NUMBER, numba="+{0}", precedence=UNARY, flops=0, analytic=False)

# ---------------------------------------------------------------------- division with remainder
binary("floordiv", np.floor_divide, (None, None), kinds=(REAL,),
       callables=(np.floor_divide, operator.floordiv, operator.ifloordiv), numba="{0} // {1}", precedence=TIMES,
       analytic=False, domain=((-4.0, 4.0), (0.5, 2.0)), exact=folding.by_divisor(operator.floordiv),
       simpler=identities.floordiv)
binary("mod", np.mod, (_one, lambda y, a, b: -floordiv(a, b)), kinds=(REAL,),
       callables=(np.remainder, operator.mod, operator.imod), numba="{0} % {1}", precedence=TIMES,
       analytic=False, domain=((-4.0, 4.0), (0.5, 2.0)), exact=folding.by_divisor(operator.mod),
       simpler=identities.mod)


def _truncated_mod(builder: Builder, operands: Sequence[Value], attrs: Attrs) -> Value | None:
    """The remainder with the sign of a, of integers (Numba's `np.fmod` of them has the sign of b)."""
    a, b = operands
    if a.kind is not Kind.INT:
        return None
    zero = Constant(0, Kind.INT)
    floored = emit(builder, "mod", a, b)
    signs = emit(builder, "ne", emit(builder, "lt", a, zero), emit(builder, "lt", b, zero))
    other = emit(builder, "and", emit(builder, "ne", floored, zero), signs)
    return emit(builder, "select", other, emit(builder, "sub", floored, b), floored)


binary("fmod", np.fmod, (_one, lambda y, a, b: -trunc(a / b)), kinds=(REAL,), callables=(np.fmod, math.fmod),
       numba="np.fmod({0}, {1})", analytic=False, domain=((-4.0, 4.0), (0.5, 2.0)), instead=_truncated_mod)
binary("remainder", _remainders, (_one, lambda y, a, b: -rint((a - y) / b)), kinds=(FLOAT,),
       callables=(math.remainder,), kernel=kernels.ieee_remainder, analytic=False,
       domain=((-4.0, 4.0), (0.5, 2.0)))
unary("degrees", np.degrees, lambda y, x: 180.0 / math.pi, kinds=FLOAT,
      callables=(np.degrees, np.rad2deg, math.degrees), numba="math.degrees({0})", analytic=False)
unary("radians", np.radians, lambda y, x: math.pi / 180.0, kinds=FLOAT,
      callables=(np.radians, np.deg2rad, math.radians), numba="math.radians({0})", analytic=False)
