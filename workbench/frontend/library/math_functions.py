"""`math`: functions of Python's floats, with the exceptions that they raise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from workbench import rules
from workbench.frontend import arithmetic, indexing, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_operand, is_known
from workbench.frontend.library.registry import implements
from workbench.frontend.library.ufuncs import require_numbers
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Scalar
from workbench.ir import Constant, Kind, Value

# ---------------------------------------------------------------------- where functions are defined
Domain = Callable[[Callable[..., Value], list[Value]], Value]


def _between(low: float, high: float) -> Domain:
    def ok(emit: Callable[..., Value], x: list[Value]) -> Value:
        outside = emit("or", emit("lt", x[0], Constant(low, Kind.F64)), emit("gt", x[0], Constant(high, Kind.F64)))
        return emit("not", outside)
    return ok


def _above(low: float, strict: bool) -> Domain:
    def ok(emit: Callable[..., Value], x: list[Value]) -> Value:
        return emit("not", emit("le" if strict else "lt", x[0], Constant(low, Kind.F64)))
    return ok


def _divides(emit: Callable[..., Value], x: list[Value]) -> Value:
    """A finite number by one that is not zero, or anything by NaN and NaN by anything."""
    fine = emit("and", emit("not", emit("isinf", x[0])), emit("ne", x[1], Constant(0.0, Kind.F64)))
    return emit("or", fine, emit("or", emit("isnan", x[0]), emit("isnan", x[1])))


_DOMAINS: dict[str, Domain] = {
    "sqrt": _above(0.0, False), "log": _above(0.0, True), "log2": _above(0.0, True), "log10": _above(0.0, True),
    "log1p": _above(-1.0, True), "asin": _between(-1.0, 1.0), "acos": _between(-1.0, 1.0),
    "acosh": _above(1.0, False),
    "atanh": lambda emit, x: emit("lt", emit("abs", x[0]), Constant(1.0, Kind.F64)),
    "gamma": lambda emit, x: emit("or", emit("gt", x[0], Constant(0.0, Kind.F64)),
                                  emit("ne", x[0], emit("floor", x[0]))),  # poles at 0, -1, -2, ...
    "lgamma": lambda emit, x: emit("or", emit("or", emit("gt", x[0], Constant(0.0, Kind.F64)), emit("isinf", x[0])),
                                   emit("ne", x[0], emit("floor", x[0]))),
    "fmod": _divides, "remainder": _divides,
}
_OVERFLOWS = {"ldexp", "exp", "expm1", "sinh", "cosh", "exp2", "gamma", "lgamma", "pow"}
_TO_INTEGER = {"floor", "ceil", "trunc"}
_FINITE = {"sin", "cos", "tan"}


# ---------------------------------------------------------------------- one call
def apply(t: Tracer, prim: rules.Primitive, args: tuple[Any, ...]) -> Any:
    """Call a function of `math` that is a primitive."""
    numbers = [as_operand(t, a) for a in args]
    require_numbers(prim.name, numbers)
    return _math(t, prim, [_single(t, n) for n in numbers])


def _single(t: Tracer, value: Any) -> Any:
    if not isinstance(value, Array):
        return value
    if all(layout.is_one(t, d, "the length of an array that becomes a number") for d in value.dims):
        return indexing.get(t, value, (0,) * value.rank)
    raise TypeError("only length-1 arrays can be converted to Python scalars")


def _math(t: Tracer, prim: rules.Primitive, numbers: list[Any]) -> Any:
    """A function of `math`: floats out, and its exceptions."""
    name = prim.name
    if any((number_kind(n) or Kind.F64).is_complex for n in numbers):
        raise TypeError("must be real number, not complex")
    values = [t.integer(n) if prim.is_whole(k) else t.scalar(n, Kind.F64) for k, n in enumerate(numbers)]
    if name in _DOMAINS:
        t.check(_DOMAINS[name](t.emit, values), "ValueError", "math domain error")
    if name == "pow":
        _check_pow(t, *values)
    result = t.emit(name, *values)
    if name in _FINITE:
        t.check(t.emit("not", t.emit("isinf", values[0])), "ValueError", "math domain error")
    if name in _OVERFLOWS:
        arithmetic.check_range(t, result, [v for v in values if v.kind.is_float], "math range error")
    return t.wrap(t.whole(result) if name in _TO_INTEGER else result, True)


def _check_pow(t: Tracer, base: Value, exponent: Value) -> None:
    """The domain of `math.pow`: no finite negative number to a fractional power, no zero to a negative one."""
    zero = Constant(0.0, Kind.F64)
    finite = t.emit("not", t.emit("or", t.emit("isinf", base), t.emit("isinf", exponent)))
    negative = t.emit("and", t.emit("lt", base, zero), t.emit("ne", exponent, t.emit("floor", exponent)))
    pole = t.emit("and", t.emit("eq", base, zero), t.emit("lt", exponent, zero))
    t.check(t.emit("not", t.emit("and", finite, t.emit("or", negative, pole))), "ValueError", "math domain error")


# ---------------------------------------------------------------------- of several numbers, or with options
@implements(math.hypot)
def hypot(act: Activation, *coordinates: Any) -> Any:
    """The length of a vector."""
    t = act.t
    first, *rest = [t.scalar(a, Kind.F64) for a in coordinates] or [Constant(0.0, Kind.F64)]
    if len(rest) > 1:
        first, rest = _largest_first(t, [first, *rest])
    result = t.emit("abs", first) if not rest else t.emit("hypot", first, rest[0])
    for other in rest[1:]:
        result = t.emit("hypot", result, other)
    return Scalar(result, True)


def _largest_first(t: Tracer, numbers: list[Value]) -> tuple[Value, list[Value]]:
    """The coordinate of the largest modulus, and all with a 0 in its place: no part of the sum is 0 unless all are, so
    that its root has derivatives of all orders."""
    places: list[Value] = [Constant(k, Kind.INT) for k in range(len(numbers))]
    largest, size, place = numbers[0], t.emit("abs", numbers[0]), places[0]
    for number, here in zip(numbers[1:], places[1:], strict=True):
        modulus = t.emit("abs", number)
        more = t.emit("gt", modulus, size)
        largest, size, place = (t.emit("select", more, *two) for two in (
            (number, largest), (modulus, size), (here, place)))
    zero = Constant(0.0, Kind.F64)
    return largest, [t.emit("select", t.emit("eq", place, k), zero, n) for k, n in zip(places, numbers, strict=True)]


@implements(math.dist)
def dist(act: Activation, p: Any, q: Any, /) -> Any:
    """The distance of two points."""
    environment = act.t.environment
    pairs = zip(environment.items(act, p), environment.items(act, q), strict=True)
    return hypot(act, *(environment.binary(act, "-", a, b) for a, b in pairs))


@implements(math.log)
def log(act: Activation, x: Any, *base: Any) -> Any:
    """The logarithm, of a base where one is given."""
    if all(is_known(a) for a in (x, *base)):
        return math.log(x, *base)
    found, *divisor = [math.log(a) if is_known(a) and k else _math(act.t, rules.get("log"), [a])
                       for k, a in enumerate((x, *base))]
    return arithmetic.binary(act.t, "/", found, divisor[0]) if divisor else found


@implements(math.isclose)
def isclose(act: Activation, a: Any, b: Any, *, rel_tol: Any = 1e-09, abs_tol: Any = 0.0) -> Any:
    """True where two numbers are nearly equal."""
    t, given = act.t, (a, b, rel_tol, abs_tol)
    if all(is_known(v) for v in given):
        return math.isclose(a, b, rel_tol=rel_tol, abs_tol=abs_tol)
    a, b, relative, absolute = (t.scalar(v, Kind.F64) for v in given)
    for tolerance in (relative, absolute):
        t.check(t.emit("not", t.emit("lt", tolerance, Constant(0.0, Kind.F64))), "ValueError",
                "tolerances must be non-negative")
    limit = t.emit("maximum", t.emit("mul", relative, t.emit("maximum", t.emit("abs", a), t.emit("abs", b))), absolute)
    near = t.emit("le", t.emit("abs", t.emit("sub", a, b)), limit)
    infinite = t.emit("or", t.emit("isinf", a), t.emit("isinf", b))  # close to none but itself
    return t.wrap(t.emit("or", t.emit("eq", a, b), t.emit("and", near, t.emit("not", infinite))), True)


@implements(math.fsum)
def fsum(act: Activation, seq: Any, /) -> Any:
    """The sum, in order."""
    return act.t.environment.call(act, sum, (seq, 0.0), {})


@implements(math.prod)
def prod(act: Activation, iterable: Any, /, *, start: Any = 1) -> Any:
    """The product, in order."""
    t = act.t
    total = t.variable("total", start)
    t.environment.over_items(act, iterable, ("prod", t.span), lambda item: t.assign(
        total, t.environment.binary(act, "*", t.read(total), item)))
    return t.read(total)
