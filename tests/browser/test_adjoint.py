"""The adjoint view in JupyterLab: three programs that light each other up, what is kept and why, the passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import Scratch

pytestmark = pytest.mark.browser

HISTORY = """%%grad
def history(x, a):  # <img src=x onerror=alert(1)>
    h = np.empty(len(a) + 1)
    h[0] = x
    for t in range(len(a)):
        h[t + 1] = np.sin(h[t]) * x + a[t]  # </script>
    return h[len(a)]

history(0.3, np.ones(40))"""

ON_THE_TAPE = """%%grad
def looked_up(x):
    table = {int(10 * x): x * x}
    return table[20]

looked_up(2.0)"""

LONG = """
import dataclasses, linecache
lines = ["def long(x, n):", "    y = x", "    for _ in range(n):"]
lines += [f"        y = y * 0.5 + np.sin(y * {k + 1}.0) * x" for k in range(33)]
lines.append("    return y")
linecache.cache["<long>"] = (1, None, [line + chr(10) for line in lines], "<long>")
exec(compile(chr(10).join(lines), "<long>", "exec"))
shown = wb.show(long, 0.3, 3)
shown"""

TEN_TIMES = """
from workbench.views.panel import GradientPanel
def repeated(code):
    return dataclasses.replace(code, lines=code.lines * 10)
view = shown.panel.view
GradientPanel(dataclasses.replace(view, adjoint=repeated(view.adjoint), ir=repeated(view.ir)))"""

LIT = """
const lit = name => Array.from(cell.querySelectorAll(`.wb-${name} .wb-lit .wb-line`)).map(line => line.textContent);
return Object.fromEntries(['source', 'ir', 'adjoint'].map(name => [name, lit(name)]));
"""
KEY = """
const row = document.activeElement;
row.dispatchEvent(new KeyboardEvent('keydown', {key: args[0], bubbles: true, cancelable: true}));
return document.activeElement.closest('.wb-program')?.className + ' ' + document.activeElement.textContent;
"""
OPENED = """
await new Promise(resolve => setTimeout(resolve, 300));
return performance.getEntriesByName('workbench gradient').map(entry => entry.duration);
"""


@pytest.fixture(scope="module")
def pictures(project_root: Path) -> Path:
    folder = project_root / ".build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pictured(scratch: Scratch, pictures: Path, name: str, width: int = 1400) -> None:
    """A picture in both themes."""
    scratch.page.driver.set_window_size(width, 1100)
    for dark in (False, True):
        scratch.page.theme(dark)
        scratch.show()
        scratch.page.screenshot(pictures / f"adjoint-{name}-{'dark' if dark else 'light'}-{width}.png")
    scratch.page.theme(False)
    scratch.page.driver.set_window_size(1400, 1100)


def columns_light_each_other_up(scratch: Scratch) -> None:
    pressed = scratch.last(
        "const toggles = Array.from(cell.querySelectorAll('.wb-group[aria-label=programs] button'));"
        "const ir = toggles.find(b => b.textContent === 'IR');"
        "if (ir.getAttribute('aria-pressed') === 'false') ir.click();"
        "return toggles.map(b => b.textContent + b.getAttribute('aria-pressed'));")
    assert pressed == ["sourcetrue", "IRtrue", "adjointtrue"]
    for start in ("source", "ir", "adjoint"):  # pointing, both ways
        scratch.last(
            "const rows = Array.from(cell.querySelectorAll(`.wb-${args[0]} .wb-row`));"
            "const row = rows.find(r => /sin\\(/.test(r.textContent) && r.of);"
            "row.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));", start)
        lit = scratch.last(LIT)
        assert len(lit["source"]) == 1 and "np.sin" in lit["source"][0]
        assert any("sin(" in text for text in lit["ir"]) and any("cos(" in text for text in lit["adjoint"])
        scratch.last("cell.querySelector(`.wb-${args[0]} .wb-code`).dispatchEvent(new PointerEvent('pointerleave'));",
                     start)
        assert scratch.last(LIT)["source"] == []
    scratch.last("cell.querySelector('.wb-source .wb-row').focus();")
    for key in ("ArrowDown",) * 4:
        at = scratch.last(KEY, key)
    assert "wb-source" in at and "np.sin" in at and "np.sin" in scratch.last(LIT)["source"][0]
    assert "wb-ir" in scratch.last(KEY, "ArrowRight")
    assert "wb-adjoint" in scratch.last(KEY, "ArrowRight")
    scratch.last(KEY, " ")  # pinned
    scratch.last("document.activeElement.blur();")
    assert scratch.last("return cell.querySelectorAll('.wb-pinned').length") > 2
    scratch.last("cell.querySelector('.wb-adjoint .wb-row.wb-lit').focus();")
    scratch.last(KEY, "Escape")
    assert scratch.last("return cell.querySelectorAll('.wb-pinned').length") == 0


def what_is_kept_says_why(scratch: Scratch, pictures: Path) -> None:
    scratch.last("const rows = Array.from(cell.querySelectorAll('.wb-source .wb-row'));"
                 "rows.find(row => /np.sin/.test(row.textContent)).focus();")
    scratch.last(KEY, "Enter")
    text = scratch.last("return cell.querySelector('.wb-why').innerText")
    assert "sin(h[t])" in text and "8·len(a) = 320 bytes" in text and "@wb.checkpoint" in text and "kept[t]" in text
    pictured(scratch, pictures, "kept")
    pictured(scratch, pictures, "kept", 500)
    scratch.last("cell.querySelector('.wb-why .wb-link').click();")
    assert "kept[t]" in scratch.last("return document.activeElement.textContent")
    scratch.last("const panel = cell.querySelector('.wb-why'); panel.dispatchEvent("
                 "new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}));")
    assert scratch.last("return cell.querySelector('.wb-why')") is None
    scratch.last("cell.querySelector('.wb-source .wb-mark').click();")
    assert scratch.last("return cell.querySelectorAll('.wb-why').length") == 1


def the_slider_shows_every_pass(scratch: Scratch, pictures: Path) -> None:
    scratch.last("Array.from(cell.querySelectorAll('.wb-tools button')).find(b => b.textContent === 'passes').click();")
    scratch.page.wait_for("document.querySelector('.wb-passes .wb-diff')")
    said = "return cell.querySelector('.wb-passes-name').textContent + ' ' + " \
           "cell.querySelector('.wb-passes-said').textContent"
    assert scratch.last(said).startswith("grad ")
    scratch.last("cell.querySelector('.wb-passes [aria-label=\"next stage\"]').click();"
                 "await new Promise(resolve => setTimeout(resolve, 300));")
    assert scratch.last("return cell.querySelectorAll('.wb-diff-add, .wb-diff-del').length") > 0
    pictured(scratch, pictures, "passes")
    last = scratch.last(
        "const slider = cell.querySelector('.wb-passes input[type=range]'); slider.value = slider.max;"
        "slider.dispatchEvent(new Event('input')); await new Promise(resolve => setTimeout(resolve, 500));"
        "return [slider.getAttribute('aria-valuetext'), cell.querySelector('.wb-passes .wb-code').textContent];")
    assert "source" in last[0] and "def history_vjp" in last[1]


def exports_are_offered(scratch: Scratch) -> None:
    found = scratch.last(
        """
        const made = [], create = URL.createObjectURL;
        URL.createObjectURL = blob => { made.push(blob); return create(blob); };
        for (const name of ['.py', 'JSON'])
          Array.from(cell.querySelectorAll('.wb-tools button')).find(b => b.textContent === name).click();
        await new Promise(resolve => setTimeout(resolve, 1500));
        URL.createObjectURL = create;
        return [await Promise.all(made.map(blob => blob.text())), cell.querySelector('.wb-status').textContent];
        """)
    texts = sorted(found[0], key=lambda text: text.startswith("{"))
    assert "def history_vjp(" in texts[0] and '"title"' in texts[1], found


def test_source_ir_and_adjoint(scratch: Scratch, pictures: Path) -> None:
    scratch.page.driver.set_window_size(1400, 1100)
    scratch.run(HISTORY)
    scratch.alive()
    assert scratch.last("return cell.querySelectorAll('img, script').length") == 0
    columns_light_each_other_up(scratch)
    pictured(scratch, pictures, "columns")
    what_is_kept_says_why(scratch, pictures)
    the_slider_shows_every_pass(scratch, pictures)
    exports_are_offered(scratch)
    scratch.run(ON_THE_TAPE)
    scratch.alive()
    assert "runs on the tape" in scratch.last("return cell.querySelector('.wb-source .wb-note').textContent")
    pictured(scratch, pictures, "tape")


def test_long_adjoints_open_at_once(scratch: Scratch) -> None:
    scratch.page.run("performance.clearMeasures()")
    for program, least, bar in ((LONG, 200, 500), (TEN_TIMES, 2000, 3000)):
        scratch.run(program)
        scratch.alive()
        milliseconds = scratch.last(OPENED)[-1]
        lines = int(scratch.last("return cell.querySelectorAll('.wb-adjoint .wb-row').length"))
        print(f"an adjoint of {lines} lines opens in {milliseconds:.0f} ms")
        assert lines >= least and milliseconds < bar
        lit = scratch.last(
            "const row = cell.querySelectorAll('.wb-source .wb-row')[20]; const start = performance.now();"
            "row.dispatchEvent(new PointerEvent('pointerover', {bubbles: true}));"
            "const lit = cell.querySelectorAll('.wb-adjoint .wb-lit').length;"
            "cell.getBoundingClientRect(); return [lit, performance.now() - start];")
        assert lit[0] > 0 and lit[1] < 200, lit
    scratch.page.read_logs()
    assert [text for text in scratch.page.complaints if "favicon" not in text] == []
