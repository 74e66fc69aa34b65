"""Every stage of a compilation, as text to read: with WORKBENCH_DUMP=folder in the environment each function that is
specialised leaves a folder of its own there, `003-decay-grad/`:

    00-traced.ir            what the front end made
    01-primal-simplify.ir   the primal after each pass that changed it
    04-plan.txt             of reverse mode: how each value of the primal is had, at what price and why
    05-grad.ir              the transformed program, as the mode's transform made it (grad, vjp, jvp, push)
    06-grad-simplify.ir     and after each pass that changed it
    10-lowering-lower.ir    the way to loops over elements
    15-lowered.ir           what is emitted
    16-source.py            as it was emitted

Invariant: what is compiled is the same with and without it. (Programs noted on the disk are not taken: they are made.)
"""

from __future__ import annotations

import itertools
import os
import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from workbench.ir import Function, print_function
from workbench.passes import watching

VARIABLE = "WORKBENCH_DUMP"


class Stages:
    """Where the stages of one compilation are written; nowhere, where nobody wants to see them."""

    def __init__(self, root: Path | None, title: str) -> None:
        self.root = root
        self.title = title
        self._folder: Path | None = None  # made when there is something to write
        self._numbers = itertools.count()
        self._last: dict[str, str] = {}  # the latest text of each function by name (callees go through passes, too)

    @classmethod
    def of(cls, name: str, mode: str) -> Stages:
        """Those of a function's derivative, in a folder of their own where the environment asks for it."""
        root = os.environ.get(VARIABLE)
        return cls(Path(root) if root else None, f"{name}-{mode}")

    @property
    def is_shown(self) -> bool:
        """Whether anybody looks."""
        return self.root is not None

    def show(self, stage: str, function: Function) -> None:
        """Write a stage."""
        if self.is_shown:
            self._last[function.name] = text = print_function(function)
            self._write(f"{stage}.ir", text)

    def passes(self, phase: str) -> AbstractContextManager[None]:
        """Write what each pass changes meanwhile."""
        def observer(name: str, function: Function) -> None:
            if print_function(function) != self._last.get(function.name):
                self.show(f"{phase}-{name.partition('/')[2]}", function)
        return watching(observer) if self.is_shown else nullcontext()

    def show_text(self, name: str, text: str) -> None:
        """Write what is no program in IR: the plan, the emitted program."""
        self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        if self.root is not None:
            self._folder = self._folder or _fresh(self.root, self.title)
            path = self._folder / f"{next(self._numbers):02d}-{name}"
            path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def _fresh(root: Path, title: str) -> Path:
    """A new numbered folder; other processes may make theirs at the same time."""
    root.mkdir(parents=True, exist_ok=True)
    title = re.sub(r"[^\w.-]", "_", title)
    for number in itertools.count(len(list(root.iterdir()))):
        folder = root / f"{number:03d}-{title}"
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise AssertionError("counting does not end")
