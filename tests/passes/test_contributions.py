"""Contributions to one element are added up in a number: which are, that nothing is reached for too much, gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261201)


def pairs(x, k, n):
    """Both elements of a pair; they are the same where i is j."""
    total = 0.0
    for i in range(n):
        s = 0.0
        for j in range(n):
            d = x[j] - x[i]
            s += d * d * np.sin(x[i] + j)
        total += s * s
    return total


def one_element(x, k, n):
    """An element that is reached for only if the loop has a turn; from the end for k < 0."""
    total = 0.0
    for j in range(n):
        total += np.cos(x[j]) * x[k]
    return total * total


def two_contributions(x, k, n):
    total = 1.0
    for j in range(n - 1, -1, -1):
        total = total * (1.1 + x[0] * x[j]) + x[0] * x[0]
    return total


def in_an_arm(x, k, n):
    total = 0.0
    for i in range(len(x)):
        if i % 2 == 0:
            s = 0.0 * x[i]
            for j in range(i):
                s += x[i] * x[j]
            total += s * s * x[i]
    return total


def solve(x, k, n):
    """Back substitution: elements of what has been computed."""
    y = np.zeros(len(x), x.dtype)
    for i in range(len(x) - 1, -1, -1):
        s = x[i] + 0.0
        for j in range(i + 1, len(x)):
            s -= y[j] * x[i] * x[j]
        y[i] = s / (2.0 + x[i])
    return np.sum(y * y)


def singular(x, k, n):
    """A cotangent of 0 and a partial derivative that is infinite."""
    total = 0.0 * x[0]
    for i in range(len(x)):
        s = 0.0 * x[i]
        for j in range(len(x)):
            s += np.sqrt(x[i] - x[i] + 0.0) * 0.0 + x[i] * x[j] ** 1.5
        total += s * s
    return total


PROGRAMS = (pairs, one_element, two_contributions, in_an_arm, solve, singular)
CASES = ((1, 0, 1), (4, 2, 3), (5, -1, 5), (3, 1, 0), (3, 7, 0), (3, -9, 0))  # length, k, n


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        pulled = [wb.vjp(f, np.full(3, 0.7, np.float32), 1, 2, engine="numba") for _ in (0,)]
        for length, k, n in CASES:
            x = RNG.uniform(0.4, 1.4, size=length)
            value, gradient = derivative(x.copy(), k, n)
            assert value == pytest.approx(f(x, k, n), rel=1e-13)
            expected = [f(x + 1e-30j * unit, k, n).imag / 1e-30 for unit in np.eye(length)]
            np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-12)
    ((value, pullback),) = pulled
    single = pullback(np.float32(1.0) if isinstance(value, np.floating) else 1.0)[0]
    expected = [f(np.full(3, 0.7) + 1e-30j * unit, 1, 2).imag / 1e-30 for unit in np.eye(3)]
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=2e-5, atol=1e-6)


def test_an_element_is_reached_for_after_the_loop() -> None:
    with in_python():
        derivative = wb.value_and_grad(pairs, engine="numba")
        derivative(np.ones(3), 0, 0)
        exact = wb.value_and_grad(pairs, engine="numba", deterministic=True)
        exact(np.ones(3), 0, 0)
    for found, inside in ((derivative, 1), (exact, 2)):
        lines = found.source.splitlines()
        depth = max(len(line) - len(line.lstrip()) for line in lines)
        assert sum("x_bar[" in line for line in lines if line[:depth].isspace()) == inside, found.source


def test_complex_contributions() -> None:
    def program(z, k, n):
        total = 0.0
        for i in range(len(z)):
            s = 0.0 * z[i]
            for j in range(len(z)):
                s += z[i] * z[j] * (i + 1j * j)
            total += np.abs(s) ** 2
        return total

    z = RNG.normal(size=4) + 1j * RNG.normal(size=4)
    with in_python():
        found = wb.grad(program, engine="numba")(z, 0, 0)
    for k, unit in enumerate(np.eye(4)):
        for direction in (1.0, 1j):
            h = 1e-6 * direction
            slope = (program(z + h * unit, 0, 0) - program(z - h * unit, 0, 0)) / 2e-6
            assert (found[k] * np.conj(direction)).real == pytest.approx(slope, rel=1e-6)
