"""What `%%grad` gives back: value and gradient, and a Hessian where it was asked for, which show themselves."""

from __future__ import annotations

from typing import Any, NamedTuple

from workbench.showing import Showing
from workbench.views.panel import GradientPanel
from workbench.views.shown import Panels


class Pair(NamedTuple):
    """A value and its gradient."""

    value: Any
    grad: Any


class Triple(NamedTuple):
    """A value, its gradient and its Hessian."""

    value: Any
    grad: Any
    hessian: Any


class _Result(Panels):
    """A tuple that is shown as what `showing` holds."""

    showing: Showing

    def __init__(self, *_: Any) -> None:
        """All is made by `__new__`, as in every tuple."""

    @property
    def derivative(self) -> Any:
        return self.showing.derivative

    @property
    def panel(self) -> GradientPanel:
        return self.showing.panel

    @property
    def tape(self) -> Any:
        return self.showing.tape

    @property
    def cost(self) -> Any:
        return self.showing.cost


class GradResult(_Result, Pair):
    """`value, grad = result`: the gradient has the structure of its argument; `derivative` made both; `tape` and `cost`
    are there where they were asked for."""

    def __new__(cls, showing: Showing) -> GradResult:
        self = super().__new__(cls, showing.value, showing.grad)
        self.showing, self.parts = showing, showing.parts
        return self


class HessianResult(_Result, Triple):
    """`value, grad, hessian = result`."""

    def __new__(cls, showing: Showing) -> HessianResult:
        self = super().__new__(cls, showing.value, showing.grad, showing.hessian)
        self.showing, self.parts = showing, showing.parts
        return self


def result_of(showing: Showing) -> GradResult | HessianResult:
    """What a magic that has run a call gives back."""
    return GradResult(showing) if showing.hessian is None else HessianResult(showing)
