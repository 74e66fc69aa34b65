"""A cost report at given sizes: every figure a number, by line and by operation; what sliders are answered with.

Invariant: nothing is bound or simplified for it, formulas are evaluated: it takes milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from workbench.cost.evaluation import evaluate
from workbench.cost.quantity import Quantity
from workbench.records import dataclass
from workbench.views.numbers import NOMINAL

#: What the heat of lines can be asked to show.
HEATS = ("flops", "bytes", "time", "allocated")
#: Sizes that are shown where none are given: of shares of branches, and of turns that only a run can know.
SHARE, TURNS = 0.5, 10


@dataclass(frozen=True)
class LineAt:
    """A line's numbers. bytes: read and written; time: seconds, NaN where there is no program; alive: bytes of what it
    made that are alive at the peak."""

    filename: str
    line: int
    text: str
    flops: float
    bytes: float
    time: float
    allocated: float
    alive: float


@dataclass(frozen=True)
class At:
    """A report's numbers at `sizes`. totals: by figure; operations: (name, count, flops)."""

    sizes: Mapping[str, float]
    totals: Mapping[str, float]
    lines: tuple[LineAt, ...]
    operations: tuple[tuple[str, float, float], ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data: a line's numbers in the order of `HEATS`, and what is alive."""
        return {"sizes": dict(self.sizes), "totals": dict(self.totals),
                "lines": [[getattr(line, heat) for heat in HEATS] + [line.alive] for line in self.lines],
                "operations": [[count, flops] for _, count, flops in self.operations]}


def is_share(name: str) -> bool:
    """Whether what only a run can know is a share of visits, from 0 to 1."""
    return name.startswith(("taken(", "there("))


def usual(name: str) -> float:
    """A size that a view begins with."""
    return SHARE if is_share(name) else TURNS if name.startswith(("trips(", "calls(")) else NOMINAL


def sized(report: Any, values: Mapping[str, float] | None = None) -> dict[str, float]:
    """A value for everything that is open in a report: what is given, else what is usual."""
    given = {**(values or {})}
    return {name: given.get(name, usual(name)) for name in report.open}


def at(report: Any, values: Mapping[str, float] | None = None) -> At:
    """The numbers of a report (`report.CostReport`) at these sizes; what is left out is at its usual size."""
    sizes = sized(report, values)
    seconds = report.seconds(sizes)
    alive: dict[int, float] = {}
    course = report.course(sizes)
    for held in () if course is None else course.held:
        if held.role != "argument":
            alive[held.line] = alive.get(held.line, 0.0) + held.bytes
    lines = []
    for record in report.by_line:
        time = math.nan if seconds is None else seconds.get((record.filename, record.line), 0.0)
        moved = number(record.bytes_read, sizes) + number(record.bytes_written, sizes)
        lines.append(LineAt(record.filename, record.line, record.text, number(record.flops, sizes), moved, time,
                            number(record.bytes_allocated, sizes), alive.get(record.line, 0.0)))
    totals = {name: number(getattr(report, name), sizes)
              for name in ("flops", "bytes_read", "bytes_written", "bytes_allocated")}
    for name in ("peak_bytes", "residual_bytes"):
        value = report.figure(name)
        if value is not None:
            totals[name] = number(value, sizes)
    if seconds is not None:
        totals["time"] = math.fsum(seconds.values())
    operations = tuple((r.name, number(r.count, sizes), number(r.flops, sizes)) for r in report.by_op)
    return At(sizes, totals, tuple(lines), operations)


def number(value: Any, sizes: Mapping[str, float]) -> float:
    """A figure at these sizes; NaN where it has none there."""
    if not isinstance(value, Quantity):
        return float(value)
    try:
        return float(evaluate(value.formula, sizes))
    except (ArithmeticError, KeyError, ValueError):
        return math.nan
