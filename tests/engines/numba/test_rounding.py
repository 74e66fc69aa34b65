"""Sums of cotangents that the machine may do in any order: which lines they are on, and no other sum is among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.engines.numba.emit import emit as written
from workbench.engines.numba.rounding import loose_sums
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType
from workbench.operators.specialisation import Request, Specialisation
from workbench.rules import emit

RNG = np.random.default_rng(20261128)
F64 = ScalarType(Kind.F64)


def products(x, w):
    """Rows times a triangular matrix whose columns lie one after the other."""
    n, d = x.shape
    y = np.empty(d, x.dtype)
    total = x.dtype.type(0.0)
    for i in range(n):
        for j in range(d):
            y[j] = x[i, j]
        p = 0
        for column in range(d):
            for row in range(column + 1, d):
                y[row] += w[p] * x[i, column]
                p += 1
        for j in range(d):
            total += y[j] * y[j]
    return total


def drawn(n: int, d: int, dtype: Any = np.float64) -> tuple[Any, Any]:
    return RNG.normal(size=(n, d)).astype(dtype), RNG.normal(size=d * (d - 1) // 2).astype(dtype)


def differences(f: Callable[..., Any], args: tuple[Any, ...], position: int) -> Any:
    """Along each axis: what is quadratic in it has no error but rounding."""
    found = np.empty(args[position].shape)
    for where in np.ndindex(found.shape):
        ends = []
        for h in (0.25, -0.25):
            moved = [a.astype(np.float64) for a in args]
            moved[position][where] += h
            ends.append(f(*moved))
        found[where] = (ends[0] - ends[1]) / 0.5
    return found


def test_gradients_of_any_shape_and_precision() -> None:
    gradient = wb.value_and_grad(products, (0, 1), engine="numba")
    for shape in ((0, 3), (4, 0), (1, 1), (3, 1), (1, 2), (5, 7), (2, 35)):
        for dtype, tolerance in ((np.float64, 1e-11), (np.float32, 2e-5)):
            args = drawn(*shape, dtype)
            value, found = gradient(*args)
            assert value == products(*args)
            for position, leaf in enumerate(found):
                expected = differences(products, args, position)
                assert leaf.dtype == dtype and leaf.shape == expected.shape
                assert np.abs(leaf - expected).max(initial=0.0) <= tolerance * (1 + np.abs(expected).max(initial=0.0))


def test_lines_that_add_up_cotangents() -> None:
    made = Specialisation(products, ("x", "w"), Request("grad", (0, 1)), drawn(3, 4)).compiled
    lines = made.source.split("\n")
    loose = [lines[k - 1] for k in sorted(made.program.loose)]
    assert any("w_bar[" in line and "+=" in line for line in loose)
    assert all("bar" in line for line in loose)
    assert not any("total +=" in line or "y[row] +=" in line or "p += 1" in line for line in loose)
    assert "reassoc contract" in made.llvm()


def test_where_the_order_is_the_programs() -> None:
    for request in (Request("value"), Request("grad", (0, 1), deterministic=True)):
        made = Specialisation(products, ("x", "w"), request, drawn(3, 4)).compiled
        assert not made.program.loose and "reassoc" not in made.llvm() and "contract" not in made.llvm()


def added(inner_is_loose: bool, asked: bool) -> Function:
    """a[0] += x * (x + y); asked: whether the inner sum is positive is a result, too."""
    b = Builder("added")
    a = b.param(ArrayType(Kind.F64, (Constant(3, Kind.INT),)), "a")
    x, y = b.param(F64, "x"), b.param(F64, "y")
    with b.rounding(loose=inner_is_loose):
        inner = emit(b, "add", x, y)
    results = [emit(b, "gt", inner, Constant(0.0, Kind.F64))] if asked else []
    with b.rounding(loose=True):
        results.append(emit(b, "accum", a, emit(b, "mul", x, inner), Constant(0, Kind.INT)))
    return b.finish(results)


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("inner_is_loose", [False, True])
def test_other_sums_keep_their_bits(inner_is_loose: bool, asked: bool) -> None:
    function = added(inner_is_loose, asked)
    kinds = {op.prim for op in loose_sums(function, int(asked))}
    assert ("add" in kinds) == (inner_is_loose and not asked)
    source = written(function, exact=int(asked))
    lines = [source.text.split("\n")[k - 1] for k in source.loose]
    assert any("a[0] +=" in line for line in lines) == (asked or inner_is_loose)
