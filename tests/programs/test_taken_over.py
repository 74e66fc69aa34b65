"""Attributes that an object takes over from its class, classes and globals that a loop writes, names that not every
turn of a loop assigns, and patterns for what may be of several kinds."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.tables import POINTS, verdict

FACTOR = 1.5


class Scaled:
    """A class with a default."""

    k = 2.0

    def __init__(self, v):
        self.v = v

    @functools.cached_property
    def tripled(self):
        return self.v * 3.0


# ---------------------------------------------------------------------- an object takes over from its class
def accumulated(x, a):
    o = Scaled(x)
    s = 0.0
    for e in a:
        s += o.k * e
        o.k += x
    return s + o.k + Scaled.k


def only_multiplied(x, a):
    o = Scaled(x)
    for _ in a:
        o.k *= x
    return o.k + Scaled.k


def sometimes(x, a):
    o = Scaled(x)
    for e in a:
        if e < 0.6:
            o.k += e
    if x > 0.5:
        o.v = o.k
    return o.k * x + o.v


def on_one_path(x, a):
    o = Scaled(x)
    if x > 0.5:
        o.k = x
    return o.k * a[0]


def cached(x, a):
    o = Scaled(x)
    for e in a:
        if e < 0.6:
            x = x * o.tripled
        o.v = o.v + e
    return o.tripled * x


# ---------------------------------------------------------------------- classes and globals that are written
def class_attribute(x, a):
    for _ in a:
        Scaled.k = Scaled.k * x
    r = Scaled.k
    Scaled.k = 2.0
    return r


def seen_from_an_object(x, a):
    o = Scaled(x)
    Scaled.k = x * 3
    s = o.k
    for e in a:
        s += o.k * e
        Scaled.k = Scaled.k + x
    Scaled.k = 2.0
    return s


def both(x, a):
    o = Scaled(x)
    for e in a:
        Scaled.k = Scaled.k * x
        if e < 0.6:
            o.k = o.k + 1.0
    r = o.k + Scaled.k
    Scaled.k = 2.0
    return r


def global_number(x, a):
    global FACTOR
    for _ in a:
        FACTOR = FACTOR * x
    r = FACTOR
    FACTOR = 1.5
    return r


# ---------------------------------------------------------------------- patterns
def pattern_of_none_or_tuple(x, a):
    found = None
    for i in range(3):
        if a[i] * x > 0.2:
            found = (i * 1.0, a[i])
    match found:
        case None:
            return x
        case (i, v) if v > 0.6:
            return v * 3.0 + i
        case (i, _):
            return i * x
        case _:
            return 7.0 * x


def pattern_of_range(x, a):
    match range(3):
        case [p, q, r]:
            return x * (p + q + r)
        case _:
            return 5 * x


def pattern_of_list_of_run_time_length(x, a):
    some = []
    for e in a:
        if e > 0:
            some.append(e * x)
    match some:
        case []:
            return x
        case [p, *r]:
            return p * 3.0 + len(r)
        case _:
            return 2 * x


RIGHT: tuple[Callable[..., Any], ...] = (
    accumulated, only_multiplied, sometimes, on_one_path, cached, class_attribute, seen_from_an_object, both,
    global_number, pattern_of_none_or_tuple, pattern_of_range)


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("f", RIGHT, ids=lambda f: f.__name__)
def test_value_and_gradient(f: Callable[..., Any], x: float) -> None:
    assert verdict(f, x, "python") == "right"
    assert verdict(f, x, "tape") == "right"


@pytest.mark.parametrize("x", POINTS)
def test_patterns_that_need_a_length_are_refused(x: float) -> None:
    assert verdict(pattern_of_list_of_run_time_length, x, "python") == "refused"
    assert verdict(pattern_of_list_of_run_time_length, x, "tape") == "right"


# ---------------------------------------------------------------------- names that not every turn assigns
def last_number(x, a):
    for e in a:
        if e < 0:
            last, k, low = e * x, 2, e > -x
    return last * k + low


def last_tuple(x, a):
    n = 0
    while n < 3:
        if a[n] < 0:
            found = (a[n] * x, n)
        n += 1
    return found[0] + found[1]


def last_of_inner_loop(x, a):
    for i in range(2, -1, -1):
        for j in range(i):
            y = a[j] * x + i
    return y * (j + 1)


def last_view(x, a):
    for i in range(3):
        if a[i] < 0:
            w = a[i:]
    return w[0] * x


def last_state(x, a):
    for i in range(3):
        if a[i] < 0:
            w, q = "left", None
        elif i == 2:
            q = 2.0 * x
    return x if w == "left" else q


def never(x, a):
    for e in a:
        if e > 5:
            last = e * x
    return last


@pytest.mark.parametrize("f", (last_number, last_tuple, last_of_inner_loop, last_view, last_state, never),
                         ids=lambda f: f.__name__)
def test_a_turn_that_does_not_assign_a_name_leaves_it(f: Callable[..., Any]) -> None:
    assert verdict(f, POINTS[0], "python") == ("raised" if f is never else "right")
