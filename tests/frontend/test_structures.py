"""Structures of plain Python values: their leaves in order, named as Python writes them; maps that keep the types."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from workbench.frontend import is_real_data, map_leaves, named_leaves


class Point(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True)
class State:
    at: Point
    n: int


class Slotted:
    __slots__ = ("rate", "scale")

    def __init__(self, rate: float) -> None:
        self.rate = rate  # (and `scale` has no value)


class Counted:
    """An ordinary class, whose `__init__` must not run again."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.weight = 2.0


TREE: dict[str, Any] = {"s": State(Point(1.0, 2.0), 3), "l": [np.zeros(2), (4.0,)], "o": [Slotted(5.0), Counted()]}


def test_leaves_have_paths_that_read_as_python() -> None:
    assert [path for path, _ in named_leaves("w", TREE)] == [
        "w['s'].at.x", "w['s'].at.y", "w['s'].n", "w['l'][0]", "w['l'][1][0]", "w['o'][0].rate", "w['o'][1].weight"]
    assert list(named_leaves("x", 1.0)) == [("x", 1.0)]
    assert list(named_leaves("x", ([], {}, ()))) == []


def test_paths_are_expressions_that_give_the_leaf() -> None:
    for path, leaf in named_leaves("w", TREE):
        assert eval(path, {"w": TREE}) is leaf


def test_maps_keep_types_keys_and_attributes_and_run_no_init() -> None:
    before = Counted.made
    doubled = map_leaves(lambda leaf: leaf * 2, TREE)
    assert doubled["s"] == State(Point(2.0, 4.0), 6) and isinstance(doubled["l"][1], tuple)
    assert doubled["o"][0].rate == 10.0 and not hasattr(doubled["o"][0], "scale")
    assert doubled["o"][1].weight == 4.0 and Counted.made == before
    ordered = map_leaves(str, OrderedDict(b=1, a=2))
    assert type(ordered) is OrderedDict and list(ordered.items()) == [("b", "1"), ("a", "2")]


def test_maps_leave_their_model_as_it_was() -> None:
    map_leaves(lambda leaf: None, TREE)
    assert TREE["s"] == State(Point(1.0, 2.0), 3) and TREE["o"][1].weight == 2.0


@pytest.mark.parametrize("leaf, real", [
    (1.0, True), (1j, True), (np.float32(1), True), (np.zeros(2), True), (np.zeros(2, complex), True),
    (1, False), (True, False), (np.int64(1), False), (np.zeros(2, int), False), ("1.0", False), (None, False),
    (np.array(["a"]), False), (np.array([1.0], object), False)])
def test_floats_and_complex_numbers_have_derivatives(leaf: Any, real: bool) -> None:
    assert is_real_data(leaf) == real
