"""Zeros that nobody reads are not made, others are; gradients stay right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, verify, walk
from workbench.rules import emit

RNG = np.random.default_rng(20261203)
INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


def inner_product(x):
    total = 0.0
    for i in range(len(x)):
        y = np.empty(len(x), x.dtype)
        for j in range(len(x)):
            y[j] = x[j] * x[i] + 1.0
        for j in range(len(x)):
            y[j] = np.sin(y[j])
        s = 0.0 * x[i]
        for j in range(len(x)):
            s = s + y[j] * y[j]
        total = total + s * s
    return total


def partly(x):
    """Not the whole vector, not each element once."""
    total = 0.0
    for i in range(len(x)):
        y = np.zeros(len(x), x.dtype)
        for j in range(1, len(x)):
            y[j] += x[j] * x[i]
        for j in range(len(x)):
            y[min(j, 2)] = y[j] * x[j]
            total = total + y[j] * y[min(j, 1)]
    return total


@pytest.mark.parametrize("f", [inner_product, partly], ids=lambda f: f.__name__)
def test_gradients(f: Callable[..., Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for n in (3, 1, 6):
            x = RNG.uniform(0.5, 1.5, size=n)
            value, gradient = derivative(x)
            assert value == pytest.approx(f(x), rel=1e-13)
            expected = [f(x + 1e-30j * unit).imag / 1e-30 for unit in np.eye(n)]
            np.testing.assert_allclose(gradient, expected, rtol=1e-11, atol=1e-13)


def begins_and_ends(case: str) -> Function:
    """b = zeros(n); b[i] += v for all i; a loop takes b's elements and leaves zeros."""
    b = Builder("f")
    n = b.param(INT, "n", (0, 0))
    x = b.param(ArrayType(Kind.F64, (n,)), "x")
    zero = Constant(0.0, Kind.F64)
    zeros = emit(b, "full", zero, n)
    bar = b.slot(x.type, zeros, "bar")
    s = b.slot(F64, zero, "s")
    if case == "zeros read":
        i = b.begin_for(integer(0), n)
        b.write(s, emit(b, "add", b.read(s), emit(b, "load", zeros, i)))
        b.end_for()
    i = b.begin_for(integer(1 if case == "not the first" else 0), n)
    where = emit(b, "maximum", emit(b, "sub", i, integer(1)), integer(0)) if case == "another place" else i
    with b.rounding(loose=True):
        b.write(bar, emit(b, "accum", b.read(bar), emit(b, "load", x, i), where))
        if case == "twice":
            b.write(bar, emit(b, "accum", b.read(bar), emit(b, "load", x, i), where))
    b.end_for()
    i = b.begin_for(integer(0), n)
    if case == "read ahead":
        b.write(s, emit(b, "add", b.read(s), emit(b, "load", b.read(bar), integer(0))))
    b.write(s, emit(b, "add", b.read(s), emit(b, "load", b.read(bar), i)))
    b.write(bar, emit(b, "store", b.read(bar), zero, i))
    b.end_for()
    results = [b.read(s), b.read(bar)] if case == "returned" else [b.read(s)]
    return verify(b.finish([zero, *results]))


@pytest.mark.parametrize("case, begun, left", [
    ("plain", True, True), ("zeros read", False, True), ("not the first", False, True), ("another place", False, True),
    ("twice", False, True), ("read ahead", True, False), ("returned", True, False)])
def test_zeros_that_nobody_reads_are_not_made(case: str, begun: bool, left: bool) -> None:
    function = begins_and_ends(case)
    made = verify(passes.Unread(1)(function))
    assert any(op.prim == "full" for op in walk(made.block)) != begun
    assert any(op.prim == "store" and isinstance(op.operands[1], Constant) for op in walk(made.block)) != left
    for n in (0, 1, 4):
        x = RNG.normal(size=n)
        if case == "read ahead" and n == 0:
            continue
        for a, c in zip(interpret.run(function, [x]), interpret.run(made, [x]), strict=True):
            np.testing.assert_allclose(a, c, rtol=1e-14)


def nest_over(case: str) -> Function:
    """b = zeros(n, m); a nest adds to b's elements."""
    b = Builder("f")
    n, m = b.param(INT, "n", (0, 0)), b.param(INT, "m", (0, 1))
    x = b.param(ArrayType(Kind.F64, (n, m)), "x")
    bar = b.slot(x.type, emit(b, "full", Constant(0.0, Kind.F64), n, m), "bar")
    i = b.begin_for(integer(1 if case == "not the first row" else 0), n)
    j = b.begin_for(emit(b, "sub", m, integer(1)), i if case == "half of a row" else integer(-1), -1)
    where = (i, integer(0)) if case == "one place in a row" else (i, j)
    with b.rounding(loose=case != "a sum of the program"):
        b.write(bar, emit(b, "accum", b.read(bar), emit(b, "load", x, i, j), *where))
    b.end_for()
    if case == "a row again":
        b.write(bar, emit(b, "store", b.read(bar), emit(b, "load", x, i, integer(0)), i, integer(0)))
    b.end_for()
    return verify(b.finish([Constant(0.0, Kind.F64), b.read(bar)]))


@pytest.mark.parametrize("case", ["whole", "not the first row", "half of a row", "one place in a row",
                                  "a sum of the program", "a row again"])
def test_zeros_of_an_array_that_a_nest_adds_to(case: str) -> None:
    function = nest_over(case)
    made = verify(passes.Unread(1)(function))
    assert any(op.prim == "full" for op in walk(made.block)) == (case != "whole")
    for sizes in ((0, 2), (2, 0), (1, 1), (3, 4)):
        if case == "a row again" and 0 in sizes:
            continue
        x = RNG.normal(size=sizes)
        for a, c in zip(interpret.run(function, [x]), interpret.run(made, [x]), strict=True):
            np.testing.assert_array_equal(a, c)
