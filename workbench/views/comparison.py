"""Two cost reports beside each other: figures, operations and lines, with their ratios."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any, ClassVar

from workbench.cost.duration import Duration
from workbench.cost.quantity import Quantity
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
    time_text,
    usual,
)
from workbench.views.shown import Shown
from workbench.views.table import Bars, Cell, Code, Number, table_html

OPEN = ' open=""'
#: The parts of a comparison, in order, and what each is called.
PARTS = {"figure": "", "line": "flops by line", "operation": "operations"}


@dataclass(frozen=True)
class Compared:
    """A figure of both programs. part: "figure", "operation" or "line"; ratio: the second over the first, open
    dimensions at 1000 (NaN where the first is 0)."""

    part: str
    name: str
    first: Any
    second: Any
    ratio: float

    def texts(self) -> tuple[str, str]:
        """Both as they stand in a table; times that depend on sizes at their usual ones."""
        write = figure_text if self.name != "time" else lambda value: time_text(nominal(value))
        return write(self.first), write(self.second)


@dataclass(frozen=True)
class Comparison(Shown):
    """Two reports beside each other. rows: whole figures first, then operations, then flops by line."""

    first: str
    second: str
    rows: tuple[Compared, ...]

    kind: ClassVar[str] = "comparison"

    def __getitem__(self, name: str) -> Compared:
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"{name!r}: there are {', '.join(row.name for row in self.rows)}")

    @property
    def open(self) -> tuple[str, ...]:
        """Names of all that the figures depend on: dimensions first, then what only a run can know."""
        names = {
            name
            for row in self.rows
            for value in (row.first, row.second)
            if isinstance(value, Quantity | Duration)
            for name in value.symbols
        }
        return tuple(sorted(names, key=lambda name: ("(" in name, name)))

    def text(self) -> str:
        cells = [
            (row.name, *row.texts(), "" if math.isnan(row.ratio) else multiple_text(row.ratio)) for row in self.rows
        ]
        return "\n".join(columns([("", self.first, self.second, "ratio"), *cells], left=(0,)))

    __str__ = text
    __repr__ = text

    def as_dict(self) -> dict[str, Any]:
        """Plain data; formulas are strings, NaN is None."""
        return {
            "first": self.first,
            "second": self.second,
            "open": {name: usual(name) for name in self.open},
            "rows": [
                {
                    "part": row.part,
                    "name": row.name,
                    "first": data(row.first),
                    "second": data(row.second),
                    "ratio": None if math.isnan(row.ratio) else row.ratio,
                }
                for row in self.rows
            ],
        }

    to_dict = as_dict

    def to_json(self) -> str:
        """`as_dict` as JSON."""
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def answer(self, question: Mapping[str, Any]) -> Any:
        """What a live view asks: `{"what": "at", "dims": {"n": 1000}}` gives both numbers of each row."""
        if question.get("what") != "at":
            return super().answer(question)
        sizes = {name: usual(name) for name in self.open} | sizes_of(question.get("dims") or {})
        return {"rows": [[at_sizes(row.first, sizes), at_sizes(row.second, sizes)] for row in self.rows]}

    def html(self) -> str:
        tables = []
        for part, title in PARTS.items():
            rows = [(k, row) for k, row in enumerate(self.rows) if row.part == part]
            if not rows:
                continue
            table = table_html(
                (part, "", self.first, self.second, "ratio"),
                [_cells(row) for _, row in rows],
                title or "figures",
                numbers=[k for k, _ in rows],
            )
            tables.append(
                table
                if part == "figure"
                else f"<details{OPEN if part == 'line' else ''}><summary>{title}</summary>{table}</details>"
            )
        sizes = {name: usual(name) for name in self.open}
        at = ", ".join(f"{name} = {figure_text(size)}" for name, size in sizes.items())
        shown = f'<span class="wb-dim" data-sizes="">ratios at {escape(at)}</span>' if at else ""
        return (
            f'<div class="wb-view">{cost_styles()}<div class="wb-head"><span class="wb-nabla">∇</span> '
            f'<span class="wb-title">{escape(self.second)}</span> <span>over {escape(self.first)}</span> {shown}</div>'
            f'<div class="wb-legend"><span><i class="wb-first"></i>{escape(self.first)}</span>'
            f'<span><i class="wb-second"></i>{escape(self.second)}</span></div>{"".join(tables)}</div>'
        )


def _cells(row: Compared) -> tuple[Cell, ...]:
    first, second = nominal(row.first), nominal(row.second)
    most = max(abs(first), abs(second)) or 1.0
    one, other = row.texts()
    name: Cell = Code(row.name) if row.part == "line" else row.name
    return (
        name,
        Bars((("first", abs(first) / most), ("second", abs(second) / most))),
        Number(one, first),
        Number(other, second),
        Number("" if math.isnan(row.ratio) else multiple_text(row.ratio), row.ratio),
    )


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
    return Compared(
        part,
        name.replace("_", " ") if part == "figure" else name,
        first,
        second,
        nominal(second) / below if below else math.nan,
    )
