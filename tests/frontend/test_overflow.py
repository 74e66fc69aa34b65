"""Python's integers do not overflow: what would wrap in 64 bits is refused at its line, counters cost nothing."""
from __future__ import annotations

from collections.abc import Callable

import pytest

import workbench as wb
from workbench.frontend import trace
from workbench.ir import walk


def factorial(x: float, n: int) -> float:
    k = 1
    for i in range(n):
        k *= i + 1
    return x * k


def fibonacci(x: float, n: int) -> float:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return x * a


def far_squares(x: float, n: int) -> float:
    s = 0.0
    for i in range(n, n + 3):
        s += x * (i * i)
    return s


def counters(x: float, n: int) -> float:
    s, k, m = 0.0, 0, 0
    for i in range(n):
        for j in range(n):
            k += 1
            m += i * n + j
            s += x * (2 * k) * (2 * k + 1)
    return s + x * m


@pytest.mark.parametrize("function, fine, too_large", [
    (factorial, 10, 25), (fibonacci, 30, 120), (far_squares, 7, 2 ** 40),
    (lambda x, n: x * (n * n), 1000, 2 ** 40), (lambda x, n: x * 3 ** n, 5, 60)])
def test_what_python_would_hold_exactly_is_never_wrapped(function: Callable[[float, int], float], fine: int,
                                                         too_large: int) -> None:
    derivative = wb.value_and_grad(function, engine="numba")
    assert derivative(0.5, fine)[0] == function(0.5, fine)
    with pytest.raises(wb.DifferentiationError, match="64 bits") as caught:
        derivative(0.5, too_large)
    assert caught.value.filename == __file__
    with pytest.warns(UserWarning, match="64 bits"):
        value, slope = wb.value_and_grad(function)(0.5, too_large)
    assert value == function(0.5, too_large)
    assert slope == pytest.approx(2.0 * value)


def test_counters_and_index_arithmetic_are_not_checked() -> None:
    function = trace(counters, (0.5, 4), ("x", "n")).function
    assert not [op for op in walk(function.block) if op.prim == "check"]
