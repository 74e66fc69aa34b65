"""Variables: names, fields, list and dictionary entries, and what happens to them in arms and loops.

A variable stores a tree: run-time scalars live in IR slots (the builder threads those through regions by itself),
references to arrays and containers carry the generation they were made in, everything else is static. Assigning a value
of the same shape writes the slots; assigning another shape replaces the tree and is logged in every open frame, so
that frames can be rolled back and joined.

Invariant: a reference whose generation is older than its object's is stale (the object was renamed in a loop); reading
it is an error, never a wrong value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any

from workbench.frontend.places import at, numbers, same_form
from workbench.frontend.values import (
    RECORDS,
    Alternative,
    Array,
    Choice,
    Container,
    Maybe,
    Scalar,
    Variable,
    parts_of,
    record_of,
)
from workbench.ir import Builder, Slot, Value
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A stored run-time scalar."""

    slot: Slot
    python: bool
    others: frozenset[Alternative] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A stored array or container with the generation it is good for."""

    target: Any
    generation: int


@dataclass(frozen=True, slots=True, eq=False)
class StoredView:
    """A stored view whose place in its buffer is known at run time: slots for those of its numbers that change."""

    target: Array
    generation: int
    slots: dict[int, Slot]


@dataclass(frozen=True, slots=True, eq=False)
class StoredChoice:
    """A stored choice of arrays."""

    options: tuple[Reference | StoredView, ...]
    index: Leaf


@dataclass(frozen=True, slots=True, eq=False)
class StoredMaybe:
    """A stored value that may be undefined."""

    value: Any
    defined: Leaf
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class StoredRecord:
    """A stored record (an iterator, a bound method, a slice), whose parts may be arrays or run-time numbers."""

    type: type
    parts: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class LogFrame:
    """The static side of an open region: what each variable stored on entry (of those that were written), which are
    surely written by now, and which were read before they were."""

    kind: str  # "function" | "loop" | "arm"
    entry: dict[Variable, Any] = field(default_factory=dict)
    reads: dict[Variable, Any] = field(default_factory=dict)
    written: set[Variable] = field(default_factory=set)
    undo: list[Callable[[], None]] = field(default_factory=list)
    renamed: list[Any] = field(default_factory=list)
    stores: set[Any] = field(default_factory=set)  # buffers written in place
    orders: dict[Any, Any] = field(default_factory=dict)  # of a loop: how buffers lay at its beginning

    def restore(self) -> None:
        """Give every variable and container changed in the frame what it held on entry."""
        for action in reversed(self.undo):
            action()
        for target in self.renamed:
            target.generation -= 1
        for variable, stored in self.entry.items():
            variable.stored = stored


def generation_of(target: Any) -> int:
    """The current generation of an array's cell or of a container."""
    return target.cell.generation if isinstance(target, Array) else target.generation


def rebuild(model: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """A tuple of the model's own type (named tuples keep theirs)."""
    return tuple.__new__(type(model), items)


def store_tree(builder: Builder, value: Any, name: str) -> Any:
    """The stored form of a value; run-time scalars get new slots."""
    if isinstance(value, Scalar):
        return Leaf(builder.slot(value.value.type, value.value, name), value.python, value.others)
    if isinstance(value, tuple):
        return rebuild(value, [store_tree(builder, v, f"{name}{i}") for i, v in enumerate(value)])
    if isinstance(value, Array) and value.moving:
        return _store_view(builder, value, name)
    if isinstance(value, (Array, Container)):
        return Reference(value, generation_of(value))
    if isinstance(value, Choice):
        options = tuple(store_tree(builder, o, name) for o in value.options)
        return StoredChoice(options, store_tree(builder, value.index, f"{name}_index"))
    if isinstance(value, RECORDS):
        return StoredRecord(type(value), store_tree(builder, parts_of(value), name))
    if isinstance(value, Maybe):
        return StoredMaybe(store_tree(builder, value.value, name), store_tree(builder, value.defined, f"has_{name}"),
                           value.name)
    return value


def _store_view(builder: Builder, array: Array, name: str) -> StoredView:
    places = numbers(array)
    slots = {k: builder.slot(places[k].type, places[k], f"{name}_at") for k in sorted(array.moving)}
    return StoredView(array, generation_of(array), slots)


def same_shape(stored: Any, value: Any) -> bool:
    """True when the value can be written into the stored tree's slots."""
    if isinstance(stored, Leaf):
        return (isinstance(value, Scalar) and stored.python == value.python and stored.slot.type == value.value.type
                and stored.others == value.others)
    if isinstance(stored, tuple):
        return (isinstance(value, tuple) and type(value) is type(stored) and len(value) == len(stored)
                and all(same_shape(s, v) for s, v in zip(stored, value, strict=True)))
    if isinstance(stored, Reference):
        return stored.target is value and stored.generation == generation_of(value)
    if isinstance(stored, StoredView):
        return (isinstance(value, Array) and stored.generation == generation_of(value)
                and same_form(stored.target, value) and value.moving <= stored.slots.keys()
                and all(k in stored.slots or a == b for k, (a, b) in enumerate(
                    zip(numbers(stored.target), numbers(value), strict=True))))
    if isinstance(stored, StoredChoice):
        return isinstance(value, Choice) and len(value.options) == len(stored.options) and all(
            same_shape(s, v) for s, v in zip(stored.options, value.options, strict=True))
    if isinstance(stored, StoredRecord):
        return type(value) is stored.type and same_shape(stored.parts, parts_of(value))
    if isinstance(stored, StoredMaybe):
        return isinstance(value, Maybe) and same_shape(stored.value, value.value)
    return same_static(stored, value)


def same_static(a: Any, b: Any) -> bool:
    """True when two static objects are the same: identical, or equal numbers and strings of one type."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, (bool, int, str, bytes, complex)):
        return bool(a == b)
    if isinstance(a, float):
        return repr(a) == repr(b)
    return False


def write_tree(builder: Builder, stored: Any, value: Any) -> None:
    """Write a value of the same shape into the stored tree's slots."""
    if isinstance(stored, Leaf):
        builder.write(stored.slot, value.value)
    elif isinstance(stored, tuple):
        for s, v in zip(stored, value, strict=True):
            write_tree(builder, s, v)
    elif isinstance(stored, StoredView):
        places = numbers(value)
        for position, slot in stored.slots.items():
            builder.write(slot, places[position])
    elif isinstance(stored, StoredChoice):
        write_tree(builder, stored.options, value.options)
        write_tree(builder, stored.index, value.index)
    elif isinstance(stored, StoredRecord):
        write_tree(builder, stored.parts, parts_of(value))
    elif isinstance(stored, StoredMaybe):
        write_tree(builder, stored.value, value.value)
        write_tree(builder, stored.defined, value.defined)


class StaleReference(Exception):
    """A variable was read whose array or container was renamed by a loop."""

    def __init__(self, target: Any) -> None:
        super().__init__("stale reference")
        self.target = target


def load_tree(stored: Any, read: Callable[[Slot], Value | None]) -> Any:
    """The value a stored tree stands for; `read` gives a slot's value."""
    if isinstance(stored, Leaf):
        value = read(stored.slot)
        assert value is not None
        return Scalar(value, stored.python, stored.others)
    if isinstance(stored, tuple):
        return rebuild(stored, [load_tree(s, read) for s in stored])
    if isinstance(stored, Reference):
        if generation_of(stored.target) != stored.generation:
            raise StaleReference(stored.target)
        return stored.target
    if isinstance(stored, StoredView):
        return _load_view(stored, read)
    if isinstance(stored, StoredChoice):
        return Choice(tuple(load_tree(o, read) for o in stored.options), load_tree(stored.index, read))
    if isinstance(stored, StoredRecord):
        return record_of(stored.type, load_tree(stored.parts, read))
    if isinstance(stored, StoredMaybe):
        return Maybe(load_tree(stored.value, read), load_tree(stored.defined, read), stored.name)
    return stored


def _load_view(stored: StoredView, read: Callable[[Slot], Value | None]) -> Array:
    if generation_of(stored.target) != stored.generation:
        raise StaleReference(stored.target)
    places = numbers(stored.target)
    for position, slot in stored.slots.items():
        value = read(slot)
        assert value is not None
        places[position] = value
    return at(stored.target, places, frozenset(stored.slots))


def references(stored: Any) -> Iterator[Reference | StoredView]:
    """All references in a stored tree."""
    if isinstance(stored, (Reference, StoredView)):
        yield stored
    elif isinstance(stored, tuple):
        for entry in stored:
            yield from references(entry)
    elif isinstance(stored, StoredChoice):
        yield from stored.options
    elif isinstance(stored, StoredRecord):
        yield from references(stored.parts)
    elif isinstance(stored, StoredMaybe):
        yield from references(stored.value)


def stale_targets(stored: Any) -> list[Any]:
    """What a stored tree refers to that has been renamed since."""
    return [r.target for r in references(stored) if generation_of(r.target) != r.generation]
