"""Stand-ins of an outer program's values in an inner one: one object stays one object, numbers become inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.operators.probing import probe, probed
from workbench.frontend import Path
from workbench.frontend.environment import Environment
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Closure, ListValue, Scalar
from workbench.ir import Kind
from workbench.operators.mirror import Mirror


def mirrored(act: Any, *values: Any, separate: bool = False) -> tuple[Mirror, list[Any]]:
    """A mirror, and the stand-ins of values that are arguments."""
    environment = Environment()
    environment.argument_names = tuple(f"arg{k}" for k in range(len(values)))
    Tracer("inner", environment, {})
    mirror = Mirror(act.t, environment, separate)
    return mirror, [mirror.value(value, Path(("arg", k))) for k, value in enumerate(values)]


def look(meaning: Any, program: Any, *args: Any) -> None:
    """Look at the values that a program calls `probe` with."""
    looked = []

    def meant(act: Any, *values: Any) -> Any:
        meaning(act, *values)
        looked.append(act)
        return 1.0
    assert probed(meant, program, *args) == 1.0 and looked


def test_numbers_and_arrays_are_inputs_of_the_inner_program_that_are_given_the_outer_values() -> None:
    def meaning(act: Any, x: Any, a: Any) -> None:
        mirror, (number, array) = mirrored(act, x, a)
        assert isinstance(number, Scalar) and isinstance(array, Array)
        assert [v.is_array for v in mirror.operands] == [False, True]
        assert mirror.operands[0] is x.value and mirror.arrays == {1: a}
        assert [item.kind for item in mirror.inner.inputs] == [Kind.F64, Kind.F64]
    look(meaning, lambda x, a: probe(x, a), 0.5, np.ones(3))


def test_a_known_float_is_an_input_too_and_texts_and_flags_are_themselves() -> None:
    def meaning(act: Any, number: Any, text: Any, flag: Any) -> None:
        mirror, (stand_in, *same) = mirrored(act, number, text, flag)
        assert isinstance(stand_in, Scalar) and len(mirror.operands) == 1
        assert same == ["tanh", True]
    look(meaning, lambda x: probe(2.5, "tanh", True), 0.5)


@pytest.mark.parametrize("separate, inputs", [(False, 1), (True, 2)])
def test_an_array_given_twice_is_one_input_or_two(separate: bool, inputs: int) -> None:
    def meaning(act: Any, a: Any, b: Any) -> None:
        mirror, (first, second) = mirrored(act, a, b, separate=separate)
        assert (first is second) == (not separate)
        assert mirror.is_repeated and len(mirror.operands) == inputs
        assert len(mirror.aliases) == 2 - inputs
    look(meaning, lambda a: probe(a, a), np.ones(3))


@pytest.mark.parametrize("separate", [False, True])
def test_a_container_in_two_places_is_one(separate: bool) -> None:
    def meaning(act: Any, outer: Any, again: Any) -> None:
        mirror, (first, second) = mirrored(act, outer, again, separate=separate)
        assert isinstance(first, ListValue) and first is second and first is not outer
        assert mirror.containers == [(outer, first)] and len(mirror.same) == 1

    def program(x):
        entries = [x, 2.0 * x]
        return probe(entries, entries)
    look(meaning, program, 0.5)


def test_closures_share_the_variables_that_they_capture() -> None:
    def meaning(act: Any, getter: Any, setter: Any) -> None:
        mirror, (inner_getter, inner_setter) = mirrored(act, getter, setter)
        assert isinstance(inner_getter, Closure) and isinstance(inner_setter, Closure)
        assert len(mirror.captured) == 1 and len(mirror.operands) == 1
        assert mirror.nonlocals == set(mirror.captured)  # (one of them may bind it anew)

    def program(x):
        count = x

        def getter():
            return count

        def setter(v):
            nonlocal count
            count = v
        return probe(getter, setter)
    look(meaning, program, 0.5)
