"""What can be shown: its data first, then text and static HTML; alive where something makes it so.

A notebook saves the text and the static HTML and nothing else: they are what is seen without a kernel, in a converted
notebook, on GitHub. The kernel extension registers an `Enliven`, which marks the static HTML so that a live view takes
its place in the page while the kernel runs. This module knows nothing of how.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

#: From something shown and its static HTML to HTML that a live view can find.
Enliven = Callable[["Shown", str], str]
_ENLIVEN: list[Enliven] = []
_DISPLAY: list[Callable[[Shown], object]] = []


class Shown(ABC):
    """Base of what shows itself in a notebook.

    `kind` names the live view that there is for it (empty: none), `as_dict` gives that view its data, `answer` what it
    asks for later. Everything in the data is plain text and numbers; a live view never takes any of it for markup.
    """

    kind: ClassVar[str] = ""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Everything that is shown, as plain numbers, strings, lists and dicts."""

    def answer(self, question: Mapping[str, Any]) -> Any:
        """What a live view asks for after it was opened, as plain data.

        question: as the view's script sends it; its answer is the view's own affair.
        Raises ValueError for a question that there is no answer to."""
        raise ValueError(f"{type(self).__name__} has no answer to {dict(question)!r}")

    @abstractmethod
    def text(self) -> str:
        """As plain text, for terminals."""

    @abstractmethod
    def html(self) -> str:
        """As static HTML: no script, nothing fetched, every text escaped."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text(), "text/html": enlivened(self)}


class Panels(Shown):
    """Things shown one under the other, each alive by itself."""

    parts: tuple[Shown, ...]

    def __init__(self, parts: Iterable[Shown]) -> None:
        self.parts = tuple(parts)

    def as_dict(self) -> dict[str, Any]:
        return {"parts": [{"kind": part.kind, **part.as_dict()} for part in self.parts]}

    def text(self) -> str:
        return "\n\n".join(part.text() for part in self.parts)

    def html(self) -> str:
        return "".join(part.html() for part in self.parts)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a terminal: the views where it is shown by itself, a plain `repr` inside other things."""
        printer.text(repr(self) if cycle or len(printer.stack) > 1 else self.text())


def enlivened(shown: Shown) -> str:
    """The static HTML, marked for live views where there are some."""
    if isinstance(shown, Panels):
        return "".join(enlivened(part) for part in shown.parts)
    html = shown.html()
    for enliven in _ENLIVEN if shown.kind else ():
        html = enliven(shown, html)
    return html


def present(shown: Shown) -> None:
    """Show something now, not as the result of a cell: where there is no notebook, its text is printed."""
    for display in _DISPLAY:
        display(shown)
    if not _DISPLAY:
        print(shown.text())


def register_display(display: Callable[[Shown], object] | None) -> None:
    """Have things shown by `display` from now on; None: printed."""
    _DISPLAY[:] = [] if display is None else [display]


def register(enliven: Enliven | None) -> None:
    """Have live views made by `enliven` from now on; None: by nobody."""
    _ENLIVEN[:] = [] if enliven is None else [enliven]


__all__ = ["Enliven", "Panels", "Shown", "enlivened", "present", "register", "register_display"]
