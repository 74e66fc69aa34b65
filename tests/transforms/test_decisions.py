"""What is decided of an adjoint before it is written: what runs in one pass, what is kept, what is reached."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workbench.frontend import trace
from workbench.ir import Callee, Op, walk
from workbench.passes import optimize
from workbench.passes.activity import active
from workbench.transforms.decisions import Question, best, decide, in_one_pass


class NothingCalled:
    """The derivatives of what a program calls, of programs that call nothing."""

    def pull(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Any:
        raise AssertionError("nothing is called")

    def twins(self, callee: Callee) -> None:
        return None

    def joint(self, callee: Callee) -> None:
        return None


def asked(f: Callable[..., Any], *args: Any) -> Question:
    """The gradient of a function by its first argument."""
    function = optimize(trace(f, args, tuple(inspect.signature(f).parameters)).function)
    params, results = function.data_params[:1], function.results[:1]
    return Question(function, params, results, active(function, params, results), NothingCalled())


def loops(question: Question) -> list[Op]:
    return [op for op in walk(question.function.block) if op.prim in ("for", "while")]


def summed(x, n):
    total = 0.0
    for i in range(n):
        total += np.sin(x * i)
    return total


def powers(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def summed_powers(x, n):
    total = 0.0
    for _ in range(n):
        y = 1.0
        for _ in range(n):
            y = y * x
        total += y
    return total


def squared_sum(x, n):
    total = 0.0
    for i in range(n):
        total += np.sin(x * i)
    return total * total


def test_a_loop_that_only_adds_to_the_result_is_run_in_one_pass() -> None:
    question = asked(summed, 0.5, 3)
    assert list(in_one_pass(question)) == loops(question)
    decided = best(question, backwards=False)
    assert decided.structure.one_pass == set(loops(question)) and decided.plan.kept == []


def test_a_loop_that_multiplies_is_not_and_keeps_what_it_carries() -> None:
    question = asked(powers, 0.5, 3)
    assert in_one_pass(question) == ()
    assert [value.name for value in best(question, backwards=False).plan.kept] == ["y"]


def test_of_nested_loops_each_is_decided_by_itself() -> None:
    question = asked(summed_powers, 0.5, 3)
    outer, inner = loops(question)
    assert list(in_one_pass(question)) == [outer]
    (kept,) = best(question, backwards=False).plan.kept
    assert kept in inner.regions[0].params  # of the inner loop's turns alone: an outer turn is differentiated at once


def test_a_cotangent_that_is_known_too_late_allows_no_pass() -> None:
    assert in_one_pass(asked(squared_sum, 0.5, 3)) == ()


def test_backwards_nothing_is_run_in_one_pass() -> None:
    decided = best(asked(summed, 0.5, 3), backwards=True)
    assert not decided.structure.one_pass


@pytest.mark.parametrize("f", [summed, powers, summed_powers, squared_sum], ids=lambda f: f.__name__)
def test_what_is_asked_for_has_an_answer(f: Callable[..., Any]) -> None:
    question = asked(f, 0.5, 3)
    for decided in (decide(question), best(question, backwards=False)):
        assert decided.asked is question and not decided.reached
        assert set(decided.plan.kept) <= set(decided.plan.choices)
        assert not decided.copies_in_turns


def overwritten_in_turns(a, n):
    total = 0.0
    for i in range(n):
        b = np.sin(a)
        total += np.sum(b * b)
        b[0] = 1.0
        total += b[1]
    return total


def test_one_pass_is_given_up_where_arrays_would_be_copied_in_every_turn() -> None:
    question = asked(overwritten_in_turns, np.ones(3), 2)
    assert not best(question, backwards=False).copies_in_turns
