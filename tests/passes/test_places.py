"""No pass gives a check another place: what raises names the line at which the primal raises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS, Program
from tests.fuzz.interpreted import float_inputs, traced
from workbench.ir import Function, walk
from workbench.passes import finalize, optimize, watching
from workbench.transforms import vjp


def places(function: Function) -> set[tuple[Any, Any, int | None]]:
    """Every check and checked index: what it raises, in which words, at which line."""
    found = set()
    for op in walk(function.block):
        if op.prim == "check":
            found.add((op.attrs["exception"], op.attrs["message"], op.span and op.span.line))
        elif op.prim == "index" and op.attrs.get("checked"):
            found.add(("IndexError", "index out of bounds", op.span and op.span.line))
    return found


@pytest.mark.parametrize("program", PROGRAMS[::5], ids=lambda entry: entry.name)
def test_checks_stay_at_their_lines(program: Program) -> None:
    trace = traced(program.function, program.make_args(np.random.default_rng(5)))
    known = places(trace.function)

    def observer(name: str, function: Function) -> None:
        if name in ("finalize/inline", "finalize/expand"):  # (these bring in checks of their own)
            known.update(places(function))
        assert places(function) <= known, name

    with watching(observer):
        primal = optimize(trace.function)
    adjoint = vjp(primal, float_inputs(trace), [0], seeds="one")
    known |= places(adjoint)  # (what is recomputed is checked again where it is needed)
    with watching(observer):
        finalize(optimize(adjoint), exact=len(primal.results))


def test_what_is_not_merged_raises_at_its_own_line() -> None:
    def program(a: np.ndarray, k: int) -> float:
        a = a.reshape(4)
        a[3] += 0.5
        for _ in range(1, -1, -1):
            k // (1 - 1)  # (unrolled, behind the loop that writes the argument)
        return np.sum(a)

    with pytest.raises(ZeroDivisionError) as caught:
        wb.value_and_grad(program, engine="numba")(np.arange(4.0), 0)
    first = program.__code__.co_firstlineno
    assert caught.traceback[-1].lineno + 1 == first + 4


def test_shapes_that_contradict_each_other_raise_where_they_meet() -> None:
    def program(m: np.ndarray) -> float:
        flat = m.T.reshape(-1)
        total = 0.0
        for i in range(2, 0, -1):
            total += np.sum(flat[i:] * flat[:2])  # (unrolled: 4 elements times 2)
        return total

    for slopes in (wb.value_and_grad(program, engine="numba"), wb.grad(program, engine="numba")):
        with pytest.raises(ValueError, match="operands could not be broadcast together") as caught:
            slopes(np.arange(6.0).reshape(2, 3))
        assert caught.traceback[-1].lineno + 1 == program.__code__.co_firstlineno + 4


def test_divisions_stay_behind_the_checks_of_their_divisors() -> None:
    def program(x: float, k: int, n: int) -> float:
        total = x
        for _ in range(n):
            total = total * x + (k // (k - 1)) * (k % (k - 1) + 1)
        return total

    slopes = wb.value_and_grad(program, engine="numba")
    assert slopes(0.5, 1, 0) == (0.5, 1.0)
    found: dict[str, Any] = {}
    exec(slopes.source, found)  # Python raises where LLVM divides by 0
    assert found["program_vjp"](0.5, 1, 0) == (0.5, 1.0)
    with pytest.raises(ZeroDivisionError):
        found["program_vjp"](0.5, 1, 1)
