"""SIGINT stops what runs within about a second, wherever it is, and leaves all as usable as before."""
from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.extension.conftest import Notebook, notebook  # noqa: F401  (a fixture)
from workbench.engines import signals

SOON = 5.0  # seconds; about one on a machine of its own


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """SIGINT is Python's, also where the tests were started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(action: Callable[[], Any], after: float = 0.3) -> float:
    """How long after a SIGINT from another process an action is left."""
    sender = subprocess.Popen(["sh", "-c", f"sleep {after}; kill -INT {os.getpid()}; exec date +%s.%N"],
                              stdout=subprocess.PIPE, text=True)
    try:
        with pytest.raises(KeyboardInterrupt):
            action()
            sender.wait()
            time.sleep(SOON)
        return time.time() - float(sender.communicate()[0])
    finally:
        sender.wait()


def alone(x, n):
    s = x
    for _ in range(n):
        s = math.sin(s) + x
    return s


def nested(a, n):
    for _ in range(n):
        for i in range(1, a.size):
            a[i] = 0.5 * a[i] + a[i - 1]
    return np.sum(a)


def until(x, n):
    k = 0
    while k < n:
        x = 0.5 * x + 1.0
        k += 1
    return x


def mixed(x, n):
    for k in range(n):
        y = x
        while y > 1e-3:
            for _ in range(k % 3):
                y = 0.5 * y
            y = 0.75 * y
        x = x + y / (k + 1.0)
    return x


def exchanged(a, n):
    b = a.copy()
    for _ in range(n):
        b[1:] = 0.5 * a[:-1]
        a, b = b, a
    return np.sum(a)


def calls_itself(x, n):
    return x if n < 2 else calls_itself(x, n - 1) + calls_itself(0.5 * x, n - 2)


@pytest.mark.parametrize("function, first, few, many", [
    (alone, 0.5, 70_000, 10**12), (nested, np.linspace(0.0, 1.0, 1000), 20, 10**12), (until, 0.5, 20, 10**12),
    (mixed, 0.5, 20, 10**12),
    (exchanged, np.linspace(0.0, 1.0, 1000), 21, 10**12),
    (calls_itself, 0.5, 8, 90)])
def test_a_compiled_program_stops(function: Any, first: Any, few: int, many: int) -> None:
    def run(n: int, engine: str = "numba") -> Any:
        given = np.array(first) if isinstance(first, np.ndarray) else first
        return wb.jvp(function, (given, n), (np.ones_like(given) if given is not first else 1.0, None), engine=engine)
    before = run(few)
    assert interrupted(lambda: run(many)) < SOON
    after, expected = run(few), run(few, "tape")
    np.testing.assert_array_equal(after, before)
    np.testing.assert_allclose(after, expected, rtol=1e-12)


def test_loops_in_pieces_take_every_turn_once() -> None:
    def counted(a, step):
        s = 0.0
        for i in range(a.size - 1, -1, step):
            s += a[i] * i
            a[i] = s
        return s
    compiled = wb.value_and_grad(counted, engine="numba")
    for size in (0, 1, 65_535, 65_536, 65_537, 200_000):
        for step in (-1, -3):
            a = np.linspace(1.0, 2.0, size)
            b = a.copy()
            value, grad = compiled(a, step)
            assert value == counted(b, step)
            np.testing.assert_array_equal(a, b)
            expected = np.where((size - 1 - np.arange(size)) % -step == 0, np.arange(size), 0.0)
            np.testing.assert_array_equal(grad, expected)


def test_nests_that_ask_take_every_turn_once() -> None:
    def counted(a, step, most):
        s = 0.0
        for _ in range(2):
            for i in range(a.size - 1, -1, step):
                if i == most:
                    break
                for j in range(i % 3):
                    s += a[i] * (i + j)
                a[i] = 0.1 * s
        return s
    compiled = wb.value_and_grad(counted, engine="numba")
    for size in (0, 1, 15, 16, 17, 40):
        for step, most in ((-1, -5), (-3, -5), (-1, 20)):
            a = np.linspace(1.0, 2.0, size)
            b, held = a.copy(), a.copy()
            value, grad = compiled(a, step, most)
            assert value == counted(b, step, most)
            np.testing.assert_array_equal(a, b)
            slopes = [(counted(held + 0.5 * e, step, most) - counted(held - 0.5 * e, step, most)) for e in np.eye(size)]
            np.testing.assert_allclose(grad, slopes, rtol=1e-6, atol=1e-9)


def test_a_gradient_hands_back_what_was_written() -> None:
    def doubled(a, n):
        a *= 2.0
        for _ in range(n):
            for i in range(3):
                a[i] = -a[i]
        return np.sum(a)
    gradient = wb.value_and_grad(doubled, engine="numba")
    wide = np.ones((3, 2))
    assert gradient(wide[:, 0], 2)[0] == 6.0
    assert interrupted(lambda: gradient(wide[:, 0], 10**12)) < SOON
    assert set(np.abs(wide[:, 0])) == {4.0} and set(wide[:, 1]) == {1.0}


def test_printing_stops_too(capsys: Any) -> None:
    def prints(x, n):
        for k in range(n):
            x = 0.5 * x
            print(x)
        return x
    gradient = wb.value_and_grad(prints, engine="numba")
    gradient(1.0, 1)
    assert interrupted(lambda: gradient(1.0, 10**7)) < SOON
    assert gradient(1.0, 2) == (0.25, 0.25)


def test_compiling_stops_and_begins_anew(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    for seconds in (0.02, 0.2):
        def fresh(a, seconds=seconds):
            s = 0.0
            for i in range(a.size - 1):
                s += np.sqrt(1.0 + a[i] * a[i + 1]) / (seconds + np.exp(a[i])) + math.atan2(a[i], s + 2.0)
            return s + np.sum(np.cumsum(a) ** 2)
        gradient = wb.value_and_grad(fresh, engine="numba")
        a = np.array([0.3, 0.7, 1.1])
        began = time.perf_counter()
        assert interrupted(lambda: [gradient(a), time.sleep(SOON)], seconds) < SOON  # noqa: B023
        assert time.perf_counter() - began < seconds + SOON
        value, grad = gradient(a)
        expected = wb.value_and_grad(fresh, engine="tape")(a)
        assert value == pytest.approx(expected[0]) and grad == pytest.approx(expected[1])
        assert not list(tmp_path.rglob("*.tmp"))


def test_postponed_interrupts_come_at_the_end_or_where_they_may() -> None:
    seen = []

    def waits(let: bool) -> None:
        with signals.postponed():
            signal.raise_signal(signal.SIGINT)
            seen.append("still here")
            if let:
                signals.now()
                seen.append("too late")
    for let in (False, True):
        with pytest.raises(KeyboardInterrupt):
            waits(let)
    assert seen == ["still here", "still here"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Scaled:
    """A class that the tape changes while it runs."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __mul__(self, other: Any) -> Any:
        return self.x * other


def test_a_tape_run_stops_and_leaves_plain_numbers() -> None:
    def endless(x, kept):
        while True:
            x = Scaled(x) * 0.999
            kept[0] = x
    limit, method, kept = sys.getrecursionlimit(), Scaled.__mul__, [0.0]
    assert interrupted(lambda: wb.grad(endless, engine="tape")(1.0, kept)) < SOON
    assert type(kept[0]) is float and 0.0 < kept[0] < 1.0
    assert sys.getrecursionlimit() == limit and Scaled.__mul__ is method
    assert wb.grad(lambda x: Scaled(x) * 3.0, engine="tape")(1.0) == 3.0


@pytest.mark.parametrize("cell", [
    "%%grad\ny = x\nwhile y > 0.0:\n    y = y\nz = y",
    "%%grad\ndef f(x):\n    y = x\n    while y > 0.0:\n        y = y + 1.0\n    return y\n\nf(x)"])
def test_a_cell_stops_and_binds_nothing(notebook: Notebook, cell: str) -> None:  # noqa: F811
    notebook.run("x = 1.5")
    ran: list[Any] = []

    def run() -> None:
        ran.append(notebook.run(cell))
        raise ran[0].error
    assert interrupted(run, 1.0) < SOON
    assert not {"y", "z", "f", "grad_x"} & set(notebook.shell.user_ns) and notebook["x"] == 1.5
    assert "KeyboardInterrupt" in ran[0].stdout and "/workbench/" not in ran[0].stdout
    assert "Cell In[3], line" in ran[0].stdout
    assert notebook.run("%%grad\nx * x").value.grad == {"x": 3.0}
