"""Operators on numbers and arrays, with Python's and NumPy's own rules for kinds, zero divisors and powers.

Invariant: a Python scalar raises where Python raises (an emitted `check`), a NumPy value gives inf or nan.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.frontend import arrays, layout, states
from workbench.frontend.activation import outside
from workbench.frontend.numbers import KNOWS_TURN, common_kind, computed, is_python_number, number_kind, python_ways
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import (
    VIEWS,
    Array,
    Choice,
    Conflict,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    RangeValue,
    Scalar,
    SetValue,
    ZipValue,
    describe,
)
from workbench.ir import Constant, Kind, Value

STATIC_BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow, "@": operator.matmul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}
OPERATOR_NAMES = {"+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow",
                  "@": "matmul", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
                  "&": "and", "|": "or", "^": "xor", "<<": "lshift", ">>": "rshift"}
UFUNCS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.true_divide, "//": np.floor_divide,
          "%": np.remainder, "**": np.power, "&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor,
          "<<": np.left_shift, ">>": np.right_shift}
_PRIMS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "**": "pow",
          "&": "bitand", "|": "bitor", "^": "bitxor", "<<": "lshift", ">>": "rshift"}
_COMPARE = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_BOOLEAN = {"&": "and", "|": "or", "^": "xor"}
_KEEPING = frozenset({"add", "sub", "mul", "floordiv", "mod", "neg", "abs"})  # whose results are as their operands
_TOO_LARGE = "(34, 'Numerical result out of range')"  # as Python writes an error number and its text


def is_dynamic(value: Any) -> bool:
    """True for run-time scalars and arrays."""
    return isinstance(value, (Scalar, Array, Choice))


def elementwise(t: Tracer, prim: str, operands: list[Any], kind: Kind | None = None, name: str = "") -> Any:
    """Apply an elementwise primitive: cast to the common kind, check shapes, emit; a scalar of Python's kind when
    all operands are Python's."""
    operands = [arrays_of(t, v) for v in operands]
    kind = kind or common_kind(*operands)
    dims = [v.dims for v in operands if isinstance(v, Array)]
    if len(dims) > 1:
        arrays.broadcast_dims(t, *dims)
    values = [arrays.operand(t, v, kind) for v in operands]
    return result(t, t.emit(prim, *values), arrays.mixes_python(*operands), name, operands, prim in _KEEPING)


def result(t: Tracer, value: Value, python: bool, name: str, operands: Sequence[Any], keeps: bool = False) -> Any:
    """A value computed element by element of operands, for the evaluator; `keeps`: an integer of integers."""
    if python and value.kind is Kind.INT:
        t.integers.add(value)
    if not value.is_array:
        others = computed(value.kind, python, operands, keeps)
        return Scalar(value, python, others) if others else t.wrap(value, python)
    return layout.laid(t.new_array(value, name), layout.combined_order(t, operands, value.dims))


def arrays_of(t: Tracer, value: Any) -> Any:
    """A choice of arrays read as a fresh array; anything else as it is."""
    if isinstance(value, Choice):
        return t.environment.read_choice(t, value)
    return value


def binary(t: Tracer, op: str, a: Any, b: Any) -> Any:
    """`a op b` for numbers and arrays, at least one of them known only at run time."""
    a, b = arrays_of(t, a), arrays_of(t, b)
    if number_kind(a) is None or number_kind(b) is None:
        for number in (a, b):
            if isinstance(number, np.number) and number_kind(number) is None:
                t.fail(f"a number of type {number.dtype} with run-time numbers", "convert it (`float(...)`)")
        if op in ("==", "!=") and any(v is None for v in (a, b)) and not any(isinstance(v, Array) for v in (a, b)):
            return op == "!="
        raise TypeError(f"unsupported operand type(s) for {op}: {describe(a)} and {describe(b)}")
    if op in _COMPARE:
        return compare(t, op, a, b)
    if op == "@":
        return t.environment.matmul(t, a, b)
    kind = common_kind(a, b)
    if op == "/":
        if not kind.is_inexact:
            kind = Kind.F64
        _check_divisor(t, a, b, kind, "float division by zero" if _any_float(a, b) else "division by zero")
        return elementwise(t, "div", [a, b], kind)
    if op == "**":
        return power(t, a, b)
    if kind is Kind.BOOL:
        if op in _BOOLEAN:
            return elementwise(t, _BOOLEAN[op], [a, b])
        if not arrays.mixes_python(a, b):
            if op in ("+", "*"):
                return elementwise(t, "or" if op == "+" else "and", [a, b])
            if op == "-":
                raise TypeError("numpy boolean subtract, the `-` operator, is not supported")
        kind = Kind.INT
    if op in ("//", "%"):
        message = "float floor division by zero" if kind.is_inexact else "integer division or modulo by zero"
        if kind.is_inexact and op == "%":
            message = "float modulo"
        _check_divisor(t, a, b, kind, message)
    elif op in _BOOLEAN or op in ("<<", ">>"):
        if kind.is_inexact:
            raise TypeError(f"unsupported operand type(s) for {op}: a float")
        if op in ("<<", ">>") and arrays.mixes_python(a, b):
            b = _shift_count(t, op, b)
    return elementwise(t, _PRIMS[op], [a, b], kind)


def _shift_count(t: Tracer, op: str, b: Any) -> Any:
    """A shift by as many bits as the machine can: a negative count raises, what is shifted out to the right is gone."""
    count = t.scalar(b, Kind.INT)
    t.check(t.emit("ge", count, Constant(0, Kind.INT)), "ValueError", "negative shift count")
    return t.wrap(t.emit("minimum", count, Constant(63, Kind.INT)), True) if op == ">>" else b


def check_division(t: Tracer, a: Any, b: Any) -> None:
    """`divmod(a, b)`: its own words for a zero divisor."""
    kind = common_kind(a, b)
    _check_divisor(t, a, b, Kind.INT if kind is Kind.BOOL else kind,
                   "float divmod()" if kind.is_inexact else "integer division or modulo by zero")


def _any_float(*values: Any) -> bool:
    return any(k is not None and k.is_inexact for k in map(number_kind, values))


def _check_divisor(t: Tracer, a: Any, b: Any, kind: Kind, message: str) -> None:
    if arrays.mixes_python(a, b):
        divisor = t.scalar(b, kind)
        zero = Constant(0, kind)
        if isinstance(divisor, Constant) and divisor.value == 0:
            raise ZeroDivisionError(message)
        t.check(t.emit("ne", divisor, zero), "ZeroDivisionError", message)
        return
    for way in python_ways(a, b):
        loops = {x.loop for x in way if x.loop is not None}
        fine = [t.emit("ne", t.scalar(b, kind), Constant(0, kind)), *(turned for x in loops if (
            turned := _turned(t, x)) is not None)]
        if len(fine) > 1:
            t.check(functools.reduce(lambda x, y: t.emit("or", x, y), fine), "ZeroDivisionError", message)


def _turned(t: Tracer, loop: Any) -> Value | None:
    """What tells if a loop made a turn, where that is to be had."""
    if loop not in t.turned:
        if (KNOWS_TURN, loop) not in t.decisions:
            raise Restart((KNOWS_TURN, loop), True, t.span, "it matters if a loop makes a turn")
        return None
    frame, turned = t.turned[loop]
    return turned if any(frame is f for f in t.builder.frames) else None


def power(t: Tracer, a: Any, b: Any) -> Any:
    """`a ** b`."""
    kind = common_kind(a, b)
    python = arrays.mixes_python(a, b)
    if kind is Kind.BOOL:
        kind = Kind.INT
    if kind is Kind.INT and python and isinstance(b, int) and b < 0:
        kind = Kind.F64
    if python and kind is Kind.C128:
        _check_complex_power(t, a, b)
    if kind.is_inexact and _is_whole(b):
        if python and b < 0 and kind is Kind.F64:
            base = t.scalar(a, kind)
            t.check(t.emit("ne", base, Constant(0, kind)), "ZeroDivisionError",
                    "0.0 cannot be raised to a negative power")
        if b == 1:
            return elementwise(t, "mul", [a, b], kind)
        base = arrays.operand(t, a, kind)
        made = result(t, t.emit("square", base) if b == 2 else t.emit("pow", base, Constant(int(b), Kind.INT)), python,
                      "", [a, b], b >= 0)
        if python and kind is Kind.F64 and b != 0:
            check_range(t, made.value, [t.scalar(a, kind)], _TOO_LARGE)
        return made
    if kind is Kind.INT:
        if isinstance(b, int) and b < 0:
            raise ValueError("Integers to negative integer powers are not allowed.")
        if isinstance(b, Scalar):
            if python:
                t.check(t.emit("ge", t.scalar(b), Constant(0, Kind.INT)),
                        "DifferentiationError", "a negative run-time exponent of an integer gives a float: write "
                        "float(base) ** exponent")
            else:
                t.check(t.emit("ge", t.scalar(b), Constant(0, Kind.INT)), "ValueError",
                        "Integers to negative integer powers are not allowed.")
    elif python and kind is Kind.F64:
        check_power(t, a, b)
        made = elementwise(t, "pow", [a, b], kind)
        if not (isinstance(b, (int, float)) and 0 <= b <= 1):
            check_range(t, made.value, [t.scalar(a, kind), t.scalar(b, kind)], _TOO_LARGE)
        return made
    return elementwise(t, "pow", [a, b], kind)


def _is_whole(exponent: Any) -> bool:
    """True for an exponent known beforehand that is an integer, and one of the machine's."""
    return (isinstance(exponent, (int, float)) and not isinstance(exponent, bool) and abs(exponent) < 2**63
            and float(exponent).is_integer())


def _check_complex_power(t: Tracer, a: Any, b: Any) -> None:
    """Python's own condition on powers of complex numbers: no zero to a negative or complex one."""
    base, exponent = t.scalar(a, Kind.C128), t.scalar(b, Kind.C128)
    zero = Constant(0.0, Kind.F64)
    fine = t.emit("and", t.emit("eq", t.emit("imag", exponent), zero), t.emit("ge", t.emit("real", exponent), zero))
    t.check(t.emit("or", t.emit("ne", base, Constant(0, Kind.C128)), fine), "ZeroDivisionError",
            "0.0 to a negative or complex power")


def check_range(t: Tracer, value: Value, operands: list[Value], message: str) -> None:
    """No infinite number out of finite ones: Python's powers and functions of `math` raise."""
    fine = t.emit("not", t.emit("isinf", value))
    for operand in operands:
        fine = t.emit("or", fine, t.emit("isinf", operand))
    t.check(fine, "OverflowError", message)


def check_power(t: Tracer, a: Any, b: Any) -> None:
    """Python's own conditions on `float ** float`: no zero to a negative power, no complex result."""
    base, exponent = t.scalar(a, Kind.F64), t.scalar(b, Kind.F64)
    zero = Constant(0.0, Kind.F64)
    fractional = t.emit("ne", exponent, t.emit("floor", exponent))
    ok = t.emit("not", t.emit("and", t.emit("lt", base, zero), fractional))
    t.check(ok, "DifferentiationError", "a negative number to a fractional power is complex: "
                                        "make the base complex, or use np.power for nan")
    fine = t.emit("not", t.emit("and", t.emit("eq", base, zero), t.emit("lt", exponent, zero)))
    t.check(fine, "ZeroDivisionError", "0.0 cannot be raised to a negative power")


def compare(t: Tracer, op: str, a: Any, b: Any) -> Any:
    """A comparison; booleans out."""
    if op not in ("==", "!=") and any(k is not None and k.is_complex for k in map(number_kind, (a, b))):
        if is_python_number(a) and is_python_number(b):
            raise TypeError(f"'{op}' not supported between instances of 'complex' and 'complex'")
        t.fail("the order of complex numbers", "compare np.abs or np.real")
    return elementwise(t, _COMPARE[op], [a, b])


def unary(t: Tracer, op: str, a: Any) -> Any:
    """`-a`, `+a`, `~a`, `abs(a)` of a run-time number or array."""
    a = arrays_of(t, a)
    kind = number_kind(a)
    if kind is None:
        raise TypeError(f"bad operand type for unary {op}: {describe(a)}")
    if op == "~":
        return elementwise(t, "not" if kind is Kind.BOOL and not is_python_number(a) else "invert", [a],
                           Kind.INT if kind is Kind.BOOL and is_python_number(a) else None)
    if kind is Kind.BOOL and not is_python_number(a):
        if op == "-":
            raise TypeError("The numpy boolean negative, the `-` operator, is not supported, use the `~` operator or "
                            "the logical_not function instead.")
        if op == "+":
            raise TypeError("ufunc 'positive' did not contain a loop with signature matching types "
                            "<class 'numpy.dtypes.BoolDType'> -> None")
    elif kind is Kind.BOOL:
        return unary(t, op, Scalar(t.scalar(a, Kind.INT), True))
    if op == "+" or kind is Kind.BOOL:
        return a if isinstance(a, Scalar) else result(t, t.emit("copy", arrays.read(t, a)), False, "", [a])
    return elementwise(t, {"-": "neg", "abs": "abs"}[op], [a], kind)


def truth(t: Tracer, value: Any) -> bool | Scalar:
    """Python's truth of a value: static, or a run-time boolean."""
    value = arrays_of(t, value)
    if isinstance(value, Array):
        if all(layout.is_one(t, d, "the truth of an array") for d in value.dims):
            flat = t.emit("reshape", arrays.read(t, value), Constant(1, Kind.INT))
            return truth(t, Scalar(t.emit("load", flat, Constant(0, Kind.INT)), False))
        raise ValueError("The truth value of an array with more than one element is ambiguous. "
                         "Use a.any() or a.all()")
    if isinstance(value, Scalar):
        number = t.builder.resolve(value.value)
        if isinstance(number, Constant):
            return bool(number.value)
        if number.kind is Kind.BOOL:
            return Scalar(number, value.python)
        return Scalar(t.emit("ne", number, Constant(0, number.kind)), True)
    if isinstance(value, ObjectValue):
        for name in ("__bool__", "__len__"):
            if class_attribute(value.type, name) is not None:
                act = outside(t)
                return truth(t, t.environment.call_method(act, value, name, ()))
    if isinstance(value, DynamicList):
        return truth(t, t.read(value.length))
    if isinstance(value, RangeValue):
        return truth(t, t.wrap(t.environment.trips(outside(t), value), True))
    if isinstance(value, OneOf):
        found: bool | Scalar = states.truth(t, value)
        return found
    if isinstance(value, Conflict):
        t.fail(value.reason, "give it one type on both paths")
    if isinstance(value, (ListValue, DictValue)):
        return bool(value.items)
    if isinstance(value, SetValue):
        return bool(value.values)
    if isinstance(value, ZipValue) and value.kind in VIEWS:
        return bool(value.parts[0].items)
    return bool(value)


def opposite(t: Tracer, test: bool | Scalar) -> Any:
    """`not test`, of a truth value."""
    return t.wrap(t.emit("not", t.scalar(test, Kind.BOOL)), True) if isinstance(test, Scalar) else not test
