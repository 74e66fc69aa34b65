"""Lists, tuples, ranges and what shows a dict: their truth, comparisons and operators are Python's own."""
from __future__ import annotations

import collections
from typing import Any

import pytest

from tests.frontend.running import agrees


def truth_of_a_range(x: float, n: int) -> float:
    return x if range(n) else -x


def truth_of_a_known_range(x: float, n: int) -> float:
    return x if not range(0) and range(1, 4) else -x


def truth_of_the_keys_of_a_dict(x: float, n: int) -> float:
    empty: dict[str, float] = {}
    return x if {"a": x}.keys() and not empty.items() else -x


def equal_ranges(x: float, n: int) -> float:
    return x if range(n) == range(0, 3, 1) else -x


def ranges_of_another_type(x: float, n: int) -> float:
    return x if range(n) != [0, 1, 2] else -x


def ranges_of_one_number_whatever_their_steps(x: float, n: int) -> float:
    return x if range(1, n, 5) == range(1, 2, n) else -x


def empty_ranges(x: float, n: int) -> float:
    return x if range(n, 0) == range(7, 7, 2) else -x


def unequal_steps(x: float, n: int) -> float:
    return x if range(0, n + 1, 2) == range(0, n + 1, n) else -x


def known_ranges(x: float, n: int) -> float:
    return x if range(4) == range(0, 4) and range(10)[2:5] == range(2, 5) else -x


def number_and_none(x: float, n: int) -> float:
    return x if x != None and not None == n else -x  # noqa: E711


def deque_and_list(x: float, n: int) -> float:
    return x if collections.deque([1, 2]) != [1, 2] and collections.deque([x]) == collections.deque([x]) else -x


PROGRAMS = [truth_of_a_range, truth_of_a_known_range, truth_of_the_keys_of_a_dict, equal_ranges, ranges_of_another_type,
            ranges_of_one_number_whatever_their_steps, empty_ranges, unequal_steps, known_ranges, number_and_none,
            deque_and_list]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_what_is_decided_is_what_python_decides(program: Any, n: int) -> None:
    agrees(program, 1.5, n)
