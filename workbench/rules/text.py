"""Text and exceptions made of run-time numbers: what is known beforehand, with holes that numbers go into.

Python itself formats and builds: `print`, f-strings and `raise` give what the program would give, to the letter. A
`Template` is a text, a `Failure` an exception, a tree of either is `filled` with the numbers of an operation.
Invariant: hole k is filled by the k-th number.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind
from workbench.records import dataclass

_CONVERT: dict[str, Callable[[object], str]] = {"s": str, "r": repr, "a": ascii}


@dataclass(frozen=True, slots=True)
class Hole:
    """Where a number goes: its kind, its rank (-1 for a scalar), and whether it is Python's own or NumPy's."""

    place: int
    kind: Kind
    rank: int
    python: bool

    def filled(self, number: Any) -> Any:
        """The number as the program has it."""
        if self.rank >= 0:
            return np.array(number)
        if not self.python:
            return self.kind.dtype.type(number)
        return number.item() if isinstance(number, np.generic) else number


@dataclass(frozen=True, slots=True)
class Field:
    """A value in a text. `how`: "" (format by `spec`), "s", "r" or "a" (convert first), "%" (`spec` is a printf
    conversion)."""

    value: Any
    how: str = ""
    spec: str = ""

    def text(self, numbers: Sequence[Any]) -> str:
        """Its text."""
        value = filled(self.value, numbers)
        if self.how == "%":
            return self.spec % (value,)
        convert = _CONVERT.get(self.how)
        return format(convert(value) if convert is not None else value, self.spec)


@dataclass(frozen=True, slots=True)
class Template:
    """A text: strings and fields in order."""

    parts: tuple[str | Field, ...]

    def text(self, numbers: Sequence[Any]) -> str:
        """The text with the numbers in it."""
        return "".join(p if isinstance(p, str) else p.text(numbers) for p in self.parts)

    def __str__(self) -> str:
        return repr("".join(p.replace("{", "{{").replace("}", "}}") if isinstance(p, str) else "{" + p.spec + "}"
                            for p in self.parts))


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception: its class and its arguments, and what it was raised from (None: nothing; False: not said)."""

    type: type[BaseException]
    args: tuple[Any, ...] = ()
    named: tuple[tuple[str, Any], ...] = ()
    cause: Any = False

    def build(self, numbers: Sequence[Any]) -> BaseException:
        """The exception."""
        made = self.type(*filled(self.args, numbers), **{k: filled(v, numbers) for k, v in self.named})
        if self.cause is not False:
            made.__cause__ = filled(self.cause, numbers)
            made.__suppress_context__ = True
        return made

    def __str__(self) -> str:
        return self.type.__name__


def told(error: BaseException) -> tuple[str, str]:
    """An exception's class and arguments, as it is told from others."""
    return type(error).__name__, repr(error.args)


@dataclass(frozen=True, slots=True)
class Container:
    """A list or dict in a tree: its items (of a dict: values beside `keys`)."""

    items: tuple[Any, ...]
    keys: tuple[Any, ...] | None = None


def filled(tree: Any, numbers: Sequence[Any]) -> Any:
    """A tree with the numbers in their places."""
    if isinstance(tree, Hole):
        return tree.filled(numbers[tree.place])
    if isinstance(tree, Template):
        return tree.text(numbers)
    if isinstance(tree, Failure):
        return tree.build(numbers)
    if isinstance(tree, Container):
        items = [filled(item, numbers) for item in tree.items]
        return items if tree.keys is None else dict(zip(tree.keys, items, strict=True))
    if isinstance(tree, tuple):
        return tuple.__new__(type(tree), [filled(item, numbers) for item in tree])
    return tree


class _Said(threading.local):
    def __init__(self) -> None:
        self.letters = {"stdout": 0, "stderr": 0}


_said = _Said()


def said() -> dict[str, int]:
    """How many letters compiled programs have printed so far in this thread, by stream."""
    return dict(_said.letters)


def say(text: str, stream: str, flush: bool) -> None:
    """Print a text as it stands to `sys.stdout` or `sys.stderr`."""
    _said.letters[stream] += len(text)
    print(text, end="", file=getattr(sys, stream), flush=flush)
