"""The language beyond plain loops and arrays: each program by the front end alone, against Python and differences.

What is printed, and what is written to globals and classes, is compared too; a few programs are compiled as well.
"""
from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus.oracle import gradient
from tests.corpus.structure import leaves
from tests.fuzz.interpreted import interpreted_gradient
from tests.language import control, exceptions, functions, objects

CASES = [*control.CASES, *functions.CASES, *objects.CASES, *exceptions.CASES]


def printed(function: Any, *args: Any) -> tuple[Any, str]:
    """The result, and what was printed."""
    functions.COUNTER, functions.SCALE, objects.Counted.made, objects.Counted.total = 0, 2.0, 0, 0.0
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        result = function(*copy.deepcopy(args))
    return result, out.getvalue()


def labels(cases: list[Any]) -> list[str]:
    return [f"{case[0].__name__}-{k}" for k, case in enumerate(cases)]


@pytest.mark.parametrize("case", CASES, ids=labels(CASES))
def test_front_end_agrees_with_python(case: tuple[Any, ...]) -> None:
    function, *args = case
    expected, text = printed(function, *args)
    (value, found), ours = printed(lambda *a: interpreted_gradient(function, a), *args)
    assert ours == text
    assert abs(value - expected) <= 1e-12 * (1.0 + abs(expected))
    oracle = gradient(lambda *a: printed(function, *a)[0], tuple(args), tuple(range(len(args))), "difference")
    for path, slope in oracle.items():
        np.testing.assert_allclose(found[path], slope, rtol=1e-6, atol=1e-8)


COMPILED = [case for case in CASES if case[0].__name__ in (
    "match_numeric", "nested_exits", "gen_module", "global_write", "class_counters", "prints", "objects_in_loops",
    "several_handlers", "leaves_a_loop", "finally_with_return")]


@pytest.mark.parametrize("case", COMPILED, ids=labels(COMPILED))
def test_compiled_agrees_with_python(case: tuple[Any, ...]) -> None:
    function, *args = case
    expected, text = printed(function, *args)
    state = (functions.COUNTER, functions.SCALE, objects.Counted.made)
    oracle = gradient(lambda *a: printed(function, *a)[0], tuple(args), (0,), "difference")
    derivative = wb.value_and_grad(function, engine="numba")
    for _ in range(2):
        (value, slope), ours = printed(derivative, *args)
        assert ours == text
        assert (functions.COUNTER, functions.SCALE, objects.Counted.made) == state
        assert abs(value - expected) <= 1e-12 * (1.0 + abs(expected))
        for path, leaf in leaves(slope, (0,)):
            np.testing.assert_allclose(leaf, oracle[path], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("function, args, value, slope", exceptions.AT_ZERO)
def test_exceptions_caught_at_a_zero(function: Any, args: tuple[Any, ...], value: float, slope: float) -> None:
    assert printed(function, *args)[0] == pytest.approx(value)
    (found, gradient), text = printed(lambda *a: interpreted_gradient(function, a), *args)
    assert found == pytest.approx(value) and gradient[(0,)] == pytest.approx(slope)
    assert text == printed(function, *args)[1]


@pytest.mark.parametrize("case", CASES, ids=labels(CASES))
def test_the_tape_agrees_with_python(case: tuple[Any, ...]) -> None:
    function, *args = case
    expected, text = printed(function, *args)
    (value, slope), ours = printed(wb.value_and_grad(function, engine="tape"), *args)
    assert ours == text
    assert abs(value - expected) <= 1e-12 * (1.0 + abs(expected))
    oracle = gradient(lambda *a: printed(function, *a)[0], tuple(args), (0,), "difference")
    for path, leaf in leaves(slope, (0,)):
        np.testing.assert_allclose(leaf, oracle[path], rtol=1e-6, atol=1e-8)
