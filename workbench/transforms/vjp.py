"""Reverse mode: a program becomes one that computes its results, then pulls cotangents back to its inputs.

The new function takes the program's arguments and a cotangent per chosen output, and gives the program's results
followed by the cotangents of the chosen inputs. It is IR like any other, and can be differentiated again.

Invariant: it has the program's effects, once; its reverse sweep writes into no argument.

Source: Griewank & Walther, Evaluating Derivatives (2008), chapters 3 and 4; Hückelheim & Hascoët, "Source-to-source
automatic differentiation of structured programs", and the design of residual arrays described in `transforms.plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from workbench.ir import (
    ArrayType,
    Block,
    Builder,
    Callee,
    Constant,
    Function,
    Kind,
    Op,
    ScalarType,
    Value,
    callee_of,
    walk,
)
from workbench.passes.activity import active
from workbench.transforms.calls import Pull, Pulled, pulled
from workbench.transforms.forward import ForwardSweep
from workbench.transforms.frames import Frames, Pair
from workbench.transforms.joint import Joint, joint_of
from workbench.transforms.late import late_loops
from workbench.transforms.onepass import Suffix, candidates, open_blocks
from workbench.transforms.plan import Planner
from workbench.transforms.recall import Recall, Wishes
from workbench.transforms.replay import declare
from workbench.transforms.reverse import ReverseSweep
from workbench.transforms.split import Split, parted
from workbench.transforms.stacks import Halves, Stacks, Twins, twins_of
from workbench.transforms.structure import Structure


def vjp(function: Function, wrt: Sequence[int], outputs: Sequence[int], seeds: str | None = None,
        backwards: bool = False) -> Function:
    """The function and its pullback in one.

    wrt: positions among `function.data_params`; outputs: positions among `function.results` that have a cotangent.
    seeds: None, or "one" where the only output is a real scalar whose cotangent is the constant 1.
    backwards: no loop is run in one pass, so that all contributions to a cotangent come in the opposite order.
    Result: parameters are the function's data parameters and a cotangent per output (none with seeds "one"); results
    are the function's and a cotangent per `wrt` position, of the parameter's type (zeros where nothing depends on it).
    Raises ValueError for inputs and outputs that carry no derivative."""
    params = [function.data_params[k] for k in wrt]
    results = [function.results[k] for k in outputs]
    for value in (*params, *results):
        if not value.kind.is_inexact:
            raise ValueError(f"{value!r} carries no derivative")
    live = active(function, params, results)
    pull = pullback_backwards if backwards else pullback
    first = () if backwards else _one_pass(function, live, results)
    ways = [(first, late_loops(function, live, first)), (first, ()), ((), late_loops(function, live, ())), ((), ())]
    for one_pass, late in dict.fromkeys(ways):
        structure = Structure(function, one_pass, late)
        required, reached = _required(function, structure, live, params, results, pull)
        plan = Planner(structure).run(required)
        if not any(structure.home[v].op in (*one_pass, *late) for v in plan.copied):
            break  # (else whole arrays would be copied in every iteration)

    builder = Builder(f"{function.name}_vjp")
    builder.span = function.span
    env, cotangents = _declare(builder, function, outputs, seeds)
    stacks = Stacks(builder, twins, reached=reached)
    sweep = ForwardSweep(builder, env, structure, plan, stacks)
    reverse = ReverseSweep(builder, structure, live, Recall(builder, sweep), pull, stacks, joint)
    sweep.begin()
    return builder.finish(_run(sweep, reverse, params, results, cotangents))


def _run(sweep: ForwardSweep, reverse: ReverseSweep, params: Sequence[Value], results: Sequence[Value],
         cotangents: Sequence[Value]) -> list[Value]:
    """Both sweeps: the results, and the cotangents of parameters."""
    block = sweep.structure.function.block
    before, after = sweep.structure.parted(block)
    halves = sweep.structure.halves(block)
    sweep.adjoint = reverse
    sweep.ops(before)
    reverse.begin(results, cotangents)
    reverse.early(halves)
    sweep.ops(after)
    primal = sweep.end()
    reverse.late(halves)
    return [*primal, *reverse.end(params)]


def later(function: Function, wrt: Sequence[int], outputs: Sequence[int]) -> Split | None:
    """The function, and its pullback apart from it: no cotangent is known when the function runs. Parameters as for
    `vjp`. None where the pullback takes what the function has left (see `transforms.stacks`)."""
    params = [function.data_params[k] for k in wrt]
    results = [function.results[k] for k in outputs]
    live = active(function, params, results)
    for late in dict.fromkeys((late_loops(function, live, ()), ())):
        structure = Structure(function, (), late)
        required, reached = _required(function, structure, live, params, results, pullback)
        plan = Planner(structure).run(required)
        if any(structure.home[v].op in late for v in plan.copied):
            continue  # (see `vjp`)
        builder = Builder(f"{function.name}_vjp")
        builder.span = function.span
        stacks = Stacks(builder, twins, reached=reached)
        sweep = ForwardSweep(builder, declare(builder, function), structure, plan, stacks)
        primal = sweep.run()
        cut = len(builder.frames[0].ops)
        reverse = ReverseSweep(builder, structure, live, Recall(builder, sweep), pullback, stacks, joint)
        seeds = [Value(sweep.type(r), f"{r.name or 'result'}_bar") for r in results]
        reverse.begin(results, seeds)
        reverse.ops(function.block.ops)
        split = parted(builder.finish([*primal, *reverse.end(params)]), cut, seeds, len(primal))
        if split is not None:
            return split
    return None


def pullback(callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Pulled:
    """The pullback of what a program calls: by its rule, or reverse mode of its body."""
    return pulled(callee, wrt, outputs, vjp)


def pullback_backwards(callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Pulled:
    """The pullback without loops in one pass."""
    return pulled(callee, wrt, outputs, partial(vjp, backwards=True), backwards=True)


def twins(callee: Callee) -> Twins | None:
    """The twins of a callee that calls itself."""
    return twins_of(callee, halves)


def joint(callee: Callee) -> Joint | None:
    """The joint twin of a callee that calls itself."""
    return joint_of(callee, _jointly)


def _jointly(function: Function, asked: Joint) -> Function | None:
    """The body of a joint twin; None where its calls of itself cannot all be run in one pass."""
    data = function.data_params
    params, results = [data[k] for k in asked.wrt], [function.results[k] for k in asked.outputs]
    live = active(function, params, results) | {data[k] for k in asked.accumulated}
    one_pass = _one_pass(function, live, results)
    calls = [op for op in walk(function.block) if op.prim == "call" and any(r in live for r in op.results)]
    if not calls or not all(op in one_pass and callee_of(op) is asked.callee for op in calls):
        return None
    structure = Structure(function, one_pass)
    required, _ = _required(function, structure, live, params, results, pullback)
    plan = Planner(structure).run(required)
    if any(structure.home[v].op in one_pass for v in plan.copied):
        return None
    builder = Builder(asked.twin.name)
    builder.span = function.span
    env = declare(builder, function)
    stacks = Stacks(builder, twins)
    sweep = ForwardSweep(builder, env, structure, plan, stacks)
    reverse = ReverseSweep(builder, structure, live, Recall(builder, sweep), pullback, stacks, joint)
    sweep.begin()
    for k in asked.accumulated:
        bar = builder.param(sweep.type(data[k]), f"{data[k].name or 'x'}_bar")
        reverse.bars.add(data[k], bar, owned=True)
    cotangents = [builder.param(sweep.type(r), f"{r.name or 'result'}_bar") for r in results]
    return builder.finish(_run(sweep, reverse, params, results, cotangents))


def halves(function: Function, asked: Twins) -> Halves:
    """The adjoint of a recursive callee's body, not yet cut in two."""
    data = function.data_params
    params, results = [data[k] for k in asked.wrt], [function.results[k] for k in asked.outputs]
    live = active(function, params, results) | {data[k] for k in asked.accumulated}  # (what was added up goes on)
    structure = Structure(function)
    required, reached = _required(function, structure, live, params, results, pullback)
    plan = Planner(structure, stacked=True).run(required)  # (a list's length is not known: it cannot be pushed)
    builder = Builder(f"{function.name}_vjp")
    builder.span = function.span
    env = declare(builder, function)
    stacks = Stacks(builder, twins, reached=reached, is_framed=True)
    for kind in asked.kinds:
        elements = builder.param(ArrayType(kind, (), True), f"stack_{kind.value}")
        height = builder.param(ScalarType(Kind.INT), f"height_{kind.value}")
        stacks.pairs[kind] = Pair(builder.slot(elements.type, elements, elements.name),
                                  builder.slot(height.type, height, height.name))
    sweep = ForwardSweep(builder, env, structure, plan, stacks, Frames(builder, structure, plan.kept, stacks.pair))
    primal = sweep.run()
    cut, pushed = len(builder.frames[0].ops), tuple(stacks.state(asked.kinds))
    popped = tuple(Value(v.type, v.name) for v in pushed)
    stacks.after(asked.kinds, popped)
    accumulated = {k: Value(sweep.type(data[k]), f"{data[k].name or 'x'}_bar") for k in asked.accumulated}
    seeds = [Value(sweep.type(r), f"{r.name or 'result'}_bar") for r in results]
    reverse = ReverseSweep(builder, structure, live, Recall(builder, sweep), pullback, stacks, joint)
    for k, bar in accumulated.items():
        reverse.bars.add(data[k], bar, owned=True)
    reverse.begin(results, seeds)
    reverse.ops(function.block.ops)
    bars = reverse.end(params)
    left = stacks.state(asked.kinds)
    whole = builder.finish([*primal, *pushed, *bars, *left])
    ends = [len(primal), len(primal) + len(pushed), len(primal) + len(pushed) + len(bars)]
    final = whole.results
    return Halves(whole, cut, final[:ends[0]], final[ends[0]:ends[1]], tuple(accumulated.values()), tuple(seeds),
                  popped, final[ends[1]:ends[2]], final[ends[2]:], frozenset(stacks.pairs))


def _required(function: Function, structure: Structure, live: frozenset[Value], params: Sequence[Value],
              results: Sequence[Value], pull: Pull) -> tuple[list[Value], dict[Op, Twins]]:
    """What the reverse sweep asks of the primal, and which recursive calls it reaches: found by a dry run of it."""
    sweep, wishes = _dry(function, structure, live, results, pull)
    halves = structure.halves(function.block)
    sweep.early(halves)
    _dry_regions(sweep, halves.early)
    sweep.late(halves)
    sweep.end(params)
    return list(wishes.asked), sweep.stacks.reached


def _dry_regions(sweep: ReverseSweep, ops: Sequence[Op]) -> None:
    for op in ops:
        if op not in sweep.structure.one_pass:
            continue
        if op.prim == "call":
            sweep.joint(op, op.operands)
        for block in open_blocks(op):
            if sweep.enter(op, block):
                _dry_regions(sweep, sweep.structure.halves(block).early)
                sweep.leave(op, block)


def _dry(function: Function, structure: Structure, live: frozenset[Value],
         results: Sequence[Value], pull: Pull) -> tuple[ReverseSweep, Wishes]:
    wishes, builder = Wishes(), Builder(function.name)
    sweep = ReverseSweep(builder, structure, live, wishes, pull, Stacks(builder, twins), joint)
    sweep.begin(results, [Value(r.type) for r in results])
    return sweep, wishes


def _one_pass(function: Function, live: frozenset[Value], results: Sequence[Value]) -> tuple[Op, ...]:
    """What to run in one pass: as many of the last loops (calls, ...) as the adjoints between and after them allow."""
    found = candidates(function, live, joint)
    if not found:
        return ()
    sweep, wishes = _dry(function, Structure(function, found), live, results, pullback)
    return tuple(_chosen(sweep, wishes, function.block))


def _chosen(sweep: ReverseSweep, wishes: Wishes, block: Block) -> list[Op]:
    """Those among the operations of an open region, and in them."""
    suffix = Suffix(sweep.structure.regions[block], sweep.structure, sweep.active)
    for op in reversed(block.ops):
        wishes.latest.clear()
        sweep.ops([op])
        if op in sweep.structure.one_pass and suffix.can_begin(op):
            suffix.loops.append(op)
        else:
            suffix.others[op] = list(wishes.latest)
    chosen = list(suffix.loops)
    for op in suffix.loops:
        for inner in open_blocks(op) if sweep.passed[op] else ():
            with sweep.inside(op, inner):
                chosen += _chosen(sweep, wishes, inner)
    return chosen


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
