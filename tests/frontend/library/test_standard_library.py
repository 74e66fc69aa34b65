"""`bisect`, `heapq`, `max` and `min` by a key, `accumulate`, `round` to digits, ranges: as Python has them."""
from __future__ import annotations

import bisect
import dataclasses
import functools
import heapq
import itertools
import random

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret, interpreted_gradient
from workbench.frontend.composed.numbers import rounded


def interpolated(a):
    grid, total = [0.0, 0.5, 1.0, 1.5, 2.0], 0.0
    for v in a:
        k = min(bisect.bisect(grid, v) - 1, 3)
        w = (v - grid[k]) / (grid[k + 1] - grid[k])
        total += (1 - w) * k + w * w + bisect.bisect_left(grid, 0.5 * v)
    return total


def inserted(a):
    ordered = []
    for v in a:
        bisect.insort(ordered, v * v)
    return sum([k * v for k, v in enumerate(ordered)])


def in_order_of_the_heap(a):
    heap, total, rank = [], 0.0, 1
    for k in range(len(a)):
        heapq.heappush(heap, (a[k] * a[k], k))
    first, _ = heapq.heappushpop(heap, (0.3 * a[0], 9))
    while heap:
        v, k = heapq.heappop(heap)
        total += rank * v + k
        rank += 1
    return total + first


def by_key(a):
    n = len(a)
    i, j = max(range(n), key=lambda k: a[k]), min(range(1, n), key=lambda k: (a[k] - 1.0) ** 2)
    pairs = [(v, v * v) for v in a]
    low, _ = min(pairs, key=lambda pair: -pair[1])
    none = max((v for v in a if v > 50.0), default=a[0])
    return a[i] * i + 2.0 * a[j] + low + none + max(a, key=abs) + range(1, n, 2)[1] * a[1]


def added_up(a):
    total = 0.0
    for k, s in enumerate(itertools.accumulate(a)):
        total += s * k
    for s in itertools.accumulate(a, lambda u, v: u * v):
        total += s
    return total


@pytest.mark.parametrize("function", [interpolated, inserted, in_order_of_the_heap, by_key, added_up])
def test_agrees_with_python(function) -> None:
    for seed in range(3):
        a = np.random.default_rng(seed).uniform(0.1, 1.9, 7)
        agrees(function, a)
        oracle = gradient(function, (a,), (0,), "difference")
        assert disagreement(interpreted_gradient(function, (a,))[1], oracle, function(a), "difference") is None


def test_the_first_of_equal_ones_is_taken() -> None:
    def chosen(a):
        i, j = max(range(len(a)), key=lambda k: abs(a[k])), min(range(len(a)), key=lambda k: -abs(a[k]))
        return i + 10.0 * j + max(a, key=abs)
    agrees(chosen, np.array([0.5, -1.0, 1.0, -1.0]))


def test_nothing_to_choose_from() -> None:
    for function in (lambda a: max(a, key=abs), lambda a: a[max(range(len(a)), key=lambda k: a[k])]):
        with pytest.raises(ValueError, match="empty"):
            interpret(function, (np.array([]),))
    assert interpret(lambda a: max(a, default=3.0) + min(a, key=abs, default=2.0), (np.array([]),)) == 5.0
    with pytest.raises(IndexError):
        interpret(lambda a, n: range(n)[n] * a[0], (np.ones(3), 4))


def memoised(x):
    @functools.lru_cache(maxsize=None)
    def fibonacci(n):
        return x if n < 2 else fibonacci(n - 1) + x * fibonacci(n - 2)

    @functools.cache
    def hermite(n):
        return (1.0, 2.0 * x)[n] if n < 2 else 2.0 * x * hermite(n - 1) - 2.0 * (n - 1) * hermite(n - 2)
    total = fibonacci(40) * 1e-6
    for k in range(50):
        if x > 0.1 * k:
            total += hermite(7) * binomial(40, 20) * 1e-12 + scaled(x)
    return total + hermite(7)


@functools.lru_cache
def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)


@functools.lru_cache(maxsize=8)
def scaled(x):
    return 2.0 * x


def test_cached_functions() -> None:
    for x in (0.7, 0.01):
        assert interpret(memoised, (x,)) == pytest.approx(memoised(x), rel=1e-13)
    oracle = gradient(memoised, (0.73,), (0,), "difference")
    assert disagreement(interpreted_gradient(memoised, (0.73,))[1], oracle, memoised(0.73), "difference") is None


def test_effects_of_cached_functions() -> None:
    def once(x):
        calls = 0

        @functools.cache
        def f(n):
            nonlocal calls
            calls += 1
            return x * n
        return f(2) + f(2) + f(3) + calls

    def again(x):
        calls = 0

        @functools.cache
        def f(v):
            nonlocal calls
            calls += 1
            return v * v
        return f(x) + f(x) + calls

    def counted(x):
        calls = []

        @functools.cache
        def f(v):
            calls.append(v)
            return v * v
        return f(x) + f(x) + len(calls)

    def tallied(x):
        calls = [0]

        @functools.cache
        def f(v):
            calls[0] += 1
            return v * v
        return f(x) + f(x) + calls[0]

    def local(x):
        @functools.cache
        def f(v):
            powers = [1.0]
            powers.append(v)
            powers[1] *= v
            return powers[1]
        return f(x) + f(x)
    agrees(once, 0.7)
    agrees(local, 0.7)
    for program in (again, counted, tallied):
        with pytest.raises(wb.DifferentiationError, match="effects under `functools.lru_cache`"):
            interpret(program, (0.7,))


def test_rounding_to_digits() -> None:
    def function(x, y):
        return x * round(x, 2) + round(y, 1) * x + round(100.0 * y, -1) + round(x)

    def large(x):
        return round(x, 2)
    for x in (2.675, -0.125, 0.0):
        agrees(function, x, 1.25)
    agrees(large, 1e300)
    assert interpreted_gradient(function, (2.675, 1.25))[1][(0,)] == round(2.675, 2) + round(1.25, 1)


def test_rounding_is_pythons() -> None:
    rng = random.Random(0)
    for _ in range(20000):
        digits = rng.randint(-4, 12)
        near = round(rng.uniform(-1e3, 1e3), rng.randint(0, 6)) + rng.choice((0, 0.5, 5)) * 10.0 ** -(digits + 1)
        for x in (near, rng.randint(-10**7, 10**7) * 10.0 ** rng.randint(-8, 3), rng.uniform(-1, 1) * 1e-20):
            assert repr(rounded(x, 10.0 ** abs(digits), digits >= 0)) == repr(round(x, digits)), (x, digits)
    for x in (float("inf"), -0.0, 1e308):
        assert repr(rounded(x, 100.0, True)) == repr(round(x, 2))


@dataclasses.dataclass
class Point:
    at: float


def dataclasses_among_values(a):
    chosen = a if a[0] > 0.5 else a[::-1]
    values = (a[0], 2.0, a, chosen, a.sum, a.flat, iter(a), enumerate(a), map(np.sin, a), zip(a, a), [a], (a,), {1: a},
              {1.0}, range(3), slice(1), a[0] > 0.0, 1j * a[0], None, "text", np.sin, list, lambda: 1.0)
    found = sum(dataclasses.is_dataclass(value) for value in values)
    both = dataclasses.is_dataclass(Point(a[0])) + dataclasses.is_dataclass(Point)
    return a[0] * (1.0 + found) + 10.0 * a[1] * both


@pytest.mark.parametrize("engine", ["reference", "tape"])
def test_only_dataclasses_are_dataclasses(engine: str) -> None:
    """(What stands for numbers, arrays and iterators while a program is traced is a dataclass, too.)"""
    value, slope = wb.value_and_grad(dataclasses_among_values, engine=engine)(np.array([1.5, 2.0]))
    assert value == 1.5 + 10.0 * 2.0 * 2
    np.testing.assert_array_equal(slope, [1.0, 20.0])
    for of_no_instance in (lambda x: x * len(dataclasses.asdict(x)), lambda x: x * len(dataclasses.astuple([x])),
                           lambda x: x * len(dataclasses.fields(x))):
        with pytest.raises(TypeError, match="dataclass"):
            wb.grad(of_no_instance, engine=engine)(1.5)
