"""Tiny cotangents are scaled by powers of two around nests of loops that are linear in them: every bit stays."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.passes import scaling
from workbench.passes.scaling import Scaling

RNG = np.random.default_rng(20261127)


def triangles(w, a, x):
    """Each item's weight multiplies squares of a triangular product, with one scratch array."""
    n, d = x.shape
    y = np.empty(d)
    total = 0.0
    for i in range(n):
        for j in range(d):
            y[j] = x[i, j]
        for column in range(d):
            for row in range(column, d):
                y[row] += a[row, column] * x[i, column]
        s = 0.0
        for j in range(d):
            s += y[j] * y[j]
        total += w[i] * s
    return total


def numbers(w, a, x):
    """A number is carried by the outer loop, another one by the inner loop."""
    n, d = x.shape
    total = 0.0
    for i in range(n):
        y = x[i, 0] if d > 0 else 0.0
        for j in range(d):
            s = 0.2
            for k in range(j + 1):
                s += a[j, k] * y
            y = y * 0.3 + np.sin(s) / (1.0 + x[i, j] * x[i, j])
        total += w[i] * y
    return total


def branches(w, a, x):
    """Conditions in the outer loops, a comparison, a while with an end of its own."""
    n, d = x.shape
    y = np.empty(d)
    total = 0.0
    for i in range(n):
        for j in range(d):
            y[j] = x[i, j]
            s = 0.0
            for k in range(j):
                s += a[j, k] * y[j]
            if x[i, j] > 0.1:
                y[j] = max(s, x[i, j]) * y[j] + a[j, j]
        k = 0
        s = 1.0
        while k < d and x[i, k] < 0.8:
            s += y[k] * y[k]
            k += 1
        total += w[i] * s
    return total


def several(w, a, x):
    """Scratch arrays of two axes and of one, that begins with a constant."""
    n, d = x.shape
    total = 0.0
    for i in range(n):
        y = np.ones(d)
        z = np.empty((d, d))
        weight = w[i]
        for j in range(d):
            for k in range(d):
                z[j, k] = a[j, k] * x[i, j]
                y[j] += z[j, k]
        s = 0.0
        for j in range(d):
            for k in range(d):
                s += z[k, j] * z[j, k]
            s += y[j] / (2.0 + x[i, j] * x[i, j])
        total += weight * s
    return total


def recurrence(w, a, x):
    """The cotangent is carried by the outer loop, and arrays are handed on between turns."""
    n, d = x.shape
    h = np.zeros(d)
    new = np.empty(d)
    for i in range(n):
        for j in range(d):
            s = x[i, j]
            for k in range(d):
                s += a[j, k] * h[k] * 0.3
            new[j] = s / (1.0 + s * s)
        for j in range(d):
            h[j] = new[j]
    total = 0.0
    for j in range(d):
        total += h[j] * (w[j] if j < n else 1.0)
    return total


PROGRAMS = (triangles, numbers, branches, several, recurrence)
SHAPES = ((0, 2), (2, 0), (1, 1), (3, 1), (2, 2), (4, 3))


def drawn(n: int, d: int, dtype: Any = np.float64) -> tuple[Any, ...]:
    arrays = RNG.uniform(0.5, 2.0, n), RNG.normal(size=(d, d)), RNG.normal(size=(n, d))
    return tuple(a.astype(dtype) for a in arrays)


def complex_step(f: Callable[..., Any], args: tuple[Any, ...]) -> list[Any]:
    """By central differences where the program compares what it sums up, which complex numbers cannot be."""
    found = []
    for position, arg in enumerate(args):
        slopes = np.empty(arg.shape)
        for where in np.ndindex(arg.shape):
            ends = []
            for h in (1e-6, -1e-6):
                moved = [v.copy() for v in args]
                moved[position][where] += h
                ends.append(f(*moved))
            slopes[where] = (ends[0] - ends[1]) / 2e-6
        found.append(slopes)
    return found


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_with_weights_of_any_size(f: Callable[..., Any]) -> None:
    gradient = wb.value_and_grad(f, (0, 1, 2), engine="numba")
    with in_python():
        for n, d in SHAPES:
            w, a, x = drawn(n, d)
            value, found = gradient(w, a, x)
            assert value == f(w, a, x)
            for leaf, expected in zip(found, complex_step(f, (w, a, x)), strict=True):
                np.testing.assert_allclose(leaf, expected, rtol=1e-6, atol=1e-7)
            for power in (-959, -961, -1000):  # what is linear in the weights is so to the last bit
                if f not in (several, recurrence):
                    _, tiny = gradient(w * 2.0 ** power, a, x)
                    for leaf, usual, factor in zip(tiny, found, (1.0, 2.0 ** power, 2.0 ** power), strict=True):
                        assert np.array_equal(leaf, usual * factor)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_what_is_scaled_is_what_was(f: Callable[..., Any]) -> None:
    """Weights of all sizes, of either sign, infinite ones and none: as without the pass."""
    ours = wb.value_and_grad(f, (0, 1, 2), engine="numba")
    without = wb.value_and_grad(f, (0, 1, 2), engine="numba")
    with in_python(), np.errstate(all="ignore"):
        with mock.patch.object(Scaling, "__call__", lambda self, function: function):
            without(*drawn(3, 3))
        scales = itertools.cycle((1.0, 1e-300, 0.0, -1e-295, 1e-312, 1e-160, np.inf, np.nan, 5e-324, -0.0))
        for n, d in (*SHAPES, (10, 2)):
            w, a, x = drawn(n, d)
            w *= [next(scales) for _ in range(n)]
            found, expected = ours(w, a, x), without(w, a, x)
            np.testing.assert_equal(found[0], expected[0])
            for leaf, same in zip(found[1], expected[1], strict=True):
                np.testing.assert_allclose(leaf, same, rtol=1e-13, atol=1e-320)


def single(w, a, x):
    """`triangles` in single precision, which is left alone."""
    n, d = x.shape
    y = np.empty(d, np.float32)
    total = np.float32(0.0)
    for i in range(n):
        for j in range(d):
            y[j] = x[i, j]
        for column in range(d):
            for row in range(column, d):
                y[row] += a[row, column] * x[i, column]
        s = np.float32(0.0)
        for j in range(d):
            s += y[j] * y[j]
        total += w[i] * s
    return total


def test_single_precision() -> None:
    gradient = wb.value_and_grad(single, (0, 1, 2), engine="numba")
    with in_python():
        for n, d in SHAPES:
            w, a, x = drawn(n, d, np.float32)
            value, found = gradient(w, a, x)
            assert value == single(w, a, x) and all(leaf.dtype == np.float32 for leaf in found)
            for power in (-95, -97, -110):
                factor = np.float32(2.0 ** power)
                _, tiny = gradient(w * factor, a, x)
                for leaf, usual, times in zip(tiny, found, (np.float32(1.0), factor, factor), strict=True):
                    assert np.all(np.abs(leaf - usual * times) <= np.float32(2.0 ** -145))
    assert "down = " not in gradient.source


def test_a_scale_that_is_not_undone_is_noticed() -> None:
    broken = {kind: (below, power * 2.0) for kind, (below, power) in scaling._SCALES.items()}
    wrong = wb.value_and_grad(triangles, 1, engine="numba")
    right = wb.value_and_grad(triangles, 1, engine="numba")
    w, a, x = drawn(3, 3)
    with in_python():
        with mock.patch.object(scaling._Scaler, "added", lambda self, value: self.over[value]):
            found = wrong(w * 2.0 ** -970, a, x)[1]
        with mock.patch.dict(scaling._SCALES, broken):  # another power does no harm
            expected = right(w * 2.0 ** -970, a, x)[1]
        assert np.array_equal(expected, right(w, a, x)[1] * 2.0 ** -970)
        assert np.any(found > 2.0 * np.abs(expected))


def test_where_numbers_are_scaled() -> None:
    with in_python():
        for f in PROGRAMS:
            derivative = wb.grad(f, (1, 2), engine="numba")
            derivative(*drawn(3, 3))
            assert ("down = " in derivative.source) == (f in (triangles, numbers, several)), f.__name__
        made = wb.grad(triangles, (1, 2), engine="numba")
        made(*drawn(3, 3))
        ordered = wb.grad(triangles, (1, 2), engine="numba", deterministic=True)
        ordered(*drawn(3, 3))
    inner = [text for text in made.source.split("\n") if text.startswith(" " * 16) and "down" in text]
    assert not inner, "the factor that stays the same is scaled, outside of the innermost loop"
    assert "down" not in ordered.source
