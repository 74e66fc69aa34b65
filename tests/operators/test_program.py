"""From a request to a program: which result is what, what is refused before anything is transformed, what is kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.engines import UNCOMPILED
from workbench.interpret import run
from workbench.ir import DifferentiationError
from workbench.operators.program import Program, Request


def program(f: Callable[..., Any], mode: str, wrt: tuple[int, ...], *args: Any, **more: Any) -> Program:
    """A program that is looked at, not compiled."""
    names = tuple(inspect.signature(f).parameters)[:len(args)]
    return Program(f, names, Request(mode, wrt, **more), args, (), UNCOMPILED)


def loss(w, x, scale):
    return np.sum(w * x) * scale


W, X = np.array([1.0, 2.0]), np.array([3.0, 4.0])


@pytest.mark.parametrize("mode, wrt, results, parameters", [
    ("value", (), 1, 3),
    ("grad", (0,), 2, 3),  # the value, and a cotangent
    ("grad", (2, 0), 3, 3),
    ("vjp", (0, 1, 2), 4, 4),  # a cotangent goes in
    ("jvp", (0, 2), 2, 5),  # two tangents go in, one comes out
])
def test_results_are_the_primals_then_derivatives(mode: str, wrt: tuple[int, ...], results: int,
                                                  parameters: int) -> None:
    made = program(loss, mode, wrt, W, X, 0.5)
    assert len(made.ir.results) == results and len(made.ir.data_params) == parameters
    assert len(made.final.results) == results
    assert made.count == 1 and [leaf.position for leaf in made.outputs] == [0]


def test_each_input_has_the_place_of_its_derivative() -> None:
    made = program(loss, "grad", (2, 0), W, X, 0.5)
    assert [item.path.root for item in made.wrt_inputs] == [("arg", 2), ("arg", 0)]
    assert [made.place(item) for item in made.wrt_inputs] == [1, 2]
    value, scale_bar, w_bar = run(made.ir, [W, X, 0.5])
    assert (value, scale_bar) == (5.5, 11.0) and w_bar.tolist() == [1.5, 2.0]


def test_a_structure_is_differentiated_leaf_by_leaf() -> None:
    def of_structure(p, x):
        return p["w"] * x + p["b"][0]
    made = program(of_structure, "grad", (0,), {"w": 2.0, "b": [1.0], "name": "tanh"}, 3.0)
    assert len(made.wrt_inputs) == 2
    results = run(made.ir, [2.0, 1.0, 3.0])
    assert [results[made.place(item)] for item in made.wrt_inputs] == [3.0, 1.0]


@pytest.mark.parametrize("f, returns", [
    (lambda x: (x, x), "it returns 2 numbers and arrays"),
    (lambda x: [x], "it returns a structure"),
    (lambda x: np.array([x, x]), "it returns an array of 1 dimensions"),
    (lambda x: x * 1j, "it returns a c128 number"),
    (lambda x: None, "it returns nothing"),
])
def test_a_gradient_is_of_one_real_float(f: Callable[..., Any], returns: str) -> None:
    with pytest.raises(DifferentiationError, match=returns) as caught:
        program(f, "grad", (0,), 2.0)
    assert caught.value.lineno == f.__code__.co_firstlineno


def test_integers_have_no_derivative_and_auxiliary_results_come_second() -> None:
    with pytest.raises(DifferentiationError, match="integer"):
        program(lambda n: 2.0 * n, "grad", (0,), 3)
    with pytest.raises(DifferentiationError, match="must return .value, anything."):
        program(lambda x: x, "grad", (0,), 3.0, has_aux=True)
    made = program(lambda x: (x * x, {"double": 2.0 * x}), "grad", (0,), 3.0, has_aux=True)
    assert len(made.ir.results) == 3 and [leaf.position for leaf in made.outputs] == [0]


@pytest.mark.parametrize("mode, exact", [("value", 0), ("grad", 1), ("vjp", 1), ("jvp", None), ("push", None)])
def test_only_cotangents_may_be_regrouped_and_none_where_bits_are_to_be_the_same(mode: str, exact: int | None) -> None:
    wrt = () if mode == "value" else (0,)
    assert program(loss, mode, wrt, W, X, 0.5)._exact("reverse") == exact
    assert program(loss, mode, wrt, W, X, 0.5, deterministic=True)._exact("reverse") is None


def test_what_prints_or_writes_leaves_a_trace() -> None:
    def prints(x):
        print(x)
        return x

    def writes(a):
        a[0] = 2.0
        return a[1]
    assert program(loss, "grad", (0,), W, X, 0.5).leaves_no_trace
    assert not program(prints, "grad", (0,), 1.0).leaves_no_trace
    assert not program(writes, "grad", (0,), np.ones(2)).leaves_no_trace


def test_forward_mode_has_no_plan_and_is_not_exported() -> None:
    forward = program(loss, "jvp", (0,), W, X, 0.5)
    with pytest.raises(DifferentiationError, match="only reverse mode has a plan"):
        forward.plan()
    with pytest.raises(DifferentiationError, match="a tangent alone is not exported"):
        forward.exported([W, X, 0.5])
    assert "line  value" in program(loss, "grad", (0,), W, X, 0.5).plan()
