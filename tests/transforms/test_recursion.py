"""What reverse mode has in place of the pullback of a function that calls itself: a joint twin, or a forward and a
reverse twin."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.transforms.test_decisions import NothingCalled
from workbench.frontend import trace
from workbench.ir import Callee, Kind, callee_of, callees, is_recursive, walk
from workbench.transforms.recursion import joint_of, twins_of


class Own(NothingCalled):
    """Those of functions that call nothing but themselves."""

    def twins(self, callee: Callee) -> Any:
        return twins_of(callee, self)

    def joint(self, callee: Callee) -> Any:
        return joint_of(callee, self)


def callee(f: Callable[..., Any], *args: Any) -> Callee:
    """What a function that calls itself is, to programs that call it."""
    def calls(*values):  # type: ignore[no-untyped-def]
        return f(*values)
    names = tuple(inspect.signature(f).parameters)
    (found,) = callees(trace(f, args, names).function)
    assert is_recursive(found)
    return found


def added(x, n):
    """Results of its calls are added up: their cotangents are known before them."""
    if n == 0:
        return np.sin(x)
    return added(x * 0.5, n - 1) + added(x + 1.0, n - 1)


def multiplied(x, n):
    """Results of its calls are multiplied: their cotangents are known after them."""
    if n == 0:
        return np.sin(x)
    return multiplied(x * 0.5, n - 1) * multiplied(x + 1.0, n - 1)


def over_array(a, n):
    if n == 0:
        return a[0]
    return over_array(a, n - 1) * a[n]


def without_derivative(x, n):
    if n == 0:
        return 1
    return without_derivative(x, n - 1) + (1 if x > 0.5 else 2)


def test_calls_whose_results_are_added_up_have_a_joint_twin() -> None:
    found = joint_of(callee(added, 0.5, 3), Own())
    assert found is not None
    calls = [callee_of(op) for op in walk(found.twin.function.block) if op.prim == "call"]
    assert calls == [found.twin, found.twin]  # it calls itself, and neither the callee nor a pullback
    results = found.twin.function.results
    assert len(results) == 1 + len(found.wrt)  # what the callee gives, and a cotangent for each float that it takes


def test_calls_whose_results_are_multiplied_have_none() -> None:
    assert joint_of(callee(multiplied, 0.5, 3), Own()) is None


def test_the_forward_twin_pushes_and_the_reverse_twin_pops_the_same_kinds() -> None:
    found = twins_of(callee(multiplied, 0.5, 3), Own())
    assert found is not None and Kind.F64 in found.kinds
    stacks = 2 * len(found.kinds)  # each with its height
    assert len(found.forward.function.results) == 1 + stacks
    assert len(found.reverse.function.results) == len(found.wrt) + stacks
    for twin in (found.forward, found.reverse):
        assert {callee_of(op) for op in walk(twin.function.block) if op.prim == "call"} == {twin}


def test_arrays_that_are_only_read_are_given_and_their_cotangents_added_up_in_place() -> None:
    recursive = callee(over_array, np.ones(5), 3)
    found = twins_of(recursive, Own())
    assert found is not None
    (position,) = found.given
    assert recursive.function.data_params[position].is_array and found.accumulated == (position,)
    given = found.reverse.function.data_params
    assert given[0].is_array and given[1].is_array and 1 in found.reverse.consumes and 0 not in found.reverse.consumes


def test_twins_are_made_once_for_each_order_of_contributions() -> None:
    recursive = callee(multiplied, 0.5, 3)
    first = twins_of(recursive, Own())
    assert twins_of(recursive, Own()) is first
    assert twins_of(recursive, Own(), backwards=True) is not first


@pytest.mark.parametrize("make", [joint_of, twins_of])
def test_what_carries_no_derivative_has_no_twins(make: Callable[..., Any]) -> None:
    assert make(callee(without_derivative, 0.5, 3), Own()) is None


def test_what_is_not_known_yet_has_no_joint_twin() -> None:
    assert joint_of(Callee("later"), Own()) is None
