"""Two cost reports beside each other: figures, operations and lines, with their ratios."""

from __future__ import annotations

import json
import math
from html import escape
from typing import Any

from workbench.records import dataclass
from workbench.views.numbers import columns, data, figure_text, nominal
from workbench.views.style import TABLES, stylesheet


@dataclass(frozen=True)
class Compared:
    """A figure of both programs. part: "figure", "operation" or "line"; ratio: the second over the first, open
    dimensions at 1000 (NaN where the first is 0)."""

    part: str
    name: str
    first: Any
    second: Any
    ratio: float


@dataclass(frozen=True)
class Comparison:
    """Two reports beside each other. rows: whole figures first, then operations, then flops by line."""

    first: str
    second: str
    rows: tuple[Compared, ...]

    def __getitem__(self, name: str) -> Compared:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r}: there are {', '.join(row.name for row in self.rows)}")

    def _cells(self) -> list[tuple[str, str, str, str]]:
        return [(row.name, figure_text(row.first), figure_text(row.second),
                 "" if math.isnan(row.ratio) else f"{row.ratio:,.3g}") for row in self.rows]

    def __str__(self) -> str:
        return "\n".join(columns([("", self.first, self.second, "ratio"), *self._cells()], left=(0,)))

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        return {"first": self.first, "second": self.second, "rows": [
            {"part": row.part, "name": row.name, "first": data(row.first), "second": data(row.second),
             "ratio": None if math.isnan(row.ratio) else row.ratio} for row in self.rows]}

    def to_json(self) -> str:
        """`to_dict` as JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def _repr_html_(self) -> str:
        body = "".join("<tr>" + "".join(f'<td{" class=wb-num" if k else ""}>{escape(cell)}</td>'
                                        for k, cell in enumerate(row)) + "</tr>" for row in self._cells())
        return (f'<div class="wb-view"><style>{stylesheet([])}{TABLES}</style><div class="wb-head">'
                f'<span class="wb-nabla">∇</span> <span class="wb-title">{escape(self.second)}</span> '
                f"<span>over {escape(self.first)}</span></div><div class=\"wb-table\"><table><tr><th></th>"
                f"<th>{escape(self.first)}</th><th>{escape(self.second)}</th><th>ratio</th></tr>{body}</table></div></div>")


def compared(first: Any, second: Any, figures: tuple[str, ...]) -> Comparison:
    """Two reports (`report.CostReport`) compared by these figures of the whole, by operation and by line."""
    rows = [_row("figure", name, first.figure(name), second.figure(name)) for name in figures]
    mine, theirs = first.ops, second.ops
    rows += [_row("operation", name, mine.get(name, 0), theirs.get(name, 0)) for name in {**mine, **theirs}]
    lines = {(record.filename, record.line): record for report in (second, first) for record in report.by_line}
    flops = [{(record.filename, record.line): record.flops for record in report.by_line} for report in (first, second)]
    for place in sorted(lines):
        if place[1]:
            a, b = (known.get(place, 0) for known in flops)
            rows.append(_row("line", f"line {place[1]}: {lines[place].text}", a, b))
    return Comparison(first.name, second.name, tuple(row for row in rows if row is not None))


def _row(part: str, name: str, first: Any, second: Any) -> Compared | None:
    if first is None or second is None:
        return None
    below = nominal(first)
    return Compared(part, name.replace("_", " ") if part == "figure" else name, first, second,
                    nominal(second) / below if below else math.nan)
