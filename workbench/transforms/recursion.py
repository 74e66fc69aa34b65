"""The twins of functions that call themselves, made: what reverse mode has in place of their pullbacks.

A joint twin (`transforms.joint`) is an adjoint whose sweeps run together. The forward and the reverse twin
(`transforms.stacks`) are one adjoint, cut between its sweeps: the values that the second part uses and does not make
are what the first one pushes, last of all, and the second one pops, first of all.

Invariant: while a twin is made, calls of its callee are calls of the twin. Which kinds of numbers are pushed has to be
known for that; where others turn out to be, it is made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

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
    is_recursive,
    substitute_type,
    verify,
    walk,
)
from workbench.passes.activity import active
from workbench.records import dataclass
from workbench.transforms.calls import body
from workbench.transforms.decisions import Question, decide, in_one_pass
from workbench.transforms.frames import Pair, in_order, pop, push
from workbench.transforms.joint import Joint
from workbench.transforms.replay import Replay, declare
from workbench.transforms.residuals import INT
from workbench.transforms.reverse import Callees
from workbench.transforms.stacks import Twins
from workbench.transforms.sweeps import Sweeps


# ---------------------------------------------------------------------- joint twins
def joint_of(callee: Callee, callees: Callees) -> Joint | None:
    """The joint twin of a callee that calls itself, made once; None where there is none."""
    if not callee.is_defined:
        return None
    if "joint" not in callee.derived:
        callee.derived["joint"] = None
        if callee.rule is None and is_recursive(callee):
            try:
                _make_joint(callee, callees)
            except BaseException:
                del callee.derived["joint"]
                raise
    found: Joint | None = callee.derived["joint"]
    return found


def _make_joint(callee: Callee, callees: Callees) -> None:
    function = body(callee)
    params, results = function.data_params, function.results
    wrt = tuple(k for k, p in enumerate(params) if p.kind.is_inexact)
    outputs = tuple(k for k, r in enumerate(results) if r.kind.is_inexact)
    if not wrt or not outputs or any(results[k].is_array for k in outputs) or any(k in callee.consumes for k in wrt):
        return
    joint = Joint(callee, Callee(f"{callee.name}_joint"), wrt, outputs)
    joint.twin.consumes = (*callee.consumes, *(len(params) + n for n in range(len(joint.accumulated))))
    callee.derived["joint"] = joint
    made = _jointly(function, joint, callees)
    if made is None:
        callee.derived["joint"] = None
        return
    joint.twin.define(made, joint.twin.consumes)
    verify(joint.twin.function)


def _jointly(function: Function, asked: Joint, callees: Callees) -> Function | None:
    """The body of a joint twin, with the twin under construction; None where its calls of itself cannot all be run in
    one pass."""
    data = function.data_params
    params, results = (tuple(data[k] for k in asked.wrt), tuple(function.results[k] for k in asked.outputs))
    live = active(function, params, results) | {data[k] for k in asked.accumulated}
    question = Question(function, params, results, live, callees)
    one_pass = in_one_pass(question)
    calls = [op for op in walk(function.block) if op.prim == "call" and any(r in live for r in op.results)]
    if not calls or not all(op in one_pass and callee_of(op) is asked.callee for op in calls):
        return None
    decided = decide(question, one_pass)
    if decided.copies_in_turns:
        return None
    builder = Builder(asked.twin.name)
    builder.span = function.span
    sweeps = Sweeps(builder, declare(builder, function), decided)
    sweeps.forward.begin()
    for k in asked.accumulated:
        bar = builder.param(sweeps.forward.type(data[k]), f"{data[k].name or 'x'}_bar")
        sweeps.reverse.bars.add(data[k], bar, owned=True)
    cotangents = [builder.param(sweeps.forward.type(r), f"{r.name or 'result'}_bar") for r in results]
    return builder.finish(sweeps.together(cotangents))


# ---------------------------------------------------------------------- forward and reverse twins
@dataclass(frozen=True)
class Uncut:
    """An adjoint program before it is cut: the whole, how many operations the forward sweep has, and the free values
    that stand for what the reverse twin is given: cotangents to add to, cotangents of outputs, stacks."""

    whole: Function
    cut: int
    primal: tuple[Value, ...]
    pushed: tuple[Value, ...]  # the stacks at the end of the forward sweep
    accumulated: tuple[Value, ...]
    seeds: tuple[Value, ...]
    popped: tuple[Value, ...]  # the stacks at the start of the reverse sweep
    bars: tuple[Value, ...]
    left: tuple[Value, ...]  # the stacks at its end
    kinds: frozenset[Kind]  # of the stacks that are used inside


def twins_of(callee: Callee, callees: Callees, backwards: bool = False) -> Twins | None:
    """The twins of a callee, made once; None where it cannot have any. backwards: `callees` run nothing in one pass."""
    key = ("twins", backwards)
    if key in callee.derived:
        found: Twins | None = callee.derived[key]
        return found
    function = body(callee)
    params, results = function.data_params, function.results
    given = tuple(k for k, p in enumerate(params) if p.is_array and k not in callee.consumes)
    wrt = tuple(k for k, p in enumerate(params) if p.kind.is_inexact)
    outputs = tuple(k for k, r in enumerate(results) if r.kind.is_inexact)
    kinds: tuple[Kind, ...] = ()
    while wrt and outputs:
        twins = Twins(callee, Callee(callee.name), Callee(f"{callee.name}_vjp"), given, wrt, outputs, kinds)
        callee.derived[key] = twins
        _declare_consumed(twins)
        made = _cut(twins, _uncut(function, twins, callees))
        if made is None:
            break
        needed, forward, reverse = made
        if set(needed) <= set(kinds):
            twins.forward.define(forward, twins.forward.consumes)
            twins.reverse.define(reverse, twins.reverse.consumes)
            if len(twins.reverse.function.results) == len(wrt) + 2 * len(kinds):
                verify(twins.forward.function)
                verify(twins.reverse.function)
                return twins
            break
        kinds = tuple(k for k in Kind if k in needed or k in kinds)
    callee.derived[key] = None
    return None


def _uncut(function: Function, asked: Twins, callees: Callees) -> Uncut:
    """The adjoint of a recursive callee's body, with twins that are under construction."""
    data = function.data_params
    params, results = (tuple(data[k] for k in asked.wrt), tuple(function.results[k] for k in asked.outputs))
    live = active(function, params, results) | {data[k] for k in asked.accumulated}  # (what was added up goes on)
    # (stacked: a list's length is not known, so that it cannot be pushed)
    decided = decide(Question(function, params, results, live, callees), stacked=True)
    builder = Builder(f"{function.name}_vjp")
    builder.span = function.span
    env = declare(builder, function)
    pairs = {}
    for kind in asked.kinds:
        elements = builder.param(ArrayType(kind, (), True), f"stack_{kind.value}")
        height = builder.param(ScalarType(Kind.INT), f"height_{kind.value}")
        pairs[kind] = Pair(builder.slot(elements.type, elements, elements.name),
                           builder.slot(height.type, height, height.name))
    sweeps = Sweeps(builder, env, decided, pairs)
    primal = sweeps.forth()
    cut, pushed = len(builder.frames[0].ops), tuple(sweeps.stacks.state(asked.kinds))
    popped = tuple(Value(v.type, v.name) for v in pushed)
    sweeps.stacks.after(asked.kinds, popped)
    accumulated = {k: Value(sweeps.forward.type(data[k]), f"{data[k].name or 'x'}_bar") for k in asked.accumulated}
    seeds = tuple(Value(sweeps.forward.type(r), f"{r.name or 'result'}_bar") for r in results)
    for k, bar in accumulated.items():
        sweeps.reverse.bars.add(data[k], bar, owned=True)
    bars = sweeps.back(seeds)
    left = sweeps.stacks.state(asked.kinds)
    whole = builder.finish([*primal, *pushed, *bars, *left])
    parts = iter(whole.results)
    given = [tuple(islice(parts, len(values))) for values in (primal, pushed, bars, left)]
    return Uncut(whole, cut, given[0], given[1], tuple(accumulated.values()), seeds, popped, given[2], given[3],
                 frozenset(sweeps.stacks.pairs))


def _declare_consumed(twins: Twins) -> None:
    """Say which parameters the twins take, before their bodies are known."""
    params, results = twins.callee.function.data_params, twins.callee.function.results
    lists = range(0, 2 * len(twins.kinds), 2)
    twins.forward.consumes = (*twins.callee.consumes, *(len(params) + k for k in lists))
    first = len(twins.given)
    seeds = first + len(twins.accumulated)
    stacks = seeds + len(twins.outputs)
    arrays = [seeds + n for n, k in enumerate(twins.outputs) if results[k].is_array]
    twins.reverse.consumes = (*range(first, seeds), *arrays, *(stacks + k for k in lists))


def _cut(twins: Twins, uncut: Uncut) -> tuple[set[Kind], Function, Function] | None:
    """The two functions, and the kinds that they push; None where something that is needed cannot be pushed."""
    ops = uncut.whole.block.ops
    forward, reverse = ops[:uncut.cut], ops[uncut.cut:]
    r = Builder(twins.reverse.name)
    r.span = uncut.whole.span
    env: dict[Value, Value] = {}
    copies = uncut.whole.data_params

    def param(value: Value) -> None:
        """A parameter of the reverse twin; its dimensions become known by it."""
        position = len(r.params) - len(r.shape_params)
        for axis, dim in enumerate(value.dims):
            if not isinstance(dim, Constant) and dim not in env:
                env[dim] = r.param(ScalarType(Kind.INT), dim.name, (position, axis))
        env[value] = r.param(substitute_type(value.type, env), value.name)
    for k in twins.given:
        param(copies[k])
    for value in (*uncut.accumulated, *uncut.seeds, *uncut.popped):
        param(value)
    waiting = [v for v in _free(reverse, (*uncut.bars, *uncut.left)) if v not in env]
    growing = {v for v in waiting if isinstance(v.type, ArrayType) and v.type.growable}
    needed = uncut.kinds | {v.kind for v in waiting if v not in growing}
    if not needed <= set(twins.kinds):
        return set(needed), uncut.whole, uncut.whole
    if growing:
        return None
    waiting = in_order(waiting)
    _pop(r, twins, uncut, env, waiting)
    replay = Replay(r, env)
    replay.block(Block((), reverse, ()))
    backward = r.finish([replay.get(v) for v in (*uncut.bars, *uncut.left)])
    return set(needed), _pushing(twins, uncut, forward, waiting), backward


def _free(ops: Sequence[Op], results: Sequence[Value]) -> list[Value]:
    """The values that operations (and results) use and do not make, in order of first use."""
    made: set[Value] = set()
    used: dict[Value, None] = {}
    block = Block((), tuple(ops), ())
    for op in walk(block):
        made.update(op.results)
        for region in op.regions:
            made.update(region.params)
    for op in walk(block):
        values = [*op.operands, *op.results]
        for region in op.regions:
            values += [*region.params, *region.yields]
        used.update(dict.fromkeys(d for v in values for d in v.dims))
        used.update(dict.fromkeys(values))
    used.update(dict.fromkeys(d for v in results for d in v.dims))
    used.update(dict.fromkeys(results))
    for value in list(used):
        used.update(dict.fromkeys(value.dims))
    return [v for v in used if v not in made and not isinstance(v, Constant)]


def _stacks(b: Builder, twins: Twins, values: Sequence[Value]) -> dict[Kind, Pair]:
    return {kind: Pair(b.slot(values[2 * k].type, values[2 * k]), b.slot(INT, values[2 * k + 1]))
            for k, kind in enumerate(twins.kinds)}


def _pushing(twins: Twins, uncut: Uncut, ops: Sequence[Op], values: Sequence[Value]) -> Function:
    """The forward twin: the forward sweep, and the values pushed."""
    b = Builder(twins.forward.name)
    b.span = uncut.whole.span
    b.params, b.shape_params = list(uncut.whole.params), dict(uncut.whole.shape_params)
    b.frames[0].ops = list(ops)
    stacks = _stacks(b, twins, uncut.pushed)
    for value in values:
        push(b, stacks[value.kind], value)
    left = [b.held(slot) for pair in stacks.values() for slot in (pair.elements, pair.length)]
    return b.finish([*uncut.primal, *left])


def _pop(r: Builder, twins: Twins, uncut: Uncut, env: dict[Value, Value], values: Sequence[Value]) -> None:
    """The values off the stacks. What is left of the stacks takes their place in `env`."""
    stacks = _stacks(r, twins, [env[v] for v in uncut.popped])
    for value in reversed(values):
        env[value] = pop(r, stacks[value.kind], substitute_type(value.type, env), value.name)
    for k, kind in enumerate(twins.kinds):
        env[uncut.popped[2 * k]] = r.held(stacks[kind].elements)
        env[uncut.popped[2 * k + 1]] = r.held(stacks[kind].length)
