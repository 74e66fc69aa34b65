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
from workbench.views.stages import StageView

VARIABLE = "WORKBENCH_DUMP"


class Stages:
    """Looks at the stages of one compilation; this one looks away."""

    is_shown = False

    @staticmethod
    def of(name: str, mode: str) -> Stages:
        """Those of a function's derivative, in a folder of their own where the environment asks for it."""
        root = os.environ.get(VARIABLE)
        return Dumped(Path(root), f"{name}-{mode}") if root else Stages()

    def show(self, stage: str, function: Function) -> None:
        """Look at a stage."""

    def passes(self, phase: str) -> AbstractContextManager[None]:
        """Look at what each pass makes meanwhile."""
        return nullcontext()

    def show_text(self, name: str, text: str) -> None:
        """Look at what is no program in IR: the plan, the emitted program."""


class Dumped(Stages):
    """Writes the stages into files: those that have changed something."""

    is_shown = True

    def __init__(self, root: Path, title: str) -> None:
        self.root = root
        self.title = title
        self._folder: Path | None = None  # made when there is something to write
        self._numbers = itertools.count()
        self._last: dict[str, str] = {}  # the latest text of each function by name (callees go through passes, too)

    def show(self, stage: str, function: Function) -> None:
        """Write a stage."""
        self._last[function.name] = text = print_function(function)
        self.show_text(f"{stage}.ir", text)

    def passes(self, phase: str) -> AbstractContextManager[None]:
        """Write what each pass changes meanwhile."""
        def observer(name: str, function: Function) -> None:
            if print_function(function) != self._last.get(function.name):
                self.show(f"{phase}-{name.partition('/')[2]}", function)
        return watching(observer)

    def show_text(self, name: str, text: str) -> None:
        self._folder = self._folder or _fresh(self.root, self.title)
        path = self._folder / f"{next(self._numbers):02d}-{name}"
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


class Collected(Stages):
    """Keeps the stages: all of them, and which have changed anything."""

    is_shown = True

    def __init__(self) -> None:
        self.found: list[StageView] = []
        self._last: dict[str, str] = {}

    def show(self, stage: str, function: Function) -> None:
        """Keep a stage."""
        self._note(stage, "", function.name, print_function(function))

    def passes(self, phase: str) -> AbstractContextManager[None]:
        """Keep what each pass makes meanwhile."""
        def observer(name: str, function: Function) -> None:
            step = name.partition("/")[2]
            text = print_function(function)
            if step != "given" or text != self._last.get(function.name):
                self._note(phase, step, function.name, text)
        return watching(observer)

    def show_text(self, name: str, text: str) -> None:
        self._note(name.partition(".")[0], "", name, text.rstrip("\n"))

    def _note(self, phase: str, step: str, function: str, text: str) -> None:
        self.found.append(StageView(phase, step, function, self._last.get(function), text))
        self._last[function] = text


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
