"""An inner function as a program of its own: what its stand-ins stand for, and what it writes outside."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.operators.probing import probe, probed
from workbench.frontend import Leaf, Node, Static
from workbench.frontend.values import Scalar
from workbench.ir import DifferentiationError
from workbench.operators import inner
from workbench.operators.inner import InnerProgram

FOUND: list[InnerProgram] = []


def run_inside(act: Any, function: Any, *args: Any) -> Any:
    """Trace a function by itself, and put its program in place of the call."""
    made = inner.traced(act, function, args, {})
    FOUND.append(made)
    results = made.inlined(act, made.function)
    made.effects(act, results)
    return made.value(act, results)


def seen(program: Any, *args: Any) -> tuple[Any, InnerProgram]:
    """The value of a program that calls `probe(f, ...)`, and the inner program that this is."""
    value = probed(run_inside, program, *args)
    return value, FOUND.pop()


# ---------------------------------------------------------------------- what goes in
def test_arguments_and_what_a_closure_captures_are_inputs() -> None:
    def program(x, y):
        def scaled(v):
            return v * y
        return probe(scaled, x * 2.0)
    value, made = seen(program, 3.0, 5.0)
    assert value == 30.0
    assert len(made.function.data_params) == len(made.operands) == 2  # v, and y


def test_a_structure_goes_in_leaf_by_leaf_and_what_is_no_number_is_known() -> None:
    def program(x, a):
        return probe(lambda d: d["w"][0] * np.sum(d["w"][1]) + len(d["name"]), {"w": (x, a), "name": "tanh"})
    value, made = seen(program, 3.0, np.ones(2))
    assert value == 10.0 and len(made.operands) == 2

    def look(act: Any, function: Any, argument: Any) -> Any:
        tree = inner.traced(act, function, (argument,), {}).argument_tree(act, 0)
        assert isinstance(tree, Node) and tree.keys == ("w", "name")
        pair, name = tree.children
        assert isinstance(pair, Node) and [type(part) for part in pair.children] == [Leaf, Leaf]
        assert isinstance(name, Static) and name.value == "tanh"
        return 1.0
    probed(look, program, 3.0, np.ones(2))


def test_an_array_given_twice_is_two_inputs_unless_it_is_written() -> None:
    def read(a):
        return probe(lambda u, v: np.sum(u * v), a, a)

    def overwrites(u, v):
        u[0] = 5.0
        return v[0]

    def written(a):
        return probe(overwrites, a, a)
    value, made = seen(read, np.array([1.0, 2.0]))
    assert value == 5.0 and len(made.function.data_params) == 2
    value, made = seen(written, np.array([1.0, 2.0]))
    assert value == 5.0 and len(made.function.data_params) == 1


def test_a_container_in_two_places_is_one() -> None:
    def program(x):
        d = {"w": x}

        def changes(first, second):
            first["w"] = 2.0 * first["w"]
            return second["w"]
        return probe(changes, d, d)
    assert seen(program, 3.0)[0] == 6.0


# ---------------------------------------------------------------------- what comes out
def test_a_write_to_an_argument_is_the_outer_programs() -> None:
    def doubles(a):
        a *= 2.0
        return a[0]

    def program(a):
        b = a * 1.0
        value = probe(doubles, b)
        return value + b[1]
    value, made = seen(program, np.array([1.0, 10.0]))
    assert value == 22.0
    (store,) = made.stores
    assert not store.rebound and not made.changes


def test_an_entry_or_a_nonlocal_that_is_assigned_is_assigned_outside() -> None:
    def program(x):
        d = {"w": x}
        count = 0.0

        def changes(v):
            nonlocal count
            count += v
            d["w"] = v * 3.0
            return v
        return probe(changes, x) + 10.0 * d["w"] + 100.0 * count
    value, made = seen(program, 2.0)
    assert value == 2.0 + 60.0 + 200.0
    assert sorted(change.owner is None for change in made.changes) == [False, True]


def test_what_gives_an_argument_back_gives_that_array() -> None:
    def program(a):
        b = a * 1.0
        same = probe(lambda v: v, b)
        same[0] = 7.0
        return b[0]
    assert seen(program, np.ones(2))[0] == 7.0


def test_an_array_of_several_results_is_one() -> None:
    def program(a):
        first, second = probe(lambda v: [v * 2.0] * 2, a)
        first[0] = 7.0
        return second[0]
    assert seen(program, np.ones(2))[0] == 7.0


# ---------------------------------------------------------------------- what is refused
def test_inside_try_nothing_is_traced_by_itself() -> None:
    def program(x):
        try:
            return probe(lambda v: 1.0 / v, x)
        except ZeroDivisionError:
            return x
    with pytest.raises(DifferentiationError, match="inside `try`"):
        probed(run_inside, program, 2.0)


def test_what_cannot_stand_for_another_program_is_refused() -> None:
    def program(x):
        entries = []
        while x < 1.0:
            entries.append(x)
            x = x * 2.0
        return probe(lambda v: v[0], entries)
    with pytest.raises(DifferentiationError, match="pass numbers, arrays, lists, dictionaries or objects"):
        probed(run_inside, program, 0.3)


def test_results_are_read_off_where_the_program_stands() -> None:
    def twice(act: Any, function: Any, x: Any) -> Any:
        made = inner.traced(act, function, (x,), {})
        first, second = (made.value(act, made.inlined(act, made.function)) for _ in range(2))
        assert isinstance(first, Scalar) and isinstance(second, Scalar)
        return (first, second)
    assert probed(twice, lambda x: sum(probe(lambda v: v * v, x)), 3.0) == 18.0
