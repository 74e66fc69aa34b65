"""What a program launches on a GPU, in a cost report: a row for each kernel and each copy.

Invariant: what is predicted is said to be so, and what is assumed of registers, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from workbench.cost.gpu import LaunchAt
from workbench.views.numbers import bytes_text, columns, figure_text, short_text, time_text
from workbench.views.table import Cell, Number, table_html

HEAD = ("kernel", "line", "launches", "threads", "registers", "occupancy", "flops", "bytes", "together", "atomics",
        "time", "bound by")
OPEN_HEAD = ("kernel", "line", "launches", "registers", "occupancy", "flops", "bytes", "apart", "atomics")


def said_of(report: Any) -> str:
    """Where the figures come from."""
    compiled = any(kernel.compiled for kernel in report.kernels)
    registers = "registers are the compiler's, those with ~ assumed" if compiled else (
        "registers (~) are assumed: there is no compiler for GPUs here")
    return (f"predicted for {report.gpu} from published figures, never measured on a device; {registers}; "
            "what numba-cuda's own Python does around launches is not in it")


def kernels_text(report: Any) -> list[str]:
    """The table as lines: with numbers where all sizes are known, else with formulas."""
    if report.open:
        rows = [(k.name, str(k.line), figure_text(k.launches), _registers(k.registers, k.compiled),
                 f"{k.occupancy:.0%}", figure_text(k.flops), figure_text(k.bytes), figure_text(k.apart),
                 figure_text(k.atomics)) for k in report.kernels]
        return [*said_of(report).split("; "), "", *columns([OPEN_HEAD, *rows], left=(0,))]
    known = [tuple(text for text, _ in cells_of(launch)) for launch in report.launched({})]
    return [*said_of(report).split("; "), "", *columns([HEAD, *known], left=(0, len(HEAD) - 1))]


def kernels_part(report: Any, launches: Sequence[LaunchAt]) -> str:
    """The table as HTML, at given sizes."""
    rows: list[tuple[Cell, ...]] = []
    for launch in launches:
        cells = cells_of(launch)
        rows.append((cells[0][0], *(Number(text, value) for text, value in cells[1:-1]), cells[-1][0]))
    return (table_html(HEAD, rows, "what is launched and copied")
            + f'<div class="wb-notes">{escape(said_of(report))}</div>')


def _registers(count: int, compiled: bool) -> str:
    return f"{'' if compiled else '~'}{count}"


def cells_of(launch: LaunchAt) -> list[tuple[str, float]]:
    """The texts of a row, and what they are worth."""
    is_kernel = launch.threads > 0

    def only(text: str, value: float) -> tuple[str, float]:
        return (text, value) if is_kernel else ("", math.nan)
    return [
        (launch.name, math.nan), (str(launch.line) if launch.line else "", float(launch.line)),
        (short_text(launch.launches), launch.launches), only(short_text(launch.threads), launch.threads),
        only(_registers(launch.registers, launch.compiled), launch.registers),
        only(f"{launch.occupancy:.0%}", launch.occupancy), only(short_text(launch.flops), launch.flops),
        (bytes_text(launch.bytes), launch.bytes), only(f"{launch.coalesced:.0%}", launch.coalesced),
        only(short_text(launch.atomics), launch.atomics), (time_text(launch.time), launch.time),
        (launch.bound, math.nan)]
