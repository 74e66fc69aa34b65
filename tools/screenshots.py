"""The pictures of the README, remade: JupyterLab runs cells in a headless browser, as the browser tests do.

    python tools/screenshots.py            # writes docs/images/*.png

Light theme, one pixel a pixel. It needs chromium and chromedriver (`make chromium`).
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images"
LARGEST = 200_000  # bytes of a picture
WIDTH, HEIGHT, TALLEST = 1260, 1400, 790

CELL = '''%%grad
def roughness(u, kappa, steps):
    for step in range(steps):
        for i in range(1, len(u) - 1):
            u[i] += kappa * (u[i - 1] - 2 * u[i] + u[i + 1])
    return np.sum(u * u)


roughness(np.array([0.0, 3.0, 1.0, 4.0, 1.0, 5.0, 0.0]), 0.2, 10)'''


@pytest.mark.browser
def test_the_panel_of_a_cell(scratch) -> None:  # type: ignore[no-untyped-def]
    """A cell with `%%grad` and its panel, on one screen."""
    page = scratch.page
    page.theme(False)
    page.driver.set_window_size(WIDTH, HEIGHT)
    scratch.run(CELL)
    scratch.alive()
    scratch.last("""
        const quiet = document.createElement('style');
        quiet.textContent = '.jp-cell-toolbar, .jp-Toolbar-micro { display: none !important; }';
        document.head.append(quiet);
        const content = jupyterapp.shell.currentWidget.content;
        await content.scrollToCell(content.widgets.at(-1), 'start');
        const ir = Array.from(cell.querySelectorAll('button')).find(button => button.textContent === 'IR');
        if (ir?.getAttribute('aria-pressed') === 'true') ir.click();
        await new Promise(resolve => setTimeout(resolve, 300));
        const line = Array.from(cell.querySelectorAll('.wb-program:first-of-type .wb-row'))
          .find(row => row.textContent.includes('u[i] +='));
        line.focus();
        await new Promise(resolve => setTimeout(resolve, 800));""")
    box = scratch.last("const r = cell.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom];")
    left, top, right, bottom = (max(0, round(v)) for v in box)
    clip = {"x": left, "y": top, "width": right - left, "height": min(bottom - top, TALLEST), "scale": 1}
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    save("cell.png", shot["data"])


PANEL_CELLS = (
    "import numpy as np",
    """def heat(u, kappa, steps):
    for step in range(steps):
        for i in range(1, len(u) - 1):
            u[i] += kappa * (u[i - 1] - 2 * np.sin(u[i]) + u[i + 1])
    return np.sum(u * u)""",
    "heat(np.ones(10_000), 0.2, 100)",
)


@pytest.mark.browser
def test_the_panel(scratch) -> None:  # type: ignore[no-untyped-def]
    """The panel after an edit, beside the cell that is edited."""
    page = scratch.page
    page.theme(False)
    page.driver.set_window_size(1300, 990)
    page.run("""
        const { content } = jupyterapp.shell.currentWidget;
        const shared = content.model.sharedModel;
        while (shared.cells.length) shared.deleteCell(0);
        for (const source of args[0]) shared.insertCell(shared.cells.length, { cell_type: 'code', source });
        content.activeCellIndex = 1;
        await content.activeCell.ready;
        content.activeCell.editor.setCursorPosition({ line: 3, column: 10 });
        await jupyterapp.commands.execute('ad-workbench:open');""", PANEL_CELLS)
    page.wait_for("document.querySelector('.adw-View .wb-alive')")
    page.run("""
        const shared = jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel;
        const end = shared.getSource().indexOf('u[i + 1])');
        shared.updateSource(end, end, 'u[i] * ');""")
    page.wait_for("document.querySelector('.adw-Changes li')")
    page.run("""
        jupyterapp.shell.currentWidget.content.activeCell.editor.focus();
        await new Promise(resolve => setTimeout(resolve, 1500));""")
    clip = {"x": 33, "y": 28, "width": 1267, "height": 790, "scale": 1}
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    page.run("await jupyterapp.commands.execute('ad-workbench:toggle');")
    save("panel.png", shot["data"])


def save(name: str, encoded: str) -> None:
    """Write a picture that the browser took."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = base64.b64decode(encoded)
    assert len(picture) < LARGEST, f"{name} has {len(picture)} bytes"
    (FOLDER / name).write_bytes(picture)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(pytest.main([__file__, "-q", "-p", "tests.conftest", "-p", "tests.browser.conftest"]))
