"""The cheapest set of values from which all that is required can be computed, against all sets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from workbench.transforms.mincut import CutGraph


def graph(prices: dict[str, int], edges: list[str], start: str, end: str) -> CutGraph:
    """Vertices by price; an edge "ab" says that b is computed from a."""
    made = CutGraph()
    for key, price in prices.items():
        made.vertex(key, price)
    for before, after in edges:
        made.edge(before, after)
    for key in start:
        made.start(key)
    for key in end:
        made.end(key)
    return made


def separates(kept: set[str], edges: list[str], start: str, end: str) -> bool:
    """Whether nothing required is reached from the start but through what is kept."""
    reached = set(start) - kept
    while more := {after for before, after in edges if before in reached} - kept - reached:
        reached |= more
    return not reached & set(end)


def test_the_cut_nearest_to_what_is_required_is_taken() -> None:
    assert graph(dict.fromkeys("abc", 8), ["ab", "bc"], "a", "c").cut() == ["c"]


def test_one_cheap_value_stands_for_several_dear_ones() -> None:
    """b and c come from a."""
    assert graph({"a": 8, "b": 8, "c": 8}, ["ab", "ac"], "a", "bc").cut() == ["a"]
    assert graph({"a": 24, "b": 8, "c": 8}, ["ab", "ac"], "a", "bc").cut() == ["b", "c"]


def test_a_bottleneck_is_preferred() -> None:
    """All that is required comes through c."""
    assert graph(dict.fromkeys("abcde", 8), ["ac", "bc", "cd", "ce"], "ab", "de").cut() == ["c"]


def test_there_is_nothing_to_cut_where_nothing_starts() -> None:
    assert graph({"a": 8}, [], "", "a").cut() == []


def test_a_vertex_added_again_keeps_its_price() -> None:
    made = graph({"a": 1, "b": 8}, ["ab"], "a", "b")
    made.vertex("a", 100)
    assert made.cut() == ["a"]


@pytest.mark.parametrize("seed", range(40))
def test_no_set_of_values_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    keys = "abcdefg"
    prices = {key: int(rng.integers(1, 9)) for key in keys}
    edges = [a + b for a, b in itertools.combinations(keys, 2) if rng.random() < 0.4]
    start, end = "ab", "fg"
    cut = {str(key) for key in graph(prices, edges, start, end).cut()}
    assert separates(cut, edges, start, end)
    cheapest = min(sum(prices[k] for k in kept) for n in range(len(keys) + 1)
                   for kept in itertools.combinations(keys, n) if separates(set(kept), edges, start, end))
    assert sum(prices[key] for key in cut) == cheapest
