"""The bytes of what is kept, as formulas, against the arrays of the adjoint that hold it."""

from __future__ import annotations

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python


def decay(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x + 0.5
    return y * y


def layers(a, n):
    y = a
    for _ in range(n):
        y = np.tanh(y * a) + 1.0
    return np.sum(y)


def triangle(a, n):
    s = 0.0
    for i in range(n):
        for j in range(i):
            s = s * 0.5 + np.exp(a[j] * s)
    return s


def until(x):
    y = x
    while y < 10.0:
        y = y + np.exp(y * 0.1)
    return y


def backwards(a, n):
    s = 1.0
    for i in range(n - 1, 0, -2):
        s = s * a[i]
    return s


@pytest.mark.parametrize(("f", "args", "value", "formula", "number"), [
    (decay, (0.9, 5), "y", "8·n", 40),
    (layers, (np.ones(6), 4), "tanh(", "8·len(a)·n", 192),
    (triangle, (np.ones(6), 5), "s", "4·n² − 4·n", 80),
    (until, (1.5,), "exp(", "8·trips(line ", None),
    (backwards, (np.ones(9), 9), "s", "", 32),
], ids=lambda part: getattr(part, "__name__", ""))
def test_bytes_of_what_is_kept(f, args, value, formula, number) -> None:
    with in_python():
        gradient = wb.grad(f, mode="reverse")
        gradient(*args)
        (kept,) = [k for k in gradient.kept if k.value.startswith(value)]
    assert formula in kept.formula and kept.bytes == number


def test_one_turn_of_what_is_run_in_one_pass() -> None:
    def batch(a):
        total = 0.0
        for row in a:
            y = 1.0
            for v in row:
                y = y * v + 0.5
            total += y
        return total

    with in_python():
        gradient = wb.grad(batch)
        gradient(np.ones((7, 3)))
        (kept,) = [k for k in gradient.kept if k.value == "y"]
    assert kept.formula.startswith("8·a.shape[1] in a turn of line ") and kept.bytes == 24
