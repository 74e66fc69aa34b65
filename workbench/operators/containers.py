"""The evaluator's containers, taken apart and made anew: the tuples, lists, dictionaries and objects of a program that
is being traced.

Invariant: what is taken apart and made anew is of the same type, with the same keys in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.frontend.outputs import assemble
from workbench.frontend.paths import Path
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import DictValue, ListValue, ObjectValue
from workbench.records import dataclass

Keys = tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """What a container is made of. keys: None for sequences; of an object, the names of its attributes."""

    type: type
    keys: Keys
    parts: list[Any]
    has_attributes: bool = False

    def paths(self, path: Path) -> list[Path]:
        """Where the parts are, of a container that is at `path`."""
        keys: Sequence[Any] = self.keys if self.keys is not None else range(len(self.parts))
        return [path.attribute(k) if self.has_attributes else path.item(k) for k in keys]


def container_type(value: Any) -> type:
    """The Python type of a container."""
    if isinstance(value, (DictValue, ObjectValue)):
        return value.type
    return list if isinstance(value, ListValue) else type(value)


def opened(t: Tracer, value: Any) -> Container | None:
    """The parts of a container, None for what is none."""
    if isinstance(value, tuple):
        return Container(type(value), None, list(value))
    if isinstance(value, ListValue):
        return Container(list, None, [t.read(v) for v in value.items])
    if isinstance(value, DictValue):
        return Container(value.type, tuple(value.items), [t.read(v) for v in value.items.values()])
    if isinstance(value, ObjectValue):
        t.environment.load_fields(value)
        return Container(value.type, tuple(value.fields), [t.read(v) for v in value.fields.values()], True)
    return None


def made(t: Tracer, type_: type, keys: Keys, parts: Sequence[Any]) -> Any:
    """A container of these parts."""
    if issubclass(type_, tuple):
        return assemble(type_, keys, parts)
    if type_ is list:
        return t.new_list(list(parts))
    entries = dict(zip(keys or (), parts, strict=True))
    return t.new_dict(entries, type_=type_) if issubclass(type_, dict) else t.new_object(type_, entries)
