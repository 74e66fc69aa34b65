"""What two arms leave behind is joined: right whichever arm ran, or an error where it is read, never a guess."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.frontend.running import agrees
from tests.fuzz.interpreted import interpret, traced
from workbench.ir import DifferentiationError, Op, walk

BOTH = (0.5, 1.5)  # x > 1 decides


def results_of_if(function: Any, *args: Any) -> list[str]:
    """The types of what the branch gives."""
    (branch,) = [op for op in walk(traced(function, args).function.block) if op.prim == "if"]
    assert isinstance(branch, Op)
    return [str(r.type) for r in branch.results]


# ---------------------------------------------------------------------- numbers
def same_either_way(x, y):
    z = y * 2.0
    if x > 1.0:
        w = x
    else:
        w = -x
    return z * w


def test_only_what_differs_is_joined() -> None:
    assert results_of_if(same_either_way, 0.5, 3.0) == ["f64"]
    for x in BOTH:
        agrees(same_either_way, x, 3.0)


def integer_or_float(x):
    n = 2 if x > 1.0 else 0.5
    return n * x


def bool_or_integer(x, k):
    n = (x > 0.2) if x > 1.0 else k
    return n * x


def test_numbers_get_their_joint_kind() -> None:
    assert results_of_if(integer_or_float, 0.5) == ["f64"]
    assert results_of_if(bool_or_integer, 0.5, 3) == ["i64"]
    for x in BOTH:
        agrees(integer_or_float, x)
        agrees(bool_or_integer, x, 3)


# ---------------------------------------------------------------------- structures
def tuples(x):
    pair = (x, 2.0) if x > 1.0 else (3.0, x)
    return pair[0] * pair[1] + pair[0]


def lists(x):
    if x > 1.0:
        entries = [x, 2.0]
    else:
        entries = [3.0, x]
    entries[0] += 1.0
    return entries[0] * entries[1]


def dicts(x):
    d = {"a": x, "b": 1.0} if x > 1.0 else {"a": 2.0, "b": x}
    d["a"] = d["a"] * d["b"]
    return d["a"] + d["b"]


@pytest.mark.parametrize("function", [tuples, lists, dicts])
@pytest.mark.parametrize("x", BOTH)
def test_structures_of_one_layout_are_joined_entry_by_entry(function: Any, x: float) -> None:
    agrees(function, x)


def made_in_one_of_two_layouts(x):
    entries = [x, 2.0] if x > 1.0 else [x]
    y = x * 2.0
    return y if x < 100.0 else entries[0]


def never_read(x):
    if x > 1.0:
        thing = [x, 2.0]
    else:
        thing = {"a": x}
    y = x * 2.0
    thing = y
    return thing


def test_what_cannot_be_joined_is_an_error_where_it_is_read_and_only_there() -> None:
    for x in BOTH:
        agrees(never_read, x)
    with pytest.raises(DifferentiationError, match="run-time condition"):
        interpret(made_in_one_of_two_layouts, (0.5,))


def written_outside(x):
    entries = [x, 2.0]
    if x > 1.0:
        entries[1] = x * 3.0
    return entries[0] * entries[1]


def test_a_container_from_outside_is_the_same_one_and_its_entries_are_joined() -> None:
    assert results_of_if(written_outside, 0.5) == ["f64"]
    for x in BOTH:
        agrees(written_outside, x)


# ---------------------------------------------------------------------- functions, arrays
def functions(x):
    f = np.sin if x > 1.0 else np.cos
    return f(x) + f(2.0 * x)


def choice_of_arrays(x, a, b):
    c = a if x > 1.0 else b
    c[0] = 9.0
    return np.sum(a) + 10.0 * np.sum(b)


def view_or_array(x, a):
    c = a[1:] if x > 1.0 else a[:-1] * 2.0
    return np.sum(c)


@pytest.mark.parametrize("x", BOTH)
def test_functions_and_arrays_are_told_apart_at_run_time(x: float) -> None:
    agrees(functions, x)
    agrees(choice_of_arrays, x, np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    agrees(view_or_array, x, np.array([1.0, 2.0, 3.0]))


# ---------------------------------------------------------------------- one arm alone
def assigned_in_one(x):
    if x > 1.0:
        y = x * 2.0
    z = x + 1.0
    if x > 1.0:
        z = z + y
    return z


def of_an_arm_that_raises(x):
    if x > 1.0:
        y = x * 2.0
    else:
        raise ValueError("too small")
    return y


def test_a_name_of_one_arm_is_good_where_that_arm_ran() -> None:
    for x in BOTH:
        agrees(assigned_in_one, x)


def test_an_arm_that_does_not_go_on_has_no_say() -> None:
    agrees(of_an_arm_that_raises, 1.5)
    with pytest.raises(ValueError, match="too small"):
        interpret(of_an_arm_that_raises, (0.5,))


# ---------------------------------------------------------------------- states
def none_or_number(x):
    best = None
    if x > 1.0:
        best = x
    return 0.0 if best is None else best * 2.0


def text_by_turns(x):
    mode = "double" if x > 1.0 else "square"
    return 2.0 * x if mode == "double" else x * x


@pytest.mark.parametrize("function", [none_or_number, text_by_turns])
@pytest.mark.parametrize("x", BOTH)
def test_what_is_known_on_each_path_is_told_apart_by_a_number(function: Any, x: float) -> None:
    agrees(function, x)
