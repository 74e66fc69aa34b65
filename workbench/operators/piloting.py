"""A pilot: a program is run at a small size, and predicted times are scaled by how it did there.

Invariant: what runs is compiled as any call's program, on copies of the arguments; the way in and out of a call, which
does not grow, is left out of the comparison.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.cost.counting import NOWHERE
from workbench.cost.duration import Predicted
from workbench.cost.sampling import sampled
from workbench.operators.specialisation import Specialisation

ENOUGH = 0.03  # seconds that a pilot is repeated
TIMES = 5  # at the least


def ratio(made: Specialisation, args: tuple[Any, ...], predicted: Predicted) -> float:
    """How many times longer than predicted a compiled program takes for its arguments.

    Raises what the program raises."""
    data = [np.array(v) if isinstance(v, np.ndarray) else v for v in made.door.enter(made.pick(args))[0]]
    if predicted.symbols:
        copies = [np.array(v) if isinstance(v, np.ndarray) else v for v in data]
        known = predicted.timing.executions.parameters
        predicted = predicted.bound(sampled(made.program.final, copies, known.values()))
    lines = predicted.seconds()
    way = lines.get(NOWHERE, 0.0)
    inside = sum(lines.values()) - way
    if inside <= 0:
        return 1.0
    found = max(_clocked(made.compiled.entry, data) - way, 0.1 * way) / inside
    return float(found ** (inside / (inside + way)))  # (little is known where the way in takes as long)


def _clocked(entry: Callable[..., Any], data: list[Any]) -> float:
    """The least of repetitions."""
    best = float("inf")
    end = time.perf_counter() + ENOUGH
    done = 0
    while done < TIMES or time.perf_counter() < end:
        start = time.perf_counter()
        entry(*data)
        best = min(best, time.perf_counter() - start)
        done += 1
    return best
