"""Python's functions of items: `range`, `zip`, `enumerate`, `reversed`, `len`; `sum`, `any`, `all`."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, generators, texts, walking
from workbench.frontend.activation import Activation
from workbench.frontend.generators import fresh, numbered, state_of
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import (
    Array,
    Choice,
    DictValue,
    DynamicList,
    Lazy,
    ListValue,
    ObjectValue,
    RangeValue,
    Scalar,
    SetValue,
    TextValue,
    ZipValue,
    describe,
)
from workbench.ir import Constant, Kind


@handles(range)
def range_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`range`."""
    for arg in args:
        act.t.integer(arg, "a range bound")
    start, stop, step = {1: (0, *args, 1), 2: (*args, 1), 3: args}[len(args)]
    if not isinstance(step, Scalar) and step == 0:
        raise ValueError("range() arg 3 must not be zero")
    return RangeValue(start, stop, step)


@implements(zip)
def zip_(act: Activation, *iterables: Any, strict: bool = False) -> Any:
    """Items beside one another."""
    if strict:
        lengths = [act.t.integer(len_(act, iterable), "a length") for iterable in iterables]
        for k, length in enumerate(lengths[1:], 2):
            message = "zip() argument {} is {} than argument{}"
            before = " 1" if k == 2 else f"s 1-{k - 1}"
            for op, word in (("ge", "shorter"), ("le", "longer")):
                act.t.check(act.t.emit(op, length, lengths[0]), "ValueError", message.format(k, word, before))
    return ZipValue("zip", tuple(iterables), spent=fresh(act.t)) if iterables else ()


@implements(enumerate)
def enumerate_(act: Activation, iterable: Any, start: Any = 0) -> Any:
    """Items beside their numbers."""
    if isinstance(iterable, Lazy):
        return numbered(act, iterable, start)
    return ZipValue("enumerate", (iterable,), start, fresh(act.t))


@implements(reversed)
def reversed_(act: Activation, sequence: Any, /) -> Any:
    """From the last to the first."""
    return ZipValue("reversed", (sequence,), spent=fresh(act.t))


@implements(len)
def len_(act: Activation, obj: Any, /) -> Any:
    """The number of items."""
    t, value = act.t, obj
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


# ---------------------------------------------------------------------- sums and truth
@implements(sum)
def sum_(act: Activation, iterable: Any, /, start: Any = 0) -> Any:
    """The sum in order, from `start`."""
    t, source = act.t, iterable
    if isinstance(source, Lazy):
        return _total_of(act, source, start)
    if isinstance(source, (Array, RangeValue, ZipValue, Choice, DynamicList)):
        return t.environment.running_sum(act, source, start)
    total = start
    for item in t.environment.items(act, source):
        total = t.environment.binary(act, "+", total, item)
    return total


def _total_of(act: Activation, iterator: Lazy, start: Any) -> Any:
    """`sum` over a generator."""
    t = act.t
    total = t.variable("total", start)
    generators.each(act, iterator, lambda item: t.assign(total, t.environment.binary(act, "+", t.read(total), item)))
    return t.read(total)


def _quantifier(stop: bool) -> Any:
    def function(act: Activation, iterable: Any, /) -> Any:
        t, source = act.t, iterable
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
    return function


implements(any)(_quantifier(True))
implements(all)(_quantifier(False))
