"""The table of compositions, and how they refuse.

Invariant: a composition is a plain Python function of arrays that means what the NumPy function it stands for means, on
NumPy's own arrays too (the tests run it there). It has NumPy's parameters, by NumPy's names; what it does not take it
refuses, at the user's line.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, NoReturn, TypeVar

from workbench.deferred import Meanings
from workbench.ir import DifferentiationError
from workbench.records import dataclass

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Composition:
    """What stands for a callable: a function, and the arguments that come before the caller's."""

    function: FunctionType
    first: tuple[Any, ...] = ()


_compositions: Meanings[Composition] = Meanings()
_subscripts: dict[int, Callable[..., Any]] = {}
_FOLDER = __file__.rpartition("registry")[0]
_PACKAGE = __name__.rpartition(".")[0]


def composes(*callables: Any, first: tuple[Any, ...] = ()) -> Callable[[F], F]:
    """Register a composition for callables; `first` are arguments that come before the caller's."""
    def register(function: F) -> F:
        for item in callables:
            _compositions[item] = Composition(function, first)  # type: ignore[arg-type]
        return function
    return register


def composes_subscript(item: Any) -> Callable[[F], F]:
    """Register what a subscript of an object means: a composition of the key."""
    def register(function: F) -> F:
        _subscripts[id(item)] = function
        return function
    return register


def compositions() -> Meanings[Composition]:
    """All compositions by the callables that they stand for."""
    return _compositions


def subscript(item: Any) -> Callable[..., Any] | None:
    """What subscripts of an object mean, if they are written out."""
    return _subscripts.get(id(item))


def is_own(function: Any) -> bool:
    """True for functions of this package: what they read is the same at every call."""
    return str(getattr(function, "__module__", "")).startswith(_PACKAGE)


def is_own_file(filename: str) -> bool:
    """True for files of this package: what they do counts as done at the user's line."""
    return filename.startswith(_FOLDER)


def refuse(reason: str, hint: str) -> NoReturn:
    """Refuse; where a program is traced the front end gives the user's line."""
    raise DifferentiationError(reason, None, hint)


def held(x: Any) -> Any:
    """x, with derivative zero."""
    return x


def elementwise(x: Any, *operands: Any) -> Any:
    """x, which NumPy computes of operands element by element: it lies in memory as they do."""
    return x
