"""Everyday programs, on the tape and (the quick ones) compiled: against plain Python and differences."""
from __future__ import annotations

import pytest

import workbench as wb
from tests.corpus.oracle import disagreement, gradient, plain
from tests.corpus.program import Program
from tests.corpus.structure import copy_arguments
from tests.fuzz.interpreted import interpreted_gradient
from tests.programs.calling import assert_structure_kept, by_path, close, draw
from tests.programs.everyday import PROGRAMS, habits, numerics, simulations, structures

COMPILED = (
    "views_and_aliases",
    "while_pop",
    "while_pop_condition",
    "expression_tree", "polynomial_class", "bisection", "late_binding", "mixed_division", "star_everything",
    "copies", "global_state", "match_statement", "default_and_kwonly", "stack_machine", "nested_lists",
    "shared_rows", "aliased_arguments", "dict_updates_in_loop", "closures_with_state", "swap_and_rebind",
    "bezier_and_splines", "binary_tree", "recursion_zoo",
    "edit_distance", "heap_use", "recursive_descent", "poly_ops", "nbody",
)


def check(program: Program, engine: str, seed: int) -> None:
    args = draw(program.make_args, seed)
    expected, given = plain(program.function, args), copy_arguments(args)
    value, slope = wb.value_and_grad(program.function, program.wrt, engine=engine)(*given)
    assert close(value, expected.value, 1e-12), f"seed {seed}: value {value!r}, plain {expected.value!r}"
    assert close(given, expected.arguments, 1e-12), f"seed {seed}: arguments left differently"
    assert_structure_kept(program, args, slope)
    oracle = gradient(program.function, args, program.positions, "difference")
    wrong = disagreement(by_path(program, slope), oracle, float(expected.value), "difference")
    assert wrong is None, f"seed {seed}: {wrong}"


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_on_the_tape(program: Program) -> None:
    check(program, "tape", 1)


@pytest.mark.sampled(1 / 3)
@pytest.mark.parametrize("program", [p for p in PROGRAMS if p.name in COMPILED], ids=lambda program: program.name)
def test_compiled(program: Program) -> None:
    check(program, "numba", 1)


NEWER = [*numerics.PROGRAMS, *structures.PROGRAMS, *simulations.PROGRAMS, *habits.PROGRAMS]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("program", NEWER, ids=lambda program: program.name)
def test_by_the_front_end(program: Program) -> None:
    """(What the compiler is given, interpreted.)"""
    args = draw(program.make_args, 2)
    expected, given = plain(program.function, args), copy_arguments(args)
    value, slopes = interpreted_gradient(program.function, given)
    assert close(value, expected.value, 1e-12)
    assert close(given, expected.arguments, 1e-12)
    oracle = gradient(program.function, args, program.positions, "difference")
    wrong = disagreement({path: slopes[path] for path in oracle}, oracle, float(expected.value), "difference")
    assert wrong is None, wrong


def test_names_are_programs() -> None:
    assert set(COMPILED) <= {program.name for program in PROGRAMS}
    assert len(PROGRAMS) >= 100
