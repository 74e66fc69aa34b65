"""A cost report at given sizes: every figure a number, by line and by operation; what sliders are answered with.

Invariant: nothing is bound or simplified for it, formulas are evaluated: it takes milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from workbench.cost.gpu import LaunchAt
from workbench.records import dataclass
from workbench.views.kernels import cells_of
from workbench.views.numbers import at_sizes, usual

#: A line's numbers, in the order in which a live view has them.
NUMBERS = ("flops", "bytes", "time", "allocated", "alive", "read", "written")


@dataclass(frozen=True)
class LineAt:
    """A line's numbers. bytes: `read` and `written`; time: seconds, NaN where there is no program; alive: bytes of what
    it made that are alive at the peak."""

    filename: str
    line: int
    text: str
    flops: float
    bytes: float
    time: float
    allocated: float
    alive: float
    read: float
    written: float


@dataclass(frozen=True)
class At:
    """A report's numbers at `sizes`. totals: by figure; operations: (name, count, flops); launches: of a GPU."""

    sizes: Mapping[str, float]
    totals: Mapping[str, float]
    lines: tuple[LineAt, ...]
    operations: tuple[tuple[str, float, float], ...]
    launches: tuple[LaunchAt, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data; a line's numbers in the order of `NUMBERS`."""
        launches = [[[text, value] for text, value in cells_of(launch)] for launch in self.launches]
        return {
            "sizes": dict(self.sizes),
            "totals": dict(self.totals),
            "lines": [[getattr(line, name) for name in NUMBERS] for line in self.lines],
            "operations": [[count, flops] for _, count, flops in self.operations],
            **({"launches": launches} if launches else {}),
        }


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
        read, wrote = at_sizes(record.bytes_read, sizes), at_sizes(record.bytes_written, sizes)
        lines.append(
            LineAt(
                record.filename,
                record.line,
                record.text,
                at_sizes(record.flops, sizes),
                read + wrote,
                time,
                at_sizes(record.bytes_allocated, sizes),
                alive.get(record.line, 0.0),
                read,
                wrote,
            )
        )
    totals = {
        name: at_sizes(getattr(report, name), sizes)
        for name in ("flops", "bytes_read", "bytes_written", "bytes_allocated")
    }
    for name in ("peak_bytes", "residual_bytes"):
        value = report.figure(name)
        if value is not None:
            totals[name] = at_sizes(value, sizes)
    if seconds is not None:
        totals["time"] = math.fsum(seconds.values())
    operations = tuple((r.name, at_sizes(r.count, sizes), at_sizes(r.flops, sizes)) for r in report.by_op)
    return At(sizes, totals, tuple(lines), operations, tuple(report.launched(sizes)))
