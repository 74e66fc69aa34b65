"""Numbers whose type depends on the path taken, powers of zero, NumPy's booleans, results that `lru_cache` keeps: what
plain Python gives or raises, or a refusal."""
from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import interpret
from workbench.frontend import recursion

A = np.array([0.75, -1.25, 0.55])
DEPENDS = "depends on a run-time condition"


def one_or_float(x, a):
    n = 1 if x > 1 else x
    return x * isinstance(n, int) + n


def type_of_largest(x, a):
    return x * (type(max(0, x - 1.2)) is float)


def attribute_that_changes(x, a):
    entries = [0, 1]
    if x > 1:
        entries[0] = x
    return x * isinstance(entries[0], int)


def divided_down(x, a):
    n = 3 if x > 1 else 2.0
    return x * isinstance(n // 2, int) + n


def squared(x, a):
    n = 3 if x > 1 else 2.0
    return x * isinstance(n**2, int) + n


def matched(x, a):
    match 1 if x > 1 else x:
        case int():
            return x * 3
        case _:
            return x * 5


def true_or_three(x, a):
    n = True if x > 1 else 3
    return x * isinstance(n, bool) + n


def printed(x, a):
    print(max(0, x))
    return x


def entries_by_turns(x, a):
    rows = []
    for k in range(int(x * 10)):
        rows.append(k if k % 2 else x)
    return sum(x * isinstance(v, int) for v in rows)


def entries_of_two_kinds(x, a):
    rows = []
    for k in range(int(x * 10)):
        rows.append(k)
        rows.append(x)
    return x * isinstance(max(rows), int)


def entries_in_tuples(x, a):
    rows = []
    for k in range(int(x * 10)):
        rows.append((k if x > 0.4 else x, 1))
    t = x
    for p, q in rows:
        t += isinstance(p, int) * x + q
    return t


def power(x, n):
    return 1 if n <= 0 else x * power(x, n - 1)


def halves(n, d):
    return isinstance(n, int) * 1.0 if d <= 0 else halves(n / 2, d - 1)


def result_of_a_recursion(x, a):
    return x * isinstance(power(x, int(x * 10)), float)


def argument_of_a_recursion(x, a):
    return x * halves(3, int(x * 10))


@pytest.mark.parametrize("f", [one_or_float, type_of_largest, attribute_that_changes, divided_down, squared, matched,
                               true_or_three, printed, entries_by_turns, entries_of_two_kinds, entries_in_tuples,
                               result_of_a_recursion, argument_of_a_recursion])
def test_a_type_that_depends_on_a_condition_is_refused(f: Any) -> None:
    with pytest.raises(wb.DifferentiationError, match=DEPENDS):
        interpret(f, (1.1, A))


def settled(x, a):
    n = 3 if x > 1 else 2.0
    kinds = [n / 2, n**2.0, n**-1, n * 1.0, x + n, math.sin(n), float(n)]
    total = 0
    for k in range(3):
        total += x * k
    return x * sum(isinstance(v, float) for v in kinds) + isinstance(n, (int, float)) + isinstance(int(n), int) + total


def formatted(x, a):
    print(f"{max(0, x):.2f}", "%.1e" % max(0, x))
    return x


def in_lists_and_recursions(x, a):
    rows = []
    for k in range(int(x * 10)):
        rows.append(k)
        rows.append(x)
    t = 0
    for r in rows:
        t += r * x
    return t + power(x, int(x * 10)) * 2.0 + max(rows)


@pytest.mark.parametrize("f", [settled, formatted, in_lists_and_recursions])
def test_a_type_that_is_the_same_on_all_paths_is_known(f: Any) -> None:
    for x in (1.1, 0.3):
        agrees(f, x, A)


def summed_in_a_loop(x, a):
    n = 0
    for _ in range(int(x)):
        n += x
    return x * isinstance(n, int) + n


def test_a_type_that_a_loop_changes_is_checked() -> None:
    agrees(summed_in_a_loop, 2.5, A)
    with pytest.raises(wb.DifferentiationError, match="made no turn"):
        interpret(summed_in_a_loop, (0.5, A))


def integer_power(x, a):
    return x * int(x) ** -1


def power_of_a_boolean(x, a):
    return x * (x > 1) ** -2


def complex_power(x, a):
    return abs(complex(x - x, 0) ** -0.5)


def power_to_a_complex(x, a):
    return abs(complex(int(x), 0) ** complex(0.5, x))


def test_zero_to_a_negative_power() -> None:
    for f in (integer_power, power_of_a_boolean, power_to_a_complex):
        agrees(f, 1.1, A)
    for f in (integer_power, power_of_a_boolean, power_to_a_complex, complex_power):
        with pytest.raises(ZeroDivisionError):
            interpret(f, (0.3, A))


def enormous_power(x, a):
    return x**1e300 + x**2.0**70


def signs_of_booleans(x, a):
    b = x > 1
    mask = abs(a > 0)
    return x * (type(+b) is int) + (+b) * 2 - b + a[mask].sum() + abs(a[0] > 0)


def rounded_integers(x, a):
    n = np.arange(3)[1]
    return x * (type(round(n)) is int) + round(int(x * 10), 1) + round(n, 2)


@pytest.mark.parametrize("f", [enormous_power, signs_of_booleans, rounded_integers])
def test_numbers_as_in_python(f: Any) -> None:
    agrees(f, 0.3, A)


@pytest.mark.parametrize("f", [lambda x, a: x * (-(a > 0)).sum(), lambda x, a: x * +(a[0] > 0)])
def test_signs_of_numpys_booleans(f: Any) -> None:
    with pytest.raises(TypeError):
        f(1.1, A)
    with pytest.raises(TypeError):
        interpret(f, (1.1, A))


CALLS = []


@functools.lru_cache
def counted(n):
    CALLS.append(n)
    return n * 2.0


@functools.lru_cache
def listed(n):
    return [1.0] * n


@functools.cache
def ones(n):
    return np.ones(n)


def counts(x, a):
    return counted(3) * x


def grows(x, a):
    listed(2).append(1.0)
    return x * sum(listed(2))


def writes(x, a):
    w = ones(3)
    w += 1
    return x * w.sum()


def reads(x, a):
    return x * sum(listed(2)) + ones(3).sum() * x


def test_what_a_cache_keeps_from_call_to_call() -> None:
    agrees(reads, 1.1, A)
    for f in (counts, grows, writes):
        with pytest.raises(wb.DifferentiationError, match="lru_cache"):
            interpret(f, (1.1, A))


@functools.cache
def fibonacci(n):
    if n < 3:
        return 1.0 * n
    return fibonacci(n - 1) + fibonacci(n - 2) * fibonacci(2) + fibonacci(0)


def known_first(x, a):
    return fibonacci(5) * x + fibonacci(int(x * 20)) * fibonacci(7)


def known_last(x, a):
    return fibonacci(int(x * 20)) * x + fibonacci(9)


def test_a_recursive_function_whose_results_are_kept() -> None:
    for f in (known_first, known_last):
        agrees(f, 0.55, A)


def path(x, a):
    cost = np.sin(np.linspace(0.0, 1.0, 40) * x)

    @functools.cache
    def best(i, j):
        if i == 0 or j == 0:
            return cost[i + j]
        if cost[i] > 0.1:
            return min(best(i - 1, j), best(i, j - 1)) * 1.01 + cost[i + j]
        return best(i - 1, j - 1)
    return best(15, 15)


def test_a_recursion_that_would_be_unrolled_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recursion, "MAX_CALLS", 100)
    with pytest.raises(wb.DifferentiationError, match="more than 100 times"):
        interpret(path, (0.55, A))


def attributes_of_numbers(x, a):
    found = hasattr(x, "shape") + 2 * hasattr(a[0], "shape") + 4 * hasattr(int(x), "dtype") + getattr(x, "ndim", 7)
    return found * x + x.real + a[0].sum() + getattr(a[0], "ndim", 7)


def attributes_missed(x, a):
    try:
        return x.sum()
    except AttributeError:
        return x * 2


def attributes_of_a_partial(x, a):
    h = functools.partial(pow, x, exp=2)
    return h.args[0] * len(h.args) + h.keywords["exp"] * x


def sorted_pairs(x, a):
    pairs = [(v, k * x) for k, v in enumerate(a)]
    pairs.sort(key=lambda pair: -pair[0])
    return sum(k * pair[1] * pair[0] for k, pair in enumerate(pairs))


@pytest.mark.parametrize("f", [attributes_of_numbers, attributes_missed, attributes_of_a_partial, sorted_pairs])
def test_attributes_and_items(f: Any) -> None:
    agrees(f, 1.1, A)


def test_attributes_of_a_number_of_several_types() -> None:
    with pytest.raises(wb.DifferentiationError, match=DEPENDS):
        interpret(lambda x, a: x * hasattr(1 if x > 1 else x, "is_integer"), (1.1, A))
    with pytest.raises(wb.DifferentiationError, match="int8"):
        interpret(lambda x, a: x * np.int8(2), (1.1, A))


class Lazy:
    def __init__(self) -> None:
        self.made = 0

    @functools.cached_property
    def factor(self) -> float:
        self.made += 1
        return 2.0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self.made += 100
        return 3.0


def test_a_property_that_is_kept_is_run_once() -> None:
    lazy = Lazy()

    def uses_what_is_made_once(x, a):
        lazy.other = lazy.factor * x
        return lazy.other + lazy.made

    derivative = wb.value_and_grad(uses_what_is_made_once, engine="numba")
    with in_python():
        for x in (1.1, 0.3):
            assert derivative(x, A) == (2.0 * x + 1, 2.0)
    assert vars(lazy) == {"made": 1, "factor": 2.0, "other": 0.6}
