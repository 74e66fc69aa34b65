"""A plotly figure's specification as a static SVG: lines, markers and bars on linear, logarithmic or named axes.

For places that run no script (nbconvert, a repository's page). It takes the figure as a dictionary, so that plotly
need not be imported; traces of kinds it does not draw are named below the picture instead of being left out silently.
"""

from __future__ import annotations

import base64
import math
from html import escape, unescape
from typing import Any

import numpy as np

from workbench.records import dataclass
from workbench.views.ticks import linear_ticks, log_tick_text, log_ticks, tick_text

COLOURS = ("#636efa", "#ef553b", "#00a37a", "#ab63fa", "#ff8a30", "#19a3c7", "#e0407b", "#7a9a28")
INK, FAINT, FRAME = "#2a3340", "#dfe4ea", "#b8c0ca"
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 72, 18, 18, 54
DASHES = {"dash": "8 5", "dot": "2 4", "dashdot": "8 4 2 4", "longdash": "14 6"}


def text_of(title: Any) -> str:
    """Plotly's title, a string or `{"text": ...}`, without its markup, entities read as plotly reads them."""
    text = title.get("text") if isinstance(title, dict) else title
    for tag in ("<b>", "</b>", "<i>", "</i>", "<sub>", "</sub>", "<sup>", "</sup>"):
        text = (text or "").replace(tag, "")
    return unescape((text or "").replace("<br>", " "))


def values_of(data: Any) -> list[Any]:
    """A trace's coordinates: a list, an array, or plotly's base64 form of one."""
    if data is None:
        return []
    if isinstance(data, dict) and "bdata" in data:
        return list(np.frombuffer(base64.b64decode(data["bdata"]), np.dtype(data["dtype"])).tolist())
    return list(data.tolist() if hasattr(data, "tolist") else data)


@dataclass(frozen=True)
class Axis:
    """One axis: where its ends lie in the picture, what values they stand for, and how it is written."""

    start: float
    stop: float
    low: float
    high: float
    logarithmic: bool
    categories: tuple[str, ...]
    title: str

    def place(self, value: Any) -> float:
        """The position of a value in the picture; NaN where it has none."""
        if self.categories:
            number = float(self.categories.index(str(value)))
        elif value is None or (self.logarithmic and value <= 0):
            return math.nan
        else:
            number = math.log10(value) if self.logarithmic else float(value)
        return self.start + (number - self.low) / (self.high - self.low) * (self.stop - self.start)

    def ticks(self) -> list[tuple[float, str]]:
        """(position, text) of each tick."""
        if self.categories:
            return [(self.place(c), c) for c in self.categories]
        most = max(2, int(abs(self.stop - self.start) // (70 if self.start < self.stop else 42)))
        make = log_ticks if self.logarithmic else linear_ticks
        ticks = make(self.low, self.high, most)
        if self.logarithmic:
            return [(self.place(t), log_tick_text(t)) for t in ticks]
        return [(self.place(t), tick_text(t, ticks)) for t in ticks]


def make_axis(layout: dict[str, Any], name: str, values: list[Any], span: tuple[float, float], pad: float) -> Axis:
    """The axis `name` (`xaxis`, `yaxis2`, ...) over the values that its traces show."""
    spec = layout.get(name) or {}
    first, last = spec.get("domain") or (0.0, 1.0)
    start, stop = span[0] + first * (span[1] - span[0]), span[0] + last * (span[1] - span[0])
    title = text_of(spec.get("title"))
    if any(isinstance(v, str) for v in values):
        names = tuple(dict.fromkeys(str(v) for v in values))
        return Axis(start, stop, -0.6, len(names) - 0.4, False, names, title)
    logarithmic = spec.get("type") == "log"
    numbers = [float(v) for v in values if v is not None and math.isfinite(v) and (v > 0 or not logarithmic)]
    numbers = [math.log10(v) for v in numbers] if logarithmic else numbers
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    if spec.get("rangemode") == "tozero" and not logarithmic:
        low, high = min(low, 0.0), max(high, 0.0)
    margin = (high - low) * pad or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin
    if spec.get("range") and None not in spec["range"]:
        low, high = (float(v) for v in spec["range"])
    return Axis(start, stop, low, high, logarithmic, (), title)


def polyline(points: list[tuple[float, float]], colour: str, line: dict[str, Any]) -> str:
    """A line through the points, broken where one is missing."""
    runs: list[list[str]] = [[]]
    for x, y in points:
        if math.isfinite(x) and math.isfinite(y):
            runs[-1].append(f"{x:.1f},{y:.1f}")
        elif runs[-1]:
            runs.append([])
    dash = DASHES.get(line.get("dash") or "", "")
    style = f'fill="none" stroke="{escape(colour)}" stroke-width="{float(line.get("width") or 2):g}"'
    style += f' stroke-dasharray="{dash}"' if dash else ""
    return "".join(f'<polyline {style} stroke-linejoin="round" points="{" ".join(run)}"/>' for run in runs if run)


def trace_colour(trace: dict[str, Any], index: int) -> str:
    """The colour that a trace names for its line or markers, else the next one of ours."""
    for part in ("line", "marker"):
        colour = (trace.get(part) or {}).get("color")
        if isinstance(colour, str):
            return colour
    return COLOURS[index % len(COLOURS)]


def trace_svg(trace: dict[str, Any], x: Axis, y: Axis, colour: str, share: tuple[int, int]) -> str:
    """The shapes of one trace; `share` is which of how many bars stand side by side."""
    opacity = f'<g opacity="{float(trace.get("opacity") or 1):g}">'
    xs, ys = coordinates(trace)
    points = [(x.place(a), y.place(b)) for a, b in zip(xs, ys, strict=False)]
    if trace.get("type") == "bar":
        return opacity + bars_svg(trace, points, x, y, colour, share) + "</g>"
    mode = trace.get("mode") or ("lines" if len(points) > 20 else "lines+markers")
    shapes = polyline(points, colour, trace.get("line") or {}) if "lines" in mode else ""
    if "markers" in mode:
        marker = trace.get("marker") or {}
        given = marker.get("size")
        size = given if isinstance(given, int | float) else 7
        hollow = str(marker.get("symbol") or "").endswith("open")
        paint = f'fill="none" stroke="{escape(colour)}" stroke-width="2"' if hollow else f'fill="{escape(colour)}"'
        shapes += "".join(
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size / 2:g}" {paint}/>'
            for a, b in points
            if math.isfinite(a) and math.isfinite(b)
        )
    return opacity + shapes + "</g>"


def bars_svg(
    trace: dict[str, Any], points: list[tuple[float, float]], x: Axis, y: Axis, colour: str, share: tuple[int, int]
) -> str:
    """Bars from zero, or from the bottom of a logarithmic axis, on either side of it; upright or lying."""
    lying = trace.get("orientation") == "h"
    along, across = (x, y) if lying else (y, x)
    zero = along.place(0.0) if not along.logarithmic else along.start
    room = abs(across.stop - across.start) / max(len(points) + 0.2, 1) * 0.7
    size = room / share[1]
    marked = (trace.get("marker") or {}).get("color")
    colours = values_of(marked) if marked is not None and not isinstance(marked, str) else []
    shapes = []
    for index, (px, py) in enumerate(points):
        tip, centre = (px, py) if lying else (py, px)
        if not (math.isfinite(tip) and math.isfinite(centre)):
            continue
        edge = centre - room / 2 + share[0] * size
        a, b = min(tip, zero), abs(tip - zero)
        box = (a, edge, b, size) if lying else (edge, a, size, b)
        fill = str(colours[index]) if index < len(colours) else colour
        left, top, width, height = (f"{value:.1f}" for value in box)
        shapes.append(f'<rect x="{left}" y="{top}" width="{width}" height="{height}" fill="{escape(fill)}"/>')
    return "".join(shapes)


def coordinates(trace: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """The x and y of a trace; counted where one is left out."""
    xs, ys = values_of(trace.get("x")), values_of(trace.get("y"))
    return xs or list(range(len(ys))), ys or list(range(len(xs)))


def axis_svg(x: Axis, y: Axis) -> str:
    """The frame, grid, ticks and titles of a pair of axes."""
    parts = [
        f'<rect x="{x.start:.1f}" y="{y.stop:.1f}" width="{x.stop - x.start:.1f}" height="{y.start - y.stop:.1f}" '
        f'fill="none" stroke="{FRAME}"/>'
    ]
    for place, text in x.ticks():
        parts.append(f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{y.start:.1f}" y2="{y.stop:.1f}" stroke="{FAINT}"/>')
        parts.append(f'<text x="{place:.1f}" y="{y.start + 17:.1f}" text-anchor="middle">{escape(text)}</text>')
    for place, text in y.ticks():
        parts.append(f'<line x1="{x.start:.1f}" x2="{x.stop:.1f}" y1="{place:.1f}" y2="{place:.1f}" stroke="{FAINT}"/>')
        parts.append(f'<text x="{x.start - 8:.1f}" y="{place + 4:.1f}" text-anchor="end">{escape(text)}</text>')
    middle_x, middle_y = (x.start + x.stop) / 2, (y.start + y.stop) / 2
    if x.title:
        parts.append(f'<text x="{middle_x:.1f}" y="{y.start + 38:.1f}" text-anchor="middle">{escape(x.title)}</text>')
    if y.title:
        place = x.start - 52
        parts.append(
            f'<text transform="translate({place:.1f},{middle_y:.1f}) rotate(-90)" '
            f'text-anchor="middle">{escape(y.title)}</text>'
        )
    return "".join(parts)


def legend_svg(entries: list[tuple[str, str]], left: float, top: float, width: float) -> tuple[str, float]:
    """The legend in rows above the axes, and the height that it takes."""
    parts, column, row = [], 0.0, 0
    for name, colour in entries:
        size = 34 + 6.8 * len(name)
        if column and column + size > width:
            column, row = 0.0, row + 1
        at, base = left + column, top + 18 * row
        parts.append(f'<rect x="{at:.1f}" y="{base:.1f}" width="14" height="4" rx="2" fill="{escape(colour)}"/>')
        parts.append(f'<text x="{at + 20:.1f}" y="{base + 6:.1f}">{escape(name)}</text>')
        column += size
    return "".join(parts), 18.0 * (row + 1) if entries else 0.0


def figure_svg(figure: dict[str, Any], themed: bool = False) -> str:
    """The SVG of a figure given as plotly's dictionary of `data` and `layout`.

    themed: ink, grid and ground are those of the page around it (for pages that are light or dark)."""
    svg = _drawn(figure)
    if not themed:
        return svg
    ground = '<rect width="100%" height="100%" rx="6" fill="#ffffff"/>'
    faint = 'stroke="currentColor" stroke-opacity="0.14"'
    return svg.replace(ground, "").replace(f'fill="{INK}"', 'fill="currentColor"').replace(
        f'stroke="{FAINT}"', faint).replace(f'stroke="{FRAME}"', 'stroke="currentColor" stroke-opacity="0.35"')


def _drawn(figure: dict[str, Any]) -> str:
    layout = figure.get("layout") or {}
    traces = [t for t in figure.get("data") or () if t.get("visible", True) is True]
    drawn = [t for t in traces if t.get("type", "scatter") in ("scatter", "scattergl", "bar")]
    colours = {id(t): trace_colour(t, i) for i, t in enumerate(traces)}
    width, height = float(layout.get("width") or WIDTH), float(layout.get("height") or HEIGHT)
    title = text_of(layout.get("title"))
    named = [(text_of(t["name"]), colours[id(t)]) for t in drawn if t.get("name") and t.get("showlegend") is not False]
    legend, legend_height = legend_svg(named, LEFT, TOP + (30 if title else 0), width - LEFT - RIGHT)
    top = TOP + (30 if title else 0) + legend_height
    parts = [f'<text x="{LEFT}" y="{TOP + 8}" font-size="16" font-weight="600">{escape(title)}</text>', legend]
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for trace in drawn:
        groups.setdefault((trace.get("xaxis") or "x", trace.get("yaxis") or "y"), []).append(trace)
    for (x_name, y_name), members in groups.items():
        zero = [0.0] if any(t.get("type") == "bar" for t in members) else []
        lying = any(t.get("orientation") == "h" for t in members)
        xs = [v for t in members for v in coordinates(t)[0]] + (zero if lying else [])
        ys = [v for t in members for v in coordinates(t)[1]] + ([] if lying else zero)
        x = make_axis(layout, "xaxis" + x_name[1:], xs, (LEFT, width - RIGHT), 0.02)
        y = make_axis(layout, "yaxis" + y_name[1:], ys, (height - BOTTOM, top), 0.06)
        bars = [t for t in members if t.get("type") == "bar"]
        parts.append(axis_svg(x, y))
        for trace in members:
            share = (bars.index(trace), len(bars)) if trace in bars else (0, 1)
            parts.append(trace_svg(trace, x, y, colours[id(trace)], share))
    other = sorted({t.get("type", "scatter") for t in traces if t not in drawn})
    if other:
        note = f"not drawn here: {', '.join(other)}"
        parts.append(f'<text x="{LEFT}" y="{height - 6}" font-style="italic">{escape(note)}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title or "figure")}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}">'
        f'<rect width="100%" height="100%" rx="6" fill="#ffffff"/>{"".join(parts)}</svg>'
    )
