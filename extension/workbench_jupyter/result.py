"""What a magic gives back: a pair of value and gradient that shows itself as a cell view."""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.views import GradientView, render_html, render_text


class Shown:
    """Something that is shown as a view: plain text always, and static HTML beside it."""

    view: GradientView

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": render_text(self.view), "text/html": render_html(self.view)}

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a terminal: the view where it is shown by itself, a plain `repr` inside other things."""
        printer.text(repr(self) if cycle or len(printer.stack) > 1 else render_text(self.view))


class Pair(NamedTuple):
    """A value and its gradient."""

    value: Any
    grad: Any


class GradResult(Shown, Pair):
    """`value, grad = result`: the gradient has the structure of its argument; `derivative` made both."""

    derivative: Any

    def __new__(cls, value: Any, grad: Any, view: GradientView, derivative: Any) -> GradResult:
        self = super().__new__(cls, value, grad)
        self.view = view
        self.derivative = derivative
        return self


class Program(Shown):
    """A derivative that was not called: its source, and the adjoint where the types are known."""

    def __init__(self, view: GradientView, derivative: Any) -> None:
        self.view = view
        self.derivative = derivative
