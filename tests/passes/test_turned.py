"""Transposed factors of matrix products are read by columns where they are: no copy of them is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(20261129)


def layers(a, b, c):
    return np.sum((np.tanh(a @ b) @ c) ** 2)


def grams(a, b, c):
    return np.sum(a.T @ a) + np.sum((b @ c).T @ (b @ c) * 0.5) + np.sum((a @ b)[:, ::-1].T @ (a @ b))


def overwritten(a, b, c):
    """What is transposed is written before the product is made."""
    y = a.copy()
    turned = y.T
    first = np.sum(turned @ a)
    held = y.T.copy()
    y[:] = 0.5 * a
    return first + np.sum(held @ y @ b @ c)


def in_loops(a, b, c):
    total = 0.0
    for k in range(len(b) + 1):
        y = a * (1.0 + k)
        total += np.sum((y.T @ np.sin(y)) @ b) * np.sum(c)
    return total


def vectors(a, b, c):
    return np.sum(a.T @ a[:, 0]) * np.sum(b[0] @ b.T) if a.shape[1] > 0 and b.shape[0] > 0 else 0.0 * np.sum(a)


def stacks(a, b, c):
    """Stacks of matrices, of which one may be the same for all."""
    x = np.sin(a[None, :, :] * np.arange(1.0, 4.0)[:, None, None])
    y = b[None, :, :] * np.arange(2.0, 5.0)[:, None, None]
    z = np.swapaxes(x, 1, 2) @ x @ y
    return np.sum(z * z) + np.sum(np.einsum("kab,kcb->kac", y, y) * 0.3) + np.sum(x @ (b @ c)[None, :, :])


PROGRAMS = (layers, grams, overwritten, in_loops, vectors, stacks)
SHAPES = ((2, 3, 4, 2), (1, 1, 1, 1), (3, 1, 2, 1), (0, 2, 3, 1), (2, 0, 2, 2), (2, 3, 0, 1), (9, 11, 8, 10))


def drawn(m: int, n: int, p: int, q: int, dtype: Any = np.float64) -> tuple[Any, ...]:
    return tuple(RNG.normal(size=s).astype(dtype) for s in ((m, n), (n, p), (p, q)))


def slope(f: Callable[..., Any], args: tuple[Any, ...], directions: tuple[Any, ...]) -> float:
    moved = [a + 1e-30j * v for a, v in zip(args, directions, strict=False)]
    return np.imag(f(*moved, *args[len(moved):])) / 1e-30


def check(gradient: Callable[..., Any], f: Callable[..., Any], dtype: Any) -> None:
    for shape in SHAPES:
        args = drawn(*shape, dtype)
        value, found = gradient(*args)
        doubles = tuple(a.astype(np.float64) for a in args)
        assert value == pytest.approx(f(*doubles), rel=1e-11 if dtype is np.float64 else 1e-4)
        for _ in range(2):
            directions = drawn(*shape)[:len(found)]
            expected = slope(f, doubles, directions)
            size = sum(np.sum(np.abs(g * v)) for g, v in zip(found, directions, strict=True))
            assert abs(sum(np.sum(g * v) for g, v in zip(found, directions, strict=True)) - expected) <= (
                1e-11 if dtype is np.float64 else 1e-4) * (1.0 + size)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_against_complex_step(f: Callable[..., Any]) -> None:
    with in_python():
        check(wb.value_and_grad(f, (0, 1, 2), engine="numba"), f, np.float64)


def test_single_precision() -> None:
    with in_python():
        check(wb.value_and_grad(stacks, (0, 1, 2), engine="numba"), stacks, np.float32)


def test_compiled() -> None:
    def f(a, b, c):
        return np.sum((a[None, :, :] @ (b @ c)[None, :, :] * np.arange(1.0, 3.0)[:, None, None]) ** 2)
    check(wb.value_and_grad(f, (0, 1), engine="numba"), f, np.float64)


def test_complex_factors() -> None:
    def f(a):
        return np.sum(np.abs(a.T @ a) ** 2)
    with in_python():
        gradient = wb.grad(f, engine="numba")
        a = RNG.normal(size=(3, 2)) + 1j * RNG.normal(size=(3, 2))
        found = gradient(a)
        for where in np.ndindex(a.shape):
            for unit in (1.0, 1j):
                step = np.zeros_like(a)
                step[where] = 1e-6 * unit
                expected = (f(a + step) - f(a - step)) / 2e-6
                assert np.real(np.conj(unit) * found[where]) == pytest.approx(expected, rel=1e-6)


def test_no_copies_in_the_source() -> None:
    with in_python():
        made = wb.grad(layers, (0, 1, 2), engine="numba")
        made(*drawn(2, 3, 4, 2))
        batch = wb.grad(stacks, (0, 1), engine="numba")
        batch(*drawn(2, 3, 4, 2))
        loops = wb.grad(in_loops, (0,), engine="numba")
        loops(*drawn(2, 3, 4, 2))
    assert made.source.count(".T") == 4, made.source
    assert "product_with_turned_left(" in batch.source and "product_with_turned_right(" in batch.source
    assert ".T," not in "".join(line for line in loops.source.split("\n") if not line.lstrip().startswith("#"))
