"""Definitions are found by code position: several lambdas on a line, dispatchers, redefinitions; or refused."""
from __future__ import annotations

import ast
import linecache
import math
from typing import Any

import pytest
from numba import njit

import workbench as wb
from tests.frontend.running import agrees
from workbench.frontend import definition_of, python_function

pair = (lambda x: x * x, lambda x: x + 3.0)
nested = lambda x: (lambda y: y * 2.0)(x) + (lambda y: y * 5.0)(x)
same_arguments = [lambda t: math.sin(t), lambda t: math.cos(t), lambda t: math.sin(math.cos(t))]
over_lines = (lambda x: x
              * 7.0)
with_default = lambda x, k=lambda y: y * 4.0: k(x) + 1.0


def body_of(function: Any) -> str:
    definition = definition_of(function)
    return ast.unparse(definition.body) if isinstance(definition, ast.Lambda) else definition.name


def test_lambdas_on_one_line_are_told_apart() -> None:
    assert [body_of(f) for f in pair] == ["x * x", "x + 3.0"]
    assert [body_of(f) for f in same_arguments] == ["math.sin(t)", "math.cos(t)", "math.sin(math.cos(t))"]
    for function in (*pair, *same_arguments):
        agrees(function, 0.7)


def test_a_lambda_inside_a_lambda_is_not_the_outer_one() -> None:
    assert body_of(nested) == "(lambda y: y * 2.0)(x) + (lambda y: y * 5.0)(x)"
    assert agrees(nested, 3.0) == 21.0
    assert body_of(with_default) == "k(x) + 1.0"
    assert body_of(with_default.__defaults__[0]) == "y * 4.0"
    assert agrees(with_default, 2.0) == 9.0


def test_a_lambda_over_several_lines() -> None:
    assert body_of(over_lines) == "x * 7.0"
    assert agrees(over_lines, 2.0) == 14.0


def test_equal_lambdas_on_one_line_share_their_meaning() -> None:
    twins = (lambda x: x * 2.0, lambda x: x * 2.0)
    assert [agrees(f, 1.5) for f in twins] == [3.0, 3.0]


def test_the_function_inside_a_dispatcher() -> None:
    def plain(x):
        return x * x + 1.0

    dispatcher = njit(plain)
    assert python_function(dispatcher) is plain and python_function(plain) is plain
    assert definition_of(python_function(dispatcher)) is definition_of(plain)
    assert agrees(dispatcher, 3.0) == 10.0


def test_decorated_definitions() -> None:
    @njit
    def jitted(x):
        return x * 3.0

    assert body_of(python_function(jitted)) == "jitted"
    assert agrees(jitted, 2.0) == 6.0


def run_cell(source: str, filename: str) -> dict[str, Any]:
    """Execute source the way a notebook does: its text is known under a name that is no file."""
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    space: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), space)
    return space


def test_a_redefinition_under_the_same_name_is_read_anew() -> None:
    first = run_cell("def f(x):\n    return x * 2.0\n", "<cell 1>")["f"]
    second = run_cell("def f(x):\n    return x * 5.0\n", "<cell 2>")["f"]
    assert (agrees(first, 3.0), agrees(second, 3.0)) == (6.0, 15.0)


def test_two_definitions_of_one_name_in_one_text() -> None:
    space = run_cell("def f(x):\n    return x * 2.0\ng = f\ndef f(x):\n    return x * 5.0\n", "<cell 3>")
    assert (agrees(space["g"], 3.0), agrees(space["f"], 3.0)) == (6.0, 15.0)


def test_no_source_is_said() -> None:
    space: dict[str, Any] = {}
    exec("def hidden(x):\n    return x * x\n", space)
    with pytest.raises(wb.DifferentiationError) as caught:
        definition_of(space["hidden"])
    assert "the source of hidden is not to be had" in caught.value.reason
    assert caught.value.filename == "<string>" and caught.value.hint
    with pytest.raises(wb.DifferentiationError, match="the source of hidden"):
        wb.grad(space["hidden"], engine="numba")(2.0)
    with pytest.warns(UserWarning, match="runs on the tape"):
        assert wb.grad(space["hidden"])(2.0) == 4.0


def test_a_text_that_no_longer_holds_the_definition_is_refused() -> None:
    stale = run_cell("x = 1\n\ndef f(x):\n    return x * 2.0\n", "<cell 4>")["f"]
    run_cell("x = 1\n", "<cell 4>")
    with pytest.raises(wb.DifferentiationError, match="changed since it was defined") as caught:
        definition_of(stale)
    assert caught.value.lineno == 3
