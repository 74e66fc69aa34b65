"""Arguments and results of recorded runs: every kind of container, changed in place, shared, refused."""
from __future__ import annotations

import array
import collections
import dataclasses
import functools
import itertools
import math
import random
import struct
import types
from typing import Any, NamedTuple

import numpy as np
import pytest

import workbench as wb


class Point(NamedTuple):
    x: float
    y: float


class Slotted:
    __slots__ = ("name", "x", "y")

    def __init__(self, x: float, y: Any) -> None:
        self.x, self.y, self.name = x, y, "slotted"


class Child(Slotted):
    __slots__ = ("extra",)


@dataclasses.dataclass(frozen=True)
class Inner:
    rate: float
    cells: np.ndarray
    label: str = "inner"


@dataclasses.dataclass(frozen=True, slots=True)
class Outer:
    inner: Inner
    points: tuple[Point, ...]
    more: dict[str, Any]


class Layer:
    def __init__(self, weight: float) -> None:
        self.weight = weight

    def __call__(self, v: float) -> float:
        return math.tanh(self.weight * v)


def whole() -> dict[str, Any]:
    child = Child(0.4, [0.2, 0.3])
    child.extra = np.float32(1.5)
    return {
        "outer": Outer(Inner(0.5, np.array([1.0, 2.0])), (Point(0.1, 0.2), Point(0.3, 0.4)), {"k": 0.7, "n": 3}),
        "queue": collections.deque([0.3, 0.6], maxlen=4), "child": child, "z": 0.2 + 0.9j,
        "ordered": collections.OrderedDict(b=0.8, a=[0.1]), "counter": collections.Counter(u=0.9),
        "default": collections.defaultdict(float, p=0.35), "waves": np.array([[1j, 2.0 - 0.5j]]),
        "space": types.SimpleNamespace(v=0.15, w=None), "layer": Layer(0.6), "count": 2, "flag": True, "text": "t",
        "single": np.array([0.5, 0.25], np.float32), "integers": np.array([1, 2])}


def total(s: Any) -> float:
    o, c = s["outer"], s["child"]
    result = o.inner.rate * np.sum(o.inner.cells**2) + o.points[0].x * o.points[1].y + o.more["k"] ** o.more["n"]
    result += s["queue"][0] * s["queue"][-1] + c.x * sum(c.y) * c.extra + abs(s["z"]) ** 2 + s["ordered"]["b"] ** 2
    result += s["ordered"]["a"][0] * s["counter"]["u"] + s["default"]["p"] * s["default"]["absent"]
    result += np.sum(np.abs(s["waves"]) ** 2) + s["space"].v * s["layer"](s["count"]) + np.sum(s["single"])
    return float(result) + o.points[0].y


def moved(tree: Any, other: Any, h: float) -> Any:
    """A structure plus h times another (None is zero)."""
    if other is None:
        return tree
    if isinstance(tree, (float, complex, np.ndarray, np.generic)):
        return tree + h * other
    if isinstance(tree, (list, collections.deque)):
        return type(tree)(moved(a, b, h) for a, b in zip(tree, other, strict=True))
    if isinstance(tree, tuple):
        return tuple.__new__(type(tree), [moved(a, b, h) for a, b in zip(tree, other, strict=True)])
    if isinstance(tree, collections.defaultdict):
        return collections.defaultdict(float, {k: moved(v, other[k], h) for k, v in tree.items()})
    if isinstance(tree, dict):
        return {k: moved(v, other[k], h) for k, v in tree.items()}
    names = [f.name for f in dataclasses.fields(tree)] if dataclasses.is_dataclass(tree) else (
        ["x", "y", "extra"] if isinstance(tree, Child) else list(vars(tree)))
    made = types.SimpleNamespace() if isinstance(tree, types.SimpleNamespace) else object.__new__(type(tree))
    for name in names:
        object.__setattr__(made, name, moved(getattr(tree, name), getattr(other, name), h))
    return made


def squared(tree: Any) -> float:
    if tree is None:
        return 0.0
    if isinstance(tree, (float, complex, np.ndarray, np.generic)):
        return float(np.sum(np.abs(tree) ** 2))
    if isinstance(tree, dict):
        return sum(map(squared, tree.values()))
    if isinstance(tree, (list, tuple, collections.deque)):
        return sum(map(squared, tree))
    names = ("x", "y", "extra") if isinstance(tree, Child) else [
        f.name for f in dataclasses.fields(tree)] if dataclasses.is_dataclass(tree) else list(vars(tree))
    return sum(squared(getattr(tree, name)) for name in names)


def test_every_container() -> None:
    given = whole()
    gradient = wb.grad(total, engine="tape")(given)
    assert total(given) == total(whole()) and given["default"].keys() == {"p", "absent"}
    del given["default"]["absent"]
    for key, value in given.items():
        assert gradient[key] is None or type(gradient[key]) is type(value), key
    assert all(gradient[k] is None for k in ("count", "flag", "text", "integers"))
    assert gradient["outer"].inner.label is None and gradient["outer"].more["n"] is None
    assert gradient["queue"].maxlen == 4 and gradient["default"].default_factory is float
    assert type(gradient["child"].extra) is np.float32 and gradient["single"].dtype == np.float32
    assert type(gradient["z"]) is complex and gradient["waves"].dtype == complex
    h = 1e-4
    slope = (total(moved(whole(), gradient, h)) - total(moved(whole(), gradient, -h))) / (2 * h)
    assert slope == pytest.approx(squared(gradient), rel=1e-5)


def test_changes_are_left_as_the_program_leaves_them() -> None:
    def program(s: Any, log: list[Any], table: dict[Any, Any]) -> Any:
        u, v = s["u"], s["v"]
        s["u"], s["v"] = v, u
        v[0] = u[1] * 2.0
        log.append({"v": v[0], "nested": [u, (v[1],)]})
        log[0].x = v[0]
        table[s["child"].x] = v[0]
        table.setdefault("set", set()).add(v[1])
        del s["gone"]
        s["child"].y.append(v[0])
        return {"result": [v[0], u], "log": log}

    def arguments() -> tuple[Any, ...]:
        return ({"u": np.array([1.0, 2.0]), "v": np.array([3.0, 4.0]), "gone": 1.0, "child": Slotted(0.5, [1.5])},
                [Slotted(0.0, 1)], {})
    plain, ours = arguments(), arguments()
    expected = program(*plain)
    tape = wb.tape(program, *ours)
    u, v = ours[0]["v"], ours[0]["u"]
    assert list(u) == [1.0, 2.0] and list(v) == [4.0, 4.0] and set(ours[0]) == set(plain[0])
    assert tape.value["result"][0] == expected["result"][0] and tape.value["result"][1] is u
    assert tape.value["log"] is ours[1]
    assert ours[1][0].x == 4.0 and type(ours[1][0].x) is np.float64 and ours[1][1]["nested"][0] is u
    assert type(ours[1][1]["nested"][1][0]) is np.float64 and ours[0]["child"].y == [1.5, 4.0]
    assert ours[2] == plain[2] and all(type(k) in (float, str) for k in ours[2])
    assert {type(x) for x in ours[2]["set"]} == {np.float64}


def test_shared_objects_stay_shared() -> None:
    shared = [0.5, 2.0]
    holder = types.SimpleNamespace(first=shared, second=shared)
    holder.me = holder

    def program(h: Any, alias: Any) -> float:
        h.me.first[0] = h.second[1] * 3.0
        assert h.first is h.second and h.me is h
        return h.second[0] * h.second[1]
    gradient = wb.grad(program, engine="tape")(holder, shared)
    assert gradient.first == [0.0, 12.0] and holder.first is shared and shared == [6.0, 2.0] and holder.me is holder


STATE = {"weight": 0.5}


def through_a_global(state: dict[str, float]) -> float:
    return STATE["weight"] * state["weight"]


def test_an_argument_that_is_a_global_too() -> None:
    assert wb.grad(through_a_global, engine="tape")(STATE) == {"weight": 1.0} and STATE == {"weight": 0.5}


def test_a_refusal_leaves_no_trace() -> None:
    def program(s: Any, a: np.ndarray, q: Any) -> float:
        s.x = a[0]
        a[0] = 5.0
        q.append(a[1])
        s.y.clear()
        return float(str(a[1]))
    s, a, q = Slotted(1.0, [2.0]), np.array([3.0, 4.0]), collections.deque([1.0])
    with pytest.raises(wb.DifferentiationError):
        wb.grad(program, 1, engine="tape")(s, a, q)
    assert (s.x, s.y, list(a), list(q)) == (1.0, [2.0], [3.0, 4.0], [1.0])


def test_objects_of_libraries_are_left_alone() -> None:
    source, generator = random.Random(3), np.random.default_rng(3)
    expected = random.Random(3).random() * np.random.default_rng(3).random()
    gradient = wb.grad(lambda x, s, g: x * s.random() * g.random(), engine="tape")(2.0, source, generator)
    assert gradient == expected and source.random() != random.Random(3).random()


def test_no_place_for_a_derivative() -> None:
    class Sub(np.ndarray):
        pass
    for hidden in ({1.0, 2.0}, frozenset([1.0]), np.array([1.0], dtype=object), np.zeros(2).view(Sub),
                   np.ma.array([1.0])):
        with pytest.raises(wb.DifferentiationError, match=r"set|objects|type (Sub|MaskedArray)"):
            wb.grad(lambda a: a[0] * 2.0, engine="tape")([1.0, hidden])
    assert wb.grad(lambda x, s: x * sum(s), engine="tape")(2.0, {1.0, 2.0}) == 3.0


def test_no_place_for_a_derivative_in_other_containers() -> None:
    for hidden in (collections.UserDict(a=1.0), collections.UserList([1.0]), types.MappingProxyType({"a": 1.0}),
                   np.zeros(2, dtype=[("p", float)])):
        with pytest.raises(wb.DifferentiationError, match="no places|records"):
            wb.grad(lambda a: a[0] * 2.0, engine="tape")([1.0, hidden])

    def objects(x: float) -> Any:
        made = np.empty(1, dtype=object)
        made[0] = x
        return made
    for make in (objects, lambda x: {x}, lambda x: collections.UserDict(a=x), lambda x: {"a": x}.values(),
                 lambda x: functools.partial(math.sin, x), lambda x: ValueError(x), lambda x: frozenset([x])):
        with pytest.raises(wb.DifferentiationError, match="no places"):
            wb.vjp(lambda x, make=make: make(x * x), 3.0, engine="tape")
        with pytest.raises(wb.DifferentiationError, match="no places"):
            wb.jvp(lambda x, make=make: [make(x * x)], (3.0,), (1.0,), engine="tape")
    assert wb.jvp(lambda x: [{1.0}, x], (3.0,), (1.0,), engine="tape")[1] == [None, 1.0]


class Tagged(tuple[float, ...]):
    tag: float


class Twice(float):
    def __mul__(self, other: float) -> float:
        return 2.0 * float(self) * other


def test_classes_derived_from_tuple_and_float() -> None:
    pair = Tagged((1.0, 2.0))
    pair.tag = 3.0
    gradient = wb.grad(lambda p: p[0] * p[1] * p.tag, engine="tape")(pair)
    assert gradient == (6.0, 3.0) and type(gradient) is Tagged
    with pytest.raises(wb.DifferentiationError, match="operators of its own"):
        wb.grad(lambda x: x * x, engine="tape")(Twice(3.0))


def test_tangents_and_cotangents_have_the_structure() -> None:
    def program(s: dict[str, Any]) -> dict[str, Any]:
        return {"pair": Point(s["a"] * 2.0, s["b"][0]), "cells": s["c"] * s["a"], "n": 3}
    s = {"a": 0.5, "b": [1.5], "c": np.array([1.0, 2.0])}
    value, dot = wb.jvp(program, (s,), ({"a": 1.0, "b": [2.0], "c": np.array([0.0, 1.0])},), engine="tape")
    assert dot["pair"] == Point(2.0, 2.0) and dot["n"] is None and list(dot["cells"]) == [1.0, 2.5]
    value, pullback = wb.vjp(program, s, engine="tape")
    (bar,) = pullback({"pair": Point(1.0, 3.0), "cells": np.array([1.0, 1.0]), "n": None})
    assert bar["a"] == 5.0 and bar["b"] == [3.0] and list(bar["c"]) == [0.5, 0.5]
    assert pullback({"pair": Point(1.0, 0.0), "cells": np.zeros(2), "n": None})[0]["a"] == 2.0
    for wrong in ({"pair": (1.0,), "cells": np.zeros(2)}, {"pair": (1.0, 2.0), "cells": np.zeros(3)}):
        with pytest.raises(TypeError, match="structure|shape"):
            pullback(wrong)
    for wrong in (2.0, {"pair": Point(1.0, 3.0), "other": 1.0}, Point(1.0, 2.0)):
        with pytest.raises(TypeError, match="structure"):
            pullback(wrong)
        with pytest.raises(TypeError, match="structure"):
            wb.jvp(program, (s,), (wrong,), engine="tape")


def test_a_tangent_of_an_integer_is_refused() -> None:
    with pytest.raises(wb.DifferentiationError, match="argument 1 holds no float: 3"):
        wb.jvp(lambda x, n: x * n, (1.0, 3), (1.0, 1.0), engine="tape")
    for zero in (None, 0, 0.0):
        assert wb.jvp(lambda x, n: x * n, (1.0, 3), (1.0, zero), engine="tape") == (3.0, 3.0)


def test_a_refused_call_outside_of_python_has_no_effect() -> None:
    numbers, buffer = array.array("d", [1.0]), bytearray(8)
    for program, held in ((lambda x, b: b.append(x), numbers), (lambda x, b: struct.pack_into("d", b, 0, x), buffer)):
        with pytest.raises(wb.DifferentiationError, match="drop its derivative"):
            wb.grad(program, engine="tape")(2.0, held)
    assert numbers.tolist() == [1.0] and buffer == bytes(8)


def test_results_that_make_their_numbers_later() -> None:
    class Holder:
        def __init__(self, x: Any) -> None:
            self.x = x

        def times(self, y: float) -> Any:
            return self.x * y
    for make in (lambda x: zip([x], [x * x], strict=True), lambda x: (x * k for k in range(3)), lambda x: iter([x]),
                 lambda x: map(lambda k: k * x, [1.0]), lambda x: itertools.accumulate([x, x]),
                 lambda x: lambda y: x * y, lambda x: Holder(x).times):
        with pytest.raises(wb.DifferentiationError, match="not made yet|uses active numbers"):
            wb.vjp(make, 3.0, engine="tape")
        with pytest.raises(wb.DifferentiationError, match="not made yet|uses active numbers"):
            wb.jvp(lambda x, make=make: {"a": make(x)}, (3.0,), (1.0,), engine="tape")
    _, tangent = wb.jvp(lambda x: (math.sin, str, x), (3.0,), (1.0,), engine="tape")
    assert tangent == (None, None, 1.0)
