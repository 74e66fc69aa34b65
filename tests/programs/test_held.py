"""Values that a program holds while another part of it is evaluated: what that does to arrays and names must not reach
them, or must, as Python has it. Iterators that are looked through are gone on with from where that has stopped."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.programs.tables import POINTS, verdict

WEIGHTS = np.arange(1.0, 4.0)


class Holder:
    """Two arrays, exchanged by a method."""

    def __init__(self, first, second):
        self.first, self.second = first, second

    def exchanged(self, times):
        for _ in range(times):
            self.first, self.second = self.second, self.first
        return self.second


class Writer:
    """An array that is written whenever something is asked."""

    def __init__(self, a, x):
        self.a, self.x = a, x

    @property
    def first(self):
        self.a[0] = self.a[0] * self.x
        return self.a[0]

    def __add__(self, other):
        self.a[0] *= 3.0
        return self.a[0] + other

    def __getitem__(self, key):
        self.a[key] *= 2.0
        return self.a[key]

    def __call__(self, value):
        self.a[1] = value
        return value * value


# ---------------------------------------------------------------------- a loop renames what is held
def operand(x, a):
    b = a * 2

    def exchanged():
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return b
    return np.sum(a * exchanged() * WEIGHTS) + a[0]


def argument(x, a):
    def grown():
        nonlocal b
        for _ in range(int(3 * x)):
            b = b * 1.5
        return x
    b = a * 1.0
    s = np.dot(b, a * grown())
    return s + b[0] + np.where(WEIGHTS > 1.5, b, grown()) @ WEIGHTS


def element(x, a):
    b = a * 2.0

    def exchanged():
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return x
    a[0] += exchanged()
    return np.sum(b * WEIGHTS) + a[0]


def attribute(x, a):
    h = Holder(a * 1.0, a * 2.0)
    h.first += h.exchanged(int(3 * x))
    return np.sum(h.second * WEIGHTS) + h.first[0]


def displays(x, a):
    h = Holder(a * 1.0, a * 2.0)
    t = (h.first, h.exchanged(int(3 * x)))
    d = {"first": h.first, "second": h.exchanged(int(3 * x))}
    return np.sum(t[0] * WEIGHTS) + t[1][0] + d["first"] @ WEIGHTS + d["second"][2]


def targets(x, a):
    b = a * 2.0

    def exchanged(v):
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return v
    a[int(exchanged(1))] = exchanged(x)
    w = [None, None]
    w[exchanged(0)], w[exchanged(1)] = a, b
    u = w[exchanged(0)] = a
    return w[0] @ WEIGHTS + 3.0 * w[1][2] + u[0]


def comparison(x, a):
    b = a * 2.0

    def exchanged(v):
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return v
    return np.sum(WEIGHTS[a < exchanged(0.0)]) * x + b[1]


def subject(x, a):
    b = a * 2.0

    def exchanged(v):
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return v
    match (a, exchanged(x)):
        case (p, q) if exchanged(q) > 0.5:
            return p @ WEIGHTS * q
        case (p, q):
            return p @ WEIGHTS + q + b[0]


def comprehended(x, a):
    b = a * 2.0

    def exchanged(v):
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return v
    some = [np.sum(v * WEIGHTS) * exchanged(x) for v in (a, b)]
    others = [exchanged(v) for v in (a, b)]
    return some[0] * 2 + some[1] + others[0] @ WEIGHTS + others[1][0]


def iterated_tuple(x, a):
    b = a * 2.0
    s = 0.0
    for v in (a, b):
        s = s * 1.5 + v @ WEIGHTS
        for _ in range(int(3 * x)):
            a, b = b, a
    return s + a[0]


def iterated_zip(x, a):
    b = a * 2.0
    s = 0.0
    for _, (u, v) in enumerate(zip([1.0, 2.0, 3.0], a)):
        s = s * 1.5 + u * v
        for _ in range(int(3 * x)):
            a, b = b, a
    return s + a[0]


def iterated_list(x, a):
    entries = [x, a[0], a[1]]
    s = 0.0
    for e in entries:
        s = s * 1.5 + e
        for _ in range(int(3 * x)):
            entries = [v * 2 for v in entries]
    return s + sum(entries)


def iterated_dict(x, a):
    d = {"u": x, "v": a[0]}
    s = 0.0
    for e in d.values():
        s = s * 1.5 + e
        for _ in range(int(3 * x)):
            d = {k: v * 2 for k, v in d.items()}
    return s + d["v"]


def iterated_list_of_run_time_length(x, a):
    entries = [e * x for e in a]
    s = 0.0
    for e in entries:
        s = s * 1.5 + e
        for _ in range(int(3 * x)):
            entries = [v * 2 for v in entries]
    return s + sum(entries)


# ---------------------------------------------------------------------- an operand writes what it is added to
def property_writes(x, a):
    a[0] += Writer(a, x).first
    return np.sum(a * a)


def operator_writes(x, a):
    w = Writer(a, x)
    a[0] += w + 1.0
    a[0] -= w[0]
    return np.sum(a * a)


def one_of_two_is_written(x, a):
    b = np.ones(3) * x
    c = a if x > 0.5 else b
    c[1] += Writer(c, x)(x * 3)
    c[1] *= Writer(c, x)(x * 2)
    c[1:] += Writer(c, x)(x)
    return np.sum(c * c)


# ---------------------------------------------------------------------- looking through iterators
def sought_in_iterator(x, a):
    it = iter([1, 2, 3, 4])
    found = x if 2 in it else 0.0
    return found * next(it) + sum(it)


def sought_number(x, a):
    it = iter([x, a[0], a[1], 2.0])
    found = a[0] in it
    return sum(it) * x + found


def sought_in_zip(x, a):
    z = zip([1, 2, 3], [x, x * x, 2.0])
    return ((1, x) in z) * x + sum([u * v for u, v in z])


def sought_in_generator(x, a):
    def items():
        a[0] = 3.0 * x
        yield a[1]
        a[0] = 5.0 * x
        yield x
        a[0] = 7.0 * x
    found = x in items()
    return a[0] + found


def asked_of_iterators(x, a):
    first, second = iter([1, 0, 3, 4]), iter([0, 0, 3, 4])
    return x * all(first) + a[0] * any(second) + x * next(first) * next(second) + a[1] * any(iter([x, 0.0]))


def sought_in_range(x, a):
    n = int(3 * x)
    s = 0.0
    for i in range(6):
        if i in range(1, n + 2, 2):
            s += x * i
        if i not in range(n, 0, -1):
            s += x
        if i in range(2, 4):
            s *= 1.5
    return s + (n in range(3)) * x + (2.0 in range(3)) * a[0] + (True in range(n)) + (None in range(n))


RIGHT: tuple[Callable[..., Any], ...] = (
    operand, argument, element, attribute, displays, targets, comparison, subject, comprehended, iterated_tuple,
    iterated_zip, property_writes, operator_writes, one_of_two_is_written, sought_in_iterator, sought_in_generator,
    asked_of_iterators, sought_in_range)
NEVER_WRONG: tuple[Callable[..., Any], ...] = (
    iterated_list, iterated_dict, iterated_list_of_run_time_length, sought_number, sought_in_zip)


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("f", (*RIGHT, *NEVER_WRONG), ids=lambda f: f.__name__)
def test_value_and_gradient(f: Callable[..., Any], x: float) -> None:
    assert verdict(f, x, "python") in (("right",) if f in RIGHT else ("right", "refused"))


@pytest.mark.parametrize("f", (*RIGHT, *NEVER_WRONG), ids=lambda f: f.__name__)
def test_the_tape_does_the_same(f: Callable[..., Any]) -> None:
    assert verdict(f, POINTS[0], "tape") in ("right", "refused")


def callbacks(x, a):
    b = a * 2.0

    def exchanged(v):
        nonlocal a, b
        for _ in range(int(3 * x)):
            a, b = b, a
        return v
    m = functools.reduce(lambda u, v: exchanged(u + v), [a, b, a])
    n = list(map(exchanged, (a, b)))
    return m[1] + n[0] @ WEIGHTS + n[1][0] + sorted([a, b], key=lambda v: exchanged(v[0]))[0] @ WEIGHTS


@pytest.mark.parametrize("x", POINTS)
def test_callbacks_that_rename_what_they_are_given(x: float) -> None:
    assert verdict(callbacks, x, "python") in ("right", "refused")
