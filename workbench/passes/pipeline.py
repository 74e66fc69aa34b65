"""Running passes: each stage goes to an observer (the verifier in tests, the pass viewer in a notebook).

Invariant: a pass takes a valid function and gives a valid function; it is a frozen dataclass whose fields are its
options, so two equal passes do the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from workbench.ir import Function

Observer = Callable[[str, Function], None]


@dataclass(frozen=True)
class Pass:
    """A function from functions to functions, with a name and options.

    `settles`: applied to what it made it would change nothing, so it is not run again."""

    name: ClassVar[str] = "pass"
    settles: ClassVar[bool] = False

    def __call__(self, function: Function) -> Function:
        """The rewritten function."""
        raise NotImplementedError


def run(passes: Sequence[Pass], function: Function, observer: Observer | None = None) -> Function:
    """Run passes in order; the observer is called with each pass's name and what it made."""
    made: dict[Pass, Function] = {}
    for step in passes:
        if step.settles and made.get(step) is function:
            continue
        function = step(function)
        made[step] = function
        if observer is not None:
            observer(step.name, function)
    return function
