"""Python's functions of numbers: `abs`, `pow`, `divmod`, `round`; conversions, NumPy's too."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, layout, texts
from workbench.frontend.activation import Activation
from workbench.frontend.composed.numbers import rounded
from workbench.frontend.library.arguments import called
from workbench.frontend.library.operands import as_operand, cast
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import Array, DynamicList, ListValue, ObjectValue, Scalar, TextValue, describe, is_static
from workbench.ir import Kind


@implements(abs)
def abs_(act: Activation, x: Any, /) -> Any:
    """The modulus."""
    if isinstance(x, ObjectValue) or (isinstance(x, tuple) and class_attribute(type(x), "__abs__")):
        return act.t.environment.call_method(act, x, "__abs__", ())
    return abs(x) if is_static(x) else arithmetic.unary(act.t, "abs", x)


@implements(pow)
def pow_(act: Activation, base: Any, exp: Any, mod: Any = None) -> Any:
    """A power; with a modulus of what is known."""
    if is_static((base, exp, mod)):
        return pow(base, exp, mod)
    if mod is not None:
        act.t.fail("pow with a modulus", "write it out")
    return act.t.environment.binary(act, "**", base, exp)


@implements(divmod)
def divmod_(act: Activation, x: Any, y: Any, /) -> Any:
    """Floor and remainder of a division."""
    binary = act.t.environment.binary
    if number_kind(x) is not None and number_kind(y) is not None:
        arithmetic.check_division(act.t, x, y)
    return binary(act, "//", x, y), binary(act, "%", x, y)


@implements(round)
def round_(act: Activation, number: Any, ndigits: Any = None) -> Any:
    """; derivative zero."""
    t = act.t
    if is_static((number, ndigits)):
        return round(number, ndigits)
    if ndigits is not None:
        if isinstance(ndigits, float):
            raise TypeError("'float' object cannot be interpreted as an integer")
        if number_kind(number) is Kind.INT and not isinstance(ndigits, Scalar) and ndigits >= 0:
            return number
        known = not isinstance(ndigits, Scalar) and abs(ndigits) <= 22
        if not isinstance(number, Scalar) or not number.kind.is_float or not known:
            t.fail("round of an integer, or to a number of digits that is known at run time only",
                   "divide, round and multiply")
        if not number.python:
            return t.environment.call(act, np.round, (number, ndigits), {})
        return t.environment.call(act, rounded, (number, 10.0 ** abs(ndigits), ndigits >= 0), {})
    if number_kind(number) is Kind.INT:
        return number if isinstance(number, Array) else Scalar(t.scalar(number), True)
    return t.wrap(t.whole(t.emit("rint", t.scalar(number))), True)


# ---------------------------------------------------------------------- conversions
_NUMBERS_WANTED = {float: "float() argument must be a string or a real number",
                   int: "int() argument must be a string, a bytes-like object or a real number",
                   complex: "complex() first argument must be a string or a number"}


def _to_kind(kind: Kind, callee: Any) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        if is_static((args, tuple(named.values()))):
            return callee(*args, **named)
        if named or len(args) > 1:
            if callee is complex:
                return called(act, _complex_of, "complex", args, named)
            if any(isinstance(a, TextValue) for a in args):
                texts.refuse(t, f"{callee.__name__}()")
            raise TypeError(f"{callee.__name__}() takes one number")
        if isinstance(args[0], ObjectValue):
            return t.environment.call_method(act, args[0], f"__{callee.__name__}__", ())
        if isinstance(args[0], TextValue):
            texts.refuse(t, f"{callee.__name__}()")
        words = _NUMBERS_WANTED[callee]
        if isinstance(args[0], (ListValue, DynamicList, tuple)):
            raise TypeError(f"{words}, not '{'tuple' if isinstance(args[0], tuple) else 'list'}'")
        value = as_operand(t, args[0])
        if isinstance(value, Array):
            if not all(layout.is_one(t, d, "the length of an array that becomes a number") for d in value.dims):
                raise TypeError("only length-1 arrays can be converted to Python scalars")
            value = t.environment.item(act, value, (0,) * value.rank)
        if number_kind(value) is None:
            raise TypeError(f"{words}, not {describe(value)}")
        own = number_kind(value)
        assert own is not None
        if own.is_complex and not kind.is_complex:
            raise TypeError(f"{words}, not 'complex'")
        number = t.scalar(value)
        if kind is Kind.INT and own.is_float:
            number = t.whole(t.emit("trunc", number))
        return t.wrap(t.emit("cast", number, kind=kind) if number.kind is not kind else number, True)
    return handler


def _complex_of(act: Activation, real: Any = 0.0, imag: Any = 0.0) -> Any:
    """`real + 1j * imag`."""
    t = act.t
    if any((number_kind(part) or Kind.F64).is_complex for part in (real, imag)):
        return t.environment.binary(act, "+", real, t.environment.binary(act, "*", imag, 1j))
    return Scalar(t.emit("complex", *(t.scalar(part, Kind.F64) for part in (real, imag))), True)


handles(float)(_to_kind(Kind.F64, float))
handles(int)(_to_kind(Kind.INT, int))
handles(complex)(_to_kind(Kind.C128, complex))


@implements(bool)
def bool_(act: Activation, x: Any = False, /) -> Any:
    """The truth."""
    value = arithmetic.truth(act.t, x)
    return Scalar(value.value, True) if isinstance(value, Scalar) else value


def _numpy_scalar(kind: Kind) -> Any:
    dtype = kind.dtype.type

    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if not args or is_static(args):
            return dtype(*args)
        value = as_operand(act.t, args[0])
        if isinstance(value, Array):
            return cast(act.t, value, kind)
        return Scalar(act.t.scalar(value, kind), False)
    return handler


for _kind in Kind:
    handles(_kind.dtype.type)(_numpy_scalar(_kind))
