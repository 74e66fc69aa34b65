"""What a function's derivatives cost beside the function: a table over the operators, as data, text and HTML."""

from __future__ import annotations

import json
import math
from html import escape
from typing import Any

from workbench.records import dataclass
from workbench.views.numbers import columns, data, figure_text
from workbench.views.report import CostReport
from workbench.views.style import TABLES, stylesheet

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
class Complexity:
    """The costs of a function and of its derivatives. inputs, outputs: how many numbers it is differentiated by and how
    many it gives; intermediates: how many it computes on the way (its flops). `print` gives the table, a notebook shows
    it; `complexity["gradient"]` is a row."""

    name: str
    inputs: Any
    outputs: Any
    intermediates: Any
    rows: tuple[OperatorCost, ...]
    figures: tuple[str, ...]

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
            large = row.multiple >= 100
            multiple = "–" if math.isnan(row.multiple) else f"{row.multiple:,.0f}" if large else f"{row.multiple:.3g}"
            found.append([row.name, multiple, *figures, *power, row.law])
        return head, found

    def _heading(self) -> str:
        return (f"{figure_text(self.inputs)} inputs (n), {figure_text(self.outputs)} outputs (m), "
                f"{figure_text(self.intermediates)} intermediate values")

    def __str__(self) -> str:
        head, rows = self._cells()
        lines = columns([head, *rows], left=(0, len(head) - 1))
        return "\n".join([f"derivatives of {self.name}: {self._heading()}", *lines])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        return {"name": self.name, **{k: data(getattr(self, k)) for k in ("inputs", "outputs", "intermediates")},
                "rows": [{"name": row.name, "multiple": None if math.isnan(row.multiple) else row.multiple,
                          "law": row.law, "reason": row.reason, "exponent": row.exponent,
                          **({f: data(getattr(row.report, f)) for f in self.figures} if row.report else {})}
                         for row in self.rows]}

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_html_(self) -> str:
        head, rows = self._cells()
        titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        body = "".join("<tr>" + "".join(
            f'<td{"" if k in (0, len(row) - 1) else " class=wb-num"}>{escape(cell)}</td>'
            for k, cell in enumerate(row)) + "</tr>" for row in rows)
        return (f'<div class="wb-view"><style>{stylesheet([])}{TABLES}</style><div class="wb-head">'
                f'<span class="wb-nabla">∇</span> <span class="wb-title">derivatives of {escape(self.name)}</span> '
                f"<span>{escape(self._heading())}</span></div>"
                f'<div class="wb-table"><table><tr>{titles}</tr>{body}</table></div></div>')
