"""Arrays written through one view while read through another: NumPy reads everything first."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import interpret, interpreted_gradient

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


def turned_by_a_loop(a, n):
    for _ in range(n):
        a = a[::-1]
    a[1] = 0.5 * a[0]
    return np.sum(a * a * WEIGHTS)


def shown_again(a, n):
    for _ in range(n):
        b = a
        a, b = b[:], a
    a[0] *= a[1]
    return np.sum(a * a * WEIGHTS)


def exchanged_and_turned(a, n):
    b = a * 1.0
    for _ in range(n):
        a, b = b[::-1], a
    a[1] *= 0.5
    b[2] = a[0] * a[3]
    return np.sum(a * a * WEIGHTS) + np.sum(b * WEIGHTS)


def turned_if_positive(a, n):
    for k in range(n):
        if a[0] > k - 5.0:
            a = a[::-1]
    a[0] = a[1] * a[2]
    return np.sum(a * a * WEIGHTS)


@pytest.mark.parametrize("engine", ("interpreter", "tape"))
@pytest.mark.parametrize("function", [turned_by_a_loop, shown_again, exchanged_and_turned, turned_if_positive])
def test_views_that_a_loop_rebinds_are_written(function: Callable[[Any, int], Any], engine: str) -> None:
    x = np.random.default_rng().normal(size=4)
    for n in range(4):
        a, b = x.copy(), x.copy()
        if engine == "tape":
            value, slope = wb.value_and_grad(function, engine=engine)(a, n)
        else:
            value, slopes = interpreted_gradient(function, (x.copy(), n))
            slope = slopes[0,]
            assert interpret(function, (a, n)) == pytest.approx(value)
        assert value == pytest.approx(function(b, n)) and np.allclose(a, b)
        for k in range(4):
            up, down = x.copy(), x.copy()
            up[k] += 1e-6
            down[k] -= 1e-6
            assert slope[k] == pytest.approx((function(up, n) - function(down, n)) / 2e-6, rel=1e-4, abs=1e-5)


def writes_what_shows_too(a, b):
    a[0] = b[-1] * 3.0
    b[0] = 2.0
    return np.sum(a * a) + np.sum(b)


def test_a_view_of_a_written_argument_that_may_not_be_written_itself() -> None:
    def views(readonly: bool) -> tuple[np.ndarray, np.ndarray]:
        x = np.array([1.0, 2.0, 3.0])
        view = x[1:]
        view.flags.writeable = not readonly
        return x, view

    with in_python():
        gradient = wb.grad(writes_what_shows_too, engine="numba")
        for readonly in (False, True, False):
            if readonly:
                with pytest.raises(ValueError, match="read-only"):
                    gradient(*views(True))
            else:
                assert np.array_equal(gradient(*views(False)), [0.0, 0.0, 3.0 * 2.0 * 9.0 + 2.0 * 3.0 + 1.0])
