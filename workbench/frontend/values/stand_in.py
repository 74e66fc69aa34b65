"""What tells a stand-in from an ordinary Python object, and what either is called in errors.

Invariant: a kind of value says what it is in its own class alone: what has no `StandIn` in it is Python's own object.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any, ClassVar


class StandIn:
    """What the evaluator computes with in place of a Python object that is numeric, or can change."""

    __slots__ = ()
    called: ClassVar[str] = ""

    def words(self) -> str:
        """What it is called in errors."""
        return self.called


class Record(StandIn):
    """A stand-in of parts, which may be run-time numbers and arrays themselves: a variable stores it part by part."""

    __slots__ = ()


RECORDS = (Record, slice)  # (a slice is Python's own, and may have run-time bounds)


def parts_of(record: Any) -> tuple[Any, ...]:
    """The parts of a record or slice; arguments by name are pairs."""
    if isinstance(record, slice):
        return (record.start, record.stop, record.step)
    values = ((field.name, getattr(record, field.name)) for field in fields(record))
    return tuple(tuple(value.items()) if name == "named" else value for name, value in values)


def record_of(type_: Any, parts: tuple[Any, ...]) -> Any:
    """The record or slice of a type that has these parts."""
    if type_ is slice:
        return slice(*parts)
    return type_(*(dict(part) if field.name == "named" else part for field, part in zip(
        fields(type_), parts, strict=True)))


def is_static(value: Any) -> bool:
    """True when nothing in the value is a stand-in."""
    if isinstance(value, tuple):
        return all(is_static(v) for v in value)
    if isinstance(value, slice):
        return all(is_static(v) for v in parts_of(value))
    return not isinstance(value, StandIn)


def describe(value: Any) -> str:
    """A few words for a value in an error."""
    if isinstance(value, StandIn):
        return value.words()
    if isinstance(value, (tuple, slice)):  # (its own words would show what the evaluator computes with)
        return f"a {type(value).__name__}"
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    return name if isinstance(name, str) else f"{type(value).__name__} {value!r:.60}"
