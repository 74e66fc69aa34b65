"""The names of operators, their copies, and what another process is sent: by name, as functions are, or made anew.

Invariant: nothing that was compiled, nor a lock, is copied or sent. Another process finds programs on the disk.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any


def reduced(operator: Any, args: tuple[Any, ...], named: Mapping[str, Any]) -> str | tuple[Any, ...]:
    """For `__reduce__`: the operator's name where its module has it under its function's (it decorates one); else its
    class and what it was made with, which can be copied or sent where the function can."""
    held = sys.modules.get(getattr(operator, "__module__", ""))
    name: str = getattr(operator, "__qualname__", "")  # (partial functions have none)
    for part in name.split("."):
        held = getattr(held, part, None)
    return name if held is operator else (made_anew, (type(operator), args, dict(named)))


def name_of(function: Any) -> str:
    """A function's name; of a partial one that of what it calls, of an object that is called its class's."""
    while isinstance(function, functools.partial):
        function = function.func
    if inspect.ismethod(function) and function.__name__ == "__call__":
        function = function.__self__
    return str(getattr(function, "__name__", type(function).__name__))


def made_anew(kind: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """An operator of the same as another one."""
    return kind(*args, **named)
