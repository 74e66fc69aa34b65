"""Objects of dataclasses and named tuples, made and copied without anything of the user's being run.

A record is an object of a dataclass whose making, copying and assigning are Python's own, or a named tuple: its fields
are all that there is to it.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.frontend.paths import class_attribute

_RUN = ("__new__", "__post_init__", "__setattr__", "__getattribute__", "__copy__", "__reduce__", "__reduce_ex__",
        "__getstate__", "__setstate__")
_FACTORIES = (list, dict, set, tuple, float, int)


def is_record(kind: type) -> bool:
    """Whether objects of a class can be made and copied here."""
    if type(kind) is not type or "__dataclass_fields__" not in vars(kind) or "__slots__" in vars(kind):
        return False
    fields = vars(kind)["__dataclass_fields__"].values()
    return _is_generated(vars(kind).get("__init__")) and all(
        not isinstance(held := class_attribute(kind, name), types.FunctionType) or _is_generated(held) for name in _RUN
    ) and not any(_is_descriptor(class_attribute(kind, field.name)) for field in fields) and all(
        field.default_factory in (dataclasses.MISSING, *_FACTORIES) for field in fields)


def _is_generated(function: Any) -> bool:
    """Whether a method was written by `dataclass`."""
    return isinstance(function, types.FunctionType) and function.__code__.co_filename == "<string>"


def _is_descriptor(held: Any) -> bool:
    return held is not None and class_attribute(type(held), "__set__") is not None


def is_named_tuple(kind: type) -> bool:
    """Whether a class is made by `collections.namedtuple`."""
    return type(kind) is type and issubclass(kind, tuple) and "_fields" in vars(kind) and _is_generated_tuple(kind)


def _is_generated_tuple(kind: type) -> bool:
    held = vars(kind).get("__new__")
    maker = held.__func__ if isinstance(held, staticmethod) else held
    return isinstance(maker, types.FunctionType) and maker.__code__.co_filename.startswith("<string>")


def instance(kind: type, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """A new object of such a class. Raises TypeError where the arguments do not fit."""
    return kind(*args, **named)


def fields_of(kind: type) -> dict[str, Any]:
    """The fields of such a class with their annotations, None where there is none."""
    names = vars(kind)["_fields"] if is_named_tuple(kind) else vars(kind)["__dataclass_fields__"]
    known = vars(kind).get("__annotations__") or {}
    return {name: known.get(name) for name in names}


def values_of(value: Any) -> list[Any]:
    """What the fields of a record hold."""
    return list(value) if is_named_tuple(type(value)) else list(object.__getattribute__(value, "__dict__").values())


def replaced(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of such an object with something done to what its fields hold."""
    if is_named_tuple(type(value)):
        return tuple.__new__(type(value), map(change, value))
    made = object.__new__(type(value))
    held = object.__getattribute__(value, "__dict__")
    object.__getattribute__(made, "__dict__").update({name: change(part) for name, part in held.items()})
    return made
