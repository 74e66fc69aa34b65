"""Work that takes a while, as a bar below the running cell: there once it has lasted, gone when it is over.

The bar is no output: a model without a widget has its script put it into the page (`static/bars.js`), so that a saved
notebook holds nothing of it. It runs by itself, since a compiler that holds the interpreter's lock cannot redraw it;
steps that are told move it. In a terminal one line is written to stderr, and wiped.

Invariant: nothing is shown for work that is over within `PATIENCE` seconds, and nothing is left of any.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from workbench import progress
from workbench.progress import Work

PATIENCE = 0.4  # seconds
OFTEN = 0.2  # seconds between two drawings


class BarModel(anywidget.AnyWidget):
    """What the bars of a kernel are told through."""

    _esm = (Path(__file__).parent / "static" / "bars.js").read_text("utf-8")
    told = traitlets.Dict().tag(sync=True)


class Bars:
    """The works that are going on, of which the first is drawn; another one inside it is named beside it."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.works: list[Work] = []
        self.begun = 0.0
        self.drawn = 0.0
        self.is_shown = False
        self.model: BarModel | None = None
        self.timer: threading.Timer | None = None
        self.lock = threading.RLock()

    def __call__(self, work: Work) -> None:
        """What an observer is told."""
        with self.lock:
            if work.over:
                if work in self.works:
                    del self.works[self.works.index(work):]
                if not self.works:
                    self.close()
                return
            if work not in self.works:
                self.works.append(work)
                if len(self.works) == 1:
                    self.begun = time.monotonic()
                    self.wait()
                return
            if self.is_shown and time.monotonic() - self.drawn > OFTEN:
                self.draw()

    def wait(self) -> None:
        """Draw when it has lasted."""
        context = contextvars.copy_context()
        self.timer = threading.Timer(PATIENCE, context.run, (self.first,))
        self.timer.daemon = True
        self.timer.start()

    def first(self) -> None:
        with self.lock:
            if self.works and not self.is_shown:
                self.is_shown = True
                self.draw()

    def draw(self) -> None:
        """Show how far the first work is."""
        self.drawn = time.monotonic()
        work = self.works[0]
        inside = self.works[-1].what if len(self.works) > 1 else ""
        self.show(told(work, self.drawn - self.begun, inside))

    def end(self) -> None:
        """The cell is over, whatever has become of its work."""
        with self.lock:
            self.works.clear()
            self.close()

    def close(self) -> None:
        """Take away what is shown."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.is_shown:
            self.is_shown = False
            self.show({"over": True})

    def show(self, message: dict[str, Any]) -> None:
        """Draw or wipe the bar."""
        if self.in_terminal:
            sys.stderr.write(f"\r\033[K{message.get('text', '')}")
            sys.stderr.flush()
            return
        message = {**message, "first": self.first_line()}
        if self.model is None:
            self.model = BarModel(told=message)
        else:
            self.model.told = message

    def first_line(self) -> str:
        """The first line of the running cell, by which the page finds it."""
        parent: dict[str, Any] = self.shell.get_parent() if hasattr(self.shell, "get_parent") else {}
        code = str(parent.get("content", {}).get("code", ""))
        return next((line.strip() for line in code.splitlines() if line.strip()), "")

    @property
    def in_terminal(self) -> bool:
        """Whether this shell has no page."""
        return not hasattr(self.shell, "kernel")


def share_of(work: Work, elapsed: float) -> float | None:
    """How much is done, between 0 and 1: by its steps, else by the clock; None: nobody knows, or not any more."""
    if work.done:
        return work.done / work.of
    return elapsed / work.seconds if work.seconds and elapsed < 0.95 * work.seconds else None


def left(work: Work, elapsed: float) -> float | None:
    """How many more seconds it will take, probably."""
    if work.done and elapsed:
        return elapsed * (work.of - work.done) / work.done
    return None if work.seconds is None else max(work.seconds - elapsed, 0.0)


def text_of(work: Work, elapsed: float, inside: str = "") -> str:
    """How far it is, in a line."""
    share, rest = share_of(work, elapsed), left(work, elapsed)
    known = "" if share is None else f" {share:.0%}"
    ahead = "" if share is None or rest is None else f", about {max(rest, 1):.0f} s left"
    return work.what + known + ahead + (f" ({inside})" if inside else "")


def told(work: Work, elapsed: float, inside: str = "") -> dict[str, Any]:
    """What the page is told: the text, how much is done, how far the bar is to run by itself, in how many seconds."""
    share, rest = share_of(work, elapsed), left(work, elapsed)
    goal = 0.97 if not work.done else min((work.done + 1.0) / work.of, 0.97)
    span = 1.0 if rest is None else rest if not work.done else rest / max(work.of - work.done, 1.0)
    return {"text": text_of(work, elapsed, inside), "share": share, "goal": max(goal, share or 0.0),
            "span": round(max(span, 0.1), 1)}


_HOOKS: dict[Any, tuple[Bars, tuple[tuple[str, Any], ...]]] = {}


def register(shell: Any) -> None:
    """Observe the work of each cell from the next one on."""
    if shell in _HOOKS:
        return
    bars = Bars(shell)

    def before(*_: Any) -> None:
        progress.observe(bars)

    def after(*_: Any) -> None:
        progress.ignore(bars)
        bars.end()
    _HOOKS[shell] = (bars, (("pre_run_cell", before), ("post_run_cell", after)))
    for event, hook in _HOOKS[shell][1]:
        shell.events.register(event, hook)


def unregister(shell: Any) -> None:
    """Take it back."""
    if shell not in _HOOKS:
        return
    bars, hooks = _HOOKS.pop(shell)
    for event, hook in hooks:
        shell.events.unregister(event, hook)
    progress.ignore(bars)
    bars.end()
    if bars.model is not None:
        bars.model.close()
