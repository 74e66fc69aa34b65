"""The corpus in the reference interpreter: front end and transforms alone, no pass and no engine between.

Quick, so that a failure in the compiled tests can be told apart: what fails here is the front end's or a transform's.
"""
from __future__ import annotations

import numpy as np
import pytest

from tests.corpus import PROGRAMS, Program
from tests.corpus.oracle import disagreement, expected_gradient, plain
from tests.fuzz.interpreted import interpreted_gradient, interpreted_slope
from tests.programs.calling import close, draw, random_direction
from tests.programs.test_corpus import DISTINCT, named


def wrong_in_interpreter(program: Program, seed: int) -> str | None:
    """What is wrong with the value, the gradient or the derivative along a direction, if anything."""
    expected = plain(program.function, draw(program.make_args, seed)).value
    oracle = expected_gradient(program, program.make_args, seed)
    value, gradient = interpreted_gradient(program.function, draw(program.make_args, seed))
    if not close(value, expected, 1e-12):
        return f"value {value!r}, plain {expected!r}"
    found = {path: gradient[path] for path in oracle}
    wrong = disagreement(found, oracle, float(expected), program.oracle)
    if wrong is not None:
        return wrong
    direction = random_direction(program, draw(program.make_args, seed), seed)
    slope = interpreted_slope(program.function, draw(program.make_args, seed), direction)
    terms = [found[path] * direction[path] for path in found]
    total, size = (float(sum(np.sum(part) for part in parts)) for parts in (terms, map(np.abs, terms)))
    return None if abs(slope - total) <= 1e-10 * size + 1e-13 else f"forward {slope!r}, reverse {total!r}"


@pytest.mark.sampled(1 / 2)
@named(DISTINCT)
def test_interpreter_agrees_with_the_oracle(program: Program) -> None:
    for seed in (0, 1):
        wrong = wrong_in_interpreter(program, seed)
        assert wrong is None, f"{program.name}, point {seed}: {wrong}"


def test_the_interpreted_part_of_the_corpus_is_nearly_all() -> None:
    assert len(DISTINCT) >= len(PROGRAMS) - 8
