"""Lists, tuples, ranges and what shows a dict: their truth, comparisons and operators are Python's own."""
from __future__ import annotations

import collections
from typing import Any

import numpy as np
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


# ---------------------------------------------------------------------- in place
def set_in_place(x: float, n: int) -> float:
    a = {1, 2, 5}
    b = a
    a |= {3}
    a &= {1, 2, 3}
    a -= {1}
    a ^= frozenset({9})
    return x * len(b) + sum(b)


def list_repeated_in_place(x: float, n: int) -> float:
    a = [x, 1.0]
    b = a
    a *= 3
    c = [x]
    d = c
    c *= 0
    return sum(b) + len(b) + len(d)


@pytest.mark.parametrize("program", [set_in_place, list_repeated_in_place], ids=lambda f: f.__name__)
def test_an_operator_in_place_is_seen_under_every_name(program: Any) -> None:
    agrees(program, 1.5, 3)


# ---------------------------------------------------------------------- ranges and slices made on one path
def slice_of_an_arm(x: float, n: int) -> Any:
    part = slice(0, 1)
    if x > 1.0:
        part = slice(1, 2 * n)
    return (np.arange(8.0) * x)[part].sum()


def slice_made_in_one_arm_only(x: float, n: int) -> Any:
    if x > 1.0:
        part = slice(n - 1, 2 * n)
    return (np.arange(8.0) * x)[part].sum() if x > 1.0 else np.float64(x)


def range_of_an_arm(x: float, n: int) -> float:
    turns = range(1)
    if x > 1.0:
        turns = range(2 * n)
    for k in turns:
        x = x * 0.9 + k
    return x


def range_of_the_last_turn(x: float, n: int) -> float:
    turns = range(0)
    for k in range(n):
        for j in turns:
            x = x * 0.9 + j
        turns = range(k, 2 * k)
    return x + turns.stop


def slice_made_in_a_loop(x: float, n: int) -> Any:
    for k in range(n):
        part = slice(k, k + 2)
    return (np.arange(80.0) * x)[part].sum()


def text_made_in_one_arm(x: float, n: int) -> float:
    if x > 1.0:
        text = f"{x * 2.0:.1f}"
    if x > 1.0:
        print(text)
    return x


MADE_ON_ONE_PATH = [slice_of_an_arm, slice_made_in_one_arm_only, range_of_an_arm, range_of_the_last_turn,
                    slice_made_in_a_loop, text_made_in_one_arm]


@pytest.mark.parametrize("program", MADE_ON_ONE_PATH, ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [0.5, 1.5])
@pytest.mark.parametrize("n", [1, 30])
def test_ranges_and_slices_are_joined_by_their_bounds(program: Any, x: float, n: int) -> None:
    agrees(program, x, n)
