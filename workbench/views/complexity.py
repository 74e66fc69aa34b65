"""What a function's derivatives cost beside the function: a table over the operators, as data, text and HTML."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

from workbench.records import dataclass
from workbench.views.cost_style import cost_styles
from workbench.views.numbers import (
    at_sizes,
    columns,
    data,
    figure_text,
    multiple_text,
    nominal,
    sizes_of,
    usual,
)
from workbench.views.report import CostReport
from workbench.views.shown import Shown
from workbench.views.table import Bars, Cell, Number, table_html

#: What theory says of each operator, in multiples of the function: n inputs, m outputs. Griewank & Walther, *Evaluating
#: Derivatives* (2008), chapters 3, 4 and 13; for the Laplacian, the trace of the Hessian by forward over reverse mode.
LAWS = {
    "value": "1", "gradient": "3 to 4, at most 5", "jvp": "2 to 2.5", "vjp": "3 to 4, at most 5", "hvp": "7 to 10",
    "jacobian": "1 + 1.5·n forward, 3 to 4 times m reverse", "hessian": "n times 7 to 10",
    "diag_hessian": "n times 7 to 10", "laplacian": "n times 7 to 10; n + 2 vectors forward",
    "divergence": "1 + 1.5·n",
}


@dataclass(frozen=True)
class OperatorCost:
    """An operator's cost. report: None where it does not apply, with the reason; multiple: its flops over those of the
    function (NaN where the function has none), open dimensions at 1000; law: what theory says; exponent: the power of
    the size with which its measured time grows, where it was asked for."""

    name: str
    report: CostReport | None
    multiple: float
    law: str
    reason: str = ""
    exponent: float | None = None


@dataclass(frozen=True)
class Complexity(Shown):
    """The costs of a function and of its derivatives. inputs, outputs: how many numbers it is differentiated by and how
    many it gives; intermediates: how many it computes on the way (its flops). `print` gives the table, a notebook shows
    it; `complexity["gradient"]` is a row."""

    name: str
    inputs: Any
    outputs: Any
    intermediates: Any
    rows: tuple[OperatorCost, ...]
    figures: tuple[str, ...]

    kind: ClassVar[str] = "complexity"

    def __getitem__(self, name: str) -> OperatorCost:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r}: there are {', '.join(row.name for row in self.rows)}")

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        timed = any(row.exponent is not None for row in self.rows)
        head = ["", "times f", *(figure.replace("_", " ") for figure in self.figures),
                *(["measured"] if timed else []), "in theory"]
        found = []
        for row in self.rows:
            if row.report is None:
                found.append([row.name, "–", *([""] * len(self.figures)), *([""] if timed else []), row.reason])
                continue
            figures = [figure_text(getattr(row.report, figure)) for figure in self.figures]
            power = [] if not timed else ["" if row.exponent is None else f"n^{row.exponent:.2f}"]
            found.append([row.name, multiple_text(row.multiple), *figures, *power, row.law])
        return head, found

    def _heading(self) -> str:
        return (f"{figure_text(self.inputs)} inputs (n), {figure_text(self.outputs)} outputs (m), "
                f"{figure_text(self.intermediates)} intermediate values")

    @property
    def open(self) -> tuple[str, ...]:
        """Names of all that the figures depend on: dimensions first, then what only a run can know."""
        names = {name for row in self.rows if row.report is not None for name in row.report.symbols}
        return tuple(sorted(names, key=lambda name: ("(" in name, name)))

    def text(self) -> str:
        head, rows = self._cells()
        lines = columns([head, *rows], left=(0, len(head) - 1))
        return "\n".join([f"derivatives of {self.name}: {self._heading()}", *lines])

    __str__ = text
    __repr__ = text

    def as_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        return {"name": self.name, **{k: data(getattr(self, k)) for k in ("inputs", "outputs", "intermediates")},
                "open": {name: usual(name) for name in self.open}, "figures": list(self.figures),
                "rows": [{"name": row.name, "multiple": None if math.isnan(row.multiple) else row.multiple,
                          "law": row.law, "reason": row.reason, "exponent": row.exponent,
                          **({f: data(getattr(row.report, f)) for f in self.figures} if row.report else {})}
                         for row in self.rows]}

    to_dict = as_dict

    def to_json(self) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def answer(self, question: Mapping[str, Any]) -> Any:
        """What a live view asks: `{"what": "at", "dims": {"n": 1000}}` gives each row's multiple and figures there."""
        if question.get("what") != "at":
            return super().answer(question)
        sizes = {name: usual(name) for name in self.open} | sizes_of(question.get("dims") or {})
        base = at_sizes(self.intermediates, sizes)
        rows = [None if row.report is None else [
            at_sizes(row.report.flops, sizes) / base if base else math.nan,
            *(at_sizes(getattr(row.report, figure), sizes) for figure in self.figures)] for row in self.rows]
        return {"rows": rows, "inputs": at_sizes(self.inputs, sizes)}

    def html(self) -> str:
        head, cells = self._cells()
        most = max((row.multiple for row in self.rows if not math.isnan(row.multiple)), default=1.0) or 1.0
        rows: list[list[Cell]] = []
        for row, texts in zip(self.rows, cells, strict=True):
            worth = [] if row.report is None else [nominal(getattr(row.report, figure)) for figure in self.figures]
            figures = [Number(text, value) for text, value in zip(
                texts[2:2 + len(self.figures)], worth or [math.nan] * len(self.figures), strict=True)]
            share = math.log1p(row.multiple) / math.log1p(most) if row.multiple == row.multiple else 0.0
            rows.append([texts[0], Bars((("time", share),)), Number(texts[1], row.multiple), *figures,
                         *texts[2 + len(self.figures):]])
        sizes = ", ".join(f"{name} = {figure_text(usual(name))}" for name in self.open)
        shown = f'<span class="wb-dim" data-sizes="">multiples at {escape(sizes)}</span>' if sizes else ""
        table = table_html(("operator", "", *head[1:]), rows, f"what derivatives of {self.name} cost")
        return (f'<div class="wb-view">{cost_styles()}<div class="wb-head"><span class="wb-nabla">∇</span> '
                f'<span class="wb-title">derivatives of {escape(self.name)}</span> '
                f"<span>{escape(self._heading())}</span> {shown}</div>{table}</div>")
