"""A pullback, or a pushforward, apart from its program: run twice behind it, on all programs and on random ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.transforms.oracle import close, direction, fresh
from tests.transforms.programs import PROGRAMS, names
from tests.transforms.random_programs import Writer, arguments
from workbench.interpret import run
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Value, verify
from workbench.ir.calls import own_results
from workbench.rules import emit
from workbench.transforms import Split, jvp, later, linearize, vjp
from workbench.transforms.replay import Replay, declare


def twice(function: Function, split: Split) -> Function:
    """The program, followed by two runs of the map, on seeds that are further parameters."""
    builder = Builder(function.name)
    env = declare(builder, split.whole)
    count = len(function.data_params)
    given: list[list[Value]] = []
    for _ in range(2):
        seeds: list[Value] = []
        for seed in split.seeds:
            place = count + len(seeds) + sum(map(len, given))
            dims = tuple(d if isinstance(d, Constant) else builder.param(ScalarType(Kind.INT), "n", (place, axis))
                         for axis, d in enumerate(seed.dims))
            seeds.append(builder.param(ArrayType(seed.kind, dims) if dims else seed.type, seed.name))
        given.append(seeds)
    first = Replay(builder, env)
    first.ops(split.first)
    results = [first.get(v) for v in split.results]
    for seeds in given:
        second = Replay(builder, dict(env))
        for seed, value in zip(split.seeds, seeds, strict=True):
            if value.is_array:
                value = emit(builder, "reshape", value, *(second.env.get(d, d) for d in seed.dims))
            second.env[seed] = value
        second.ops(split.second)
        results += [second.get(v) for v in split.given]
    return verify(own_results(builder.finish(results)))


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
