"""Which `while` loops are counted, that they do the same, and that their gradients are right (by the complex step)."""
from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench import interpret, passes
from workbench.frontend.trace import trace
from workbench.ir import verify, walk


def below(x, k, n):
    y = x
    while k < n:
        y = y * x + k
        k += 1
    return y * k


def at_most(x, k, n):
    y = x
    while n >= k:
        y = y * 0.9 + x / (k * k + 1)
        k = k + 1
    return y + k


def down(x, k, n):
    y = x
    while k > n:
        y = np.sin(y) + k
        k -= 1
    return y * x + k


def down_to(x, k, n):
    y = x
    while n <= k:
        k -= 1
        y = y + x * k
    return y * y + k


def nested(x, k, n):
    """The inner bound is the outer counter."""
    y = x
    while k < n:
        j = -1
        while j < k:
            y = y * 0.8 + x
            j += 1
        k += 1
    return y


def array(x, k, n):
    a = np.zeros(max(n, 0) + 1) + x * 0
    i = 0
    while i < n:
        a[i + 1] = a[i] * x + 1.0
        i += 1
    return a[n] * a[n] if n > 0 else x * k


COUNTED = (below, at_most, down, down_to, nested, array)


def twice(x, k, n):
    y = x
    while k < n:
        y = y * x
        k += 2
    return y


def moving(x, k, n):
    """The bound falls."""
    y = x
    while k < n:
        y = y * x
        k += 1
        n -= 1
    return y


def sometimes(x, k, n):
    y = x
    while k < n:
        y = y * 0.5 + x
        if y > 1.0 or k % 2 == 0:
            k += 1
        else:
            k += 2
    return y


def both(x, k, n):
    y = x
    while k < n and y < 5.0:
        y = y * 1.5 + x
        k += 1
    return y + k


OTHERS = (twice, moving, sometimes, both)


def twin(f: Callable[..., Any]) -> Callable[..., Any]:
    """The program for complex numbers: comparisons are of real parts."""
    space: dict[str, Any] = {"np": np}
    text = textwrap.dedent(inspect.getsource(f))
    exec(text.replace("y > 1.0", "y.real > 1.0").replace("y < 5.0", "y.real < 5.0"), space)
    return space[f.__name__]


@pytest.mark.parametrize("f", [*COUNTED, *OTHERS], ids=lambda f: f.__name__)
def test_counted_loops(f: Callable[..., Any]) -> None:
    cases = [(0.7, k, n) for k, n in ((1, 6), (6, 1), (2, 2), (0, 1), (-3, 0), (0, -3))]
    function = passes.Simplify()(trace(f, cases[0], ("x", "k", "n"), (0,), ()).function)
    counted = verify(passes.Counting()(function))
    left = [op for op in walk(counted.block) if op.prim == "while"]
    assert bool(left) == (f in OTHERS)
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for case in cases:
            expected = interpret.run(function, list(case))
            assert [float(v) for v in interpret.run(counted, list(case))] == [float(v) for v in expected]
            value, gradient = derivative(*case)
            assert value == pytest.approx(f(*case), rel=1e-13)
            assert gradient == pytest.approx(twin(f)(0.7 + 1e-30j, *case[1:]).imag / 1e-30, rel=1e-10, abs=1e-13)
