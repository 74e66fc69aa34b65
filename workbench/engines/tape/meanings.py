"""What callables mean in a recorded run: three tables, which the modules fill that know.

A callable that no table has is entered, where it is the program's, differentiated by the program that the front end
makes of the call alone, where it is NumPy's (`programs`), and otherwise called as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

functions: dict[Any, Callable[..., Any]] = {}  # NumPy's functions: called with the arguments, one of which is active
written_out: dict[Any, Callable[..., Any]] = {}  # the same, for those that the front end does not take
special: dict[Any, Callable[..., Any]] = {}  # any callables, with any arguments: handler(callee, args, named)
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


def _registers(table: dict[Any, Callable[..., Any]], callables: Iterable[Any]) -> Callable[[_Handler], _Handler]:
    def register(handler: _Handler) -> _Handler:
        table.update(dict.fromkeys(callables, handler))
        return handler
    return register


def records(*callables: Any) -> Callable[[_Handler], _Handler]:
    """Register how NumPy functions with an active argument are recorded."""
    return _registers(functions, callables)


def writes_out(*callables: Any) -> Callable[[_Handler], _Handler]:
    """Register how NumPy functions with an active argument are written in others."""
    return _registers(written_out, callables)


def means(*callables: Any) -> Callable[[_Handler], _Handler]:
    """Register what callables mean in a recorded run: `handler(callee, args, named)`."""
    return _registers(special, callables)
