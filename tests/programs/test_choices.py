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


# ---------------------------------------------------------------------- their elements, one after the other
def taken(e, a):
    """A number from an array, and a write to what is read later."""
    a[2] = e * a[2] + 1.0
    return e


def length_known(x):
    a = x.reshape(4)
    return sum([taken(e, a) for e in a])


def exchanged(x):
    a, b = x, np.ones(4) * x[0]
    for _ in range(3):
        a, b = b, a
    return sum([taken(e, a) for e in a]) + a[2]


def chosen(x):
    a, b = x.reshape(4), np.ones(4) * x[0]
    c = a if x[2] < 0.04 else b
    return sum([taken(e, c) for e in c]) + sum([x[1] for e in c])


def zipped(x):
    a, b = x.reshape(4), np.ones(4) * x[0]
    c = a if x[2] < 0.04 else b
    total = 0.0
    for e, u in zip(c, [1.0, 2.0, 3.0, 4.0]):
        total += u * taken(e, c)
    return total + sum([u * taken(e, c) for u, e in enumerate(c)])


def iterator(x):
    b = np.ones(4) * x[0]
    c = x if x[2] < 0.04 else b
    items = iter(c)
    total = taken(next(items), c) + 2.0 * next(items)
    total += taken(next(items), c)
    return total * next(items)


def parts(x):
    b = np.ones(4) * x[0]
    c = x if x[2] < 0.04 else b
    p, q, r, s = c
    first, *others = c.reshape(4)
    c[0] = x[1] * 3.0
    return p * q * r * s + first * others[1] + sum(map(lambda e: e * e, [*c]))


def numbered(x):
    others = [x[0], x[1] * 2.0]
    total = 0.0
    for k, (e, u) in enumerate(zip(x, others)):
        total += (k + 1.0) * e * u
    return total + sum([k * e * u for (k, e), u in zip(enumerate(x), others)])


@pytest.mark.parametrize("third", [0.5, -0.5])
@pytest.mark.parametrize("f", (length_known, exchanged, chosen, zipped, iterator, parts, numbered),
                         ids=lambda f: f.__name__)
def test_elements_are_read_when_their_turn_comes(f: Callable[[Any], Any], third: float) -> None:
    x = np.array([0.3, -0.2, third, 0.1])
    expected, steps = f(x.copy()), np.eye(4) * 1e-6
    slopes = np.array([f(x + h) - f(x - h) for h in steps]) / 2e-6
    for engine in ("numba", "tape"):
        value, gradient = wb.value_and_grad(f, engine=engine)(x.copy())
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-8)
