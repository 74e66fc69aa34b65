"""Interleaved timing: every contender once a round, many rounds, medians. One thread, collector off."""
from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from typing import Any

Contender = Callable[[], Any]
SAMPLE_SECONDS = 4e-3


def calls_per_sample(contender: Contender) -> int:
    """How many calls make one sample long enough for the clock."""
    contender()
    start = time.perf_counter()
    contender()
    once = max(time.perf_counter() - start, 1e-8)
    return max(1, int(SAMPLE_SECONDS / once))


def interleaved(contenders: dict[str, Contender], rounds: int = 25) -> dict[str, float]:
    """Median seconds per call of each contender."""
    repeats = {name: calls_per_sample(contender) for name, contender in contenders.items()}
    samples: dict[str, list[float]] = {name: [] for name in contenders}
    enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, contender in contenders.items():
                count = repeats[name]
                start = time.perf_counter()
                for _ in range(count):
                    contender()
                samples[name].append((time.perf_counter() - start) / count)
    finally:
        if enabled:
            gc.enable()
    return {name: statistics.median(times) for name, times in samples.items()}


def median_call(function: Callable[[float], Any], argument: float, calls: int = 100_000) -> float:
    """Median seconds of single calls, each timed by itself; the clock's own cost is left in."""
    clock = time.perf_counter_ns
    times = []
    for _ in range(1000):
        function(argument)
    for _ in range(calls):
        start = clock()
        function(argument)
        times.append(clock() - start)
    return statistics.median(times) * 1e-9
