"""A program and its linear map as one function, which tests can run."""

from __future__ import annotations

from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Value, verify
from workbench.ir.calls import own_results
from workbench.rules import emit
from workbench.transforms import Split
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
