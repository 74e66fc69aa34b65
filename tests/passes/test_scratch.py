"""Scratch arrays: which belong to an iteration, that room for them is made once, and that nothing else changes."""

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

RNG = np.random.default_rng(20261127)


def rows(x):
    """Two scratch arrays, written in loops over their elements, one after the other and one from the other."""
    n, m = x.shape
    centred, y, total = np.empty(m, x.dtype), np.empty(m, x.dtype), 0.0
    for i in range(n):
        for j in range(m):
            centred[j] = x[i, j] - 0.5
            y[j] = np.sin(centred[j])
        for j in range(1, m):
            y[j] += centred[j - 1] * y[j - 1]
        for j in range(m):
            total = total + y[j] * y[j]
    return total


def recurrence(x):
    """The first element by itself, each other from the one before."""
    n, m = x.shape
    y, total = np.empty(m, x.dtype), 0.0
    for i in range(n):
        y[0] = x[i, 0]
        for j in range(1, m):
            y[j] = np.cos(x[i, j]) * y[j - 1]
        total = total + y[m - 1] * y[0]
    return total


def backwards(x):
    n, m = x.shape
    y, total = np.empty(m, x.dtype), 0.0
    for i in range(n):
        for j in range(m - 1, -1, -1):
            y[j] = x[i, j] * x[i, j]
            if j < m - 1:
                y[j] += np.sin(y[j + 1])
        total = total + y[0]
    return total


def tables(x):
    """A matrix, written row by row."""
    n, m = x.shape
    y, total = np.empty((m, m), x.dtype), 0.0
    for i in range(n):
        for j in range(m):
            for k in range(m):
                y[j, k] = x[i, j] * np.sin(x[i, k])
        for j in range(m):
            total = total + y[j, 0] * y[0, j]
    return total


def inner_scratch(x):
    """Scratch of the inner loop, with a loop between."""
    n, m = x.shape
    y, terms, total = np.empty(m, x.dtype), np.empty(m, x.dtype), 0.0
    for i in range(n):
        for k in range(m):
            for j in range(m):
                y[j] = x[i, j] * x[i, k]
            terms[k] = np.sin(y[0] + y[m - 1])
        for k in range(m):
            total = total + terms[k] * x[i, k]
    return total


def read_after(x):
    """The last iteration's array is read after the loop."""
    n, m = x.shape
    y, total = np.zeros(m, x.dtype), 0.0
    for i in range(n):
        for j in range(m):
            y[j] = x[i, j] * x[i, j]
        total = total + y[0]
    return total + y[m - 1]


def left_over(x):
    """One element is what the iteration before left."""
    n, m = x.shape
    y, total = np.zeros(m, x.dtype), 0.0
    for i in range(n):
        for j in range(1, m):
            y[j] = x[i, j]
        total = total + y[0] * y[m - 1]
        y[0] = x[i, 0]
    return total


def read_ahead(x):
    """An element that is read before it is written."""
    n, m = x.shape
    y, total = np.zeros(m + 1, x.dtype), 0.0
    for i in range(n):
        for j in range(m + 1):
            y[j] = np.sin(x[i, min(j, m - 1)]) + (y[j + 1] if j < m else 0.0)
        total = total + y[0]
    return total


def sometimes(x):
    """An element that is not written in every iteration."""
    n, m = x.shape
    y, total = np.zeros(m, x.dtype), 0.0
    for i in range(n):
        for j in range(m):
            if (i + j) % 2 == 0:
                y[j] = x[i, j]
        total = total + y[0] * y[m - 1]
    return total


def summed_up(x):
    """Elements that are added to."""
    n, m = x.shape
    y, total = np.zeros(m, x.dtype), 0.0
    for i in range(n):
        for j in range(m):
            y[j] += x[i, j]
        total = total + np.sin(y[0]) * y[m - 1]
    return total


PRIVATE = (rows, recurrence, backwards, tables, inner_scratch)
CARRIED = (read_after, left_over, read_ahead, sometimes, summed_up)


def complex_step(f: Callable[[Any], Any], x: Any) -> Any:
    found = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        step = x.astype(complex)
        step[index] += 1e-30j
        found[index] = f(step).imag / 1e-30
    return found


@pytest.mark.parametrize("f", [*PRIVATE, *CARRIED], ids=lambda f: f.__name__)
def test_gradients_of_programs_with_scratch(f: Callable[[Any], Any]) -> None:
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for shape in ((1, 5), (0, 3), (4, 2), (3, 4)):
            x = RNG.normal(size=shape)
            value, gradient = derivative(x)
            assert value == pytest.approx(f(x.copy()), rel=1e-12)
            np.testing.assert_allclose(gradient, complex_step(f, x), rtol=1e-10, atol=1e-12)
    primal = derivative.latest.program.primal
    carried = [p for op in primal.block.ops if op.prim == "for" for p in op.regions[0].params if p.is_array]
    assert bool(carried) == (f in CARRIED), carried
    inside = [line for line in derivative.source.splitlines() if "np.empty" in line or "np.zeros" in line]
    assert inside and all(line.startswith("    ") and line[4] != " " for line in inside), derivative.source


def made_inside(case: str) -> Function:
    """s += (an array made in each iteration)[0]; in some cases the array must be made there."""
    b = Builder("made_inside")
    n = b.param(ScalarType(Kind.INT), "n", (0, 0))
    array = ArrayType(Kind.F64, (n,))
    x, k = b.param(array, "x"), b.param(ScalarType(Kind.INT), "k")
    zero, one = Constant(0, Kind.INT), Constant(1.0, Kind.F64)
    s, held = b.slot(ScalarType(Kind.F64), Constant(0.0, Kind.F64)), b.slot(array, emit(b, "copy", x))
    i = b.begin_for(zero, n)
    length = {"unknown sign": k, "varying": i}.get(case, n)
    made = emit(b, "full", one, length) if case == "full" else emit(b, "empty", length, kind=Kind.F64)
    if case != "full":
        made = emit(b, "store", made, emit(b, "load", x, i), zero)
    if case == "seen as another":
        made = emit(b, "reshape", made, n, Constant(1, Kind.INT))
        b.write(s, emit(b, "add", b.read(s), emit(b, "load", made, zero, zero)))
    else:
        b.write(s, emit(b, "add", b.read(s), emit(b, "load", made, zero)))
    if case == "handed on":
        b.write(held, made)
    if case == "full":
        emit(b, "store", made, Constant(5.0, Kind.F64), i)
    b.end_for()
    return verify(b.finish([b.read(s), b.read(held)]))


@pytest.mark.parametrize("case, moves", [("empty", True), ("full", True), ("handed on", False), ("varying", False),
                                         ("unknown sign", False), ("seen as another", False)])
def test_room_is_made_before_the_loop_where_it_can_be(case: str, moves: bool) -> None:
    function = made_inside(case)
    made = verify(passes.Preallocate()(function))
    inside = [op for loop in made.block.ops if loop.prim == "for" for op in walk(loop.regions[0])
              if op.prim in ("empty", "full")]
    assert (not inside) == moves
    if case != "varying":
        for n in (1, 4):
            args = [RNG.normal(size=n), 3]
            for a, c in zip(interpret.run(function, args), interpret.run(made, args), strict=True):
                np.testing.assert_array_equal(a, c)
