"""Several threads trace, differentiate and count at once, while compiled derivatives are called: what each gives is
what it gives alone."""
from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import workbench as wb
from tests.benchmarks.first_programs import BATCH, ORBIT, predators, reactor


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def force(self, x):
        return -self.stiffness * x


def swing(x, n):
    spring = Spring(3.0)
    v = 0.0 * x
    for _ in range(n):
        v = v + 0.01 * spring.force(x)
        x = x + 0.01 * v
    return np.sum(x * x)


def layers(w, x):
    h = np.tanh(w @ x)
    h = h - h.mean(axis=0)
    return np.sum(np.where(h > 0.0, h, 0.1 * h) ** 2)


def appended(x):
    found = []
    for value in x:
        if value > 0.0:
            found.append(value * value)
    return sum(found)


WORK = {
    "reactor": (reactor, BATCH), "predators": (lambda p: predators(p, 20), (ORBIT[0],)),
    "swing": (swing, (np.ones(5), 10)), "layers": (layers, (np.ones((3, 4)), np.ones((4, 6)))),
    "appended": (appended, (np.linspace(-1.0, 1.0, 7),)), "open": (layers, (wb.spec("f64[n,m]"), wb.spec("f64[m,k]"))),
}


def figures(name):
    """Everything that is counted of a function and its gradient, as text."""
    f, args = WORK[name]
    reports = wb.cost(f, *args), wb.grad(f).cost(*args)
    return "\n".join(f"{report} {report.by_line} {report.peak_bytes} {report.residual_bytes} {report.time}"
                     for report in reports)


@pytest.fixture
def switching():
    """Threads take turns at nearly every instruction."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def test_threads_analyse_at_once_while_derivatives_are_called(switching):
    gradient, x = wb.grad(lambda x: np.sum(x ** 3)), np.arange(5.0)
    gradient(x)
    alone = {name: figures(name) for name in WORK}
    wrong: list[str] = []
    done = threading.Event()

    def analysing(names):
        try:
            wrong.extend(name for name in names if figures(name) != alone[name])
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}")

    def calling():
        while not done.is_set():
            if not np.array_equal(gradient(x), 3.0 * x ** 2):
                wrong.append("the compiled gradient")
    caller = threading.Thread(target=calling)
    threads = [threading.Thread(target=analysing, args=(names,)) for names in (list(WORK), list(WORK)[::-1])]
    caller.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    caller.join()
    assert wrong == []


def test_threads_compile_and_count_one_derivative_at_once(switching):
    derivative = wb.grad(swing)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(derivative(np.ones(5), 10).tobytes())),
               threading.Thread(target=lambda: found.append(str(derivative.cost(np.ones(5), 10)))),
               threading.Thread(target=lambda: found.append(derivative(np.ones(5), 10).tobytes()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert {str(wb.grad(swing).cost(np.ones(5), 10)), derivative(np.ones(5), 10).tobytes()} == set(found)
