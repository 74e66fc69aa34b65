"""Analysis that somebody waits for: it ends in time, at the user's line; what is quick is as without a deadline."""
from __future__ import annotations

import math
import threading
import time

import numpy as np
import pytest

import workbench as wb
from workbench.ir import Overdue, deadline, within


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def by_calls(x):
    return x * fibonacci(40)


def by_turns(x):
    y = x
    for i in [1] * 1000:
        for _ in [2] * 1000:
            y = y * i
    return y


def by_items(x):
    return x * len([[1 for _ in [0] * 1000] for _ in [0] * 1000])


@pytest.mark.parametrize("function", [by_calls, by_turns, by_items])
def test_analysis_ends_in_time(function):
    begin = time.monotonic()
    with pytest.raises(Overdue) as told, within(0.1):
        wb.cost(wb.grad(function), 2.0)
    assert time.monotonic() - begin < 5.0
    assert told.value.filename == __file__
    assert told.value.lineno is not None
    assert "0.1 s" in told.value.reason
    assert deadline() is None


@pytest.mark.parametrize("function", [
    lambda x: x * (10 ** 10 ** 9 % 7), lambda x: x * ((1 << 10 ** 11) % 7), lambda x: x * len([0] * 10 ** 10),
    lambda x: x * len("ab" * 10 ** 11), lambda x: x * (math.factorial(5 * 10 ** 6) % 7),
    lambda x: x * sum(range(10 ** 9)), lambda x: x * sorted(range(10 ** 9))[3], lambda x: x * len(set(range(10 ** 9))),
])
def test_what_cannot_be_interrupted_is_not_begun(function):
    with pytest.raises(Overdue), within(60.0):
        wb.cost(function, 2.0)


def test_what_is_quick_is_as_without_a_deadline():
    def energy(x):
        weights = [2 ** k for k in range(10)]
        return sum(w * v for w, v in zip(weights, x, strict=True)) * math.factorial(5) + sum(range(100))
    x = np.ones(10)
    with within(60.0):
        within_time = wb.cost(wb.grad(energy), x)
    assert str(within_time) == str(wb.cost(wb.grad(energy), x))


def test_an_analysis_is_stopped_from_another_thread():
    with pytest.raises(Overdue, match="was stopped"), within(600.0) as limit:
        timer = threading.Timer(0.2, limit.stop)
        timer.start()
        wb.cost(by_calls, 2.0)


def test_deadlines_hold_in_their_thread_alone():
    found = []
    with within(0.0):
        other = threading.Thread(target=lambda: found.append(wb.cost(lambda x: x * x, 2.0).flops))
        other.start()
        other.join()
        with pytest.raises(Overdue):
            wb.cost(lambda x: x * x, 2.0)
    assert found == [1]
