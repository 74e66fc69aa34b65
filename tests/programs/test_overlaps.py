"""Arrays written through one view while read through another: NumPy reads everything first."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb

WEIGHTS = np.arange(1.0, 5.0)


def reversed_plus(a):
    c = a[::-1]
    c += a
    return np.sum(a * a * WEIGHTS)


def reversed_times(a):
    c = a[::-1]
    c *= a
    return np.sum(a * WEIGHTS)


def assigned_sum(a):
    c = a[::-1]
    c[:] = c + a * c
    return np.sum(a * a * WEIGHTS)


def into_out(a):
    c = a[::-1]
    np.add(c, a, out=c)
    return np.sum(a * a * WEIGHTS)


def shifted(a):
    a[1:] = a[:-1] * a[1:] + a[1:]
    return np.sum(a * a * WEIGHTS)


def shifted_back(a):
    a[:-1] += a[1:] * a[:-1]
    return np.sum(a * a * WEIGHTS)


def transposed(a):
    b = a.reshape(2, 2)
    b += b.T * b
    return np.sum(a * a * WEIGHTS)


def rows_and_columns(a):
    b = a.reshape(2, 2)
    b += b[:, ::-1] * b
    b[0] += b[:, 1] * b[0]
    b -= b[0]
    b += b[:, :1] * b
    return np.sum(a * a * WEIGHTS)


def nested_reads(a):
    c = a[::-1]
    c += np.sin(c) * np.exp(a) + c * np.where(a > 0, a, c)
    return np.sum(a * a * WEIGHTS)


def one_element(a):
    a += a[0]
    a *= a[-1]
    a[:] = a[1] * a
    return np.sum(a * a * WEIGHTS)


@pytest.mark.parametrize("engine", ("numba", "tape"))
@pytest.mark.parametrize("function", [reversed_plus, reversed_times, assigned_sum, into_out, shifted, shifted_back,
                                      transposed, rows_and_columns, nested_reads, one_element])
def test_everything_is_read_before_it_is_written(function: Callable[[Any], Any], engine: str) -> None:
    x = np.random.default_rng().normal(size=4)
    a, b = x.copy(), x.copy()
    value, slope = wb.value_and_grad(function, engine=engine)(a)
    assert value == pytest.approx(function(b)) and np.allclose(a, b)
    for k in range(4):
        up, down = x.copy(), x.copy()
        up[k] += 1e-6
        down[k] -= 1e-6
        assert slope[k] == pytest.approx((function(up) - function(down)) / 2e-6, rel=1e-4, abs=1e-5)
