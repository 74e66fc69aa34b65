"""What the ways to a derivative are predicted to take: prices for choosing among them, and for tables of them.

Invariant: a price is a number whatever is open: what nobody has bound is taken for granted, and tables say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from workbench.cost.duration import Duration
from workbench.cost.spec import sizes_in, specs_in
from workbench.frontend.structures import is_real_data, named_leaves
from workbench.views import Strategies, Strategy
from workbench.views.numbers import NOMINAL, usual
from workbench.views.report import CostReport


def seconds(report: CostReport, sizes: Mapping[str, float] | None = None) -> float:
    """The predicted time of a call, where dimensions have these sizes and what else is open is taken for granted."""
    time = report.uncompiled_time
    if isinstance(time, Duration):
        time = time({name: (sizes or {}).get(name, usual(name)) for name in time.symbols})
    return float(time)


def numbers(value: Any, args: tuple[Any, ...]) -> int:
    """How many numbers of an argument are differentiated by; open dimensions are taken for granted."""
    specs = list(specs_in(value))
    if specs:
        sizes = sizes_in(args)
        return sum(math.prod(d if isinstance(d, int) else sizes.get(d, NOMINAL) for d in s.dims or ()) for s in specs)
    return sum(np.size(leaf) for _, leaf in named_leaves("", value) if is_real_data(leaf))


def explained(title: str, rows: Sequence[tuple[str, int, CostReport, str]], forced: bool = False) -> Strategies:
    """Ways that do not depend on sizes, as a table: mode, how often the report's program runs, the report, a note. The
    first is what runs; forced: because it was named."""
    made = [Strategy(mode, times * seconds(report), k == 0, report, note)
            for k, (mode, times, report, note) in enumerate(rows)]
    open_ = sorted({name for _, _, report, _ in rows for name in report.symbols})
    return Strategies(title, tuple(made), (), tuple(f"{name} = {usual(name)}" for name in open_), forced)
