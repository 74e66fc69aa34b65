"""What modules of the tape call of modules that are imported after them: operations make numbers, and numbers have
operations; a call of the program is mediated by what knows arrays. Where that circle is cut stands here.

Invariant: each name is set once, by the module that defines it, when the tape is imported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Late:
    """The names; `provides` sets them."""

    mediate: Callable[..., Any]  # a call of the program (`calls`)
    apply: Callable[..., Any]  # record an operation of numbers (`operations`)
    with_other: Callable[..., Any]  # an operator with an operand of no common kind (`operations`)
    as_array: Callable[[Any], Any]  # a number as an array without dimensions (`operators`)
    by_program: Callable[..., Any]  # `partials.pulled` on numbers of an outer recorder (`programs`)

    def provides(self, function: _Function) -> _Function:
        """Set the name of a function; a decorator."""
        assert function.__name__ in Late.__annotations__ and function.__name__ not in vars(self)
        setattr(self, function.__name__, function)
        return function


late = Late()
