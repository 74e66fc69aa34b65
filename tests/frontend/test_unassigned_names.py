"""Names and attributes that a loop reads in the turn after the one that assigns them first: `if i > 0: s += last`."""
# ruff: noqa: F821, F841
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python


class Thing:
    """It has no attributes at first."""


def in_an_arm(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s += last * x
        last = x * i
    return s


def in_two_arms(x, n):
    s = 0.0
    i = 0
    while i < n:
        if i > 0:
            s += last * x if i > 1 else x
        last = x * i
        i += 1
    return s


def in_the_first_turn(x, n):
    s = 0.0
    for i in range(n):
        if i == 0:
            first = x * 3
        s += first if i else x
    return s


def in_every_other_turn(x, n):
    s = 0.0
    for i in range(n):
        if i % 2:
            y = x * i
        if i > 1:
            s += y * x
    return s


def in_an_inner_loop(x, n):
    s = 0.0
    for i in range(n):
        for j in range(i % 3):
            y = x * j
        if i > 1:
            s += y * x
    return s


def by_a_condition(x, n):
    s = 0.0
    i = 0
    while i < n and (i == 0 or last < 5):
        last = x * i * i
        s += last
        i += 1
    return s


def by_a_nested_function(x, n):
    def inner():
        return last * x
    s = 0.0
    for i in range(n):
        if i > 0:
            s += inner()
        last = x * i
    return s


def until_it_is_there(x, n):
    s = 0.0
    for i in range(n):
        try:
            s += last * x
        except NameError:
            s += 1.0
        last = x * i
    return s


def too_early(x, n):
    s = 0.0
    for i in range(n):
        s += last * x
        last = x * i
    return s


def of_an_object(x, n):
    thing, s = Thing(), 0.0
    for i in range(n):
        if i > 0:
            s += thing.last * x
        thing.last = x * i
    return s


def asked_for(x, n):
    thing, s = Thing(), 0.0
    for i in range(n):
        s += getattr(thing, "last", 2.0) * x
        if hasattr(thing, "last"):
            s += thing.last * x
        thing.last = x * i
    return s


FUNCTIONS = [in_an_arm, in_two_arms, in_the_first_turn, in_every_other_turn, in_an_inner_loop, by_a_condition,
             by_a_nested_function, until_it_is_there, too_early, of_an_object, asked_for]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_they_are_as_in_python(function: Callable[..., Any]) -> None:
    gradient, x = wb.value_and_grad(function, engine="numba"), 1.3
    with in_python():
        for n in (0, 1, 2, 4, 7):
            try:
                expected = function(x, n)
            except NameError as error:
                with pytest.raises(type(error), match="last"):
                    gradient(x, n)
                continue
            value, slope = gradient(x, n)
            assert value == pytest.approx(expected, rel=1e-12)
            assert slope == pytest.approx((function(x + 1e-6, n) - function(x - 1e-6, n)) / 2e-6, rel=1e-8)


def array_of_the_turn_before(x, n):
    s = 0.0
    for i in range(n):
        if i > 0:
            s += last[1] * x
        last = np.array([x, x * i])
    return s


def test_arrays_are_refused_or_recorded() -> None:
    with pytest.raises(wb.DifferentiationError, match="read in this loop, in the turn after") as refused:
        wb.grad(array_of_the_turn_before, engine="numba")(1.3, 300)
    assert refused.value.lineno is not None
    with pytest.warns(UserWarning, match="runs on the tape"):
        value, slope = wb.value_and_grad(array_of_the_turn_before)(1.3, 300)
    assert value == pytest.approx(array_of_the_turn_before(1.3, 300)) and slope == pytest.approx(2 * value / 1.3)


def writes_perhaps(x, n, thing):
    if n > 1:
        thing.late = x * x
    return x * 2.0


def test_an_attribute_that_an_object_has_on_some_paths_only() -> None:
    with in_python():
        gradient, thing = wb.value_and_grad(writes_perhaps, engine="numba"), Thing()
        assert gradient(1.5, 2, thing) == (3.0, 2.0) and thing.late == 2.25
        thing = Thing()
        with pytest.raises(wb.DifferentiationError, match="'late', which is assigned on some paths only"):
            gradient(1.5, 1, thing)
        assert not hasattr(thing, "late")
