"""NumPy on the tape: functions, methods, writes; against differences, on random arrays."""
from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.special

import workbench as wb
from tests.corpus.oracle import ridders


def products(x, y):
    chain = np.einsum("ij,jk,k->i", np.outer(x, y), np.outer(y, x), x).sum() + np.einsum("ii", np.outer(x, y))
    return chain + np.einsum("i,j->ji", x, y)[0, 1] + x.dot(y) + x.T @ y + np.dot(list(x), y) + x @ np.diag(y) @ x


def curves(x, y):
    inside = np.interp(x[0], [-5.0, 0, 5], y) + np.sum(np.interp(x, np.array([-9.0, 0, 9.0]), y))
    return inside + np.interp(9.0, [0.0, 1, 2], y) + np.trapezoid(y, x) + np.polyval(x, y[0]) + np.interp(
        0.3, [0.0, 1.0], [y[0], x[1]])


def convolutions(x, y):
    return np.convolve(x, y)[1] + np.convolve(x, y, "same").sum() + np.convolve(x, y[:2], "valid")[0] * np.median(x)


def logarithms(x, y):
    return scipy.special.logsumexp(x) + scipy.special.logsumexp(np.outer(x, y), axis=0).sum() + np.log(
        np.sum(np.exp(x - x.max()))) + np.add.reduce(x)


def of_python(x, y):
    ordered = sorted(x)
    items = list(x)
    items.append(y[0])
    items.extend(y)
    del items[0]
    made = np.array(items)
    weighted = (made * np.arange(len(made))).sum()
    return ordered[0] * ordered[-1] + min(y) * max(x) + sum(x) + weighted + np.cumsum(made)[-1]


def methods(x, y):
    return (float(np.sum(x * y)) + x.sum() * y.mean(axis=0) + x.max() + np.abs(x).sum() + (x**2).sum() + (2**y).sum()
            + (x / y).sum() + np.mean([math.sin(v) for v in x]) + np.std(list(y)) + np.max([x[0], y[0]]))


def axes(x, y):
    m = np.vstack([x, y]).reshape(3, 2)
    total = m.sum(axis=0, keepdims=True) * m.mean(axis=1)[:, None] * m.prod(axis=1, keepdims=True)
    return np.sum(total) + m.var(axis=0).sum() + np.ptp(m) + np.linalg.norm(m, axis=1).sum()


def written(x, y):
    out = np.empty_like(x)
    np.multiply(x, y, out=out)
    out += 1
    out[out > 1] = 0.5
    z = x.copy()
    z[[0, 1]] = y[[1, 2]]
    z[::-1][0] *= 3
    return np.sum(out) * out[0] + np.sum(z * x) + np.clip(z, -0.5, 0.5).sum()


def branches(x, y):
    if (np.any(x > 0) and x[0] < y[0]) or not x[1] > 0:
        return np.hypot(x, y).sum() + np.where(x > 0, np.sqrt(np.abs(x)), 0).sum()
    return np.arctan2(x, y).sum()


def moved(x, y):
    return (np.trace(np.outer(x, y)) + np.tril(np.outer(x, x)).sum() + np.roll(x, 1) @ y + np.flip(x) @ y
            + np.tile(x, 2).sum() + np.concatenate([x, y])[::2].prod() + np.stack((x, y), axis=1)[2, 1])


def stepped(x, y):
    constant = np.sign(x).sum() * x[0] + np.floor(y).sum() + int(y[2]) + round(x[2])
    return constant + np.maximum(x, 0).sum() + np.minimum(x, y).sum() + divmod(y[0], 0.3)[1] + y[1] % 0.7


FUNCTIONS = (products, curves, convolutions, logarithms, of_python, methods, axes, written, branches, moved, stepped)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("function", FUNCTIONS)
def test_numpy(function: Callable[..., float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=3), rng.normal(size=3) + 2.0
    value, (by_x, by_y) = wb.value_and_grad(function, (0, 1), engine="tape")(x.copy(), y.copy())
    assert value == pytest.approx(function(x.copy(), y.copy()), rel=1e-13)
    for _ in range(2):
        u, v = rng.normal(size=3), rng.normal(size=3)
        slope, off = ridders(lambda h, u=u, v=v: float(function(x + h * u, y + h * v)), 1e-4)
        assert by_x @ u + by_y @ v == pytest.approx(slope, rel=1e-6, abs=max(1e-8, 10 * off))


@pytest.mark.parametrize("size", (0, 1))
def test_small(size: int) -> None:
    x = np.full(size, 0.5)
    for function in (lambda a: np.sum(a * a) + np.prod(a), lambda a: (a @ a) + np.cumsum(a).sum(),
                     lambda a: np.sum(np.outer(a, a)) + np.concatenate([a, a]).sum()):
        gradient = wb.grad(function, engine="tape")(x.copy())
        assert gradient.shape == (size,)
        for k in range(size):
            moved_x = x.copy()
            moved_x[k] += 1e-6
            assert gradient[k] == pytest.approx((function(moved_x) - function(x)) / 1e-6, rel=1e-4)


def test_single_precision() -> None:
    x = np.array([0.5, 1.5], np.float32)
    value, gradient = wb.value_and_grad(lambda a: np.sum(np.sin(a) * a), engine="tape")(x)
    assert value.dtype == np.float32 and gradient.dtype == np.float32
    np.testing.assert_allclose(gradient, np.cos(x) * x + np.sin(x), rtol=1e-6)
