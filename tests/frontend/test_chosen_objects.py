"""Objects of users' classes that a run-time condition or position chooses: against plain Python, values, differences,
what is written to the objects, exceptions; and what is refused."""

from __future__ import annotations

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest

import workbench as wb


@dataclasses.dataclass
class Body:
    at: np.ndarray
    size: float
    hits: float = 0.0

    @property
    def double(self):
        return 2.0 * self.size

    def value(self, x):
        return self.size * x + np.sum(self.at)


class Rod:
    kind = 3.0

    def __init__(self, size, at):
        self.size, self.at = size, at

    def value(self, x):
        return self.size * x * x


class Plate(Rod):
    kind = 5.0

    def value(self, x):
        return super().value(x) + self.kind * x

    def turned(self, x):
        return x * self.size


class Counted(Rod):
    def __bool__(self):
        return self.size > 1.0


def bodies(x):
    return [Body(np.array([0.5, 1.0]) * x[0], x[1]), Body(np.array([2.0, -1.0]), x[0] * x[1]), Body(x[:2], 0.7)]


def nearest(x):
    best, found = np.inf, None
    for body in bodies(x):
        d = np.sum((body.at - 0.3) ** 2) - body.size
        if d < best:
            best, found = d, body
    return best * found.size + found.at[0] * found.double


def nearest_of_many(x):
    total = 0.0
    for i in range(len(x)):
        found = None
        for body in bodies(x):
            if body.size > x[i] and (found is None or body.size < found.size):
                found = body
        if found is not None:
            total += found.value(x[i])
    return total


def by_position(x):
    things = bodies(x)
    k = int(np.argmin(np.array([thing.size for thing in things])))
    return things[k].value(x[0]) * things[-1 - k].size


def numbers_by_position(x):
    sizes = [x[0], x[1] * x[1], 3.0]
    return sizes[int(np.argmax(x)) % 3] * x[0]


def a_position_too_far(x):
    return bodies(x)[int(x[0] * 0) + len(x) * 3].size


def polymorphic(x):
    things = [Rod(x[0], x), Plate(x[1], 2 * x), Rod(3.0, x)]
    total = 0.0
    for v in x:
        thing = things[1] if v > 1.0 else things[0] if v > 0.4 else things[2]
        total += thing.value(v) * thing.kind + thing.at[0]
        if isinstance(thing, Plate):
            total += thing.turned(v)
        total += getattr(thing, "turned", lambda y: 2.0)(v) if hasattr(thing, "turned") else 0.5
    return total


def written_through(x):
    things = bodies(x)
    for v in x:
        thing = things[0] if v > 1.0 else things[2]
        thing.hits += v
        thing.size = thing.size * 1.5
        thing.at[1] = v
    return sum(thing.hits * thing.size * thing.at[1] for thing in things)


def carried(x):
    low, high = Rod(x[0], x), Plate(2.0, x)
    state, total = low, 0.0
    for v in x:
        total += state.value(v)
        if v > 1.0:
            state = high if state is low else low
        elif v < 0.3:
            state = low
    return total + state.size


def taken_from_before(x):
    first = last = bodies(x)[0]
    for body in bodies(2.0 * x):
        if body.size > x[0]:
            last = body
    return last.size * (first is not last) + first.size


def passed_on(x):
    def pick(things, v):
        for thing in things:
            if thing.size > v:
                return thing
        return None

    def measure(thing):
        return 0.25 if thing is None else thing.value(2.0)

    return sum(measure(pick(bodies(x), v)) for v in x)


def in_a_list(x):
    things = bodies(x)
    chosen = [things[0] if v > 1.0 else things[1] for v in x[:2]]
    pair = (chosen[1], chosen[0])
    chosen[0].size = 4.0
    return pair[1].size * x[0] + pair[0].size


def none_of_them(x):
    found = None
    for body in bodies(x):
        if body.size > 1e3:
            found = body
    return found.size


def no_such_attribute(x):
    thing = Plate(x[0], x) if False else [Rod(x[0], x), Plate(x[1], x)][int(x[0] > 1.0)]
    return thing.turned(x[0])


def caught(x):
    things, total = [Rod(x[0], x), Plate(x[1], x)], 0.0
    for v in x:
        thing = things[0] if v > 1.0 else things[1]
        try:
            total += thing.turned(v)
        except AttributeError:
            total += 7.0 * v
    return total


def made_in_arms(x):
    thing = Body(x, x[0]) if x[0] > x[1] else Body(2 * x, x[1] ** 2)
    thing.size += 1.0
    return thing.value(x[0])


def made_in_turns(x):
    best = Rod(x[0], x)
    for k in range(4):
        other = Rod(x[1] * k, x * k)
        if other.size > best.size:
            best = other
    return best.size * np.sum(best.at)


def chosen_twice(x):
    a, b, c = bodies(x)
    first = a if x[0] > 1.0 else b
    second = first if x[1] > 1.0 else c
    second.hits = x[0]
    return second.size * x[1] + first.size + a.hits + 2 * b.hits + 3 * c.hits + (second is c) * 0.5


def in_a_while(x):
    things, k, total = bodies(x), 0, 0.0
    thing = things[0]
    while total < 20.0 and k < 40:
        total += thing.size * thing.size + 0.1
        thing = things[2] if thing is things[0] else things[0]
        k += 1
    return total + thing.size


class Signed(Rod):
    def __mul__(self, other):
        return self.size * other

    def __lt__(self, other):
        return self.size < other.size


def operators(x):
    a, b, c = Signed(x[0], x), Signed(x[1], x), Signed(1.0, x)
    less, more = (a, b) if a < b else (b, a)
    return (less * 2.0) * (c * x[0]) + (more * x[1] if c < more else 0.5) + x[0] * (more < less) + min([c, less]).size




PROGRAMS = [nearest, nearest_of_many, by_position, numbers_by_position, a_position_too_far, polymorphic,
            written_through, carried, taken_from_before, passed_on, in_a_list, none_of_them, no_such_attribute, caught,
            made_in_arms, made_in_turns, operators, chosen_twice, in_a_while]
POINTS = [np.array(v) for v in ([1.3, 0.8], [0.6, 1.9], [0.2, 0.35, 2.1], [2.5, 1.4, 0.9, 0.1])]


def outcome(function: Any, *args: Any) -> Any:
    try:
        return function(*args)
    except Exception as error:
        return error


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
def test_what_is_chosen_is_what_python_has(function: Any) -> None:
    derivative = wb.value_and_grad(function, engine="numba")
    for x in POINTS:
        expected, found = outcome(function, x.copy()), outcome(derivative, x.copy())
        if isinstance(expected, Exception):
            assert type(found) is type(expected) and str(found) == str(expected), (x, found)
            continue
        value, slope = found
        assert value == pytest.approx(expected, rel=1e-12)
        moves = 1e-6 * np.eye(len(x))
        differences = [(float(function(x + d)) - float(function(x - d))) / 2e-6 for d in moves]
        np.testing.assert_allclose(slope, differences, rtol=1e-6, atol=1e-6, err_msg=str(x))


def test_objects_that_come_in_are_written_and_their_gradient_is_theirs():
    def program(things, x):
        k = int(np.argmax(x))
        thing = things[k]
        thing.hits = thing.hits + x[0] * thing.size
        for other in things:
            if other.size > 1.0:
                thing = other
        return thing.value(x[1])

    x, step = np.array([0.4, 2.0, 1.0]), 1e-6
    things = bodies(np.array([1.5, 0.9]))
    expected, ran = copy.deepcopy(things), copy.deepcopy(things)
    value, slope = wb.value_and_grad(program, engine="numba")(ran, x)
    assert value == program(expected, x)
    assert [thing.hits for thing in ran] == [thing.hits for thing in expected]
    for k in range(3):
        moved = [copy.deepcopy(things) for _ in range(2)]
        moved[0][k].size += step
        moved[1][k].size -= step
        assert slope[k].size == pytest.approx((program(moved[0], x) - program(moved[1], x)) / (2 * step), abs=1e-8)


def by_their_truth(x):
    things, total = [Counted(x[0], x), Counted(x[1], x)], 0.0
    for v in x:
        thing = things[0] if v > 1.0 else things[1]
        if thing:
            total += v
    return total


def compared(x):
    a, b, c = bodies(x)
    thing = a if x[0] > 1.0 else b
    return x[0] if thing == c else x[1]


def returned(x):
    a, b, _ = bodies(x)
    return a if x[0] > 1.0 else b


@pytest.mark.parametrize("function", [by_their_truth, compared, returned], ids=lambda f: f.__name__)
def test_what_would_have_to_know_which_it_is_is_refused(function: Any) -> None:
    with pytest.raises(wb.DifferentiationError, match="one path"):
        wb.vjp(function, POINTS[0].copy(), engine="numba")
