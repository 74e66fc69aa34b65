"""A derivative's program measured in a run: its seconds, and where they went.

Invariant: the caller's data stay as they are; every run is on copies.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from typing import Any

from workbench.engines.numba import Compiled
from workbench.engines.numba.measuring import Lap, Twin
from workbench.ir import DifferentiationError
from workbench.operators.specialisation import Specialisation
from workbench.views import Measured, MeasuredLine
from workbench.views.measured import line_text
from workbench.views.report import CostReport


def measured(name: str, made: Specialisation, args: tuple[Any, ...], counted: CostReport, repeats: int) -> Measured:
    """Measure a program on arguments. Raises DifferentiationError where it is no program of the engine "numba", what
    the program raises otherwise."""
    compiled = made.compiled
    if not isinstance(compiled, Compiled):
        raise DifferentiationError("only programs of the engine 'numba' are measured line by line", made.program.span)
    twin = Twin(compiled)
    laps: list[Lap] = []
    fastest = quickest = float("inf")
    for _ in range(repeats):
        data = made.snapshot(args)
        begin = time.perf_counter()
        try:
            compiled.entry(*data)
        except Exception as error:
            raise made.blamed(error)  # noqa: B904
        fastest = min(fastest, time.perf_counter() - begin)
        found = twin.run(*made.snapshot(args))
        if (took := sum(lap.seconds for lap in found)) < quickest:
            quickest, laps = took, found
    foreseen = counted.time if not counted.open else math.nan
    return Measured(name, fastest, quickest, repeats, _lines(laps, fastest, quickest, counted), foreseen)


def _lines(laps: list[Lap], seconds: float, twin: float, counted: CostReport) -> tuple[MeasuredLine, ...]:
    """Laps by the user's lines, scaled to the time of the program itself."""
    times: dict[tuple[str, int], float] = defaultdict(float)
    sizes: dict[tuple[str, int], int] = defaultdict(int)
    runs: dict[tuple[str, int], int] = defaultdict(int)
    for lap in laps:
        if not lap.runs:
            continue
        for user, share in lap.piece.lines.items():
            times[user] += lap.seconds * share
            runs[user] = max(runs[user], lap.runs)
        sizes[max(lap.piece.lines, key=lambda user: lap.piece.lines[user])] += lap.bytes
    flops = {(record.filename, record.line): record.flops for record in counted.by_line}
    predicted = {(record.filename, record.line): record.time for record in counted.by_line
                 if isinstance(record.time, float)}
    scale = seconds / twin if twin else 0.0
    return tuple(
        MeasuredLine(*user, line_text(*user), times[user] * scale, times[user] / twin if twin else 0.0, sizes[user],
                     runs[user], flops.get(user, 0), predicted.get(user, math.nan)) for user in sorted(times))
