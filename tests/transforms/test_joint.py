"""Recursive calls in one pass: which are, which are not, and that their gradients are right (against the complex step
and the tape)."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python

RNG = np.random.default_rng()


def weighted(x, a, n):
    return x * a[0] if n == 0 else a[n] * weighted(x, a, n - 1) + x


def pair(x, a, n):
    if n < 2:
        return x + a[n]
    return a[n] * pair(x, a, n - 1) - x * pair(x * a[n], a, n - 2)


def children(x, a, n):
    total = x
    for i in range(n):
        total += a[i] * children(x, a, i)
    return total


def counting_down(x, a, n):
    total, k = 1.0, n
    while k > 0:
        k -= 1
        weight = np.sin(a[k]) * x
        total += weight * counting_down(x, a, k)
        total -= weight * a[k] * x
    return total


def halved(x, a, n):
    return np.sin(x) if n == 0 else halved(0.5 * x, a, n - 1) * a[0] + np.sin(x * a[n])


def parts(x, a, n):
    return x if len(a) < 2 else parts(x, a[1:], n) * a[0] - a[1] * x


def given_twice(a, b, x, n):
    if n == 0:
        return a[0] * b[1] * x
    return given_twice(b, a, x, n - 1) * a[n] + b[n]


def twice(x, a, n):
    return given_twice(a, a, x, n) * x


def two_results(x, a, n):
    if n == 0:
        return x, a[0]
    u, v = two_results(x, a, n - 1)
    return u * x + v, v * a[n] - u


def of_two_results(x, a, n):
    u, v = two_results(x, a, n)
    return u - 2.0 * v


def of_one_result(x, a, n):
    return two_results(x, a, n)[1] * a[1]


def in_arms(x, a, n):
    total = 0.0
    for i in range(n):
        if i % 2 == 0:
            total += a[i] * in_arms(x, a, i) + a[i]
        else:
            total -= x * x
    return total + x


def in_a_loop(x, a, n):
    total = 0.0
    for i in range(n):
        total += a[i] * weighted(x * a[i], a, i)
    return total


def in_an_arm(x, a, n):
    y = 2.0 * x
    if n > 2:
        y = a[0] * weighted(x, a, n)
    return y - x


def factors_first(x, a, n):
    """What is behind a factor that is read after the call (`f(x) * a[n]`) waits on stacks."""
    if n == 0:
        return np.sin(x)
    w, v = a[0], np.exp(-x * a[n])
    return factors_first(0.5 * x, a, n - 1) * w + v


def sums(x, a, n):
    if n == 0:
        return x, a[0]
    w = a[n]
    u, v = sums(x, a, n - 1)
    return u * x + v, v * w - u


def two_results_summed(x, a, n):
    u, v = sums(x, a, n)
    return u - 2.0 * v


def tree(a, low, high, x):
    if high - low == 1:
        return np.sin(a[low] * x)
    middle = (low + high) // 2
    return tree(a, low, middle, x) + 0.5 * tree(a, middle, high, x * a[low])


def of_a_tree(x, a, n):
    return tree(a, 0, n + 1, x)


def through_an_array(x, a, n):
    """The cotangent of what the function makes itself, and hands to its call."""
    if n == 0:
        return a[0] * a[1] * x
    b = np.empty(2)
    b[0] = a[0] * x
    b[1] = a[1] + a[0]
    return 0.5 * through_an_array(x, b, n - 1) + b[0]


def visited(a, seen, n, x):
    """It writes an array of integers for its calls, and takes it back."""
    total = x
    for i in range(n):
        if seen[i] == 0:
            seen[i] = 1
            total += a[i] * x * visited(a, seen, n - 1, x)
            seen[i] = 0
    return total


def paths(x, a, n):
    return visited(a, np.zeros(len(a), dtype=np.int64), min(n, 3), x)


def loops_of_many_turns(x, a, n):
    """What a turn keeps has a size that is known in it only."""
    if n <= 0:
        return np.sin(x * a[0])
    total, k = 0.0, 0
    while k < n:
        p = 1.0
        for j in range(n - k):
            p = p * np.sin(x + a[j])
        b = np.empty(k + 1)
        for j in range(k + 1):
            b[j] = x * a[j]
        total += 0.1 * p * b[k] * loops_of_many_turns(x, a, n - 1 - k)
        k += 1
    return total


def compared_only(x, w, k):
    if k <= 0:
        return np.sin(x)
    s = 2.0 if w[0].real > 0.5 else 1.0
    return s * compared_only(0.9 * x, np.zeros(2), k - 1)


def added_up_around_a_call(x, a, n):
    total = 0.0
    for i in range(n):
        total += a[i] * a[i] * x + 0.5 * compared_only(x, a, n)
    return total


def one_active_arm(x, a, n):
    if n == 0:
        return np.sin(x)
    t = x * a[0]
    if n % 2:
        t += 0.5 * one_active_arm(x * a[n], a, n - 1)
    else:
        t = 2.0
    return t * x


def used_in_many_ways(x, a, n):
    s = weighted(x, a, n)
    u = s * x
    return u * np.exp(x) + u / x - (x - u) + s * a[0]


def changed_between(x, a, n):
    b = a * x
    y = weighted(x, b, n)
    b[0] = x * y
    b[1] = b[0] * 0.5
    return y + np.sum(b)


def squared(x, a, n):
    return x if n == 0 else squared(x * a[n], a, n - 1) ** 2 * 0.1


def nested(x, a, n):
    return x if n <= 0 else nested(nested(x * a[n], a, n - 2), a, n - 2) * a[0]


def product(x, a, n):
    return x if n < 2 else product(x, a, n - 1) * product(x * a[n], a, n - 2)


def divided_in_between(x, a, n):
    if n < 2:
        return x + a[n]
    return a[n] * divided_in_between(x, a, n - 1) - x * divided_in_between(x, a, n - 2) / a[n - 1]


def weight_found_between(x, a, n):
    if n < 2:
        return x
    u = weight_found_between(x, a, n - 1)
    w = np.sin(x * a[n])
    return u * w + w * weight_found_between(x, a, n - 2)


def overwritten(x, a, n):
    if n == 0:
        return x * a[0]
    b = a * x
    y = overwritten(x, b, n - 1)
    b[0] = y
    return y + b[0] * b[1]


JOINT = (weighted, pair, children, counting_down, in_arms, in_a_loop, of_a_tree, through_an_array, paths,
         loops_of_many_turns, one_active_arm, factors_first, in_an_arm, two_results_summed, added_up_around_a_call)
OTHERS = (halved, parts, twice, of_two_results, of_one_result, used_in_many_ways,
          changed_between, squared, nested, product, divided_in_between, weight_found_between, overwritten)
WITHOUT_COMPLEX = (through_an_array, loops_of_many_turns)


def complex_step(f: Callable[..., Any], x: float, a: np.ndarray, n: int) -> tuple[float, np.ndarray]:
    step = 1e-30j
    return f(x + step, a.astype(complex), n).imag / 1e-30, np.array(
        [f(complex(x), a + step * row, n).imag for row in np.eye(len(a))]) / 1e-30


@pytest.mark.parametrize("f", [*JOINT, *OTHERS], ids=lambda f: f.__name__)
def test_gradient(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, (0, 1), engine="numba")
        for n in (3, 0, 1, 4, 2):
            x, a = RNG.uniform(0.5, 1.5), RNG.uniform(0.5, 1.5, size=5)
            held = a.copy()
            value, (slope, gradient) = derivative(x, a, n)
            assert value == pytest.approx(f(x, a, n), rel=1e-12)
            np.testing.assert_array_equal(a, held)
            if f in WITHOUT_COMPLEX:
                slopes = wb.grad(f, (0, 1), engine="tape")(x, a, n)
            else:
                slopes = complex_step(f, x, a, n)
            np.testing.assert_allclose(slope, slopes[0], rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(gradient, slopes[1], rtol=1e-10, atol=1e-12)
        assert ("_joint(" in derivative.source) is (f in JOINT), derivative.source


@pytest.mark.parametrize("f", [weighted, counting_down, two_results_summed, of_a_tree], ids=lambda f: f.__name__)
def test_derivatives_of_the_joint_twin(f: Callable[..., Any]) -> None:
    x, a, n = RNG.uniform(0.5, 1.5), RNG.uniform(0.5, 1.5, size=5), 3
    with in_python():
        hessian = wb.grad(wb.grad(f, 0, engine="numba"), (0, 1), engine="numba")(x, a, n)
        along = wb.jvp(wb.grad(f, (0, 1), engine="numba"), (x, a, n), (1.0, None, None), engine="numba")[1]
        in_order = wb.grad(f, (0, 1), engine="numba", deterministic=True)(x, a, n)
    expected = wb.grad(wb.grad(f, 0, engine="tape"), (0, 1), engine="tape")(x, a, n)
    for found, wanted in zip((*hessian, *along), (*expected, *expected), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)
    for found, wanted in zip(in_order, complex_step(f, x, a, n), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)


def rebuilt(b, x, k):
    """It writes an array of its caller, and gives another one."""
    if k <= 0:
        return np.array([x, 2.0 * x])
    b[k - 1] *= 0.5
    return rebuilt(b, x * 0.9, k - 1)


def two_arrays(x, a, n):
    b = a * x
    r = rebuilt(b, x, n)
    return np.sum(r) + 3.0 * np.sum(b)


def written_and_read(b, a, k):
    t = np.sum(b * b)
    if k <= 0:
        return t
    b[k - 1] = a[k - 1] * b[k - 1]
    return t * 0.1 + written_and_read(b, a, k - 1)


def crossed(x, a, n):
    b = a * x
    return written_and_read(b, a, n) + np.sum(b)


def around_a_comparison(x, a, n):
    return compared_only(x, a, n) + a[0] * x


@pytest.mark.parametrize("f", [two_arrays, crossed, around_a_comparison], ids=lambda f: f.__name__)
def test_arrays_that_calls_take_and_give(f: Callable[..., Any]) -> None:
    """With stacks as well."""
    x, a = RNG.uniform(0.5, 1.5), RNG.uniform(0.5, 1.5, size=5)
    with in_python():
        for settings in ({}, {"deterministic": True}):
            value, gradient = wb.value_and_grad(f, (0, 1), engine="numba", **settings)(x, a, 3)
            assert value == pytest.approx(f(x, a, 3), rel=1e-12)
            expected = wb.grad(f, (0, 1), engine="tape")(x, a, 3)
            for found, wanted in zip(gradient, expected, strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)
            step = (f(x + 1e-6, a, 3) - f(x - 1e-6, a, 3)) / 2e-6
            assert gradient[0] == pytest.approx(step, rel=1e-6)


def told(x, a, n):
    print("at", n)
    if n == 0:
        return x
    y = a[n] * told(x, a, n - 1)
    print("left", n)
    return y


def endless(x, a, n):
    return x if n == 0 else 0.5 * endless(x, a, n - 1)


def test_effects_and_errors_are_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    a = np.ones(3)
    told(0.5, a, 2)
    wanted = capsys.readouterr().out
    assert wb.grad(told, engine="numba")(0.5, a, 2) == 1.0
    assert capsys.readouterr().out == wanted
    with pytest.raises(IndexError):
        wb.grad(weighted, engine="numba")(0.5, a, 3)
    with pytest.raises(RecursionError):
        wb.grad(endless, engine="numba")(0.5, a, -1)


def test_compiled() -> None:
    """Arrays that called functions write are not returned by them."""
    x, a, n = 0.7, RNG.uniform(0.5, 1.5, size=5), 3
    for f in (paths, weighted):
        derivative = wb.value_and_grad(f, (0, 1), engine="numba")
        value, gradient = derivative(x, a, n)
        assert value == pytest.approx(f(x, a, n), rel=1e-12)
        for found, wanted in zip(gradient, complex_step(f, x, a, n), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-10)
        (returned,) = [line for line in derivative.source.split("\n") if line.startswith("    return ")][:1]
        assert "a_bar" not in returned and "seen" not in returned
