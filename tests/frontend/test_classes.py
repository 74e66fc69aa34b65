"""Classes defined inside functions: their methods see the names around, nothing of the class is written."""
from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient
from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret, interpreted_gradient


def inherits(x, y):
    class A:
        rate = 2.0

        def __init__(self, v):
            self.v = v * y

        def f(self):
            return self.v * x * self.rate

    class B(A):
        def __init__(self, v, w):
            super().__init__(v)
            self.w = w

        def f(self):
            return super().f() * self.w

        def __add__(self, other):
            return B(self.v + other.v, self.w)

        @classmethod
        def of(cls, v):
            return cls(v, 2.0)
    b = B(x, 2.0)
    y = y * 2
    return b.f() + (b + B.of(1.0)).f() + isinstance(b, A) + B.of(y).f()


def records(x, y):
    @dataclasses.dataclass
    class Point:
        x: float
        y: float = 2.0

        def norm(self):
            return math.hypot(self.x, self.y)

    class Pair(NamedTuple):
        a: float
        b: float = 3.0

        def product(self):
            return self.a * self.b * x
    return Point(x).norm() * Point(x, y).norm() + Pair(y).product() + (Point(1.0) == Point(1.0))


def linked(x, y):
    class Node:
        __slots__ = ("v", "rest")

        def __init__(self, v, rest=None):
            self.v, self.rest = v, rest

        def __iter__(self):
            yield self.v
            if self.rest is not None:
                yield from self.rest

        @property
        def square(self):
            return self.v ** 2
    nodes = Node(x, Node(y, Node(x * y)))
    return sum(nodes) * nodes.square


def in_a_loop(x, y):
    total = 0.0
    for k in range(40):
        class Term:
            def __init__(self, v):
                self.v = v

            def value(self):
                return self.v * k * x
        total += Term(y).value()
    return total


def made_by_another(z):
    def inner(x, y):
        class A:
            def f(self):
                return x * z
        return A().f() * y
    return inner


@pytest.mark.parametrize("function", [inherits, records, linked, in_a_loop, made_by_another(2.0)])
def test_agrees_with_python(function: Any) -> None:
    for args in ((1.3, 0.7), (0.4, -1.1)):
        agrees(function, *args)
        oracle = gradient(function, args, (0, 1), "difference")
        slopes = interpreted_gradient(function, args)[1]
        assert disagreement({k: slopes[k] for k in oracle}, oracle, function(*args), "difference") is None


def test_the_same_names_around_are_seen_by_each_call() -> None:
    derivative = wb.value_and_grad(inherits, engine="numba")
    for args in ((1.3, 0.7), (0.4, -1.1), (1.3, 0.7)):
        assert derivative(*args)[0] == pytest.approx(inherits(*args), rel=1e-12)


def test_refused_where_python_makes_another_class_each_time() -> None:
    def of_several_calls(x, y):
        def make(k):
            class A:
                def f(self):
                    return k * x
            return A()
        return make(1.0).f() + make(y).f()

    def counted(x, y):
        class A:
            count = 0

            def __init__(self):
                A.count += 1
        A()
        return x * A.count

    def attribute(x, y):
        class A:
            k = x
        return A().k * y

    def shared(x, y):
        class A:
            items = []
        A.items.append(x)
        return A.items[0] * y
    for function, reason in ((of_several_calls, "several calls"), (counted, "a write to an attribute"),
                             (attribute, "made of 'x'"), (shared, "class attribute 'items'")):
        with pytest.raises(wb.DifferentiationError, match=reason):
            interpret(function, (1.3, 0.7))
