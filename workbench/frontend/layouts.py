"""What the entries of a dynamic list are: numbers, arrays, and records of them, described without any IR value.

A layout outlives a tracing that is abandoned: it is the decision with which the next one begins.

Invariant: two values of one layout can be entries of one list; `joined` gives the least layout that takes both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from workbench.frontend.numbers import alternatives, is_python_number, joint_kind, number_kind
from workbench.frontend.values import Alternative, Array, Bare, DynamicList, ListValue, ObjectValue, Scalar
from workbench.frontend.variables import rebuild, same_static
from workbench.ir import Constant, Kind, Value
from workbench.records import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A number held as one kind, Python's own or NumPy's; `others`: what else it may have been (as of a scalar)."""

    kind: Kind
    python: bool
    others: frozenset[Alternative] = frozenset()

    def scalar(self, value: Value) -> Scalar:
        """A number of this layout."""
        return Scalar(value, self.python, self.others)


@dataclass(frozen=True, slots=True)
class Matrix:
    """An array; a dimension is None where it is known at run time only."""

    kind: Kind
    dims: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A tuple, a list of known length, or an object: its type, the names of its attributes (None: by position)."""

    type: type
    names: tuple[str, ...] | None
    entries: tuple[Layout, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """An object known while specialising, the same in every entry."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and same_static(self.value, other.value)

    def __hash__(self) -> int:
        return hash(type(self.value))


@dataclass(frozen=True, slots=True)
class Nested:
    """A list of run-time length."""

    entry: Layout


HELD = Bare("an array without axes that comes out of a list of run-time length, or of a recursive function, is changed")
Layout = Number | Matrix | Record | Nested | Same


def layout_of(value: Any, read: Callable[[Any], Any]) -> Layout | None:
    """The layout of a value, None where it cannot be an entry. `read` gives the value of a variable."""
    if isinstance(value, Array):
        sizes = tuple(int(d.value.real) if isinstance(d, Constant) else None for d in value.dims)
        return Matrix(value.kind, sizes) if sizes else None
    kind = number_kind(value)
    if kind is not None:
        others = value.others if isinstance(value, Scalar) else frozenset()
        return Number(kind, is_python_number(value), frozenset(a if a.array is None else replace(a, array=HELD)
                                                               for a in others))
    names: tuple[str, ...] | None = None
    type_: type
    if isinstance(value, DynamicList):
        return Nested(value.layout)
    if isinstance(value, tuple):
        type_, items = type(value), list(value)
    elif isinstance(value, ListValue):
        type_, items = list, [read(v) for v in value.items]
    elif isinstance(value, ObjectValue) and value.original is None:
        type_, names, items = value.type, tuple(value.fields), [read(v) for v in value.fields.values()]
    else:
        return Same(value) if value is None or isinstance(value, (str, bytes)) else None
    entries = [layout_of(item, read) for item in items]
    if any(e is None for e in entries):
        return None
    return Record(type_, names, tuple(e for e in entries if e is not None))


def joined_numbers(a: Number, b: Number) -> Number:
    """The least layout that holds a number of either."""
    both = [x.scalar(Constant(0, x.kind)) for x in (a, b)]
    kind, python = joint_kind(*both), a.python and b.python
    return Number(kind, python, alternatives(kind, python, both))


def joined(a: Layout | None, b: Layout | None) -> Layout | None:
    """The least layout that takes what both take, None where there is none. (One that is not yet known takes all.)"""
    if isinstance(a, Number) and isinstance(b, Number):
        if (a.kind.is_inexact or b.kind.is_inexact) and Kind.BOOL in (a.kind, b.kind):
            return None
        if a.python is b.python and (a.kind is b.kind or a.python):
            return joined_numbers(a, b)
        return None  # the entries would not all keep their kind
    if isinstance(a, Matrix) and isinstance(b, Matrix):
        if a.kind is not b.kind or len(a.dims) != len(b.dims):
            return None
        return Matrix(a.kind, tuple(x if x == y else None for x, y in zip(a.dims, b.dims, strict=True)))
    if _is_list(a) and _is_list(b) and not (isinstance(a, Record) and isinstance(b, Record)
                                            and len(a.entries) == len(b.entries)):
        entry: Layout | None = None
        for k, inner in enumerate([*_inner(a), *_inner(b)]):
            entry = inner if k == 0 else joined(entry, inner)
            if entry is None:
                return None
        return Nested(entry) if entry is not None else None
    if isinstance(a, Record) and isinstance(b, Record):
        if a.type is not b.type or a.names != b.names or len(a.entries) != len(b.entries):
            return None
        entries = [joined(x, y) for x, y in zip(a.entries, b.entries, strict=True)]
        return None if any(e is None for e in entries) else Record(a.type, a.names, tuple(
            e for e in entries if e is not None))
    return a if a == b else None


def _is_list(layout: Layout | None) -> bool:
    return isinstance(layout, Nested) or (isinstance(layout, Record) and layout.type is list)


def _inner(layout: Any) -> tuple[Layout, ...]:
    """The layouts of the entries of a list."""
    return (layout.entry,) if isinstance(layout, Nested) else layout.entries


def columns(layout: Layout) -> Iterator[Number | Matrix | Nested]:
    """The numbers, arrays and lists of an entry, in order: each has a column of the list."""
    if isinstance(layout, Record):
        for entry in layout.entries:
            yield from columns(entry)
    elif not isinstance(layout, Same):
        yield layout


def parts(layout: Layout, value: Any, read: Callable[[Any], Any]) -> Iterator[Any]:
    """The numbers, arrays and lists of a value, in the order of `columns`."""
    if isinstance(layout, (Number, Matrix, Nested)):
        yield value
    elif isinstance(layout, Record):
        if isinstance(value, ListValue):
            items = [read(v) for v in value.items]
        elif isinstance(value, ObjectValue):
            items = [read(value.fields[name]) for name in layout.names or ()]
        else:
            items = list(value)
        for entry, item in zip(layout.entries, items, strict=True):
            yield from parts(entry, item, read)


def assembled(layout: Layout, leaves: Iterator[Any], make: Callable[[Record, list[Any]], Any]) -> Any:
    """A value from its numbers, arrays and lists; `make` gives lists of known length and objects."""
    if isinstance(layout, Same):
        return layout.value
    if isinstance(layout, (Number, Matrix, Nested)):
        return next(leaves)
    items = [assembled(entry, leaves, make) for entry in layout.entries]
    if issubclass(layout.type, tuple):
        return rebuild(tuple.__new__(layout.type, items), items)
    return make(layout, items)
