"""`cmath`: complex numbers of Python, with the exceptions it raises."""

from __future__ import annotations

import cmath
from typing import Any

from workbench.frontend import arithmetic
from workbench.frontend.library.registry import handles
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
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        (z,) = args
        if is_static(z):
            return getattr(cmath, name)(z)
        return _applied(act.t, prim, act.t.scalar(z, Kind.C128))
    return handler


for _name, _prim in _PRIMITIVES.items():
    handles(getattr(cmath, _name))(_function(_name, _prim))


@handles(cmath.log)
def log(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`cmath.log(z[, base])`."""
    if is_static(args):
        return cmath.log(*args)
    found = [_applied(act.t, "log", act.t.scalar(a, Kind.C128)) for a in args]
    return found[0] if len(found) == 1 else arithmetic.binary(act.t, "/", found[0], found[1])


@handles(cmath.phase)
def phase(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`cmath.phase(z)`."""
    if is_static(args):
        return cmath.phase(*args)
    t: Tracer = act.t
    z = t.scalar(args[0], Kind.C128)
    return Scalar(t.emit("angle", z), True)


def _test(name: str, every: bool) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if is_static(args):
            return getattr(cmath, name)(*args)
        t: Tracer = act.t
        z = t.scalar(args[0], Kind.C128)
        parts = [t.emit(name, t.emit(part, z)) for part in ("real", "imag")]
        return t.wrap(t.emit("and" if every else "or", *parts), True)
    return handler


handles(cmath.isfinite)(_test("isfinite", True))
handles(cmath.isinf)(_test("isinf", False))
handles(cmath.isnan)(_test("isnan", False))
