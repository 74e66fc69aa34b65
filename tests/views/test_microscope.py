"""`wb.microscope`: slopes, quotients and switches as data; the same in text, pictures and HTML, escaped."""

from __future__ import annotations

import inspect
import json
import math
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import workbench as wb
from tests.views.test_figure import SVG
from workbench.views import figure_svg
from workbench.views.microscope import Microscope, Slope, Switch


def model(x, a):  # type: ignore[no-untyped-def]
    s = 0.0
    for k in range(x.size):
        if x[k] * a > 0.3:
            s += x[k] ** 2
        else:
            s += np.abs(x[k] - 0.28) * 0.3 + 0.09
    return s


def unusual(x):  # type: ignore[no-untyped-def]
    try:
        y = 1.0 if x < 0.25 else math.sqrt(x)
    except ValueError:
        y = 0.0
    return y * {1: x}[1]


def line_of(text: str, function) -> int:  # type: ignore[no-untyped-def]
    lines, first = inspect.getsourcelines(function)
    return first + next(k for k, line in enumerate(lines) if text in line)


def test_a_line_with_a_kink_and_a_jump_beside_it() -> None:
    x = np.array([0.29, 0.6])
    seen = wb.microscope(model, x, 1.0, direction=(np.array([1.0, 0.0]), 0.0))
    assert "agree" in seen.verdict and seen.slope == pytest.approx(0.3)
    assert {(s.engine, s.mode) for s in seen.slopes} == {(e, m) for e in ("numba", "tape") for m in (
        "forward", "reverse")}
    found = [(s.offset, s.line, s.operation) for s in seen.switches]
    assert found == [(pytest.approx(-0.01, abs=1e-9), line_of("np.abs", model), "abs"),
                     (pytest.approx(0.01, abs=1e-9), line_of("> 0.3", model), "branch")]
    assert list(x) == [0.29, 0.6]


def test_a_kink_at_the_point() -> None:
    seen = wb.microscope(lambda x: np.maximum(x, 1.0 - x).sum(), np.array([0.5, 0.2]),
                         direction=(np.array([1.0, 0.0]),))
    assert seen.verdict.startswith("a kink (line") and seen.slope == 0.0
    assert [(s.offset, s.operation) for s in seen.switches] == [(0.0, "maximum")]
    text = str(seen)
    assert "np.maximum" in text and "left" in text and "differences" in text


def test_a_wrong_rule_is_a_mismatch() -> None:
    @wb.rule
    def f(x):  # type: ignore[no-untyped-def]
        return x * x

    @f.defjvp
    def f_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
        return 2.1 * primals[0] * tangents[0]
    seen = wb.microscope(f, 1.5)
    assert seen.verdict.startswith("a mismatch: ") and "differences give" in seen.verdict


def test_where_the_compiler_refuses_lines_of_python_decide() -> None:
    seen = wb.microscope(unusual, 0.26, direction=(1.0,), span=0.05)
    assert [s.offset for s in seen.switches] == pytest.approx([-0.01], abs=1e-9)
    assert seen.switches[0].line == line_of("x < 0.25", unusual)


HOSTILE = Microscope("<script>f", (-1.0, 0.0, 1.0), (0.0, 1.0, math.inf), (
    Slope("numba", "forward", 1.0), Slope("tape", "forward", math.nan, "<img src=x>")), (0.1, 0.01), (1.0, 1.0),
    (1.0, 1.0), (1.0, math.nan), (Switch(0.5, "a<b>.py", 3, 'if x < "<b>":', "branch"),), ("<i>note</i>",))


def test_everything_is_escaped_and_is_data() -> None:
    html = HOSTILE._repr_html_()
    for text in ("<script>f", "<img", "<i>note", "<b>"):
        assert text not in html
    assert "&lt;script&gt;f" in html and "currentColor" in html and "#ffffff" not in html.split("</style>")[1]
    data = json.loads(json.dumps(HOSTILE.to_dict()))
    assert data["values"][2] == "inf" and data["switches"][0]["line"] == 3 and data["verdict"] == HOSTILE.verdict
    assert "refused: <img src=x>" in str(HOSTILE)


def test_pictures() -> None:
    for picture in (HOSTILE.line_picture(), HOSTILE.error_picture(), HOSTILE.specification()):
        ElementTree.fromstring(figure_svg(picture, themed=True))
    svg = ElementTree.fromstring(figure_svg(HOSTILE.specification()))
    texts = {"".join(t.itertext()) for t in svg.iter(f"{SVG}text")}
    assert {"<script>f", "line 3 switches", "slope", "central − slope", "offset", "step"} <= texts
    figure = HOSTILE.figure()
    assert len(figure.data) == 7 and figure.layout.xaxis2.type == "log"


def test_what_it_does_not_take() -> None:
    with pytest.raises(TypeError, match="a tangent for each"):
        wb.microscope(model, np.ones(2), 1.0, direction=(1.0,))
    with pytest.raises(TypeError, match="structure and shapes"):
        wb.microscope(model, np.ones(2), 1.0, direction=(np.ones(3), 1.0))
    with pytest.raises(wb.DifferentiationError, match="no float"):
        wb.microscope(abs, 3)
