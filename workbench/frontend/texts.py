"""Texts of run-time numbers: f-strings, `str`, `format`, `%`, `print`, and the arguments of exceptions.

Invariant: a text is what Python makes of the same values; what has no text that is known beforehand (an object without
`__str__`) is refused.
"""

from __future__ import annotations

import dataclasses
import re
import string
import types
from collections.abc import Callable
from dataclasses import field
from typing import Any, NoReturn

from workbench.frontend import arrays
from workbench.frontend.numbers import number_kind, the_same
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import (
    Array,
    Choice,
    DictValue,
    ExceptionValue,
    FieldValue,
    ListValue,
    ObjectValue,
    Scalar,
    SetValue,
    TextValue,
    describe,
    is_static,
)
from workbench.ir import Value
from workbench.records import dataclass
from workbench.rules.text import Container, Failure, Field, Hole, Template

_CONVERT: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}
_PERCENT = re.compile(r"%(?:\((\w+)\))?([-+ #0]*(?:\d+)?(?:\.\d+)?[diouxXeEfFgGcrsa%])")


_ANY_NUMBER = "diouxXeEfFgG%"  # formats in which an integer looks as a float of its value does


# ---------------------------------------------------------------------- making texts
def text(act: Any, value: Any, how: str = "s", spec: str = "") -> Any:
    """The text of a value: a string, or a `TextValue` where it holds run-time numbers.

    how: "" for `format(value, spec)`, "s", "r" or "a" for a conversion before."""
    t: Tracer = act.t
    t.usable(value)
    if isinstance(value, Choice):
        value = t.environment.read_choice(t, value)
    if is_static(value):
        return format(_CONVERT[how](value) if how else value, spec)
    if isinstance(value, Array):
        frozen = t.new_array(t.emit("copy", arrays.read(t, value)))
        return TextValue((FieldValue(frozen, how, spec),))
    if isinstance(value, Scalar):
        return TextValue((FieldValue(value, how, spec),))
    if isinstance(value, TextValue):
        if (how == "" and spec == "") or (how == "s" and spec == ""):
            return value
        return TextValue((FieldValue(value, how, spec),))
    if isinstance(value, ObjectValue):
        return _object_text(act, value, how, spec)
    inner = _container_text(act, value)
    return inner if not spec else text(act, inner, "", spec)


def _object_text(act: Any, value: ObjectValue, how: str, spec: str) -> Any:
    t: Tracer = act.t
    if how == "" and isinstance(class_attribute(value.type, "__format__"), types.FunctionType):
        return t.environment.call_method(act, value, "__format__", (spec,))
    for name in ("__repr__",) if how in ("r", "a") else ("__str__", "__repr__"):
        method = class_attribute(value.type, name)
        if isinstance(method, types.FunctionType):
            if _is_generated(method):
                return _dataclass_text(act, value)
            made = t.environment.call_method(act, value, name, ())
            return made if not spec else text(act, made, "", spec)
    return t.fail(f"the text of {describe(value)}, which has no `__str__`", "print its numbers")


def _is_generated(method: types.FunctionType) -> bool:
    inner = getattr(method, "__wrapped__", method)
    return bool(inner.__code__.co_filename == "<string>")


def _dataclass_text(act: Any, value: ObjectValue) -> Any:
    parts: list[Any] = [f"{value.type.__qualname__}("]
    shown = [f for f in dataclasses.fields(value.type) if f.repr]
    for k, entry in enumerate(shown):
        parts += [", " * (k > 0), f"{entry.name}=", text(act, act.t.environment.attribute(act, value, entry.name), "r")]
    return joined([*parts, ")"])


def _container_text(act: Any, value: Any) -> Any:
    t: Tracer = act.t
    if isinstance(value, DictValue):
        if value.type is not dict:
            t.fail(f"the text of a {value.type.__name__}", "print a dict")
        parts: list[Any] = ["{"]
        for k, (key, variable) in enumerate(value.items.items()):
            parts += [", " * (k > 0), f"{key!r}: ", text(act, t.read(variable), "r")]
        return joined([*parts, "}"])
    if isinstance(value, SetValue):
        return str(value.values)
    if type(value) is ListValue or isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        items = [t.read(v) for v in value.items] if isinstance(value, ListValue) else list(value)
        parts = [f"{type(value).__name__}(" if names else "[" if isinstance(value, ListValue) else "("]
        for k, item in enumerate(items):
            parts += [", " * (k > 0), f"{names[k]}=" if names else "", text(act, item, "r")]
        if isinstance(value, tuple) and len(items) == 1 and not names:
            parts.append(",")
        return joined([*parts, "]" if isinstance(value, ListValue) else ")"])
    if isinstance(value, ExceptionValue) and len(value.args) <= 1 and not value.named:
        return text(act, value.args[0]) if value.args else ""
    return t.fail(f"the text of {describe(value)}", "print its numbers")


def joined(parts: list[Any]) -> Any:
    """Strings and texts one after the other."""
    flat: list[Any] = []
    for part in parts:
        for piece in part.parts if isinstance(part, TextValue) else (part,):
            if isinstance(piece, str) and flat and isinstance(flat[-1], str):
                flat[-1] += piece
            elif piece != "":
                flat.append(piece)
    if all(isinstance(p, str) for p in flat):
        return "".join(flat)
    return TextValue(tuple(flat))


def refuse(t: Tracer, what: str) -> NoReturn:
    """Refuse to look into a text of run-time numbers."""
    t.fail(f"{what} of a text of run-time numbers", "print it, or raise it")


def is_text(value: Any) -> bool:
    """True for strings, with or without run-time numbers."""
    return isinstance(value, (str, TextValue))


def formatted(act: Any, template: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`template.format(*args, **named)`."""
    t: Tracer = act.t
    parts: list[Any] = []
    count = 0
    for literal, name, spec, conversion in string.Formatter().parse(template):
        parts.append(literal)
        if name is None:
            continue
        if name == "":
            name, count = str(count), count + 1
        if not re.fullmatch(r"\w+", name) or "{" in (spec or ""):
            t.fail("a format string with attributes, items or nested fields", "use an f-string")
        value = args[int(name)] if name.isdigit() else named[name]
        parts.append(text(act, value, conversion or "", spec or ""))
    return joined(parts)


def interpolated(act: Any, template: str, values: Any) -> Any:
    """`template % values`."""
    t: Tracer = act.t
    items = list(values) if isinstance(values, tuple) else [values]
    parts: list[Any] = []
    end = taken = 0
    for match in _PERCENT.finditer(template):
        parts.append(template[end:match.start()])
        end = match.end()
        if match[2] == "%":
            parts.append("%")
            continue
        if match[1] is not None:
            value = t.environment.item(act, values, match[1])
        else:
            if taken == len(items):
                raise TypeError("not enough arguments for format string")
            value = items[taken]
            taken += 1
        spec = f"%{match[2]}"
        if is_static(value):
            parts.append(spec % (value,))
        elif isinstance(value, Scalar):
            parts.append(TextValue((FieldValue(value, "%", spec),)))
        elif spec in ("%s", "%r"):
            parts.append(text(act, value, spec[1]))
        else:
            t.fail(f"{spec} of {describe(value)}", "use an f-string")
    if taken < len(items) and not isinstance(values, DictValue):
        raise TypeError("not all arguments converted during string formatting")
    return joined([*parts, template[end:]])


# ---------------------------------------------------------------------- trees with holes
@dataclass
class Holes:
    """Makes trees of `rules.text`, and collects the numbers that go into them."""

    act: Any
    numbers: list[Value] = field(default_factory=list)
    exact: bool = False  # refuse numbers whose type depends on a condition

    def tree(self, value: Any) -> Any:
        """The tree of a value."""
        t: Tracer = self.act.t
        if isinstance(value, Choice):
            value = t.environment.read_choice(t, value)
        if isinstance(value, Scalar):
            return self.hole(t.builder.resolve(value.value), -1, value.python)
        if isinstance(value, Array):
            kind = number_kind(value)
            assert kind is not None
            return self.hole(arrays.read(t, value), value.rank, False)
        if isinstance(value, TextValue):
            for part in value.parts:
                if self.exact and isinstance(part, FieldValue):
                    _check_looks(part)
            return Template(tuple(p if isinstance(p, str) else Field(self.tree(p.value), p.how, p.spec)
                                  for p in value.parts))
        if isinstance(value, ExceptionValue):
            return self.failure(value)
        if isinstance(value, BaseException):
            return Failure(type(value), value.args)
        if isinstance(value, ListValue):
            return Container(tuple(self.tree(t.read(v)) for v in value.items))
        if isinstance(value, DictValue):
            return Container(tuple(self.tree(t.read(v)) for v in value.items.values()), tuple(value.items))
        if isinstance(value, tuple):
            return tuple.__new__(type(value), [self.tree(v) for v in value])
        if is_static(value):
            return value
        return t.fail(f"{describe(value)} in an exception or a text", "use its numbers")

    def hole(self, value: Value, rank: int, python: bool) -> Hole:
        """A place for a number."""
        self.numbers.append(value)
        return Hole(len(self.numbers) - 1, value.kind, rank, python)

    def failure(self, value: ExceptionValue) -> Failure:
        """The exception that the program raises."""
        cause = value.cause
        if isinstance(cause, type):
            cause = ExceptionValue(cause, (), {})
        return Failure(value.type, tuple(self.tree(a) for a in value.args),
                       tuple((k, self.tree(v)) for k, v in value.named.items()),
                       cause if cause is None or cause is False else self.tree(cause))


def _check_looks(part: FieldValue) -> None:
    """Refuse a number that is written as the type that it has, where that depends on a condition."""
    if isinstance(part.value, Scalar) and (part.spec[-1:] not in _ANY_NUMBER or part.spec == ""):
        the_same(part.value, lambda kind, python: (kind, python or part.how != "r"), "what a printed number looks like")


def print_(act: Any, args: tuple[Any, ...], sep: Any, end: Any, stream: str, flush: bool) -> None:
    """Emit a `print`."""
    parts: list[Any] = []
    for k, value in enumerate(args):
        if k:
            parts.append(" " if sep is None else sep)
        parts.append(text(act, value))
    whole = joined([*parts, "\n" if end is None else end])
    holes = Holes(act, exact=True)
    template = holes.tree(whole) if isinstance(whole, TextValue) else Template((whole,))
    act.t.builder.effect("print", holes.numbers, template=template, stream=stream, flush=flush)


