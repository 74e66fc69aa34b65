"""`wb.vmap` against a Python loop over the items; its derivatives against those of the items and differences."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.benchmarks.workloads.taylor import taylor_sine

SIZES = (1, 7, 64)
ENGINES = ("numba", "tape")


def until(x):  # type: ignore[no-untyped-def]
    turns = 0
    while abs(x) > 0.1:
        x = x * 0.5 if turns % 2 else np.sin(x) * 0.7
        turns += 1
    return x, turns


def scratch(x, w, s):  # type: ignore[no-untyped-def]
    y = np.zeros(3)
    for i in range(3):
        y[i] = x[i] * w[i]
        if y[i] > 0:
            y[i] *= s
    return y, {"a": y.sum(), "b": [s * 2, x[0]]}


def looped(f: Callable[..., Any], *columns: Any) -> list[Any]:
    return [f(*items) for items in zip(*columns, strict=True)]


def slope(f: Callable[[float], Any]) -> Any:
    """Richardson's extrapolation of central differences."""
    coarse, fine = ((f(h) - f(-h)) / (2 * h) for h in (2e-4, 1e-4))
    return (4 * fine - coarse) / 3


def test_values_are_those_of_a_loop() -> None:
    """Counted and data-dependent loops, branches, scratch arrays, structures; compiled once for all sizes but 1."""
    rng = np.random.default_rng()
    mapped = [wb.vmap(scratch, (0, None, None), engine=e) for e in ENGINES]
    ending = [wb.vmap(until, engine=e) for e in ENGINES]
    for n in SIZES:
        x, w, t = rng.normal(size=(n, 3)), rng.normal(size=3), 3 * rng.normal(size=n)
        want = looped(lambda row, w=w: scratch(row, w, 2.0), x)
        for f, g in zip(mapped, ending, strict=True):
            y, made = f(x, w, 2.0)
            assert np.array_equal(y, [r[0] for r in want]) and set(made) == {"a", "b"}
            assert np.array_equal(made["a"], [r[1]["a"] for r in want]) and isinstance(made["b"], list)
            assert np.array_equal(made["b"][0], [4.0] * n) and np.array_equal(made["b"][1], x[:, 0])
            ends, turns = g(t)
            assert turns.dtype == np.int64 and np.array_equal(turns, [until(v)[1] for v in t])
            assert np.allclose(ends, [until(v)[0] for v in t], rtol=1e-14, atol=0)


def test_axes() -> None:
    rng = np.random.default_rng()
    x, w, s = rng.normal(size=(3, 5)), rng.normal(size=(5, 3)), rng.normal(size=(2, 5))

    def f(x, p):  # type: ignore[no-untyped-def]
        return np.outer(x, p["w"]), (x.sum() * p["s"][0][0], p["s"][1])
    want = [f(x[:, k], {"w": w[k], "s": [s[:, k], "text"]}) for k in range(5)]
    for engine in ENGINES:
        g = wb.vmap(f, (1, {"w": 0, "s": [-1, None]}), (2, (0, None)), engine=engine)
        with pytest.raises(TypeError, match="returns numbers and arrays"):
            g(x, {"w": w, "s": [s, "text"]})
        g = wb.vmap(lambda x, p: f(x, p)[0], in_axes=[-1, {"w": 0, "s": -1}], out_axes=-1, engine=engine)
        y = g(x, {"w": w, "s": [s, "text"]})
        assert y.shape == (3, 3, 5) and np.array_equal(np.moveaxis(y, -1, 0), [r[0] for r in want])
        same = wb.vmap(lambda v, c: (v * c, c + 1.0, None), (0, None), (0, None, 0), engine=engine)(w[0], 2.0)
        assert np.array_equal(same[0], 2 * w[0]) and same[1] == 3.0 and same[2] is None
        with pytest.raises(ValueError, match="differs from item to item"):
            wb.vmap(lambda v: v, out_axes=None, engine=engine)(w[0])
        outer = wb.vmap(wb.vmap(lambda a, b: a * b, (None, 0)), (0, None), engine=engine)(w[0], s[0])
        assert np.array_equal(outer, np.outer(w[0], s[0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.complex64, np.complex128, np.bool_])
def test_dtypes(dtype: Any) -> None:
    x = (10 * np.random.default_rng().normal(size=7)).astype(dtype)
    for engine in ENGINES:
        y, z = wb.vmap(lambda v: (v, v + v if v else v), engine=engine)(x)
        assert y.dtype == z.dtype == dtype and np.array_equal(y, x) and np.array_equal(z, x + x)


def test_parameters() -> None:
    """Keywords are mapped, defaults are not; the mapped function has the function's name and documentation."""
    @wb.vmap
    def f(x, k=3, *, y=1.0):  # type: ignore[no-untyped-def]
        """Documented."""
        return x * k + y
    x = np.arange(4.0)
    assert f.__name__ == "f" and f.__doc__ == "Documented."
    assert np.array_equal(f(x), 3 * x + 1.0)
    assert np.array_equal(f(x, y=x), 4 * x) and np.array_equal(f(x, np.arange(4)), x * np.arange(4) + 1.0)

    class Model:
        scale = 2.0

        @wb.vmap
        def call(self, x):  # type: ignore[no-untyped-def]
            return x * self.scale
    assert np.array_equal(Model().call(x), 2 * x)


def test_what_is_written() -> None:
    """Items are views; what is not mapped cannot be written."""
    def write(x):  # type: ignore[no-untyped-def]
        x[0] = 9.0
        return x.sum()

    def share(x, w):  # type: ignore[no-untyped-def]
        w[0] += x
        return w[0]

    def store(x, held):  # type: ignore[no-untyped-def]
        held["n"] = x
        return x
    for engine in ENGINES:
        x, w = np.ones((3, 2)), np.ones(2)
        assert list(wb.vmap(write, engine=engine)(x)) == [10.0] * 3 and np.array_equal(x, [[9.0, 1.0]] * 3)
        with pytest.raises((wb.DifferentiationError, ValueError), match="not mapped|read-only") as caught:
            wb.vmap(share, (0, None), engine=engine)(x[:, 0], w)
        if engine == "numba":
            assert caught.value.lineno == share.__code__.co_firstlineno + 1  # type: ignore[union-attr]
        held = {"n": 1.0}
        with pytest.raises(wb.DifferentiationError, match="not mapped"):
            wb.vmap(store, (0, None), engine=engine)(x[:, 0], held)
        assert list(w) == [1.0, 1.0] and held == {"n": 1.0}

    def both(x, w):  # type: ignore[no-untyped-def]
        y = wb.vmap(lambda v, w: v * w[0], (0, None))(x, w)
        w[0] = 2.0  # it was locked in the loop alone
        return y.sum() * w[0]
    assert list(wb.grad(both, engine="numba")(np.ones(3), np.ones(2))) == [2.0] * 3


def test_errors() -> None:
    """The same on all engines, with the user's line."""
    x = np.ones(5)

    def ragged(v):  # type: ignore[no-untyped-def]
        return np.zeros(int(v * 3))

    def beyond(v, w):  # type: ignore[no-untyped-def]
        return w[int(v) + 7]
    cases: list[tuple[Any, Any, tuple[Any, ...], type[Exception], str]] = [
        (lambda a, b: a, 0, (x, x[:3]), ValueError, "different sizes"),
        (lambda a: a, 0, (x[:0],), ValueError, "empty"),
        (lambda a: a, 2, (np.ones((2, 2)),), ValueError, "axis 2 is out of bounds for argument 0"),
        (lambda a, b: a, 0, (x, 2.0), ValueError, "argument 1 is a number"),
        (lambda a: a, None, (x,), ValueError, "no argument is mapped"),
        (lambda a: a, (0, 0), (x,), ValueError, "2 entries"),
        (lambda a: a, ({"p": 0},), ({"q": x},), ValueError, "layout of argument 0"),
        (lambda a: a, (0.0,), (x,), TypeError, "an axis is an int"),
        (lambda a: "text", 0, (x,), TypeError, "returns numbers and arrays"),
        (beyond, (0, None), (x, x), IndexError, "out of bounds")]
    for engine in ENGINES:
        for f, axes, args, kind, match in cases:
            with pytest.raises(kind, match=match) as caught:
                wb.vmap(f, axes, engine=engine)(*args)
            lines, entry = [], caught.value.__traceback__
            while entry is not None:
                lines += [entry.tb_lineno] if entry.tb_frame.f_code.co_filename == __file__ else []
                entry = entry.tb_next
            assert engine == "tape" or f.__code__.co_firstlineno - 1 <= lines[-1] <= f.__code__.co_firstlineno + 1
    with pytest.raises(wb.DifferentiationError, match="shape of the result") as refused:
        wb.vmap(ragged, engine="numba")(np.array([1.0, 2.0]))
    assert refused.value.lineno == ragged.__code__.co_firstlineno
    with pytest.raises(ValueError, match="same shape"):
        wb.vmap(ragged, engine="tape")(np.array([1.0, 2.0]))
    with pytest.raises(TypeError, match="a function is needed"):
        wb.vmap(3)  # type: ignore[arg-type]


def test_one_warning_where_python_runs_the_loop() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        return float(f"{x:.3f}")
    mapped, x = wb.vmap(f), np.array([0.12345, 2.0])
    with pytest.warns(UserWarning, match="f runs on the tape") as caught:
        assert list(mapped(x)) == list(mapped(x)) == [0.123, 2.0]
    assert len(caught) == 1
    with pytest.raises(wb.DifferentiationError):
        wb.vmap(f, engine="numba")(x)


def test_random_draws_are_those_of_a_loop() -> None:
    def f(x, rng):  # type: ignore[no-untyped-def]
        return x * rng.normal() + rng.uniform()
    x = np.ones(5)
    for engine in ENGINES:
        mine, theirs = np.random.default_rng(5), np.random.default_rng(5)
        assert np.array_equal(wb.vmap(f, (0, None), engine=engine)(x, mine), [f(v, theirs) for v in x])
        assert mine.normal() == theirs.normal()


def test_derivatives_of_items() -> None:
    """Of derivatives mapped, each is the item's."""
    rng = np.random.default_rng()
    x = rng.uniform(-3, 3, size=7)
    gradients = wb.vmap(wb.grad(taylor_sine), (0, None))(x, 20)
    assert np.allclose(gradients, np.cos(x), rtol=1e-12)
    single = wb.grad(taylor_sine)
    assert np.allclose(gradients, [single(float(v), 20) for v in x], rtol=1e-14)
    assert np.allclose(wb.vmap(wb.grad(wb.grad(taylor_sine)), (0, None))(x, 20), -np.sin(x), rtol=1e-9, atol=1e-12)
    while any(until(v - 1e-2)[1] != until(v + 1e-2)[1] for v in x):  # no slope where turns change
        x = rng.uniform(-3, 3, size=7)
    values, slopes = wb.vmap(wb.value_and_grad(lambda v: until(v)[0]))(x)
    assert np.allclose(values, [until(v)[0] for v in x])
    assert np.allclose(slopes, [slope(lambda h, v=v: until(v + h)[0]) for v in x], rtol=1e-7, atol=1e-9)
    rows = rng.normal(size=(4, 3))
    per_example = wb.vmap(wb.grad(lambda w, row: np.tanh(row @ w) ** 2), (None, 0))(x[:3], rows)
    by_hand = [2 * np.tanh(r @ x[:3]) / np.cosh(r @ x[:3]) ** 2 * r for r in rows]
    assert np.allclose(per_example, by_hand, rtol=1e-10)


@dataclasses.dataclass
class Pair:
    w: np.ndarray
    b: float


def loss(p, x, s):  # type: ignore[no-untyped-def]
    """A closure, an argument that is the same for all items, rows and scratch."""
    def item(row, q, t):  # type: ignore[no-untyped-def]
        h = np.zeros(2)
        for i in range(2):
            h[i] = np.tanh(row[i] * q.w[i] + q.b) * s
        return h, h[0] * t if t > 0 else np.sin(t)
    h, v = wb.vmap(item, (0, None, 0), (1, 0))(x, p, x[:, 1])
    return (h[0] * h[1]).sum() + (v * v).sum()


@pytest.mark.parametrize("engine", ENGINES)
def test_derivatives_through_the_loop(engine: str) -> None:
    rng = np.random.default_rng()
    p, dp = (Pair(rng.normal(size=2), float(rng.normal())) for _ in range(2))
    x, dx = rng.normal(size=(2, 6, 2))
    x[:, 1] += np.copysign(0.1, x[:, 1])  # away from where the condition changes
    s, ds = rng.normal(size=2)

    def plain(p, x, s):  # type: ignore[no-untyped-def]
        total = 0.0
        for row in x:
            h = np.tanh(row * p.w + p.b) * s
            v = h[0] * row[1] if row[1] > 0 else np.sin(row[1])
            total += h[0] * h[1] + v * v
        return total
    want = slope(lambda h: plain(Pair(p.w + h * dp.w, p.b + h * dp.b), x + h * dx, s + h * ds))
    gp, gx, gs = wb.grad(loss, (0, 1, 2), engine=engine)(p, x, float(s))
    got = gp.w @ dp.w + gp.b * dp.b + (gx * dx).sum() + gs * ds
    assert np.isclose(got, want, rtol=1e-7, atol=1e-8)
    value, tangent = wb.jvp(loss, (p, x, float(s)), (dp, dx, float(ds)), engine=engine)
    assert np.isclose(value, plain(p, x, s)) and np.isclose(tangent, got, rtol=1e-10)
    y, pullback = wb.vjp(wb.vmap(lambda a, b: a * np.exp(b), (0, None)), x[:, 0], 0.3, engine=engine)
    a_bar, b_bar = pullback(x[:, 1])
    assert np.allclose(a_bar, x[:, 1] * np.exp(0.3)) and np.isclose(b_bar, y @ x[:, 1])


def test_gradients_of_gradients() -> None:
    """Reverse over a mapped gradient, and a mapped gradient of a mapped function."""
    x = np.random.default_rng().uniform(-2, 2, size=(3, 4))
    g = wb.grad(lambda x: (wb.vmap(wb.grad(lambda v: np.sin(v) * v * v))(x) ** 2).sum())
    first, second = 2 * np.sin(x[0]) * x[0] + np.cos(x[0]) * x[0] ** 2, (
        2 * np.sin(x[0]) + 4 * np.cos(x[0]) * x[0] - np.sin(x[0]) * x[0] ** 2)
    assert np.allclose(g(x[0]), 2 * first * second, rtol=1e-10)
    rows = wb.vmap(wb.grad(lambda row: wb.vmap(lambda v: np.exp(v) * row[0])(row).sum()))(x)
    by_hand = np.exp(x) * x[:, :1]
    by_hand[:, 0] += np.exp(x).sum(1)
    assert np.allclose(rows, by_hand, rtol=1e-12)
