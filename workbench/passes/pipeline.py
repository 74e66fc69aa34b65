"""Running passes: each stage goes to an observer (the verifier in tests, the pass viewer in a notebook).

Invariant: a pass takes a valid function and gives a valid function; it is a frozen dataclass whose fields are its
options, so two equal passes do the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from workbench.ir import Function, print_function

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
    """Run passes in order; the observer is called with each pass's name and what it made.

    With WORKBENCH_DUMP=directory in the environment every stage is written there as text."""
    folder = os.environ.get("WORKBENCH_DUMP")
    made: dict[Pass, Function] = {}
    for step in passes:
        if step.settles and made.get(step) is function:
            continue
        function = step(function)
        made[step] = function
        if observer is not None:
            observer(step.name, function)
        if folder:
            _dump(Path(folder), step.name, function)
    return function


def _dump(folder: Path, name: str, function: Function) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir()))
    (folder / f"{number:04d}-{function.name}-{name}.txt").write_text(print_function(function) + "\n", encoding="utf-8")
