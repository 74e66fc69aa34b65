"""Arguments are not counted where they are only used; what is returned, kept or bound anew is counted as ever."""
from __future__ import annotations

import gc
import sys

import numpy as np
import pytest
from numba import njit

import workbench as wb
from workbench.engines.numba.pipeline import LeanCompiler


def compiled(function):
    return njit(error_model="numpy", pipeline_class=LeanCompiler)(function)


@compiled
def sum_down(a, k):
    if k < 0:
        return 0.0
    if k >= len(a):
        raise IndexError("index out of bounds")
    return a[k] + sum_down(a, k - 1)


def itself_or_other(a, b, k):
    own = a
    if k > 0:
        a = b
    if k > 1:
        a = np.zeros(3)
    if k > 2:
        raise ValueError("too large")
    return a, own


def exchanged(a, b, k):
    for _ in range(k):
        a, b = b, a
    return a


def test_a_function_that_may_raise_counts_nothing():
    a = np.arange(3.0)
    before = sys.getrefcount(a)
    assert sum_down(a, 2) == 3.0
    with pytest.raises(IndexError):
        sum_down(a, 3)
    assert sys.getrefcount(a) == before
    (text,) = sum_down.inspect_llvm().values()
    own = text[text.index("define "):text.index("\n}")]
    assert own.count("sum_down") > 1
    assert "NRT_incref" not in own and "NRT_decref" not in own


@pytest.mark.parametrize("function, last", [(itself_or_other, 3), (exchanged, 3)])
def test_arguments_bound_anew_and_returned(function, last):
    made = compiled(function)
    for k in range(last):
        a, b = np.full(3, 1.0), np.full(3, 2.0)
        counts = sys.getrefcount(a), sys.getrefcount(b)
        for _ in range(5):
            found, expected = made(a, b, k), function(a, b, k)
            np.testing.assert_array_equal(found, expected)
            del found, expected
            gc.collect()
        assert (sys.getrefcount(a), sys.getrefcount(b)) == counts
        np.testing.assert_array_equal(a, 1.0)
        np.testing.assert_array_equal(b, 2.0)


def test_what_a_call_returned_outlives_it():
    made = compiled(exchanged)
    held = made(np.full(1000, 1.0), np.full(1000, 2.0), 1)
    gc.collect()
    spoilt = [np.full(1000, 9.0) for _ in range(20)]
    np.testing.assert_array_equal(held, 2.0)
    assert len(spoilt) == 20


def product_from(a, k):
    if k == len(a):
        return 1.0
    return a[k] * a[k] * product_from(a, k + 1)


def product(a):
    return product_from(a, 0)


def test_a_recursive_gradient_leaves_its_arguments_as_referenced():
    gradient = wb.value_and_grad(product, engine="numba")
    a = np.array([0.5, 2.0, -3.0])
    before = sys.getrefcount(a)
    for _ in range(3):
        value, slope = gradient(a)
        assert value == 9.0
        np.testing.assert_allclose(slope, [36.0, 9.0, -6.0])
    assert sys.getrefcount(a) == before
    long = np.ones(5000)
    with pytest.raises(RecursionError):
        gradient(long)
    gc.collect()  # frames of the traceback
    assert sys.getrefcount(long) == before
