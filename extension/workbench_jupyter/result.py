"""What a magic gives back: a pair of value and gradient that shows itself as a cell view."""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.views import GradientView, render_html, render_text
from workbench.views.shown import Shown


class Viewed(Shown):
    """Something that is shown as a view of a gradient."""

    kind = "gradient"
    view: GradientView

    def as_dict(self) -> dict[str, Any]:
        return self.view.as_dict()

    def text(self) -> str:
        return render_text(self.view)

    def html(self) -> str:
        return render_html(self.view)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a terminal: the view where it is shown by itself, a plain `repr` inside other things."""
        printer.text(repr(self) if cycle or len(printer.stack) > 1 else render_text(self.view))


class Pair(NamedTuple):
    """A value and its gradient."""

    value: Any
    grad: Any


class GradResult(Viewed, Pair):
    """`value, grad = result`: the gradient has the structure of its argument; `derivative` made both."""

    derivative: Any

    def __new__(cls, value: Any, grad: Any, view: GradientView, derivative: Any) -> GradResult:
        self = super().__new__(cls, value, grad)
        self.view = view
        self.derivative = derivative
        return self


class Program(Viewed):
    """A derivative that was not called: its source, and the adjoint where the types are known."""

    def __init__(self, view: GradientView, derivative: Any) -> None:
        self.view = view
        self.derivative = derivative
