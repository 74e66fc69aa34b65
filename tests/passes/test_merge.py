"""Neighbouring nests become one where every bit stays; adjoints of whole-array stencils gather like those of loops."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import ridders
from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Value, verify, walk
from workbench.rules import emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)
ZERO, ONE = Constant(0, Kind.INT), Constant(1, Kind.INT)


def pair(second: str) -> Function:
    """t[i] = x[i] * x[i]; then a second loop that does something with t."""
    b = Builder("pair")
    n = b.param(INT, "n", (0, 0))
    array = ArrayType(Kind.F64, (n,))
    x = b.param(array, "x")
    t, y = b.slot(array, emit(b, "empty", n, kind=Kind.F64)), b.slot(array, emit(b, "copy", x))
    i = b.begin_for(ZERO, n)
    b.write(t, emit(b, "store", b.read(t), emit(b, "mul", emit(b, "load", x, i), emit(b, "load", x, i)), i))
    b.end_for()
    last = emit(b, "sub", n, ONE)
    j = b.begin_for(ZERO, last if second == "shorter" else n)
    where: Value = emit(b, "minimum", emit(b, "add", j, ONE), last) if second == "next element" else j
    b.write(y, emit(b, "accum", b.read(y), emit(b, "load", b.read(t), where), j))
    if second == "same array":
        b.write(t, emit(b, "store", b.read(t), Constant(0.5, Kind.F64), j))
    b.end_for()
    return verify(b.finish([b.read(t), b.read(y)]))


@pytest.mark.parametrize("second, loops", [("same element", 1), ("same array", 1), ("next element", 2), ("shorter", 2)])
def test_which_nests_merge(second: str, loops: int) -> None:
    function = pair(second)
    merged = verify(passes.Simplify()(passes.Merge()(function)))
    assert sum(op.prim == "for" for op in walk(merged.block)) == loops
    for n in (1, 2, 5):
        x = np.random.default_rng(n).normal(size=n)
        for a, c in zip(interpret.run(function, [x]), interpret.run(merged, [x]), strict=True):
            assert np.array_equal(a, c)


def additions(loose: bool) -> Function:
    """y[i] += x[i] in one loop, y[i + 1] += x[i] in the next."""
    b = Builder("additions")
    n = b.param(INT, "n", (0, 0))
    array = ArrayType(Kind.F64, (n,))
    x = b.param(array, "x")
    y = b.slot(array, emit(b, "copy", x))
    for shift in (0, 1):
        i = b.begin_for(ZERO, emit(b, "sub", n, ONE))
        with b.rounding(loose=loose):
            where = emit(b, "add", i, Constant(shift, Kind.INT))
            b.write(y, emit(b, "accum", b.read(y), emit(b, "load", x, i), where))
        b.end_for()
    return verify(b.finish([b.read(y)]))


@pytest.mark.parametrize("loose, exact, loops", [(True, 0, 1), (True, 1, 2), (True, None, 2), (False, 0, 2)])
def test_the_order_of_additions_is_kept_but_for_cotangents(loose: bool, exact: int | None, loops: int) -> None:
    merged = passes.Simplify()(passes.Merge(exact)(additions(loose)))
    assert sum(op.prim == "for" for op in walk(merged.block)) == loops


def copied(u0: np.ndarray, steps: int, c: float) -> float:
    u = u0.copy()
    for _ in range(steps):
        v = u.copy()
        v[1:-1, 2:-1] = u[1:-1, 2:-1] + c * (u[:-2, 2:-1] + u[2:, 1:-2] * u[1:-1, 3:] - 4.0 * u[1:-1, 2:-1])
        u = v
    return float(np.sum(u * u))


def swapped(u0: np.ndarray, steps: int, c: float) -> float:
    u, v = u0.copy(), 2.0 * u0
    for _ in range(steps):
        v[1:-1, 1:-1] = u[1:-1, 1:-1] + c * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:])
        u, v = v, u
    return float(np.sum(u * u) + np.sum(v))


def in_place(u0: np.ndarray, steps: int, c: float) -> float:
    u = u0.copy()
    for _ in range(steps):
        u[1:-1] += c * (u[:-2] + u[2:] - 2.0 * u[1:-1])
        u[0] = c * u[1]
    return float(np.sum(u * u))


@pytest.mark.parametrize("function", [copied, swapped, in_place], ids=lambda f: f.__name__)
def test_stencils_of_slices(function: Callable[..., float]) -> None:
    gradient = wb.value_and_grad(function)
    rng = np.random.default_rng(4)
    for n in (4, 5, 7):
        u, direction = rng.normal(size=(n, n + 1)), rng.normal(size=(n, n + 1))
        for steps in (0, 1, 3):
            value, bar = gradient(u, steps, 0.15)
            assert value == pytest.approx(function(u, steps, 0.15), rel=1e-14)
            along = ridders(lambda t: function(u + t * direction, steps, 0.15))[0]  # noqa: B023
            assert np.sum(bar * direction) == pytest.approx(along, rel=1e-8)
