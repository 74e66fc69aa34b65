"""How control leaves a piece of program: what is known while specialising costs nothing, the rest is a code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frontend.running import agrees, carried, loops, text
from tests.fuzz.interpreted import traced
from workbench.frontend.branches import DEAD
from workbench.frontend.completions import BREAK, NORMAL, RETURN, Mixed, possible_codes
from workbench.frontend.values import Scalar
from workbench.ir import Constant, Kind, walk


def count(prim: str, function: Any, *args: Any) -> int:
    """How often an operation stands in a program."""
    return sum(op.prim == prim for op in walk(traced(function, args).function.block))


# ---------------------------------------------------------------------- codes
def test_which_completions_are_possible_is_known() -> None:
    code = Scalar(Constant(0, Kind.INT), True)
    assert possible_codes(NORMAL) == {NORMAL} and possible_codes(DEAD) == set()
    assert possible_codes(Mixed(code, frozenset({NORMAL, RETURN}))) == {NORMAL, RETURN}
    assert Mixed(code, frozenset({NORMAL, RETURN})).is_(None, BREAK) is False  # type: ignore[arg-type]


# ---------------------------------------------------------------------- the rest of a block
def guarded(x):
    if x > 1.0:
        return x * 2.0
    y = x + 1.0
    return y * y


def test_where_one_arm_leaves_the_rest_of_the_block_is_the_other_arm() -> None:
    (branch,) = [op for op in traced(guarded, (0.5,)).function.block.ops if op.prim == "if"]
    assert [[op.prim for op in arm.ops] for arm in branch.regions] == [["mul"], ["add", "mul"]]
    assert Kind.INT not in [result.kind for result in branch.results]  # no code
    for x in (0.5, 1.5):
        agrees(guarded, x)


def several(x, n):
    if n > 3:
        if x > 2.0:
            return x
        x = x * 3.0
    elif n > 1:
        return -x
    return x + 0.5


@pytest.mark.parametrize("x, n", [(1.0, 5), (2.5, 5), (1.0, 2), (1.0, 0)])
def test_an_arm_that_may_leave_goes_on_by_a_code(x: float, n: int) -> None:
    agrees(several, x, n)


def known_flag(x, verbose):
    if verbose:
        return x
    return x * x


def test_what_is_known_leaves_no_branch() -> None:
    assert count("if", known_flag, 2.0, True) == count("if", known_flag, 2.0, False) == 0
    assert agrees(known_flag, 2.0, False) == 4.0


def raises_unless(x):
    if x < 0.0:
        raise ValueError("negative")
    return np.sqrt(x)


def test_an_arm_that_raises_is_a_check_and_no_branch() -> None:
    assert count("if", raises_unless, 2.0) == 0 and "ValueError" in text(raises_unless, 2.0)
    agrees(raises_unless, 2.0)


# ---------------------------------------------------------------------- loops
def with_break(x, n):
    total = 0.0
    for i in range(n):
        if total > 2.0:
            break
        total += x * i
    return total


def with_continue(x, n):
    total = 0.0
    for i in range(n):
        if i % 2 == 0:
            continue
        total += x * i
    return total


def with_return(x, n):
    for i in range(n):
        x = x * 1.5
        if x > 4.0:
            return -x
    return x


def test_continue_leaves_a_for_as_it_is() -> None:
    (loop,) = loops(with_continue, 0.5, 6)
    assert loop.prim == "for" and set(carried(loop)) == {"total"}
    agrees(with_continue, 0.5, 6)


@pytest.mark.parametrize("n", [0, 1, 3, 9])
def test_break_makes_it_a_while_on_a_code(n: int) -> None:
    (loop,) = loops(with_break, 0.5, n)
    assert loop.prim == "while" and "total" in carried(loop)
    agrees(with_break, 0.5, n)


@pytest.mark.parametrize("n", [0, 1, 3, 9])
def test_a_return_in_a_loop_goes_further_than_the_loop(n: int) -> None:
    agrees(with_return, 1.0, n)


def found_or_not(a, x):
    for i in range(len(a)):
        if a[i] > x:
            break
    else:
        return -1.0
    return float(a[i]) * 2.0


@pytest.mark.parametrize("x", [0.5, 1.5, 9.0])
def test_else_runs_where_the_loop_was_not_left(x: float) -> None:
    agrees(found_or_not, np.array([1.0, 2.0, 3.0]), x)


def nested_exits(a, x):
    total = 0.0
    for i in range(len(a)):
        for j in range(len(a)):
            if j > i:
                break
            if a[j] * x > 6.0:
                return total
            total += float(a[j])
        if total > 20.0:
            break
    return total + 100.0


@pytest.mark.parametrize("x", [0.5, 1.9, 2.5, 7.0])
def test_exits_of_nested_loops_leave_their_own(x: float) -> None:
    agrees(nested_exits, np.array([1.0, 2.0, 3.0, 4.0, 5.0]), x)
