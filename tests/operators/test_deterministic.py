"""`deterministic=True`: contributions in the order of a reverse sweep, one product after the other; the C library's
functions. The expected bits are those of the same sums and products in plain Python."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261129)


def total_of_squares(x, w):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i] * w
    return total


def squares_by_hand(x, w):
    w_bar = 0.0
    for i in range(len(x) - 1, -1, -1):
        w_bar += x[i] * x[i]
    return w_bar


def powers(x, n):
    y = x
    for _ in range(n):
        y = y * x * 1.1
    return y


def powers_by_hand(x, n):
    ys = [x]
    for _ in range(n):
        ys.append(ys[-1] * x * 1.1)
    bar, x_bar = 1.0, 0.0
    for y in reversed(ys[:-1]):
        product = bar * 1.1
        x_bar += product * y
        bar = product * x
    return x_bar + bar


def waves(x):
    y = np.empty_like(x)
    for i in range(len(x)):
        y[i] = math.exp(math.sin(x[i]))
    total = 0.0
    for i in range(len(x)):
        total += y[i]
    return total


def waves_by_hand(x):
    return np.array([math.exp(math.sin(v)) * math.cos(v) for v in x])


def test_the_order_is_that_of_a_reverse_sweep() -> None:
    x, w = RNG.normal(size=1000), 0.7
    with in_python():
        exact = wb.grad(total_of_squares, wrt=1, deterministic=True, engine="numba")(x, w)
        free = wb.grad(total_of_squares, wrt=1, engine="numba")(x, w)
    assert exact == squares_by_hand(x, w) != free
    assert free == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("n", [0, 1, 7])
def test_products_are_not_regrouped(n: int) -> None:
    with in_python():
        derivative = wb.value_and_grad(powers, deterministic=True, engine="numba")
        for x in RNG.uniform(0.5, 1.5, size=20):
            assert derivative(float(x), n) == (powers(float(x), n), powers_by_hand(float(x), n))


def test_functions_are_those_of_the_c_library() -> None:
    x = RNG.normal(size=333)
    value, gradient = wb.value_and_grad(waves, deterministic=True, engine="numba")(x)
    assert value == waves(x)
    np.testing.assert_array_equal(gradient, waves_by_hand(x))


@wb.checkpoint
def checkpointed_squares(x, w):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i] * w
    return total


def multiplied_recursively(x, w, n):
    if n == 0:
        return w
    return multiplied_recursively(x, w, n - 1) * checkpointed_squares(x, w)


def multiplied_by_hand(x, w, n):
    factor, bar, w_bar = total_of_squares(x, w), 1.0, 0.0
    products = [w]
    for _ in range(n):
        products.append(products[-1] * factor)
    for k in range(n - 1, -1, -1):
        factor_bar, inner = bar * products[k], 0.0
        for i in range(len(x) - 1, -1, -1):
            inner += factor_bar * (x[i] * x[i])
        w_bar += inner
        bar = bar * factor
    return w_bar + bar


def test_what_a_recursive_function_calls_is_pulled_back_in_that_order_too() -> None:
    x, w = RNG.normal(size=200), 0.01
    with in_python():
        exact = wb.grad(multiplied_recursively, wrt=1, deterministic=True, engine="numba")(x, w, 2)
        free = wb.grad(multiplied_recursively, wrt=1, engine="numba")(x, w, 2)
    assert exact == multiplied_by_hand(x, w, 2) != free
    assert free == pytest.approx(exact, rel=1e-12)


def test_each_operator_takes_it() -> None:
    x = RNG.normal(size=4)
    expected = squares_by_hand(x, 0.7)
    with in_python():
        value, pullback = wb.vjp(total_of_squares, x, 0.7, engine="numba", deterministic=True)
        assert pullback(1.0)[1] == expected and value == total_of_squares(x, 0.7)
        value, tangent = wb.jvp(total_of_squares, (x, 0.7), (None, 1.0), engine="numba", deterministic=True)
        assert tangent == pytest.approx(expected, rel=1e-14)
        inner: Callable[..., Any] = wb.grad(total_of_squares, wrt=1, deterministic=True)
        assert wb.grad(lambda v: inner(x, v) * v, engine="numba")(0.7) == expected
    assert wb.grad(total_of_squares, wrt=1, deterministic=True, engine="tape")(x, 0.7) == pytest.approx(expected)
