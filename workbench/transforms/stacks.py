"""Recursion in reverse mode: what the pullback of each call will need waits on stacks.

A callee that calls itself gets two twins. The *forward* twin does what the callee does and pushes, last of all, the
values of this call that its reverse sweep needs (those of iterations of its loops when an iteration ends, see
`transforms.frames`); the *reverse* twin pops them and pulls the cotangents back. Calls are
pulled back in the opposite order, so that each finds its own values on top. There is one stack per kind: a growable
list and its length, handed from call to call. Arrays that the callee only reads are not pushed: the reverse twin is
given them.

Invariant: a call pushes in the forward sweep exactly where the reverse sweep pops (both ask the same question, whether
any cotangent reaches it).

Source: Griewank & Walther, Evaluating Derivatives (2008), section 4.3 (the tape as a stack of value frames).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

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
    call_results,
    is_recursive,
    substitute_type,
    verify,
    walk,
)
from workbench.passes import optimize
from workbench.rules import emit
from workbench.transforms.cotangents import Cotangents, zero
from workbench.transforms.frames import Pair, in_order, pop, push
from workbench.transforms.recall import Primal, mirrored
from workbench.transforms.replay import Replay
from workbench.transforms.residuals import INT, ZERO


@dataclass(slots=True, eq=False)
class Twins:
    """The twins of a callee. `given` are the array parameters that the reverse twin takes, `wrt` those with cotangents,
    `outputs` the results with cotangents, `kinds` those of the stacks."""

    callee: Callee
    forward: Callee
    reverse: Callee
    given: tuple[int, ...]
    wrt: tuple[int, ...]
    outputs: tuple[int, ...]
    kinds: tuple[Kind, ...]

    @property
    def accumulated(self) -> tuple[int, ...]:
        """The array parameters whose cotangent the reverse twin adds to in place."""
        params = self.callee.function.data_params
        return tuple(k for k in self.wrt if params[k].is_array and k not in self.callee.consumes)


@dataclass(slots=True, eq=False)
class Stacks:
    """The stacks of one program; `make` builds the twins of a callee (None where it cannot have any). `is_framed`: the
    regions of its loops push, too (see `transforms.frames`)."""

    builder: Builder
    make: Callable[[Callee], Twins | None]
    is_framed: bool = False
    pairs: dict[Kind, Pair] = field(default_factory=dict)
    reached: dict[Op, Twins] = field(default_factory=dict)

    def twins(self, callee: Callee) -> Twins | None:
        """The twins of a callee that calls itself."""
        return self.make(callee) if callee.rule is None and is_recursive(callee) else None

    def pair(self, kind: Kind) -> Pair:
        """The stack of a kind, empty where the program begins."""
        if kind not in self.pairs:
            with self.builder.outside(1):
                elements = emit(self.builder, "list", kind=kind)
                self.pairs[kind] = Pair(self.builder.slot(elements.type, elements, f"stack_{kind.value}"),
                                        self.builder.slot(INT, ZERO, f"height_{kind.value}"))
        return self.pairs[kind]

    def state(self, kinds: Sequence[Kind]) -> list[Value]:
        """What the stacks hold here."""
        return [self.builder.held(slot) for kind in kinds
                for slot in (self.pair(kind).elements, self.pair(kind).length)]

    def after(self, kinds: Sequence[Kind], values: Sequence[Value]) -> None:
        """Give the stacks what a call has left of them."""
        for k, kind in enumerate(kinds):
            self.builder.write(self.pair(kind).elements, values[2 * k])
            self.builder.write(self.pair(kind).length, values[2 * k + 1])

    def call(self, op: Op, operands: Sequence[Value]) -> Sequence[Value]:
        """The forward twin instead of the callee: what the callee gives."""
        twins = self.reached[op]
        results = call_results(twins.callee, operands)
        state = self.state(twins.kinds)
        made = [Value(v.type, v.name) for v in state]
        self.builder.call(twins.forward, [*operands, *state], [*results, *made])
        self.after(twins.kinds, made)
        return results

    def pull(self, op: Op, twins: Twins, primal: Primal, bars: Cotangents) -> None:
        """The reverse twin of a call."""
        self.reached[op] = twins
        operands = [primal.get(op.operands[k]) for k in twins.given]
        grown: list[int] = []
        for k in twins.accumulated:
            fresh = op.operands[k] not in bars.active or any(op.operands[j] is op.operands[k] for j in grown)
            operands.append(self.zero(op.operands[k], primal) if fresh else bars.buffer(op.operands[k]))
            if not fresh:
                grown.append(k)
        for k in twins.outputs:
            bar = bars.read(op.results[k])
            operands.append(bar if bar is not None else self.zero(op.results[k], primal))
        state = self.state(twins.kinds)
        names = [f"{op.operands[k].name or 'x'}_bar" for k in twins.wrt]
        made = [Value(mirrored(op.operands[k].type, primal), name) for k, name in zip(twins.wrt, names, strict=True)]
        left = [Value(v.type, v.name) for v in state]
        self.builder.call(twins.reverse, [*operands, *state], [*made, *left])
        self.after(twins.kinds, left)
        for k, bar in zip(twins.wrt, made, strict=True):
            if k in grown:
                bars.put(op.operands[k], bar)
            else:
                bars.add(op.operands[k], bar, owned=True)

    def zero(self, value: Value, primal: Primal) -> Value:
        """A cotangent that nothing has contributed to."""
        return zero(self.builder, mirrored(value.type, primal))


# ---------------------------------------------------------------------- making the twins
@dataclass(frozen=True)
class Halves:
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


def twins_of(callee: Callee, halves: Callable[[Function, Twins], Halves]) -> Twins | None:
    """The twins of a callee, made once. `halves` differentiates its body with twins that are under construction."""
    if "twins" in callee.derived:
        found: Twins | None = callee.derived["twins"]
        return found
    body = optimize(callee.function)
    params, results = body.data_params, body.results
    given = tuple(k for k, p in enumerate(params) if p.is_array and k not in callee.consumes)
    wrt = tuple(k for k, p in enumerate(params) if p.kind.is_inexact)
    outputs = tuple(k for k, r in enumerate(results) if r.kind.is_inexact)
    kinds: tuple[Kind, ...] = ()
    while wrt and outputs:
        twins = Twins(callee, Callee(callee.name), Callee(f"{callee.name}_vjp"), given, wrt, outputs, kinds)
        callee.derived["twins"] = twins
        _declare_consumed(twins)
        made = _cut(twins, halves(body, twins))
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
    callee.derived["twins"] = None
    return None


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


def _cut(twins: Twins, halves: Halves) -> tuple[set[Kind], Function, Function] | None:
    """The two functions, and the kinds that they push; None where something that is needed cannot be pushed."""
    ops = halves.whole.block.ops
    forward, reverse = ops[:halves.cut], ops[halves.cut:]
    r = Builder(twins.reverse.name)
    r.span = halves.whole.span
    env: dict[Value, Value] = {}
    copies = halves.whole.data_params

    def param(value: Value) -> None:
        """A parameter of the reverse twin; its dimensions become known by it."""
        position = len(r.params) - len(r.shape_params)
        for axis, dim in enumerate(value.dims):
            if not isinstance(dim, Constant) and dim not in env:
                env[dim] = r.param(ScalarType(Kind.INT), dim.name, (position, axis))
        env[value] = r.param(substitute_type(value.type, env), value.name)
    for k in twins.given:
        param(copies[k])
    for value in (*halves.accumulated, *halves.seeds, *halves.popped):
        param(value)
    waiting = [v for v in _free(reverse, (*halves.bars, *halves.left)) if v not in env]
    growing = {v for v in waiting if isinstance(v.type, ArrayType) and v.type.growable}
    needed = halves.kinds | {v.kind for v in waiting if v not in growing}
    if not needed <= set(twins.kinds):
        return set(needed), halves.whole, halves.whole
    if growing:
        return None
    waiting = in_order(waiting)
    _pop(r, twins, halves, env, waiting)
    replay = Replay(r, env)
    replay.block(Block((), reverse, ()))
    backward = r.finish([replay.get(v) for v in (*halves.bars, *halves.left)])
    return set(needed), _pushing(twins, halves, forward, waiting), backward


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


def _pushing(twins: Twins, halves: Halves, ops: Sequence[Op], values: Sequence[Value]) -> Function:
    """The forward twin: the forward sweep, and the values pushed."""
    b = Builder(twins.forward.name)
    b.span = halves.whole.span
    b.params, b.shape_params = list(halves.whole.params), dict(halves.whole.shape_params)
    b.frames[0].ops = list(ops)
    stacks = _stacks(b, twins, halves.pushed)
    for value in values:
        push(b, stacks[value.kind], value)
    left = [b.held(slot) for pair in stacks.values() for slot in (pair.elements, pair.length)]
    return b.finish([*halves.primal, *left])


def _pop(r: Builder, twins: Twins, halves: Halves, env: dict[Value, Value], values: Sequence[Value]) -> None:
    """The values off the stacks. What is left of the stacks takes their place in `env`."""
    stacks = _stacks(r, twins, [env[v] for v in halves.popped])
    for value in reversed(values):
        env[value] = pop(r, stacks[value.kind], substitute_type(value.type, env), value.name)
    for k, kind in enumerate(twins.kinds):
        env[halves.popped[2 * k]] = r.held(stacks[kind].elements)
        env[halves.popped[2 * k + 1]] = r.held(stacks[kind].length)
