"""What a magic gives back: a pair of value and gradient that shows itself."""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.views.panel import GradientPanel
from workbench.views.shown import Panels


class Pair(NamedTuple):
    """A value and its gradient."""

    value: Any
    grad: Any


class GradResult(Panels, Pair):
    """`value, grad = result`: the gradient has the structure of its argument; `derivative` made both."""

    panel: GradientPanel

    def __new__(cls, value: Any, grad: Any, panel: GradientPanel) -> GradResult:
        self = super().__new__(cls, value, grad)
        self.panel = panel
        self.parts = (panel,)
        return self

    def __init__(self, *_: Any) -> None:
        """All is made by `__new__`, as in every tuple."""

    @property
    def derivative(self) -> Any:
        return self.panel.derivative


class Program(Panels):
    """A derivative that was not called: its source, and the adjoint where the types are known."""

    def __init__(self, panel: GradientPanel) -> None:
        super().__init__((panel,))
        self.derivative = panel.derivative
