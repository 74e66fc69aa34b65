"""The Python types that values of the evaluator have, and which attributes these types have.

Invariant: a question that has not the same answer for every type that a value may have is refused.
"""

from __future__ import annotations

import collections
import functools
import itertools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.frontend import bare
from workbench.frontend.numbers import number_type, the_same
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
    RandomValue,
    RangeValue,
    Scalar,
    SetValue,
    StandIn,
    SuperValue,
    TextValue,
    ZipValue,
    describe,
)

_EMPTY: dict[Any, Any] = {}
_ORDERED: collections.OrderedDict[Any, Any] = collections.OrderedDict()
#: What `iter` and `reversed` give.
_ITERATORS = tuple({type(each) for each in (
    iter([]), iter(()), iter(""), iter(range(0)), iter(_EMPTY), iter(_EMPTY.values()), iter(_EMPTY.items()),
    iter(set()), iter(collections.deque()), iter(_ORDERED), iter(np.empty(0)), np.empty(0).flat,
    reversed([]), reversed(()), reversed(range(0)), reversed(_EMPTY), reversed(_EMPTY.values()),
    reversed(_EMPTY.items()), reversed(collections.deque()))})
#: What is consumed item by item.
_LAZY = (types.GeneratorType, map, filter, enumerate, zip, reversed, *_ITERATORS, itertools.accumulate, itertools.chain,
         itertools.compress, itertools.count, itertools.cycle, itertools.dropwhile, itertools.filterfalse,
         itertools.islice, itertools.pairwise, itertools.product, itertools.repeat, itertools.starmap,
         itertools.takewhile, itertools.zip_longest)
_ZIPPED: dict[str, tuple[type, ...]] = {
    "zip": (zip, itertools.pairwise), "enumerate": (enumerate,), "reversed": (reversed, *_ITERATORS),
    "iter": (*_ITERATORS, itertools.islice), "endless": (itertools.count, itertools.cycle, itertools.repeat),
    **{kind: (type(getattr(_EMPTY, kind)()), type(getattr(_ORDERED, kind)())) for kind in ("keys", "values", "items")}}
#: What has the attributes of its class and no others.
_PLAIN = (Array, Choice, Scalar, ListValue, DynamicList, SetValue, RangeValue, ZipValue, Lazy, Cursor, TextValue,
          Partial, RandomValue)
_BUILTIN = ("builtins", "collections")

#: Methods of arrays that `numba.cuda` has made.
_OF_DEVICE = frozenset({"copy_to_host", "copy_to_device"})

def types_of(value: Any) -> tuple[type, ...]:
    """The Python types that a value, no number, may have; none where that is not known."""
    match value:
        case Array(flat=flat):
            return (np.ndarray,) if flat is None else (np.flatiter,)
        case Choice():
            return (np.ndarray,)
        case DequeValue():
            return (collections.deque,)
        case ListValue() | DynamicList():
            return (list,)
        case SetValue():
            return (set,)
        case TextValue():
            return (str,)
        case RangeValue():
            return (range,)
        case Closure():
            return (types.FunctionType,)
        case BoundMethod():
            return (types.MethodType,)
        case Partial():
            return (functools.partial,)
        case SuperValue():
            return (super,)
        case RandomValue():
            return (np.random.Generator,)
        case ArrayMethod():
            return (types.BuiltinMethodType, types.MethodType)
        case DictValue() | ObjectValue() | ExceptionValue():
            return (value.type,)
        case ZipValue():
            return _ZIPPED[value.kind]
        case Lazy(type=type_) if type_ is not None:
            return (type_,)
        case Lazy() | Cursor():
            return _LAZY
        case StandIn():
            return ()
    return (type(value),)


def of_all(t: Tracer, value: Any, ask: Callable[[type], Any], what: str) -> Any:
    """What is found of the type of a value, which must be the same for all types that it may have."""
    if isinstance(value, Scalar):
        found = the_same(value, lambda kind, python: ask(number_type(kind, python)), what)
        if ask(np.ndarray) != found:
            bare.require_number(t, value)
        return found
    found = [ask(type_) for type_ in types_of(value)]
    if not found or any(each != found[0] for each in found):
        t.fail(f"{what}: what {describe(value)} is an instance of is not known")
    return found[0]


def has_attribute(t: Tracer, value: Any, name: str) -> bool | None:
    """Whether a value has an attribute, where its type alone says so; else None."""
    what = f"whether there is an attribute `{name}`"
    if isinstance(value, Array) and name in _OF_DEVICE:
        return value.cell in t.launches.arrays
    if isinstance(value, (BoundMethod, Closure)):
        return _has(types.FunctionType, name) or (isinstance(value, BoundMethod) and _has(types.MethodType, name))
    if isinstance(value, ExceptionValue) and value.type.__module__ != "builtins":
        return _has(value.type, name) or t.fail(what, "give the attribute to the class")
    if isinstance(value, (*_PLAIN, ExceptionValue)) or (
            isinstance(value, DictValue) and value.type.__module__ in _BUILTIN):
        return bool(of_all(t, value, lambda type_: _has(type_, name), what))
    return None


def _has(type_: type, name: str) -> bool:
    """Whether a class gives its instances an attribute."""
    return any(name in vars(base) for base in type_.__mro__) or (
        name == "__dict__" and bool(type_.__dictoffset__))


def require_attribute(t: Tracer, value: Any, name: str) -> None:
    """Raise AttributeError where the type of a value has no such attribute."""
    if has_attribute(t, value, name) is False:
        type_ = of_all(t, value, lambda type_: type_, "its type") if isinstance(value, Scalar) else types_of(value)[0]
        words = type_.__name__ if type_.__module__ == "builtins" else f"{type_.__module__}.{type_.__name__}"
        raise AttributeError(f"'{words}' object has no attribute '{name}'")


__all__ = ["has_attribute", "of_all", "require_attribute", "types_of"]
