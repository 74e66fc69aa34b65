"""The panel of one gradient: what `model.GradientView` holds, shown, and brought to life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.views.html import render_html
from workbench.views.model import GradientView
from workbench.views.shown import Shown
from workbench.views.stages import PassStages
from workbench.views.text import render_text


class GradientPanel(Shown):
    """A gradient with its source and its adjoint; `derivative` is what made it, where there is one."""

    kind = "gradient"

    def __init__(self, view: GradientView, derivative: Any = None) -> None:
        self.view = view
        self.derivative = derivative
        self.program: Any = getattr(derivative, "seen", None) if view.adjoint is not None else None
        self._made: PassStages | None = None

    def as_dict(self) -> dict[str, Any]:
        return self.view.as_dict()

    def answer(self, question: Mapping[str, Any]) -> Any:
        """The stages of the compilation (`{"what": "stages"}`), one of them (`{"what": "stage", "number": 3}`), the
        program as a file that stands alone (`{"what": "export"}`)."""
        match question.get("what") if self.program is not None else None:
            case "stages":
                return self._stages().as_dict()
            case "stage":
                return self._stages().stage(int(question["number"]))
            case "export":
                return self.program.latest.exported()
        return super().answer(question)

    def _stages(self) -> PassStages:
        if self._made is None:
            self._made = self.program.stages
        return self._made

    def text(self) -> str:
        return render_text(self.view)

    def html(self) -> str:
        return render_html(self.view)
