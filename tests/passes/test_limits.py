"""Checks that have left their loops: which do, and that exceptions, their lines and what was written before stay."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261202)


def one(x, y, n, k):
    total = 0.0
    for i in range(n):
        total += x[i] * x[i]
    return total


def two_lines(x, y, n, k):
    """Whichever is shorter raises, at its line."""
    total = 0.0
    for i in range(n):
        a = x[i] * 2.0
        b = y[i] + a
        total += a * b
    return total


def of_a_row(x, y, n, k):
    """What does not change is asked in the first turn, between what does."""
    total = 0.0
    for i in range(n):
        total += x[i]
        total *= y[k]
        total += x[i + 1]
        total += y[abs(k) + 1]
    return total


def not_asked(x, y, n, k):
    """Nothing is wrong with an index of a loop without turns."""
    total = x[0] * 1.0
    for i in range(5, n):
        total += x[i] * y[abs(k)]
    return total


def counter(x, y, n, k):
    """A number that grows with the turns."""
    total, p = 0.0, abs(k)
    for i in range(n):
        for _ in range(2, n):
            total += x[p] * y[0]
            p += 1
    return total


def downwards(x, y, n, k):
    """The first turn has the largest index."""
    total = 0.0
    for i in range(n - 1, -1, -1):
        total += x[i] * y[i]
    return total


def written_before(x, y, n, k):
    """The caller sees what the turns before have written, and the half of the one that fails."""
    for i in range(n):
        x[i] = 2.0 * x[i]
        y[i] += x[i]
    return np.sum(x) + np.sum(y)


def written_after(x, y, n, k):
    for i in range(n):
        a = y[i] * 1.0
        x[i] = a + x[i]
    return np.sum(x * x)


def scratch(x, y, n, k):
    """Nobody sees what was written."""
    work = np.zeros(n)
    for i in range(n):
        work[i] = 1.5
        work[i] += x[i] * y[i]
    return np.sum(work * work)


def other_exception(x, y, n, k):
    """Another check, before and after it."""
    total = 0.0
    for i in range(n):
        total += x[i]
        if x[i] < -5.0:
            raise ValueError("too small")
        total *= y[i]
    return total


def caught(x, y, n, k):
    total = 0.0
    try:
        for i in range(n):
            total += x[i] * y[i]
    except IndexError:
        total *= 3.0
    return total


PROGRAMS = (one, two_lines, of_a_row, not_asked, counter, downwards, written_before, written_after, scratch,
            other_exception, caught)


def outcome(call: Callable[..., Any], f: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a call gives or raises (and at which line of the program), and its arguments afterwards."""
    args = tuple(a.copy() if isinstance(a, np.ndarray) else a for a in args)
    try:
        result: Any = call(*args)
    except (IndexError, ValueError) as error:
        frames = traceback.extract_tb(error.__traceback__)
        result = type(error), [frame.lineno for frame in frames if frame.name == f.__name__][-1:]
    return result, args[0].tolist(), args[1].tolist()


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_outcomes_are_those_of_python(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for n in (0, 1, 3, 4, 7):
            for lengths in ((3, 3), (3, 5), (5, 3), (8, 8), (8, 4), (4, 8)):
                for k in (0, 2, 4):
                    args = (RNG.uniform(0.5, 1.5, lengths[0]), RNG.uniform(0.5, 1.5, lengths[1]), n, k)
                    if f is other_exception and k == 2:
                        args[0][2] = -9.0
                    expected, found = outcome(f, f, args), outcome(derivative, f, args)
                    assert found[1:] == expected[1:], args
                    if isinstance(expected[0], tuple):
                        assert found[0] == expected[0], args
                        continue
                    value, gradient = found[0]
                    assert value == pytest.approx(expected[0], rel=1e-13)
                    ends = [[f(args[0] + h * unit, args[1].copy(), n, k) for h in (1e-6, -1e-6)]
                            for unit in np.eye(lengths[0])]
                    slopes = [(up - down) / 2e-6 for up, down in ends]
                    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("f", [one, two_lines, counter, downwards, scratch, written_after], ids=lambda f: f.__name__)
def test_such_loops_have_no_way_out_of_the_middle(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        derivative(np.ones(3), np.ones(3), 3, 0)
    lines = derivative.source.splitlines()
    innermost = max(line.index("for ") for line in lines if line.strip().startswith("for "))
    assert not any(line.index("raise") > innermost + 8 for line in lines if line.strip().startswith("raise"))
    assert any(line.strip().startswith("raise") for line in lines)
