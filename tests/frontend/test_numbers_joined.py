"""Numbers that are NumPy's on one path and Python's own on another: exact, checked or refused."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret
from workbench.frontend import unrolling

SINGLES = np.array([0.42, 0.518, 1.058], dtype=np.float32)
NONE = np.zeros(0, np.float32)
REFUSED = "single precision depends on a run-time condition"


def chosen(f, x):
    s = f[0]
    if x > 0.0:
        s = 0.5
    return s + 0.57


def replaced_in_a_loop(f, x):
    s = np.float64(x)
    for _ in range(1, len(f)):
        s = 0.5
    return 0.5 + s + np.sum(f) * 0.59


def largest(f, x):
    best = 0.0
    for v in f:
        if v > best:
            best = v
    return best * 0.3


def precision_of_the_path(a, f):
    best = 0.0
    for v in a:
        if v > best:
            best = v
    return best + f[0]


def mean(f, x):
    s = 0.0
    for v in f:
        s += v * v
    return s / len(f) + x


def filtered(f, x):
    y = 0.0
    for i in range(len(f)):
        y = y * x + f[i] * (1 - x)
    return y * 0.7


def while_small(f, x):
    s, i = 0.1, 0
    while i < len(f) and s < 100.0:
        s = s + f[i]
        i += 1
    return s * x


def settled_by_hand(f, x):
    s = f[0] if x > 0.0 else np.float32(0.5)
    t = float(f[1]) if x > 0.0 else 0.25
    return s + 0.57, t + 0.57


def in_two_loops(f, x):
    total = 0.0
    for _ in range(2):
        s = 0.0
        for v in f:
            s += v
        total += s * 0.3
    return total * x


@pytest.mark.parametrize("x", [-0.3, 0.3])
@pytest.mark.parametrize("f", [mean, filtered, while_small, settled_by_hand, in_two_loops, replaced_in_a_loop])
def test_as_in_python(f: Any, x: float) -> None:
    agrees(f, SINGLES, x)


@pytest.mark.parametrize("f, args", [(chosen, (SINGLES, 0.3)), (largest, (SINGLES, 0.3)),
                                     (precision_of_the_path, (SINGLES.astype(float), SINGLES))])
def test_refused_where_the_precision_depends_on_the_path(f: Any, args: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unrolling, "MAX_TURNS", 2)
    with pytest.raises(wb.DifferentiationError, match=REFUSED):
        interpret(f, args)


@pytest.mark.parametrize("f", [filtered, while_small, in_two_loops])
def test_a_loop_without_turns_is_told_apart(f: Any) -> None:
    with pytest.raises(wb.DifferentiationError, match="made no turn"):
        interpret(f, (NONE, 0.3))


def scaled(f, x):
    s = 0.0
    for v in f:
        s += v
    return s * 2.0 / x


def mean_of_doubles(a, x):
    s = 0.0
    for v in a:
        s += v
    return s / len(a) * x


def mean_in_a_while(a, x):
    s = 0.0
    i = 0
    while i < len(a):
        s += a[i]
        i += 1
    return s / i * x


def mean_inside(a, x):
    total = 0.0
    for _ in range(3):
        s = 0.0
        for v in a:
            s += v
        total += math.sin(s // len(a)) + s % len(a)
    return total * x


@pytest.mark.parametrize("f", [mean_of_doubles, mean_in_a_while, mean_inside])
def test_a_mean_of_nothing_raises_as_in_python(f: Any) -> None:
    agrees(f, np.array([0.3, 1.7]), 0.7)
    with pytest.raises(ZeroDivisionError):
        interpret(f, (np.zeros(0), 0.7))


def test_doubles_that_are_numpys_or_pythons() -> None:
    for a in (np.array([0.5]), np.array([-0.5, 2.0])):
        agrees(scaled, a, 0.7)
        agrees(largest, a, 0.7)
    assert interpret(scaled, (np.zeros(0), 0.7)) == interpret(largest, (np.zeros(0), 0.7)) == 0.0
