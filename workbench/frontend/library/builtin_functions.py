"""Python's builtins on run-time numbers: `abs`, `min`, `max`, `sum`, `len`, `float`, `range`, `zip`, `enumerate` …"""

from __future__ import annotations

import collections
import copy as copying
import dataclasses
import functools
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, bare, branches, layout, list_operations, objects, texts, walking
from workbench.frontend.activation import Activation
from workbench.frontend.composed import iterators, numbers
from workbench.frontend.generators import fresh, numbered, state_of
from workbench.frontend.growth import MANY
from workbench.frontend.layouts import Number
from workbench.frontend.library import creation
from workbench.frontend.library.arguments import called, static_option
from workbench.frontend.library.iterables import best, total_of
from workbench.frontend.library.operands import as_operand, cast
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.numbers import number_kind, number_type, the_same
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import (
    Array,
    ArrayMethod,
    BoundMethod,
    Choice,
    Closure,
    Cursor,
    DequeValue,
    DictValue,
    DynamicList,
    ExceptionValue,
    Lazy,
    ListValue,
    ObjectValue,
    Partial,
    RangeValue,
    Scalar,
    SetValue,
    TextValue,
    ZipValue,
    describe,
    is_static,
)
from workbench.ir import Constant, Kind, kind_of


@handles(range)
def range_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`range`."""
    for arg in args:
        act.t.integer(arg, "a range bound")
    start, stop, step = {1: (0, *args, 1), 2: (*args, 1), 3: args}[len(args)]
    if not isinstance(step, Scalar) and step == 0:
        raise ValueError("range() arg 3 must not be zero")
    return RangeValue(start, stop, step)


@handles(zip)
def zip_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`zip`."""
    if static_option(act.t, named.get("strict", False), "strict"):
        lengths = [act.t.integer(len_(act, (a,), {}), "a length") for a in args]
        for k, length in enumerate(lengths[1:], 2):
            message = "zip() argument {} is {} than argument{}"
            before = " 1" if k == 2 else f"s 1-{k - 1}"
            for op, word in (("ge", "shorter"), ("le", "longer")):
                act.t.check(act.t.emit(op, length, lengths[0]), "ValueError", message.format(k, word, before))
    return ZipValue("zip", tuple(args), spent=fresh(act.t)) if args else ()


@implements(enumerate)
def enumerate_(act: Activation, iterable: Any, start: Any = 0) -> Any:
    """Items beside their numbers."""
    if isinstance(iterable, Lazy):
        return numbered(act, iterable, start)
    return ZipValue("enumerate", (iterable,), start, fresh(act.t))


@handles(reversed)
def reversed_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`reversed`."""
    return ZipValue("reversed", args, spent=fresh(act.t))


@handles(len)
def len_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`len`."""
    t = act.t
    (value,) = args
    if isinstance(value, Choice):
        value = t.environment.read_choice(t, value)
    if isinstance(value, Array):
        if not value.dims:
            raise TypeError("len() of unsized object")
        return t.dim(value.dims[0])
    if isinstance(value, DynamicList):
        return t.read(value.length)
    if isinstance(value, (ListValue, DictValue)):
        return len(value.items)
    if isinstance(value, SetValue):
        return len(value.values)
    if isinstance(value, TextValue):
        texts.refuse(t, "len()")
    if isinstance(value, ObjectValue):
        if class_attribute(value.type, "__len__") is None:
            raise TypeError(f"object of type '{value.type.__name__}' has no len()")
        length = t.environment.call_method(act, value, "__len__", ())
        if isinstance(length, int) and length < 0:
            raise ValueError("__len__() should return >= 0")
        return length
    if isinstance(value, ZipValue) and len(value.parts) == 1 and isinstance(value.parts[0], DictValue):
        return len(value.parts[0].items)
    if isinstance(value, RangeValue):
        return t.dim(t.environment.trips(act, value))
    if isinstance(value, Scalar):
        raise TypeError(f"object of type {describe(value)} has no len()")
    return len(value)


@handles(abs)
def abs_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`abs`."""
    (value,) = args
    if isinstance(value, ObjectValue) or (isinstance(value, tuple) and class_attribute(type(value), "__abs__")):
        return act.t.environment.call_method(act, value, "__abs__", ())
    return abs(value) if is_static(value) else arithmetic.unary(act.t, "abs", value)


def _extremum(op: str, reduction: Any, name: str) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        if len(args) == 1 and isinstance(args[0], Lazy):
            args = (t.environment.list_of(act, args[0]),)
        if len(args) == 1 and isinstance(args[0], Choice):
            args = (t.environment.read_choice(t, args[0]),)
        if len(args) > 1 and "default" in named:
            raise TypeError(f"Cannot specify a default for {name}() with multiple positional arguments")
        if len(args) > 1:
            items = list(args)
        elif _is_long(act, args[0]) and (
                named.get("key") is not None or "default" in named or isinstance(args[0], RangeValue) or (
                isinstance(args[0], DynamicList) and not isinstance(args[0].layout, Number))):
            return _by_key(act, args[0], name, named)
        elif named.get("key") is not None or "default" in named:
            items = t.environment.items(act, args[0])
        elif isinstance(args[0], DynamicList):
            found = _over_array(act, as_operand(t, args[0]), op, name)
            return args[0].layout.scalar(found.value) if isinstance(args[0].layout, Number) else found
        elif isinstance(args[0], Array):
            return _over_array(act, args[0], op, name)
        else:
            items = t.environment.items(act, args[0])
        if not items:
            if "default" in named:
                return named["default"]
            raise ValueError(f"{name}() arg is an empty sequence")
        return best(act, items, op, named.get("key"))
    return handler


def _is_long(act: Activation, values: Any) -> bool:
    """True for items that are looped over at run time: they are too many, or it is not known how many they are."""
    if isinstance(values, DynamicList):
        return True
    if not isinstance(values, (Array, RangeValue)) or (isinstance(values, Array) and not values.dims):
        return False
    count = act.t.environment.trips(act, values)
    return not isinstance(count, Constant) or count.value.real > MANY


def _by_key(act: Activation, values: Any, name: str, named: dict[str, Any]) -> Any:
    """`max` or `min` with a key or a default, in a loop at run time."""
    t = act.t
    recipe = iterators.greatest if name == "max" else iterators.least
    some = t.emit("gt", t.environment.trips(act, values), Constant(0, Kind.INT))
    key = named.get("key")

    def chosen() -> Any:
        return t.environment.call(act, recipe, (values, iterators.itself if key is None else key), {})
    if "default" in named:
        return branches.branch(t, Scalar(some, True), chosen, lambda: named["default"])
    t.check(some, "ValueError", f"{name}() arg is an empty sequence")
    return chosen()


def _over_array(act: Activation, array: Array, op: str, name: str) -> Any:
    """The element that Python's loop over a vector would select."""
    t = act.t
    if array.rank != 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
    t.check(t.emit("gt", array.dims[0], Constant(0, Kind.INT)), "ValueError", f"{name}() arg is an empty sequence")
    place = t.emit("argmin" if op == "<" else "argmax", arrays.read(t, array), axis=None)
    return Scalar(t.emit("load", arrays.read(t, array), place), False)


handles(min)(_extremum("<", np.min, "min"))
handles(max)(_extremum(">", np.max, "max"))


@handles(sum)
def sum_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`sum`: in order, from `start`."""
    t = act.t
    start = args[1] if len(args) > 1 else named.get("start", 0)
    source = args[0]
    if isinstance(source, Lazy):
        return total_of(act, source, start)
    if isinstance(source, (Array, RangeValue, ZipValue, Choice, DynamicList)):
        return t.environment.running_sum(act, source, start)
    total = start
    for item in t.environment.items(act, source):
        total = t.environment.binary(act, "+", total, item)
    return total


@implements(pow)
def pow_(act: Activation, base: Any, exp: Any, mod: Any = None) -> Any:
    """A power; with a modulus of what is known."""
    if is_static((base, exp, mod)):
        return pow(base, exp, mod)
    if mod is not None:
        act.t.fail("pow with a modulus", "write it out")
    return act.t.environment.binary(act, "**", base, exp)


@handles(divmod)
def divmod_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`divmod(a, b)`."""
    binary = act.t.environment.binary
    if len(args) == 2 and all(number_kind(a) is not None for a in args):
        arithmetic.check_division(act.t, *args)
    return binary(act, "//", *args), binary(act, "%", *args)


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
        return t.environment.call(act, numbers.rounded, (number, 10.0 ** abs(ndigits), ndigits >= 0), {})
    if number_kind(number) is Kind.INT:
        return number if isinstance(number, Array) else Scalar(t.scalar(number), True)
    return t.wrap(t.whole(t.emit("rint", t.scalar(number))), True)


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


@handles(bool)
def bool_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`bool`."""
    value = arithmetic.truth(act.t, args[0]) if args else False
    return Scalar(value.value, True) if isinstance(value, Scalar) else value


def _numpy_scalar(dtype: Any) -> Any:
    kind = kind_of(dtype)
    assert kind is not None

    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if not args or is_static(args):
            return dtype(*args)
        value = as_operand(act.t, args[0])
        if isinstance(value, Array):
            return cast(act.t, value, kind)
        return Scalar(act.t.scalar(value, kind), False)
    return handler


for _dtype in (np.float64, np.float32, np.int64, np.complex128, np.complex64, np.bool_):
    handles(_dtype)(_numpy_scalar(_dtype))


@handles(slice)
def slice_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`slice`."""
    return slice(*args)


@handles(list)
def list_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`list`."""
    return act.t.environment.list_of(act, args[0] if args else ())


@handles(tuple)
def tuple_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`tuple`."""
    return tuple(act.t.environment.items(act, args[0])) if args else ()


@handles(dict)
def dict_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dict`."""
    t = act.t
    entries: dict[Any, Any] = {}
    if args and isinstance(args[0], DictValue):
        entries.update({k: t.read(v) for k, v in args[0].items.items()})
    elif args:
        entries.update(tuple(t.environment.items(act, pair)) for pair in t.environment.items(act, args[0]))
    return t.new_dict({**entries, **named})


def _quantifier(stop: bool) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        source = args[0]
        if state_of(source) is not None:
            return walking.quantified(act, source, stop)
        if isinstance(source, Array):
            if source.rank != 1:
                raise ValueError("The truth value of an array with more than one element is ambiguous.")
            return t.environment.call(act, np.any if stop else np.all, (source,), {})
        value: Any = Constant(not stop, Kind.BOOL)
        for item in t.environment.items(act, source):
            test = arithmetic.truth(t, item)
            if not isinstance(test, Scalar) and test is stop and isinstance(value, Constant):
                return stop
            value = t.emit("or" if stop else "and", value, t.scalar(test, Kind.BOOL))
        return t.wrap(value, True)
    return handler


handles(any)(_quantifier(True))
handles(all)(_quantifier(False))


@handles(isinstance)
def isinstance_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`isinstance`."""
    value, classes = args
    return is_instance(act.t, value, classes)


def is_instance(t: Tracer, value: Any, classes: Any) -> bool:
    """Whether a value is an instance of (one of) these classes, on every path that it came by."""
    if isinstance(value, Scalar):
        found = the_same(value, lambda kind, python: issubclass(number_type(kind, python), classes),
                         "whether a number is an instance of a class")
    else:
        found = issubclass(type_of(value), classes)
    if issubclass(np.ndarray, classes) is not found:
        bare.require_number(t, value)
    return bool(found)


def type_of(value: Any) -> type:
    """The Python type that a value of the evaluator has."""
    if isinstance(value, (Array, Choice)):
        return np.ndarray
    if isinstance(value, DynamicList):
        return list
    if isinstance(value, ListValue):
        return collections.deque if isinstance(value, DequeValue) else list
    if isinstance(value, SetValue):
        return set
    if isinstance(value, TextValue):
        return str
    if isinstance(value, ExceptionValue):
        return value.type
    if isinstance(value, (Closure, BoundMethod, Partial)):
        return {Closure: types.FunctionType, BoundMethod: types.MethodType, Partial: functools.partial}[type(value)]
    if isinstance(value, (Lazy, Cursor)):
        return types.GeneratorType
    if isinstance(value, (DictValue, ObjectValue)):
        return value.type
    if isinstance(value, RangeValue):
        return range
    if isinstance(value, Scalar):
        return the_same(value, number_type, "the type of a number")  # type: ignore[no-any-return]
    return type(value)


@handles(type)
def type_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`type(x)`."""
    bare.require_number(act.t, args[0])
    return type_of(args[0])


@handles(callable)
def callable_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`callable`."""
    (value,) = args
    if isinstance(value, ObjectValue):
        return any("__call__" in vars(base) for base in value.type.__mro__)
    return isinstance(value, (Closure, BoundMethod, ArrayMethod, Partial)) or (is_static(value) and callable(value))


@handles(hasattr)
def hasattr_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`hasattr`."""
    present = objects.presence(act, *args)
    if present is not None:
        return present
    try:
        act.t.environment.attribute(act, *args)
    except AttributeError:
        return False
    return True


@handles(getattr)
def getattr_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`getattr`."""
    present = objects.presence(act, *args[:2]) if len(args) > 2 else None
    if present is not None:
        return branches.branch(act.t, present, lambda: act.t.environment.attribute(act, *args[:2]), lambda: args[2])
    try:
        return act.t.environment.attribute(act, *args[:2])
    except AttributeError:
        if len(args) > 2:
            return args[2]
        raise


@handles(setattr)
def setattr_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`setattr`."""
    act.t.environment.set_attribute(act, *args)


@handles(print)
def print_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`print`."""
    stream = {None: "stdout", id(sys.stdout): "stdout", id(sys.stderr): "stderr"}.get(
        id(named["file"]) if named.get("file") is not None else None)
    if stream is None:
        return act.t.fail("print to a file", "print to sys.stdout, or outside the differentiated function")
    return texts.print_(act, args, named.get("sep"), named.get("end"), stream, bool(named.get("flush", False)))


@handles(str)
def str_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`str(x)`."""
    if not args or is_static((args, tuple(named.values()))):
        return str(*args, **named)
    return texts.text(act, args[0], "s")


@handles(repr)
def repr_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`repr(x)`."""
    return texts.text(act, args[0], "r")


@handles(format)
def format_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`format(x, spec="")`."""
    return texts.text(act, args[0], "", args[1] if len(args) > 1 else "")


@handles(dataclasses.replace)
def replace(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dataclasses.replace`."""
    t = act.t
    (model,) = args
    if not isinstance(model, ObjectValue):
        raise TypeError("replace() should be called on dataclass instances")
    t.environment.load_fields(model)
    values = {f.name: t.read(model.fields[f.name]) for f in dataclasses.fields(model.type) if f.init}
    return t.environment.call(act, model.type, (), {**values, **named})


@handles(functools.partial)
def partial(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`functools.partial`."""
    return Partial(args[0], tuple(args[1:]), dict(named))


@handles(copying.copy)
def copy_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`copy.copy`."""
    return _copied(act, args[0], lambda item: item)


@handles(copying.deepcopy)
def deepcopy(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`copy.deepcopy`."""
    return _deeply(act, args[0], {})


def _deeply(act: Activation, value: Any, memo: dict[int, Any]) -> Any:
    """A copy of a value and of its entries; what goes by two names is copied once."""
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [_deeply(act, v, memo) for v in value])
    if id(value) not in memo:
        memo[id(value)] = value, _copied(act, value, lambda item: _deeply(act, item, memo))
    return memo[id(value)][1]


def _copied(act: Activation, value: Any, inner: Callable[[Any], Any]) -> Any:
    t = act.t
    if isinstance(value, Choice):
        value = t.environment.read_choice(t, value)
    if isinstance(value, Array):
        return creation.copied(t, value, "K")
    if isinstance(value, DynamicList):
        return list_operations.method(act, value, "copy", ())
    if isinstance(value, ListValue):
        return t.new_list([inner(t.read(v)) for v in value.items])
    if isinstance(value, DictValue):
        return t.new_dict({k: inner(t.read(v)) for k, v in value.items.items()}, type_=value.type)
    if isinstance(value, ObjectValue):
        t.environment.load_fields(value)
        return t.new_object(value.type, {k: inner(t.read(v)) for k, v in value.fields.items()})
    return value

