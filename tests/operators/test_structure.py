"""Which input every leaf of an argument is, and the same structure for its gradient, its tangents and zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from workbench.frontend import Leaf, Node, Path, Static, trace
from workbench.ir import DifferentiationError, Kind
from workbench.operators.structure import (
    gradient_tree,
    has_leaf,
    inexact,
    refuse_integer,
    tangent_values,
    without_statics,
    zeros,
)


@dataclass
class Layer:
    w: np.ndarray
    rate: float
    width: int


def total(p):
    return np.sum(p["layer"].w) * p["layer"].rate * p["scale"][0] + p["layer"].width


ARGUMENT = {"layer": Layer(np.ones(2), 0.5, 3), "scale": (2.0, "tanh")}


def tree(argument: Any = ARGUMENT) -> Any:
    """The tree of the gradient of `total` by its argument; leaves are positions among the inputs."""
    inputs = {item.path.key: item for item in trace(total, (argument,), ("p",)).inputs}
    return gradient_tree(argument, Path(("arg", 0)), inputs, lambda item: item.position)


def test_a_gradient_has_the_structure_of_its_argument() -> None:
    found = tree()
    assert isinstance(found, Node) and (found.type, found.keys) == (dict, ("layer", "scale"))
    layer, scale = found.children
    assert isinstance(layer, Node) and (layer.type, layer.keys) == (Layer, ("w", "rate", "width"))
    w, rate, width = layer.children
    assert (w.kind, w.rank, w.python) == (Kind.F64, 1, False) and (rate.rank, rate.python) == (-1, True)
    assert isinstance(width, Static) and width.value is None  # an integer carries no derivative
    assert isinstance(scale, Node) and [type(part) for part in scale.children] == [Leaf, Static]


def test_tangents_are_read_by_the_places_of_what_they_belong_to() -> None:
    values: dict[int, Any] = {}
    found = tree()
    tangent_values(found, {"layer": Layer(np.array([1, 2]), 3, 0), "scale": (4, None)}, values, "p")
    leaves = [*found.children[0].children[:2], found.children[1].children[0]]
    w, rate, scale = (values[leaf.position] for leaf in leaves)
    assert w.dtype == np.float64 and w.tolist() == [1.0, 2.0]
    assert (rate, scale) == (3.0, 4.0) and type(rate) is float


@pytest.mark.parametrize("tangent, error, message", [
    ({"layer": None, "scale": (1.0, None)}, TypeError, "the tangent of p.layer is missing"),
    ({"layer": Layer(None, 1.0, 0), "scale": (1.0, None)}, TypeError, "the tangent of p.layer.w is missing"),  # type: ignore[arg-type]
    ({"layer": Layer(np.ones((2, 2)), 1.0, 0), "scale": (1.0, None)}, ValueError, "p.layer.w has 2 dimensions, not 1"),
])
def test_a_part_that_is_missing_or_of_another_rank_is_named(tangent: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        tangent_values(tree(), tangent, {}, "p")


def test_zeros_have_the_shapes_of_the_argument() -> None:
    found = zeros(tree(), ARGUMENT)
    assert found["layer"]["w"].tolist() == [0.0, 0.0] and found["layer"]["width"] is None
    assert found["scale"] == [np.zeros(()), None]


def test_trees_without_what_carries_no_derivative_and_without_what_is_no_number() -> None:
    integer, number = Leaf(0, Kind.INT, -1, True), Leaf(1, Kind.F64, -1, True)
    both = Node(tuple, None, (integer, number, Static("tanh")))
    assert [type(part) for part in inexact(both).children] == [Static, Leaf, Static]  # type: ignore[union-attr]
    assert [type(part) for part in without_statics(both).children] == [Leaf, Leaf, Static]  # type: ignore[union-attr]
    assert without_statics(both).children[2].value is None  # type: ignore[union-attr]
    assert has_leaf(both) and not has_leaf(Node(list, None, (Static(1),)))


@pytest.mark.parametrize("value, what", [
    (3, "the integer 3"), (True, "a bool"), (np.arange(3), "an array of int64"), ("x", "a str that holds no float")])
def test_what_cannot_be_differentiated_by_is_called_by_its_name(value: Any, what: str) -> None:
    with pytest.raises(DifferentiationError, match=f"the argument 'n' is {what}: it has no derivative"):
        refuse_integer(value, "n", None)
