"""Live views take over static ones: in the page, again after a reload; and nothing of them is saved."""

from __future__ import annotations

import json

import pytest

from tests.browser.conftest import Scratch

pytestmark = pytest.mark.browser

PROGRAM = """%%grad
def energy(x):
    total = 0.0
    for k in range(len(x)):
        total += math.sin(x[k]) * x[k]
    return total

energy(np.linspace(0.0, 1.0, 5))"""


def test_the_static_view_comes_alive(scratch: Scratch) -> None:
    scratch.run(PROGRAM)
    scratch.alive()
    assert scratch.last("return cell.querySelectorAll('.wb-view').length") == 1
    lit = scratch.last(
        """
        const row = cell.querySelector('.wb-program:first-of-type .wb-row[class*="wb-l"]');
        row.focus();
        return Array.from(cell.querySelectorAll('.wb-lit')).map(n => n.closest('.wb-program').textContent.slice(0, 6));
        """
    )
    assert len(set(lit)) == 3  # in all three programs


def test_a_saved_notebook_holds_static_forms_alone(scratch: Scratch) -> None:
    scratch.run(PROGRAM)
    scratch.alive()
    saved = scratch.page.run("return jupyterapp.shell.currentWidget.content.model.toJSON()")
    assert "widgets" not in saved["metadata"]
    outputs = [output for cell in saved["cells"] for output in cell.get("outputs", [])]
    assert outputs and all("application/vnd.jupyter.widget-view+json" not in o.get("data", {}) for o in outputs)
    assert len(json.dumps(saved)) < 60_000


def test_alive_again_after_a_reload(scratch: Scratch) -> None:
    scratch.run(PROGRAM)
    scratch.alive()
    page = scratch.page
    page.run("await jupyterapp.shell.currentWidget.context.save();")
    page.driver.refresh()
    page.wait_for("window.jupyterapp && document.querySelector('.jp-NotebookPanel')")
    page.run("await jupyterapp.restored; const panel = jupyterapp.shell.currentWidget;"
             "await panel.context.ready; await panel.sessionContext.ready;")
    assert page.run("return jupyterapp.shell.currentWidget.context.path") == scratch.name
    scratch.alive()
