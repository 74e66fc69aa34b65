"""A cost report as static HTML: totals, the whole source with heat beside it, tables, memory over the course, roofline.

A live view moves what is here to other sizes (`numbers_at`) and finds its parts by their `data-` attributes: lines and
operations by their place in the report.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

from workbench.views import report_tables
from workbench.views.cost_style import cost_styles
from workbench.views.highlight import highlighted
from workbench.views.kernels import kernels_part
from workbench.views.listing import Listing, listings
from workbench.views.numbers import bytes_text, figure_text, short_text, sizes_of, time_text
from workbench.views.report_at import At, LineAt, at
from workbench.views.roofline import roofline_of
from workbench.views.table import Cell, Code, Number, table_html, width
from workbench.views.timeline import sizes_text

#: What stands in the head: a figure's name, its title, and how its number is written.
TOTALS = {
    "flops": "flops",
    "bytes_read": "bytes read",
    "bytes_written": "bytes written",
    "bytes_allocated": "bytes allocated",
    "peak_bytes": "most bytes alive",
    "residual_bytes": "kept for the reverse sweep",
}

#: Formulas of more signs than this stand in smaller type.
LONG = 60


def html_of(report: Any) -> str:
    """The whole report (`report.CostReport`)."""
    numbers = at(report)
    course = report.course(numbers.sizes)
    total = (
        f'<span class="wb-value" data-total="time">{escape(time_text(numbers.totals["time"]))}</span>'
        if "time" in numbers.totals
        else ""
    )
    shown = (
        f'<span class="wb-dim" data-sizes="">{escape(sizes_text(numbers.sizes).strip())}</span>'
        if numbers.sizes
        else ""
    )
    parts = [
        '<div class="wb-head"><span class="wb-nabla">∇</span> '
        f'<span class="wb-title">cost of {escape(report.name)}</span> '
        f"{total} {shown}</div>",
        _totals(report, numbers),
        _listings(report, numbers),
        _folded("Lines in figures", _lines(report, numbers), "lines"),
        _folded(f"{len(numbers.operations)} operations", _operations(report, numbers), "operations"),
    ]
    if numbers.launches:
        table = kernels_part(report, numbers.launches)
        parts[3:3] = [f'<details open data-part="kernels"><summary>Kernels</summary>{table}</details>']
    if course is not None and course.instants:
        parts.append(
            _folded(
                f"Memory over the course of the program: {bytes_text(course.bytes)} at most", course.part(), "timeline"
            )
        )
    if "time" in numbers.totals and any(line.flops > 0 for line in numbers.lines):
        parts.append(_folded("Roofline", roofline_of(report.name, numbers, report.machine).part(), "roofline"))
    return f'<div class="wb-view wb-cost">{cost_styles()}{"".join(parts)}</div>'


def numbers_at(report: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """All numbers at these sizes, plain: what a live view shows when a slider has been moved."""
    numbers = at(report, sizes_of(values))
    course = report.course(numbers.sizes)
    roofline = None if "time" not in numbers.totals else roofline_of(report.name, numbers, report.machine).as_dict()
    return {**numbers.as_dict(), "timeline": None if course is None else course.as_dict(), "roofline": roofline}


def _folded(title: str, content: str, part: str = "") -> str:
    mark = f' data-part="{part}"' if part else ""
    return f"<details{mark}><summary>{escape(title)}</summary>{content}</details>"


def _totals(report: Any, numbers: At) -> str:
    """The figures of the whole: as formulas where something is open, with their numbers below."""
    found = []
    for name, title in TOTALS.items():
        value = report.figure(name)
        if value is None:
            continue
        text, worth = figure_text(value), numbers.totals[name]
        write = short_text if name == "flops" else bytes_text
        small = f'<small data-total="{name}">{escape(write(worth))}</small>' if numbers.sizes else ""
        long = ' class="wb-long"' if len(text) > LONG else ""
        found.append(f'<div class="wb-total"><span>{escape(title)}</span><b{long}>{escape(text)}</b>{small}</div>')
    return f'<div class="wb-totals">{"".join(found)}</div>'


def _listings(report: Any, numbers: At) -> str:
    """The source, whole functions of it, each line with its bars; what belongs to no line stands below."""
    by_place = {(line.filename, line.line): k for k, line in enumerate(numbers.lines)}
    records = report.by_line
    shown = listings(by_place)
    times = [line.time for line in numbers.lines if math.isfinite(line.time)]
    total = math.fsum(times)
    timed = bool(times)
    most = max((line.alive for line in numbers.lines), default=0.0)
    parts = []
    for listing in shown:
        rows = "".join(
            _row(
                listing.first + k,
                text,
                by_place.get((listing.filename, listing.first + k)),
                records,
                numbers,
                total if timed else math.nan,
                most,
            )
            for k, text in enumerate(highlighted(list(listing.lines)))
        )
        title = (
            f'<div class="wb-caption">{escape(listing.title)}{escape(_file(listing, shown))}</div>'
            if len(shown) > 1
            else ""
        )
        parts.append(
            f'{title}<div class="wb-listing" role="list" aria-label="{escape(listing.title)}, line by line">'
            f"{rows}</div>"
        )
    apart = next((k for k, line in enumerate(numbers.lines) if not line.line and line.time > 0), None)
    rest = (
        ""
        if apart is None
        else f'<div class="wb-notes" data-rest="{apart}">the call itself: '
        f"{escape(time_text(numbers.lines[apart].time))}</div>"
    )
    legend = (
        '<div class="wb-legend">'
        + f'<span><i class="wb-time"></i>{"time" if timed else "flops"}</span>'
        + ('<span><i class="wb-bytes"></i>bytes alive at the peak</span>' if most else "")
        + "</div>"
    )
    return legend + "".join(parts) + rest


def _row(number: int, text: str, place: int | None, records: Any, numbers: At, total: float, most: float) -> str:
    """A line: its bars, its text, and its share of the time (or its flops, where no time is known)."""
    if place is None:
        return (
            f'<div class="wb-heatrow" role="listitem"><span class="wb-no">{number}</span><span></span>'
            f'<span class="wb-line"{_indent(text)}>{text}</span></div>'
        )
    line, record = numbers.lines[place], records[place]
    share = line.time / total if total else 0.0
    if math.isnan(total):
        share = line.flops / numbers.totals["flops"] if numbers.totals["flops"] else 0.0
    bars = (
        f'<i class="wb-time" style="width:{width(share)}"></i>'
        f'<i class="wb-bytes" style="width:{width(line.alive / most if most else 0.0)}"></i>'
    )
    worth = f"{share:.0%}" if share >= 0.005 else ""
    code = text.lstrip(" ")
    return (
        f'<div class="wb-heatrow" role="listitem" data-line="{place}" title="{escape(facts(record, line))}">'
        f'<span class="wb-no">{number}</span><span class="wb-bars">{bars}</span>'
        f'<span class="wb-line"{_indent(text)}>{text[: len(text) - len(code)]}'
        f'<span class="wb-warm" style="--heat:{min(max(share, 0.0), 1.0):.2f}">{code}</span></span>'
        f'<span class="wb-worth">{worth}</span></div>'
    )


def _indent(text: str) -> str:
    """What is wrapped of a line is indented as the line is."""
    spaces = len(text) - len(text.lstrip(" "))
    return f' style="--in: {spaces}"' if spaces else ""


def facts(record: Any, line: LineAt) -> str:
    """A line's figures in words."""
    figures = [
        f"{title} {figure_text(getattr(record, name))}"
        for name, title in list(TOTALS.items())[:4]
        if getattr(record, name) != 0
    ]
    time = [] if math.isnan(line.time) else [time_text(line.time)]
    return ", ".join([*time, *figures]) or "nothing that is counted"


def _lines(report: Any, numbers: At) -> str:
    """The table by line, with the sums below."""
    head, rows = report_tables.lines(report)
    timed = "time" in numbers.totals
    cells: list[tuple[Cell, ...]] = []
    values = [(line.flops, math.nan, math.nan, line.allocated) for line in numbers.lines]
    for k, row in enumerate(rows):
        worth = values[k] if k < len(values) else (math.nan,) * 4
        time = numbers.lines[k].time if k < len(values) else numbers.totals.get("time", math.nan)
        clock = [Number(time_text(time), time)] if timed else []
        cells.append(
            (row[0], *(Number(text, v) for text, v in zip(row[1:5], worth, strict=True)), *clock, Code(row[-1]))
        )
    titles = (*head[:5], *(("time",) if timed else ()), "")
    return table_html(titles, cells, "figures by line", last=(len(cells) - 1,))


def _operations(report: Any, numbers: At) -> str:
    rows = [
        (name, Number(count, worth), Number(flops, weight))
        for (name, count, flops), (_, worth, weight) in zip(
            report_tables.operations(report), numbers.operations, strict=True
        )
    ]
    return table_html(("operation", "count", "flops"), rows, "how often each operation is done")


def _file(listing: Listing, shown: tuple[Listing, ...]) -> str:
    """The file's name where there are several."""
    several = len({other.filename for other in shown}) > 1
    return f" ({listing.filename.rsplit('/', 1)[-1]})" if several and listing.title else ""
