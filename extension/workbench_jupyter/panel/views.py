"""The views of an analysis: what the cell views show, made of the program that was analysed.

Nothing is computed for a view before it is asked for; it is kept with its analysis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.ir import Overdue
from workbench.operators.shown import Foreseen
from workbench.views import gradient_view
from workbench.views.panel import GradientPanel
from workbench.views.parts import Note
from workbench.views.places import last_parts, without_blank_ends
from workbench.views.shown import Shown
from workbench_jupyter.panel.analysis import Analysis, problem_of
from workbench_jupyter.panel.changes import compared
from workbench_jupyter.panel.tapes import tape_of


def cost(analysis: Analysis, _: Analysis | None) -> Shown:
    """What the gradient costs; the value, where there is no gradient."""
    return analysis.gradient if analysis.gradient is not None else analysis.value


def adjoint(analysis: Analysis, _: Analysis | None) -> Shown:
    """The source beside its adjoint."""
    program = None if analysis.made is None else Foreseen(analysis.made, False)
    title = f"{analysis.name}({analysis.given.text})"
    hint = "" if analysis.refusal is None else f"there is no adjoint: {analysis.refusal.message}"
    view = gradient_view(title, None, (), program, lambda: without_blank_ends(analysis.reading.source), "the cell",
                         hint=hint, places=last_parts())
    return GradientPanel(view, program)


def change(analysis: Analysis, before: Analysis | None) -> Shown:
    """The cost before and after the edit."""
    if before is None:
        return Note("change", "nothing has changed yet")
    return compared(before, analysis)


def tape(analysis: Analysis, _: Analysis | None) -> Shown:
    """The run, recorded operation by operation: of the program, since the function does not run."""
    try:
        return tape_of(analysis)
    except Overdue:
        raise
    except Exception as error:
        return Note("tape", problem_of(error, analysis.filename, analysis.node).message)


MAKERS: dict[str, Callable[[Analysis, Analysis | None], Shown]] = {
    "cost": cost, "adjoint": adjoint, "tape": tape, "change": change}


def view(analysis: Analysis, name: str, before: Analysis | None) -> Shown:
    """A view by its name. Raises ValueError for one that there is not."""
    if name not in MAKERS:
        raise ValueError(f"there is no view {name!r}; there are {', '.join(MAKERS)}")
    key = name, before.key if name == "change" and before is not None else ""
    found = analysis.views.get(key)
    if found is None:
        found = analysis.views[key] = MAKERS[name](analysis, before)
    return found


def answer(shown: Shown, question: Mapping[str, Any]) -> Any:
    """What a view's script asks."""
    match question.get("what"):
        case "data":
            return shown.as_dict()
        case "html":
            return shown.html()
        case "text":
            return shown.text()
    return shown.answer(question)
