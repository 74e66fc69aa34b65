"""Tables of figures as static HTML; a live view sorts them by what their cells say they are worth.

Invariant: every text is escaped here.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from html import escape

from workbench.records import dataclass


@dataclass(frozen=True)
class Number:
    """A number's cell: what is written, and what it is worth where rows are sorted (NaN: last)."""

    text: str
    value: float = math.nan


@dataclass(frozen=True)
class Code:
    """A cell with a line of a program."""

    text: str


@dataclass(frozen=True)
class Bars:
    """A cell with bars, one above the other: (hue, share of the cell), and the text beside them."""

    bars: tuple[tuple[str, float], ...]
    text: str = ""
    value: float = math.nan


RIGHT = ' class="wb-num"'
Cell = str | Number | Code | Bars


def width(share: float) -> str:
    """A share as a width in percent: none of NaN, all of more than all."""
    return f"{100 * min(max(share, 0.0), 1.0):.3g}%" if share == share else "0%"


def cell_html(cell: Cell) -> str:
    """One cell."""
    match cell:
        case Number(text, value):
            return f'<td{RIGHT}{_worth(value)}>{escape(text)}</td>'
        case Code(text):
            return f"<td><code>{escape(text)}</code></td>"
        case Bars(bars, text, value):
            drawn = "".join(f'<i class="wb-{hue}" style="width:{width(share)}"></i>' for hue, share in bars)
            beside = f'<span class="wb-beside">{escape(text)}</span>' if text else ""
            return f'<td{_worth(value)}><span class="wb-bars">{drawn}</span>{beside}</td>'
    return f"<td>{escape(cell)}</td>"


def _worth(value: float) -> str:
    return "" if math.isnan(value) else f' data-v="{value:.6g}"'


def table_html(
    head: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    label: str,
    chosen: Collection[int] = (),
    last: Collection[int] = (),
    numbers: Sequence[int] = (),
) -> str:
    """A table. head: titles of columns, those of numbers are to the right; chosen: rows that are marked; last: rows
    that stay below the others (sums); numbers: of the rows, where they are not 0, 1, 2, ..."""
    numeric = {k for row in rows for k, cell in enumerate(row) if isinstance(cell, Number)}
    titles = "".join(
        f'<th scope="col"{RIGHT if k in numeric else ""}>{escape(title)}</th>' for k, title in enumerate(head)
    )

    def line(k: int) -> str:
        mark = ' class="wb-chosen"' if k in chosen else ""
        return f'<tr{mark} data-k="{numbers[k] if numbers else k}">{"".join(map(cell_html, rows[k]))}</tr>'

    body = "".join(line(k) for k in range(len(rows)) if k not in last)
    foot = "".join(line(k) for k in range(len(rows)) if k in last)
    foot = f"<tfoot>{foot}</tfoot>" if foot else ""
    return (
        f'<div class="wb-table"><table aria-label="{escape(label)}"><thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table></div>"
    )
