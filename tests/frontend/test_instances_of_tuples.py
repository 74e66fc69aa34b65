"""Subclasses of tuple with operators of their own, such as vectors as named tuples: as they are, or refused."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import workbench as wb
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret
from tests.programs.test_found import agrees_with_python


class Pair(NamedTuple):
    x: float
    y: float

    def __add__(self, other): return Pair(self.x + other.x, self.y + other.y)
    def __sub__(self, other): return Pair(self.x - other.x, self.y - other.y)
    def __mul__(self, s): return Pair(self.x * s, self.y * s)
    __rmul__ = __mul__
    def __matmul__(self, other): return self.x * other.x + self.y * other.y
    def __neg__(self): return Pair(-self.x, -self.y)
    def __abs__(self): return math.hypot(self.x, self.y)


class Ordered(NamedTuple):
    x: float
    y: float

    def __lt__(self, other): return self.y < other.y


class Holds(NamedTuple):
    x: float

    def __contains__(self, value): return value < self.x


@pytest.mark.parametrize("function", [
    lambda a, b: (Pair(a, b) + Pair(b, 2 * a)).x * b, lambda a, b: (Pair(a, b) - Pair(b, a)).y,
    lambda a, b: (2.0 * Pair(a, b) * b).y, lambda a, b: Pair(a, b) @ -Pair(b, 3.0), lambda a, b: abs(Pair(a, b)),
    lambda a, b: sum([Pair(a, b), Pair(b, a * a)], Pair(0.0, 1.0)).y, lambda a, b: max(Pair(a, b), Pair(b, 3.0)).y * a,
    lambda a, b: a if Pair(a, b) < Pair(a, 0.1) else b, lambda a, b: len(Pair(a, b)) * a])
def test_operators_of_named_tuples(function: Callable[..., Any]) -> None:
    agrees_with_python(function, (0.7, 0.4))


@pytest.mark.parametrize("function", [lambda a, b: a if Ordered(a, b) < Ordered(b, a) else b * b,
                                      lambda a, b: a if b in Holds(a) else b * b])
def test_tuples_that_are_compared_or_read_otherwise_are_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(wb.DifferentiationError, match="of its own"):
        interpret(function, (0.7, 0.4))


def test_fields_cannot_be_set() -> None:
    def program(x: float) -> float:
        pair = Pair(x, 2.0)
        try:
            pair.x = 3.0  # type: ignore[misc]
        except AttributeError:
            x = x * 3.0
        return x * pair[0]

    assert interpret(program, (1.5,)) == program(1.5) == wb.value_and_grad(program, engine="tape")(1.5)[0]


class Limits(NamedTuple):
    a: float
    b: float = 2.0


def given_twice(x):
    return Limits(x, a=2.0).a


def made_of_too_few(x):
    return Limits._make([x]).a


def made_and_replaced(x):
    pair = Limits._make(v * x for v in (1.0, 3.0))._replace(a=x)
    return pair.a * pair.b


@pytest.mark.parametrize("function", [given_twice, made_of_too_few], ids=lambda f: f.__name__)
def test_what_a_named_tuple_is_not_made_of_raises(function):
    with pytest.raises(TypeError):
        function(1.5)
    with pytest.raises(TypeError):
        wb.value_and_grad(function)(1.5)


def test_named_tuples_are_made_of_anything_and_replaced():
    agrees(made_and_replaced, 1.5)
