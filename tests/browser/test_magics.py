"""The magics in a real JupyterLab: what they show, what is offered while they are written, how far long work is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import CELLS, Scratch

pytestmark = pytest.mark.browser

SCREENSHOTS = Path(__file__).resolve().parents[2] / ".build" / "screenshots"
ENERGY = "def energy(x, scale=1.0):\n    return scale * (x * x * np.sin(x)).sum()\nv = np.linspace(0.0, 1.0, 8)"
SHOWN = {
    "grad": "%grad energy(v, 2.0) --order 2 --show tape,ir,cost",
    "cost": "%cost energy(wb.spec('f64[n]')) --of value,gradient",
    "sweep": "%cost energy(wb.spec('f64[n]')) --of value,gradient --sweep n=10:1e6:log",
    "complexity": "%complexity energy(wb.spec('f64[n]'))",
    "adjoint": "%adjoint energy(wb.spec('f64[n]'), 2.0)",
    "tape": "%tape energy(v, 2.0)",
    "workbench": "%workbench",
}
OFFERED = """
const content = jupyterapp.shell.currentWidget.content, shared = content.model.sharedModel;
shared.insertCell(shared.cells.length, {cell_type: 'code', source: args[0]});
content.activeCellIndex = content.widgets.length - 1;
await content.scrollToCell(content.activeCell, 'center');
await content.activeCell.ready;
content.mode = 'edit';
const editor = content.activeCell.editor;
editor.focus();
editor.setCursorPosition(editor.getPositionAt(args[1]));
const items = () => Array.from(document.querySelectorAll(
  '.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item .jp-Completer-match'));
for (let attempt = 0; attempt < 100 && !items().length; attempt++) {
  if (attempt % 20 === 0) await jupyterapp.commands.execute('completer:invoke-notebook');
  await new Promise(resolve => setTimeout(resolve, 100));
}
return items().map(item => item.textContent);
"""
DISMISS = """
document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', keyCode: 27, bubbles: true}));
const content = jupyterapp.shell.currentWidget.content;
content.model.sharedModel.deleteCell(content.widgets.length - 1);
content.mode = 'command';
"""
LONG = """from workbench.progress import working
import time
with working("measuring <b>this</b>", 4, 4.0) as step:
    for k in range(4):
        time.sleep(0.7); step()
print("done")"""


def test_every_magic_shows_itself_and_is_completed(scratch: Scratch) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = scratch.page
    scratch.run(ENERGY)
    for name, cell in SHOWN.items():
        scratch.run(cell)
        found = scratch.last("return Array.from(cell.querySelectorAll('.wb-view')).map(v => v.textContent.length)")
        assert found and min(found) > 20, (name, found)
        for dark in (False, True):
            page.theme(dark)
            scratch.show()
            page.screenshot(SCREENSHOTS / f"magics-{name}-{'dark' if dark else 'light'}.png")
        page.theme(False)


def test_lines_are_completed(scratch: Scratch) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page = scratch.page
    scratch.run(ENERGY)
    for text, words in [("%%grad --e\nenergy(v)", ["--engine"]), ("%grad energy(v) --wrt ", ["x", "scale"]),
                        ("%cost energy(wb.spec('f64[rows]')) --sweep ", ["rows="])]:
        offered = page.run(OFFERED, text, len(text.split("\n")[0]))
        assert set(words) <= set(offered), offered  # (words of the cell are offered by JupyterLab itself)
        page.screenshot(SCREENSHOTS / f"magics-completion-{len(words)}.png")
        page.run(DISMISS)


def test_long_work_shows_how_far_it_is_and_leaves_nothing(scratch: Scratch) -> None:
    page = scratch.page
    page.run(
        """
        const content = jupyterapp.shell.currentWidget.content, shared = content.model.sharedModel;
        shared.insertCell(shared.cells.length, {cell_type: 'code', source: args[0]});
        content.activeCellIndex = content.widgets.length - 1;
        globalThis.running = jupyterapp.commands.execute('notebook:run-cell');
        """, LONG)
    last = f"{CELLS}.at(-1).node"
    page.wait_for(f"{last}.querySelector('.wb-progress [role=progressbar]')", 20)
    assert "measuring <b>this</b>" in scratch.last("return cell.querySelector('.wb-progress').textContent")
    page.wait_for(f"/[257][05]%/.test({last}.querySelector('.wb-progress')?.textContent ?? '')", 20)
    page.screenshot(SCREENSHOTS / "magics-progress.png")
    page.run("await globalThis.running;")
    page.wait_for(f"!{last}.querySelector('.wb-progress')", 20)
    (output,) = page.run(f"return {CELLS}.at(-1).model.outputs.toJSON()")
    assert output["output_type"] == "stream" and output["text"] == "done\n"
