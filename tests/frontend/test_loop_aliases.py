"""Arrays rebound in loops while other names, the caller or a container still refer to the old one.

Every program must leave value, gradient and arguments as Python does, or be refused; which ones are refused is listed.
"""
from __future__ import annotations

import copy
import itertools
from collections.abc import Callable

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders
from tests.fuzz.emitted import in_python


def rebound_conditionally_with_a_chosen_alias(a, b, k):
    c1 = b if not a[1] < -1.32 else a
    for i in range(k):
        if a[i] > 1.5:
            b = 0.6 * b
    b[1:] += 0.3 * c1[:-1]
    return np.sum(b)


def copied_in_a_loop_that_is_unrolled(a, b, k):
    for _ in range(3):
        u = a
        j = 0
        while j < k and u[1] <= 100.0:
            j += 1
            u = b
            a = b * a[0]
        a += 0.5 * u
    return np.sum(a)


def exchanged_in_a_loop_that_is_unrolled(a, b, k):
    c = 2.0 * a
    for _ in range(3):
        u, v = a, c
        j = 0
        while j < k and u[0] <= v[1] + 50.0:
            j += 1
            u, v = v, b
            a, c = c.copy(), 0.5 * a
        a += 0.25 * v
    return np.sum(a * c) + u[0]


def rebound_conditionally(a, b, k):
    for i in range(k):
        if a[i] > 1.5:
            b = 0.6 * b
    b[1:] += 0.3
    return np.sum(b)


def rebound_before_a_break(a, b, k):
    for i in range(k):
        if a[i] > 1.5:
            b = 0.6 * b
            break
    b[1:] += 0.3
    return np.sum(b)


def rebound_before_continue(a, b, k):
    c = b
    for i in range(k):
        if a[i] > 1.5:
            b = 0.6 * b
            continue
    b[1:] += 0.3
    return np.sum(b) + np.sum(c)


def rebound_in_an_inner_loop(a, b, k):
    c = b
    for i in range(k):
        for j in range(k - 1):
            if a[i] > 1.5:
                b = 0.6 * b
    b[1:] += 0.3
    return np.sum(b) + np.sum(c)


def rebound_in_while(a, b, k):
    c = b
    n = 0
    while n < k:
        b = b * a[n]
        n += 1
        if a[0] > 3:
            break
    b[1:] += 0.3 * c[1]
    return np.sum(b) + np.sum(c)


def rebound_twice_with_an_alias_read(a, b, k):
    c = b
    for i in range(k):
        b = b * 0.5
        for j in range(k):
            b = b + c
    c[0] = 3.0
    b[1:] += 0.3 * c[1]
    return np.sum(b) + np.sum(c)


def two_names_for_what_the_body_made_one_written(a, b, k):
    c = a[:]
    for i in range(k):
        a = a * 0.5
        b = a
    a[1:] += 0.3 * c[1]
    b[0] *= 2
    return np.sum(a) + np.sum(c) + b[0]


def two_names_rebound_then_written(a, b, k):
    x = a
    y = b
    for i in range(k):
        x = x + y
        y = np.sin(x)
    x[0] = 5.0
    y[1] = 7.0
    return np.sum(a * b) + np.sum(x)


def kept_in_a_tuple(a, b, k):
    c = (b, a)
    for i in range(k):
        b = 0.6 * b
    b[1:] += 0.3 * c[0][:-1]
    c[0][0] = 9.0
    return np.sum(b)


def kept_in_a_list_and_swapped(a, b, k):
    c = [b, a]
    for i in range(k):
        if a[i] > 1.5:
            b, a = a, 0.5 * b
    b[1:] += 0.3 * c[0][:-1]
    a[0] += 1.0
    return np.sum(b)


def a_view_kept_while_the_body_writes(a, b, k):
    c = b[1:]
    for i in range(k):
        b = 0.6 * b
        b[0] = 2.0
    b[1:] += 0.3 * c
    return np.sum(b)


def written_then_rebound(a, b, k):
    c = b
    for i in range(k):
        b[0] = 2.0 * b[1]
        b = 0.6 * b
    b[1:] += 0.3 * c[1]
    return np.sum(b)


def two_names_for_the_last_array_one_written(a, b, k):
    x = a
    y = b
    for i in range(k):
        x = x * 2
        y = x
    y[0] = 5.0
    return np.sum(x) + y[1]


def two_names_born_in_the_body(a, b, k):
    for i in range(k):
        d = a * 2
        e = d
    if k > 0:
        d[0] = 5.0
        return np.sum(e)
    return 1.0


def a_view_born_in_the_body_written_under(a, b, k):
    for i in range(k):
        d = a * 2
        e = d[1:]
    if k > 0:
        d[1] = 5.0
        return np.sum(e)
    return 1.0


def rebound_to_another_argument_or_anew(a, b, k):
    x = a
    for i in range(k):
        if b[i] > 5.5:
            x = b
        elif a[i] > 0:
            x = 0.5 * x
    x[0] = 9.0
    return np.sum(b) + np.sum(x)


def rebound_or_anew_and_written(a, b, k):
    x = a
    for i in range(k):
        if a[i] > 1.5:
            x = b
        elif a[i] > 0:
            x = 0.5 * x
        x[0] = 9.0
    return np.sum(b) + np.sum(x) + np.sum(a)


def rebound_or_written(a, b, k):
    c = a
    for i in range(k):
        if a[0] > -0.5:
            a = a * 0.5
            a[1] += 1.0
        else:
            a[0] += 3.0
    a[2] = c[0]
    return np.sum(a) + np.sum(c)


def alias_written_while_rebound(a, b, k):
    c = a
    for i in range(k):
        c[0] += 1.0
        a = a * 0.5
    a[2] = c[0]
    return np.sum(a) + np.sum(c)


def written_under_another_name_then_rebound(a, b, k):
    """In every second turn it is the caller's array that is written, and then under no name any more."""
    c = np.zeros(3)
    for i in range(k):
        a, c = c, a
        a[1] = a[2] * b[0] + 1.0
        a = c.copy()
    return np.sum(c * c)


def written_between_inner_rebindings(a, b, k):
    for i in range(k):
        for j in range(k):
            if b[j] > 4.5:
                a = a * 0.5
        a[0] += 1.0
    a[2] = 7.0
    return np.sum(a)


def kept_in_a_list_over_constant_trips(a, b, k):
    c = [a, b]
    for i in range(3):
        a = a * 0.5
    a[2] = c[0][0]
    return np.sum(a) + np.sum(c[0])


def local_rebound_conditionally(a, b, k):
    z = np.zeros(3)
    w = z
    for i in range(k):
        if a[i] > 1.5:
            z = z + a
    z[0] = 3.0
    return np.sum(w) + np.sum(z)


def local_in_a_tuple_and_while(a, b, k):
    z = a + 1.0
    w = (z, b)
    i = 0
    while i < k:
        z = z + a
        if z[1] > 6:
            break
        i += 1
    w[0][1] = 8.0
    z[0] = 3.0
    return np.sum(w[0]) + np.sum(z)


def rebound_to_what_a_call_may_return(a, b, k):
    def step(u):
        if u[0] > 0:
            return u * 0.5
        return u
    for i in range(k):
        a = step(a)
    a[1] = 10.0
    return np.sum(a)


def two_rebound_by_calls_with_an_alias(a, b, k):
    def step(u):
        if u[0] > 0:
            return u * 0.5
        return u
    c = a
    for i in range(k):
        a = step(a)
        b = step(b)
    a[1] = 10.0
    b[1] = c[1]
    return np.sum(a) + b[0]


def previous_iterate(x, b, k):
    prev = x
    for i in range(k):
        prev = x
        x = np.sin(x) + 0.1
        if np.sum((x - prev)**2) < 1e-3:
            break
    return np.sum(x * prev)


def best_before_the_step(x, b, k):
    best = x
    fb = 1e9
    for i in range(k):
        f = np.sum(x**2)
        if f < fb:
            fb = f
            best = x
        x = x - 0.1 * x
    return np.sum(best)


def best_after_the_step(x, b, k):
    best = x
    fb = 1e9
    for i in range(k):
        x = x - 0.1 * x
        f = np.sum(x**2)
        if f < fb:
            fb = f
            best = x
    return np.sum(best)


def iterates_in_a_list(x, b, k):
    out = []
    for i in range(3):
        x = x - 0.1 * x
        out.append(x)
    return np.sum(out[0] * out[2])


def momentum(x, b, k):
    x_old = x
    y = x
    for i in range(k):
        x_new = y - 0.1 * y
        y = x_new + 0.5 * (x_new - x_old)
        x_old = x_new
    return np.sum(x_old)


REFUSED = (
    two_names_for_what_the_body_made_one_written,
    kept_in_a_list_and_swapped,
    two_names_for_the_last_array_one_written,
    a_view_born_in_the_body_written_under,
)
FOLLOWED = tuple(value for value in list(globals().values())
                 if getattr(value, "__module__", None) == __name__ and value not in REFUSED)


def arguments(sign: float, trips: int, x: float) -> tuple[np.ndarray, np.ndarray, int]:
    return sign * x * np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), trips


@pytest.mark.parametrize("function", (*FOLLOWED, *REFUSED))
def test_as_python_has_it(function: Callable[..., float]) -> None:
    """(The emitted program, run as the Python that it is.)"""
    derivative = wb.value_and_grad(function)
    for trips, sign in itertools.product(range(4), (1.0, -1.0)):
        plain, ours = arguments(sign, trips, 1.1), arguments(sign, trips, 1.1)
        expected = function(*plain)
        with in_python():
            value, gradient = derivative(*ours)
        assert value == pytest.approx(expected, rel=1e-12)
        for left, right in zip(plain[:2], ours[:2]):
            np.testing.assert_allclose(right, left, rtol=1e-12)
        slope, off = ridders(lambda h: function(*arguments(sign, trips, 1.1 + h)), 1e-3)
        along = gradient @ (sign * np.array([1.0, 2.0, 3.0]))
        assert along == pytest.approx(slope, rel=1e-6, abs=max(1e-9, 10 * off))


@pytest.mark.parametrize("function", REFUSED)
def test_refused_rather_than_wrong(function: Callable[..., float]) -> None:
    given = np.linspace(1.0, 2.0, 100), np.linspace(4.0, 6.0, 100), 100
    with pytest.raises(wb.DifferentiationError, match="names|written"):
        wb.grad(function, engine="numba")(*copy.deepcopy(given))
    with pytest.warns(UserWarning, match="runs on the tape"):
        value = wb.value_and_grad(function)(*copy.deepcopy(given))[0]
    assert value == function(*copy.deepcopy(given))
