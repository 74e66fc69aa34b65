"""Functions that call themselves from loops: what each iteration keeps waits on stacks between the calls."""
from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.frontend.test_recursion import agrees
from tests.fuzz.emitted import in_python
from tests.fuzz.interpreted import traced
from workbench.ir import callees, walk
from workbench.transforms import vjp


def branches(x, n):
    """A counted loop around the call."""
    if n <= 0:
        return math.cos(x)
    total = x
    for k in range(3):
        total += math.sin(branches(x * 0.9 + 0.1 * k, n - 2)) * total
    return total


def trips_that_vary(x, n):
    """Loops in a loop, with trip counts that the outer one changes."""
    total = 0.0
    for i in range(min(n, 3)):
        inner = x
        for j in range(i):
            inner = inner * math.exp(0.1 * inner) + j
        total = total + inner * trips_that_vary(inner * 0.1, n - 1 - i)
    return total + x


def until(x, n):
    """A while that ends on a run-time condition, and its last partial iteration computes."""
    y, k = x, 0
    while True:
        y = y * 1.3 + 0.01 * until(x * 0.5, n - 2) if n > 0 else y * x * 1.9
        if abs(y) > 3.0 or k > 5:
            break
        y = math.sin(y) + 0.9
        k += 1
    return y * x


def condition_that_calls(x, n):
    y = x
    k = 0
    while k < 4 and (n <= 0 or condition_that_calls(y, n - 3) < 5.0):
        y = y * y * 0.5 + 0.3
        k += 1
        if k == 2 and y < 0.4:
            continue
        y += 0.1 * math.tanh(y)
    return y


def one_path_calls(x, n):
    total = 1.0
    for k in range(n):
        w = total * x
        if w > 0.8:
            total = w * math.sqrt(w)
            if k % 2 == 0:
                total += one_path_calls(math.sin(w), n - 2 - k)
        else:
            total = w + 0.7
    return total


def scratch(x, n):
    """Arrays that iterations overwrite, and arrays whose size varies."""
    a = np.ones(3) * x
    total = 0.0
    for k in range(min(max(n, 0), 3)):
        part = np.exp(a[:k + 1] * 0.3)
        a[k] = np.sum(part) * a[k - 1]
        a = a * 0.9
        total += a[k] * scratch(a[0] * 0.5, n - 2) + np.prod(part)
    return total + a[0]


def tree_sum(x, n):
    """Paths of a tree whose node says how many branches it has."""
    def visit(node, v):
        total = v * v
        k = 0
        while k < len(w) and k < node % 3 + 1 and node < n:
            v = v * w[k]
            total += visit(2 * node + k + 1, v) * math.cos(total)
            k += 1
        return total
    w = np.array([0.5, 1.5, 0.7]) * x
    return visit(0, x)


def first_of_two(x, n):
    total = x
    for k in range(2):
        total = total * 1.1 + second_of_two(total * 0.5, n - 1 - k) if n > 0 else total + k * x * x
    return total


def second_of_two(x, n):
    y = x
    while abs(y) < 1.0 and n >= 0:
        y = y * 1.7 + 0.05
        y += 0.1 * first_of_two(y * x, n - 2)
    return y * x


def permanent(x, n):
    """Columns are marked in an array that calls share."""
    def expand(row):
        if row == len(a):
            return 1.0
        total = 0.0
        for column in range(len(a)):
            if used[column] == 0:
                used[column] = 1
                total += a[row, column] * expand(row + 1)
                used[column] = 0
        return total
    m = min(n, 3)
    used = np.zeros(m, dtype=np.int64)
    a = np.cos(np.outer(np.arange(m) + x, np.arange(m) - x))
    return expand(0) * x


def handed_on(x, n):
    """The same, with the array handed from call to call."""
    def expand(a, row, used):
        if row == len(a):
            return 1.0
        total, column = 0.0, 0
        while column < len(a):
            if used[column] == 0:
                used[column] = 1
                total += a[row, column] * expand(a, row + 1, used)
                used[column] = 0
            column += 1
        return total
    m = min(n, 3)
    return expand(np.cos(np.outer(np.arange(m) + x, np.arange(m) - x)), 0, np.zeros(m)) * x


PROGRAMS = [branches, trips_that_vary, until, condition_that_calls, one_path_calls, scratch, tree_sum, first_of_two,
            permanent, handed_on]


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore:.*runs on the tape:UserWarning")
def test_value_and_derivatives(function: Any) -> None:
    for x, n in ((0.7, 4), (1.1, 0), (-0.4, 3)):
        agrees(function, x, n)


def test_residuals_of_iterations_are_pushed_not_computed_again() -> None:
    """The reverse twin calls itself alone and makes no list of its own."""
    for function in (until, handed_on):
        adjoint = vjp(traced(function, (0.7, 4)).function, [0], [0])
        (reverse,) = {callee for callee in callees(adjoint) if callee.name.endswith("_vjp")}
        ops = list(walk(reverse.function.block))
        assert {op.attrs["callee"] for op in ops if op.prim == "call"} == {reverse}
        assert not any(op.prim in ("list", "while") for op in ops)


@pytest.mark.sampled(1 / 2)
def test_compiled_and_second_order() -> None:
    for function, compiled in ((until, True), (handed_on, False)):
        derivative = wb.value_and_grad(function, engine="numba")
        for x, n in ((0.43, 4), (1.2, 3)):
            with nullcontext() if compiled else in_python():
                value, slope = derivative(x, n)
            assert np.isclose(value, function(x, n), rtol=1e-13)
            assert np.isclose(slope, wb.grad(function, engine="tape")(x, n), rtol=1e-11)
    x, n, h = 0.43, 3, 1e-4
    slope = wb.value_and_grad(until, engine="numba")
    curvature = (slope(x + h, n)[1] - slope(x - h, n)[1]) / (2 * h)
    with in_python():
        assert np.isclose(wb.grad(wb.grad(until), engine="numba")(x, n), curvature, rtol=1e-5)
