"""A program's IR, recorded: the same gradients as the record of the function itself has, at the same lines."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests import corpus
from workbench.engines.tape.executed import Noted, codes_in, executed, innermost
from workbench.engines.tape.recorder import Part, scattered
from workbench.frontend.trace import trace

X = np.linspace(0.1, 1.0, 7)


def branches(x: Any, w: float) -> Any:
    s = 0.0
    for k in range(len(x)):
        if x[k] > 0.3:
            s += np.sin(x[k]) * w
        else:
            s -= x[k] ** 2
    return s


def slices(x: Any, w: float) -> Any:
    y = np.sin(x) * w
    y[2:4] = 1.5 * y[1:] [:2]
    return np.sum(np.outer(x, y) @ y) + np.linalg.norm(x) + y.max()


def helper(a: float) -> float:
    return np.exp(-a) * a


def lists(x: Any, w: float) -> Any:
    found = []
    t = x[0]
    while t < 5.0:
        t = t + helper(t) + 0.3
        found.append(t)
    return sum(found) * w


def reductions(x: Any, w: float) -> Any:
    y = np.cumsum(x)
    z = np.where(x > 0.5, x, y)
    r = (np.tanh(z).reshape(7, 1) * z).mean(axis=0)
    return (np.sort(r) * w).sum() + np.maximum(x, 0.5).prod()


def complex_numbers(x: Any, w: float) -> Any:
    z = x * (1 + 2j)
    return np.abs(z.sum() ** 2) * w


def matrices(x: Any, w: float) -> Any:
    a = x.reshape(7, 1) * np.ones((1, 7)) + w * np.eye(7)
    return np.linalg.solve(a, x).sum() + np.linalg.det(a)


def gathers(x: Any, w: float) -> Any:
    i = np.array([0, 2, 2, 5])
    y = np.zeros(7)
    np.add.at(y, i, x[i] * w)
    return (y * x).sum()


def overwriting(x: Any, w: float) -> Any:
    x[0] = x[1] * w
    x[2:5] = x[1:4] ** 2
    return (x * x).sum()


def overwritten_after_a_product(x: Any, w: float) -> Any:
    r = x.copy()
    s = r @ r
    r -= w * x
    return s * (r @ r)


PROGRAMS = [overwritten_after_a_product, overwriting, branches, slices, lists, reductions, complex_numbers, matrices,
            gathers]
#: Of the corpus, too many for every run, one in five. (What shares memory is refused by the tape, with which they are
#: compared.)
NATURAL = [entry for entry in corpus.PROGRAMS[::5] if "overlap" not in entry.tags]


def run(f: Callable[..., Any], most: int = 10_000) -> tuple[Any, Any, Any]:
    program = trace(f, (X, 2.0), ("x", "w"))
    inputs = [(item.fetch((X, 2.0)), item.kind, item.path.is_argument) for item in program.inputs]
    codes = codes_in(__file__)
    return executed(program.function, inputs, lambda span: innermost(codes, span), most)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradients_are_those_of_a_recorded_run(f: Callable[..., Any]) -> None:
    recorder, given, results = run(f)
    assert results is not None and isinstance(results[0], Noted)
    reference = wb.tape(f, X.copy(), 2.0)
    assert np.isclose(results[0].values, reference.value, rtol=1e-13)
    adjoints = recorder.zeros()
    scattered(Part(np.asarray(results[0].nodes), np.dtype(float)), adjoints, np.ones(()))
    recorder.reverse(adjoints)
    reference.backward()
    for k, x in enumerate(item for item in given if isinstance(item, Noted)):
        assert np.allclose(adjoints[x.nodes], reference.gradient(k), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("entry", NATURAL, ids=lambda entry: entry.name)
def test_gradients_of_natural_programs_are_those_of_a_recorded_run(entry: corpus.Program) -> None:
    args = entry.make_args(np.random.default_rng(1))
    names = tuple(inspect.signature(getattr(entry.function, "py_func", entry.function)).parameters)[:len(args)]
    program = trace(entry.function, args, names)
    inputs = [(item.fetch(args), item.kind, item.path.is_argument) for item in program.inputs]
    recorder, given, results = executed(program.function, inputs, lambda _: None, 10**6)
    assert results is not None
    reference = wb.tape(entry.function, *copy.deepcopy(args))
    reference.backward()
    adjoints = recorder.zeros()
    if isinstance(results[0], Noted):
        assert np.isclose(results[0].values, reference.value, rtol=1e-12)
        scattered(Part(np.asarray(results[0].nodes), np.dtype(float)), adjoints, np.ones(()))
        recorder.reverse(adjoints)
    for x, item in zip(given, program.inputs, strict=True):
        if isinstance(x, Noted) and item.path.is_argument and not item.path.steps and not item.packed:
            expected = reference.gradient(item.path.root[1])
            if item.kind.is_float:
                assert np.allclose(adjoints[x.nodes], expected, rtol=1e-9, atol=1e-11)


def test_nodes_stand_at_the_users_lines() -> None:
    recorder, _, _ = run(lists)
    lines = {recorder.place(node) for node in range(len(recorder))} - {("", 0)}
    first = lists.__code__.co_firstlineno
    assert {line for name, line in lines if name == __file__} >= {helper.__code__.co_firstlineno + 1, first + 4}
    assert {code.co_name for code in recorder.alive.values()} >= {"helper", "lists"}


def test_a_run_that_is_too_long_is_cut_off() -> None:
    def endless(x: Any, w: float) -> Any:
        while True:
            w = w * 0.5
        return w
    recorder, _, results = run(endless, 1000)
    assert results is None and 100 < len(recorder) < 1000


def test_the_arguments_stay_as_they_are_and_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    def writes(x: Any, w: float) -> Any:
        x[0] = w
        print(w)
        return x.sum()
    before = X.copy()
    _, _, results = run(writes)
    assert results is not None and np.array_equal(X, before) and not capsys.readouterr().out
