"""Copies a program through a builder, region by region: the base of the forward sweep and of forward mode.

A carried value becomes a slot, so that whatever a subclass adds (residuals, tangents) is threaded through loops and
arms by the builder.

Invariant: the copy computes what the program computes, in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ir import Block, Builder, Constant, Function, Op, Slot, Type, Value, callee_of, substitute_type
from workbench.ir.ops import marked


def declare(builder: Builder, function: Function) -> dict[Value, Value]:
    """New parameters for all parameters of a function, dimensions first (a function may add more afterwards)."""
    env: dict[Value, Value] = {}
    for param in function.params:
        env[param] = builder.param(substitute_type(param.type, env), param.name, function.shape_params.get(param))
    return env


class Replay:
    """Copies blocks; override `defined` to see each value as it is made, or the handlers of operations."""

    def __init__(self, builder: Builder, env: dict[Value, Value]) -> None:
        self.builder = builder
        self.env = env

    def get(self, value: Value) -> Value:
        """The copy of a value."""
        return value if isinstance(value, Constant) else self.builder.resolve(self.env[value])

    def type(self, value: Value) -> Type:
        """The type of a value's copy."""
        return substitute_type(value.type, {d: self.get(d) for d in value.dims})

    def bind(self, value: Value, copy: Value) -> None:
        """Enter the copy of a value."""
        self.env[value] = copy
        self.defined(value)

    def defined(self, value: Value) -> None:
        """Called when the copy of a parameter or result has been made."""

    def block(self, block: Block) -> None:
        """Copy a block."""
        self.ops(block.ops)

    def ops(self, ops: Sequence[Op]) -> None:
        """Copy operations."""
        for op in ops:
            self.builder.span = op.span
            self.op(op)

    def op(self, op: Op) -> None:
        """Copy one operation."""
        if op.prim == "for":
            self.for_(op)
        elif op.prim == "while":
            self.while_(op)
        elif op.prim == "if":
            self.if_(op)
        else:
            self.plain(op)

    def plain(self, op: Op) -> None:
        """Copy an operation without regions."""
        if op.prim == "call":
            callee, operands = callee_of(op), [self.get(v) for v in op.operands]
            if callee.is_defined:
                self.bind_all(op.results, self.builder.call(callee, operands))
            else:  # the callee is being made, and calls itself: its results are those that this call was given
                made = {r: Value(r.type, r.name) for r in op.results if not r.is_array}
                known = {d: made.get(d) or self.get(d) for r in op.results for d in r.dims}
                made |= {r: Value(substitute_type(r.type, known), r.name) for r in op.results if r.is_array}
                self.bind_all(op.results, self.builder.call(callee, operands, [made[r] for r in op.results]))
            return
        name = op.results[0].name if len(op.results) == 1 else ""
        types = [self.type(r) for r in op.results]
        copies = self.builder.emit(op.prim, [self.get(v) for v in op.operands], types, op.attrs, name=name)
        self.bind_all(op.results, copies)

    def bind_all(self, results: Sequence[Value], copies: Sequence[Value]) -> None:
        """Enter the copies of an operation's results, numbers first: arrays may have them as dimensions."""
        pairs = list(zip(results, copies, strict=True))
        for result, copy in sorted(pairs, key=lambda pair: pair[0].is_array):
            copy.name = copy.name or result.name
            self.bind(result, copy)

    # ------------------------------------------------------------------ carried values
    def carry(self, inits: Sequence[Value], params: Sequence[Value]) -> list[Slot]:
        """A slot per carried value, holding the initial values."""
        return [self.builder.slot(self.type(i), self.get(i), p.name) for i, p in zip(inits, params, strict=True)]

    def enter(self, slots: Sequence[Slot], params: Sequence[Value]) -> None:
        """Bind the body's parameters to what the slots hold in it."""
        for slot, param in zip(slots, params, strict=True):
            self.bind(param, self.read(slot))

    def leave(self, slots: Sequence[Slot], yields: Sequence[Value]) -> None:
        """Give the slots what the body yields (all at once: it may permute them)."""
        for slot, value in zip(slots, [self.get(v) for v in yields], strict=True):
            self.builder.write(slot, value)

    def read(self, slot: Slot) -> Value:
        """What a slot with a value (or a default) holds here."""
        value = self.builder.read(slot)
        if value is None:
            if slot.default is None:
                raise ValueError(f"slot {slot.name!r} has no value")
            value = slot.default(self.builder)
            self.builder.write(slot, value)
        return value

    # ------------------------------------------------------------------ regions
    def for_(self, op: Op) -> None:
        """Copy a counted loop."""
        (body,) = op.regions
        slots = self.carry(op.operands[2:], body.params[1:])
        lo, hi = (self.get(v) for v in op.operands[:2])
        index = self.builder.begin_for(lo, hi, op.attrs["step"], body.params[0].name, marked(op.attrs))
        self.bind(body.params[0], index)
        self.open_body(op, index)
        self.enter(slots, body.params[1:])
        self.block(body)
        self.leave(slots, body.yields)
        self.close_body(op)
        self.builder.end_for()
        self.results(op, slots)

    def while_(self, op: Op) -> None:
        """Copy a conditional loop."""
        before, after = op.regions
        slots = self.carry(op.operands, before.params)
        self.builder.begin_while()
        self.open_body(op, None)
        self.enter(slots, before.params)
        self.block(before)
        self.leave(slots, before.yields[1:])
        self.builder.middle_while(self.get(before.yields[0]))
        self.block(after)
        self.leave(slots, after.yields)
        self.close_body(op)
        self.builder.end_while()
        self.results(op, slots)

    def if_(self, op: Op) -> None:
        """Copy a conditional."""
        arms = []
        for region in op.regions:
            self.builder.begin_arm()
            self.block(region)
            yields = self.arm_yields(op, region)
            arms.append((self.builder.end_arm(), yields))
        self.builder.span = op.span
        (then, a), (orelse, b) = arms
        self.join(op, self.builder.end_if(self.get(op.operands[0]), then, orelse, list(zip(a, b, strict=True))))

    def arm_yields(self, op: Op, region: Block) -> list[Value]:
        """What the copy of an arm yields."""
        return [self.get(v) for v in region.yields]

    def join(self, op: Op, joined: Sequence[Value]) -> None:
        """Bind the results of a conditional to the joined yields."""
        for result, copy in zip(op.results, joined, strict=False):
            copy.name = result.name
            self.bind(result, copy)

    def open_body(self, op: Op, index: Value | None) -> None:
        """Called at the start of a loop's body (with the index of a `for`), before its parameters are bound."""

    def close_body(self, op: Op) -> None:
        """Called at the end of a loop's body, before it is closed."""

    def results(self, op: Op, slots: Sequence[Slot]) -> None:
        """Bind the results of a loop."""
        self.builder.span = op.span
        for result, slot in zip(op.results, slots, strict=True):
            copy = self.read(slot)
            self.bind(result, copy)
