"""What is kept for the reverse sweep, and how: read off the adjoint program."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from tests.transforms.programs import PROGRAMS
from workbench.ir import ArrayType, Function, Op, walk
from workbench.transforms import vjp


def adjoint(name: str) -> Function:
    function, _, wrt, outputs = PROGRAMS[name]()
    return vjp(function, wrt, outputs)


def residuals(function: Function, primal: int = 0) -> list[Op]:
    """Operations that make residual arrays: `empty` and `list`, but for those of the program itself."""
    return [op for op in walk(function.block) if op.prim in ("empty", "list")][primal:]


@pytest.mark.parametrize(("name", "own"), [
    ("linear_stencil", 0),  # linear code
    ("history", 1),  # nothing is overwritten that is read
    ("history_rows", 0),
    ("overwriting", 0),  # the top of the program
    ("straight", 0),
    ("gathers", 0),
    ("sums_in_loops", None),
])
def test_nothing_is_kept(name: str, own: int | None) -> None:
    if own is None:
        assert len(residuals(adjoint(name))) == 1  # s, of one element a step
    else:
        assert len(residuals(adjoint(name))) == own


def test_linear_stencil_copies_only_the_seed() -> None:
    assert [op.prim for op in walk(adjoint("linear_stencil").block)].count("copy") == 1


def test_carried_state_is_kept_and_the_body_run_again() -> None:
    made = residuals(adjoint("carried_pair"))
    assert [op.prim for op in made] == ["empty", "empty"]
    assert all(op.result.rank == 1 for op in made)


def test_a_small_array_is_kept_whole_once_a_step() -> None:
    (kept,) = [op for op in residuals(adjoint("small_state")) if op.result.rank == 2]
    assert len(residuals(adjoint("small_state"))) == 2  # and the program's own


def test_rectangular_nest_has_an_axis_per_loop() -> None:
    assert {op.result.rank for op in residuals(adjoint("rectangular"))} == {1, 2} or (
        {op.result.rank for op in residuals(adjoint("rectangular"))} == {2})


@pytest.mark.parametrize("name", ["triangular", "taylor", "while_in_for", "layers_while"])
def test_unknown_counts_use_lists(name: str) -> None:
    kept = residuals(adjoint(name))
    assert kept
    assert any(isinstance(op.result.type, ArrayType) and op.result.type.growable for op in kept)


def test_counters_of_a_while_are_not_kept() -> None:
    assert {op.result.kind.value for op in residuals(adjoint("taylor"))} == {"f64"}
    assert len(residuals(adjoint("taylor"))) == 1


def test_arrays_read_after_being_overwritten_are_copied_once() -> None:
    prims = [op.prim for op in walk(adjoint("array_overwritten_at_top").block)]
    assert prims.count("copy") == 3  # the array, and two seeds


def test_checks_are_not_made_twice() -> None:
    function, _, wrt, outputs = PROGRAMS["checked"]()
    reverse = vjp(function, wrt, outputs)
    checked = [op for op in walk(function.block) if op.prim == "index" and op.attrs["checked"]]
    assert checked
    assert len([op for op in walk(reverse.block) if op.prim == "index" and op.attrs["checked"]]) == len(checked)
    count = [op.prim for op in walk(function.block)].count("check")
    assert count == 1
    assert [op.prim for op in walk(reverse.block)].count("check") == count


def test_every_operation_has_the_line_it_came_from() -> None:
    function, _, wrt, outputs = PROGRAMS["checked"]()
    lines = {op.span.line for op in walk(function.block) if op.span}
    reverse = vjp(function, wrt, outputs)
    spans = [op.span for op in walk(reverse.block)]
    assert lines == {1, 2, 3, 4}
    assert all(span is not None and span.line in lines for span in spans)


# ---------------------------------------------------------------------- arrays that are not made
def made_in_turns(x, n, turns):
    s = x[0]
    for _ in range(turns):
        y = np.zeros(n)
        for j in range(n):
            y[j] = np.sin(x[j] * s)
        s += np.sum(y * y)
    return s


def made_in_an_arm(x, n, turns):
    s = 2.0 * x[0]
    if n > 0:
        y = np.zeros(n)
        for j in range(n):
            y[j] = np.sin(x[j] * s)
        z = np.exp(y) * y
        for j in range(n):
            z[j] = z[j] * z[j] + y[j]
        s += np.sum(y * z)
    return s * s


def made_in_arms_of_turns(x, n, turns):
    s = 0.0
    for i in range(turns):
        if n > 0:
            y = np.zeros(n)
            for j in range(n):
                y[j] = np.sin(x[j] * x[i])
            s += np.sum(np.exp(y) * y)
    return s * s


@pytest.mark.parametrize("f", [made_in_turns, made_in_an_arm, made_in_arms_of_turns], ids=lambda f: f.__name__)
def test_arrays_that_are_not_made_may_have_negative_lengths(f: Callable[..., Any]) -> None:
    x = np.array([0.4, -0.7, 1.1])
    with in_python():
        derivative = wb.value_and_grad(f, engine="numba")
        for n, turns in ((3, 2), (-2, 0), (-2, 2), (0, 2)):
            if n < 0 and turns and f is made_in_turns:
                with pytest.raises(ValueError, match="negative"):
                    derivative(x, n, turns)
                continue
            value, gradient = derivative(x, n, turns)
            assert value == pytest.approx(f(x, n, turns), rel=1e-13)
            h = 1e-5
            slopes = [(f(x + h * e, n, turns) - f(x - h * e, n, turns)) / (2 * h) for e in np.eye(3)]
            np.testing.assert_allclose(gradient, slopes, rtol=1e-7, atol=1e-8)


def logistic(r, x, turns, most):
    """Two numbers are kept a turn, and the loop may be left in the middle of one."""
    total = 0.0
    k = 0
    while k < turns:
        y = np.sin(x)
        x = r * x * (1.0 - x) + 0.1 * y
        total += x * y + 0.01
        k += 1
        if k == most:
            break
        x = x + 0.01 * np.cos(x)
    return total * x


def test_loops_run_while_there_is_room_for_what_they_keep() -> None:
    for run in (in_python, contextlib.nullcontext):
        with run():
            derivative = wb.value_and_grad(logistic, (0, 1), engine="numba", mode="reverse")
            for turns, most in ((0, 9), (1, 9), (63, 99), (64, 99), (65, 99), (140, 130), (400, 399), (3, 9)):
                value, gradient = derivative(2.1, 0.3, turns, most)
                assert value == pytest.approx(logistic(2.1, 0.3, turns, most), rel=1e-12)
                for got, r, x in zip(gradient, (2.1 + 1e-30j, 2.1), (0.3, 0.3 + 1e-30j), strict=True):
                    assert got == pytest.approx(logistic(r, x, turns, most).imag / 1e-30, rel=1e-9)
            assert re.search(r"while \w+ < \w+\.size and \w+ < \w+\.size:", derivative.source) is not None
