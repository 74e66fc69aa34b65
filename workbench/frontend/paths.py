"""Where a value of the running Python program is found again at each call, and what must still hold there.

A `Path` starts at an argument, a module's or class's namespace, or a fixed object, and goes on by attributes and items.
A `Guard` is what was taken for granted while specialising: the object itself (functions, classes, modules), an equal
value (flags, strings, numbers that were pinned), a type, a length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """`root` is ("arg", position), ("dict", namespace, name), ("cell", cell) or ("object", value)."""

    root: tuple[Any, ...]
    steps: tuple[tuple[str, Any], ...] = ()

    def attribute(self, name: str) -> Path:
        """The path of an attribute."""
        return Path(self.root, (*self.steps, ("attribute", name)))

    def item(self, key: Any) -> Path:
        """The path of an item."""
        return Path(self.root, (*self.steps, ("item", key)))

    def fetch(self, args: tuple[Any, ...]) -> Any:
        """The object found there now. Raises LookupError or AttributeError where it is gone."""
        value = self._start(args)
        for kind, key in self.steps:
            value = getattr(value, key) if kind == "attribute" else value[key]
        return value

    def _start(self, args: tuple[Any, ...]) -> Any:
        kind = self.root[0]
        if kind == "arg":
            return args[self.root[1]]
        if kind == "dict":
            return self.root[1][self.root[2]]
        if kind == "cell":
            return self.root[1].cell_contents
        return self.root[1]

    @property
    def is_argument(self) -> bool:
        """True when it starts at an argument."""
        return self.root[0] == "arg"

    @property
    def key(self) -> Any:
        """A hashable identity."""
        root = tuple(id(r) if not isinstance(r, (str, int)) else r for r in self.root)
        return (root, self.steps)


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A fact checked before each call."""

    path: Path
    kind: str  # "is" | "equal" | "type" | "length" | "keys" | "array" | "size<axis>" | "same<axis>"
    expected: Any

    def holds(self, args: tuple[Any, ...]) -> bool:
        """True when the fact still holds."""
        try:
            value = self.path.fetch(args)
        except (LookupError, AttributeError, ValueError):
            return False
        if self.kind.startswith("same"):
            axis, other, other_axis = self.expected
            return bool(value.shape[axis] == other.fetch(args).shape[other_axis])
        return _CHECKS[self.kind.rstrip("0123456789")](value, self.expected)


def array_signature(value: np.ndarray) -> Any:
    """What a compiled function is specialised on: dtype, rank, which dimensions are 1, whether it may be written."""
    return (value.dtype, tuple([d == 1 for d in value.shape]), value.flags.writeable)


_CHECKS: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda value, expected: value is expected,
    "equal": lambda value, expected: type(value) is type(expected) and bool(value == expected),
    "type": lambda value, expected: type(value) is expected,
    "length": lambda value, expected: len(value) == expected,
    "keys": lambda value, expected: tuple(value) == expected,
    "size": lambda value, expected: value.shape[expected[0]] == expected[1],
    "array": lambda value, expected: isinstance(value, np.ndarray) and array_signature(value) == expected,
}
