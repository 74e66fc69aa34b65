"""Derivatives of derivatives: repeated `grad`, operators inside differentiated functions, Hessian-vector products."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng(9)


# ------------------------------------------------------------------ grad of grad of grad
def product_form(x):
    return math.sin(x) * x ** 3


def looped_power(x):
    y = 1.0
    for k in range(5):
        y = y * x
        if y > 1e9:
            break
    return y


def branchy(x):
    return math.exp(2.0 * x) if x > 0.0 else x * x * x * x


THIRD = [
    (product_form, lambda x: (6 - 9 * x * x) * math.sin(x) + (18 * x - x ** 3) * math.cos(x)),
    (looped_power, lambda x: 60.0 * x * x),
    (branchy, lambda x: 8.0 * math.exp(2.0 * x) if x > 0.0 else 24.0 * x),
]


@pytest.mark.parametrize("function, third", THIRD, ids=[f.__name__ for f, _ in THIRD])
def test_three_times(function: Any, third: Any) -> None:
    derivative = wb.grad(wb.grad(wb.grad(function)))
    for x in (0.7, -1.3):
        assert derivative(x) == pytest.approx(third(x), rel=1e-11)


def test_mixed_partial_derivatives_in_either_order() -> None:
    def f(x, y):
        return math.sin(x * y) + x * x * y

    def mixed(x, y):
        return math.cos(x * y) - x * y * math.sin(x * y) + 2.0 * x

    assert wb.grad(wb.grad(f, 0), 1)(0.7, 1.3) == pytest.approx(mixed(0.7, 1.3), rel=1e-12)
    assert wb.grad(wb.grad(f, "y"), "x")(0.7, 1.3) == pytest.approx(mixed(0.7, 1.3), rel=1e-12)


# ------------------------------------------------------------------ operators inside
def outer_grad(x):
    inner = wb.grad(lambda t: math.sin(x * t) * t)  # d/dt: sin(xt) + xt cos(xt)
    return inner(2.0) * x


def outer_value_and_grad(x):
    value, slope = wb.value_and_grad(lambda t: t * t * x)(x)
    return value + 10.0 * slope  # x^3 + 20 x^2


def outer_jvp(x):
    value, slope = wb.jvp(lambda t, u: t * math.exp(u) * x, (x, 0.5 * x), (1.0, x))
    return value + slope  # t e^u x + e^u x + t e^u x * x


def outer_vjp(x):
    value, pullback = wb.vjp(lambda t, u: t * t * u * x, x, 3.0)
    first, second = pullback(x)
    return value + first + second  # 3x^3 + 6x^3 + x^4


def perturbation_confusion(x):
    return x * wb.grad(lambda y: x + y)(1.0)


def inner_of_inner(x):
    return wb.grad(lambda y: wb.grad(lambda z: x * y * y * z * z)(y) * x)(x)  # d/dy 2 x^2 y^3 = 6 x^4


INSIDE = [
    (outer_grad, lambda x: math.sin(2 * x) + 2 * x * math.cos(2 * x)
     + x * (2 * math.cos(2 * x) + 2 * math.cos(2 * x) - 4 * x * math.sin(2 * x))),
    (outer_value_and_grad, lambda x: 3.0 * x * x + 40.0 * x),
    (outer_jvp, lambda x: math.exp(0.5 * x) * (0.5 * (x * x + x + x ** 3) + 2 * x + 1 + 3 * x * x)),
    (outer_vjp, lambda x: 27.0 * x * x + 4.0 * x ** 3),
    (perturbation_confusion, lambda x: 1.0),
    (inner_of_inner, lambda x: 24.0 * x ** 3),
]


@pytest.mark.parametrize("function, slope", INSIDE, ids=[f.__name__ for f, _ in INSIDE])
def test_operators_inside_a_differentiated_function(function: Any, slope: Any) -> None:
    for x in (0.7, -1.2):
        value, found = wb.value_and_grad(function)(x)
        assert value == pytest.approx(function(x), rel=1e-12)
        assert found == pytest.approx(slope(x), rel=1e-11)
        assert wb.jvp(function, (x,), (2.0,))[1] == pytest.approx(2.0 * slope(x), rel=1e-11)


def test_an_inner_gradient_over_arrays_that_the_closure_captures() -> None:
    def outer(w, a):
        residual = wb.grad(lambda v: np.sum(w * v ** 3))(a)  # 3 w v^2
        return np.sum(residual ** 2)  # 9 w^2 a^4

    w, a = RNG.normal(size=4), RNG.normal(size=4)
    slope_w, slope_a = wb.grad(outer, (0, 1))(w, a)
    np.testing.assert_allclose(slope_w, 18.0 * w * a ** 4, rtol=1e-12)
    np.testing.assert_allclose(slope_a, 36.0 * w ** 2 * a ** 3, rtol=1e-12)


def test_an_inner_gradient_in_a_loop() -> None:
    def descend(x, rate):
        for _ in range(3):
            x = x - rate * wb.grad(lambda v: np.sum(v * v))(x)
        return np.sum(x)  # (1 - 2 rate)^3 sum(x)

    x = RNG.normal(size=3)
    slope_x, slope_rate = wb.grad(descend, (0, 1))(x, 0.1)
    np.testing.assert_allclose(slope_x, np.full(3, 0.8 ** 3), rtol=1e-13)
    assert slope_rate == pytest.approx(-6.0 * 0.8 ** 2 * np.sum(x), rel=1e-12)


@dataclass
class Weights:
    scale: float
    table: np.ndarray
    label: str = "w"


def energy(w, a):
    return w.scale ** 2 * np.sum(w.table * a * a)


def test_an_inner_gradient_of_a_structure() -> None:
    def outer(w, a):
        slope = wb.grad(energy)(w, a)  # scale: 2 s sum(t a^2); table: s^2 a^2
        return slope.scale + np.sum(slope.table)

    a = RNG.normal(size=3)
    weights = Weights(1.5, RNG.normal(size=3))
    found = wb.grad(outer)(weights, a)
    assert type(found) is Weights and found.label is None
    assert found.scale == pytest.approx(2.0 * np.sum(weights.table * a * a) + 2.0 * 1.5 * np.sum(a * a), rel=1e-12)
    np.testing.assert_allclose(found.table, 2.0 * 1.5 * a * a, rtol=1e-12)


def test_a_derivative_object_made_outside() -> None:
    slope = wb.grad(product_form)

    def outer(x):
        return slope(x) * x

    x = 0.7
    first = 3 * x ** 2 * math.sin(x) + x ** 3 * math.cos(x)
    second = 6 * x * math.sin(x) + 6 * x ** 2 * math.cos(x) - x ** 3 * math.sin(x)
    assert wb.grad(outer)(x) == pytest.approx(first + x * second, rel=1e-12)


def keyed(x, y=2.0, *, k=1.0):
    return x * x * y * k


def test_inner_calls_by_keyword() -> None:
    assert wb.grad(lambda x: wb.grad(keyed, "y")(x, y=3.0))(1.5) == 3.0
    assert wb.grad(lambda x: wb.grad(keyed)(x=x) * x)(1.5) == pytest.approx(12.0, rel=1e-14)
    assert wb.grad(lambda x: wb.grad(keyed)(k=x, y=x, x=2.0))(1.5) == pytest.approx(12.0, rel=1e-14)
    with pytest.raises(wb.DifferentiationError, match="by position"):
        wb.grad(lambda x: wb.grad(keyed, 1)(x), engine="numba")(1.5)
    with pytest.raises(wb.DifferentiationError, match="no positional parameter named 'k'"):
        wb.grad(lambda x: wb.grad(keyed, "k")(x, k=2.0), engine="numba")(1.5)
    by_keyword = wb.grad(keyed, "k")
    with pytest.raises(wb.DifferentiationError, match="keyword-only"):
        wb.grad(lambda x: by_keyword(x, k=2.0), engine="numba")(1.5)
    assert wb.grad(lambda x: wb.grad(keyed, 1)(x), engine="tape")(1.5) == 3.0  # the tape takes them
    assert wb.grad(lambda x: wb.grad(keyed, "k")(x, k=2.0), engine="tape")(1.5) == 6.0
    assert wb.grad(lambda x: by_keyword(x, k=2.0), engine="tape")(1.5) == 6.0


# ------------------------------------------------------------------ Hessians
def rosenbrock(x):
    s = 0.0
    for i in range(len(x) - 1):
        s += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return s


def rosenbrock_hessian(x: np.ndarray) -> np.ndarray:
    h = np.zeros((len(x), len(x)))
    for i in range(len(x) - 1):
        h[i, i] += 1200.0 * x[i] ** 2 - 400.0 * x[i + 1] + 2.0
        h[i + 1, i + 1] += 200.0
        h[i, i + 1] -= 400.0 * x[i]
        h[i + 1, i] -= 400.0 * x[i]
    return h


def test_jvp_of_grad_and_grad_of_a_product_are_hessian_vector_products() -> None:
    x, v = RNG.normal(size=5), RNG.normal(size=5)
    expected = rosenbrock_hessian(x) @ v
    slope = wb.grad(rosenbrock)
    gradient, forward_over_reverse = wb.jvp(slope, (x,), (v,))
    np.testing.assert_allclose(gradient, slope(x), rtol=1e-13)
    np.testing.assert_allclose(forward_over_reverse, expected, rtol=1e-11)
    np.testing.assert_allclose(wb.grad(lambda x, v: np.sum(wb.grad(rosenbrock)(x) * v))(x, v), expected, rtol=1e-11)
    np.testing.assert_allclose(wb.grad(lambda x, v: wb.jvp(rosenbrock, (x,), (v,))[1])(x, v), expected, rtol=1e-11)
    _, pullback = wb.vjp(slope, x)
    np.testing.assert_allclose(pullback(v)[0], expected, rtol=1e-11)


def test_third_order_along_directions() -> None:
    def cubic(x):
        return np.sum(x ** 3 * x[::-1])

    x, v = RNG.normal(size=3), RNG.normal(size=3)

    def along(t):
        return cubic(x + t * v)

    # a quartic in t: its third derivative at 0 is 6 times the third coefficient
    points = np.linspace(-1.0, 1.0, 5)
    third = 6.0 * np.polyfit(points, [along(t) for t in points], 4)[1]
    assert wb.grad(wb.grad(wb.grad(along)))(0.0) == pytest.approx(third, rel=1e-9)


def test_second_order_stays_float32() -> None:
    def f(a):
        return np.sum(np.sin(a) * a)

    a = RNG.normal(size=4).astype(np.float32)
    v = RNG.normal(size=4).astype(np.float32)
    gradient, product = wb.jvp(wb.grad(f), (a,), (v,))
    assert gradient.dtype == product.dtype == np.float32
    exact = a.astype(float)
    np.testing.assert_allclose(product, (2.0 * np.cos(exact) - exact * np.sin(exact)) * v, rtol=2e-5, atol=1e-6)
    scalar = wb.grad(wb.grad(product_form))(np.float32(0.5))
    assert type(scalar) is np.float32
    x = 0.5
    assert scalar == pytest.approx(6 * x * math.sin(x) + 6 * x ** 2 * math.cos(x) - x ** 3 * math.sin(x), rel=1e-5)


def test_what_is_given_twice_has_its_own_derivatives() -> None:
    def g(a, b):  # type: ignore[no-untyped-def]
        return np.sum(a * b * b)

    def writes(a, b):  # type: ignore[no-untyped-def]
        a[0] = a[0] * b[1]
        return np.sum(a * b)

    def loops(a, b, n):  # type: ignore[no-untyped-def]
        for _ in range(n):
            a = np.sin(a) * b
        return np.sum(a)

    def f(x):  # type: ignore[no-untyped-def]
        by_a, by_b = wb.grad(g, (0, 1))(x, x)
        captured = wb.grad(lambda a: np.sum(a * x))(x)
        along = wb.jvp(g, (x, x), (x, 0.0 * x))[1]
        pulled = wb.vjp(g, x, x)[1](1.0)
        y = x.copy()
        of_one = wb.grad(writes, (0, 1))(y, y)  # one variable: both positions report its derivative
        return by_a, by_b, captured, along, pulled, of_one, y, wb.grad(loops)(x, x, 3)
    x = np.array([2.0, 3.0])
    mine, plain = wb.vjp(f, x, engine="numba")[0], f(x)
    for a, b in zip(mine, plain, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)
    assert list(mine[0]) == [4.0, 9.0] and list(mine[1]) == [8.0, 18.0] and list(mine[2]) == [2.0, 3.0]


@dataclass
class Two:
    """A container of two numbers."""

    a: float
    b: float


def pulls_after_a_list_was_written(x):
    p = [x, 2.0]
    out, pull = wb.vjp(lambda q: q[0] * q[0] * q[1], p)
    p[0] = 5.0
    g = pull(1.0)[0]
    return out + g[0] * x + g[1]


def pulls_after_an_object_was_written(x):
    p = Two(x, 2.0)
    out, pull = wb.vjp(lambda q: q.a * q.a * q.b, p)
    p.a = 5.0
    g = pull(1.0)[0]
    return out + g.a * x + g.b


def pulls_after_a_name_was_bound_anew(x):
    k = 3.0
    out, pull = wb.vjp(lambda y: y * y * k * x, x)
    k = 10.0
    return out + pull(1.0)[0] * x


def pulls_after_an_array_was_written(x):
    a = np.array([x, 2.0])
    out, pull = wb.vjp(lambda y: y * y * a[0], x)
    p = [np.array([x, 2.0]), x]
    more, pull_more = wb.vjp(lambda q: np.sum(q[0] ** 2) * q[1], p)
    a[0] = 10.0
    p[0][0] = 7.0
    g = pull_more(1.0)[0]
    return out + pull(1.0)[0] * x + more + g[0][0] * x + g[1] + pull_more(2.0)[0][1]


def pulls_a_function_with_an_effect(x):
    d = {"w": x}

    def inner(y):
        d["w"] = d["w"] * y
        return d["w"] * y
    out, pull = wb.vjp(inner, x)
    return out + pull(1.0)[0] * x + d["w"]


def a_list_that_is_captured_too(x):
    p = [x, 2.0]
    g = wb.grad(lambda q: q[0] * p[1] * q[1])(p)
    return g[0] * x + g[1]


def an_object_that_is_passed_twice(x):
    p = Two(x, 2.0)
    g = wb.grad(lambda u, v: u.a * v.b * v.a, (0, 1))(p, p)
    return g[0].a * x + g[1].b * 3 + g[1].a


def a_list_that_is_passed_twice_and_written(x):
    p = [x, 2.0]

    def inner(u, v):
        u[0] = u[0] * 2
        return u[0] * v[0] * v[1]
    g = wb.grad(inner, (0, 1))(p, p)
    return g[0][0] * x + g[1][1] * 3 + p[0]


@pytest.mark.parametrize("function", [
    pulls_after_a_list_was_written, pulls_after_an_object_was_written, pulls_after_a_name_was_bound_anew,
    pulls_after_an_array_was_written, pulls_a_function_with_an_effect, a_list_that_is_captured_too,
    an_object_that_is_passed_twice, a_list_that_is_passed_twice_and_written])
def test_inner_derivatives_of_what_is_written_later_or_met_twice(function: Any) -> None:
    x = 1.3
    with in_python():
        value, slope = wb.value_and_grad(function, engine="numba")(x)
    assert value == pytest.approx(function(x), rel=1e-12)
    assert slope == pytest.approx((function(x + 1e-5) - function(x - 1e-5)) / 2e-5, rel=1e-8)


@pytest.mark.parametrize("wrt", [0, 1, "b"])
def test_the_parameter_is_named_by_a_closure(wrt: Any) -> None:
    def product(a, b):
        return a * b * b

    def scaled(x, k):
        first, second = wb.grad(product, (k, 1 - k))(x, x * 2.0)
        return wb.grad(product, wrt)(x, x * 2.0) * first / second
    with in_python():
        assert wb.grad(scaled, engine="numba")(1.3, 1) == pytest.approx(8 * 1.3, rel=1e-12)
        with pytest.raises(TypeError, match="wrt is an index"):
            wb.grad(lambda x: wb.grad(product, x > 1.0)(x, x), engine="numba")(1.3)


class Layer:
    def __init__(self, w):
        self.w = w
        self.output = self.activity = None

    def loss(self, x):
        y = self.w * x
        self.output = self.activity = y
        return np.sum(y * y), (y, y[1:], y)


def test_an_array_in_several_places_is_one() -> None:
    layer, x = Layer(np.array([1.0, 2.0, 4.0])), np.ones(3)
    with in_python():
        gradient, (first, _, last) = wb.grad(layer.loss, has_aux=True, engine="numba")(x)
        (_, (pushed, _, other)), _ = wb.jvp(layer.loss, (x,), (x,), engine="numba")
        _, pull = wb.vjp(lambda t: (t * 2.0, layer.loss(t)[1]), x, engine="numba")
    assert np.allclose(gradient, 2.0 * layer.w ** 2 * x)
    assert first is last and pushed is other and layer.output is layer.activity
    bars = np.array([1.0, 0.0, 2.0]), (x, x[1:], 3.0 * x)
    assert np.allclose(pull(bars)[0], 2.0 * bars[0] + layer.w * np.array([4.0, 5.0, 5.0]))


def test_tangents_inside_programs_take_the_kind_of_their_argument() -> None:
    def pushed(x: Any, v: Any) -> Any:
        return np.sum(wb.jvp(lambda y: np.tanh(y) * y, (x,), (v,))[1])
    x, v = np.array([0.5, 0.25]), np.array([1.0, 2.0])
    expected = pushed(x, v)
    for engine in ("reference", "numba"):
        gradient = wb.value_and_grad(pushed, engine=engine)
        assert gradient(x, v.astype(np.float32))[0] == pytest.approx(expected)
        assert gradient(x, v.astype(int))[0] == pytest.approx(expected)
    with pytest.raises(wb.DifferentiationError, match="a tangent of 2 axes for an argument of 1"):
        wb.grad(pushed, engine="reference")(x, np.ones((2, 2)))
