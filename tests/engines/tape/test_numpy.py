"""NumPy on the tape: functions, methods, writes; against differences, on random arrays."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg
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


# ---------------------------------------------------------------------- the compiler's NumPy, call by call, twice
CALLS: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {
    "solve": lambda a, v: np.sum(np.linalg.solve(a, v)),
    "inv": lambda a, v: np.sum(np.linalg.inv(a) * a),
    "det": lambda a, v: np.linalg.det(a),
    "slogdet": lambda a, v: np.linalg.slogdet(a)[1],
    "slogdet2": lambda a, v: np.linalg.slogdet(a).logabsdet,
    "chol": lambda a, v: np.sum(np.linalg.cholesky(a @ a.T) @ v),
    "qr": lambda a, v: np.sum(np.linalg.qr(a)[1] ** 3),
    "svd": lambda a, v: np.sum(np.linalg.svd(a, compute_uv=False) ** 3),
    "svd2": lambda a, v: np.sum(np.linalg.svd(a)[1] * v),
    "eigh": lambda a, v: np.sum(np.linalg.eigh(a + a.T)[0] * v),
    "eigvalsh": lambda a, v: np.sum(np.linalg.eigvalsh(a + a.T) * v),
    "pinv": lambda a, v: np.sum(np.linalg.pinv(a) ** 2),
    "norm1": lambda a, v: np.linalg.norm(a, 1) + np.linalg.norm(v, 3) + np.linalg.norm(a, 'nuc')
        + np.linalg.norm(v, np.inf),
    "matrix_power": lambda a, v: np.sum(np.linalg.matrix_power(a, 3)),
    "lstsq": lambda a, v: np.sum(np.linalg.lstsq(a, v)[0]),
    "multi_dot": lambda a, v: np.sum(np.linalg.multi_dot([a, a, v])),
    "cond": lambda a, v: np.linalg.cond(a),
    "tensordot": lambda a, v: np.sum(np.tensordot(a, v, 1) ** 2),
    "kron": lambda a, v: np.sum(np.kron(a, v) ** 2),
    "einsum": lambda a, v: np.einsum('ij,jk,k->i', a, a, v).sum(),
    "einsum2": lambda a, v: np.einsum('...j,j->...', a, v).sum() + np.einsum('ii->i', a) @ v,
    "fft": lambda a, v: np.sum(np.abs(np.fft.fft(v)) ** 3),
    "rfft": lambda a, v: np.sum(np.abs(np.fft.rfft(a, axis=0)) ** 3),
    "ifft2": lambda a, v: np.sum(np.abs(np.fft.fft2(a)) ** 3),
    "irfft": lambda a, v: np.sum(np.fft.irfft(np.fft.rfft(v) * v[:2], 3) ** 2),
    "median": lambda a, v: np.median(a, axis=0) @ v,
    "percentile": lambda a, v: np.percentile(a, 30),
    "quantile": lambda a, v: np.quantile(a, [0.2, 0.7], axis=1).sum(),
    "interp": lambda a, v: np.interp(v, [-3, 0, 3.0], a[0]).sum(),
    "trapz": lambda a, v: np.trapezoid(a, v, axis=1).sum(),
    "polyval": lambda a, v: np.polyval(v, a).sum(),
    "convolve": lambda a, v: np.convolve(a[0], v).sum(),
    "correlate": lambda a, v: np.correlate(a[0], v, 'full') @ np.arange(5.0),
    "cov": lambda a, v: np.sum(np.cov(a) ** 2),
    "corrcoef": lambda a, v: np.sum(np.corrcoef(a) ** 3),
    "gradient": lambda a, v: np.sum(np.gradient(a[0]) ** 2),
    "cumprod": lambda a, v: np.cumprod(v).sum(),
    "cumsum": lambda a, v: np.cumsum(a, axis=1)[1] @ v,
    "logsumexp": lambda a, v: scipy.special.logsumexp(a, axis=1) @ v,
    "softmax": lambda a, v: scipy.special.softmax(a, axis=0)[0] @ v,
    "cross": lambda a, v: np.cross(a[0], v) @ a[1],
    "average": lambda a, v: np.average(a, axis=0, weights=v ** 2) @ v,
    "nansum": lambda a, v: np.nansum(a) + np.nanmean(v) + np.nanmax(a),
    "vander": lambda a, v: np.vander(v).sum(),
    "ediff1d": lambda a, v: np.ediff1d(v) @ v[1:],
    "unwrap": lambda a, v: np.unwrap(v * 5).sum(),
    "sinc": lambda a, v: np.sinc(v).sum(),
    "i0": lambda a, v: np.i0(v).sum(),
    "heaviside": lambda a, v: (np.heaviside(v, 0.5) * v).sum(),
    "piecewise": lambda a, v: np.piecewise(v, [v < 0, v >= 0], [lambda x: -x ** 2, lambda x: x ** 3]).sum(),
    "pad": lambda a, v: np.pad(v, 2, 'linear_ramp').sum() + np.pad(a, 1)[1] @ np.arange(5.0)
        + np.pad(v, 1, constant_values=3.0).sum(),
    "apply": lambda a, v: np.apply_along_axis(lambda r: np.sum(r ** 2), 0, a) @ v,
    "select": lambda a, v: np.select([v > 0, v <= 0], [v ** 2, v]).sum(),
    "insert": lambda a, v: np.insert(v, 1, a[0, 0]) @ np.arange(4.0),
    "digitize": lambda a, v: np.digitize(v, [0.0]) @ v,
    "block": lambda a, v: np.block([[a, v[:, None]], [v[None], np.ones((1, 1))]]).sum(),
    "nan_to_num": lambda a, v: np.nan_to_num(v).sum(),
    "linspace": lambda a, v: np.linspace(v[0], v[1], 5).prod(),
    "logspace": lambda a, v: np.logspace(v[0], v[1], 3).sum(),
    "geomspace": lambda a, v: np.geomspace(v[0] ** 2, v[1] ** 2 + 1, 4).sum(),
    "ptp": lambda a, v: np.ptp(a),
    "std": lambda a, v: a.std(axis=0, ddof=1) @ v,
    "cbrt": lambda a, v: np.cbrt(v).sum() + np.logaddexp(v, a).sum() + np.log1p(v ** 2).sum(),
    "minimum_accumulate": lambda a, v: np.maximum.accumulate(v).sum(),
    "argpart": lambda a, v: np.partition(v, 1)[1],
    "lexsort": lambda a, v: v[np.lexsort((v,))][0],
    "polyfit": lambda a, v: np.sum(np.polyfit(np.arange(3.0), v, 1) ** 2) * a[0, 0],
    "put": lambda a, v: np.put_along_axis(a, np.array([[0], [1], [2]]), v[:, None], 1) or a.sum() ** 2,
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_twice(name: str) -> None:
    f = CALLS[name]
    rng = np.random.default_rng(11)
    a, v = rng.normal(size=(3, 3)) + 3.0 * np.eye(3), rng.normal(size=3)
    b, u = rng.normal(size=(3, 3)), rng.normal(size=3)
    first = wb.grad(f, (0, 1), engine="tape")

    def along(a: np.ndarray, v: np.ndarray) -> Any:
        by_a, by_v = first(a, v)
        return np.sum(by_a * b) + by_v @ u
    assert wb.vjp(f, a.copy(), v.copy(), engine="tape")[0] == pytest.approx(f(a.copy(), v.copy()), rel=1e-13)
    for g, tolerance in ((f, 1e-6), (along, 1e-4)):
        by_a, by_v = wb.grad(g, (0, 1), engine="tape")(a.copy(), v.copy())
        slope, off = ridders(lambda h, g=g: float(g(a + h * b, v + h * u)), 1e-4)
        assert np.sum(by_a * b) + by_v @ u == pytest.approx(slope, rel=tolerance, abs=max(1e-8, 10 * off))


@pytest.mark.parametrize("function", (
    lambda a: np.histogram(a)[1][0], lambda a: a.tobytes()[0] * a[0],
    lambda a: a.resize(2) or a[0], lambda a: a.view(np.int64)[0] * a[0],
    lambda a: a.dump("x") or a[0], lambda a: np.add(a, a, where=[True, False, True])[0]))
def test_calls_refused(function: Callable[[np.ndarray], Any]) -> None:
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(function, engine="tape")(np.array([0.5, 1.5, 2.5]))
    assert caught.value.filename == __file__


def test_copyto_refuses_the_casts_that_numpy_refuses() -> None:
    def narrowed(x, kind, casting):  # type: ignore[no-untyped-def]
        made = np.zeros(2, kind)
        np.copyto(made, np.array([x, 2.0]), casting=casting)
        return float(made[0] * made[0])

    def real_of(x):  # type: ignore[no-untyped-def]
        made = np.zeros(2)
        np.copyto(made, np.array([x + 1j * x * x, 2.0]))
        return made[0]
    assert wb.grad(narrowed, engine="tape")(1.5, np.float32, "same_kind") == 3.0
    for call, arguments in ((narrowed, (1.5, np.float32, "safe")), (real_of, (1.5,))):
        for function in (call, wb.grad(call, engine="tape")):
            with pytest.raises(TypeError, match="Cannot cast array data"):
                function(*arguments)
