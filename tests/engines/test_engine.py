"""One list of engines, one interface: each named engine gives the same derivatives, and another one is an entry."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.engines import ENGINES, Compiler, Engine, engine_named, register
from workbench.engines.reference import InterpretedProgram
from workbench.engines.tape import TapeRunner
from workbench.ir import Function


def decay(x: float, n: int) -> float:
    y = 1.0
    for k in range(n):
        y = y * math.sin(x) + 0.5 * k
        if y > 50.0:
            raise ValueError(f"{y} is too large")
    return y * y


def product(a: Any, b: Any) -> Any:
    c = np.exp(a) @ b
    print("entered")
    return np.sum(c * c)


A, B = np.random.default_rng(0).normal(size=(2, 3)), np.arange(3.0)


class Counting(Compiler):
    """A toy: interprets, and notes what it compiles."""

    name = "counting"

    def __init__(self) -> None:
        self.compiled: list[str] = []

    def compile(self, function: Function, **options: Any) -> InterpretedProgram:
        if any(p.is_array for p in function.data_params):
            raise wb.DifferentiationError("the toy takes no arrays")
        self.compiled.append(function.name)
        return InterpretedProgram(function)


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    toy = Counting()
    for engine in (Engine(toy), Engine(toy, TapeRunner(), name="counting or tape")):
        monkeypatch.setitem(ENGINES, engine.name, engine)
    return toy


@pytest.mark.parametrize("engine", sorted(ENGINES.keys() - {"cuda"}))  # (that one has a simulator: tests/engines/cuda)
def test_every_engine_gives_the_same(engine: str, capsys: pytest.CaptureFixture[str]) -> None:
    value, slope = wb.value_and_grad(decay, engine=engine)(0.9, 3)
    assert value == pytest.approx(decay(0.9, 3), rel=1e-14)
    assert slope == pytest.approx(wb.grad(decay)(0.9, 3), rel=1e-13)
    with pytest.raises(ValueError, match="is too large"):
        wb.grad(decay, engine=engine)(1.5, 300)
    value, pull = wb.vjp(product, A, B, engine=engine)
    for found, wanted in zip(pull(2.0), wb.grad(product, (0, 1))(A, B), strict=True):
        np.testing.assert_allclose(found, 2.0 * wanted, rtol=1e-13)
    assert wb.jvp(product, (A, B), (A, B), engine=engine)[1] == pytest.approx(
        wb.linearize(product, A, B, engine=engine)[1](A, B))
    assert capsys.readouterr().out == 4 * "entered\n"  # by each call once


def test_another_engine_is_an_entry(counting: Counting) -> None:
    derivative = wb.grad(decay, engine="counting", mode="reverse")
    assert derivative(0.9, 3) == pytest.approx(wb.grad(decay)(0.9, 3), rel=1e-13)
    assert counting.compiled == ["decay_vjp"]
    assert wb.vmap(decay, in_axes=(0, None), engine="counting or tape")  # (nothing is compiled before it is called)
    with pytest.raises(wb.DifferentiationError, match="the toy takes no arrays"):
        wb.grad(product, engine="counting")(A, B)
    derivative = wb.grad(decay, engine="counting")
    derivative(0.9, 3)
    with pytest.raises(wb.DifferentiationError, match="'counting' writes no files"):
        derivative.export("never.py")
    assert wb.check(decay, 0.9, 3, engine="counting", directions=1).passed


def test_what_programs_run_on_is_asked_of_the_engine(counting: Counting) -> None:
    assert wb.show_config() == wb.show_config("numba") == wb.show_config("auto")
    assert wb.show_config("tape") is None
    assert wb.show_config("counting") is None
    counting.configuration = lambda: "a toy"  # type: ignore[method-assign]
    assert wb.show_config("counting or tape") == "a toy"
    with pytest.raises(wb.DifferentiationError, match="no engine 'abacus'"):
        wb.show_config("abacus")


def test_with_a_runner_the_function_itself_runs_where_the_compiler_refuses(counting: Counting) -> None:
    derivative = wb.grad(product, engine="counting or tape")
    with pytest.warns(UserWarning, match="product runs on the tape, which is slower: the toy takes no arrays"):
        found = derivative(A, B)
    np.testing.assert_allclose(found, wb.grad(product)(A, B), rtol=1e-13)
    assert derivative.is_recorded
    assert {row.engine for row in wb.check(decay, 0.9, 3, engine="counting or tape").comparisons} == {
        "counting", "tape"}


def test_names() -> None:
    assert Engine(runner=TapeRunner()).name == "tape" and Engine(runner=TapeRunner()).alone is not None
    assert ENGINES["auto"].parts == ("numba", "tape")
    with pytest.raises(ValueError, match="an engine 'tape' already"):
        register(Engine(runner=TapeRunner()))
    with pytest.raises(TypeError, match="a compiler or a runner"):
        Engine()
    with pytest.raises(wb.DifferentiationError, match="no engine 'abacus'"):
        wb.grad(decay, engine="abacus")
    assert engine_named("numba").compiler is ENGINES["auto"].compiler
