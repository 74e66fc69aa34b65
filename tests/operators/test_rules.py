"""Users' rules, compiled: both modes, any order, any structure; what is wrong with a rule is said at its line."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import scipy.special

import workbench as wb

SCALE = 3.0
TABLE = np.array([1.0, 2.0])


@wb.rule
def wave(x, a):  # type: ignore[no-untyped-def]
    return np.sum(np.sin(x) * a), x * a


@wave.defjvp
def wave_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
    x, a = primals
    x_dot, a_dot = tangents
    return np.sum(np.cos(x) * a * x_dot) + np.sum(np.sin(x)) * a_dot, x_dot * a + x * a_dot


def wave_plain(x, a):  # type: ignore[no-untyped-def]
    return np.sum(np.sin(x) * a), x * a


@dataclasses.dataclass
class Layer:
    w: np.ndarray
    b: float
    k: int | None


def layer_plain(p, x):  # type: ignore[no-untyped-def]
    return np.tanh(p.w * x + p.b) * p.k


def layer_forward(p, x):  # type: ignore[no-untyped-def]
    t = np.tanh(p.w * x + p.b)
    return t * p.k, (t, p, x)


layer = wb.rule(layer_plain)


@layer.defvjp(forward=layer_forward)
def layer_vjp(residuals, y, y_bar):  # type: ignore[no-untyped-def]
    t, p, x = residuals
    d = y_bar * p.k * (1.0 - t * t)
    return Layer(d * x, np.sum(d), None), d * p.w


@wb.rule
def power(x, n):  # type: ignore[no-untyped-def]
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


@power.defvjp
def power_vjp(primals, y, y_bar):  # type: ignore[no-untyped-def]
    x, n = primals
    if n == 0:
        return 0.0, None
    return y_bar * n * power(x, n - 1), None  # calls itself: differentiated again by itself


def losses(f: Any, g: Any) -> tuple[Any, Any]:
    def loss(x, a):  # type: ignore[no-untyped-def]
        s, z = f(x, a)
        return s * s + np.sum(z * z)

    def net(p, x):  # type: ignore[no-untyped-def]
        h = g(p, g(p, x))
        return np.sum(h * h)
    return loss, net


def same(a: Any, b: Any) -> None:
    if dataclasses.is_dataclass(a) and not isinstance(a, type):
        a, b = dataclasses.astuple(a), dataclasses.astuple(b)
    if isinstance(a, (tuple, list)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    elif a is not None:
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
    else:
        assert b is None


@pytest.mark.parametrize("n", [0, 1, 3])
def test_both_modes_and_order_two(n: int) -> None:
    rng = np.random.default_rng(n)
    x, a = rng.standard_normal(n), 0.7
    ruled, plain = (losses(f, None)[0] for f in (wave, wave_plain))
    same(wb.grad(ruled, (0, 1))(x, a), wb.grad(plain, (0, 1))(x, a))  # by transposition
    same(wb.jvp(ruled, (x, a), (x, 1.0)), wb.jvp(plain, (x, a), (x, 1.0)))

    def again(f: Any) -> Any:
        def gradient(x, a):  # type: ignore[no-untyped-def]
            gx, ga = wb.grad(f, (0, 1))(x, a)
            return np.sum(gx * gx) + ga
        return wb.grad(gradient, (0, 1))(x, a)
    same(again(ruled), again(plain))


def test_residuals_and_structures() -> None:
    p, x = Layer(np.array([0.3, 0.5]), 0.1, 2), np.array([0.4, -0.8])
    ruled, plain = (losses(None, g)[1] for g in (layer, layer_plain))
    same(wb.grad(ruled, (0, 1))(p, x), wb.grad(plain, (0, 1))(p, x))
    tangents = (Layer(np.array([1.0, 0.5]), 0.3, None), x)
    same(wb.jvp(ruled, (p, x), tangents), wb.jvp(plain, (p, x), tangents))  # by transposition

    def hessian_row(f: Any) -> Any:
        def part(p, x):  # type: ignore[no-untyped-def]
            g = wb.grad(f)(p, x)
            return g.b + np.sum(g.w)
        return wb.grad(part, (0, 1))(p, x)
    same(hessian_row(ruled), hessian_row(plain))  # what `forward` keeps is differentiated too


def test_rules_that_call_their_function() -> None:
    def chain(x, n):  # type: ignore[no-untyped-def]
        return power(x * x, n)
    third = wb.grad(wb.grad(wb.grad(chain)))
    assert third(0.7, 3) == pytest.approx(120 * 0.7**3, rel=1e-13)
    assert wb.grad(power)(0.7, 0) == 0.0
    assert power(0.5, 2) == 0.25 and "rule" in repr(power)
    product = wb.rule(lambda a, b: a * b)
    product.defvjp(lambda primals, y, bar: (bar * primals[1], bar * 10.0 * primals[0]))
    assert list(wb.grad(lambda x: np.sum(product(x, x)))(np.array([1.0, 2.0]))) == [11.0, 22.0]


def test_keywords_defaults_and_loops() -> None:
    @wb.rule
    def damped(x, rate=0.5):  # type: ignore[no-untyped-def]
        return x * rate

    @damped.defvjp
    def damped_vjp(primals, y, y_bar):  # type: ignore[no-untyped-def]
        x, rate = primals
        return y_bar * rate, y_bar * x

    def loop(x, n):  # type: ignore[no-untyped-def]
        for k in range(n):
            x = x + damped(x) + damped(rate=0.1 * k, x=x)
        return x
    assert wb.grad(loop)(1.0, 3) == pytest.approx(1.5 * 1.6 * 1.7)


def test_numbers_and_functions_from_outside() -> None:
    @wb.rule
    def scaled(x):  # type: ignore[no-untyped-def]
        return x * SCALE

    @scaled.defvjp
    def scaled_vjp(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return (y_bar * SCALE * TABLE[0] * offset,)
    offset = 1.0
    derivative = wb.grad(lambda x: scaled(x) * 2.0)
    assert derivative(0.3) == 6.0
    offset = 2.0  # noqa: F841  a number that only the rule reads: an input like any other
    assert derivative(0.3) == 12.0
    TABLE[0] = 5.0
    assert derivative(0.3) == 60.0
    TABLE[0] = 1.0
    scaled.defvjp(lambda primals, y, y_bar: (y_bar * 7.0,))
    assert derivative(0.3) == 14.0


def test_dtypes_are_kept() -> None:
    @wb.rule
    def twice(x):  # type: ignore[no-untyped-def]
        return x + x

    @twice.defvjp
    def twice_vjp(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return (y_bar + y_bar,)
    x = np.array([1.0, 2.0], np.float32)
    got = wb.grad(lambda x: np.sum(twice(x) * x))(x)
    assert got.dtype == np.float32 and list(got) == [4.0, 8.0]
    z = np.array([1.0 + 2.0j])
    assert list(wb.grad(lambda z: np.sum(np.abs(twice(z)) ** 2))(z)) == [8.0 + 16.0j]


def test_a_rule_made_of_a_derivative() -> None:
    def counted(m):  # type: ignore[no-untyped-def]
        z = np.zeros((m.shape[1], m.shape[0]))
        for i in range(m.shape[0]):
            z[:, i] = m[i] * (i + 1)
        return z @ m
    ruled = wb.rule(counted)
    ruled.defvjp(lambda primals, y, bar: wb.vjp(counted, *primals)[1](bar))
    m = np.arange(6.0).reshape(2, 3)
    same(wb.grad(lambda m: np.sum(ruled(m)))(m), wb.grad(lambda m: np.sum(counted(m)))(m))


def wrong(rule: Any, match: str, mode: str = "vjp") -> None:
    """A rule that is refused at its line."""
    @wb.rule
    def f(x):  # type: ignore[no-untyped-def]
        return x * 2.0
    getattr(f, f"def{mode}")(rule)
    with pytest.raises(wb.DifferentiationError, match=match) as error:
        wb.grad(lambda x: np.sum(f(x)), engine="numba")(np.array([1.0, 2.0]))
    first = rule.__code__.co_firstlineno
    assert error.value.filename == __file__ and first <= error.value.lineno <= first + 3, str(error.value)
    assert "return" in str(error.value)


def test_what_is_wrong_with_a_rule_is_said_at_its_line() -> None:
    def bare(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return y_bar * 2.0
    wrong(bare, match="one entry per argument")

    def too_many(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return y_bar * 2.0, y_bar
    wrong(too_many, match="2 entries where 1")

    def rank(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return (np.sum(y_bar),)
    wrong(rank, match="f64 array of 1 dimension")

    def nothing(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return (None,)
    wrong(nothing, match="zeros_like")

    def dtype(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return (y_bar.astype(np.float32),)
    wrong(dtype, match="f32 array")

    def shape(primals, y, y_bar):  # type: ignore[no-untyped-def]
        return (y_bar[1:],)
    wrong(shape, match="another shape")

    def tangent(primals, y, tangents):  # type: ignore[no-untyped-def]
        return tangents[0][:1]
    wrong(tangent, match="another shape", mode="jvp")


def test_a_rule_that_is_not_linear_is_not_transposed() -> None:
    def branching(primals, y, tangents):  # type: ignore[no-untyped-def]
        return np.maximum(tangents[0], 0.0)
    wrong(branching, match="not linear", mode="jvp")

    def affine(primals, y, tangents):  # type: ignore[no-untyped-def]
        return tangents[0] + 1.0
    wrong(affine, match="does not depend", mode="jvp")

    def quadratic(primals, y, tangents):  # type: ignore[no-untyped-def]
        return tangents[0] * tangents[0]
    wrong(quadratic, match="mul of two", mode="jvp")


def test_what_has_no_rule_and_what_cannot_have_one() -> None:
    bare = wb.rule(lambda x: x * 2.0)
    assert wb.vjp(lambda x: wb.stop_gradient(bare(x)), 1.0, engine="numba")[0] == 2.0
    with pytest.raises(wb.DifferentiationError, match="has no rule"):
        wb.grad(lambda x: bare(x), engine="numba")(1.0)
    with pytest.raises(wb.DifferentiationError, match="writes into its arguments"):
        wb.grad(lambda x: float(writing(x)), engine="numba")(np.ones(2))
    with pytest.raises(wb.DifferentiationError, match="returns one of its arguments"):
        wb.grad(lambda x: np.sum(handing(x)), engine="numba")(np.ones(2))
    with pytest.raises(wb.DifferentiationError, match="no Python source"):
        wb.grad(lambda x: struve(0.0, x), engine="numba")(1.0)
    with pytest.raises(TypeError, match="Python function"):
        struve.defvjp(math.sin)
    with pytest.raises(TypeError, match="a function is needed"):
        wb.rule(3)  # type: ignore[arg-type]

    def inside(x):  # type: ignore[no-untyped-def]
        f = wb.rule(lambda z: z)
        return f(x)
    with pytest.raises(wb.DifferentiationError, match="top of a module"):
        wb.grad(inside, engine="numba")(1.0)


@wb.rule
def writing(x):  # type: ignore[no-untyped-def]
    x[0] = 1.0
    return x[0]


handing = wb.rule(lambda x: x)
struve = wb.rule(scipy.special.struve)


@struve.defjvp
def struve_jvp(primals, y, tangents):  # type: ignore[no-untyped-def]
    v, x = primals
    return (scipy.special.struve(v - 1.0, x) - v / x * y) * tangents[1]
