"""The corpus against its oracle: values, gradients, writes into arguments, forward mode, second order.

Every program at three random points and at its small sizes. A refusal is a failure: all of this is ordinary code. The
emitted programs run as the Python that they are, a share that is drawn anew in each session as Numba compiles them.
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest

import workbench as wb
from tests.corpus import PROGRAMS, Program
from tests.corpus.oracle import disagreement, expected_gradient, expected_hvp, plain
from tests.fuzz.emitted import in_python
from tests.programs.calling import (
    assert_structure_kept,
    by_path,
    close,
    draw,
    in_structure_of_gradient,
    inner,
    random_direction,
    tangents,
)

SEEDS = (0, 1, 2)
DISTINCT = [entry for entry in PROGRAMS if "overlap" not in entry.tags]
SMOOTH = [entry for entry in DISTINCT if entry.oracle == "complex"]


def named(programs: list[Program]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("program", programs, ids=[entry.name for entry in programs])


def ways(emitted: float, compiled: float) -> pytest.MarkDecorator:
    """The fixture `way`: which share of the programs is run emitted, and which compiled."""
    return pytest.mark.parametrize("way", [
        pytest.param("emitted", marks=pytest.mark.sampled(emitted)),
        pytest.param("compiled", marks=pytest.mark.sampled(compiled))], indirect=True)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    with in_python() if request.param == "emitted" else contextlib.nullcontext():
        yield


@ways(emitted=1, compiled=1 / 8)
@named(PROGRAMS)
def test_value_gradient_and_writes(program: Program, way: None) -> None:
    value_and_grad = wb.value_and_grad(program.function, program.wrt)
    points = [(program.make_args, seed) for seed in SEEDS]
    points += [(sample, 7 + i) for i, sample in enumerate(program.small)]
    for sample, seed in points:
        expected = plain(program.function, draw(sample, seed))
        args = draw(sample, seed)
        value, derivative = value_and_grad(*args)
        where = f"{program.name}, point {seed}"
        assert close(value, expected.value, 1e-12), f"{where}: value {value!r}, plain {expected.value!r}"
        assert close(args, expected.arguments, 1e-12), f"{where}: leaves {args}, plain {expected.arguments}"
        assert_structure_kept(program, draw(sample, seed), derivative)
        wrong = disagreement(by_path(program, derivative), expected_gradient(program, sample, seed),
                             float(expected.value), program.oracle)
        assert wrong is None, f"{where}: {wrong}"


@ways(emitted=1 / 3, compiled=1 / 24)
@named(DISTINCT)
def test_forward_agrees_with_reverse(program: Program, way: None) -> None:
    seed = 3
    direction = random_direction(program, draw(program.make_args, seed), seed)
    args = draw(program.make_args, seed)
    value, slope = wb.jvp(program.function, args, tangents(draw(program.make_args, seed), direction))
    expected = plain(program.function, draw(program.make_args, seed))
    assert close(value, expected.value, 1e-12), f"{program.name}: jvp's value {value!r}, plain {expected.value!r}"
    assert close(args, expected.arguments, 1e-12), f"{program.name}: jvp leaves other arguments"
    gradient = by_path(program, wb.grad(program.function, program.wrt)(*draw(program.make_args, seed)))
    terms = sum(np.sum(np.abs(gradient[path] * direction[path])) for path in gradient)
    assert abs(slope - inner(gradient, direction)) <= 1e-10 * terms + 1e-13, (
        f"{program.name}: forward {slope!r}, reverse {inner(gradient, direction)!r}")


@ways(emitted=1 / 6, compiled=1 / 60)
@named(PROGRAMS)
def test_pullback_is_linear_and_repeatable(program: Program, way: None) -> None:
    value, pullback = wb.vjp(program.function, *draw(program.make_args, 4))
    cotangent = type(value)(2.5)
    first, second = pullback(cotangent), pullback(cotangent)
    gradient = by_path(program, wb.grad(program.function, program.wrt)(*draw(program.make_args, 4)))
    for result in (first, second):
        assert isinstance(result, tuple) and len(result) == len(draw(program.make_args, 4))
        picked = tuple(result[position] for position in program.positions)
        found = by_path(program, picked if isinstance(program.wrt, tuple) else picked[0])
        wrong = disagreement(found, {path: 2.5 * leaf for path, leaf in gradient.items()}, 1.0, "complex")
        assert wrong is None, f"{program.name}: {wrong}"


@pytest.mark.filterwarnings("ignore:long_list_of_floats runs on the tape:UserWarning")  # (lists in inner derivatives)
@ways(emitted=1 / 8, compiled=1 / 60)
@named(SMOOTH)
def test_second_order_by_both_nestings(program: Program, way: None) -> None:
    seed = 5
    direction = random_direction(program, draw(program.make_args, seed), seed)
    expected = expected_hvp(program, seed, direction)
    value = float(plain(program.function, draw(program.make_args, seed)).value)
    gradient = wb.grad(program.function, program.wrt)
    args = draw(program.make_args, seed)
    _, forward = wb.jvp(gradient, args, tangents(draw(program.make_args, seed), direction))
    wrong = disagreement(by_path(program, forward), expected, value, "difference")
    assert wrong is None, f"{program.name}, forward over reverse: {wrong}"
    args = draw(program.make_args, seed)
    _, pullback = wb.vjp(gradient, *args)
    result = pullback(in_structure_of_gradient(program, draw(program.make_args, seed), direction))
    picked = tuple(result[position] for position in program.positions)
    reverse = by_path(program, picked if isinstance(program.wrt, tuple) else picked[0])
    wrong = disagreement(reverse, expected, value, "difference")
    assert wrong is None, f"{program.name}, reverse over reverse: {wrong}"


SCALAR = [entry for entry in SMOOTH if entry.wrt == 0 and isinstance(draw(entry.make_args, 0)[0], float)]


@ways(emitted=1 / 3, compiled=1 / 16)
@named(SCALAR)
def test_gradient_of_gradient(program: Program, way: None) -> None:
    seed = 6
    direction = {(0,): np.asarray(1.0)}
    expected = expected_hvp(program, seed, direction)
    found = wb.grad(wb.grad(program.function))(*draw(program.make_args, seed))
    wrong = disagreement({(0,): np.asarray(found)}, expected, 1.0, "difference")
    assert wrong is None, f"{program.name}: {wrong}"
