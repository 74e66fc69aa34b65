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
from dataclasses import field

from workbench.ir import Builder, Callee, Kind, Op, Value, call_results, is_recursive
from workbench.records import dataclass
from workbench.rules import emit
from workbench.transforms.cotangents import Cotangents, zero
from workbench.transforms.frames import Pair
from workbench.transforms.recall import Primal, mirrored
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
