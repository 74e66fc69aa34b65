"""Cost figures of programs: sums over their operations."""
from __future__ import annotations

import math

import pytest

import workbench as wb
from workbench.cost import FIGURES, Figure, register


def wave(x, n):
    total = 0.0
    for k in range(n):
        total = total + math.sin(x * k)
    return total


def test_figures_of_a_derivative() -> None:
    derivative = wb.grad(wave)
    derivative(0.5, 4)
    found = derivative.costs()
    assert set(found) == set(FIGURES) >= {"operations", "flops", "transcendental", "accesses"}
    assert found["operations"] == sum(derivative.op_counts().values())
    assert found["transcendental"] == sum(derivative.op_counts().get(name, 0) for name in ("sin", "cos"))


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="already a figure 'flops'"):
        register(Figure("flops", "the same again", lambda op: 0))
