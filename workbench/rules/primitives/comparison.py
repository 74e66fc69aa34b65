"""Comparisons, truth values, selection, minima and maxima.

`minimum` and `maximum` split a tie equally between their operands; Python's own `min` and `max` are a comparison and a
selection. A comparison has derivative 0.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op
from workbench.rules import folding, identities
from workbench.rules.entries import binary, unary
from workbench.rules.functions import constant_like, filled, isnan, shape, sum_to, where
from workbench.rules.kernels import floating as kernels
from workbench.rules.primitive import (
    AND,
    ANY,
    BITAND,
    BITOR,
    BITXOR,
    BOOL,
    COMPARE,
    FLOAT,
    INEXACT,
    INT,
    NOT,
    OR,
    REAL,
    SHIFT,
    TERNARY,
    UNARY,
    Primitive,
    register,
)
from workbench.rules.typing import elementwise, last, truth


def _comparison(name: str, ufunc: Any, function: Any, symbol: str, kinds: frozenset[Any], of_same: bool) -> None:
    binary(name, ufunc, (None, None), kinds=(kinds,), callables=(ufunc, function), result=truth,
           numba=f"{{0}} {symbol} {{1}}", precedence=COMPARE, flops=0, analytic=False,
           simpler=identities.compare(of_same))


_comparison("lt", np.less, operator.lt, "<", REAL | BOOL, False)
_comparison("le", np.less_equal, operator.le, "<=", REAL | BOOL, True)
_comparison("gt", np.greater, operator.gt, ">", REAL | BOOL, False)
_comparison("ge", np.greater_equal, operator.ge, ">=", REAL | BOOL, True)
_comparison("eq", np.equal, operator.eq, "==", ANY, True)
_comparison("ne", np.not_equal, operator.ne, "!=", ANY, False)


def _logical(name: str, ufunc: Any, text: str, precedence: int, **more: Any) -> None:
    binary(name, ufunc, (None, None), kinds=(BOOL,), callables=(ufunc,), result=truth, numba=text,
           precedence=precedence, flops=0, analytic=False, **more)


_logical("and", np.logical_and, "{0} and {1}", AND, simpler=identities.lattice(True))
_logical("or", np.logical_or, "{0} or {1}", OR, simpler=identities.lattice(False))
_logical("xor", np.logical_xor, "{0} != {1}", COMPARE)
unary("not", np.logical_not, None, kinds=BOOL, callables=(np.logical_not, operator.not_), result=truth,
      numba="not {0}", precedence=NOT, flops=0, analytic=False, simpler=identities.not_)
unary("isnan", np.isnan, None, kinds=INEXACT, callables=(np.isnan, math.isnan), result=truth, numba="np.isnan({0})",
      flops=0, analytic=False)
unary("isinf", np.isinf, None, kinds=INEXACT, callables=(np.isinf, math.isinf), result=truth, numba="np.isinf({0})",
      flops=0, analytic=False)
unary("isfinite", np.isfinite, None, kinds=INEXACT, callables=(np.isfinite, math.isfinite), result=truth,
      numba="np.isfinite({0})", flops=0, analytic=False)

unary("signbit", np.signbit, None, kinds=FLOAT, callables=(np.signbit,), result=truth, numba="np.signbit({0})",
      flops=0, analytic=False)


# ---------------------------------------------------------------------- integers as bits
def _on_bool(name: str) -> Any:
    """Of truth values, the operation of this name."""
    return lambda builder, operands, attrs: name if operands[0].kind is Kind.BOOL else None


def _bits(name: str, ufunc: Any, function: Any, text: str, precedence: int, **more: Any) -> None:
    binary(name, ufunc, (None, None), kinds=(INT,), callables=(ufunc, function), numba=text, precedence=precedence,
           flops=1, analytic=False, domain=((0.0, 9.0), (0.0, 5.0)), **more)


_bits("bitand", np.bitwise_and, operator.and_, "{0} & {1}", BITAND, instead=_on_bool("and"))
_bits("bitor", np.bitwise_or, operator.or_, "{0} | {1}", BITOR, instead=_on_bool("or"))
_bits("bitxor", np.bitwise_xor, operator.xor, "{0} ^ {1}", BITXOR, instead=_on_bool("xor"))
_bits("lshift", np.left_shift, operator.lshift, "{0} << {1}", SHIFT,
      exact=folding.by_places(operator.lshift), simpler=identities.shift)
_bits("rshift", np.right_shift, operator.rshift, "{0} >> {1}", SHIFT,
      exact=folding.by_places(operator.rshift), simpler=identities.shift)
binary("gcd", np.gcd, (None, None), kinds=(INT,), callables=(np.gcd, math.gcd), numba="np.gcd({0}, {1})",
       analytic=False, domain=((0.0, 40.0), (1.0, 40.0)))
binary("lcm", np.lcm, (None, None), kinds=(INT,), callables=(np.lcm, math.lcm), numba="np.lcm({0}, {1})",
       analytic=False, domain=((1.0, 40.0), (1.0, 40.0)))
unary("invert", np.invert, None, kinds=INT, callables=(np.invert, operator.invert), numba="~{0}", precedence=UNARY,
      flops=1, analytic=False, instead=_on_bool("not"))

# ---------------------------------------------------------------------- selection
def _mask(condition: Any, x: Any) -> Any:
    """1 where the condition holds, else 0, in the kind of x."""
    return where(condition, constant_like(x, 1.0), constant_like(x, 0.0))


def _select(c: Any, a: Any, b: Any) -> Any:
    chosen: Any = np.where(c, a, b)
    return chosen[()]  # a scalar, not an array of rank 0


def _select_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`y_bar = f_bar if x else 0; z_bar = 0 if x else f_bar`: routed, so that what is not selected gets an exact zero,
    whatever the cotangent is."""
    zero = constant_like(y_bar, 0.0)
    return sum_to(where(xs[0], y_bar, zero) if k == 1 else where(xs[0], zero, y_bar), shape(xs[k]))


def _select_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    if tangents[1] is None and tangents[2] is None:
        return None
    return filled(where(xs[0], *(constant_like(y, 0.0) if t is None else t for t in tangents[1:])), y)


register(Primitive(
    "select", _select, elementwise(last, (BOOL, ANY), "select", True, 1), 3, True, (BOOL, ANY, ANY), (),
    (None, lambda y, c, a, b: _mask(c, a), lambda y, c, a, b: _mask(~c, b)), _select_vjp, _select_jvp,
    numba="{1} if {0} else {2}",
    numba_complex="{1} if {0} else {2}", precedence=TERNARY, flops=0,
    domain=((0.0, 1.0), (-2.0, 2.0), (-2.0, 2.0)), simpler=identities.select))


def _wins(a: Any, b: Any, better: Any) -> Any:
    """The weight of a: 1 where it is better than b, 1/2 in a tie."""
    return where(better, constant_like(a, 1.0), where(a == b, constant_like(a, 0.5), constant_like(a, 0.0)))


binary("minimum", np.minimum, (lambda y, a, b: _wins(a, b, a < b), lambda y, a, b: _wins(b, a, b < a)),
       kinds=(REAL | BOOL,), callables=(np.minimum,), numba="np.minimum({0}, {1})", analytic=False,
       simpler=identities.idempotent)
binary("maximum", np.maximum, (lambda y, a, b: _wins(a, b, a > b), lambda y, a, b: _wins(b, a, b > a)),
       kinds=(REAL | BOOL,), callables=(np.maximum,), numba="np.maximum({0}, {1})", analytic=False,
       simpler=identities.idempotent)
binary("fmin", np.fmin, (lambda y, a, b: _wins(a, b, (a < b) | isnan(b)),
                         lambda y, a, b: _wins(b, a, (b < a) | isnan(a))),
       kinds=(FLOAT,), callables=(np.fmin,), numba="np.fmin({0}, {1})", analytic=False)
binary("fmax", np.fmax, (lambda y, a, b: _wins(a, b, (a > b) | isnan(b)),
                         lambda y, a, b: _wins(b, a, (b > a) | isnan(a))),
       kinds=(FLOAT,), callables=(np.fmax,), numba="np.fmax({0}, {1})", analytic=False)
binary("heaviside", np.heaviside, (None, lambda y, x, h: _mask(x == 0, h)), kinds=(FLOAT,),
       callables=(np.heaviside,), kernel=kernels.heaviside, analytic=False)
