"""`workbench.records`: its dataclasses behave as those of the standard library, but for frozen fields."""

from __future__ import annotations

import copy
import dataclasses
import math

import numpy as np
import pytest

from workbench import records


def family(dataclass):  # type: ignore[no-untyped-def]
    """The same classes under either decorator."""
    @dataclass(frozen=True, slots=True)
    class Point:
        """Compared, hashed."""

        x: float
        y: float = 2.0
        label: str = dataclasses.field(default="", compare=False, repr=False)

    @dataclass
    class Bag:
        """Compared, not hashed."""

        items: list[int] = dataclasses.field(default_factory=list)
        size: int = dataclasses.field(init=False, default=3)

        def __post_init__(self) -> None:
            self.size = len(self.items)

    @dataclass(frozen=True, eq=False)
    class Node:
        """Compared by identity."""

        parent: object

    @dataclass(frozen=True, eq=False)
    class Leaf(Node):
        """With its parent's fields."""

        value: int = 1

    @dataclass(frozen=True)
    class Empty:
        """Without fields."""

    return Point, Bag, Node, Leaf, Empty


OURS, THEIRS = family(records.dataclass), family(dataclasses.dataclass)


def described(made):  # type: ignore[no-untyped-def]
    """What can be asked of objects of all five classes, as text."""
    point, bag, node, leaf, empty = made
    a, b, c = point(1.0), point(1.0, label="b"), point(x=1.0, y=3.0)
    bags = bag(), bag([1, 2]), bag([1, 2])
    root = node(None)
    leaves = leaf(root), leaf(root, 5)
    match c:
        case point(x, y):
            seen = x, y
    return [
        a == b, a == c, a != c, hash(a) == hash(b), len({a, b, c}), seen,
        repr(a), repr(c), repr(leaves[1]), repr(empty()),
        [x.size for x in bags], bags[1] == bags[2], bags[0].items is not bag().items, bag.__hash__ is None,
        leaves[0] == leaf(root), leaves[0] == leaves[0], leaves[0].value, leaves[1].parent is root,
        empty() == empty(), hash(empty()) == hash(empty()), a == 1.0, dataclasses.replace(a, y=9.0).y,
        dataclasses.asdict(c), [f.name for f in dataclasses.fields(leaf)], hasattr(a, "__dict__"),
        copy.deepcopy(bags[1]) == bags[1], copy.copy(a) == a, point(math.nan) == point(math.nan),
    ]


def test_as_in_the_standard_library() -> None:
    assert described(OURS) == described(THEIRS)


@pytest.mark.parametrize("dataclass", [records.dataclass, dataclasses.dataclass])
def test_wrong_arguments_raise(dataclass) -> None:  # type: ignore[no-untyped-def]
    point = family(dataclass)[0]
    for wrong in (lambda: point(), lambda: point(1.0, z=2.0), lambda: point(1.0, 2.0, "", 4)):
        with pytest.raises(TypeError):
            wrong()


def test_one_field_is_compared_as_in_a_tuple() -> None:
    """A tuple of one array equals itself, where comparing the array would have no truth."""
    for dataclass in (records.dataclass, dataclasses.dataclass):
        @dataclass
        class Held:
            value: object
        a = np.arange(3)
        assert Held(a) == Held(a)


def test_classes_of_the_standard_library_inherit() -> None:
    """As an extension does that knows nothing of ours: frozen from frozen, and checked at run time."""
    ours = family(records.dataclass)[2]

    @dataclasses.dataclass(frozen=True)
    class Further(ours):  # type: ignore[misc, valid-type]
        size: int

    made = Further(None, 3)
    assert (made.parent, made.size) == (None, 3) and made == Further(None, 3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.size = 4
