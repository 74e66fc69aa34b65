"""Static pictures of plotly figures."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import plotly.graph_objects as go
import pytest

from workbench.views import figure_svg
from workbench.views.ticks import linear_ticks, log_ticks, tick_text

SVG = "{http://www.w3.org/2000/svg}"


def picture(figure: go.Figure) -> ElementTree.Element:
    return ElementTree.fromstring(figure_svg(figure.to_plotly_json()))


def texts(svg: ElementTree.Element) -> list[str]:
    return ["".join(node.itertext()) for node in svg.iter(f"{SVG}text")]


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0.0, 10.0, 5, [0, 2, 4, 6, 8, 10]),
        (-1.0, 1.0, 4, [-1, -0.5, 0, 0.5, 1]),
        (1899.6, 1920.4, 8, [1900, 1905, 1910, 1915, 1920]),
    ],
)
def test_ticks_are_round(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert linear_ticks(low, high, most) == pytest.approx(ticks)


def test_ticks_are_written_with_the_digits_that_tell_them_apart() -> None:
    assert [tick_text(t, [0, 0.5, 1.0]) for t in (0, 0.5, 1.0)] == ["0", "0.5", "1.0"]
    assert tick_text(-2000.0, [-2000.0, 0.0]) == "−2000" and tick_text(2e-5, [0, 2e-5]) == "2e−05"
    assert log_ticks(-1, 2, 10) == pytest.approx([0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100])
    assert log_ticks(-9, 3, 5) == pytest.approx([1e-9, 1e-6, 1e-3, 1, 1e3])


def test_a_line_and_markers_with_titles_and_legend() -> None:
    figure = go.Figure(layout={"title": "<b>Pelts</b> & more", "xaxis_title": "year", "yaxis_title": "thousands"})
    figure.add_scatter(x=[1900, 1910, 1920], y=[1.0, None, 3.0], mode="lines", name="hare <fit>")
    figure.add_scatter(x=[1900, 1910, 1920], y=[1.0, 2.0, 3.0], mode="markers", name="hare")
    svg = picture(figure)
    assert {"Pelts & more", "year", "thousands", "hare <fit>", "hare", "1900"} <= set(texts(svg))
    assert len(list(svg.iter(f"{SVG}circle"))) == 3 and len(list(svg.iter(f"{SVG}polyline"))) == 2


def test_points_stand_where_their_ticks_do() -> None:
    svg = picture(go.Figure(go.Scatter(x=[0.0, 10.0], y=[1.0, 1000.0], mode="markers"), {"yaxis_type": "log"}))
    upper, lower = (float(c.get("cy", "nan")) for c in list(svg.iter(f"{SVG}circle"))[::-1])
    places = {
        "".join(t.itertext()): float(t.get("y", "nan")) - 4
        for t in svg.iter(f"{SVG}text")
        if t.get("text-anchor") == "end"
    }
    assert upper == pytest.approx(places["1000"], abs=0.11) and lower == pytest.approx(places["1"], abs=0.11)


def test_bars_stand_on_zero() -> None:
    svg = picture(go.Figure(go.Bar(x=["a", "b"], y=[2.0, -1.0], marker_color=["#ff0000", "#0000ff"])))
    bars = {r.get("fill"): r for r in svg.iter(f"{SVG}rect") if r.get("fill") in ("#ff0000", "#0000ff")}
    up, down = bars["#ff0000"], bars["#0000ff"]
    assert float(up.get("y", 0)) + float(up.get("height", 0)) == pytest.approx(float(down.get("y", 0)), abs=0.11)
    assert float(up.get("height", 0)) == pytest.approx(2 * float(down.get("height", 0)), abs=0.2)
    assert {"a", "b"} <= set(texts(svg))


def test_what_is_not_drawn_is_named() -> None:
    assert "not drawn here: heatmap" in texts(picture(go.Figure(go.Heatmap(z=[[1, 2], [3, 4]]))))


@pytest.mark.parametrize("values", [[], [5.0], [2.0, 2.0], [math.inf, 1.0], [1e-300, 1e300]])
def test_odd_data_still_give_a_picture(values: list[float]) -> None:
    assert picture(go.Figure(go.Scatter(y=values))).tag == f"{SVG}svg"
