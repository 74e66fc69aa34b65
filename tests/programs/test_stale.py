"""What a specialisation takes for granted and a later call finds changed: methods of bases, flags of the object whose
method is differentiated, builtins that a global hides, keys that are equal and of another type, containers that are one
object or several, the text of a file. Each call must agree with plain Python and the tape."""
from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from tests.programs.calling import close


@pytest.fixture(autouse=True)
def _fast() -> Iterator[None]:
    with in_python():
        yield


def agrees(gradient: Any, function: Callable[..., Any], make: Callable[[], tuple[Any, ...]], wrt: Any = (0,)) -> None:
    """Value, gradient and what is left in the arguments."""
    plain, given = make(), make()
    value, slopes = gradient(*given)
    assert value == pytest.approx(float(function(*plain)), rel=1e-12)
    assert close(given, plain, 1e-12)
    assert close(slopes, wb.grad(function, wrt, engine="tape")(*make()), 1e-12)


class Base:
    """What a subclass inherits can be replaced."""

    scale: Any = 2.0
    layers: Any = (1.0, 2.0)
    steady = True

    def act(self, x):
        return x * self.scale if self.steady else x * x

    def __add__(self, other):
        return self.scale + other.scale

    def __iter__(self):
        yield self.layers[0]
        yield self.scale


class Derived(Base):
    """It has nothing of its own."""


def uses(x, thing):
    total = thing.act(x) + (thing + thing) * x
    for item in thing:
        total = total + item * x * x
    return total * Derived.layers[1]


CHANGES: list[tuple[type, str, Any]] = [
    (Base, "act", lambda self, x: x * x * x), (Base, "__add__", lambda self, other: 7.0), (Base, "steady", False),
    (Base, "__iter__", lambda self: iter((5.0,))), (Derived, "act", lambda self, x: x * 5.0), (Base, "scale", 3),
    (Derived, "scale", 4.0), (Base, "layers", (3, 4.0)), (Derived, "steady", True), (Derived, "layers", (0.5, 6.0))]


def test_what_a_class_inherits(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient, thing = wb.value_and_grad(uses, (0,), engine="numba"), Derived()
    agrees(gradient, uses, lambda: (1.5, thing))
    for type_, name, value in CHANGES:
        monkeypatch.setattr(type_, name, value, raising=False)
        agrees(gradient, uses, lambda: (1.5, thing))
    count = len(gradient._specialisations)
    agrees(gradient, uses, lambda: (2.5, thing))
    assert len(gradient._specialisations) == count


class Model:
    """Its method is differentiated."""

    def __init__(self) -> None:
        self.training: Any = True
        self.rates: Any = [1.0, 2.0]
        self.act: Any = np.sin

    def loss(self, x):
        return self.act(x) * sum(self.rates) if self.training else x * x


def test_the_object_of_a_method() -> None:
    model = Model()
    gradient = wb.value_and_grad(model.loss, (0,), engine="numba")
    bound = model.loss

    def through_a_name(x):
        return bound(x) * 2.0
    outer = wb.value_and_grad(through_a_name, (0,), engine="numba")
    for name, value in (("training", True), ("training", False), ("training", True), ("rates", [1.0, 2.0, 4.0]),
                        ("act", np.cos), ("rates", (3.0,)), ("act", lambda x: x * 0.5)):
        setattr(model, name, value)
        agrees(gradient, model.loss, lambda: (1.5,))
        agrees(outer, through_a_name, lambda: (1.5,))
    model.rates = [2.0]
    agrees(gradient, model.loss, lambda: (1.5,))
    model.rates.append(3.0)
    agrees(gradient, model.loss, lambda: (1.5,))


def magnitude(x):
    return abs(x) * 3.0


def test_a_global_hides_a_builtin(monkeypatch: pytest.MonkeyPatch) -> None:
    gradient = wb.value_and_grad(magnitude, (0,), engine="numba")
    agrees(gradient, magnitude, lambda: (-1.5,))
    monkeypatch.setitem(globals(), "abs", lambda x: x * x)
    agrees(gradient, magnitude, lambda: (-1.5,))
    monkeypatch.undo()
    agrees(gradient, magnitude, lambda: (-1.5,))


def by_keys(x, table):
    total = 0.0
    for key, weight in table.items():
        total = total + weight * (x if type(key) is int else x * x if type(key) is bool else x * x * x)
    return total


def by_members(x, members):
    return x if type(next(iter(members))) is int else x * x


@pytest.mark.parametrize("function, items", [
    (by_keys, [{1: 2.0}, {True: 2.0}, {1.0: 2.0}, {(1, 2): 2.0}, {"a": 2.0}, {1: 2.0}]),
    (by_members, [{1}, {True}, {1.0}, {1}])])
def test_equal_keys_of_other_types(function: Any, items: list[Any]) -> None:
    gradient = wb.value_and_grad(function, (0,), engine="numba")
    for item in items:
        agrees(gradient, function, lambda item=item: (1.5, item))


@dataclass
class Pair:
    """A container."""

    a: float
    b: float


@dataclass
class Held:
    """A container in a container."""

    pair: Pair
    weight: float


def in_lists(p, q):
    p[0] = 2.0 * p[0]
    return p[0] * q[1] + q[0]


def in_objects(p, q):
    p.a = 2.0 * p.a
    return p.a * q.b + q.a


def in_nested(p, q):
    p.pair.a = 2.0 * p.pair.a
    return p.pair.a * q.b * p.weight + q.a


def only_read(p, q):
    return p[0] * q[1] + q[0]


def _both(first: Any, second: Any, around: Callable[[Any], Any] = lambda x: x) -> list[Callable[[], tuple[Any, Any]]]:
    def same() -> tuple[Any, Any]:
        one = first()
        return around(one), one
    return [same, lambda: (around(first()), second())]


@pytest.mark.parametrize("function, makers", [
    (in_lists, _both(lambda: [1.5, 2.5], lambda: [0.5, 3.5])),
    (only_read, _both(lambda: [1.5, 2.5], lambda: [0.5, 3.5])),
    (in_objects, _both(lambda: Pair(1.5, 2.5), lambda: Pair(0.5, 3.5))),
    (in_nested, _both(lambda: Pair(1.5, 2.5), lambda: Pair(0.5, 3.5), lambda pair: Held(pair, 1.25)))])
def test_containers_that_are_one_object_or_two(function: Any, makers: list[Any]) -> None:
    for order in ((0, 1, 0), (1, 0, 1)):
        gradient = wb.value_and_grad(function, (0, 1), engine="numba")
        for k in order:
            agrees(gradient, function, makers[k], (0, 1))


SHARED = [1.0, 2.0]


def with_a_global(p):
    p[0] = 3.0 * p[0]
    return p[0] * SHARED[0] * SHARED[1]


def test_a_container_that_is_a_global_too(monkeypatch: pytest.MonkeyPatch) -> None:
    for order in ((True, False, True), (False, True, False)):
        gradient = wb.value_and_grad(with_a_global, engine="numba")
        for shared in order:
            given = [1.5, 2.5]
            monkeypatch.setitem(globals(), "SHARED", given if shared else [1.0, 2.0])
            value, slope = gradient(given)
            assert given == [4.5, 2.5] and SHARED[0] == (4.5 if shared else 1.0)
            assert value == (4.5 * 4.5 * 2.5 if shared else 9.0)
            assert slope == ([2 * 9.0 * 1.5 * 2.5, 9.0 * 1.5 * 1.5] if shared else [6.0, 0.0])


TEXT = "def helper(x):\n    return x * 2.0\n\n\ndef outer(x):\n    y = x * {}\n    return helper(y)\n"


def test_a_file_that_was_edited_and_not_loaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    place = tmp_path / "edited_after_import.py"
    place.write_text(TEXT.format("3.0"))
    module: types.ModuleType = importlib.import_module("edited_after_import")
    try:
        assert wb.grad(module.helper, engine="numba")(1.0) == 2.0
        place.write_text(TEXT.format("5.0"))
        with pytest.raises(wb.DifferentiationError, match="changed since it was defined"):
            wb.grad(module.outer, engine="numba")(1.0)
        assert wb.grad(module.outer, engine="tape")(1.0) == module.outer(1.0) == 6.0  # (it runs what there is)
        assert wb.grad(module.helper, engine="numba")(1.0) == 2.0  # which says what it said
        module = importlib.reload(module)
        assert wb.grad(module.outer, engine="numba")(1.0) == 10.0
    finally:
        del sys.modules["edited_after_import"]
