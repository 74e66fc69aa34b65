"""What the evaluator's values are called in errors."""

from __future__ import annotations

from typing import Any

from workbench.frontend.values import (
    NUMBER,
    Array,
    ArrayMethod,
    BoundMethod,
    CallChoice,
    Choice,
    Closure,
    Conflict,
    Cursor,
    DictValue,
    DynamicList,
    ExceptionValue,
    Lazy,
    ListValue,
    ObjectValue,
    OneOf,
    Partial,
    RandomValue,
    RangeValue,
    Scalar,
    SetValue,
    TextValue,
    ZipValue,
)

_CALLED: tuple[tuple[type, str], ...] = (
    (ListValue, "a list"), (DynamicList, "a list"), (DictValue, "a dict"), (SetValue, "a set"), (Lazy, "an iterator"),
    (Cursor, "an iterator"), (RangeValue, "a range"), (Partial, "a functools.partial"),
    (RandomValue, "a random generator"), (TextValue, "a text of run-time numbers"),
    (CallChoice, "one of several functions"), (Choice, "one of several arrays"),
)


def describe(value: Any) -> str:
    """A few words for an evaluator's value in an error."""
    called = next((words for type_, words in _CALLED if isinstance(value, type_)), None)
    if called is not None:
        return called
    if isinstance(value, Scalar):
        return f"a run-time {value.kind.value} number"
    if isinstance(value, Array):
        return f"a {value.kind.value} array of {value.rank} dimension{'s' * (value.rank != 1)}"
    if isinstance(value, (ObjectValue, ExceptionValue)):
        return f"a {value.type.__name__}"
    if isinstance(value, ZipValue):
        return "an iterator" if value.spent is not None else "a view of a dict"
    if isinstance(value, Closure):
        return "a lambda" if value.name == "<lambda>" else f"the function {value.name.split('.')[-1]}"
    if isinstance(value, ArrayMethod):
        return f"the method {value.name} of {describe(value.owner)}"
    if isinstance(value, BoundMethod):
        return f"the method {getattr(value.function, '__name__', '')} of {describe(value.self_value)}"
    if isinstance(value, Conflict):
        return f"one of two things ({value.reason})"
    if isinstance(value, OneOf):
        first, *_, last = [value.number if option is NUMBER else option for option in value.options]
        return f"{describe(first)} on one path and {describe(last)} on the other of a run-time condition"
    if isinstance(value, tuple):  # (its own words would show what the evaluator computes with)
        return f"a {type(value).__name__}"
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return name if isinstance(name, str) else f"{type(value).__name__} {value!r:.60}"
