"""Operators of users' classes: which method Python asks, and in what order."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fuzz.interpreted import interpret
from tests.programs.test_found import agrees_with_python


class Base:
    def __init__(self, v): self.v = v
    def __add__(self, other): return self.v + other.v
    def __radd__(self, other): return 3.0 * self.v
    def __lt__(self, other): return self.v < other.v
    def __gt__(self, other): return self.v > other.v


class Derived(Base):
    def __radd__(self, other): return 10.0 * self.v * other.v
    def __gt__(self, other): return self.v < 0.0


class Heir(Base):
    pass


class OnTheRight:
    def __init__(self, v): self.v = v
    def __radd__(self, other): return other * 3.0 + self.v


@pytest.mark.parametrize("function", [
    lambda a, b: Base(a) + Derived(b), lambda a, b: Base(a) + Heir(b), lambda a, b: Derived(a) + Base(b),
    lambda a, b: a if Base(a) < Derived(b) else b * b])
def test_the_class_that_is_derived_from_the_others_is_asked_first(function: Callable[..., Any]) -> None:
    agrees_with_python(function, (0.4, 0.7))


def test_a_reflected_method_is_asked_where_the_left_operand_has_none() -> None:
    agrees_with_python(lambda a, b: a + OnTheRight(b), (0.4, 0.7))


def test_no_reflected_method_of_the_left_operands_own_class_is_asked() -> None:
    def program(a: float) -> float:
        return OnTheRight(a) + OnTheRight(2.0 * a)

    with pytest.raises(TypeError, match="unsupported operand"):
        program(0.4)
    with pytest.raises(TypeError, match="unsupported operand"):
        interpret(program, (0.4,))
