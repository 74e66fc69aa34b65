"""`cmath`: complex numbers of Python, with the exceptions it raises."""

from __future__ import annotations

import cmath
from typing import Any

from workbench.frontend import arithmetic
from workbench.frontend.activation import Activation
from workbench.frontend.library.registry import implements
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Scalar, is_static
from workbench.ir import Constant, Kind, Value

_PRIMITIVES = {
    "exp": "exp", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin", "acos": "acos",
    "atan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "acosh": "acosh",
    "atanh": "atanh", "log10": "log10",
}


def _finite(t: Tracer, z: Value) -> Value:
    return t.emit("and", t.emit("isfinite", t.emit("real", z)), t.emit("isfinite", t.emit("imag", z)))


def _applied(t: Tracer, name: str, z: Value) -> Any:
    """The function; what is infinite at a finite number raises."""
    if name.startswith("log"):
        t.check(t.emit("ne", z, Constant(0, Kind.C128)), "ValueError", "math domain error")
    result = t.emit(name, z)
    if name in ("exp", "sinh", "cosh", "atanh", "atan"):
        fine = t.emit("or", _finite(t, result), t.emit("not", _finite(t, z)))
        overflow = name in ("exp", "sinh", "cosh")
        t.check(fine, "OverflowError" if overflow else "ValueError", f"math {'range' if overflow else 'domain'} error")
    return Scalar(result, True)


def _function(name: str, prim: str) -> Any:
    def function(act: Activation, z: Any, /) -> Any:
        if is_static(z):
            return getattr(cmath, name)(z)
        return _applied(act.t, prim, act.t.scalar(z, Kind.C128))
    return function


for _name, _prim in _PRIMITIVES.items():
    implements(getattr(cmath, _name))(_function(_name, _prim))


@implements(cmath.log)
def log(act: Activation, z: Any, *base: Any) -> Any:
    """The logarithm, of a base where one is given."""
    if is_static((z, *base)):
        return cmath.log(z, *base)
    found = [_applied(act.t, "log", act.t.scalar(a, Kind.C128)) for a in (z, *base)]
    return found[0] if len(found) == 1 else arithmetic.binary(act.t, "/", found[0], found[1])


@implements(cmath.phase)
def phase(act: Activation, z: Any, /) -> Any:
    """The argument."""
    if is_static(z):
        return cmath.phase(z)
    return Scalar(act.t.emit("angle", act.t.scalar(z, Kind.C128)), True)


def _test(name: str, every: bool) -> Any:
    def function(act: Activation, z: Any, /) -> Any:
        if is_static(z):
            return getattr(cmath, name)(z)
        t = act.t
        value = t.scalar(z, Kind.C128)
        parts = [t.emit(name, t.emit(part, value)) for part in ("real", "imag")]
        return t.wrap(t.emit("and" if every else "or", *parts), True)
    return function


implements(cmath.isfinite)(_test("isfinite", True))
implements(cmath.isinf)(_test("isinf", False))
implements(cmath.isnan)(_test("isnan", False))
