"""One entry of the corpus: a plain numeric function, how to draw its arguments, and which oracle judges it."""
from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]
Sampler = Callable[[np.random.Generator], Arguments]


@dataclass(frozen=True)
class Program:
    """A function under test.

    function: plain Python (or an `@njit` dispatcher) with a real scalar result.
    make_args: draws one tuple of positional arguments.
    wrt: as in `wb.grad`: an index, a name, or a tuple of them.
    oracle: "complex" (complex step, 1e-8) or "difference" (extrapolated differences, 1e-6).
    tags: theme names; "overlap" marks arguments that share memory.
    small: further samplers at sizes 0, 1 or 2.
    """

    name: str
    function: Callable[..., Any]
    make_args: Sampler
    wrt: Any = 0
    oracle: str = "complex"
    tags: frozenset[str] = frozenset()
    small: tuple[Sampler, ...] = ()

    @property
    def positions(self) -> tuple[int, ...]:
        """The positional indices that `wrt` names."""
        return positions(self.function, self.wrt)


def positions(function: Callable[..., Any], wrt: Any) -> tuple[int, ...]:
    """Resolve `wrt` (index, name, or tuple of them) to positional indices."""
    names = list(inspect.signature(getattr(function, "py_func", function)).parameters)
    several = wrt if isinstance(wrt, tuple) else (wrt,)
    return tuple(names.index(entry) if isinstance(entry, str) else entry for entry in several)


def program(function: Callable[..., Any], make_args: Sampler, wrt: Any = 0, *tags: str,
            oracle: str = "complex", small: tuple[Sampler, ...] = (), name: str | None = None) -> Program:
    """An entry named after its function."""
    label = name or getattr(function, "py_func", function).__name__
    return Program(label, function, make_args, wrt, oracle, frozenset(tags), small)
