"""The data and the static forms of the adjoint view: three programs, marks, notes; nothing of the user's is markup."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from tests.views import helpers
from workbench.ir import DifferentiationError, Span
from workbench.views import gradient_view, render_html, render_text
from workbench.views.build import note_view
from workbench.views.kept import KeptView, total
from workbench.views.model import CodeView, GradientView, LineView
from workbench.views.panel import GradientPanel
from workbench.views.programs import IR_LINES


def history(x, a):
    h = np.empty(len(a) + 1)
    h[0] = x
    for t in range(len(a)):
        h[t + 1] = np.sin(h[t]) * helpers.shifted(x, a[t])
    return h[len(a)]


@pytest.fixture(scope="module")
def panel() -> GradientPanel:
    with in_python():
        return wb.show(history, 0.3, np.ones(4)).panel


def test_ir_lines_stand_for_lines_of_the_source(panel: GradientPanel) -> None:
    source, ir = panel.view.source, panel.view.ir
    assert source is not None and ir is not None
    texts = {line.number: line.text for line in source.lines}
    sine = next(line for line in ir.lines if "sin(" in line.text)
    assert sine.of is not None and "np.sin" in texts[sine.of]
    assert {line.of for line in ir.lines if line.of is not None} <= set(texts)
    there = [line for line in ir.lines if line.where]
    assert there and all(line.of is None and line.where.startswith("helpers.py:") for line in there)


def test_what_is_kept_is_marked_at_its_line_and_in_the_ir(panel: GradientPanel) -> None:
    html = panel.html()
    (kept,) = [k for k in panel.view.kept if k.value == "sin(h[t])"]
    assert panel.view.ir is not None and kept.ir is not None
    assert "sin(" in panel.view.ir.lines[kept.ir - 1].text
    assert re.search(r'title="sin\(h\[t\]\): kept for the reverse sweep, 8·len\(a\) = 32 bytes">●</span>', html)
    assert html.count('class="wb-irs"') == 1 and "<summary>Primal IR: " in html
    assert f"{kept.line:>5} ● " in panel.text() and "needed by: line" in panel.text()


def test_the_data_is_json_and_answers_follow(panel: GradientPanel) -> None:
    data = json.loads(json.dumps(panel.as_dict()))
    assert data["ir"]["lines"] and data["kept"][0]["title"] and data["kept"][0]["needs"][0]["code"]
    assert {need["line"] for kept in data["kept"] for need in kept["needs"]} <= {
        line["number"] for line in data["source"]["lines"]} | {None}
    with in_python():
        stages = panel.answer({"what": "stages"})["stages"]
        stage = panel.answer({"what": "stage", "number": len(stages) - 1})
    assert stages[0]["phase"] == "traced" and any("def history_vjp" in line for line in stage["after"])
    with pytest.raises(ValueError, match="none of them"):
        panel.answer({"what": "stage", "number": -1})
    with pytest.raises(ValueError, match="no answer"):
        panel.answer({"what": "weather"})


def test_a_program_for_types_alone_is_exported_and_has_no_sizes() -> None:
    panel = wb.show(history, 0.3, wb.spec("f64[n]")).panel
    text = panel.answer({"what": "export"})
    compile(text, "history.py", "exec")
    assert "def history_vjp(x, a):" in text
    assert all(kept.bytes is None and "len(a)" in kept.formula for kept in panel.view.kept)
    assert "32 bytes" not in panel.text() and "8·len(a) bytes" in panel.text()


def test_a_view_goes_on_showing_its_own_program() -> None:
    with in_python():
        shown = wb.show(history, 0.3, np.ones(4))
        source = shown.derivative.source
        shown.derivative(np.float32(0.3), np.ones(4, np.float32))
        assert shown.derivative.source != source and shown.panel.program.source == source


def test_why_it_runs_on_the_tape_stands_at_its_line() -> None:
    def looked_up(x):
        table = {int(10 * x): x * x}
        return table[20]

    with pytest.warns(UserWarning, match="runs on the tape"):
        shown = wb.show(looked_up, 2.0)
    (note,) = shown.panel.view.notes
    assert note.file == "" and note.text.startswith("runs on the tape: a dictionary key")
    text = shown.text().splitlines()
    at = next(k for k, line in enumerate(text) if "table = {" in line)
    assert text[at + 1].startswith("      ╰ runs on the tape")
    html = shown.html()
    assert html.index("table") < html.index('<span class="wb-note">runs on the tape') < html.index("return")
    typed = wb.show(looked_up, wb.spec("f64"))
    assert typed.panel.view.notes[0].text.startswith("the compiler does not take this: ")
    with pytest.raises(DifferentiationError, match="a dictionary key"):
        wb.show(looked_up, wb.spec("f64"), engine="numba")


def test_a_line_of_another_file_is_named() -> None:
    refusal = DifferentiationError("no derivative", Span("/far/away/helper.py", 7), "write a rule")
    note = note_view(refusal, "/here.py", {"helper.py": "In[3]"})
    assert (note.line, note.file, note.text) == (7, "In[3]", "no derivative (write a rule)")
    view = gradient_view("f", source=lambda: ("def f(x):\n    return g(x)\n", 6), refusal=refusal)
    assert "╰" not in render_text(view) and "In[3]:7" not in render_text(view)
    assert "helper.py:7: no derivative (write a rule)" in render_text(view)
    assert "helper.py:7: no derivative (write a rule)" in render_html(view)


def test_nothing_is_markup() -> None:
    bad = '<img src=x onerror="alert(1)"></script>'
    code = CodeView(bad, bad, (LineView(1, bad, 1, bad),))
    kept = KeptView(bad, "kept", 1, "", bad, 1, bad, None, bad, bad, (bad,), ())
    view = GradientView(bad, bad, source=code, ir=code, adjoint=code, kept=(kept,),
                        notes=(note_view(DifferentiationError(bad, Span("f.py", 1)), "f.py", {}),))
    html = render_html(view)
    assert "<img" not in html and "</script" not in html


def test_much_is_cut_short_in_what_is_saved() -> None:
    ir = CodeView("IR", "", tuple(LineView(k, f"t.{k}: f64 = add(x, 1.0)", 1) for k in range(IR_LINES + 50)))
    kept = tuple(KeptView(f"v{k}", "kept", 1, "", "", None, "8·n", 80, "why not", "", (), ()) for k in range(40))
    source = CodeView("source", "", (LineView(1, "def f(x): ..."),))
    html = render_html(GradientView("f", "1", source=source, ir=ir, adjoint=source, kept=kept))
    assert "50 more lines" in html and html.count('class="wb-row') == IR_LINES + 2
    assert html.count("<dl>") == 12 and "v39: kept" in html
    assert total(kept) == "40 values are kept for the reverse sweep: 3,200 bytes for these arguments"
    assert total(()) == "Nothing is stored for the reverse sweep"
