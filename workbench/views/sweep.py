"""Cost over sizes: values on a grid, fitted exponents, curves or a heat map; as data, text, HTML and plotly.

Invariant: every value is a formula evaluated, all sizes at once; nothing is run or compiled for it.
"""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from html import escape
from typing import Any, ClassVar

import numpy as np

from workbench.records import dataclass
from workbench.views.cost_style import cost_styles
from workbench.views.figure import COLOURS, figure_svg
from workbench.views.numbers import columns, figure_text, sizes_of, time_text
from workbench.views.shown import Shown

CURVES = 6  # for a second dimension, so many of its sizes get a curve
ROWS = 8  # of the table, at most


Figures = Mapping[str, tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Sweep(Shown):
    """Costs over one or two dimensions.

    names: what was swept over (`f`, `gradient of f`); dimensions: the sizes of each swept dimension; figures: the
    values of each figure of cost by function, arrays with an axis for each dimension; fixed: what is given for all of
    them, by name; measured: sizes at which calls were run and, by function, the seconds that they took. `print` gives
    text, a notebook shows curves, `figure()` is plotly's, `to_json()` data."""

    names: tuple[str, ...]
    dimensions: Mapping[str, np.ndarray]
    figures: Figures
    fixed: Mapping[str, float] = field(default_factory=dict)
    measured: tuple[np.ndarray, tuple[np.ndarray, ...]] | None = None
    again: Callable[[Mapping[str, float]], Figures] | None = None

    kind: ClassVar[str] = "sweep"

    def values(self, figure: str = "flops", of: int | str = 0) -> np.ndarray:
        """The values of a figure over the grid: an axis for each dimension, in the order of `dimensions`.

        of: which function, by position or name. Raises KeyError for a figure that is none, ValueError for a name."""
        return self.figures[figure][self.names.index(of) if isinstance(of, str) else of]

    def exponents(self, figure: str = "flops", of: int | str = 0) -> dict[str, float]:
        """With which power of each dimension the figure grows, at the largest sizes: the slope of its logarithm by
        least squares over the upper half of the sizes, the other dimension at its largest. NaN for a single size, or
        where the figure is zero.

        >>> import workbench as wb
        >>> swept = wb.sweep(lambda a, b: (a @ b).sum(), wb.spec("f64[n,m]"), wb.spec("f64[m,n]"),
        ...                  n=[100, 200, 400, 800], m=[100, 1000])
        >>> {name: round(power, 2) for name, power in swept.exponents().items()}
        {'n': 2.0, 'm': 1.0}
        """
        values = self.values(figure, of)
        found = {}
        for axis, (name, sizes) in enumerate(self.dimensions.items()):
            line = values[tuple(slice(None) if k == axis else -1 for k in range(values.ndim))]
            order = np.argsort(sizes)[len(sizes) // 2 if len(sizes) > 3 else 0:]
            x, y = sizes[order], line[order]
            known = (x > 0) & (y > 0)
            distinct = np.unique(x[known]).size > 1
            found[name] = float(np.polyfit(np.log(x[known]), np.log(y[known]), 1)[0]) if distinct else math.nan
        return found

    # ------------------------------------------------------------------ as text and data
    def text(self) -> str:
        first = next(iter(self.dimensions))
        head = [f"{name}: " + ", ".join(f"{figure} ~ {self._growth(figure, k)}" for figure in self.figures)
                for k, name in enumerate(self.names)]
        rows = [[first, *(f"{figure} of {name}" for figure in self.figures for name in self.names)]]
        sizes = self.dimensions[first]
        for place in np.unique(np.linspace(0, len(sizes) - 1, min(ROWS, len(sizes))).round().astype(int)):
            rows.append([figure_text(sizes[place]), *(_written(figure, self._line(figure, k)[place])
                                                      for figure in self.figures for k in range(len(self.names)))])
        others = "".join(f", {name} = {figure_text(sizes[-1])}" for name, sizes in list(self.dimensions.items())[1:])
        return "\n".join([*head, *([f"(below{others})"] if others else []), *columns(rows, left=())])

    __str__ = text
    __repr__ = text

    def _line(self, figure: str, of: int) -> np.ndarray:
        """Values over the first dimension, others at their last size."""
        values = self.values(figure, of)
        return values if values.ndim == 1 else values[:, -1]

    def _growth(self, figure: str, of: int) -> str:
        powers = self.exponents(figure, of)
        shown = [f"{name}^{power:.3g}" for name, power in powers.items() if not math.isnan(power) and abs(power) > 5e-4]
        return " · ".join(shown) or "constant"

    def as_dict(self) -> dict[str, Any]:
        """Plain data: lists in place of arrays."""
        known = self.measured
        return {"names": list(self.names), "dimensions": {k: v.tolist() for k, v in self.dimensions.items()},
                "figures": {k: [values.tolist() for values in v] for k, v in self.figures.items()},
                "exponents": {figure: [self.exponents(figure, k) for k in range(len(self.names))]
                              for figure in self.figures},
                "fixed": dict(self.fixed) if self.again is not None else {},
                "measured": None if known is None else {
                    "sizes": known[0].tolist(), "seconds": [seconds.tolist() for seconds in known[1]]}}

    to_dict = as_dict

    def to_json(self) -> str:
        """`as_dict` as JSON; NaN is null."""
        return json.dumps(_finite(self.as_dict()), ensure_ascii=False)

    def answer(self, question: Mapping[str, Any]) -> Any:
        """What a live view asks: `{"what": "at", "dims": {"m": 30}}` gives values and exponents with that fixed."""
        if question.get("what") != "at" or self.again is None:
            return super().answer(question)
        fixed = {**self.fixed, **sizes_of(question.get("dims") or {})}
        moved = Sweep(self.names, self.dimensions, self.again(fixed), fixed, again=self.again).as_dict()
        return {"figures": moved["figures"], "exponents": moved["exponents"]}

    # ------------------------------------------------------------------ figures
    def figure(self, figure: str = "flops") -> Any:
        """A figure of cost as plotly's: curves over one dimension, a heat map over two (of the first function)."""
        plotly = importlib.import_module("plotly.graph_objects")  # half a second, for this alone
        return plotly.Figure(self.specification(figure))

    def specification(self, figure: str = "flops") -> dict[str, Any]:
        """The same as plotly's dictionary."""
        if len(self.dimensions) == 1:
            return self.curves(figure)
        (x, xs), (y, ys) = self.dimensions.items()
        values = self.values(figure).T
        with np.errstate(divide="ignore"):
            shades = np.where(values > 0, np.log10(values), np.nan)
        text = [[f"{x}={figure_text(a)}, {y}={figure_text(b)}: {figure_text(v)} {escape(figure)}"
                 for a, v in zip(xs, row, strict=True)] for b, row in zip(ys, values, strict=True)]
        trace = {"type": "heatmap", "x": xs.tolist(), "y": ys.tolist(), "z": shades.tolist(), "text": text,
                 "hoverinfo": "text", "colorbar": {"title": {"text": f"log10 {escape(figure)}"}}}
        return {"data": [trace], "layout": {
            "title": {"text": escape(f"{figure} of {self.names[0]}")}, "xaxis": _axis(x, xs), "yaxis": _axis(y, ys)}}

    def curves(self, figure: str = "flops") -> dict[str, Any]:
        """Curves over the first dimension: one for each function, and for some sizes of a second dimension."""
        x, xs = next(iter(self.dimensions.items()))
        order = np.argsort(xs, kind="stable")
        data: list[dict[str, Any]] = []
        for name, label, line in self._lines(figure):
            colour = COLOURS[len(data) % len(COLOURS)]
            grown = f" ~ {self._growth(figure, self.names.index(name))}" if not label else ""
            data.append({"type": "scatter", "mode": "lines", "name": escape(f"{name}{label}{grown}"),
                         "x": xs[order].tolist(), "y": line[order].tolist(), "line": {"color": colour, "width": 2}})
        if figure == "time" and self.measured is not None:
            for k, (name, seconds) in enumerate(zip(self.names, self.measured[1], strict=True)):
                data.append({"type": "scatter", "mode": "markers", "name": escape(f"{name}, measured"),
                             "x": self.measured[0].tolist(), "y": seconds.tolist(), "marker": {
                                 "color": COLOURS[k % len(COLOURS)], "size": 8, "symbol": "circle-open"}})
        positive = all(v > 0 for trace in data for v in trace["y"])
        return {"data": data, "layout": {
            "height": 360, "width": 640, "xaxis": _axis(x, xs), "yaxis": {
                "title": {"text": escape(title_of(figure))}, **({"type": "log"} if positive else {})}}}

    def _lines(self, figure: str) -> list[tuple[str, str, np.ndarray]]:
        found = []
        for k, name in enumerate(self.names):
            values = self.values(figure, k)
            if values.ndim == 1:
                found.append((name, "", values))
                continue
            second, sizes = list(self.dimensions.items())[1]
            for place in np.unique(np.linspace(0, len(sizes) - 1, min(CURVES, len(sizes))).round().astype(int)):
                found.append((name, f", {second}={figure_text(sizes[place])}", values[:, place]))
        return found

    def html(self) -> str:
        panels = "".join(f'<figure data-figure="{escape(figure)}">{figure_svg(self.curves(figure), themed=True)}'
                         "</figure>" for figure in self.figures)
        grown = "".join(
            f'<tr><th scope="row">{escape(name)}</th>' + "".join(
                f"<td>{escape(title_of(figure))} ~ {escape(self._growth(figure, k))}</td>"
                for figure in self.figures) + "</tr>" for k, name in enumerate(self.names))
        fixed = ", ".join(f"{name} = {figure_text(value)}" for name, value in self.fixed.items())
        shown = f'<span class="wb-dim" data-sizes="">at {escape(fixed)}</span>' if fixed else ""
        return (f'<div class="wb-view">{cost_styles()}'
                f'<div class="wb-head"><span class="wb-nabla">∇</span> <span class="wb-title">'
                f'{escape(" and ".join(self.names))}</span> '
                f"<span>over {escape(', '.join(self.dimensions))}</span> {shown}</div>"
                f'<div class="wb-panels">{panels}</div><div class="wb-table"><table>{grown}</table></div></div>')


def title_of(figure: str) -> str:
    """A figure's name on an axis."""
    return "seconds" if figure == "time" else figure.replace("_", " ")


def _written(figure: str, value: float) -> str:
    return time_text(value) if figure == "time" else figure_text(value)


def _axis(name: str, sizes: Sequence[float] | np.ndarray) -> dict[str, Any]:
    """Logarithmic where the sizes spread over more than a factor of twenty."""
    values = np.asarray(sizes, float)
    wide = values.min() > 0 and values.max() / values.min() > 20
    return {"title": {"text": escape(name)}, **({"type": "log"} if wide else {})}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

