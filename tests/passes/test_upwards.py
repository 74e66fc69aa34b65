"""Innermost loops that add to cotangents run upwards, and factors that stay the same come out of their sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261204)


def triangle(x, c, n):
    """Rows under a diagonal, stored one after the other."""
    total = 0.0
    p = 0
    for column in range(n):
        s = 0.0
        for row in range(column + 1, n):
            s += x[p % len(x)] * x[row] * x[column]
            p += 1
        total += s * s
    return total


def series(x, c, n):
    """Terms made of a number that stays the same."""
    term = c
    total = c
    for k in range(1, n):
        term = term * c * c / ((2 * k) * (2 * k + 1)) * x[0]
        total += term
    return total


def two_factors(x, c, n):
    total = 1.0
    for k in range(n):
        total = total + total * c * x[1] * 0.5
    return total * c


def signs(x, c, n):
    total = 1.0
    for k in range(n):
        total = total * (1.5 - c * x[0]) - c * total
    return total


def in_loops(x, c, n):
    total = 0.0
    for i in range(n):
        y = x[i]
        for k in range(i):
            y = y * (1.0 - c * x[1] / (k + 2.0))
        total += y * y
    return total


def of_a_recurrence(x, c, n):
    """The factor is carried by the loop around."""
    y = x[0]
    for i in range(n):
        z = 1.0
        for k in range(i):
            z = z * y * 0.9 + y
        y = 0.1 * z + c
    return y


PROGRAMS = (triangle, series, two_factors, signs, in_loops, of_a_recurrence)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_against_complex_step(f: Callable[..., Any]) -> None:
    derivative = wb.value_and_grad(f, (0, 1), engine="numba")
    plain = wb.value_and_grad(f, (0, 1), engine="numba", deterministic=True)
    for n in (0, 1, 2, 5):
        x, c = RNG.normal(size=6), float(RNG.normal())
        steps = [(np.eye(6)[k] * 1e-30j, 0.0) for k in range(6)] + [(np.zeros(6), 1e-30j)]
        slopes = [np.imag(f(x + dx, c + dc, n)) / 1e-30 for dx, dc in steps]
        with in_python():
            for operator in (derivative, plain):
                value, (x_bar, c_bar) = operator(x, c, n)
                assert value == f(x, c, n)
                np.testing.assert_allclose([*x_bar, c_bar], slopes, rtol=1e-11, atol=1e-13)


def test_directions_and_factors_in_the_source() -> None:
    with in_python():
        up = wb.grad(triangle, engine="numba")
        up(np.ones(6), 0.5, 3)
        out = wb.grad(series, 1, engine="numba", mode="reverse")
        out(np.ones(6), 0.5, 3)
    assert "for row in range(column + 1, n):" in up.source.split("_bar", 1)[1]
    reverse = out.source[out.source.index("-1, -1)"):] if "-1, -1)" in out.source else out.source
    body = reverse.split("return")[0].splitlines()
    summed = [line for line in body if "c_bar +=" in line and line.startswith("        ")]
    assert summed and all("* c" not in line and "c *" not in line for line in summed), out.source


def test_infinite_factors_of_empty_sums_do_no_harm() -> None:
    with in_python():
        for c in (math.inf, -math.inf):
            assert wb.grad(series, 1, engine="numba")(np.ones(6), c, 1) == 1.0
