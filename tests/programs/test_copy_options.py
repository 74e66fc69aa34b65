"""Options that decide between an array itself, a view of it and a copy: what is written afterwards goes where NumPy has
it go, when compiled and on the tape."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.interpreted import interpret

EXPRESSIONS = [
    "a.astype(float, copy=False)", "a.astype(np.float32, copy=False)", "a.astype(float, 'K', 'safe', True, False)",
    "a.astype(float, order='F', copy=False)", "a.astype(float)", "np.astype(a, float, copy=False)",
    "np.asarray(a, dtype=float)", "np.asarray(a, copy=True)", "np.asanyarray(a)", "np.array(a, copy=None)",
    "np.array(a, copy=False)", "np.array(a, float, copy=None)", "np.array(a, copy=True)", "np.ascontiguousarray(a)",
    "np.asfortranarray(a)", "np.copy(a, order='F')", "np.copy(a, 'C')", "a.copy(order='F')", "np.array(a, order='F')",
    "np.reshape(a, 6, copy=True)", "np.reshape(a, 6)", "np.nan_to_num(a, copy=False)",
    "a.reshape(6, copy=True)", "a.reshape(6, copy=None)",
    "np.array(a, ndmin=3)[0]", "np.array(a, copy=None, ndmin=3)[0]",
]
REFUSED_ON_THE_TAPE = {"np.astype(a, float, copy=False)"}
ARRAYS = {"rows": "x * np.arange(1.0, 7.0).reshape(2, 3)", "columns": "(x * np.arange(1.0, 7.0).reshape(3, 2)).T"}
CHOSEN = {"one of two": "m if x > 1.0 else m[::-1]", "the other of two": "m if x > 2.0 else m + x",
          "one or its columns": "m if x > 1.0 else m.reshape(3, 2).T"}
PROGRAM = """
def program(x):
    m = x * np.arange(1.0, 7.0).reshape(2, 3)
    a = {array}
    b = {expression}
    b[0] = 5.0
    b.reshape(-1)[-1] = 7.0
    left = np.sum(a * np.arange(1.0, 7.0).reshape(a.shape)) + np.sum(m * np.arange(7.0, 1.0, -1.0).reshape(2, 3))
    return float(left) + 0.5 * float(np.sum(b * b))
"""


def made(array: str, expression: str) -> Callable[[float], float]:
    names: dict[str, Any] = {"np": np}
    text = PROGRAM.format(array={**ARRAYS, **CHOSEN}[array], expression=expression)
    exec(compile(text, f"<{array} {expression}>", "exec"), names)
    linecache.cache[f"<{array} {expression}>"] = (len(text), None, text.splitlines(keepends=True), "")
    return names["program"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_written(array: str, expression: str) -> None:
    program = made(array, expression)
    wanted = program(1.25)
    if expression not in REFUSED_ON_THE_TAPE:
        assert np.isclose(wb.value_and_grad(program, engine="tape")(1.25)[0], wanted, rtol=1e-6)
    assert np.isclose(interpret(program, (1.25,)), wanted, rtol=1e-6)


@pytest.mark.parametrize("expression", [e for e in EXPRESSIONS if e not in REFUSED_ON_THE_TAPE])
def test_what_is_written_to_one_of_several(expression: str) -> None:
    compiled = 0
    for array in CHOSEN:
        program = made(array, expression)
        try:
            wanted: Any = program(1.25)
        except ValueError as error:
            wanted = error
        for run in (lambda f, x: wb.value_and_grad(f, engine="tape")(x)[0], lambda f, x: interpret(f, (x,))):
            try:
                found: Any = run(program, 1.25)
            except wb.DifferentiationError:
                continue
            except ValueError as error:
                assert str(error) == str(wanted)
                continue
            compiled += 1
            assert np.isclose(found, wanted, rtol=1e-6)
    assert compiled > 2


def test_what_is_refused_here() -> None:
    for expression in REFUSED_ON_THE_TAPE:
        with pytest.raises(wb.DifferentiationError):
            wb.grad(made("rows", expression), engine="tape")(1.25)


@pytest.mark.parametrize("expression", ["a.astype(np.float32, casting='safe')", "a.astype(np.float32, 'K', 'equiv')",
                                        "np.array(a, np.float32, copy=False)"])
def test_what_numpy_refuses(expression: str) -> None:
    program = made("rows", expression)
    with pytest.raises((TypeError, ValueError)) as plain:
        program(1.25)
    for run in (lambda: interpret(program, (1.25,)), lambda: wb.grad(program, engine="tape")(1.25)):
        with pytest.raises(plain.type):
            run()


def test_sorting_by_position() -> None:
    def program(a: np.ndarray) -> float:
        c = a * 1.0
        c.sort(0, "stable")
        return np.sum(c * np.arange(3.0)) + np.sum(np.sort(a, 0, "mergesort") * np.arange(3.0))

    a = np.array([1.0, 3.0, 2.0])
    assert wb.value_and_grad(program, engine="tape")(a)[0] == program(a) == interpret(program, (a,))
