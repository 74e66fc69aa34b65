"""From the evaluator's values to trees whose leaves are positions, and back: structures and kinds are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.operators.probing import probe, probed
from workbench.frontend import Leaf, Node, Static
from workbench.frontend.values import Array, Scalar
from workbench.ir import DifferentiationError, Kind, Value
from workbench.operators.evaluated import conforming, derivative_of, flatten, tree_of, value_of


def structure(x, a):
    return probe({"number": x, "array": a, "text": "tanh", "count": 3, "rest": (2.5, [a])})


def described(leaf: Any) -> tuple[int, Kind, int, bool]:
    """Where a leaf's number or array is, its kind, its rank (-1: a number), and whether it is a Python number."""
    assert isinstance(leaf, Leaf)
    return leaf.position, leaf.kind, leaf.rank, leaf.python


def test_numbers_and_arrays_are_leaves_in_order_and_the_rest_is_static() -> None:
    def look(act: Any, value: Any) -> Any:
        values: list[Value] = []
        tree = tree_of(act, value, values)
        assert isinstance(tree, Node) and tree.keys == ("number", "array", "text", "count", "rest")
        number, array, text, count, rest = tree.children
        assert described(number) == (0, Kind.F64, -1, True) and described(array) == (1, Kind.F64, 1, False)
        assert isinstance(text, Static) and text.value == "tanh" and isinstance(count, Static) and count.value == 3
        assert isinstance(rest, Node) and described(rest.children[0]) == (2, Kind.F64, -1, True)
        assert [v.is_array for v in values] == [False, True, False, True]
        return 1.0
    probed(look, structure, 0.5, np.ones(3))


def test_back_again_it_is_an_equal_structure_whose_arrays_are_its_own() -> None:
    def again(act: Any, value: Any) -> Any:
        values: list[Value] = []
        tree = tree_of(act, value, values)
        return value_of(act, tree, values)
    a = np.array([1.0, 2.0])

    def program(x, a):
        found = probe({"number": x, "array": a})
        a[0] = 9.0  # (what was given is another array)
        return found["number"] + found["array"][0] * 10.0
    assert probed(again, program, 0.5, a) == 10.5


def test_a_derivative_has_the_structure_with_none_for_what_carries_none() -> None:
    def derivative(act: Any, value: Any) -> Any:
        values: list[Value] = []
        tree = tree_of(act, value, values)
        found = derivative_of(act, tree, [values[0]], {0: 0})  # (of the number alone)
        items = found.items
        assert [act.t.read(items[k]) for k in ("array", "text", "count")] == [None, None, None]
        number = act.t.read(items["number"])
        assert isinstance(number, Scalar)
        return number
    assert probed(derivative, structure, 0.5, np.ones(3)) == 0.5


@pytest.mark.parametrize("given", [
    lambda x, a: {"w": (x, a), "name": "tanh"}, lambda x, a: {"w": (a[0], a * 2.0), "name": None}])
def test_tangents_are_put_beside_what_they_belong_to(given: Any) -> None:
    def look(act: Any, model: Any, tangent: Any) -> Any:
        values: list[Value] = []
        flat: dict[int, Value] = {}
        flatten(act, tree_of(act, model, values), tangent, flat)
        assert sorted(flat) == [0, 1] and not flat[0].is_array and flat[1].is_array
        return Scalar(flat[0], True)
    a = np.array([4.0, 5.0])
    expected = given(0.5, a)["w"][0]
    assert probed(look, lambda x, a: probe({"w": (x, a), "name": "tanh"}, given(x, a)), 0.5, a) == expected


def test_another_shape_than_is_asked_for_is_found_when_the_program_runs() -> None:
    def check(act: Any, array: Array, model: Array) -> Any:
        value, wanted = (act.t.builder.read(part.cell.slot) for part in (array, model))
        made = conforming(act, value, wanted.dims, "cotangent", "value")
        assert made.dims == wanted.dims
        return 1.0

    def program(n, m):
        return probe(np.ones(n), np.ones(m))
    assert probed(check, program, 3, 3) == 1.0
    with pytest.raises(ValueError, match="a cotangent has another shape than its value"):
        probed(check, program, 3, 4)


def test_lists_of_run_time_length_have_no_tree() -> None:
    def look(act: Any, value: Any) -> Any:
        return tree_of(act, value, [])

    def program(x):
        entries = []
        while x < 1.0:
            entries.append(x)
            x = x * 2.0
        return probe(entries)
    with pytest.raises(DifferentiationError, match="list of run-time length"):
        probed(look, program, 0.3)
