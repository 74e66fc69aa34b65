"""What a machine is measured with: the kernels do what their names say, the compiler takes them, no number is missing.

Nothing is timed or compiled: clocks give made-up numbers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.cost.calibration import clock, compiled, kernels, measuring
from workbench.cost.default_machine import RATES, TABLES
from workbench.frontend.trace import trace
from workbench.ir import own_results
from workbench.passes import finalize, optimize


def test_no_number_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every kernel goes through the front end and the passes, every call of it runs, and what is made of the times are
    the rates and tables that a machine has."""
    def traced(kernel: Callable[..., Any], *args: Any) -> Callable[..., Any]:
        found = trace(kernel, args, tuple(inspect.signature(kernel).parameters))
        finalize(own_results(optimize(found.function)), 0)
        return kernel
    asked = []

    def least(calls: Any, *_: Any) -> Any:
        for call in calls.values():
            call()
        asked.extend(calls)
        return {key: 1000.0 + 10 * k for k, key in enumerate(calls)}
    monkeypatch.setattr(measuring, "compiled", traced)
    monkeypatch.setattr(measuring, "least", least)
    monkeypatch.setattr(clock, "least", least)
    for name, small in (("WORKED_ON", (1 << 10, 1 << 11)), ("NEW", (64, 128)), ("EDGES", (2, 3)), ("FAR", 4),
                        ("MANY", 16), ("SMALL", 16), ("LARGE", 24)):
        monkeypatch.setattr(measuring, name, small)
    rates, tables = measuring.measured()
    assert rates.keys() == RATES.keys() and tables.keys() == TABLES.keys()
    assert all(np.isfinite(rate) and rate >= 0 for rate in rates.values())
    assert all(time > 0 for table in tables.values() for _, time in table)
    assert len(asked) > 150


@pytest.mark.parametrize("form", ["along", "alone"])
def test_functions_are_what_they_are_called(form: str) -> None:
    """The loop of a name computes the function of that name."""
    x = np.linspace(0.55, 0.85, 7)
    for k, (name, (f, _, _)) in enumerate(kernels.FUNCTIONS.items()):
        y = np.zeros_like(x)
        if form == "along":
            kernels.functions_along(k, x, y)
        else:
            kernels.functions_alone(k, x, y, np.arange(7))
        assert np.array_equal(y, f(x)), name


def test_loops_are_what_they_are_called() -> None:
    """So do the others."""
    x, p = np.linspace(0.5, 1.5, 12), np.arange(12)
    done = {}
    for names, kernel in ((kernels.ALONG, kernels.along), (kernels.ALONE, kernels.alone)):
        for k, name in enumerate(names):
            y = np.zeros_like(x)
            kernel(k, x, y, p, 2.0, 0.5)
            done[kernel.__name__, name] = y
    for form in ("along", "alone"):
        assert np.array_equal(done[form, "copy"], x) and np.allclose(done[form, "add"], x + 10.0)
        assert np.allclose(done[form, "mul"], x) and np.allclose(done[form, "div"], 4.0 * x)
        assert np.allclose(done[form, "pow"], x ** 2) and np.allclose(done[form, "maximum"], 2.0)
    assert np.array_equal(done["along", "gather"], x) and done["along", "read"][0] == p.sum()


def test_least_of_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each call the shortest counts, and one element is the difference of two sizes."""
    now = [0]
    monkeypatch.setattr(clock.time, "perf_counter_ns", lambda: now[0])
    noise = iter(range(10 ** 6))

    def work(amount: int) -> Callable[[], None]:
        def call() -> None:
            now[0] += amount + 7 * (next(noise) % 3)
        return call
    assert clock.least({"a": work(100), "b": work(300)}) == {"a": 100.0, "b": 300.0}
    assert clock.slopes({"c": lambda n: work(50 + 2 * n)}, 10, 110) == {"c": 2.0}


def test_arguments_reach_the_compiled_kernel() -> None:
    """A kernel is called with its own arguments, in their order."""
    entry = compiled.compiled(kernels.fresh, np.ones(3))
    assert np.array_equal(entry(np.array([1.0, 2.0, 3.0])), [1.0, 2.0, 3.0])
