"""The quick start in JupyterLab: it runs, its views are there, legible in both themes, wide and narrow."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import CELLS, Page

pytestmark = pytest.mark.browser


SHOW_CELL = f"""
const cell = {CELLS}.find(c => c.model.sharedModel.source.startsWith(args[0]));
const content = jupyterapp.shell.currentWidget.content;
content.activeCellIndex = {CELLS}.indexOf(cell);
await content.scrollToCell(cell, 'start');
await new Promise(resolve => setTimeout(resolve, 700));
const view = cell.node.querySelector(args[1]);
view.scrollIntoView({{block: 'start'}});
await new Promise(resolve => setTimeout(resolve, 300));
"""

CONTRAST = """
const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
const light = c => { const f = c.slice(0, 3).map(linear);
  return .2126 * f[0] + .7152 * f[1] + .0722 * f[2]; };
const ground = node => { for (; node; node = node.parentElement) {
  const c = parse(getComputedStyle(node).backgroundColor);
  if (c.length && (c.length < 4 || c[3] > .9)) return c; } return [255, 255, 255]; };
return Array.from(document.querySelectorAll('.wb-view span, .wb-view pre, .wb-view td, .wb-view summary'))
  .filter(n => Array.from(n.childNodes).some(c => c.nodeType === 3 && c.textContent.trim())).map(n => {
    const a = light(parse(getComputedStyle(n).color)), b = light(ground(n));
    return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), n.className, n.textContent.slice(0, 20)]; });
"""

BOXES = """
const box = node => { const r = node.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
const view = document.querySelector('.wb-programs').closest('.wb-view');
return {view: box(view), area: box(view.closest('.jp-OutputArea')),
        programs: Array.from(view.querySelectorAll('.wb-source, .wb-adjoint')).map(box)};
"""


def errors_of_cells(page: Page) -> list[Any]:
    return page.run(
        f"return {CELLS}.filter(c => c.model.type === 'code').flatMap(c => c.model.outputs.toJSON())"
        ".filter(o => o.output_type === 'error' || o.name === 'stderr')"
    )


def set_theme(page: Page, theme: str) -> None:
    page.run("await jupyterapp.commands.execute('apputils:change-theme', {theme: args[0]});", theme)
    dark = "true" if "Light" in theme else "false"
    page.wait_for(f"document.body.dataset.jpThemeLight === '{dark}'")


@pytest.fixture(scope="session")
def pictures(project_root: Path) -> Path:
    folder = project_root / ".build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module", autouse=True)
def quick_start(page: Page) -> None:
    """The quick start in front, run; another test may have loaded the page anew."""
    has_run = page.run(
        """
        const panel = Array.from(jupyterapp.shell.widgets('main')).find(w => /quickstart/.test(w.context?.path ?? ''));
        jupyterapp.shell.activateById(panel.id);
        await panel.context.ready; await panel.sessionContext.ready;
        const has_run = panel.content.widgets.some(c => c.model.type === 'code' && c.model.executionCount);
        if (!has_run) await panel.sessionContext.restartKernel();
        return has_run;
        """
    )
    if not has_run:
        page.read_logs()
        page.complaints.clear()  # JupyterLab's own, of loading anew and of kernels that were stopped
        page.run("await jupyterapp.commands.execute('notebook:run-all-cells');")


def test_all_cells_run(page: Page) -> None:
    assert errors_of_cells(page) == []
    counts = page.run(f"return {CELLS}.filter(c => c.model.type === 'code').map(c => c.model.executionCount)")
    assert counts == list(range(1, len(counts) + 1)) and len(counts) >= 9


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
@pytest.mark.parametrize("width", [1400, 700])
def test_the_cell_view_is_legible(page: Page, pictures: Path, theme: str, width: int) -> None:
    page.driver.set_window_size(width, 1100)
    if width < 1000:
        page.run("if (!jupyterapp.shell.leftCollapsed) jupyterapp.shell.collapseLeft();")
    set_theme(page, theme)
    name = f"{theme.split()[-1].lower()}-{width}"
    page.run(SHOW_CELL, "%%grad\ndef change", ".wb-view")
    page.driver.save_screenshot(str(pictures / f"view-{name}.png"))
    boxes = page.run(BOXES)
    assert boxes["view"][2] <= boxes["area"][2] + 1
    source, adjoint = boxes["programs"]
    side_by_side = adjoint[0] >= source[2] - 1 and abs(adjoint[1] - source[1]) < 2
    assert side_by_side if width > 1000 else adjoint[1] >= source[3] - 1
    faint = [entry for entry in page.run(CONTRAST) if entry[0] < 3.9]
    assert not faint
    page.run(SHOW_CELL, "%%grad --verify", ".wb-view")
    page.driver.save_screenshot(str(pictures / f"verify-{name}.png"))
    page.run(SHOW_CELL, "def walk", ".js-plotly-plot, svg, img")
    page.driver.save_screenshot(str(pictures / f"figure-{name}.png"))


def test_pointing_at_a_line_lights_up_its_partners(page: Page) -> None:
    from selenium.webdriver import ActionChains

    page.driver.set_window_size(1400, 1100)
    page.run(SHOW_CELL, "%%grad\ndef change", ".wb-view")
    rows = page.driver.find_elements("css selector", ".wb-source .wb-row[class*='wb-l']")
    assert rows
    number = re.search(r"wb-l(\d+)", rows[0].get_attribute("class") or "")
    assert number
    ActionChains(page.driver).move_to_element(rows[0]).perform()
    lit = page.run(
        f"return Array.from(args[0].querySelectorAll('.wb-l{number[1]}'))"
        ".map(n => getComputedStyle(n).backgroundColor)",
        page.driver.find_element("css selector", ".wb-programs"),
    )
    assert len(lit) >= 2 and all("255, 196, 0" in colour or "255, 210, 60" in colour for colour in lit)


def test_interactive_figures_are_drawn(page: Page) -> None:
    page.driver.set_window_size(1400, 1100)
    page.run(SHOW_CELL, "years = np", ".js-plotly-plot")
    page.wait_for("document.querySelector('.js-plotly-plot .scatterlayer')")


def test_no_complaints_and_nothing_from_outside(page: Page) -> None:
    page.check()
