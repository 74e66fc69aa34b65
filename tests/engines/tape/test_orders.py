"""The tape differentiated again: derivatives of derivatives, and derivatives inside recorded runs."""
from __future__ import annotations

import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders
from workbench.deferred import resolved
from workbench.ir import Kind
from workbench.rules import table


def grad(f, wrt=0, **options):
    return wb.grad(f, wrt, engine="tape", **options)


def wavy(x):
    items = [x, math.exp(x)]
    items.append(items[0] ** 3 / items[1])
    return math.sin(items.pop()) * items[1] + math.atan2(x, 2.0) + math.hypot(x, 3.0) + x**2.5 + abs(x) % 0.3


def branching(x):
    try:
        return math.log(x - 10.0)
    except ValueError:
        return sum(math.tanh(k * x) for k in range(3)) / (1.0 + x * x)


@pytest.mark.parametrize("f", (wavy, branching))
def test_orders_of_numbers(f: Callable[[float], float]) -> None:
    derivatives = [f]
    for _ in range(4):
        derivatives.append(grad(derivatives[-1]))
    for lower, higher in zip(derivatives[:-1], derivatives[1:], strict=True):
        slope, off = ridders(lambda h, lower=lower: lower(0.7 + h), 1e-2)
        found = higher(0.7)
        assert type(found) is float and found == pytest.approx(slope, rel=1e-7, abs=10 * off)


def elementwise_functions() -> list[Any]:
    found = []
    for primitive in table().values():
        taken = primitive.elementwise and primitive.partials is not None and primitive.takes(0, Kind.F64)
        if taken and primitive.differentiable and primitive.name != "ldexp":
            means = map(resolved, primitive.callables)
            found.extend((primitive, c) for c in means if c not in (np.where, operator.imul))
    return found


def _checked_twice(f: Any, k: int, args: list[Any]) -> None:
    first = grad(f, k)
    try:
        first(*args)
    except wb.DifferentiationError as error:  # a partial that nobody knows: at the line of the call
        assert error.lineno is not None and "not known" in error.reason
        return

    def total(*values: Any) -> Any:
        return np.sum(first(*values)) * 1.0
    for lower, slope in ((f, np.sum(first(*args))), (total, np.sum(grad(total, k)(*args)))):
        expected, off = ridders(lambda h: float(lower(*args[:k], args[k] + h, *args[k + 1:])), 1e-4)
        assert slope == pytest.approx(expected, rel=1e-5, abs=max(1e-7, 10 * off))


@pytest.mark.parametrize(("primitive", "function"), elementwise_functions())
def test_every_rule_twice(primitive: Any, function: Any) -> None:
    rng = np.random.default_rng(3)
    domain = primitive.domain or ((0.3, 1.9),)
    xs = [rng.uniform(*domain[min(k, len(domain) - 1)], 3) for k in range(primitive.arity)]
    for k in range(primitive.arity):
        if primitive.partials[k] is not None:
            _checked_twice(lambda *values: function(*values), k, [float(x[0]) for x in xs])
            if isinstance(function, np.ufunc):
                _checked_twice(lambda *values: np.sum(function(*values)), k, xs)


def loss(a):
    b = np.zeros((3, 3))
    b[1:] = a[:2] * 2.0
    b[0] += np.sin(a[2]) * a[0, 0]
    np.add.at(b, ([0, 0, 1], [1, 1, 2]), a[:, 0])
    total = np.sum(b @ a) + np.linalg.norm(a) * np.max(b) + np.prod(a[0]) + (a @ a[0]) @ a[1]
    total += np.where(a > 0.2, a**3, np.exp(a)).mean() + np.cumsum(a)[3] ** 2 + a[1, 1] / a[2, 2]
    return total + np.sort(a[:, 1])[1]


def directional(f, a, direction, scale=1e-3):
    return ridders(lambda h: float(f(a + h * direction)), scale)


def test_orders_of_arrays() -> None:
    rng = np.random.default_rng(5)
    a, u, v = rng.uniform(0.3, 1.2, (3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    first = grad(loss)
    second = grad(lambda z: np.sum(first(z) * u))
    third = grad(lambda z: np.sum(second(z) * v))
    for f, g in ((loss, first), (lambda z: np.sum(first(z) * u), second), (lambda z: np.sum(second(z) * v), third)):
        for w in (u, v):
            slope, off = directional(f, a, w)
            assert np.sum(g(a.copy()) * w) == pytest.approx(slope, rel=1e-6, abs=10 * off)


def test_modes_compose() -> None:
    rng = np.random.default_rng(6)
    a, u = rng.uniform(0.3, 1.2, (3, 3)), rng.normal(size=(3, 3))
    expected = grad(lambda z: np.sum(grad(loss)(z) * u))(a.copy())
    forward_over_reverse = wb.jvp(grad(loss), (a.copy(),), (u,), engine="tape")[1]
    np.testing.assert_allclose(forward_over_reverse, expected, rtol=1e-10)
    reverse_over_forward = grad(lambda z: wb.jvp(loss, (z,), (u,))[1])(a.copy())
    np.testing.assert_allclose(reverse_over_forward, expected, rtol=1e-10)

    def by_pullback(z):
        value, pullback = wb.vjp(loss, z)
        return np.sum(pullback(1.0)[0] * u) + 0.0 * value
    np.testing.assert_allclose(grad(by_pullback)(a.copy()), expected, rtol=1e-10)
    with_tape_inside = wb.vjp(lambda z: np.sum(grad(loss)(z) * u), a.copy(), engine="tape")
    np.testing.assert_allclose(with_tape_inside[1](1.0)[0], expected, rtol=1e-10)


def test_inside_a_recorded_run() -> None:
    def newton(x):
        table = {"root": 1.0}
        for _ in range(30):
            value, slope = wb.value_and_grad(lambda r: r * r * r - x)(table["root"])
            table["root"] -= value / slope
        return table["root"]
    assert grad(newton)(8.0) == pytest.approx(8.0 ** (-2.0 / 3.0) / 3.0)
    assert grad(grad(newton))(8.0) == pytest.approx(-2.0 / 9.0 * 8.0 ** (-5.0 / 3.0))

    def only_in_the_closure(x):
        return wb.grad(lambda y: y * math.sin(x * y))(2.0)
    slope, off = ridders(lambda h: 2.0 * (0.3 + h) * math.cos(2.0 * (0.3 + h)) + math.sin(2.0 * (0.3 + h)), 1e-2)
    assert grad(only_in_the_closure)(0.3) == pytest.approx(slope, abs=10 * off)

    def nothing_active(x):
        return wb.grad(lambda y: y * y)(3.0) * x
    assert grad(nothing_active)(2.0) == 6.0

    def structures(x):
        state = {"a": [x, np.array([x, 2.0])], "n": 3}
        inner = wb.grad(lambda s: s["a"][0] ** s["n"] * np.sum(s["a"][1] ** 2), has_aux=False)(state)
        assert inner["n"] is None and state["a"][0] == x
        return inner["a"][0] + inner["a"][1][0]
    slope, off = ridders(lambda h: 3 * (1.1 + h) ** 2 * ((1.1 + h) ** 2 + 4) + 2 * (1.1 + h) ** 4, 1e-2)
    assert grad(structures)(1.1) == pytest.approx(slope, rel=1e-9)


def test_perturbations_are_not_confused() -> None:
    def outer(x):
        return x * wb.grad(lambda y: x + y)(1.0)
    assert grad(outer)(5.0) == 1.0

    def deeper(x):
        return x * wb.grad(lambda y: y * wb.grad(lambda z: x * y * z)(1.0))(2.0)  # x * 2 x y
    assert grad(deeper)(3.0) == pytest.approx(2 * 3.0 * 2 * 2.0)
    kept: list[float] = []

    def leaks(x):
        wb.grad(lambda y: kept.append(y * 2.0) or y * x)(1.0)
        return kept[-1] * x
    with pytest.raises(wb.DifferentiationError, match="earlier recorded run"):
        grad(leaks)(2.0)
    outside = np.zeros(2)

    def writes_outwards(x):
        cells = np.zeros(2) + x
        wb.grad(lambda y: cells.__setitem__(0, y) or y * x)(1.0)
        return cells[0] * outside[0]
    with pytest.raises(wb.DifferentiationError, match="inner derivative"):
        grad(writes_outwards)(2.0)


def test_infinite_slopes_under_zero_weights() -> None:
    assert grad(grad(lambda x: math.sqrt(x) * 0.0 + x * x))(0.0) == 2.0
    second = grad(lambda a: np.sum(grad(lambda b: np.sum(np.where(b > 0, np.sqrt(b), 0.0) * b))(a)))
    assert second(np.array([0.0, 4.0]))[1] == pytest.approx(0.75 / 2.0)


# ---------------------------------------------------------------------- complex numbers
def numbers(z, w):
    table = [cmath.exp(z) * w, z.conjugate() / (w + 3), cmath.sqrt(z * z + 1), 2 ** z, z**w, z**3, cmath.log(z)]
    table.append(complex(abs(z), w.imag) + complex(real=z.imag) + cmath.rect(abs(w), z.real))
    r, phi = cmath.polar(z)
    total = sum(table) + cmath.phase(w) * r + cmath.tanh(w) * cmath.atan(z) + phi * 1j + (1 - z) / (2j + w) - -z
    return abs(total) ** 2 + total.real * z.imag + math.sin(total.imag) + (z == w) + bool(z)


def test_complex_numbers() -> None:
    z, w = 0.4 + 0.7j, -0.3 + 1.1j
    value, gradient = wb.value_and_grad(numbers, (0, 1), engine="tape")(z, w)
    assert value == numbers(z, w) and all(type(g) is complex for g in gradient)
    for found, move in zip(gradient, (lambda d: (z + d, w), lambda d: (z, w + d)), strict=True):
        real, off = ridders(lambda h, move=move: numbers(*move(h)), 1e-3)
        imag, off_too = ridders(lambda h, move=move: numbers(*move(1j * h)), 1e-3)
        assert found == pytest.approx(real + 1j * imag, rel=1e-7, abs=10 * (off + off_too))
    first = grad(lambda v: numbers(v, w))

    def of_first(v):
        g = first(v)
        return g.real * 2.0 + g.imag * g.real
    real, off = ridders(lambda h: of_first(z + h), 1e-3)
    imag, _ = ridders(lambda h: of_first(z + 1j * h), 1e-3)
    assert grad(of_first)(z) == pytest.approx(real + 1j * imag, rel=1e-6)


def waves(a, x):
    b = np.zeros(3, complex)
    b[1:] = a[1:] * np.exp(1j * x[0])
    b[0] = x[1]
    b[2] += a[0].conjugate() * x[2]
    c = np.concatenate([a, x]) * np.array([x[0] + 1j, 2, 3, a[0], 1j, 5])
    d = x.astype(complex) * np.where(x > 0.4, a, x)
    return (np.sum(np.abs(b) ** 2) + np.real(np.vdot(a, b)) + (b @ a).imag + np.sum(c).real + d.imag.sum()
            + np.sum(np.angle(b[1:])) + np.sum(np.abs(np.conj(b) * d)) + a.real[1] * a.imag[2] + np.linalg.norm(a))


def test_complex_arrays() -> None:
    rng = np.random.default_rng(7)
    a, x = rng.normal(size=3) + 1j * rng.normal(size=3), rng.uniform(0.2, 0.9, 3)

    def checked(f, gradient):
        for _ in range(3):
            u, v = rng.normal(size=3) + 1j * rng.normal(size=3), rng.normal(size=3)
            slope, off = ridders(lambda h, u=u, v=v: float(f(a + h * u, x + h * v)), 1e-3)
            found = np.sum(gradient[0].real * u.real + gradient[0].imag * u.imag) + gradient[1] @ v
            assert found == pytest.approx(slope, rel=1e-6, abs=10 * off)
    first = wb.grad(waves, (0, 1), engine="tape")
    checked(waves, first(a.copy(), x.copy()))

    def of_first(a, x):
        g, h = first(a, x)
        return np.sum(np.abs(g) ** 2) + np.sum(h**3)
    checked(of_first, wb.grad(of_first, (0, 1), engine="tape")(a.copy(), x.copy()))
    value, dot = wb.jvp(waves, (a.copy(), x.copy()), (a, x), engine="tape")
    g, h = first(a.copy(), x.copy())
    assert dot == pytest.approx(np.sum(g.real * a.real + g.imag * a.imag) + h @ x)


def test_pullback_of_complex_results() -> None:
    z = 0.3 - 0.8j
    value, pullback = wb.vjp(lambda v: v**2, z, engine="tape")
    assert value == z**2 and pullback(1.0 + 0j)[0] == pytest.approx((2 * z).conjugate())
    assert pullback(1j)[0] == pytest.approx((2 * z).conjugate() * 1j)
    with pytest.raises(wb.DifferentiationError, match="complex"):
        grad(lambda v: v * 2.0)(z)
