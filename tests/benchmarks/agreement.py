"""Whether derivatives are right, asked of the plain Python program: differences along random directions.

Source: Ridders' extrapolation of central differences, as in `tests/corpus/oracle.py`.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.workload import Arguments, Workload, flat
from tests.corpus.oracle import ridders

FIRST_STEPS = (1e-1, 1e-2, 1e-3, 1e-4)


def apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, relative to the largest number."""
    if found.shape != expected.shape:
        return float("inf")
    scale = float(np.max(np.abs(expected), initial=1e-300))
    return float(np.max(np.abs(found - expected), initial=0.0)) / scale


def directions(workload: Workload, args: Arguments, seed: int) -> list[Any]:
    """A random direction for each argument of wrt, of its own size."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=np.shape(args[k])) * np.maximum(np.abs(args[k]), 1e-3) for k in workload.wrt]


def slope(workload: Workload, args: Arguments, along: list[Any], weights: np.ndarray | None = None) -> float:
    """The derivative of the program's (weighted) value along a direction, by extrapolated differences."""

    def moved(step: float) -> float:
        there = [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]
        for k, direction in zip(workload.wrt, along, strict=True):
            there[k] = args[k] + step * direction
        value = flat(workload.program(*there))
        return float(value[0] if weights is None else weights @ value)

    return min((ridders(moved, first) for first in FIRST_STEPS), key=lambda found: found[1])[0]


def against_differences(workload: Workload, args: Arguments, gradient: np.ndarray, seed: int = 5) -> float:
    """Relative error of a gradient along a random direction."""
    along = directions(workload, args, seed)
    expected = slope(workload, args, along)
    return abs(float(gradient @ flat(along)) - expected) / max(abs(expected), 1e-300)
