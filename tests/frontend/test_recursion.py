"""Functions that call themselves at run time: compiled as functions, both modes against differences."""
from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.fuzz.interpreted import interpret, interpreted_gradient, interpreted_slope, traced
from workbench.ir import callees

FACTOR = 1.5


def fibonacci(x, n):
    if n < 2:
        return x * n
    return fibonacci(x, n - 1) + fibonacci(x, n - 2) * x


def power(x, n):
    """Its result is an int on one path, a float on the other."""
    if n == 0:
        return 1
    return x * power(x, n - 1)


def even(x, n):
    return x if n == 0 else odd(x * 1.1, n - 1)


def odd(x, n):
    return x * x if n == 0 else even(x + 0.1, n - 1)


def hidden_input(x, n):
    if n <= 0:
        return FACTOR
    return math.cos(x + FACTOR) * hidden_input(x * 0.9, n - 1) + x


def simpson(f, a, b, tolerance):
    m, h = 0.5 * (a + b), b - a
    left, right = 0.5 * (a + m), 0.5 * (m + b)
    coarse = h / 6 * (f(a) + 4 * f(m) + f(b))
    fine = h / 12 * (f(a) + 4 * f(left) + 2 * f(m) + 4 * f(right) + f(b))
    if abs(fine - coarse) < 15 * tolerance:
        return fine
    return simpson(f, a, m, tolerance / 2) + simpson(f, m, b, tolerance / 2)


def adaptive(x, n):
    return simpson(lambda t: math.exp(-x * t * t) * math.sin(5 * t), 0.0, 2.0, 10.0**-n)


def captured_array(x, n):
    w = np.linspace(0.0, 1.0, n) * x

    def visit(k):
        if k >= len(w):
            return 0.0
        return math.sin(w[k]) + 0.5 * visit(2 * k + 1) + 0.25 * visit(2 * k + 2)
    return visit(0) * x


def two_results(x, n):
    def both(n):
        if n == 0:
            return x, 1.0
        a, b = both(n - 1)
        return a * b + x, b + a * 0.1
    a, b = both(n)
    return a * b


def filled(x, n):
    def fill(a, k, v):
        if k < len(a):
            a[k] = v * a[k - 1] if k > 0 else v
            fill(a, k + 1, v * x)
    a = np.zeros(n + 1)
    fill(a, 0, x)
    return np.sum(a * a)


def quicksort(x, n):
    def sort(a, lo, hi):
        if lo < hi:
            pivot, i = a[hi], lo
            for j in range(lo, hi):
                if a[j] < pivot:
                    a[i], a[j] = a[j], a[i]
                    i += 1
            a[i], a[hi] = a[hi], a[i]
            sort(a, lo, i - 1)
            sort(a, i + 1, hi)
    a = np.sin(x * np.arange(n + 2) * 3.7)
    sort(a, 0, len(a) - 1)
    return np.sum(a * np.arange(n + 2))


def halves(x, n):
    """Slices are handed down."""
    def total(a):
        if len(a) < 2:
            return a[0] * x
        m = len(a) // 2
        return total(a[:m]) * 0.9 + math.sin(total(a[m:]))
    return total(np.arange(n + 1.0) * x)


class Tree:
    """A tree in arrays, visited by a method."""

    def __init__(self, weights):
        self.weights = weights

    def value(self, k):
        if k >= len(self.weights):
            return 1.0
        return self.weights[k] * self.value(2 * k + 1) + self.value(2 * k + 2)


def method(x, n):
    return Tree(np.arange(1.0, n + 1.0) * x).value(0)


def returns_arrays(x, n):
    def grow(a):
        if len(a) > n:
            return a
        return grow(np.append(a, a[-1] * x))
    return np.sum(grow(np.array([x])))


def fourier(x, n):
    def transform(re, im):
        m = len(re)
        if m == 1:
            return re, im
        er, ei = transform(re[::2], im[::2])
        odd_r, odd_i = transform(re[1::2], im[1::2])
        angle = 2 * np.pi * np.arange(m // 2) / m
        tr = np.cos(angle) * odd_r + np.sin(angle) * odd_i
        ti = np.cos(angle) * odd_i - np.sin(angle) * odd_r
        return np.concatenate((er + tr, er - tr)), np.concatenate((ei + ti, ei - ti))
    size = 8 if n > 3 else 4
    re, im = transform(np.sin(x * np.arange(size)), np.zeros(size))
    return np.sum(re[:3] ** 2) + np.sum(im[:3] ** 2) * n


def merge(a, b):
    out = np.empty(len(a) + len(b))
    i = j = 0
    for k in range(len(out)):
        if j >= len(b) or (i < len(a) and a[i] <= b[j]):
            out[k] = a[i]
            i += 1
        else:
            out[k] = b[j]
            j += 1
    return out


def merge_sort(x, n):
    def ordered(a):
        if len(a) <= 1:
            return a
        m = len(a) // 2
        return merge(ordered(a[:m]), ordered(a[m:]))
    return np.sum(ordered(np.sin(x * np.arange(n + 3) * 3.7)) * np.arange(n + 3))


def matrix_power(x, n):
    def power_of(a, k):
        if k == 0:
            return np.eye(2)
        if k % 2:
            return a @ power_of(a, k - 1)
        half = power_of(a, k // 2)
        return half @ half
    return np.sum(power_of(np.array([[x, 1.0], [0.3, x * x]]), n))


def to_a_depth(x, n):
    """It could be unrolled, 2**12 times: the depth is known."""
    def f(t):
        return math.exp(-x * t * t) * math.cos(3.0 * t)

    def area(a, b, fa, fb, depth):
        m = (a + b) / 2
        fm = f(m)
        if depth == 0 or abs(fa + fb - 2.0 * fm) < 1e-4:
            return (b - a) * (fa + 4.0 * fm + fb) / 6.0
        return area(a, m, fa, fm, depth - 1) + area(m, b, fm, fb, depth - 1)
    return area(0.0, 0.5 * n, f(0.0), f(0.5 * n), 12)


PROGRAMS = [fibonacci, power, even, hidden_input, adaptive, captured_array, two_results, filled, quicksort, halves,
            method, returns_arrays, fourier, merge_sort, matrix_power, to_a_depth]


def agrees(function: Any, x: float, n: int) -> None:
    """The interpreted program has Python's value; both modes have the slope of differences."""
    value, slope = interpreted_gradient(function, (x, n))
    assert np.isclose(value, function(x, n), rtol=1e-13)
    oracle = gradient(function, (x, n), (0,), "difference")
    assert disagreement({(0,): slope[(0,)]}, oracle, float(value), "difference") is None
    forward = interpreted_slope(function, (x, n), {(0,): np.asarray(1.0)})
    assert np.isclose(float(forward), float(slope[(0,)]), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_value_and_derivatives(function: Any) -> None:
    for x, n in ((0.7, 6), (0.37, 3), (1.1, 0)):
        if function in (captured_array, method) and n == 0:
            continue
        agrees(function, x, n)
    assert list(callees(traced(function, (0.7, 6)).function)), "it was unrolled"


def grown(depth, low, high):
    middle = (low + high) / 2
    return middle if depth == 0 else (middle, grown(depth - 1, low, middle), grown(depth - 1, middle, high))


TREE = grown(7, 0.0, 2.0)


def decided(tree, x):
    if not isinstance(tree, tuple):
        return tree * x
    threshold, left, right = tree
    if x < threshold:
        return decided(left, x)
    return decided(right, x * 1.01)


def test_what_differs_from_call_to_call_is_unrolled() -> None:
    """However often it calls itself, as deep as it goes."""
    value, slope = interpreted_gradient(lambda x: decided(TREE, x), (0.7,))
    assert value == decided(TREE, 0.7)
    assert float(slope[(0,)]) == pytest.approx((decided(TREE, 0.7 + 1e-6) - decided(TREE, 0.7 - 1e-6)) / 2e-6)


@pytest.mark.sampled(1 / 2)
def test_compiled() -> None:
    for function in (fibonacci, quicksort):
        x, n = 0.43, 6
        derivative = wb.value_and_grad(function, engine="numba")
        value, slope = derivative(x, n)
        assert np.isclose(value, function(x, n), rtol=1e-13)
        assert np.isclose(slope, wb.grad(function, engine="tape")(x, n), rtol=1e-11)
        assert derivative(0.9, 11)[0] == pytest.approx(function(0.9, 11), rel=1e-12)


def test_second_order() -> None:
    x, n, h = 0.43, 5, 1e-4
    curvature = (fibonacci(x + h, n) + fibonacci(x - h, n) - 2 * fibonacci(x, n)) / h**2
    assert np.isclose(wb.grad(wb.grad(fibonacci))(x, n), curvature, rtol=1e-4, atol=1e-4)


def without_end(x, n):
    if x < -1e9:
        return x
    return without_end(x + 1.0, n)


def test_a_recursion_without_end_raises_as_python_does() -> None:
    with pytest.raises(RecursionError):
        wb.grad(without_end, engine="numba")(1.0, 1)
    with pytest.raises(RecursionError):
        interpret(without_end, (1.0, 1))


# ------------------------------------------------------------------ what the tape takes
def writes_a_captured_array(x, n):
    a = np.zeros(n + 1)

    def fill(k, v):
        if v < 1e6 and k < len(a):
            a[k] = v
            fill(k + 1, v * x)
    fill(0, x)
    return np.sum(a)


def writes_an_alias(x, n):
    a = np.ones(n + 3) * x

    def shift(u, v, k):
        if k > 0 and u[0] < 1e9:
            u[k] = u[k - 1] * v[k]
            shift(u, v, k - 1)
    shift(a, a, n)
    return np.sum(a * np.arange(n + 3))


def writes_what_came_back(x, n):
    """The array that comes back is the one that was given."""
    def same(a, k):
        return a if k == 0 else same(a, k - 1)
    a = np.array([x, 2 * x])
    b = same(a, n)
    b[0] = 5.0
    return a[0] * a[1] + b[0]


def writes_what_was_given(x, n):
    def same(a, k):
        return a if k == 0 else same(a, k - 1)
    a = np.array([x, 2 * x])
    b = same(a, n)
    a[0] = 5.0
    return b[0] * b[1]


UNFIT = (writes_a_captured_array, writes_an_alias, writes_what_came_back, writes_what_was_given)


@pytest.mark.parametrize("function", UNFIT, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
def test_what_is_no_callee(function: Any) -> None:
    for engine in ("numba", "auto"):
        try:
            value, slope = wb.value_and_grad(function, engine=engine)(0.9, 5)
        except wb.DifferentiationError as error:
            assert engine == "numba" and error.filename == __file__
            continue
        oracle = gradient(function, (0.9, 5), (0,), "difference")
        assert disagreement({(0,): np.asarray(slope)}, oracle, float(value), "difference") is None


def test_arguments_are_written_once() -> None:
    def fill(a, k, v):
        if k < len(a):
            a[k] = a[k] + v
            return fill(a, k + 1, v * 0.5) + a[k]
        return 0.0
    ours = np.arange(40.0)
    theirs = copy.copy(ours)
    value, slope = wb.value_and_grad(fill, wrt=2, engine="numba")(ours, 0, 3.0)
    assert value == pytest.approx(fill(theirs, 0, 3.0))
    np.testing.assert_allclose(ours, theirs, rtol=1e-15)
    assert slope == pytest.approx(2.0, rel=1e-9)
