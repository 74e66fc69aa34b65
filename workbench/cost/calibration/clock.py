"""How long calls take: the least of many, taken in turns, because others use the machine, too.

Invariant: what is measured once is never measured in one go: a disturbance of a while falls on all alike.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

ROUNDS = 12
#: How long a call is repeated in a round, in ns.
SLICE = 400_000
MOST = 40


def least(calls: Mapping[K, Callable[[], object]], rounds: int = ROUNDS, slice_: int = SLICE) -> dict[K, float]:
    """The least time of each call, in ns."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()
    for _ in range(rounds):
        for key, call in calls.items():
            end = time.perf_counter_ns() + slice_
            for _ in range(MOST):
                start = time.perf_counter_ns()
                call()
                now = time.perf_counter_ns()
                best[key] = min(best[key], now - start)
                if now > end:
                    break
    return best


def slopes(calls: Mapping[K, Callable[[int], Callable[[], object]]], small: int, large: int) -> dict[K, float]:
    """The time of one element more, in ns: calls of two sizes are compared, so that what a call takes drops out."""
    timed = least({(key, n): make(n) for key, make in calls.items() for n in (small, large)})
    return {key: max(timed[key, large] - timed[key, small], 0) / (large - small) for key in calls}
