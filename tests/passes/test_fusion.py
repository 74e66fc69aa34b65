"""Cheap array values with two readers are computed twice, never stored; not where what they read has changed since."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import gradient
from tests.fuzz.emitted import in_python
from workbench.ir import within

RNG = np.random.default_rng(20261129)


def logsumexp(x):
    largest = np.max(x)
    return largest + np.log(np.sum(np.exp(x - largest)))


def shifted_twice(x):
    y = x - 1.5
    return np.sum(y) * np.sum(y * y)


def read_before_and_after_a_write(x):
    y = 2.0 * x
    first = np.sum(y)
    x[1:] = 0.5 * x[:-1]
    return first * np.sum(y * x)


def written_itself(x):
    y = x * 3.0
    first = np.sum(y)
    y[0] = x[-1]
    return first * np.sum(y * y)


def in_a_loop(x):
    y = x * 3.0
    total = 0.0
    for k in range(3):
        total += np.sum(np.sin(y * k))
        x[k] *= 0.5
    return total * np.sum(y)


def by_rows_and_columns(x):
    y = x.reshape(3, -1) - 0.5
    return np.sum(np.max(y, axis=0)) * np.sum(np.max(y, axis=1))


def read_backwards(x):
    y = x * 2.0
    return np.sum(y * y[::-1]) + np.sum(y[1:] * y[:-1]) + y[0]


def mask_used_twice(x):
    positive = x > 0.0
    x[0] = 0.1
    return np.sum(np.where(positive, x, 0.0)) * np.sum(np.where(positive, 1.0, x * x))


def three_readers(x):
    y = np.abs(x)
    return np.sum(y) + np.max(y) * np.sum(y * y) + np.min(y)


def broadcast_and_summed(x):
    y = x + 1.0
    return np.sum(y[:, None] * y[None, :]) + np.sum(y)


PROGRAMS = [logsumexp, shifted_twice, read_before_and_after_a_write, written_itself, in_a_loop, by_rows_and_columns,
            read_backwards, mask_used_twice, three_readers, broadcast_and_summed]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_values_effects_and_gradients(program: Callable[..., float]) -> None:
    with in_python():
        slopes = wb.value_and_grad(program, engine="numba")
        for size in (3, 6, 12):
            x = RNG.normal(size=size)
            plain, ours = x.copy(), x.copy()
            expected = program(plain)
            value, found = slopes(ours)
            assert np.isclose(value, expected, rtol=1e-14) and np.array_equal(plain, ours)
            wanted = gradient(program, (x.copy(),), (0,), "difference")[0,]
            assert np.allclose(found, wanted, rtol=1e-6, atol=1e-7)


def test_what_two_readers_compute_is_not_stored() -> None:
    with in_python():
        slopes = wb.grad(logsumexp, engine="numba")
        slopes(RNG.normal(size=5))
    assert slopes.source.count("np.empty(") == 2  # the exponentials, and the gradient


def test_a_chain_of_values_with_two_readers_each_is_evaluated_once() -> None:
    def chain(x):
        for _ in (1,) * 40:
            x = np.sin(x) * x + 0.5
        return np.sum(x)
    with within(60.0):
        report = wb.cost(chain, wb.spec("f64[n]"))
        gradient = wb.cost(wb.grad(chain), wb.spec("f64[n]"))
    assert report(n=1).ops["sin"] == 40 and gradient(n=1).flops < 5 * report(n=1).flops
