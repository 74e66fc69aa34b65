"""The panel in JupyterLab: it follows cells, notebooks and edits, and nothing of the user's runs for it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import CELLS, Page, Scratch

pytestmark = pytest.mark.browser

TABS = ("adjoint", "tape", "cost")

CHAIN = """def chain(x, n):
    y = 1.0
    for k in range(n):
        y = y * math.sin(x) + x
    return y

chain(0.5, 1000)"""
PAIR = """def mean(a):
    return np.sum(a) / len(a)

def spread(a):
    d = a - mean(a)
    return np.sum(d * d)

spread(np.ones(100))"""


SINES = "".join(f"    x = np.sin(x) * x + {k}.5\n" for k in range(58))
LONG = f"def f(x):\n{SINES}    return np.sum(x)\n\nf(np.ones(90))"  # of which the gradient takes a while
#: What is seen of the figures from an edit on, each time that it changes: whether the gradient's are of before, whether
#: the text is, flops of the value and of the gradient, the height of what stands above the views, lines with marks.
SEEN = """
const panel = document.querySelector('#ad-workbench-panel'), table = panel.querySelector('.adw-Totals');
const cell = jupyterapp.shell.currentWidget.content.activeCell, shared = cell.model.sharedModel;
const text = shared.getSource(), at = text.indexOf(args[0]), seen = [];
const note = () => {
  const row = Array.from(table.querySelectorAll('tbody tr')).find(r => r.cells[0].textContent === 'flops');
  const now = [table.classList.contains('adw-mod-pending'), panel.classList.contains('adw-mod-stale'),
    row.cells[1].textContent, row.cells[2].textContent, panel.querySelector('.adw-Tabs').offsetTop,
    cell.editor.editor.dom.querySelectorAll('.adw-Bars.adw-mod-kept').length];
  if (JSON.stringify(now) !== JSON.stringify(seen.at(-1))) seen.push(now);
};
note();
shared.updateSource(at, at + args[0].length, args[1]);
const watch = new MutationObserver(note);
watch.observe(panel, {subtree: true, childList: true, attributes: true, characterData: true});
const end = performance.now() + 20000;
while (performance.now() < end && !(seen.length > 2 && !seen.at(-1)[0] && !seen.at(-1)[1])) {
  await new Promise(done => setTimeout(done, 20));
}
watch.disconnect();
return seen;
"""


class Shown:
    """What the panel shows of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def at(self, script: str) -> Any:
        return self.page.driver.execute_script(
            "const panel = document.querySelector('#ad-workbench-panel');"
            "const text = selector => panel.querySelector(selector)?.textContent ?? '';"
            f"return {script}")

    def wait(self, script: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not self.at(f"panel ? Boolean({script}) : false"):
            assert time.monotonic() < deadline, f"never {script}; the panel shows: {self.at('panel?.innerText')}"
            time.sleep(0.1)

    def figure(self, row: str, column: int) -> str:
        """The text of the table of totals: column 0 is the value, 1 the gradient."""
        return str(self.at(f"Array.from(panel.querySelectorAll('.adw-Totals tbody tr')).find(r => "
                           f"r.cells[0].textContent === '{row}')?.cells[{column + 1}].textContent"))

    def function(self, name: str, seconds: float = 20) -> None:
        """Wait until a function is shown, as it is now, with its gradient."""
        self.wait(f"text('.adw-Name') === '{name}' && !panel.querySelector('.adw-Body').hidden && "
                  "!panel.classList.contains('adw-mod-stale') && !panel.querySelector('.adw-mod-pending')", seconds)

    def notice(self, words: str, seconds: float = 20) -> None:
        self.wait(f"text('.adw-Notice').includes('{words}') && !panel.querySelector('.adw-Notice').hidden", seconds)

    def problem(self, words: str) -> None:
        self.wait(f"text('.adw-Problems').includes('{words}')")

    def load(self) -> None:
        """Press the button that loads the extension."""
        self.notice("not loaded")
        self.at("panel.querySelector('.adw-Notice button').click()")

    def marks(self) -> list[int]:
        """The lines with a bar in the editor of the active cell."""
        return list(self.page.run(
            "const editor = jupyterapp.shell.currentWidget.content.activeCell.editor.editor;"
            "const top = editor.dom.getBoundingClientRect().top;"
            "return Array.from(editor.dom.querySelectorAll('.adw-Bars')).filter(n => n.textContent !== null"
            " && Array.from(n.querySelectorAll('.adw-Bar')).some(b => b.getBoundingClientRect().width > 0))"
            ".map(n => { const y = n.getBoundingClientRect(); return editor.state.doc.lineAt(editor.lineBlockAtHeight("
            "(y.top + y.bottom) / 2 - editor.documentTop).from).number; })"))


def write(page: Page, *texts: str) -> None:
    """Put cells into the notebook without running them; the last is the active one."""
    for text in texts:
        page.run("const content = jupyterapp.shell.currentWidget.content, shared = content.model.sharedModel;"
                 "shared.insertCell(shared.cells.length, {cell_type: 'code', source: args[0]});"
                 "content.activeCellIndex = content.widgets.length - 1; content.mode = 'edit';", text)


def edit(page: Page, old: str, new: str) -> None:
    """Replace a piece of the active cell's text, as if it had been typed."""
    page.run("const shared = jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel;"
             "const at = shared.getSource().indexOf(args[0]); if (at < 0) throw Error('no such text');"
             "shared.updateSource(at, at + args[0].length, args[1]);", old, new)


def active(page: Page, index: int, line: int = 1) -> None:
    page.run("const content = jupyterapp.shell.currentWidget.content;"
             "content.activeCellIndex = args[0] < 0 ? content.widgets.length + args[0] : args[0];"
             "await content.activeCell.ready;"
             "content.activeCell.editor.setCursorPosition({line: args[1] - 1, column: 0});", index, line)


def has_run(page: Page, index: int) -> bool:
    return bool(page.run(f"return {CELLS}.at(args[0]).model.executionCount", index))


@pytest.fixture
def shown(scratch: Scratch) -> Iterator[Shown]:
    """The panel, open beside a new notebook; closed afterwards."""
    page = scratch.page
    page.driver.set_window_size(1400, 1000)
    page.run("await jupyterapp.commands.execute('ad-workbench:open');")
    try:
        yield Shown(page)
    finally:
        page.run("if (document.querySelector('#ad-workbench-panel'))"
                 "  await jupyterapp.commands.execute('ad-workbench:toggle');")


def test_it_follows_cells_and_edits(shown: Shown, project_root: Path) -> None:
    page = shown.page
    write(page, CHAIN, PAIR)
    shown.function("mean")  # (the cursor is at the cell's beginning)
    active(page, -1, 6)
    shown.function("spread")
    assert shown.at("panel.querySelector('.adw-Field').value") == "a: f64[n]"
    assert shown.at("panel.querySelector('.adw-Sliders input[type=text]').value") == "100"
    work = shown.figure("flops", 1)
    shown.at("(() => { const field = panel.querySelector('.adw-Sliders input[type=text]');"
             "field.value = '500'; field.dispatchEvent(new Event('input', {bubbles: true})); })()")
    shown.wait(f"!text('.adw-Totals').includes('{work}')")
    active(page, -2)
    shown.function("chain")
    flops = shown.figure("flops", 0), shown.figure("flops", 1)
    assert all(flops) and "–" not in flops
    page.wait_for("document.querySelector('.jp-mod-active .adw-Bars .adw-Bar')")
    assert 4 in shown.marks()
    edit(page, "math.sin(x)", "math.sin(x) * math.cos(y)")
    shown.wait("text('.adw-Totals tbody tr:nth-child(2) td:nth-child(3)') !== '%s'" % flops[1])
    shown.function("chain")
    assert shown.figure("flops", 0) != flops[0]
    shown.wait("text('.adw-Changes').includes('→')")  # what the edit has done
    edit(page, "return y", "return y +")
    shown.problem("line 5")
    assert shown.at("text('.adw-Name')") == "chain" and shown.at("panel.classList.contains('adw-mod-stale')")
    edit(page, "return y +", "return y + x")
    shown.function("chain")
    assert not has_run(page, -1) and not has_run(page, -2)
    folder = project_root / ".build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    for dark in (False, True):
        page.theme(dark)
        for tab in TABS:
            shown.at(f"panel.querySelector('[data-view={tab}]').click()")
            shown.wait("panel.querySelector('.adw-View .wb-view') && !panel.querySelector('.adw-mod-older')")
            page.screenshot(folder / f"panel-{tab}-{'dark' if dark else 'light'}.png")
    page.theme(False)


def test_an_edit_is_answered_in_two_parts(shown: Shown) -> None:
    """The value's figures are new at once; the gradient's are those of before, and nothing moves, until then."""
    page = shown.page
    write(page, LONG)
    shown.function("f")
    page.wait_for("document.querySelector('.jp-mod-active .adw-Bars.adw-mod-kept')")
    seen = page.run(SEEN, "np.sin(x) * x + 7.5", "np.sin(x) + 7.5")
    before, first, whole = seen[0], next(now for now in seen if now[0]), seen[-1]
    assert first[1] is False and first[2] == whole[2] != before[2]
    assert first[3] == before[3] != whole[3]
    assert not any(now[0] for now in (before, whole)) and [now[0] for now in seen] == sorted(
        [now[0] for now in seen[:-1]]) + [False]
    assert {now[4] for now in seen[:-1]} == {before[4]}, seen
    assert {now[5] for now in seen[:-1]} == {before[5]}, seen
    # an edit between the parts gives the first one's gradient up
    page.run("const shared = jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel;"
             "const wait = () => new Promise(done => setTimeout(done, 10));"
             "const table = document.querySelector('.adw-Totals'), begin = performance.now();"
             "shared.setSource(shared.getSource().replace('+ 9.5', '* x + 9.5'));"
             "while (!table.classList.contains('adw-mod-pending') && performance.now() - begin < 5000) await wait();"
             "shared.setSource(shared.getSource().replace('+ 11.5', '* x + 11.5'));")
    time.sleep(1.0)
    shown.function("f")
    assert shown.figure("flops", 0) != whole[2] and shown.figure("flops", 1) != whole[3]
    shown.wait("panel.querySelector('.adw-View .wb-view') && !panel.querySelector('.adw-mod-older')")


def test_it_answers_while_a_cell_runs(shown: Shown, scratch: Scratch) -> None:
    """(Whether it runs is read off its prompt: answers over a subshell make the kernel say that it is idle.)"""
    page = shown.page
    running = f"{CELLS}.find(c => c.model.sharedModel.source.startsWith('while')).node.querySelector("
    running += "'.jp-InputPrompt').textContent.includes('*')"
    write(page, "while True:\n    pass", CHAIN)
    shown.function("chain")
    active(page, -2)
    page.run("void jupyterapp.commands.execute('notebook:run-cell');")
    page.wait_for(running)
    active(page, -1)
    shown.function("chain")
    before = shown.figure("flops", 0)
    edit(page, "+ x", "+ x * y")
    shown.wait(f"text('.adw-Totals tbody tr:nth-child(2) td') !== '{before}'")
    assert page.driver.execute_script(f"return {running}")
    page.run("await jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt();")
    page.wait_for(f"!({running})")


def test_it_finds_the_kernel_again(shown: Shown, scratch: Scratch) -> None:
    """After a restart, when it offers to load the extension; in a page loaded anew; in notebooks by turns."""
    page = shown.page
    write(page, CHAIN)
    shown.function("chain")
    page.run("await jupyterapp.shell.currentWidget.sessionContext.restartKernel();")
    shown.load()
    shown.function("chain")
    page.run("await jupyterapp.shell.currentWidget.context.save();")
    page.read_logs()
    # (without the notebook in the address: JupyterLab would bring that to the front once more, some time later)
    page.driver.get(page.driver.current_url.split("/lab/tree")[0] + "/lab")
    page.wait_for("window.jupyterapp && document.querySelector('.jp-NotebookPanel')")
    page.run("await jupyterapp.restored; const panel = jupyterapp.shell.currentWidget;"
             "await panel.context.ready; await panel.sessionContext.ready;")
    page.wait_for("document.querySelector('#ad-workbench-panel')")
    active(page, -1)
    shown.function("chain")
    first = page.run("return jupyterapp.shell.currentWidget.id;")
    second = page.run("""
        const made = await jupyterapp.commands.execute('notebook:create-new', {kernelName: 'python3', cwd: args[0]});
        await made.context.ready; await made.sessionContext.ready;
        jupyterapp.shell.activateById(made.id);
        return [made.id, made.context.path];
        """, str(Path(scratch.name).parent))
    try:
        page.wait_for(f"jupyterapp.shell.currentWidget.id === '{second[0]}'")
        write(page, "import numpy as np", PAIR)
        shown.load()
        shown.function("mean")
        page.run("jupyterapp.shell.activateById(args[0]);", first)
        shown.function("chain")
        page.run("jupyterapp.shell.activateById(args[0]);", second[0])
        shown.function("mean")
    finally:
        page.run("""
            const panel = Array.from(jupyterapp.shell.widgets('main')).find(w => w.id === args[0]);
            await panel.sessionContext.shutdown(); panel.context.model.dirty = false; panel.dispose();
            await jupyterapp.serviceManager.contents.delete(args[1]); jupyterapp.shell.activateById(args[2]);
            """, *second, first)


ENDLESS = """while True:
    pass

def cube(x):
    while True:
        x = x * 1.5
    return x

cube(3.0)"""
HOSTILE = """def f(x):  # <img src=x onerror=document.body.dataset.owned=1>
    label = "</script><img src=x onerror=document.body.dataset.owned=2>"
    if x < 0.0:
        raise ValueError(label)
    return x * x * x

f(2.0)
"""


def test_nothing_of_the_cell_runs(shown: Shown, scratch: Scratch, project_root: Path) -> None:
    page = shown.page
    folder = project_root / Path(scratch.name).parent
    kept = folder / "keep.txt"
    kept.write_text("still here")
    write(page, 'import os; os.remove("keep.txt")\n\ndef square(x):\n    return x * x\n\nsquare(3.0)')
    active(page, -1, 3)
    shown.function("square")
    write(page, ENDLESS)
    active(page, -1, 5)
    shown.wait("text('.adw-Name') === 'cube' || text('.adw-Problems').length || text('.adw-Notice').length")
    write(page, CHAIN)
    shown.function("chain")  # the panel goes on answering
    write(page, HOSTILE)
    shown.function("f")
    for tab in TABS:
        shown.at(f"panel.querySelector('[data-view={tab}]').click()")
        shown.wait("panel.querySelector('.adw-View .wb-view') && !panel.querySelector('.adw-mod-older')")
        assert shown.at("panel.querySelectorAll('img').length") == 0
    assert page.run("return document.body.dataset.owned ?? null") is None
    assert kept.read_text() == "still here"
    assert not has_run(page, -1) and not has_run(page, -4)


def test_closed_it_asks_nothing(shown: Shown) -> None:
    """Without the panel there is neither a bar in the editor nor a message; open and idle, no message either."""
    page = shown.page
    write(page, CHAIN)
    shown.function("chain")
    count = """
        const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
        let messages = 0;
        const note = () => { messages += 1; };
        kernel.anyMessage.connect(note);
        try { %s await new Promise(done => setTimeout(done, 1500)); } finally { kernel.anyMessage.disconnect(note); }
        return messages;
        """
    shown.wait("panel.querySelector('.adw-View .wb-view') && !panel.querySelector('.adw-mod-older')")
    assert page.run(count % "await new Promise(done => setTimeout(done, 500)); messages = 0;") == 0
    page.run("await jupyterapp.commands.execute('ad-workbench:toggle');")
    page.wait_for("!document.querySelector('#ad-workbench-panel')")
    assert page.run("return document.querySelectorAll('.adw-Gutter').length") == 0
    typed = "jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.updateSource(0, 0, ' ');"
    assert page.run(count % typed) == 0


def test_no_complaints_and_nothing_from_outside(page: Page) -> None:
    page.check()
