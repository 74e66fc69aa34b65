"""Sums and products of cotangents are regrouped; the program's own numbers keep every bit."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders
from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, walk
from workbench.passes.exactness import exact_values
from workbench.rules import emit

F64, INT = ScalarType(Kind.F64), ScalarType(Kind.INT)


def number(value: float) -> Constant:
    return Constant(value, Kind.F64)


def operations(function: Function, prim: str = "mul") -> int:
    return sum(op.prim == prim for op in walk(function.block))


def combination(loose: bool) -> Function:
    """x*p + x*q - x*r, and a number of the program's own made likewise."""
    b = Builder("f")
    x, p, q, r = (b.param(F64, name) for name in "xpqr")
    with b.rounding(loose=loose):
        total = emit(b, "sub", emit(b, "add", emit(b, "mul", x, p), emit(b, "mul", x, q)), emit(b, "mul", x, r))
    return b.finish([x, total])


def test_a_common_factor_stands_before_a_bracket() -> None:
    assert operations(passes.Regroup(1)(combination(loose=True))) == 1


@pytest.mark.parametrize("case", ["not of a cotangent", "a result of the program"])
def test_what_the_user_wrote_stays(case: str) -> None:
    function = combination(loose=case == "a result of the program")
    assert operations(passes.Regroup(1 if case == "not of a cotangent" else 2)(function)) == 3


def test_what_decides_is_exact() -> None:
    b = Builder("f")
    x, p, q = (b.param(F64, name) for name in "xpq")
    with b.rounding(loose=True):
        total = emit(b, "add", emit(b, "mul", x, p), emit(b, "mul", x, q))
    root = emit(b, "sqrt", total)
    chosen = emit(b, "select", emit(b, "lt", emit(b, "mul", p, q), x), p, q)
    function = b.finish([x, root, chosen])
    exact = exact_values(function, 1)
    assert total in exact and root not in exact and chosen not in exact
    assert any(op.result in exact for op in walk(function.block) if op.prim == "lt")
    assert operations(passes.Regroup(1)(function)) == 3


def recurrence(prim: str) -> Function:
    """b = b * p[i] * q in a loop, and a sum of two terms of it."""
    b = Builder("f")
    n = b.param(INT, "n", (0, 0))
    p, q = b.param(ArrayType(Kind.F64, (n,)), "p"), b.param(F64, "q")
    bar, total = b.slot(F64, number(1.0), "bar"), b.slot(F64, number(0.0), "total")
    i = b.begin_for(Constant(0, Kind.INT), n)
    element = emit(b, "load", p, i)
    with b.rounding(loose=True):
        first = emit(b, "mul", b.read(bar), element)
        b.write(total, emit(b, prim, emit(b, "add", b.read(total), first), emit(b, "mul", first, q)))
        b.write(bar, emit(b, "mul", first, q))
    b.end_for()
    return b.finish([q, b.read(bar), b.read(total)])


@pytest.mark.parametrize("prim", ["add", "sub"])
def test_the_carried_factor_comes_last(prim: str) -> None:
    regrouped = passes.Regroup(1)(recurrence(prim))
    (loop,) = (op for op in regrouped.block.ops if op.prim == "for")
    (body,) = loop.regions
    made = {r: op for op in body.ops for r in op.results}
    bar = next(made[v] for v in body.yields if made[v].prim == "mul")
    assert bar.operands[0] in body.params
    p = np.array([0.5, -1.25, 3.0])
    args = (p, 0.3)
    np.testing.assert_allclose(interpret.run(regrouped, args), interpret.run(recurrence(prim), args), rtol=1e-14)


def compensated(x: np.ndarray, scale: float) -> float:
    """Kahan's sum: what it cancels is all that it is about."""
    total, lost = 0.0, 0.0
    for i in range(len(x)):
        y = x[i] * scale - lost
        new = total + y
        lost = (new - total) - y
        total = new
    return total * total + math.exp(lost)


def logistic(r: float, x: float, n: int) -> float:
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x * r


def products(x: float, y: float, n: int) -> float:
    total, term = x, y
    for k in range(1, n):
        term = -term * x * y / (k * 2.0) + 0.1 * x
        if term > 0.4:
            total += term * x * term - term * y
        else:
            total -= x * y * term
    return total


@pytest.mark.parametrize("function", [logistic, products], ids=lambda f: f.__name__)
def test_gradients_against_differences(function: Callable[..., float]) -> None:
    rng = random.Random(7)
    gradient = wb.value_and_grad(function, (0, 1))
    for _ in range(5):
        a, b, n = rng.uniform(0.2, 1.9), rng.uniform(0.1, 0.9), rng.randint(0, 9)
        value, parts = gradient(a, b, n)
        assert value == function(a, b, n)
        for k, part in enumerate(parts):
            def along(step: float, k: int = k) -> float:
                return function(*(v + step * (j == k) for j, v in enumerate((a, b))), n)  # noqa: B023

            assert part == pytest.approx(ridders(along, 1e-2)[0], rel=1e-7, abs=1e-9)


def test_compensated_sums_are_as_they_were() -> None:
    x = np.random.default_rng(3).normal(size=50) * 10.0 ** np.arange(-25, 25)
    value, bar = wb.value_and_grad(compensated)(x, 0.7)
    assert value == compensated(x, 0.7)
    np.testing.assert_allclose(bar, 2.0 * compensated(x, 0.7) ** 0.5 * 0.7 * np.ones(50), rtol=1e-6)
