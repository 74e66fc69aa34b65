"""Branches on run-time conditions: joins, names bound in one arm, early returns, names that mean one of two arrays."""
from __future__ import annotations

import math

import numpy as np
import pytest

import workbench as wb
from tests.frontend.running import agrees, text
from tests.fuzz.interpreted import interpret

RNG = np.random.default_rng(6)


def joined(x):
    if x > 0.0:
        y = x * 2.0
    else:
        y = 3
    return y * x


def test_numbers_are_promoted_where_arms_meet() -> None:
    for x in (1.5, -1.5):
        agrees(joined, x)


def early(x):
    if x < 0.0:
        return -x
    y = x * x
    if y > 4.0:
        return math.sqrt(y) + 1.0
    elif y > 1.0:
        y += 1.0
    return y * 2.0


def early_in_loops(a, limit):
    s = 0.0
    for i in range(len(a)):
        for j in range(i):
            s += a[i] * a[j]
            if s > limit:
                return s * 10.0
        if s < -limit:
            break
    else:
        return s + 1.0
    return s - 1.0


def test_early_returns() -> None:
    for x in (-1.0, 0.5, 1.5, 3.0):
        agrees(early, x)
    for seed in range(6):
        a = np.random.default_rng(seed).normal(size=5)
        for limit in (0.5, 2.0, 100.0):
            value = early_in_loops(a, limit)
            assert interpret(early_in_loops, (a, limit)) == pytest.approx(float(value), rel=1e-14)


def maybe_bound(x):
    if x > 0.0:
        y = x
    return y * 2.0


def maybe_bound_by_a_loop(x, n):
    for i in range(n):
        y = x * i
    return y


def counter_of_no_trip(x, n):
    for i in range(n):
        x = x * 2.0
    return x * i


@pytest.mark.parametrize("function, good, bad", [
    (maybe_bound, (1.5,), (-1.5,)),
    (maybe_bound_by_a_loop, (1.5, 3), (1.5, 0)),
    (counter_of_no_trip, (1.5, 3), (1.5, 0)),
])
def test_a_name_that_may_be_unbound_raises_when_it_is(function: object, good: tuple, bad: tuple) -> None:
    agrees(function, *good)
    with pytest.raises(UnboundLocalError):
        function(*bad)  # type: ignore[operator]
    with pytest.raises(UnboundLocalError):
        interpret(function, bad)


def bound_in_one_arm_and_not_read(x):
    if x > 0.0:
        y = x
        x = y * y
    return x


def bound_under_the_same_condition(x):
    if x > 0.0:
        y = x * 3.0
    z = 1.0
    if x > 0.0:
        z = y
    return z


def test_a_name_that_is_not_read_where_it_is_unbound_does_no_harm() -> None:
    for x in (1.5, -1.5):
        agrees(bound_in_one_arm_and_not_read, x)
        agrees(bound_under_the_same_condition, x)


def one_arm_raises(x):
    if x < 0.0:
        raise ValueError("negative")
    assert x != 1.0, "one"
    return math.sqrt(x)


def test_exceptions_of_one_arm() -> None:
    agrees(one_arm_raises, 4.0)
    with pytest.raises(ValueError, match="negative") as caught:
        interpret(one_arm_raises, (-1.0,))
    assert caught.value.span.line == one_arm_raises.__code__.co_firstlineno + 2
    with pytest.raises(AssertionError, match="one"):
        interpret(one_arm_raises, (1.0,))


def short_circuit(x, y):
    p = x != 0.0 and y / x > 1.0
    q = x == 0.0 or y / x < 1.0
    r = x and y
    s = x or y
    return (1.0 if p else 2.0) * (3.0 if q else 5.0) + 7.0 * r + 11.0 * s


def test_and_and_or_stop_early() -> None:
    for x, y in ((0.0, 1.0), (2.0, 3.0), (2.0, 1.0), (2.0, 0.0), (0.0, 0.0)):
        agrees(short_circuit, x, y)


# ------------------------------------------------------------------ one of two arrays
def write_through_choice(a, b, p):
    c = a if p > 0.0 else b
    c[2] = p
    return np.sum(a * a) + 3.0 * np.sum(b)


def read_and_write(a, b, p):
    if p > 0.0:
        c = a
    else:
        c = b
    c[0] += 2.0
    a[0] *= 3.0
    return c[0] + 10.0 * b[0] + 100.0 * a[0]


def view_of_choice(a, b, p):
    c = a if p > 0.0 else b
    v = c[1:]
    v[0] = p
    w = v[::-1]
    w[0] += c[0]
    return np.sum(a * c) + 10.0 * np.sum(b * w[0])


def choice_of_views(a, b, p):
    v = a[1:] if p > 0.0 else b[:-1]
    v[1] = p * p
    v *= 2.0
    return np.sum(a) + 10.0 * np.sum(b)


def choice_of_three(a, b, p):
    c = np.zeros(4)
    d = a if p > 0.0 else b if p > -1.0 else c
    d[1] = 5.0
    d[1:3] += p
    return np.sum(a) + 10.0 * np.sum(b) + 100.0 * np.sum(c)


def choice_of_one(a, b, p):
    c = a if p > 0.0 else a
    c[0] = p
    return a[0] + b[0]


def choice_made_in_a_loop(a, b, p):
    best = a
    for i in range(4):
        if b[i] > p:
            best = b
        best[i] = best[i] + 1.0
    return np.sum(a) + 10.0 * np.sum(b) + np.sum(best * best)


def choice_handed_to_a_function(a, b, p):
    def fill(c, value):
        c[:2] = value
        return c

    d = fill(a if p > 0.0 else b, p)
    d[3] = 1.0
    return np.sum(a) + 10.0 * np.sum(b) + np.sum(d)


@pytest.mark.parametrize("function", [write_through_choice, read_and_write, view_of_choice, choice_of_views,
                                      choice_of_three, choice_of_one, choice_made_in_a_loop,
                                      choice_handed_to_a_function])
def test_writes_through_a_choice_reach_the_array_chosen(function: object) -> None:
    for p in (0.5, -0.5, -1.5):
        agrees(function, RNG.normal(size=4), RNG.normal(size=4), p)


def test_a_choice_between_fresh_arrays_is_no_case_split_later() -> None:
    def fresh(a, p):
        c = a * 2.0 if p > 0.0 else a + 1.0
        c[1] = p
        return c

    for p in (0.5, -0.5):
        agrees(fresh, RNG.normal(size=3), p)
    assert text(fresh, np.ones(3), 0.5).count("store(") == 1


def test_what_cannot_be_joined_is_an_error_only_when_it_is_read() -> None:
    def mixed(x, read):
        y = "text" if x > 0.0 else x
        return y if read else x * 2.0

    assert interpret(mixed, (1.5, False)) == 3.0
    with pytest.raises(wb.DifferentiationError):
        interpret(mixed, (1.5, True))


# ------------------------------------------------------------------ another thing on each of two paths
def entry_of_a_tuple(x):
    pair = ("low", 0.0)
    if x > 0:
        pair = ("high", x)
    return pair[1] * (3.0 if pair[0] == "high" else 2.0) + x


def chosen_text(x):
    return x * (3.0 if ("high" if x > 0 else "low") == "high" else 2.0)


def chosen_key(x):
    return x * {"high": 3.0, "low": 2.0}["high" if x > 0 else "low"]


def chosen_among(x):
    return x * (3.0 if ("high" if x > 0 else "low") in ("high", "top") else 2.0)


def member_of_a_tuple(x):
    pair = ("high", 1.0) if x > 0 else ("low", x)
    return x * (3.0 if "high" in pair else 2.0)


def matched(x):
    pair = ("high", x) if x > 0 else ("low", 2.0)
    match pair:
        case ("high", v):
            return v * x
        case (_, v):
            return v + x


def nothing_or_a_number(x):
    return x * 2.0 if (x if x > 0 else None) is None else x * 3.0


def tuple_in_a_loop(a):
    state, total = ("low", 0.0), 0.0
    for v in a:
        if state[0] == "high":
            total += state[1] * v
        if v > 0:
            state = ("high", v)
    return total


def by_format(x):
    return x * len(f"{'high' if x > 0 else 'l'}")


@pytest.mark.parametrize("function", [entry_of_a_tuple, chosen_text, chosen_key, chosen_among, member_of_a_tuple,
                                      matched, nothing_or_a_number, by_format])
def test_a_static_thing_chosen_at_run_time_is_refused_or_right(function) -> None:
    """Silently wrong once: a comparison with what differs from path to path was simply false."""
    for x in (0.7, -0.7):
        right_or_refused(function, x)


def test_a_static_entry_of_a_tuple_that_a_loop_changes() -> None:
    right_or_refused(tuple_in_a_loop, np.array([-0.8, 0.4, 1.1, 0.7]))
    right_or_refused(tuple_in_a_loop, np.tile([-0.8, 0.4, 1.1, 0.7], 20))


def right_or_refused(function, *args) -> None:
    try:
        found = interpret(function, args)
    except wb.DifferentiationError as error:
        assert "on one path" in error.reason or "before the loop" in error.reason
    else:
        assert found == pytest.approx(function(*args), rel=1e-12)


# ------------------------------------------------------------------ `is`
def truth_values(x, y):
    a, b = x > 0, bool(np.float64(y) > 0)
    total = x * (a is True) + 2.0 * x * (b is not False) + 3.0 * x * ((not a) is b) + 4.0 * x * (a is None)
    match b:
        case True:
            total += 5.0 * x
        case None:
            total += 6.0 * x
        case _:
            total += 7.0 * x
    return total + 8.0 * x * (any(v > 1.0 for v in (x, y)) is True)


def numpy_truth_value(a):
    total = 0.0
    for v in a:
        if (v > 0) is True:
            total += 100.0
        if (v > 0) is not None and bool(v > 0) is True:
            total += v
    return total


def one_number(x, y):
    z = x if y > 0 else 0.0
    return x * (2.0 if z is x else 3.0)


def one_array(x, a):
    b = a * x
    c = b if x > 0 else a
    return np.sum(a) * (2.0 if c is b else 3.0) * x


def one_tuple(x, y):
    start = (x, y)
    held = start
    return x * (2.0 if held is start else 3.0)


def one_list(x, y):
    a, b = [x], [x]
    c = a
    return x * (2.0 if c is a else 3.0) + y * (2.0 if a is b else 3.0)


def test_identity_is_pythons_or_refused() -> None:
    """Silently wrong once: a run-time number was never one object with anything."""
    for x, y in ((0.7, -0.4), (-0.7, 1.4), (1.2, 0.3)):
        agrees(truth_values, x, y)
        agrees(one_list, x, y)
        for function in (one_number, one_tuple):
            refused_or_right(function, x, y)
        refused_or_right(one_array, x, np.array([x, y]))
    assert interpret(numpy_truth_value, (np.array([0.5, -1.0, 2.0]),)) == 2.5


def refused_or_right(function, *args) -> None:
    try:
        found = interpret(function, args)
    except wb.DifferentiationError as error:
        assert "one object" in error.reason
    else:
        assert found == pytest.approx(function(*args), rel=1e-12)
