"""How figures are written in tables: numbers, formulas, times."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from workbench.cost.duration import Duration
from workbench.cost.evaluation import evaluate
from workbench.cost.quantity import Quantity

#: What is taken for dimensions that are left open, and for what only a run can know: shares of branches, and turns.
NOMINAL, SHARE, TURNS = 1000, 0.5, 10
#: Larger sizes are not asked for: sums without a closed form are added up turn by turn.
LARGEST = 1e9


def figure_text(value: Any) -> str:
    """A figure in a table: formulas as they are, whole numbers with all their digits, thousands set apart."""
    if isinstance(value, Quantity | Duration):
        return str(value)
    if isinstance(value, int) or (float(value).is_integer() and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{float(value):,.6g}"


def time_text(seconds: float) -> str:
    """Seconds in a unit that fits.

    >>> time_text(0.0123)
    '12.3 ms'
    """
    if not seconds or seconds != seconds:
        return "–" if seconds else "0 s"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def bytes_text(size: float) -> str:
    """Bytes in a unit that fits.

    >>> bytes_text(800), bytes_text(2_500_000)
    ('800 B', '2.5 MB')
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}"
    return f"{size:.3g} B"


def short_text(value: float) -> str:
    """A number with three digits and a prefix, as beside lines.

    >>> short_text(8_982_000), short_text(12)
    ('8.98 M', '12')
    """
    for prefix, factor in (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"


def data(value: Any) -> Any:
    """A figure as plain data: a number, or a formula as text."""
    if isinstance(value, Quantity | Duration):
        return str(value)
    return value if isinstance(value, int) else float(value)


def is_share(name: str) -> bool:
    """Whether what only a run can know is a share of visits, from 0 to 1."""
    return name.startswith(("taken(", "there("))


def usual(name: str) -> float:
    """What is taken for something open where nothing is given: in tables, and where ways are priced."""
    return SHARE if is_share(name) else TURNS if "(" in name else NOMINAL


def nominal(value: Any) -> float:
    """A figure with what is open at its usual size."""
    if not isinstance(value, Quantity | Duration):
        return float(value)
    return float(value({name: usual(name) for name in value.symbols}))


def at_sizes(value: Any, sizes: Mapping[str, float]) -> float:
    """A figure where everything that is open has a size; NaN where it has no value there."""
    if not isinstance(value, Quantity | Duration):
        return float(value)
    try:
        return float(evaluate(value.formula, sizes) if isinstance(value, Quantity) else value(dict(sizes)))
    except (ArithmeticError, KeyError, ValueError):
        return math.nan


def sizes_of(values: Mapping[str, Any]) -> dict[str, float]:
    """Sizes as a page sends them: whole numbers as integers, so that formulas stay exact; none is beyond `LARGEST`."""
    given = {str(name): min(float(value), LARGEST) for name, value in values.items()}
    return {name: int(v) if v.is_integer() else v for name, v in given.items() if math.isfinite(v) and v >= 0}


def multiple_text(value: float) -> str:
    """A ratio: three digits, or all of a large one.

    >>> multiple_text(2.3456), multiple_text(12345.6)
    ('2.35', '12,346')
    """
    return "–" if math.isnan(value) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def columns(rows: Sequence[Sequence[str]], left: Collection[int]) -> list[str]:
    """Rows as lines, cells under each other: those of the columns in `left` to the left, the others to the right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) if k in left else cell.rjust(width)
                      for k, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
