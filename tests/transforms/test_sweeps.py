"""The two sweeps of one adjoint: together or apart, they give the same numbers, and the primal's own results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.transforms.test_decisions import asked, powers, squared_sum, summed, summed_powers
from workbench.interpret import run
from workbench.ir import Block, Builder, Constant, Function, Kind, Value, walk
from workbench.transforms.decisions import Decisions, best, decide
from workbench.transforms.replay import declare
from workbench.transforms.sweeps import Sweeps

ONE = Constant(1.0, Kind.F64)


def together(decided: Decisions) -> Function:
    """Both sweeps; adjoints of what is in one pass stand where it runs."""
    builder = Builder("together")
    sweeps = Sweeps(builder, declare(builder, decided.asked.function), decided)
    sweeps.forward.begin()
    return builder.finish(sweeps.together([ONE]))


def apart(decided: Decisions) -> tuple[Function, int]:
    """All of the forward sweep, then all of the reverse sweep; how many operations the first has."""
    builder = Builder("apart")
    sweeps = Sweeps(builder, declare(builder, decided.asked.function), decided)
    primal = sweeps.forth()
    cut = len(builder.frames[0].ops)
    return builder.finish([*primal, *sweeps.back([ONE])]), cut


@pytest.mark.parametrize("f", [summed, powers, summed_powers, squared_sum], ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [0, 1, 4])
def test_together_and_apart_agree_with_differences(f: Callable[..., Any], n: int) -> None:
    question, x, h = asked(f, 0.7, n), 0.7, 1e-6
    value, slope = run(together(best(question, backwards=False)), [x, n])
    program, _ = apart(decide(question))
    assert value == f(x, n) and run(program, [x, n])[0] == value
    assert run(program, [x, n])[1] == pytest.approx(slope, rel=1e-13)
    assert slope == pytest.approx((f(x + h, n) - f(x - h, n)) / (2 * h), rel=1e-7, abs=1e-9)


def test_what_is_in_one_pass_is_one_loop_and_else_there_are_two() -> None:
    question = asked(summed, 0.7, 3)

    def loops(function: Function) -> int:
        return sum(op.prim == "for" for op in walk(function.block))
    assert loops(together(best(question, backwards=False))) == 1
    assert loops(apart(decide(question))[0]) == 2


def test_apart_the_reverse_sweep_needs_no_more_than_results_and_what_was_kept() -> None:
    program, cut = apart(decide(asked(powers, 0.7, 3)))
    made: set[Value] = {result for op in program.block.ops[:cut] for result in op.results}
    reverse = walk(Block((), program.block.ops[cut:], ()))
    used = {v for op in reverse for v in op.operands if v in made and v.is_array}
    assert {v.name.split(".")[0] for v in used} == {"y_kept"}


def test_residuals_are_of_the_size_of_the_run() -> None:
    program, _ = apart(decide(asked(powers, 0.7, 3)))
    assert np.isfinite(run(program, [0.7, 0])[1]) and run(program, [0.7, 0])[1] == 0.0
    assert run(program, [0.7, 50])[1] == pytest.approx(50 * 0.7**49)
