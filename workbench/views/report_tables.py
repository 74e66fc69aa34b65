"""A cost report as tables of text: what lines cost, how often operations are done, what is alive at the peak.

Takes the report as it is (`report.CostReport`, which prints itself by this module).
"""

from __future__ import annotations

from typing import Any

from workbench.views.kernels import kernels_text
from workbench.views.numbers import columns, figure_text, time_text

_COLUMNS = {"flops": "flops", "bytes_read": "bytes read", "bytes_written": "bytes written",
            "bytes_allocated": "bytes allocated"}


def text_of(report: Any) -> str:
    """The report as two tables."""
    head, rows = lines(report)
    counts = [("operation", "count", "flops"), *operations(report)]
    depends = [f"open: {', '.join(report.symbols)}"] if report.symbols else []
    return "\n".join([f"cost of one run of {report.name}", *depends, *(f"{k}: {v}" for k, v in whole(report)), "",
                      *columns([head, *rows], left=(len(head) - 1,)), "", *columns(counts, left=(0,)),
                      *(["", *kernels_text(report)] if report.gpu is not None else [])])


def lines(report: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the table by line, with the sums below; times where they are numbers."""
    timed = bool(report.by_line) and all(isinstance(record.time, float) for record in report.by_line)
    head = ("line", *_COLUMNS.values(), *(("time",) if timed else ()), "")
    rows = [(str(record.line or "–"), *(figure_text(getattr(record, figure)) for figure in _COLUMNS),
             *((time_text(record.time),) if timed else ()), record.text) for record in report.by_line]
    total = ("all", *(figure_text(getattr(report, figure)) for figure in _COLUMNS),
             *((time_text(sum(record.time for record in report.by_line)),) if timed else ()), "")
    return head, [*rows, total]


def operations(report: Any) -> list[tuple[str, str, str]]:
    """Rows of the table by operation."""
    return [(record.name, figure_text(record.count), figure_text(record.flops)) for record in report.by_op]


def whole(report: Any) -> list[tuple[str, str]]:
    """What is asked of the whole program alone."""
    found = []
    for name, figure in (("most bytes alive", "peak_bytes"), ("kept for the reverse sweep", "residual_bytes")):
        value = report.figure(figure)
        if value is not None:
            found.append((name, figure_text(value)))
    return found
