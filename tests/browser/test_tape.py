"""The tape in JupyterLab: opened quickly, scrolled without gaps, stepped as `Tape` steps, searched, drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Scratch

pytestmark = pytest.mark.browser

SMALL = """
def swing(x, k):
    label = "<img src=x onerror=alert(1)></script>"
    y, v = x, 0.0 * x
    for _ in range(3):
        y, v = y + 0.1 * v, v - 0.1 * k * math.sin(y)
    return y * v + len(label) * 0.0
t = wb.tape(swing, 1.0, 2.0)
t"""

LARGE = """
def force(y):
    return math.sin(y) * 0.001
def long_run(x, n):
    y = x
    for k in range(n):
        y = y * 0.9995 + force(y)
    return y
wb.tape(long_run, 1.0, 25_000)"""

LOST = """
def lost(x):
    a = x * 1e-200
    b = a * 1e-200
    return math.sqrt(b * b) + x * x
wb.tape(lost, 3.0)"""

#: What the scripts below use.
HELPERS = """
const until = async test => {
  for (let k = 0; k < 400 && !test(); k++) await new Promise(resolve => setTimeout(resolve, 20));
  return test();
};
const settled = () => new Promise(resolve => setTimeout(resolve, 120));
const grid = () => cell.querySelector('.wb-t-grid');
const rows = () => Array.from(cell.querySelectorAll('.wb-t-row[data-row]')).filter(r => r.style.display !== 'none');
const press = label => cell.querySelector(`[aria-label="${label}"]`).click();
const choose = (where, text) =>
  Array.from(cell.querySelectorAll(where + ' button')).find(b => b.textContent === text).click();
const count = () => Number(grid().getAttribute('aria-rowcount')) - 1;
"""

STEP = """
await until(() => cell.querySelector('.wb-t-line[data-count]'));
press('to the end of the forward sweep');
for (let k = 0; k < 5; k++) press('one step on');
await until(() => cell.querySelector('.wb-t-where').textContent.startsWith('reverse'));
await settled();
return [cell.querySelector('.wb-t-where').textContent, cell.querySelector('.wb-t-detail').textContent,
        rows().map(row => [Number(row.dataset.row), row.children[4].textContent])];
"""

KEYS = """
await until(() => cell.querySelector('.wb-t-line[data-count]'));
grid().focus();
for (const key of ['Home', 'ArrowDown', 'PageDown', 'End', 'ArrowLeft'])
  grid().dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
await settled();
const chosen = document.getElementById(grid().getAttribute('aria-activedescendant')).getAttribute('aria-selected');
const lit = cell.querySelectorAll('.wb-t-lit').length, all = count();
cell.querySelector('.wb-t-line[data-count]').click();
await settled();
const ofOneLine = count();
cell.querySelector('.wb-t-line[data-count]').click();
await settled();
return [chosen, lit, ofOneLine, all, count()];
"""

#: Notes when the cell's view is in the page, and when its first rows are.
WATCH = """
window.wbTimes = {};
const note = (name, seen) => { if (!(name in window.wbTimes) && seen()) window.wbTimes[name] = performance.now(); };
const look = () => {
  const views = Array.from(document.querySelectorAll('[data-wb-live]'))
    .filter(view => view.textContent.includes('tape of long_run'));
  note('shown', () => views.length);
  note('rows', () => views.some(v => v.querySelector('.wb-t-row[data-row]')?.textContent));
  if (!('rows' in window.wbTimes)) requestAnimationFrame(look);
};
look();
"""

JUMPS = """
const box = cell.querySelector('.wb-t-scroll'), dropped = [];
let slowest = 0;
for (let k = 0; k < 60; k++) {
  const start = performance.now();
  box.scrollTop = ((k * 37) % 60) / 59 * (box.scrollHeight - box.clientHeight);
  await new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  slowest = Math.max(slowest, performance.now() - start);
  const area = box.getBoundingClientRect();
  const full = rows().filter(row => row.children[1].textContent).map(row => row.getBoundingClientRect());
  const covered = full.length && Math.min(...full.map(r => r.top)) <= area.top + 1
    && Math.max(...full.map(r => r.bottom)) >= area.bottom - 1;
  const first = Number(rows()[0].dataset.row), wanted = ((k * 37) % 60) / 59 * count();
  if (!covered || Math.abs(first - wanted) > 30) dropped.push(k);
}
return [dropped, slowest, count()];
"""

SEARCH = """
const search = cell.querySelector('input[type=search]'), all = count();
const ask = text => { search.value = text; search.dispatchEvent(new Event('input')); };
ask('sin');
await until(() => count() !== all);
const sines = count();
ask('');
await until(() => count() === all);
choose('.wb-t-left .wb-t-choice', 'calls');
await until(() => cell.querySelector('[aria-expanded]'));
return [sines, rows().slice(0, 4).map(row => row.children[1].textContent)];
"""

ALL_NODES = """
await until(() => /vertices in/.test(cell.querySelector('.wb-t-graph .wb-t-note').textContent));
const start = performance.now();
choose('.wb-t-graph .wb-t-choice', 'nodes');
await new Promise(resolve => setTimeout(resolve, 0));
const took = performance.now() - start;
await settled();
return [took, cell.querySelector('.wb-t-graph .wb-t-note').textContent];
"""


@pytest.fixture(scope="session")
def pictures(project_root: Path) -> Path:
    folder = project_root / ".build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def photograph(scratch: Scratch, pictures: Path, name: str) -> None:
    for dark in (False, True):
        scratch.page.theme(dark)
        scratch.show()
        scratch.page.screenshot(pictures / f"tape-{name}-{'dark' if dark else 'light'}.png")
    scratch.page.theme(False)


def test_a_small_tape(scratch: Scratch, pictures: Path) -> None:
    page = scratch.page
    page.driver.set_window_size(1400, 1300)
    scratch.run(SMALL)
    scratch.alive()
    where, detail, shown = scratch.last(HELPERS + STEP)
    assert scratch.last("return cell.querySelectorAll('img, .jp-OutputArea script').length") == 0
    source = scratch.last("return cell.querySelector('.wb-t-source').textContent")
    assert "<img src=x onerror=alert(1)></script>" in source
    scratch.run("while t.position > len(t) - 5: t.step_back()\nprint([float(a) for a in t.adjoints])")
    printed = scratch.last("return cell.querySelector('.jp-OutputArea-output').textContent")
    adjoints = [float(x) for x in printed.strip()[1:-1].split(",")]
    assert where == f"reverse: before node {len(adjoints) - 5}" and "adjoint[" in detail and len(shown) > 10
    for row, text in shown:
        assert float(text.replace("−", "-") or 0.0) == pytest.approx(adjoints[row], rel=1e-5, abs=1e-300)
    scratch.run("t.backward(); t")
    scratch.alive()
    selected, lit, of_one_line, before, after = scratch.last(HELPERS + KEYS)
    assert selected == "true" and lit == 1 and 1 <= of_one_line < before == after == len(adjoints)
    photograph(scratch, pictures, "small")
    page.driver.set_window_size(560, 1300)
    scratch.show()
    page.screenshot(pictures / "tape-small-narrow.png")
    page.driver.set_window_size(1400, 1300)


def test_a_large_tape_opens_and_scrolls(scratch: Scratch, pictures: Path) -> None:
    page = scratch.page
    scratch.run("wb.tape(lambda x: x * x, 1.0)")
    scratch.alive()  # the script is in the page
    page.run(WATCH)
    scratch.run(LARGE)
    scratch.alive()
    page.wait_for("window.wbTimes.rows")
    opened = page.run("return (window.wbTimes.rows - window.wbTimes.shown) / 1000")
    dropped, slowest, count = scratch.last(HELPERS + JUMPS)
    print(f"\na tape of {count:,} nodes: first rows after {opened:.2f} s; 60 jumps, the slowest in {slowest:.0f} ms, "
          f"without rows: {dropped}")
    assert count == 100_001 and opened < 1.0 and dropped == []
    sines, folded = scratch.last(HELPERS + SEARCH)
    assert sines == 25_000
    assert folded == ["input", "▾long_run()", "▾for k in range(n) · 25,000 turns", "▸turn 1"]
    photograph(scratch, pictures, "large")
    took, note = scratch.last(HELPERS + ALL_NODES)
    print(f"the graph of all nodes: {note}, in {took:.0f} ms")
    assert note.startswith("100,001 vertices")


def test_where_it_vanished(scratch: Scratch, pictures: Path) -> None:
    scratch.run(LOST)
    scratch.alive()
    said = scratch.last(HELPERS + """
        await until(() => cell.querySelector('.wb-t-finding'));
        return Array.from(cell.querySelectorAll('.wb-t-finding')).map(button => button.textContent);""")
    assert said[0].startswith("first NaN: #2 mul at line") and said[1].startswith("first infinite: #3 mul at line")
    photograph(scratch, pictures, "lost")
    scratch.page.read_logs()
    scratch.page.check()
