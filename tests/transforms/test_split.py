"""A pullback, or a pushforward, apart from its program: run twice behind it, on all programs and on random ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.transforms.apart import twice
from tests.transforms.oracle import close, direction, fresh
from tests.transforms.programs import PROGRAMS, names
from tests.transforms.random_programs import Writer, arguments
from workbench.interpret import run
from workbench.ir import Function
from workbench.transforms import jvp, later, linearize, vjp


def check(function: Function, args: Sequence[Any], wrt: Sequence[int], outputs: Sequence[int], seed: int = 0) -> int:
    """Both maps against `jvp` and `vjp`; how many there are."""
    rng = np.random.default_rng(seed)
    held = fresh(args)
    results = [np.copy(r) for r in run(function, held)]
    found = 0
    for split, whole, models in (
            (linearize(function, wrt, outputs), jvp(function, wrt, outputs), [args[k] for k in wrt]),
            (later(function, wrt, outputs), vjp(function, wrt, outputs, backwards=True),
             [results[k] for k in outputs])):
        if split is None:
            continue
        found += 1
        seeds = [[direction(rng, m) for m in models] for _ in range(2)]
        mine = fresh(args)
        made = run(twice(function, split), [*mine, *seeds[0], *seeds[1]])
        for a, b in zip((*made[:len(results)], *mine), (*results, *held), strict=True):
            np.testing.assert_array_equal(a, b)
        expected = [r for s in seeds for r in run(whole, [*fresh(args), *fresh(s)])[len(results):]]
        assert len(made) == len(results) + len(expected)
        for k, (a, b) in enumerate(zip(made[len(results):], expected, strict=True)):
            close(a, b, 1e-12, f"result {k} of {split.whole.name}")
    return found


@pytest.mark.parametrize("name", names())
def test_programs(name: str) -> None:
    function, args, wrt, outputs = PROGRAMS[name]()
    assert check(function, args, wrt, outputs) == 2 or any(word in name for word in ("recursi", "rule", "call"))


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    draw = random.Random(seed)
    wrt, outputs = (sorted(draw.sample(range(n), draw.choice([1, 2, n]))) for n in (5, 7))
    assert check(Writer(seed).write(), arguments(seed), wrt, outputs, seed) == 2
