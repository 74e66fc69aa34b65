"""Residuals have an axis for those loops only with which they vary; guarded products select after they are made."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261128)


def pairs(x, steps):
    """Elements of an array that is overwritten in the outermost loop, by one index each of the inner two."""
    p, force = x.copy(), np.zeros_like(x)
    for _ in range(steps):
        for i in range(len(p)):
            s = 0.0 * p[0]
            for j in range(len(p)):
                d = p[j] - p[i]
                s += d / (0.5 + d * d)
            force[i] = s
        p += 0.1 * force
    return np.sum(p * p)


def in_arms(x, steps):
    """In arms that some iterations take; what is kept by one is read by the same."""
    p, total = x.copy(), 0.0
    for t in range(steps):
        for i in range(len(p)):
            for j in range(len(p)):
                if (i + j + t) % 2 == 0:
                    total = total + np.sin(p[i] * p[j]) * p[j]
                elif j > i:
                    total = total + p[i] * p[i] * p[j]
        p *= 1.1
    return total


def of_nothing(x, steps):
    """Elements that no inner loop changes, and one that depends on how often the loop has run."""
    p, total = x.copy(), 0.0
    for _ in range(steps):
        y = 0.0 * p[0]
        for i in range(len(p)):
            for _ in range(2):
                y = np.sin(y + p[0]) * p[len(p) - 1 - i]
            total = total + y
        p *= 1.1 + 0.0 * y
    return total


def guarded(x, steps):
    """Products of a cotangent that is 0 and a partial derivative that is infinite, one after the other."""
    total = 0.0 * x[0]
    for t in range(steps):
        for i in range(len(x)):
            y = x[i] - x[i] + 0.0
            total = total + x[i] * x[i] + 0.0 * np.sqrt(y) + (x[i] * t) / (1.0 + x[i]) ** 2.5
    return total


def rows(x, steps):
    """Whole rows of an array that is overwritten."""
    p, total = np.outer(x, x), 0.0
    for _ in range(steps):
        for i in range(len(x)):
            for j in range(len(x)):
                total = total + np.dot(p[i], p[j]) ** 2
        p *= 0.9
    return total


PROGRAMS = (pairs, in_arms, of_nothing, rows, guarded)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for n, steps in ((1, 2), (2, 0), (4, 3), (3, 1)):
            x = RNG.uniform(0.4, 1.4, size=n)
            value, gradient = derivative(x.copy(), steps)
            assert value == pytest.approx(f(x.copy(), steps), rel=1e-12)
            expected = [f(x + 1e-30j * unit, steps).imag / 1e-30 for unit in np.eye(n)]
            np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-12)


def test_what_is_kept_of_pairs_has_two_axes() -> None:
    with in_python():
        derivative = wb.value_and_grad(pairs, engine="numba")
        derivative(np.ones(3), 2)
    made = [line for line in derivative.source.splitlines() if "np.empty((" in line]
    assert made and all(line.count(",") == 1 for line in made), derivative.source
