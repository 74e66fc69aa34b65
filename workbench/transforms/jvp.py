"""Forward mode: a program becomes one that computes its results and their tangents side by side.

The tangent of a chain of array versions is a chain of the same structure: stores go to stores, accumulations to
accumulations, and a swap swaps the tangents too. A value without tangent is a symbolic zero.

Invariant: the program's effects happen once, in its order; the tangents the caller passes are not written.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir import (
    ArrayType,
    Block,
    Builder,
    Constant,
    DifferentiationError,
    Function,
    Op,
    Slot,
    Type,
    Value,
    call_results,
    callee_of,
    differentiated,
    substitute_type,
)
from workbench.passes.activity import active
from workbench.rules import Expr, Primitive, emit, get, tangent
from workbench.transforms.calls import pushed
from workbench.transforms.cotangents import VIEWS, retyped, zero
from workbench.transforms.replay import Replay, declare
from workbench.transforms.structure import Structure


def jvp(function: Function, wrt: Sequence[int], outputs: Sequence[int]) -> Function:
    """The function and its pushforward in one.

    wrt: positions among `function.data_params` that have a tangent; outputs: positions among `function.results` whose
    tangents are wanted. Result: parameters are the function's data parameters and a tangent per `wrt` position;
    results are the function's and a tangent per output (zeros where it depends on nothing).
    Raises ValueError for inputs and outputs that carry no derivative."""
    params = [function.data_params[k] for k in wrt]
    results = [function.results[k] for k in outputs]
    for value in (*params, *results):
        if not value.kind.is_inexact:
            raise ValueError(f"{value!r} carries no derivative")
    builder = Builder(f"{function.name}_jvp")
    builder.span = function.span
    env = declare(builder, function)
    seeds = [builder.param(substitute_type(p.type, env), f"{p.name or 'x'}_dot") for p in params]
    sweep = TangentSweep(builder, env, Structure(function), active(function, params, results))
    for param, seed in zip(params, seeds, strict=True):
        sweep.seed(param, seed)
    sweep.block(function.block)
    builder.span = function.span
    tangents = [sweep.output(r, seeds) for r in results]
    return builder.finish([*(sweep.get(r) for r in function.results), *tangents])


def is_growable(value: Value) -> bool:
    """True for lists: their tangents go from version to version as they do, and are never copied."""
    return isinstance(value.type, ArrayType) and value.type.growable


class TangentSweep(Replay):
    """Copies a program with the tangents of its active values."""

    def __init__(self, builder: Builder, env: dict[Value, Value], structure: Structure, live: frozenset[Value]) -> None:
        super().__init__(builder, env)
        self.consumed = structure.consumed
        self.active = live
        self.dots: dict[Value, Value] = {}
        self.twins: dict[Slot, Slot] = {}
        self._given: set[Value] = set()

    # ------------------------------------------------------------------ tangents
    def seed(self, param: Value, seed: Value) -> None:
        """The tangent of an input."""
        if param in self.active:
            kept = param not in self.consumed or is_growable(seed)
            self.dots[param] = seed if kept else emit(self.builder, "copy", seed)

    def output(self, result: Value, seeds: Sequence[Value]) -> Value:
        """The tangent of an output, which is nobody else's."""
        dot = self.filled(result)
        if dot.is_array and (dot in seeds or dot in self._given):
            dot = emit(self.builder, "copy", dot)
        self._given.add(dot)
        return dot

    def dot(self, value: Value) -> Value | None:
        """The tangent of a value, None where it is zero."""
        found = self.dots.get(value)
        return self.builder.resolve(found) if found is not None else None

    def filled(self, value: Value) -> Value:
        """The tangent of a value, zeros if need be."""
        return self.dot(value) or zero(self.builder, self.type(value))

    # ------------------------------------------------------------------ operations
    def plain(self, op: Op) -> None:
        if op.prim == "call":
            self.call(op)
            return
        super().plain(op)
        self.push(op)

    def push(self, op: Op) -> None:
        """The tangents of the results of an operation without regions."""
        if not any(v in self.active for v in op.results):
            return
        handler = _HANDLERS.get(op.prim)
        self.builder.span = differentiated(op.span)
        found = [handler(self, op)] if handler is not None else self._rule(op)
        self.builder.span = op.span
        for result, dot in zip(op.results, found, strict=True):
            if dot is not None and result in self.active:
                dot.name = dot.name or (f"{result.name}_dot" if result.name else "")
                self.dots[result] = dot

    def call(self, op: Op) -> None:
        """The callee's pushforward gives results and tangents at once."""
        wrt = tuple(k for k, v in enumerate(op.operands) if self.dot(v) is not None)
        outputs = tuple(k for k, r in enumerate(op.results) if r in self.active)
        if not wrt or not outputs:
            super().plain(op)
            return
        callee = callee_of(op)
        made = pushed(callee, wrt, outputs, jvp)
        operands = [self.get(v) for v in op.operands]
        dots = [self.filled(op.operands[k]) for k in wrt]
        primal = call_results(callee, operands)
        tangents = [Value(primal[k].type, f"{op.results[k].name}_dot" if op.results[k].name else "") for k in outputs]
        for k, dot in enumerate(dots, len(operands)):
            kept = k not in made.consumes or is_growable(dot)
            operands.append(dot if kept else emit(self.builder, "copy", dot))
        self.builder.call(made, operands, (*primal, *tangents))
        self.bind_all(op.results, primal)
        self.dots.update(zip((op.results[k] for k in outputs), tangents, strict=True))

    def primitive(self, op: Op) -> Primitive:
        """What is known of an operation."""
        return get(op.prim)

    def _rule(self, op: Op) -> list[Value | None]:
        primitive = self.primitive(op)
        if not primitive.differentiable:
            raise DifferentiationError(f"no derivative of {op.prim} is known", op.span)
        dots = [self.dot(v) for v in op.operands]
        if all(d is None for d in dots):
            return [None] * len(op.results)
        xs = [self.expr(op, v) for v in op.operands]
        ys = tuple(self.expr(op, v) for v in op.results)
        given = [None if d is None else Expr(self.builder, d) for d in dots]
        if primitive.results == 1:
            found = [tangent(primitive, op, xs, ys[0], given)]
        else:
            found = [*tangent(primitive, op, xs, ys, given)]
        return [None if part is None else
                self._owned(op, result, retyped(self.builder, part.value, self.type(result)), dots)
                for part, result in zip(found, op.results, strict=True)]

    def expr(self, op: Op, value: Value) -> Expr:
        """An operand, or the result, of an operation whose rule is run."""
        return Expr(self.builder, self.get(value))

    def _owned(self, op: Op, result: Value, dot: Value, dots: Sequence[Value | None]) -> Value:
        """A buffer of its own, where it or what it may share a buffer with is updated later."""
        if not dot.is_array or not any(v in self.consumed for v in (result, *op.operands)):
            return dot
        made = self.builder.definitions.get(dot)
        if any(dot is d for d in dots) or made is None or made.prim in VIEWS:
            return emit(self.builder, "copy", dot)
        return dot

    def _emit(self, op: Op, dot: Value, first: int) -> Value:
        return emit(self.builder, op.prim, dot, *(self.get(v) for v in op.operands[first:]), **op.attrs)

    def linear(self, op: Op) -> Value | None:
        """`load`, `slice`, `gather`, `full`, `copy`: the same of the tangent."""
        dot = self.dot(op.operands[0])
        if dot is None:
            return None
        if op.attrs.get("kept"):  # the tangent of what was kept need not have been
            return emit(self.builder, op.prim, dot, *(self.get(v) for v in op.operands[1:]))
        return self._emit(op, dot, 1)

    def replacing(self, op: Op) -> Value | None:
        """`store` and its kin: the same with tangents, zero where a constant is stored."""
        array, value, *rest = op.operands
        dots = (self.dot(array), self.dot(value))
        if all(d is None for d in dots):
            return None
        new = dots[1] or Constant(0, value.kind)
        return emit(self.builder, op.prim, self.filled(array), new, *(self.get(v) for v in rest), **op.attrs)

    def adding(self, op: Op) -> Value | None:
        """`accum` and its kin: nothing to do where a constant is added."""
        array, value, *rest = op.operands
        added = self.dot(value)
        if added is None:
            return self.dot(array)
        return emit(self.builder, op.prim, self.filled(array), added, *(self.get(v) for v in rest), **op.attrs)

    # ------------------------------------------------------------------ regions
    def carry(self, inits: Sequence[Value], params: Sequence[Value]) -> list[Slot]:
        slots = super().carry(inits, params)
        for slot, init, param in zip(slots, inits, params, strict=True):
            if param in self.active:
                self.twins[slot] = self.tangent_slot(slot.type, self.dot(init), param.name)
        return slots

    def tangent_slot(self, type_: Type, dot: Value | None, name: str) -> Slot:
        """A variable for the tangent of a carried value of this name: zero as long as it has none."""
        return self.builder.slot(type_, dot, f"{name}_dot" if name else "", lambda b: zero(b, type_))

    def enter(self, slots: Sequence[Slot], params: Sequence[Value]) -> None:
        super().enter(slots, params)
        for slot, param in zip(slots, params, strict=True):
            if slot in self.twins:
                self.dots[param] = self.read(self.twins[slot])

    def leave(self, slots: Sequence[Slot], yields: Sequence[Value]) -> None:
        super().leave(slots, yields)
        pairs = [(self.twins[s], self.filled(v)) for s, v in zip(slots, yields, strict=True) if s in self.twins]
        for twin, dot in pairs:
            self.builder.write(twin, dot)

    def results(self, op: Op, slots: Sequence[Slot]) -> None:
        super().results(op, slots)
        for slot, result in zip(slots, op.results, strict=True):
            if slot in self.twins:
                self.dots[result] = self.read(self.twins[slot])

    def arm_yields(self, op: Op, region: Block) -> list[Value]:
        dots = [self.filled(v) for v, r in zip(region.yields, op.results, strict=True) if r in self.active]
        return [*super().arm_yields(op, region), *dots]

    def join(self, op: Op, joined: Sequence[Value]) -> None:
        super().join(op, joined)
        live = [r for r in op.results if r in self.active]
        for result, dot in zip(live, joined[len(op.results):], strict=True):
            dot.name = f"{result.name}_dot" if result.name else ""
            self.dots[result] = dot


_HANDLERS: dict[str, Callable[[TangentSweep, Op], Value | None]] = {
    "load": TangentSweep.linear, "slice": TangentSweep.linear, "gather": TangentSweep.linear,
    "full": TangentSweep.linear, "copy": TangentSweep.linear, "store": TangentSweep.replacing,
    "slice_store": TangentSweep.replacing, "scatter_store": TangentSweep.replacing,
    "accum": TangentSweep.adding, "slice_accum": TangentSweep.adding, "scatter_accum": TangentSweep.adding,
}
