"""Live views take over static ones: in the page, again after a reload; and nothing of them is saved."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import nbformat
import pytest
from nbconvert import HTMLExporter

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


EVERYTHING = """%grad energy(np.linspace(0.1, 1.0, 5)) --show tape,ir,cost
===
%cost energy(wb.spec("f64[n]")) --of value,gradient --sweep n=10:1e5:log
===
%complexity energy(wb.spec("f64[n]"))
===
wb.grad(energy).explain(np.ones(9))
===
wb.measure(energy, np.ones(999))""".split("\n===\n")


class Classes(HTMLParser):
    """Counts elements of each class."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name in (dict(attrs).get("class") or "").split():
            self.counts[name] = self.counts.get(name, 0) + 1


def test_every_view_is_seen_without_a_kernel(scratch: Scratch) -> None:
    """In the notebook opened again, and converted to HTML; and it is small."""
    scratch.run(PROGRAM, *EVERYTHING)
    scratch.alive()
    page = scratch.page
    count = "return document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .wb-view').length"
    shown = page.driver.execute_script(count)
    assert shown >= 9
    saved = page.run(
        """
        const panel = jupyterapp.shell.currentWidget, path = panel.context.path;
        await panel.context.save();
        const saved = panel.content.model.toJSON();
        await panel.sessionContext.shutdown();
        panel.dispose();
        const again = await jupyterapp.commands.execute('docmanager:open', {path, factory: 'Notebook'});
        await again.context.ready; await again.sessionContext.ready;
        return saved;
        """
    )
    page.wait_for(f"document.querySelectorAll('.jp-NotebookPanel:not(.lm-mod-hidden) .wb-view').length >= {shown}")
    assert page.driver.execute_script("return document.querySelectorAll('.wb-alive').length") == 0
    text = page.driver.execute_script("return jupyterapp.shell.currentWidget.node.textContent")
    assert "Error displaying widget" not in text and "Loading widget" not in text and "not interactive" not in text
    assert len(json.dumps(saved)) < 300_000
    html, _ = HTMLExporter().from_notebook_node(nbformat.from_dict(saved))
    assert Classes(html).counts["wb-view"] == shown
