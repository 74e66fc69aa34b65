"""Reverse mode: a program becomes one that computes its results, then pulls cotangents back to its inputs.

The new function takes the program's arguments and a cotangent per chosen output, and gives the program's results
followed by the cotangents of the chosen inputs. It is IR like any other, and can be differentiated again.

Invariant: it has the program's effects, once; its reverse sweep writes into no argument.

Source: Griewank & Walther, Evaluating Derivatives (2008), chapters 3 and 4; Hückelheim & Hascoët, "Source-to-source
automatic differentiation of structured programs", and the design of residual arrays described in `transforms.plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from workbench.ir import ArrayType, Builder, Callee, Constant, Function, Kind, Op, ScalarType, Value
from workbench.passes.activity import active
from workbench.transforms.calls import Pulled, pulled
from workbench.transforms.cotangents import zero
from workbench.transforms.forward import ForwardSweep
from workbench.transforms.plan import Planner
from workbench.transforms.recall import Primal, Recall, Wishes, mirrored
from workbench.transforms.replay import declare
from workbench.transforms.reverse import ReverseSweep
from workbench.transforms.stacks import Halves, Pair, Stacks, Twins, twins_of
from workbench.transforms.structure import Structure


def vjp(function: Function, wrt: Sequence[int], outputs: Sequence[int], seeds: str | None = None) -> Function:
    """The function and its pullback in one.

    wrt: positions among `function.data_params`; outputs: positions among `function.results` that have a cotangent.
    seeds: None, or "one" where the only output is a real scalar whose cotangent is the constant 1.
    Result: parameters are the function's data parameters and a cotangent per output (none with seeds "one"); results
    are the function's and a cotangent per `wrt` position, of the parameter's type (zeros where nothing depends on it).
    Raises ValueError for inputs and outputs that carry no derivative."""
    params = [function.data_params[k] for k in wrt]
    results = [function.results[k] for k in outputs]
    for value in (*params, *results):
        if not value.kind.is_inexact:
            raise ValueError(f"{value!r} carries no derivative")
    live = active(function, params, results)
    structure = Structure(function)
    required, reached = _required(function, structure, live, params, results)
    plan = Planner(structure).run(required)

    builder = Builder(f"{function.name}_vjp")
    builder.span = function.span
    env, cotangents = _declare(builder, function, outputs, seeds)
    stacks = Stacks(builder, twins, reached=reached)
    sweep = ForwardSweep(builder, env, structure, plan, stacks)
    primal_results = sweep.run()
    bars = _reverse(builder, structure, live, Recall(builder, sweep), params, results, cotangents, stacks)
    return builder.finish([*primal_results, *bars])


def pullback(callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Pulled:
    """The pullback of what a program calls: by its rule, or reverse mode of its body."""
    return pulled(callee, wrt, outputs, vjp)


def twins(callee: Callee) -> Twins | None:
    """The twins of a callee that calls itself."""
    return twins_of(callee, halves)


def halves(function: Function, asked: Twins) -> Halves:
    """The adjoint of a recursive callee's body, not yet cut in two."""
    data = function.data_params
    params, results = [data[k] for k in asked.wrt], [function.results[k] for k in asked.outputs]
    live = active(function, params, results)
    structure = Structure(function)
    required, reached = _required(function, structure, live, params, results)
    plan = Planner(structure, lists=False).run(required)  # (a list's length is not known: it cannot be pushed)
    builder = Builder(f"{function.name}_vjp")
    builder.span = function.span
    env = declare(builder, function)
    stacks = Stacks(builder, twins, reached=reached)
    for kind in asked.kinds:
        elements = builder.param(ArrayType(kind, (), True), f"stack_{kind.value}")
        height = builder.param(ScalarType(Kind.INT), f"height_{kind.value}")
        stacks.pairs[kind] = Pair(builder.slot(elements.type, elements, elements.name),
                                  builder.slot(height.type, height, height.name))
    sweep = ForwardSweep(builder, env, structure, plan, stacks)
    primal = sweep.run()
    cut, pushed = len(builder.frames[0].ops), tuple(stacks.state(asked.kinds))
    popped = tuple(Value(v.type, v.name) for v in pushed)
    stacks.after(asked.kinds, popped)
    accumulated = {k: Value(sweep.type(data[k]), f"{data[k].name or 'x'}_bar") for k in asked.accumulated}
    seeds = [Value(sweep.type(r), f"{r.name or 'result'}_bar") for r in results]
    bars = _reverse(builder, structure, live, Recall(builder, sweep), params, results, seeds, stacks,
                    {data[k]: bar for k, bar in accumulated.items()})
    left = stacks.state(asked.kinds)
    whole = builder.finish([*primal, *pushed, *bars, *left])
    ends = [len(primal), len(primal) + len(pushed), len(primal) + len(pushed) + len(bars)]
    final = whole.results
    return Halves(whole, cut, final[:ends[0]], final[ends[0]:ends[1]], tuple(accumulated.values()), tuple(seeds),
                  popped, final[ends[1]:ends[2]], final[ends[2]:])


def _required(function: Function, structure: Structure, live: frozenset[Value], params: Sequence[Value],
              results: Sequence[Value]) -> tuple[list[Value], dict[Op, Twins]]:
    """What the reverse sweep asks of the primal, and which recursive calls it reaches: found by a dry run of it."""
    wishes = Wishes()
    seeds = [Value(r.type) for r in results]
    builder = Builder(function.name)
    stacks = Stacks(builder, twins)
    _reverse(builder, structure, live, wishes, params, results, seeds, stacks)
    return list(wishes.asked), stacks.reached


def _reverse(builder: Builder, structure: Structure, live: frozenset[Value], primal: Primal, params: Sequence[Value],
             results: Sequence[Value], cotangents: Sequence[Value], stacks: Stacks,
             begun: Mapping[Value, Value] = MappingProxyType({})) -> list[Value]:
    """Emit the reverse sweep; the cotangents of the parameters (`begun` holds those that are added to)."""
    sweep = ReverseSweep(builder, structure, live, primal, pullback, stacks)
    for param, held in begun.items():
        sweep.bars.add(param, held, owned=True)
    for result, cotangent in zip(results, cotangents, strict=True):
        sweep.bars.add(result, cotangent)
    sweep.block(structure.function.block)
    builder.span = structure.function.span
    bars = []
    for param in params:
        bar = sweep.bars.read(param)
        bars.append(bar if bar is not None else zero(builder, mirrored(param.type, primal)))
    return bars


def _declare(builder: Builder, function: Function, outputs: Sequence[int],
             seeds: str | None) -> tuple[dict[Value, Value], list[Value]]:
    """Parameters: the function's, and the cotangents, whose dimensions may be further parameters."""
    results = [function.results[k] for k in outputs]
    if seeds == "one":
        if len(results) != 1 or results[0].is_array or not results[0].kind.is_float:
            raise ValueError("the seed 1 is for one real scalar output")
        return declare(builder, function), [Constant(1, results[0].kind)]
    position = len(function.data_params)
    dims: list[Mapping[int, Value]] = []
    known = set(function.params)
    for k, result in enumerate(results):
        fresh = {}
        for axis, dim in enumerate(result.dims):
            if not isinstance(dim, Constant) and dim not in known:
                name = f"{result.name or 'result'}_n{axis}"
                fresh[axis] = builder.param(ScalarType(Kind.INT), name, (position + k, axis))
        dims.append(fresh)
    env = declare(builder, function)
    cotangents = []
    for result, fresh_dims in zip(results, dims, strict=True):
        axes = [fresh_dims.get(axis) or env.get(dim, dim) for axis, dim in enumerate(result.dims)]
        type_ = ArrayType(result.kind, tuple(axes)) if axes else result.type
        cotangents.append(builder.param(type_, f"{result.name or 'result'}_bar"))
    return env, cotangents
