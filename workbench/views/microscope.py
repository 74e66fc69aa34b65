"""A function along a line: its values with the slope that differentiation gives, difference quotients by step size, and
the branches that switch; as data, as text, as figures and as static HTML.

Invariant: what is drawn is in `to_dict()`; every text from the user's program is escaped.
"""

from __future__ import annotations

import importlib
import json
import math
from dataclasses import asdict
from html import escape
from typing import Any

from workbench.records import dataclass
from workbench.views.figure import figure_svg
from workbench.views.style import stylesheet

COLOURS = {"values": "#4c8dea", "slope": "#e8743b", "central": "#2ea27c", "left": "#b567d6", "right": "#d0a215",
           "switch": "#8a94a3"}
MOST_LINES = 6  # switching lines that get a legend entry of their own
_STYLE = """.wb-panels { display: flex; flex-wrap: wrap; gap: 4px 10px; padding: 8px 10px 2px; }
.wb-panels figure { margin: 0; flex: 1 1 360px; min-width: 0; } .wb-panels svg { width: 100%; height: auto; }
.wb-facts { padding: 4px 14px 12px; display: flex; flex-wrap: wrap; align-items: flex-start; gap: 10px 40px; }
.wb-view .wb-facts table { border-collapse: collapse; font-size: 12.5px; color: inherit; margin: 0; }
.wb-view .wb-facts td, .wb-view .wb-facts th { padding: 1px 16px 1px 0; text-align: left; background: none;
  vertical-align: baseline; }
.wb-view .wb-facts th { color: var(--wb-dim); font-weight: 600; white-space: nowrap; }
.wb-view .wb-facts td.wb-num { text-align: right; font-variant-numeric: tabular-nums; }
.wb-view .wb-facts code { background: none; color: inherit; font-family: var(--jp-code-font-family, monospace); }
"""


@dataclass(frozen=True)
class Slope:
    """A derivative along the line, as one engine and mode gives it; NaN where it refuses, with the reason."""

    engine: str
    mode: str
    value: float
    reason: str = ""


@dataclass(frozen=True)
class Switch:
    """A decision of the program that falls out differently on the two sides of an offset."""

    offset: float
    filename: str
    line: int
    source: str
    operation: str


@dataclass(frozen=True)
class Microscope:
    """What `wb.microscope` found. Offsets are along the direction, 0 the point itself.

    offsets, values: the function (the sum of its results) along the line; slopes: derivatives there by engine and
    mode; steps, central, left, right: difference quotients by step; switches: decisions that change along the line;
    notes: what could not be had. `print` gives text, a notebook shows HTML, `figure()` is plotly's, `to_dict()`
    data."""

    name: str
    offsets: tuple[float, ...]
    values: tuple[float, ...]
    slopes: tuple[Slope, ...]
    steps: tuple[float, ...]
    central: tuple[float, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    switches: tuple[Switch, ...]
    notes: tuple[str, ...] = ()

    # ------------------------------------------------------------------ what it says
    @property
    def slope(self) -> float:
        """The derivative along the line: the first that an engine gives."""
        return next((s.value for s in self.slopes if not math.isnan(s.value)), math.nan)

    @property
    def quotient(self) -> tuple[float, float]:
        """(step, central quotient) where neighbouring steps agree best."""
        return best(self.steps, self.central)

    @property
    def verdict(self) -> str:
        """One sentence."""
        step, quotient = self.quotient
        sides = [best(self.steps, side)[1] for side in (self.left, self.right)]
        size = max(abs(quotient), abs(self.slope), *(abs(s) for s in sides), 1e-300)
        near = [s for s in self.switches if abs(s.offset) <= 1e-6 * max(map(abs, self.offsets), default=1.0)]
        if math.isnan(self.slope):
            return "no derivative to compare"
        given = [s for s in self.slopes if not math.isnan(s.value)]
        apart = [s for s in given if abs(s.value - self.slope) > 1e-6 * size]
        if apart:
            return (f"{given[0].engine} {given[0].mode} and {apart[0].engine} {apart[0].mode} disagree: "
                    f"{given[0].value:.8g}, {apart[0].value:.8g}")
        if abs(sides[0] - sides[1]) > 1e-4 * size:
            where = f" (line {near[0].line})" if near else ""
            return (f"a kink{where}: slope {sides[0]:.6g} on the left, {sides[1]:.6g} on the right, "
                    f"{self.slope:.6g} given")
        error = abs(self.slope - quotient) / size
        if error > 1e-4:
            return f"a mismatch: {self.slope:.8g} given, differences give {quotient:.8g} (step {step:.0e})"
        digits = 16.0 if error == 0 else -math.log10(error)
        return f"slope and differences agree to {digits:.1f} digits"

    def to_dict(self) -> dict[str, Any]:
        """Plain data; numbers that are not finite as strings, so that it is JSON."""
        data = {**asdict(self), "slope": self.slope, "verdict": self.verdict}
        found: dict[str, Any] = json.loads(json.dumps(_plain(data)))
        return found

    def __str__(self) -> str:
        step, quotient = self.quotient
        rows = [f"microscope of {self.name}: {self.verdict}"]
        rows += [f"  {s.engine:6s} {s.mode:8s} {s.value: .12g}" if not s.reason else
                 f"  {s.engine:6s} {s.mode:8s} refused: {s.reason}" for s in self.slopes]
        rows.append(f"  differences     {quotient: .12g}  (central, step {step:.0e})")
        for name, side in (("left", self.left), ("right", self.right)):
            rows.append(f"  {name:15s} {best(self.steps, side)[1]: .12g}")
        rows += [f"  switches at {s.offset:.6g}: line {s.line}, {s.operation}: {s.source}" for s in self.switches]
        return "\n".join([*rows, *(f"  note: {n}" for n in self.notes)])

    __repr__ = __str__

    # ------------------------------------------------------------------ figures
    def figure(self) -> Any:
        """Both pictures as one plotly figure."""
        plotly = importlib.import_module("plotly.graph_objects")  # half a second, for this alone
        return plotly.Figure(self.specification())

    def specification(self) -> dict[str, Any]:
        """Both pictures as plotly's dictionary."""
        first, second = self.line_picture(), self.error_picture()
        for trace in second["data"]:
            trace |= {"xaxis": "x2", "yaxis": "y2"}
        layout = {"title": {"text": escape(f"{self.name} along a line: {self.verdict}")}, "height": 460,
                  "xaxis": {**first["layout"]["xaxis"], "domain": [0.0, 0.46]}, "yaxis": first["layout"]["yaxis"],
                  "xaxis2": {**second["layout"]["xaxis"], "domain": [0.58, 1.0], "anchor": "y2"},
                  "yaxis2": {**second["layout"]["yaxis"], "anchor": "x2"}}
        return {"data": [*first["data"], *second["data"]], "layout": layout}

    def line_picture(self) -> dict[str, Any]:
        """The values, the slope at the point, and where decisions switch."""
        finite = [v for v in self.values if math.isfinite(v)]
        low, high = min(finite, default=0.0), max(finite, default=1.0)
        margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
        low, high = low - margin, high + margin
        data: list[dict[str, Any]] = []
        lines: dict[tuple[str, int], list[float]] = {}
        for s in self.switches:
            lines.setdefault((s.filename, s.line), []).append(s.offset)
        for number, ((_, line), places) in enumerate(lines.items()):
            xs = [v for place in places for v in (place, place, None)]
            data.append(_line(f"line {line} switches", xs, [low, high, None] * len(places), "switch", width=1.5,
                              dash="dot", showlegend=number < MOST_LINES))
        data.append(_line(escape(self.name), list(self.offsets), list(self.values), "values", width=2.5))
        middle = self.values[len(self.values) // 2] if self.values else math.nan
        if math.isfinite(self.slope) and math.isfinite(middle):
            ends = _clipped(self.offsets, middle, self.slope, low, high)
            data.append(_line("slope", [e[0] for e in ends], [e[1] for e in ends], "slope", width=2, dash="dash"))
            data.append({**_line("point", [0.0], [middle], "slope", width=1), "mode": "markers", "showlegend": False})
        return {"data": data, "layout": {"height": 330, "width": 520, "xaxis": {"title": {"text": "offset"}},
                                         "yaxis": {"title": {"text": "value"}, "range": [low, high]}}}

    def error_picture(self) -> dict[str, Any]:
        """How far the quotients are from the slope, by step; both logarithmic."""
        data = []
        for name, quotients in (("central", self.central), ("left", self.left), ("right", self.right)):
            errors = [abs(q - self.slope) if math.isfinite(q) else None for q in quotients]
            shown = [e if e is not None and e > 0 else None for e in errors]
            trace = _line(f"{name} − slope", list(self.steps), shown, name, width=2.5 if name == "central" else 1.5)
            data.append({**trace, "mode": "lines+markers", "marker": {"color": COLOURS[name], "size": 4}})
        return {"data": data, "layout": {
            "height": 330, "width": 520, "xaxis": {"title": {"text": "step"}, "type": "log"},
            "yaxis": {"title": {"text": "|quotient − slope|"}, "type": "log"}}}

    # ------------------------------------------------------------------ HTML
    def _repr_html_(self) -> str:
        panels = "".join(f"<figure>{figure_svg(p, themed=True)}</figure>" for p in (
            self.line_picture(), self.error_picture()))
        notes = "".join(f'<div class="wb-missing">not shown: {escape(n)}</div>' for n in self.notes)
        return (f'<div class="wb-view"><style>{stylesheet([])}{_STYLE}</style>'
                f'<div class="wb-head"><span class="wb-nabla">∇</span> '
                f'<span class="wb-title">{escape(self.name)}</span> <span>{escape(self.verdict)}</span></div>'
                f'<div class="wb-panels">{panels}</div><div class="wb-facts">{self._slopes_html()}'
                f"{self._switches_html()}</div>{notes}</div>")

    def _slopes_html(self) -> str:
        rows = [(f"{s.engine}, {s.mode}", f"{s.value:.12g}" if not s.reason else f"refused: {s.reason}")
                for s in self.slopes]
        step, quotient = self.quotient
        rows.append((f"differences, step {step:.0e}", f"{quotient:.12g}"))
        rows += [(f"from the {name}", f"{best(self.steps, side)[1]:.12g}")
                 for name, side in (("left", self.left), ("right", self.right))]
        body = "".join(f'<tr><td>{escape(a)}</td><td class="wb-num">{escape(b)}</td></tr>' for a, b in rows)
        return f"<table><tr><th>slope</th><th></th></tr>{body}</table>"

    def _switches_html(self) -> str:
        if not self.switches:
            return "<table><tr><th>nothing switches along the line</th></tr></table>"
        body = "".join(f'<tr><td class="wb-num">{s.offset:.6g}</td><td class="wb-num">{s.line}</td>'
                       f"<td>{escape(s.operation)}</td><td><code>{escape(s.source)}</code></td></tr>"
                       for s in self.switches)
        return (f"<table><tr><th>switches at</th><th>line</th><th>by</th><th></th></tr>{body}</table>")


def best(steps: tuple[float, ...], quotients: tuple[float, ...]) -> tuple[float, float]:
    """(step, quotient) where neighbouring steps agree best."""
    found = (math.inf, math.nan, math.nan)
    for k in range(1, len(steps)):
        gap = abs(quotients[k] - quotients[k - 1])
        if gap < found[0]:
            found = (gap, steps[k], quotients[k])
    return found[1], found[2]


def _line(name: str, xs: list[Any], ys: list[Any], colour: str, width: float, dash: str = "solid",
          showlegend: bool = True) -> dict[str, Any]:
    """A trace of plotly."""
    ys = [y if y is not None and math.isfinite(y) else None for y in ys]
    return {"type": "scatter", "mode": "lines", "name": name, "x": xs, "y": ys, "showlegend": showlegend,
            "line": {"color": COLOURS[colour], "width": width, "dash": dash}}


def _clipped(offsets: tuple[float, ...], middle: float, slope: float, low: float,
             high: float) -> list[tuple[float, float]]:
    """The ends of the slope's line inside the picture."""
    ends = []
    for t in (offsets[0], offsets[-1]):
        y = middle + slope * t
        if slope and not low <= y <= high:
            y = min(max(y, low), high)
            t = (y - middle) / slope
        ends.append((t, y))
    return ends


def _plain(x: Any) -> Any:
    """Data that JSON takes."""
    if isinstance(x, dict):
        return {k: _plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_plain(v) for v in x]
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x
