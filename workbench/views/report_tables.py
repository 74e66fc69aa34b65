"""A cost report as text and as HTML: what lines cost, how often operations are done, what is alive at the peak.

Takes the report as it is (`report.CostReport`, which prints itself by this module).
"""

from __future__ import annotations

from html import escape
from typing import Any

from workbench.views.numbers import columns, figure_text, nominal, time_text
from workbench.views.style import TABLES, stylesheet

_COLUMNS = {"flops": "flops", "bytes_read": "bytes read", "bytes_written": "bytes written",
            "bytes_allocated": "bytes allocated"}


def text_of(report: Any) -> str:
    """The report as two tables."""
    head, rows = _lines(report)
    operations = [("operation", "count", "flops"), *_operations(report)]
    depends = [f"open: {', '.join(report.symbols)}"] if report.symbols else []
    return "\n".join([f"cost of one run of {report.name}", *depends, *(f"{k}: {v}" for k, v in _whole(report)), "",
                      *columns([head, *rows], left=(len(head) - 1,)), "", *columns(operations, left=(0,))])


def html_of(report: Any) -> str:
    """The report as static HTML: lines with a bar for their share, operations, what is alive at the peak."""
    head, rows = _lines(report)
    shares = [nominal(record.flops) + nominal(record.bytes_read) + nominal(record.bytes_written)
              for record in report.by_line]
    most = max(shares, default=0.0) or 1.0
    bars = [f'<span class="wb-heat" style="width: {64 * share / most:.0f}px"></span>' for share in shares]
    body = "".join("<tr>" + "".join(
        f'<td{" class=wb-num" if k < len(row) - 1 else ""}>'
        f'{f"<code>{escape(cell)}</code>" if k == len(row) - 1 else escape(cell)}</td>' for k, cell in enumerate(row))
        + f"<td>{bar}</td></tr>" for row, bar in zip(rows, [*bars, ""], strict=True))
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    operations = "".join(f'<tr><td>{escape(name)}</td><td class="wb-num">{escape(count)}</td>'
                         f'<td class="wb-num">{escape(flops)}</td></tr>' for name, count, flops in _operations(report))
    whole = "".join(f"<span>{escape(k)}: <b>{escape(v)}</b></span> " for k, v in _whole(report))
    opened = f"<span>open: {escape(', '.join(report.symbols))}</span>" if report.symbols else ""
    return (f'<div class="wb-view"><style>{stylesheet([])}{TABLES}</style><div class="wb-head">'
            f'<span class="wb-nabla">∇</span> <span class="wb-title">cost of {escape(report.name)}</span> '
            f'{opened} {whole}</div><div class="wb-table"><table><tr>{titles}<th></th></tr>{body}</table></div>'
            f"<details><summary>{len(_operations(report))} operations</summary><div class=\"wb-table\"><table>"
            f"<tr><th>operation</th><th>count</th><th>flops</th></tr>{operations}</table></div></details></div>")


def _lines(report: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the table by line, with the sums below; times where they are numbers."""
    timed = bool(report.by_line) and all(isinstance(record.time, float) for record in report.by_line)
    head = ("line", *_COLUMNS.values(), *(("time",) if timed else ()), "")
    rows = [(str(record.line or "–"), *(figure_text(getattr(record, figure)) for figure in _COLUMNS),
             *((time_text(record.time),) if timed else ()), record.text) for record in report.by_line]
    total = ("all", *(figure_text(getattr(report, figure)) for figure in _COLUMNS),
             *((time_text(sum(record.time for record in report.by_line)),) if timed else ()), "")
    return head, [*rows, total]


def _operations(report: Any) -> list[tuple[str, str, str]]:
    return [(record.name, figure_text(record.count), figure_text(record.flops)) for record in report.by_op]


def _whole(report: Any) -> list[tuple[str, str]]:
    """What is asked of the whole program alone."""
    found = []
    for name, figure in (("most bytes alive", "peak_bytes"), ("kept for the reverse sweep", "residual_bytes")):
        value = report.figure(figure)
        if value is not None:
            found.append((name, figure_text(value)))
    return found
