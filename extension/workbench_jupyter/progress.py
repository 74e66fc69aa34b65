"""Work that takes a while, as a bar below the cell: drawn only once it has lasted, gone when it is over.

The bar runs by itself (an animation over the expected seconds), since a compiler that holds the interpreter's lock
cannot redraw it; steps that are told move it. What is displayed is cleared at the end, so that a saved notebook holds
nothing of it. In a terminal one line is written to stderr, and wiped.

Invariant: nothing is displayed for work that is over within `PATIENCE` seconds, and nothing is left of any.
"""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from html import escape
from typing import Any

from IPython.display import HTML, display, update_display

from workbench import progress
from workbench.progress import Work
from workbench.views.style import DARK, LIGHT

PATIENCE = 0.4  # seconds
OFTEN = 0.2  # seconds between two drawings
STYLE = f"""<style>.wb-progress {{ {LIGHT} color: var(--wb-dim);
 font: 12px var(--jp-ui-font-family, system-ui, sans-serif);
 display: flex; gap: 10px; align-items: center; padding: 3px 2px; }}
body[data-jp-theme-light="false"] .wb-progress {{ {DARK} }}
.wb-progress span {{ width: 180px; height: 6px; border-radius: 3px; background: var(--wb-line); overflow: hidden; }}
.wb-progress i {{ display: block; height: 100%; background: var(--wb-accent); width: var(--to); }}
@keyframes wb-run {{ from {{ width: var(--from); }} to {{ width: var(--to); }} }}
@keyframes wb-wait {{ from {{ margin-left: -30%; }} to {{ margin-left: 100%; }} }}</style>"""


class Bars:
    """The works that are going on, of which the first is drawn; another one inside it is named beside it."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.works: list[Work] = []
        self.begun = 0.0
        self.drawn = 0.0
        self.handle = ""
        self.count = 0
        self.drawn_before = False
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
            if self.handle and time.monotonic() - self.drawn > OFTEN:
                self.draw()

    def wait(self) -> None:
        """Draw when it has lasted."""
        context = contextvars.copy_context()
        self.timer = threading.Timer(PATIENCE, context.run, (self.first,))
        self.timer.daemon = True
        self.timer.start()

    def first(self) -> None:
        with self.lock:
            if self.works and not self.handle:
                self.count += 1
                self.handle = f"workbench-progress-{self.count}"
                self.draw()

    def draw(self) -> None:
        """Show how far the first work is."""
        self.drawn = time.monotonic()
        work = self.works[0]
        inside = self.works[-1].what if len(self.works) > 1 else ""
        if self.in_terminal:
            sys.stderr.write(f"\r\033[K{text_of(work, self.drawn - self.begun, inside)}")
            sys.stderr.flush()
            return
        shown = HTML(bar(work, self.drawn - self.begun, inside), metadata={"workbench": "progress"})
        if self.drawn_before:
            update_display(shown, display_id=self.handle)
        else:
            self.drawn_before = True
            display(shown, display_id=self.handle)

    def end(self) -> None:
        """The cell is over, whatever has become of its work."""
        with self.lock:
            self.works.clear()
            self.close()

    def close(self) -> None:
        """Take away what is displayed."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.handle and self.in_terminal:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
        elif self.handle and self.drawn_before:
            update_display({}, display_id=self.handle, raw=True)
        self.handle, self.drawn_before = "", False

    @property
    def in_terminal(self) -> bool:
        """Whether this shell has no page."""
        return not hasattr(self.shell, "kernel")


def share_of(work: Work, elapsed: float) -> float | None:
    """How much is done, between 0 and 1: by its steps, else by the clock, never all of it; None: nobody knows."""
    if work.done:
        return work.done / work.of
    if work.seconds:
        return min(elapsed / work.seconds, 0.97)
    return None


def left(work: Work, elapsed: float) -> float | None:
    """How many more seconds it will take, probably."""
    if work.done and elapsed:
        return elapsed * (work.of - work.done) / work.done
    return None if work.seconds is None else max(work.seconds - elapsed, 0.0)


def text_of(work: Work, elapsed: float, inside: str = "") -> str:
    """How far it is, in a line."""
    share, rest = share_of(work, elapsed), left(work, elapsed)
    told = "" if share is None else f" {share:.0%}"
    return (f"{work.what}{told}" + ("" if rest is None else f", about {max(rest, 1):.0f} s left")
            + (f" ({inside})" if inside else ""))


def bar(work: Work, elapsed: float, inside: str = "") -> str:
    """How far it is, as HTML: from here the bar runs to its end in the time that is expected."""
    share, rest = share_of(work, elapsed), left(work, elapsed)
    if share is None:
        moving = "--to: 30%; animation: wb-wait 1.2s linear infinite"
        value = ""
    else:
        goal = 97.0 if not work.done else min(100.0 * (work.done + work.of * OFTEN) / work.of, 97.0)
        span = rest if not work.done and rest is not None else 1.0
        moving = (f"--from: {100 * share:.1f}%; --to: {max(goal, 100 * share):.1f}%; "
                  f"animation: wb-run {max(span, 0.1):.1f}s linear")
        value = f' aria-valuenow="{100 * share:.0f}" aria-valuemin="0" aria-valuemax="100"'
    return (f'{STYLE}<div class="wb-progress"><span role="progressbar" aria-label="{escape(work.what)}"{value}>'
            f'<i style="{moving}"></i></span>{escape(text_of(work, elapsed, inside))}</div>')


_HOOKS: dict[Any, tuple[tuple[str, Any], ...]] = {}


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
    _HOOKS[shell] = (("pre_run_cell", before), ("post_run_cell", after))
    for event, hook in _HOOKS[shell]:
        shell.events.register(event, hook)


def unregister(shell: Any) -> None:
    """Take it back."""
    for event, hook in _HOOKS.pop(shell, ()):
        shell.events.unregister(event, hook)
        if event == "post_run_cell":
            hook()
