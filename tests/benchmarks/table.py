"""The bars: gradient over primal for four programs, the overhead of one call, memory of the heat stencil."""
from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

import workbench as wb
from tests.benchmarks import hand, programs
from tests.benchmarks.timing import Contender, interleaved, median_call
from tests.corpus.oracle import ridders
from workbench.operators import Derivative


@dataclass(frozen=True)
class Bar:
    """One line of the table: what was measured, and what it must not exceed."""

    name: str
    measured: float
    limit: float
    unit: str
    note: str

    @property
    def passed(self) -> bool:
        return self.measured <= self.limit


@dataclass(frozen=True)
class RatioCase:
    """A program whose gradient is timed over its primal."""

    name: str
    function: Any
    arguments: Callable[[], tuple[Any, ...]]
    wrt: Any
    by_hand: Callable[..., Any]
    limit: float


RATIOS = (
    RatioCase("Lotka–Volterra, RK4, 10,000 steps", programs.lotka_volterra, programs.lotka_volterra_arguments, 0,
              hand.lotka_volterra, 3.0),
    RatioCase("Taylor sine, data-dependent number of terms", programs.taylor_sines, programs.taylor_arguments, 0,
              hand.taylor_sines, 3.5),
    RatioCase("heat 256², two buffers swapped, 100 steps", programs.heat, programs.heat_arguments, 0, hand.heat, 7.0),
    RatioCase("loop with a break, 10⁵ steps", programs.logistic_until, programs.logistic_arguments, (0, 1),
              hand.logistic_until, 4.0),
)


def flat(derivative: Any) -> np.ndarray:
    """A gradient's numbers in one vector."""
    parts = derivative if isinstance(derivative, tuple) else (derivative,)
    return np.concatenate([np.ravel(part) for part in parts])


def directional_error(case: RatioCase, gradient: np.ndarray) -> float:
    """Relative error of ⟨gradient, d⟩ for a random direction d, against extrapolated differences of the primal."""
    args = case.arguments()
    positions = case.wrt if isinstance(case.wrt, tuple) else (case.wrt,)
    rng = np.random.default_rng(5)
    directions = [rng.normal(size=np.shape(args[position])) * np.abs(args[position]) for position in positions]

    def along(step: float) -> float:
        moved = list(args)
        for position, direction in zip(positions, directions):
            moved[position] = args[position] + step * direction
        return float(case.function(*moved))

    expected = min((ridders(along, first) for first in (1e-4, 1e-6, 1e-7)), key=lambda found: found[1])[0]
    found = float(gradient @ np.concatenate([np.ravel(direction) for direction in directions]))
    return abs(found - expected) / abs(expected)


def primals(case: RatioCase, args: tuple[Any, ...]) -> dict[str, Contender]:
    """The user's source under plain `@njit` and under the engine's error model, and our emitted primal."""
    python = case.function.py_func
    relaxed = njit(error_model="numpy")(python)
    found: dict[str, Contender] = {"user": lambda: case.function(*args), "user, numpy errors": lambda: relaxed(*args)}
    emitted = Derivative(case.function, "value")
    return {**found, "emitted primal": lambda: emitted(*args)}


def ratio(case: RatioCase) -> Bar:
    """Check the three gradients against each other and differences, then time them."""
    args = case.arguments()
    value_and_grad = wb.value_and_grad(case.function, case.wrt)
    value, gradient = value_and_grad(*args)
    hand_value, hand_gradient = case.by_hand(*args)
    scale = float(np.max(np.abs(flat(hand_gradient))))
    apart = float(np.max(np.abs(flat(gradient) - flat(hand_gradient)))) / scale
    assert apart < 1e-9, f"{case.name}: gradient and hand-written adjoint differ by {apart:.2g}"
    assert abs(value - hand_value) <= 1e-10 * abs(hand_value), f"{case.name}: values {value!r}, {hand_value!r}"
    off = directional_error(case, flat(hand_gradient))
    assert off < 1e-5, f"{case.name}: differences disagree by {off:.2g}"
    contenders = {**primals(case, args), "ours": lambda: value_and_grad(*args),
                  "hand": lambda: case.by_hand(*args)}
    times = interleaved(contenders)
    primal = min(seconds for name, seconds in times.items() if name not in ("ours", "hand"))
    note = ", ".join(f"{name} {seconds * 1e6:.0f} µs" for name, seconds in times.items())
    return Bar(case.name, times["ours"] / primal, case.limit, "×", f"{note}; by hand {times['hand'] / primal:.2f} ×")


def call_overhead() -> Bar:
    gradient = wb.grad(programs.float_function)
    assert abs(gradient(0.7) - hand.float_function(0.7)) < 1e-14
    ours, by_hand = median_call(gradient, 0.7), median_call(hand.float_function, 0.7)
    nothing = median_call(float, 0.7)
    return Bar("one call of a compiled gradient, float to float", ours * 1e6, 2.0, "µs",
               f"by hand under @njit {by_hand * 1e6:.2f} µs, clock and an empty call {nothing * 1e6:.2f} µs")


def recording() -> Bar:
    """Microseconds per recorded scalar operation over a whole `wb.tape` call; the bar is 300,000 a second."""
    args = programs.lotka_volterra_arguments()[0].tolist(), 500, 0.002
    nodes = len(wb.tape(programs.lotka_volterra, *args))
    start = time.perf_counter()
    for _ in range(5):
        wb.tape(programs.lotka_volterra, *args)
    each = (time.perf_counter() - start) / (5 * nodes)
    start = time.perf_counter()
    for _ in range(5):
        programs.lotka_volterra.py_func(*args)
    plain = (time.perf_counter() - start) / (5 * nodes)
    return Bar("one recorded operation of the RK4 loop on the tape", each * 1e6, 1e6 / 300_000, "µs",
               f"{1 / each:.0f} operations a second; plain Python {plain * 1e6:.3f} µs an operation")


def heat_memory() -> Bar:
    """Growth of the high-water mark between 10 and 500 steps, each in a fresh process: residuals would show."""
    few, many = (heat_high_water(steps) for steps in (10, 500))
    return Bar("heat 256²: memory that grows with the steps (10 to 500)", (many - few) / 1024.0, 8.0, "MB",
               f"high water {few / 1024:.0f} and {many / 1024:.0f} MB; a residual a point would be 245 MB")


def heat_high_water(steps: int) -> int:
    """Kilobytes of the high-water mark of a process that takes one gradient."""
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.table", str(steps)], check=True,
                          capture_output=True, text=True)
    return int(done.stdout)


def print_heat_high_water(steps: int) -> None:
    u0, _, c = programs.heat_arguments()
    wb.value_and_grad(programs.heat)(u0, steps, c)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    print_heat_high_water(int(sys.argv[1]))
