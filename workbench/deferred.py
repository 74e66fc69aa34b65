"""Libraries that are imported only once a program uses them, and tables of what their functions mean.

`scipy.special` and `scipy.integrate` take longer to import than the rest of the workbench. A program that calls one of
their functions has imported it; so a table need not know the functions before that. `Library` stands for a module: its
attributes are names of objects. `Meanings` is a table whose keys may be such names; they become the objects when the
module is there.

Invariant: no lookup misses an object that exists: before one fails, all modules that have since been imported are
entered.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Hashable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from workbench.records import dataclass

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Deferred:
    """An object of a module, by name. Calling it calls the object."""

    module: str
    name: str

    def resolve(self) -> Any:
        """The object; its module is imported where it is not."""
        return getattr(importlib.import_module(self.module), self.name)

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, *args: Any, **named: Any) -> Any:
        return self.resolve()(*args, **named)


@dataclass(frozen=True, slots=True)
class Library:
    """A module that is not imported yet: its attributes are `Deferred`.

    >>> Library("scipy.special").erf
    Deferred(module='scipy.special', name='erf')
    """

    module: str

    def __getattr__(self, name: str) -> Deferred:
        return Deferred(self.module, name)


def resolved(obj: Any) -> Any:
    """The object itself, whether it is named or not."""
    return obj.resolve() if isinstance(obj, Deferred) else obj


def is_ufunc(function: Any) -> bool:
    """True for functions that take arrays element by element, named or not."""
    return isinstance(function, np.ufunc) or (isinstance(function, Deferred) and function.module == "scipy.special")


class Meanings(Generic[V]):
    """A table from objects, some of them `Deferred`, to what they mean."""

    def __init__(self) -> None:
        self._entries: dict[Any, V] = {}
        self._waiting: dict[str, dict[Deferred, V]] = {}

    def __setitem__(self, key: Hashable, value: V) -> None:
        if isinstance(key, Deferred):
            self._waiting.setdefault(key.module, {})[key] = value
        else:
            self._entries[key] = value

    def __contains__(self, key: Hashable) -> bool:
        return self.get(key) is not None

    def get(self, key: Hashable) -> V | None:
        """What an object means, if it is known. Raises TypeError where it cannot be hashed."""
        if isinstance(key, Deferred):
            return self._waiting.get(key.module, {}).get(key)
        found = self._entries.get(key)
        if found is None and self._waiting and self._enter():
            found = self._entries.get(key)
        return found

    def _enter(self) -> bool:
        """Enter what waits for modules that have been imported since."""
        ready = [module for module in self._waiting if module in sys.modules]
        for module in ready:
            for key, value in tuple(self._waiting.get(module, {}).items()):
                self._entries[key.resolve()] = value
            self._waiting.pop(module, None)
        return bool(ready)

    def items(self) -> Iterator[tuple[Any, V]]:
        """All entries; what is not imported is named."""
        yield from self._entries.items()
        for waiting in self._waiting.values():
            yield from waiting.items()

    def all(self) -> dict[Any, V]:
        """All entries by their objects; imports what is waiting."""
        for module in tuple(self._waiting):
            importlib.import_module(module)
        self._enter()
        return dict(self._entries)
