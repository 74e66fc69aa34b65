"""The ways to a derivative that were priced: what each is predicted to take, which runs, and what would change it."""

from __future__ import annotations

import json
import math
from html import escape
from typing import Any

from workbench.records import dataclass
from workbench.views.numbers import columns, data, figure_text, time_text
from workbench.views.report import CostReport
from workbench.views.style import TABLES, stylesheet


@dataclass(frozen=True)
class Strategy:
    """One way. mode: the name that asks for it; seconds: predicted, NaN where it does not apply, with the reason;
    report: its costs."""

    mode: str
    seconds: float
    chosen: bool
    report: CostReport | None
    reason: str = ""


@dataclass(frozen=True)
class Strategies:
    """The table that a choice was made from. rows: all ways, the cheapest first; turning: at which sizes another way
    would be chosen; assumed: values that were taken for what only a run can know. `print` gives the table, a notebook
    shows it."""

    title: str
    rows: tuple[Strategy, ...]
    turning: tuple[str, ...]
    assumed: tuple[str, ...] = ()
    forced: bool = False

    @property
    def chosen(self) -> str:
        """The mode that runs."""
        return next(row.mode for row in self.rows if row.chosen)

    def __getitem__(self, mode: str) -> Strategy:
        for row in self.rows:
            if row.mode == mode:
                return row
        raise KeyError(f"{mode!r}: there are {', '.join(row.mode for row in self.rows)}")

    def _cells(self) -> list[list[str]]:
        best = min((row.seconds for row in self.rows if not math.isnan(row.seconds)), default=math.nan)
        found = []
        for row in self.rows:
            if row.report is None or math.isnan(row.seconds):
                found.append([row.mode, "", "", "", "", row.reason])
                continue
            note = "chosen" if row.chosen and not self.forced else "asked for" if row.chosen else row.reason
            found.append([row.mode, time_text(row.seconds), f"{row.seconds / best:.2f}",
                          figure_text(row.report.flops), figure_text(row.report.bytes_allocated), note])
        return found

    def _notes(self) -> list[str]:
        return [*self.turning, *([f"taken for granted: {', '.join(self.assumed)}"] if self.assumed else [])]

    def __str__(self) -> str:
        rows = [["mode", "predicted", "of the best", "flops", "bytes allocated", ""], *self._cells()]
        lines = columns(rows, left=(0, 5))
        return "\n".join([f"{self.title}: {self.chosen}", *lines, *self._notes()])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        return {"title": self.title, "chosen": self.chosen, "turning": list(self.turning),
                "assumed": list(self.assumed), "rows": [
                    {"mode": row.mode, "seconds": None if math.isnan(row.seconds) else row.seconds,
                     "chosen": row.chosen, "reason": row.reason,
                     **({} if row.report is None else {"flops": data(row.report.flops),
                                                       "bytes_allocated": data(row.report.bytes_allocated)})}
                    for row in self.rows]}

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{c}</th>" for c in ("mode", "predicted", "of the best", "flops", "bytes allocated", ""))
        body = "".join(
            f'<tr{" class=wb-chosen" if row.chosen else ""}>' + "".join(
                f'<td{"" if k in (0, 5) else " class=wb-num"}>{escape(cell)}</td>' for k, cell in enumerate(cells))
            + "</tr>" for row, cells in zip(self.rows, self._cells(), strict=True))
        notes = "".join(f"<div>{escape(note)}</div>" for note in self._notes())
        return (f'<div class="wb-view"><style>{stylesheet([])}{TABLES}{_STYLE}</style><div class="wb-head">'
                f'<span class="wb-nabla">∇</span> <span class="wb-title">{escape(self.title)}</span> '
                f'<span class="wb-value">{escape(self.chosen)}</span></div><div class="wb-table"><table><tr>{head}</tr>'
                f"{body}</table></div><div class=\"wb-notes\">{notes}</div></div>")


_STYLE = """.wb-view .wb-table tr.wb-chosen td { font-weight: 700; }
.wb-notes { padding: 0 14px 12px; color: var(--wb-dim); font-size: 12.5px; }
"""
