"""Reverse loops that no cotangent comes into are skipped: where a condition says so, not where one happens to be 0."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.ir import walk

RNG = np.random.default_rng(20261130)


def nearest(x, c):
    """The builtin minimum over sums of loops."""
    total = 0.0
    for i in range(len(x)):
        best = np.inf
        for j in range(len(x)):
            squared = 0.0
            for k in range(6):
                squared += (x[i] - c * x[j] + 0.3 * k + (0.9 if i == j else 0.0)) ** 2
            best = min(best, squared)
        total += best
    return total


def units(x, c):
    """Rectified sums, of either sign."""
    total = 0.0
    for i in range(len(x)):
        s = -0.4 * c
        for j in range(len(x)):
            s += np.sin(x[i] * x[j] + i - 2.0)
        total += np.maximum(s, 0.0) * c + max(0.0, -s) ** 2
    return total


def of_two(x, c):
    """A loop that carries two numbers, which two conditions select."""
    total = 0.0
    for i in range(len(x)):
        a, b = x[i], c
        for _ in range(6):
            a, b = a * b + 0.1, np.cos(b) * a
        total += (a if x[i] > 0.2 else 0.0) * 1.5
        total += b if x[i] < 0.7 else 0.0
    return total


PROGRAMS = (nearest, units, of_two)


def differences(f: Callable[..., Any], x: Any, h: float = 1e-6) -> Any:
    return np.array([(f(x + h * unit) - f(x - h * unit)) / (2 * h) for unit in np.eye(len(x))])


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for n in (0, 1, 5):
            x = RNG.normal(size=n)
            value, gradient = derivative(x.copy(), 0.8)
            assert value == pytest.approx(f(x, 0.8), rel=1e-12, abs=1e-15)
            np.testing.assert_allclose(gradient, differences(lambda v: f(v, 0.8), x).reshape(n), rtol=1e-6, atol=1e-8)
    loops = [inner for op in walk(derivative.ir.block) if op.prim == "if" for arm in op.regions for inner in arm.ops
             if inner.prim == "for"]
    assert loops, derivative.source


@pytest.mark.parametrize("c", [0.0, 0.8])
def test_a_cotangent_that_happens_to_be_0_has_a_derivative(c: float) -> None:
    """c times the units: for c = 0 every cotangent of theirs is 0, and what changes with c is not."""
    def scaled(x, c):
        total = 0.0
        for i in range(len(x)):
            s = 0.0
            for j in range(len(x)):
                s += np.sin(x[i] * x[j] + i - 2.0)
            total += max(s, 0.0)
        return c * total
    x = RNG.normal(size=4)
    with in_python():
        mixed = wb.jvp(lambda v, s: wb.grad(scaled)(v, s), (x, c), (None, 1.0), engine="numba")[1]
        of_one = wb.grad(scaled, engine="numba")(x, 1.0)
    np.testing.assert_allclose(mixed, of_one, rtol=1e-12)
    np.testing.assert_allclose(of_one, differences(lambda v: scaled(v, 1.0), x), rtol=1e-6, atol=1e-8)
    assert np.any(of_one != 0.0)
