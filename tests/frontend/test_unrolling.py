"""What is refused for every size is compiled for small ones: loops unrolled, sizes and integers as they are."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees
from workbench.frontend import unrolling


def parsed(x, y):
    text, position = "x*(y+2)-x/(1+y*y)", 0

    def peek():
        return text[position] if position < len(text) else ""

    def eat():
        nonlocal position
        position += 1
        return text[position - 1]

    def sum_of():
        value = product()
        while peek() in ("+", "-"):
            value = value + product() if eat() == "+" else value - product()
        return value

    def product():
        value = atom()
        while peek() and peek() in "*/":
            value = value * atom() if eat() == "*" else value / atom()
        return value

    def atom():
        if (c := eat()) == "(":
            value = sum_of()
            eat()
            return value
        return float(c) if c.isdigit() else {"x": x, "y": y}[c]
    return sum_of()


def transformed(a):
    def fourier(x):
        n = len(x)
        if n == 1:
            return [x[0] + 0j]
        even, odd, out = fourier(x[0::2]), fourier(x[1::2]), [0j] * n
        for k in range(n // 2):
            w = complex(math.cos(2 * math.pi * k / n), -math.sin(2 * math.pi * k / n)) * odd[k]
            out[k], out[k + n // 2] = even[k] + w, even[k] - w
        return out
    return sum(abs(z) ** 2 * (k + 1) for k, z in enumerate(fourier(list(a))))


def left_early(a, limit):
    k = total = 0
    while k < len(a):
        weight = {"p": 1.0, "q": 0.5}["pqqp"[k]]
        k += 1
        if a[k - 1] < 0:
            continue
        total += weight * a[k - 1]
        if total > limit:
            break
    else:
        total *= 2.0
    return total + k


def written_while_iterated(a):
    seen, names = 0.0, {}
    for k, v in enumerate(a):
        names[k] = v
        a[len(a) - 1 - k] = v * 2.0
    for v in reversed(a):
        a[0] = a[0] + v
        seen += v * len(names)
    return seen


def by_power(c, n):
    class_of = [c, 1.0]
    for _ in range(n):
        class_of = [u * c for u in class_of] + [1.0]
    return sum(class_of)


def test_positions_and_lengths_that_become_known() -> None:
    agrees(parsed, 0.7, 0.3)
    agrees(transformed, np.linspace(0.2, 1.5, 8))
    agrees(by_power, 0.7, 3)


@pytest.mark.parametrize("limit", [0.5, 2.0, 100.0])
def test_a_while_left_at_a_run_time_condition(limit: float) -> None:
    for numbers in ([0.7, 1.1, -0.4, 2.0], [0.3], [-1.0, 1.0], []):
        agrees(left_early, np.array(numbers), limit)


def test_items_are_read_when_their_turn_comes() -> None:
    agrees(written_while_iterated, np.array([0.7, 1.1, -0.4, 2.0]))


def test_other_sizes_are_specialised_for_themselves() -> None:
    derivative = wb.value_and_grad(transformed, engine="numba")
    for size in (2, 4, 2):
        a = np.linspace(0.2, 1.5, size)
        value, slope = derivative(a)
        assert value == pytest.approx(transformed(a), rel=1e-12)
        np.testing.assert_allclose(slope, _by_differences(transformed, a), rtol=1e-6)


def _by_differences(function: Any, a: np.ndarray) -> np.ndarray:
    step = 1e-6
    return np.array([(function(a + step * e) - function(a - step * e)) / (2 * step) for e in np.eye(len(a))])


def test_what_would_become_long_is_refused_for_the_first_reason() -> None:
    with pytest.raises(wb.DifferentiationError, match="names another"):
        wb.grad(by_power, engine="numba")(0.7, unrolling.MAX_SIZE + 1)
