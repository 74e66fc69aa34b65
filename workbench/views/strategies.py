"""The ways to a derivative that were priced: what each is predicted to take, which runs, and what would change it."""

from __future__ import annotations

import json
import math
from html import escape
from typing import Any, ClassVar

from workbench.records import dataclass
from workbench.views.cost_style import cost_styles
from workbench.views.numbers import columns, data, figure_text, nominal, time_text
from workbench.views.report import CostReport
from workbench.views.shown import Shown
from workbench.views.table import Bars, Cell, Number, table_html


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
class Strategies(Shown):
    """The table that a choice was made from. rows: all ways, the cheapest first; turning: at which sizes another way
    would be chosen; assumed: values that were taken for what only a run can know. `print` gives the table, a notebook
    shows it."""

    title: str
    rows: tuple[Strategy, ...]
    turning: tuple[str, ...]
    assumed: tuple[str, ...] = ()
    forced: bool = False

    kind: ClassVar[str] = "strategies"

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

    def text(self) -> str:
        rows = [["mode", "predicted", "of the best", "flops", "bytes allocated", ""], *self._cells()]
        lines = columns(rows, left=(0, 5))
        return "\n".join([f"{self.title}: {self.chosen}", *lines, *self._notes()])

    __str__ = text
    __repr__ = text

    def as_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        return {"title": self.title, "chosen": self.chosen, "turning": list(self.turning),
                "assumed": list(self.assumed), "rows": [
                    {"mode": row.mode, "seconds": None if math.isnan(row.seconds) else row.seconds,
                     "chosen": row.chosen, "reason": row.reason,
                     **({} if row.report is None else {"flops": data(row.report.flops),
                                                       "bytes_allocated": data(row.report.bytes_allocated)})}
                    for row in self.rows]}

    to_dict = as_dict

    def to_json(self) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def html(self) -> str:
        most = max((row.seconds for row in self.rows if not math.isnan(row.seconds)), default=1.0) or 1.0
        rows: list[list[Cell]] = []
        for row, (mode, predicted, times, flops, size, note) in zip(self.rows, self._cells(), strict=True):
            known = row.report is not None and not math.isnan(row.seconds)
            worth = [nominal(value) if known else math.nan for value in (
                (row.report.flops, row.report.bytes_allocated) if row.report is not None else (0, 0))]
            mark = "✓ " if row.chosen else ""
            rows.append([mark + mode, Bars((("time", row.seconds / most),)), Number(predicted, row.seconds),
                         Number(times, row.seconds), Number(flops, worth[0]), Number(size, worth[1]), note])
        notes = "".join(f'<div class="wb-notes">{escape(note)}</div>' for note in self._notes())
        table = table_html(("mode", "", "predicted", "of the best", "flops", "bytes allocated", ""), rows,
                           f"ways to the {self.title}", chosen=[k for k, row in enumerate(self.rows) if row.chosen])
        return (f'<div class="wb-view">{cost_styles()}<div class="wb-head">'
                f'<span class="wb-nabla">∇</span> <span class="wb-title">{escape(self.title)}</span> '
                f'<span class="wb-value">{escape(self.chosen)}</span></div>{table}'
                f"{notes}</div>")
