"""What is shown of costs: data, text, static HTML and pictures; sizes of all sorts, hostile sources."""

from __future__ import annotations

import json
import linecache
import math
import types
from xml.etree import ElementTree

import numpy as np
import pytest

import workbench as wb
from workbench.cost.machine import Machine
from workbench.views.complexity import Complexity
from workbench.views.listing import MOST, listings
from workbench.views.numbers import bytes_text, short_text, time_text, usual
from workbench.views.report_at import at
from workbench.views.roofline import roofs
from workbench.views.shown import Shown
from workbench.views.table import Bars, Code, Number, table_html, width

HOSTILE = '''import numpy as np


def heated(u, steps):
    """</script><script>alert(1)</script>"""
    for _ in range(steps):
        v = u.copy()  # <img src=x onerror=alert(1)> "quoted" & 'so'
        for i in range(1, u.shape[0] - 1):
            u[i] = v[i] + 0.1 * (v[i - 1] + v[i + 1] - 2 * v[i])
    return np.sum(u ** 2)


def waited(x, tol):
    total = 0.0
    for k in range(x.shape[0]):
        y = x[k]
        while abs(y * y - 2.0) > tol:
            y = 0.5 * (y + 2.0 / y)
        total += y
    return total
'''


@pytest.fixture(scope="module")
def hostile() -> types.ModuleType:
    name = "<img src=x onerror=1>.py"
    linecache.cache[name] = len(HOSTILE), None, HOSTILE.splitlines(True), name
    module = types.ModuleType("hostile")
    exec(compile(HOSTILE, name, "exec"), vars(module))
    return module


@pytest.fixture(scope="module")
def shown(hostile: types.ModuleType) -> dict[str, Shown]:
    """One of each kind."""
    spec = wb.spec("f64[n]"), wb.spec("i64")
    primal, gradient = wb.cost(hostile.heated, *spec), wb.cost(wb.grad(hostile.heated), *spec)
    return {
        "cost": gradient, "timeline": gradient.timeline(n=100, steps=3), "roofline": gradient.roofline(n=100, steps=3),
        "comparison": primal.compare(gradient),
        "sweep": wb.sweep((hostile.heated, wb.grad(hostile.heated)), *spec, n=[0, 10, 100], steps=5,
                          figures=("flops", "time", "peak_bytes")),
        "complexity": wb.complexity(hostile.heated, *spec),
        "strategies": wb.jacobian(lambda x: np.tanh(x) * x[0]).explain(np.ones(5)),
        "measured": wb.measure(wb.grad(hostile.heated), np.ones(30), 2, repeats=1),
    }


KINDS = ("cost", "timeline", "roofline", "comparison", "sweep", "complexity", "strategies", "measured")


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_good_without_a_script(kind: str, shown: dict[str, Shown]) -> None:
    view = shown[kind]
    assert view.kind == kind and isinstance(view, Shown)
    text, html = view.text(), view.html()
    assert text == str(view) and len(text.splitlines()) > 1
    for bad in ("<script", "<img", "nan%", "inf%"):
        assert bad not in html
    assert len(html) < 40_000
    assert ElementTree.fromstring(html).get("class", "").startswith("wb-view")  # (every element closed, all quoted)
    json.dumps(view.as_dict())
    assert set(view._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_a_notebook_with_all_of_them_stays_small(shown: dict[str, Shown]) -> None:
    assert sum(len(view.html().encode()) for view in shown.values()) < 200_000


def test_the_text_of_lines_is_text(shown: dict[str, Shown]) -> None:
    for kind in ("cost", "comparison", "measured"):
        assert "&lt;img src=x onerror=alert(1)&gt;" in shown[kind].html()


def test_pictures_are_well_formed(shown: dict[str, Shown]) -> None:
    for kind in ("timeline", "roofline"):
        picture = shown[kind].svg  # type: ignore[attr-defined]
        root = ElementTree.fromstring(picture)
        assert root.tag.endswith("svg") and root.get("role") == "img" and root.get("aria-label")
        assert "NaN" not in picture and "nan" not in picture and "inf" not in picture


def test_the_whole_source_stands_beside_its_heat(shown: dict[str, Shown]) -> None:
    html = shown["cost"].html()
    for line in ("heated", "steps", "alert(1)", "most bytes alive"):
        assert line in html
    assert html.count('class="wb-heatrow"') == 7 and html.count("data-line=") < 7


@pytest.mark.parametrize("sizes", [{"n": 0, "steps": 0}, {"n": 1, "steps": 1}, {"n": 2, "steps": 0},
                                   {"n": 1e15, "steps": 1e15}, {"n": 3.5, "steps": 2}, {"n": 1e300, "steps": 1e300},
                                   {"n": "inf", "steps": "nan"}, {"n": -4, "other": 3}, {}])
def test_numbers_at_any_sizes(sizes: dict[str, float], shown: dict[str, Shown]) -> None:
    """Whatever a page sends is answered: infinite and absurd sizes, and those that nothing depends on."""
    found = shown["cost"].answer({"what": "at", "dims": sizes})
    assert len(found["lines"]) == len(shown["cost"].by_line)  # type: ignore[attr-defined]
    json.dumps(found)
    for kind in ("comparison", "complexity"):
        json.dumps(shown[kind].answer({"what": "at", "dims": sizes}))


def test_answers_are_the_reports_own_figures(hostile: types.ModuleType) -> None:
    report = wb.cost(wb.grad(hostile.heated), wb.spec("f64[n]"), wb.spec("i64"))
    found, bound = report.answer({"what": "at", "dims": {"n": 50, "steps": 4}}), report(n=50, steps=4)
    totals = found["totals"]
    for name in ("flops", "bytes_read", "bytes_written", "bytes_allocated", "peak_bytes", "residual_bytes"):
        assert totals[name] == getattr(bound, name)
    assert totals["time"] == pytest.approx(bound.time)
    assert [line[0] for line in found["lines"]] == [line.flops for line in bound.by_line]
    assert found["timeline"]["bytes"] == bound.peak_bytes
    with pytest.raises(ValueError, match="no answer"):
        report.answer({"what": "colour"})


def test_what_only_a_run_can_know_is_open(hostile: types.ModuleType) -> None:
    report = wb.cost(wb.grad(hostile.waited), wb.spec("f64[n]"), 1e-9)
    assert report.open[0] == "n" and any(name.startswith("trips(") for name in report.open)
    assert usual("n") == 1000 and usual("trips(line 3)") == 10 and usual("taken(line 3)") == 0.5
    assert at(report).sizes == {name: usual(name) for name in report.open}
    with pytest.raises(TypeError, match="n must be given|must be given"):
        report.timeline()
    with pytest.raises(TypeError, match="must be given"):
        report.roofline(n=10)
    assert report.timeline({name: 10 for name in report.open}).bytes > 0


def test_timelines(hostile: types.ModuleType) -> None:
    report = wb.cost(wb.grad(hostile.heated), wb.spec("f64[n]"), wb.spec("i64"))
    course = report.timeline(n=100, steps=3)
    assert course.bytes == report.peak_bytes(n=100, steps=3) == report(steps=3).timeline(n=100).bytes
    assert sum(held.bytes for held in course.held if held.role != "argument") == course.bytes
    assert course.as_dict()["instants"][course.peak][1] == course.bytes
    empty = wb.cost(lambda x: x * 2.0, 3.0).timeline()
    assert empty.bytes == 0 and not empty.instants and "0 B at most" in empty.text()
    ElementTree.fromstring(empty.svg)
    ElementTree.fromstring(report.timeline(n=0, steps=0).svg)


def test_rooflines(hostile: types.ModuleType) -> None:
    roofline = wb.cost(hostile.heated, wb.spec("f64[n]"), wb.spec("i64")).roofline(n=1000, steps=10)
    dot = next(dot for dot in roofline.dots if dot.line == 9)
    assert dot.rate > 0 and 5 / 40 < dot.intensity < 5 / 24 and dot.is_drawn
    assert roofline.whole.share == 1 and roofline.bound(dot) >= dot.intensity * 1e9
    none = wb.cost(lambda x: x * 2.0, 3.0).roofline()
    assert none.dots and math.isinf(none.dots[0].intensity) and "no bytes" in none.text()
    assert none.as_dict()["whole"]["intensity"] is None
    ElementTree.fromstring(none.svg)
    made = roofs(Machine())
    assert [roof.is_bandwidth for roof in made[:3]] == [False] * 3 and len({roof.name for roof in made}) == len(made)


def test_sweeps_move_and_are_measured(hostile: types.ModuleType) -> None:
    spec = wb.spec("f64[n]"), wb.spec("i64")
    swept = wb.sweep(hostile.heated, *spec, n=[10, 100], steps=5, measured=[8, 16])
    assert "time" in swept.figures and swept.measured is not None and np.all(swept.measured[1][0] > 0)
    assert "measured" in swept.html() and len(swept.as_dict()["measured"]["seconds"][0]) == 2
    moved = swept.answer({"what": "at", "dims": {"steps": 10}})
    assert moved["figures"]["flops"][0] == wb.sweep(hostile.heated, *spec, n=[10, 100], steps=10).values().tolist()
    with pytest.raises(TypeError, match="nothing is measured"):
        wb.sweep(hostile.heated, *spec, n=[10, 100], steps=[1, 2], measured=[3])


def test_predictions_stand_beside_measurements(shown: dict[str, Shown]) -> None:
    data = shown["measured"].as_dict()
    assert data["predicted"] > 0 and any(line["predicted"] for line in data["by_line"])


def test_tables() -> None:
    html = table_html(("a<b", "n"), [("<i>", Number("1", 1.0)), (Code("x<y"), Bars((("time", math.nan),), "&"))],
                      'label "so"', chosen=[1], last=[1])
    assert "<i>" not in html.replace('<i class="wb-time"', "") and "a&lt;b" in html and "<tfoot>" in html
    assert [width(share) for share in (0.0, 0.5, 1.0, 7.0, -1.0, math.inf, math.nan)] == [
        "0%", "50%", "100%", "100%", "0%", "100%", "0%"]


def test_numbers_as_text() -> None:
    assert [bytes_text(v) for v in (0, 999, 1e3, 1e13)] == ["0 B", "999 B", "1 kB", "10 TB"]
    assert [time_text(v) for v in (0.0, math.nan, 2.0, 1e-8)] == ["0 s", "–", "2 s", "10 ns"]
    assert short_text(math.nan) == "nan" and short_text(math.inf).startswith("inf")


def test_listings(hostile: types.ModuleType) -> None:
    name = hostile.heated.__code__.co_filename
    both = listings([(name, 9), (name, 20), ("", 0)])
    assert [(listing.title, listing.first) for listing in both] == [("heated", 4), ("waited", 13)]
    assert listings([("no such file", 3)]) == ()
    long = "def f(x):\n" + "    x = x + 1.0\n" * (2 * MOST) + "    return x\n"
    linecache.cache["long.py"] = len(long), None, long.splitlines(True), "long.py"
    assert [len(listing.lines) for listing in listings([("long.py", 3), ("long.py", 2 * MOST)])] == [MOST]
    linecache.cache["broken.py"] = 3, None, ["%%grad\n", "y = x * x\n"], "broken.py"
    assert [listing.lines for listing in listings([("broken.py", 2)])] == [("y = x * x",)]


def test_an_operator_without_figures_has_a_row(shown: dict[str, Shown]) -> None:
    table = shown["complexity"]
    assert isinstance(table, Complexity)
    answer = table.answer({"what": "at", "dims": {"n": 7, "steps": 2}})
    assert answer["rows"][-1] is None and answer["rows"][0][0] == 1 and answer["inputs"] == 7
