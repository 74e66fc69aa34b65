"""Both modes on random programs, for random inputs and outputs."""

from __future__ import annotations

import random

import pytest

from tests.transforms.oracle import check
from tests.transforms.random_programs import Writer, arguments


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("seed", range(60))
def test_random_program(seed: int) -> None:
    function = Writer(seed).write()
    draw = random.Random(seed)
    wrt = sorted(draw.sample(range(5), draw.choice([1, 2, 5])))
    outputs = sorted(draw.sample(range(7), draw.choice([1, 2, 7])))
    check(function, arguments(seed), wrt, outputs, order=2 if seed % 4 == 0 else 1)
