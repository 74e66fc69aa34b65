"""Arguments are not counted where they are only used; what is returned, kept or bound anew is counted as ever."""
from __future__ import annotations

import gc
import sys

import numpy as np
import pytest
from numba import njit

import workbench as wb
from tests.cost.measured import most_held
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


def replaced_by_turns(a, k):
    """Arrays that change hands, are views, and are named in conditional expressions."""
    u, v = a.copy(), np.zeros(a.size)
    w = u
    for i in range(k):
        u, v = v, u
        v[i] += 2.0 * (u[i] if i > 1 else 1.0)
        w = v.copy()
        t = w
        w = np.dot(np.outer(t, t), np.dot(np.outer(v, a).T, w)) + t
    return w, v, u.reshape(-1)


def test_arrays_that_change_hands_are_given_back_once():
    made = compiled(replaced_by_turns)
    for k in range(4):
        a = np.linspace(1.0, 2.0, 5)
        made(a, k)
        most_held(lambda a=a, k=k: made(a, k))  # (which says so where something is left)
        for _ in range(10):
            for found, expected in zip(made(a, k), replaced_by_turns(a, k), strict=True):
                np.testing.assert_allclose(found, expected)


def released_at_once(a):
    b = a.copy()
    c = np.dot(a, b)
    d = b.copy()
    d[0] = c
    e = d.copy()
    f = e.copy()
    return f


def test_an_array_is_given_back_when_the_statement_that_needs_it_last_is_over():
    made = compiled(released_at_once)
    a = np.linspace(1.0, 2.0, 100)
    made(a)
    assert most_held(lambda: made(a)) == 1600
