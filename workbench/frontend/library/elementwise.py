"""Elementwise functions: `math` with the exceptions it raises, NumPy's ufuncs with `out=`, `where=` and `dtype=`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench import rules
from workbench.frontend import arithmetic, arrays, branches, indexing, layout
from workbench.frontend.composed.numbers import direction
from workbench.frontend.describing import describe
from workbench.frontend.library.arguments import bound
from workbench.frontend.library.registry import handles
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Choice, DynamicList, ListValue, Scalar
from workbench.ir import Constant, Kind, Value, kind_of

_OPERATORS: dict[Any, str] = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.floor_divide: "//", np.mod: "%",
    np.power: "**", np.matmul: "@", np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">=",
    np.equal: "==", np.not_equal: "!=", np.bitwise_and: "&", np.bitwise_or: "|", np.bitwise_xor: "^",
    np.left_shift: "<<", np.right_shift: ">>",
}
_UNARY: dict[Any, str] = {np.negative: "-", np.positive: "+", np.invert: "~", np.absolute: "abs"}
_LOGICAL: dict[Any, str] = {np.logical_and: "and", np.logical_or: "or", np.logical_xor: "xor"}
# results that stay integers (or booleans) for integer arguments
_INTEGRAL = {"abs", "sign", "square", "minimum", "maximum", "neg", "fmin", "fmax", "floor", "ceil", "trunc",
             "real", "imag", "conj", "mod", "fmod", "floordiv"}
_OWN_KINDS = {"ldexp": (False, True), "polygamma": (True, False), "sincs": (True, False), "exprels": (True, False)}


def primitive(callee: Any) -> rules.Primitive | None:
    """The elementwise primitive that a callable means."""
    try:
        found = rules.by_callable(callee)
    except TypeError:
        return None
    return found if found is not None and found.elementwise else None


def apply_primitive(act: Any, prim: rules.Primitive, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a function that the rule table knows."""
    t: Tracer = act.t
    numbers = [as_operand(t, a) for a in args]
    if getattr(callee, "__module__", "") == "math":
        _require_numbers(prim.name, numbers)
        if any(isinstance(n, Array) for n in numbers):
            numbers = [_single(t, n) for n in numbers]
        return _math(t, prim, numbers)
    kind = None
    if isinstance(callee, np.ufunc):
        numbers, named, kind = in_loop(t, callee, numbers, named)
    _require_numbers(prim.name, numbers)
    if (number_kind(numbers[0]) or Kind.F64).is_complex and prim.name == "sign":
        result = t.environment.call(act, direction, (numbers[0],), {})
    else:
        _check_kinds(t, prim, numbers)
        result = ufunc(t, prim.name, numbers)
    return finish_ufunc(act, result, named, prim.name, kind)


def _require_numbers(name: str, numbers: list[Any]) -> None:
    for number in numbers:
        if number_kind(number) is None:
            raise TypeError(f"{name} of {describe(number)}")


def in_loop(t: Tracer, callee: np.ufunc, args: list[Any], named: dict[str, Any]) -> tuple[
        list[Any], dict[str, Any], Kind]:
    """The operands of a ufunc in the kinds that NumPy computes it in, the keywords (`out=` among them, `dtype=` not),
    and the kind of the result.

    Raises what NumPy raises where it has no loop for the kinds, or does not cast them so."""
    numbers, options = list(args), dict(named)
    if len(numbers) == callee.nin + 1 and callee.nout == 1:
        options["out"] = numbers.pop()
    if len(numbers) != callee.nin or callee.nout != 1:
        raise TypeError(f"{callee.__name__}() takes from {callee.nin} to {callee.nargs} positional arguments but "
                        f"{len(args)} were given")
    _require_numbers(callee.__name__, numbers)
    out, dtype = options.get("out"), options.pop("dtype", None)
    out = out[0] if isinstance(out, tuple) else out
    kind = number_kind(out) if out is not None else None
    given = (*(_dtype_of(n) for n in numbers), None if kind is None else kind.dtype)
    asked: dict[str, Any] = {}
    if dtype is not None:
        asked["signature"] = (*(None for _ in numbers), dtype_kind(t, dtype).dtype)
    loop = callee.resolve_dtypes(given, casting="same_kind", **asked)
    *kinds, result = (kind_of(d) for d in loop)
    if result is None:
        t.fail(f"np.{callee.__name__} of these kinds, which gives {loop[-1]},", "convert the argument to float64")
    numbers = [cast(t, n, k) if k is not None and (dtype is not None or _is_cast(n, k)) else n
               for n, k in zip(numbers, kinds, strict=True)]
    return numbers, options, result


def _is_cast(number: Any, kind: Kind) -> bool:
    """True where NumPy converts a real number or array to another kind of inexact number."""
    known = isinstance(number, (Array, Scalar)) and kind.is_inexact
    return known and number.kind is not kind and not number.kind.is_complex


def _dtype_of(number: Any) -> Any:
    """The dtype of an operand; of Python's numbers, which promote weakly, their type."""
    kind = number_kind(number) or Kind.F64
    if not is_python_number(number) or kind is Kind.BOOL:
        return kind.dtype
    return {Kind.INT: int, Kind.F64: float}.get(kind, complex)


def _check_kinds(t: Tracer, prim: rules.Primitive, numbers: list[Any]) -> None:
    """Refuse complex numbers where the function, or its derivative, is known for real ones only."""
    if len(numbers) != (prim.arity or len(numbers)):
        raise TypeError(f"{prim.name} takes {prim.arity} arguments, not {len(numbers)}")
    for number in numbers:
        kind = number_kind(number)
        if kind is not None and kind.is_complex and not prim.takes(0, kind) and prim.name not in ("abs", "not"):
            t.fail(f"{prim.name} of complex numbers", "take the real part, or the modulus")


def as_operand(t: Tracer, value: Any) -> Any:
    """Lists, tuples and choices as arrays."""
    if isinstance(value, Choice):
        return t.environment.read_choice(t, value)
    if isinstance(value, (ListValue, DynamicList, tuple, np.ndarray)):
        return t.environment.as_array(t, value)
    return value


def finish_ufunc(act: Any, result: Any, named: dict[str, Any], name: str, kind: Kind | None = None) -> Any:
    """`out=` and `where=` of a ufunc whose result must be of a kind."""
    t: Tracer = act.t
    if kind is not None and number_kind(result) is not kind:
        t.fail(f"np.{name} of these kinds, which gives {kind.dtype},", "convert the argument to float64")
    options = dict(named)
    out, where = options.pop("out", None), options.pop("where", True)
    if options.pop("casting", "same_kind") != "same_kind" or options:
        t.fail(f"the option {next(iter(options), 'casting')!r} of np.{name}", "leave it out")
    if isinstance(out, tuple):
        (out,) = out
    if out is None:
        if where is not True:
            t.fail(f"`where=` without `out=` leaves elements of np.{name} undefined", "give out=")
        return result
    if not isinstance(out, (Array, Choice)):
        if isinstance(out, Scalar) and out.kind.is_inexact and not out.python:
            t.fail(f"`out=` of np.{name} without axes", "use what it returns")
        raise TypeError("return arrays must be of ArrayType")
    fits(out, result)
    function = getattr(np, name, None)
    if isinstance(out, Array) and isinstance(function, np.ufunc) and function.nout == 1:
        arrays.require_castable(result, out, function)
    if where is not True:
        result = select(t, as_operand(t, where), result, as_operand(t, out))
    write_out(t, out, result)
    return out


def fits(out: Any, result: Any, exact: bool = False) -> None:
    """Raise where a result has more axes than the array that it goes into (or, of a reduction, other ones)."""
    rank = (out.options[0] if isinstance(out, Choice) else out).rank
    axes = result.rank if isinstance(result, Array) else 0
    if axes > rank or (exact and axes != rank):
        raise ValueError(f"non-broadcastable output operand: the result has {axes} axes, `out` has {rank}")


def write_out(t: Tracer, out: Any, result: Any) -> None:
    """`out=`: the result goes into an array, or into the one that a choice stands for."""
    if isinstance(out, Choice):
        branches.over_choice(t, out, lambda array: indexing.put(t, array, Ellipsis, result))
    else:
        indexing.put(t, out, Ellipsis, result)


def ufunc(t: Tracer, name: str, numbers: list[Any]) -> Any:
    """A NumPy elementwise function on numbers and arrays: NumPy's kinds, no exceptions."""
    if name in _OWN_KINDS:
        return as_numpy(t, _of_own_kinds(t, name, numbers))
    kind = common_kind(*numbers)
    if not kind.is_inexact:
        name = {"fmin": "minimum", "fmax": "maximum"}.get(name, name)
    if not kind.is_inexact and name not in _INTEGRAL:
        kind = Kind.F64
    if kind is Kind.BOOL and name in _INTEGRAL:
        kind = Kind.INT
    if name in ("floor", "ceil", "trunc") and kind is Kind.INT:
        return as_numpy(t, numbers[0])
    result = arithmetic.elementwise(t, name, numbers, kind)
    return as_numpy(t, result)


def _of_own_kinds(t: Tracer, name: str, numbers: list[Any]) -> Any:
    """A function some of whose operands are integers."""
    shapes = [n.dims for n in numbers if isinstance(n, Array)]
    if len(shapes) > 1:
        arrays.broadcast_dims(t, *shapes)
    values = []
    for number, integral in zip(numbers, _OWN_KINDS[name], strict=True):
        kind = number_kind(number) or Kind.F64
        if integral and kind.is_inexact:
            t.fail(f"{name} of a float where an integer is meant", "convert it with int()")
        single = kind.is_inexact and name != "polygamma"  # (of which SciPy's is always in double precision)
        values.append(arrays.operand(t, number, Kind.INT if integral else kind if single else Kind.F64))
    return arithmetic.result(t, t.emit(name, *values), False, "", numbers)


def as_numpy(t: Tracer, value: Any) -> Any:
    """A scalar of NumPy's kind: what a NumPy function gives for Python numbers."""
    if isinstance(value, Scalar):
        return Scalar(value.value, False)
    if isinstance(value, (bool, int)):
        return np.bool_(value) if isinstance(value, bool) else np.int64(value)
    return value


def cast(t: Tracer, value: Any, kind: Kind) -> Any:
    """A number or array converted to another kind."""
    given = number_kind(value)
    if given is kind:
        return value
    if given is not None and given.is_complex and not kind.is_complex and kind is not Kind.BOOL:
        t.fail(f"a complex number converted to {kind.dtype}, which drops its imaginary part", "take the real part")
    converted = arrays.operand(t, value, kind)
    if not converted.is_array:
        return Scalar(converted, False)
    return arithmetic.result(t, converted, False, "", [value])


def dtype_kind(t: Tracer, dtype: Any) -> Kind:
    """The kind of a dtype argument."""
    kind = kind_of(dtype)
    if kind is None:
        t.fail(f"arrays of dtype {dtype}", "use bool, int64, float32, float64, complex64 or complex128")
    return kind


def select(t: Tracer, mask: Any, a: Any, b: Any) -> Any:
    """`np.where(mask, a, b)`."""
    kind = common_kind(a, b)
    shapes = [v.dims for v in (mask, a, b) if isinstance(v, Array)]
    if len(shapes) > 1:
        arrays.broadcast_dims(t, *shapes)
    test = arrays.operand(t, mask, number_kind(mask) or Kind.BOOL)
    if test.kind is not Kind.BOOL:
        test = t.emit("ne", test, Constant(0, test.kind))
    chosen = t.emit("select", test, arrays.operand(t, a, kind), arrays.operand(t, b, kind))
    if not chosen.is_array:
        return Scalar(chosen, False)
    return arithmetic.result(t, chosen, False, "", [mask, a, b])


# ---------------------------------------------------------------------- math
def _single(t: Tracer, value: Any) -> Any:
    if not isinstance(value, Array):
        return value
    if all(layout.is_one(t, d, "the length of an array that becomes a number") for d in value.dims):
        return indexing.get(t, value, (0,) * value.rank)
    raise TypeError("only length-1 arrays can be converted to Python scalars")


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
    "fmod": lambda emit, x: _divides(emit, x), "remainder": lambda emit, x: _divides(emit, x),
}
_OVERFLOWS = {"ldexp", "exp", "expm1", "sinh", "cosh", "exp2", "gamma", "lgamma", "pow"}
_TO_INTEGER = {"floor", "ceil", "trunc"}
_FINITE = {"sin", "cos", "tan"}


def _math(t: Tracer, prim: rules.Primitive, numbers: list[Any]) -> Any:
    """A function of `math`: floats out, and its exceptions."""
    name = prim.name
    if any((number_kind(n) or Kind.F64).is_complex for n in numbers):
        raise TypeError("must be real number, not complex")
    integral = _OWN_KINDS.get(name, (False,) * len(numbers))
    values = [t.integer(n) if whole else t.scalar(n, Kind.F64) for n, whole in zip(numbers, integral, strict=True)]
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


def _is_static_number(value: Any) -> bool:
    return number_kind(value) is not None and not arithmetic.is_dynamic(value)


def _register() -> None:
    for callee, op in _OPERATORS.items():
        handles(callee)(_operator(callee, op))
    for callee, op in _UNARY.items():
        handles(callee)(_operator(callee, op))
    for callee, op in _LOGICAL.items():
        handles(callee)(_logical(callee, op))


def _operator(callee: Any, op: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        numbers, named, kind = in_loop(act.t, callee, [as_operand(act.t, a) for a in args], named)
        if all(_is_static_number(n) for n in numbers) and not named:
            return callee(*numbers)
        if len(numbers) == 1:
            result = arithmetic.unary(act.t, op, numbers[0])
        else:
            # NumPy's functions do not raise where Python's operators do
            first = as_numpy(act.t, numbers[0]) if is_python_number(numbers[0]) and is_python_number(
                numbers[1]) else numbers[0]
            if isinstance(first, float):  # (Python's number promotes weakly)
                first = (kind.dtype.type if kind in (Kind.F32, Kind.C64) else np.float64)(first)
            result = arithmetic.binary(act.t, op, first, numbers[1])
        return finish_ufunc(act, as_numpy(act.t, result), named, callee.__name__, kind)
    return handler


def _logical(callee: Any, op: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        numbers, named, _ = in_loop(t, callee, [as_operand(t, a) for a in args], named)
        values = []
        for number in numbers:
            value = arrays.operand(t, number, number_kind(number) or Kind.BOOL)
            values.append(value if value.kind is Kind.BOOL else t.emit("ne", value, Constant(0, value.kind)))
        shapes = [v.dims for v in values if v.is_array]
        if len(shapes) > 1:
            arrays.broadcast_dims(t, *shapes)
        found = arithmetic.result(t, t.emit(op, *values), False, "", [as_operand(t, a) for a in args])
        return finish_ufunc(act, found, named, f"logical_{op}")
    return handler


@handles(np.logical_not)
def logical_not(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.logical_not`."""
    t: Tracer = act.t
    (number,), named, _ = in_loop(t, np.logical_not, [as_operand(t, a) for a in args], named)
    value = arrays.operand(t, number, number_kind(number) or Kind.BOOL)
    if value.kind is not Kind.BOOL:
        value = t.emit("ne", value, Constant(0, value.kind))
    return finish_ufunc(act, arithmetic.result(t, t.emit("not", value), False, "", [number]), named, "logical_not")


@handles(np.where)
def where(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.where(condition, x, y)`; the one-argument form has no static number of results."""
    t: Tracer = act.t
    if len(args) != 3:
        return t.environment.call(act, np.nonzero, args, named)
    mask, a, b = (as_operand(t, v) for v in args)
    return select(t, mask, a, b)


@handles(np.add.at)
def add_at(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.add.at(a, indices, b)`."""
    t: Tracer = act.t
    target, key, value = args
    number = as_operand(t, value)
    first = target.options[0] if isinstance(target, Choice) else target
    if isinstance(first, Array) and not first.kind.is_inexact and (number_kind(number) or Kind.F64).is_inexact:
        t.fail("np.add.at and np.subtract.at of floats on an array of integers", "make the array one of floats")
    if isinstance(target, Choice):
        branches.over_choice(t, target, lambda array: indexing.add_at(t, array, key, number))
    elif isinstance(target, Array):
        indexing.add_at(t, target, key, number)
    else:
        raise TypeError(f"first operand must be array, not {describe(target)}")
    return None


@handles(np.subtract.at)
def subtract_at(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.subtract.at(a, indices, b)`."""
    t: Tracer = act.t
    number = as_operand(t, args[2])
    negative = arithmetic.unary(t, "-", number) if arithmetic.is_dynamic(number) else -number
    return add_at(act, (args[0], args[1], negative), named)


@handles(np.clip)
def clip(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.clip(a, low, high)`."""
    t: Tracer = act.t
    options = dict(named)
    bounds = [*args[1:], *([None] * (3 - len(args)))]
    low = options.pop("a_min", options.pop("min", bounds[0]))
    high = options.pop("a_max", options.pop("max", bounds[1]))
    result = as_operand(t, args[0])
    if len(args) > 3:
        options["out"] = args[3]
    bounds = [(np.maximum, low), (np.minimum, high)]
    given = [(function, as_operand(t, limit)) for function, limit in bounds if limit is not None]
    if not given:
        (result,), options, _ = in_loop(t, np.positive, [result], options)
        result = as_numpy(t, _copied(t, result) if isinstance(result, Array) else result)
    for k, (function, limit) in enumerate(given):
        last = k == len(given) - 1
        taken = options if last else {name: v for name, v in options.items() if name == "dtype"}
        numbers, rest, _ = in_loop(t, function, [result, limit], taken)
        _check_kinds(t, rules.get("maximum"), numbers)
        result = ufunc(t, "maximum" if function is np.maximum else "minimum", numbers)
        options = rest if last else options
    return finish_ufunc(act, result, options, "clip")


def _copied(t: Tracer, array: Array) -> Any:
    made = t.new_array(t.emit("copy", arrays.read(t, array)))
    return layout.laid(made, layout.order_asked(t, "K", array, array.rank))


@handles(np.round, np.around)
def round_(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.round(a, decimals=0, out=None)`; derivative zero."""
    t: Tracer = act.t
    a, decimals, out = bound(t, "np.round", args, named, "a", decimals=0, out=None)
    result = _rounded(t, as_operand(t, a), t.static_int(decimals, "the number of decimals"))
    return result if out is None else finish_ufunc(act, result, {"out": out}, "rint")


def _rounded(t: Tracer, value: Any, decimals: int) -> Any:
    kind = number_kind(value) or Kind.F64
    if kind.is_complex:
        t.fail("np.round of complex numbers", "round the real and the imaginary part")
    if kind is Kind.BOOL or (kind is Kind.INT and decimals < 0):
        t.fail("np.round of truth values, or of integers to tens", "convert them to floats")
    if kind is Kind.INT:
        return as_numpy(t, _copied(t, value) if isinstance(value, Array) else value)
    if decimals == 0:
        return ufunc(t, "rint", [value])
    scale = 10.0**abs(decimals)
    if decimals < 0:
        return arithmetic.binary(t, "*", ufunc(t, "rint", [arithmetic.binary(t, "/", value, scale)]), scale)
    return arithmetic.binary(t, "/", ufunc(t, "rint", [arithmetic.binary(t, "*", value, scale)]), scale)


@handles(math.fsum)
def fsum(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`math.fsum`, summed in order."""
    return act.t.environment.call(act, sum, (args[0], 0.0), {})


@handles(math.prod)
def prod(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`math.prod` of a list or tuple."""
    t: Tracer = act.t
    total = t.variable("total", named.get("start", 1))
    t.environment.over_items(act, args[0], ("prod", t.span), lambda item: t.assign(
        total, t.environment.binary(act, "*", t.read(total), item)))
    return t.read(total)


@handles(math.dist)
def dist(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`math.dist(p, q)`."""
    binary = act.t.environment.binary
    pairs = zip(*(act.t.environment.items(act, a) for a in args), strict=True)
    return act.t.environment.call(act, math.hypot, tuple(binary(act, "-", a, b) for a, b in pairs), {})


@handles(math.hypot)
def hypot(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`math.hypot(*coordinates)`."""
    t: Tracer = act.t
    first, *rest = [t.scalar(a, Kind.F64) for a in args] or [Constant(0.0, Kind.F64)]
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


@handles(math.log)
def log(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`math.log(x[, base])`."""
    if all(_is_static_number(a) for a in args):
        return math.log(*args)
    prim = rules.get("log")
    result = _math(act.t, prim, [args[0]])
    if len(args) == 2:
        base = math.log(args[1]) if _is_static_number(args[1]) else _math(act.t, prim, [args[1]])
        return arithmetic.binary(act.t, "/", result, base)
    return result


@handles(math.isclose)
def isclose(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`math.isclose`."""
    t: Tracer = act.t
    given = bound(t, "math.isclose", args, named, "a", "b", rel_tol=1e-09, abs_tol=0.0)
    if all(_is_static_number(v) for v in given):
        return math.isclose(given[0], given[1], rel_tol=given[2], abs_tol=given[3])
    a, b, relative, absolute = (t.scalar(v, Kind.F64) for v in given)
    for tolerance in (relative, absolute):
        t.check(t.emit("not", t.emit("lt", tolerance, Constant(0.0, Kind.F64))), "ValueError",
                "tolerances must be non-negative")
    limit = t.emit("maximum", t.emit("mul", relative, t.emit("maximum", t.emit("abs", a), t.emit("abs", b))), absolute)
    near = t.emit("le", t.emit("abs", t.emit("sub", a, b)), limit)
    infinite = t.emit("or", t.emit("isinf", a), t.emit("isinf", b))  # close to none but itself
    return t.wrap(t.emit("or", t.emit("eq", a, b), t.emit("and", near, t.emit("not", infinite))), True)


_register()
