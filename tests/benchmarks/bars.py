"""Bars that are no ratios of programs: the overhead of a call, memory that must not grow, the price of recording."""
from __future__ import annotations

import gc
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba import njit

import workbench as wb
from tests.benchmarks.workloads import WORKLOADS
from tests.benchmarks.workloads.heat import heat, square
from tests.benchmarks.workloads.lotka import lotka_volterra


@dataclass(frozen=True)
class Bar:
    """One line: what was measured, and what it must not exceed."""

    name: str
    measured: float
    limit: float
    unit: str
    note: str

    @property
    def passed(self) -> bool:
        return self.measured <= self.limit


def bump(x):
    return math.sin(x) * math.exp(-x * x)


@njit
def bump_slope(x):
    return (math.cos(x) - 2.0 * x * math.sin(x)) * math.exp(-x * x)


def median_call(function: Callable[[float], Any], argument: float, calls: int = 100_000) -> float:
    """Median seconds of single calls, each timed by itself; the clock's own cost is left in."""
    clock = time.perf_counter_ns
    times = []
    for _ in range(1000):
        function(argument)
    gc.disable()
    for _ in range(calls):
        start = clock()
        function(argument)
        times.append(clock() - start)
    gc.enable()
    return statistics.median(times) * 1e-9


def call_overhead() -> Bar:
    """What a gradient's call costs beyond the same function's under `njit`."""
    gradient = wb.grad(bump)
    assert abs(gradient(0.7) - bump_slope(0.7)) < 1e-14
    ours, primal = median_call(gradient, 0.7), median_call(njit(bump), 0.7)
    by_hand, nothing = median_call(bump_slope, 0.7), median_call(float, 0.7)
    return Bar("one call of a compiled gradient, beyond the primal's under njit", (ours - primal) * 1e9, 300.0, "ns",
               f"gradient {ours * 1e9:.0f} ns, primal {primal * 1e9:.0f} ns, gradient by hand under njit "
               f"{by_hand * 1e9:.0f} ns, clock and an empty call {nothing * 1e9:.0f} ns")


def predicting() -> Bar:
    """Seconds of the processor for `wb.cost` of a function of 50 lines and of its gradient, in fresh processes."""
    read = "import time\nfrom tests.benchmarks.first_programs import BATCH, reactor\n"
    ours = processor_seconds(f"{read}import workbench as wb\nt = time.process_time()\n"
                             "wb.cost(reactor, *BATCH)\nwb.cost(wb.grad(reactor), *BATCH)\n")
    yardstick = processor_seconds(f"{read}import numba\nnumba.njit(lambda x: x)(1.0)\nt = time.process_time()\n"
                                  "numba.njit(reactor)(*BATCH)\n")
    return Bar("`wb.cost` of a function of 50 lines and of its gradient, fresh process", ours, 0.3, "s",
               f"the function alone under njit, which has compiled another one before: {yardstick:.2f} s")


def processor_seconds(code: str) -> float:
    """The median of what a program says to have taken since its `t`, in fresh processes."""
    return statistics.median(float(subprocess.run(
        [sys.executable, "-c", f"{code}print(time.process_time() - t)"], check=True, capture_output=True,
        text=True).stdout) for _ in range(7))


def recording() -> Bar:
    """Microseconds per recorded scalar operation over a whole `wb.tape` call; the bar is 300,000 a second."""
    p, _, h = WORKLOADS["lotka"].at("full")
    args = p.tolist(), 500, h
    nodes = len(wb.tape(lotka_volterra, *args))
    start = time.perf_counter()
    for _ in range(5):
        wb.tape(lotka_volterra, *args)
    each = (time.perf_counter() - start) / (5 * nodes)
    return Bar("one recorded operation of the RK4 loop on the tape", each * 1e6, 1e6 / 300_000, "µs",
               f"{1 / each:.0f} operations a second")


def heat_memory() -> Bar:
    """Growth of the high-water mark between 10 and 500 steps, each in a fresh process: residuals would show."""
    few, many = (heat_high_water(steps) for steps in (10, 500))
    return Bar("heat 256²: memory that grows with the steps (10 to 500)", (many - few) / 1024.0, 8.0, "MB",
               f"high water {few / 1024:.0f} and {many / 1024:.0f} MB; a residual a point would be 245 MB")


def heat_high_water(steps: int) -> int:
    """Kilobytes of the high-water mark of a process that takes one gradient."""
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.bars", str(steps)], check=True,
                          capture_output=True, text=True)
    return int(done.stdout)


if __name__ == "__main__":
    wb.value_and_grad(heat)(*square(256, int(sys.argv[1])))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
