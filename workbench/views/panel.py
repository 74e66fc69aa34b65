"""The panel of one gradient: what `model.GradientView` holds, shown, and brought to life."""

from __future__ import annotations

from typing import Any

from workbench.views.html import render_html
from workbench.views.model import GradientView
from workbench.views.shown import Shown
from workbench.views.text import render_text


class GradientPanel(Shown):
    """A gradient with its source and its adjoint; `derivative` is what made it, where there is one."""

    kind = "gradient"

    def __init__(self, view: GradientView, derivative: Any = None) -> None:
        self.view = view
        self.derivative = derivative

    def as_dict(self) -> dict[str, Any]:
        return self.view.as_dict()

    def text(self) -> str:
        return render_text(self.view)

    def html(self) -> str:
        return render_html(self.view)
