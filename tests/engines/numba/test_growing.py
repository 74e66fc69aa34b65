"""Lists that grow in compiled programs: what is compiled gives what the emitted text says, no list is there twice."""
from __future__ import annotations

import math

import numpy as np
import pytest
from numba import njit
from numba.core.runtime import _nrt_python, rtsys

import workbench as wb
from workbench.engines.numba import growing, runtime


@pytest.fixture
def allocations():
    """Counts what a function allocates and frees: (blocks made, blocks freed)."""
    def counted(function, *args):
        _nrt_python.memsys_enable_stats()
        before = rtsys.get_allocation_stats()
        function(*args)
        after = rtsys.get_allocation_stats()
        _nrt_python.memsys_disable_stats()
        return after.mi_alloc - before.mi_alloc, after.mi_free - before.mi_free
    return counted


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64, np.bool_, np.complex128])
@pytest.mark.parametrize("name", ["grow", "grow_zeros"])
def test_what_is_compiled_gives_what_is_shown(name, kind):
    shown = getattr(runtime, name)
    compiled = njit(growing.COMPILED[shown])

    @njit
    def grown(a, k, again):
        sizes = 0
        for _ in range(again):
            a = compiled(a, k)
            sizes = sizes * 3 + a.size
        return a, sizes

    start = np.arange(1, 65).astype(kind)
    for again in (1, 2, 5):
        expected, sizes = start, 0
        for _ in range(again):
            expected = shown(expected, 70)
            sizes = sizes * 3 + expected.size
        found, found_sizes = grown(start.copy(), 70, again)
        assert found.dtype == expected.dtype and found_sizes == sizes
        written = len(found) if name == "grow_zeros" else 64
        assert np.array_equal(found[:written], expected[:written])


def logistic_until(x, rate, limit):
    total = 0.0
    while total < limit:
        x = rate * x * (1.0 - x)
        total += x
    return total


def test_a_list_that_grows_often_is_two_blocks(allocations):
    """One of fixed size at first, and one that is resized; all are freed."""
    gradient = wb.grad(logistic_until, engine="numba", mode="reverse")
    for limit in (1e3, 1e5):
        gradient(0.4, 2.5, limit)
        assert allocations(gradient, 0.4, 2.5, limit) == (2, 2)
    assert "b = np.empty(a.size + k + 1, a.dtype)" in gradient.source


def folded(x, depth):
    if depth == 0:
        return math.sin(x)
    left = folded(0.5 * x, depth - 1)
    return left * folded(x + left, depth - 1)


def test_stacks_of_calls_grow_alike(allocations):
    gradient = wb.value_and_grad(folded, engine="numba")
    value, slope = gradient(0.7, 12)
    step = 1e-30j

    def complex_folded(x, depth):
        if depth == 0:
            return np.sin(x)
        left = complex_folded(0.5 * x, depth - 1)
        return left * complex_folded(x + left, depth - 1)
    assert value == pytest.approx(folded(0.7, 12), rel=1e-12)
    assert slope == pytest.approx(complex_folded(0.7 + step, 12).imag / 1e-30, rel=1e-9)
    made, freed = allocations(gradient, 0.7, 12)
    assert made == freed == 4  # a stack of numbers and one of conditions
