"""Names that stand for one of several arrays: what a call or an attribute gives of them shows the array it is of."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb


def flat_of_one(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = v.flat
    return w[1] * 2.0 + v.flat[0]


def flat_written_afterwards(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = v.flat[1:]
    a += 0.5
    return np.sum(w * w)


def flat_of_an_array(a):
    w, u = a.flat[1:], a.flat
    a += 0.5
    u[0] = 3.0
    return np.sum(w * w) + a[0] * u[1]


def real_part(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = np.real(v)
    a += 0.5
    return np.sum(w * np.arange(4.0))


def real_attribute(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = v.real
    a *= 2.0
    return np.sum(w * np.arange(4.0))


def diagonal_sum(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = np.einsum("i->i", v)
    a += 0.5
    return np.sum(w * np.arange(4.0))


def spread(a):
    v = a if a[2] < 0.04 else a[::-1]
    w, _ = np.broadcast_arrays(v, v)
    a += 0.5
    return np.sum(w * np.arange(4.0))


def conjugate(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = v.conj()
    a += 0.5
    return np.sum(w * np.arange(4.0))


def untouched(a):
    v = a if a[2] < 0.04 else a[::-1]
    w = np.real(v) + v.copy()
    for i in range(4):
        a[i] *= 2.0
    return np.sum(w * np.arange(4.0))


PROGRAMS = (flat_of_one, flat_written_afterwards, flat_of_an_array, real_part, real_attribute, diagonal_sum, spread,
            conjugate, untouched)
COMPILED = (flat_of_one, flat_of_an_array, real_attribute, untouched)


@pytest.mark.parametrize("third", [0.5, -0.5])
@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_value_and_gradient(f: Callable[[Any], Any], third: float) -> None:
    x = np.array([0.3, -0.2, third, 0.1])
    expected, steps = f(x.copy()), np.eye(4) * 1e-6
    slopes = np.array([f(x + h) - f(x - h) for h in steps]) / 2e-6
    for engine in ("numba", "tape"):
        try:
            value, gradient = wb.value_and_grad(f, engine=engine)(x.copy())
        except wb.DifferentiationError:
            assert engine == "numba" and f not in COMPILED
            continue
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-8)
