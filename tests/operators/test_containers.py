"""The evaluator's containers, taken apart and made anew: of the same type, with the same keys in the same order."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.operators.probing import probe, probed
from workbench.frontend import Path
from workbench.operators.containers import container_type, made, opened


class Pair(NamedTuple):
    a: float
    b: float


@dataclass
class Layer:
    w: float
    rate: float


class Plain:
    def __init__(self, w: float) -> None:
        self.w = w
        self.half = w * 0.5


CONTAINERS: dict[str, tuple[Any, type, Any, int]] = {
    "tuple": (lambda x: (x, 2.0), tuple, None, 2),
    "named tuple": (lambda x: Pair(x, 2.0), Pair, None, 2),
    "list": (lambda x: [x, 2.0, x], list, None, 3),
    "dict": (lambda x: {"b": x, "a": 2.0}, dict, ("b", "a"), 2),
    "ordered dict": (lambda x: OrderedDict(b=x, a=2.0), OrderedDict, ("b", "a"), 2),
    "dataclass": (lambda x: Layer(x, 2.0), Layer, ("w", "rate"), 2),
    "object": (lambda x: Plain(x), Plain, ("w", "half"), 2),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_container_is_its_type_its_keys_and_its_parts(name: str) -> None:
    make, type_, keys, count = CONTAINERS[name]

    def look(act: Any, value: Any) -> Any:
        found = opened(act.t, value)
        assert found is not None and (found.type, found.keys) == (type_, keys) and len(found.parts) == count
        assert container_type(value) is type_ and found.has_attributes == (type_ in (Layer, Plain))
        return found.parts[0]
    assert probed(look, lambda x: probe(make(x)), 3.0) == 3.0


@pytest.mark.parametrize("name", CONTAINERS)
def test_what_is_made_of_the_parts_is_another_of_its_kind(name: str) -> None:
    make, type_, _, _ = CONTAINERS[name]

    def again(act: Any, value: Any) -> Any:
        found = opened(act.t, value)
        assert found is not None
        anew = made(act.t, found.type, found.keys, found.parts)
        assert anew is not value and container_type(anew) is type_
        twin = opened(act.t, anew)
        assert twin is not None and len(twin.parts) == len(found.parts)
        assert (twin.type, twin.keys) == (found.type, found.keys)
        return twin.parts[0]
    assert probed(again, lambda x: probe(make(x)), 3.0) == 3.0


@pytest.mark.parametrize("name, steps", [
    ("list", ["[0]", "[1]", "[2]"]), ("dict", ["['b']", "['a']"]), ("dataclass", [".w", ".rate"])])
def test_parts_are_at_paths_behind_that_of_the_container(name: str, steps: list[str]) -> None:
    def look(act: Any, value: Any) -> Any:
        found = opened(act.t, value)
        assert found is not None
        path = Path(("arg", 0))
        expected = [path.attribute(s[1:]) if s.startswith(".") else path.item(eval(s[1:-1])) for s in steps]
        assert [p.key for p in found.paths(path)] == [p.key for p in expected]
        return 1.0
    probed(look, lambda x: probe(CONTAINERS[name][0](x)), 3.0)


def test_numbers_and_arrays_are_no_containers() -> None:
    def look(act: Any, *values: Any) -> Any:
        assert [opened(act.t, value) for value in values] == [None] * len(values)
        return values[0]
    assert probed(look, lambda x, a: probe(x, a, 2.0, "text", None), 3.0, np.ones(2)) == 3.0
