"""Further parts of active values, carried beside a program: the base of forward transforms of more than one tangent.

A jet is a value with its parts: coefficients of a Taylor series, a bundle of tangents, a sum of second derivatives.
A part that is None is a symbolic zero. The parts of a chain of array versions are chains of the same structure, as in
forward mode (`jvp`). An operation whose derivative is stated as a rule of arrays is differentiated by nested forward
mode, of a program of that operation alone (`alone`).

Invariant: the program's effects happen once, in its order; what the caller passes is not written.

Source: Griewank & Walther, Evaluating Derivatives (2008), chapter 13.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir import (
    Block,
    Builder,
    Constant,
    DifferentiationError,
    Function,
    Kind,
    Op,
    ScalarType,
    Slot,
    Type,
    Value,
    callee_of,
    consumed_operands,
    substitute_type,
    uses,
)
from workbench.ir.calls import taken_params
from workbench.ir.ops import CONSUMING
from workbench.passes import Inline
from workbench.passes.silence import silenced
from workbench.rules import Expr, emit, get, tangent
from workbench.transforms.calls import refuse_repetition
from workbench.transforms.cotangents import VIEWS, retyped, zero
from workbench.transforms.jvp import jvp
from workbench.transforms.replay import Replay
from workbench.transforms.structure import Structure

# linear in all operands that move together: a part of the result is the tangent at the same part of the operands
LINEAR = frozenset({"cast", "real", "imag", "conj", "complex", "sum", "cumsum", "reshape", "transpose", "broadcast",
                    "select", "fft", "rfft", "irfft"})

Parts = list[Value | None]


def flattened(function: Function) -> Function:
    """The function with what it calls in place of the calls, but for what calls itself or has a rule."""
    return Inline(rules=True)(function)


class JetSweep(Replay):
    """Copies a program with the parts of its active values."""

    def __init__(self, builder: Builder, env: dict[Value, Value], structure: Structure, live: frozenset[Value],
                 count: int) -> None:
        super().__init__(builder, env)
        self.consumed = structure.consumed
        self.readers = uses(structure.function)
        self.active = live
        self.count = count
        self.parts: dict[Value, Parts] = {}
        self.twins: dict[Slot, list[Slot]] = {}
        self._given: set[Value] = set()
        self._holders: dict[Value, int] = {}

    # ------------------------------------------------------------------ parts
    def part_type(self, type_: Type, k: int) -> Type:
        """The type of part k of a value."""
        return type_

    def seed(self, param: Value, parts: Sequence[Value | None]) -> None:
        """The parts of an input."""
        if param in self.active:
            taken = param in self.consumed
            self.parts[param] = [emit(self.builder, "copy", p) if taken and p is not None and p.is_array else p
                                 for p in parts]

    def output(self, result: Value, k: int, seeds: Sequence[Value]) -> Value:
        """A part of an output, which is nobody else's."""
        part = self.filled(result, k)
        if part.is_array and (part in seeds or part in self._given):
            part = emit(self.builder, "copy", part)
        self._given.add(part)
        return part

    def part(self, value: Value, k: int) -> Value | None:
        """Part k of a value, None where it is zero."""
        found = self.parts.get(value)
        part = found[k] if found is not None else None
        return self.builder.resolve(part) if part is not None else None

    def filled(self, value: Value, k: int) -> Value:
        """Part k of a value, zeros if need be."""
        return self.part(value, k) or self.zero(self.part_type(self.type(value), k))

    def zero(self, type_: Type) -> Value:
        """A zero of a type."""
        return zero(self.builder, type_)

    def moves(self, value: Value) -> bool:
        """True where some part of a value is not zero."""
        return any(p is not None for p in self.parts.get(value, ()))

    # ------------------------------------------------------------------ operations
    def plain(self, op: Op) -> None:
        live = any(r in self.active for r in op.results) and any(self.moves(v) for v in op.operands)
        operands = [self.get(v) for v in op.operands]
        if live and op.prim == "call":  # its derivative is computed from what it is given
            taken = consumed_operands(op)
            operands = [emit(self.builder, "copy", v) if old in taken else v
                        for old, v in zip(op.operands, operands, strict=True)]
        super().plain(op)
        if live:
            self.push(op, operands)

    def push(self, op: Op, operands: Sequence[Value]) -> None:
        """The parts of the results of an operation without regions."""
        handler = _HANDLERS.get(op.prim)
        if handler is not None:
            found = [[handler(self, op, k) for k in range(self.count)]]
        elif op.prim != "call" and not get(op.prim).differentiable:
            raise DifferentiationError(f"no derivative of {op.prim} is known", op.span)
        else:
            found = self.rule(op, operands)
        given = [self.part(v, k) for v in op.operands for k in range(self.count)]
        for result, parts in zip(op.results, found, strict=True):
            if result in self.active:
                self.parts[result] = [None if p is None else self._kept(op, result, p, k, given)
                                      for k, p in enumerate(parts)]
                for part in self.parts[result]:
                    if part is not None:
                        self._holders[part] = self._holders.get(part, 0) + 1

    def rule(self, op: Op, operands: Sequence[Value]) -> list[Parts]:
        """The parts of each result of an operation that computes."""
        raise NotImplementedError

    def _kept(self, op: Op, result: Value, part: Value, k: int, given: Sequence[Value | None]) -> Value:
        """A part with its type's dimensions, in a buffer of its own where it or what it may share one with is updated
        later."""
        part = retyped(self.builder, part, self.part_type(self.type(result), k))
        part.name = part.name or self.name_of(result.name, k)
        if not part.is_array or op.prim in CONSUMING:  # (a chain goes on)
            return part
        if not any(v in self.consumed for v in (result, *op.operands)):
            return part
        made = self.builder.definitions.get(part)
        if any(part is g for g in given) or made is None or made.prim in VIEWS:
            return emit(self.builder, "copy", part)
        return part

    def name_of(self, name: str, k: int) -> str:
        """A name for part k of what has this one."""
        return f"{name}_{'dot' if self.count == 1 else k + 1}" if name else ""

    def tangent_at(self, op: Op, operands: Sequence[Value], parts: Sequence[Value | None]) -> Value | None:
        """The tangent of the only result of an operation at these tangents."""
        xs = [Expr(self.builder, v) for v in operands]
        given = [None if p is None else Expr(self.builder, p) for p in parts]
        found = tangent(get(op.prim), op, xs, Expr(self.builder, self.get(op.result)), given)
        return None if found is None else found.value

    def tangents_alone(self, op: Op, operands: Sequence[Value],
                       parts: Sequence[Value | None]) -> list[Value | None]:
        """The tangents of the results of any operation at these tangents."""
        function, places = alone(op, operands)
        moving = [k for k, p in enumerate(parts) if p is not None and k in places]
        outputs = [k for k, r in enumerate(op.results) if r.kind.is_inexact]
        made = jvp(function, [places[k] for k in moving], outputs)
        data = [v for v in operands if not isinstance(v, Constant)]
        found = self.inlined(made, [*data, *(p for k, p in enumerate(parts) if p is not None and k in moving)])
        rest = iter(found[len(function.results):])
        return [next(rest) if k in outputs else None for k in range(len(op.results))]

    # ------------------------------------------------------------------ memory
    def reading(self, op: Op, k: int) -> Value | None:
        """`load`, `slice`, `gather`, `full`, `copy`: the same of the part."""
        part = self.part(op.operands[0], k)
        if part is None:
            return None
        attrs = {key: v for key, v in op.attrs.items() if key != "kept"}  # (its part need not have been)
        return emit(self.builder, op.prim, part, *(self.get(v) for v in op.operands[1:]), **attrs)

    def replacing(self, op: Op, k: int) -> Value | None:
        """`store` and its kin: the same of the parts, zero where a constant is stored."""
        array, value, *rest = op.operands
        if self.part(array, k) is None and self.part(value, k) is None:
            return None
        new = self.part(value, k) or Constant(0, value.kind)
        return emit(self.builder, op.prim, self.filled(array, k), new, *(self.get(v) for v in rest), **op.attrs)

    def adding(self, op: Op, k: int) -> Value | None:
        """`accum` and its kin: nothing to do where a constant is added."""
        array, value, *rest = op.operands
        added = self.part(value, k)
        if added is None:
            return self.part(array, k)
        return emit(self.builder, op.prim, self.filled(array, k), added, *(self.get(v) for v in rest), **op.attrs)

    # ------------------------------------------------------------------ regions
    def carry(self, inits: Sequence[Value], params: Sequence[Value]) -> list[Slot]:
        slots = super().carry(inits, params)
        for slot, init, param in zip(slots, inits, params, strict=True):
            if param in self.active:
                self.twins[slot] = [self._twin(slot.type, init, param.name, k) for k in range(self.count)]
        return slots

    def _twin(self, type_: Type, init: Value, name: str, k: int) -> Slot:
        of_part = self.part_type(type_, k)
        given = None if self.part(init, k) is None else self.given_away(init, k)
        return self.builder.slot(of_part, given, self.name_of(name, k), lambda b: zero(b, of_part))

    def given_away(self, value: Value, k: int) -> Value:
        """A part of what is carried or yielded. The parts of a number may be arrays, of which one buffer is needed for
        each place that the number is given to: a copy, unless it is made here for this place alone."""
        part = self.part(value, k)
        if part is None or value.is_array or not part.is_array:
            return part or self.filled(value, k)
        made = self.builder.definitions.get(part)
        alone = len(self.readers.get(value, ())) == 1 and self._holders.get(part, 0) <= 1
        if alone and made is not None and made.prim not in VIEWS and made in self.builder.frames[-1].ops:
            return part
        return emit(self.builder, "copy", part)

    def enter(self, slots: Sequence[Slot], params: Sequence[Value]) -> None:
        super().enter(slots, params)
        for slot, param in zip(slots, params, strict=True):
            if slot in self.twins:
                self.parts[param] = [self.read(twin) for twin in self.twins[slot]]

    def leave(self, slots: Sequence[Slot], yields: Sequence[Value]) -> None:
        super().leave(slots, yields)
        pairs = [(twin, self.given_away(v, k))
                 for slot, v in zip(slots, yields, strict=True) for k, twin in enumerate(self.twins.get(slot, ()))]
        for twin, part in pairs:
            self.builder.write(twin, part)

    def results(self, op: Op, slots: Sequence[Slot]) -> None:
        super().results(op, slots)
        for slot, result in zip(slots, op.results, strict=True):
            if slot in self.twins:
                self.parts[result] = [self.read(twin) for twin in self.twins[slot]]

    def arm_yields(self, op: Op, region: Block) -> list[Value]:
        parts = [self.given_away(v, k)
                 for v, r in zip(region.yields, op.results, strict=True) if r in self.active for k in range(self.count)]
        return [*super().arm_yields(op, region), *parts]

    def join(self, op: Op, joined: Sequence[Value]) -> None:
        super().join(op, joined)
        rest = iter(joined[len(op.results):])
        for result in op.results:
            if result in self.active:
                self.parts[result] = [next(rest) for _ in range(self.count)]

    # ------------------------------------------------------------------ programs in place
    def inlined(self, function: Function, operands: Sequence[Value]) -> list[Value]:
        """The results of a function on operands, of which it takes no buffer."""
        taken = taken_params(function)
        values = [emit(self.builder, "copy", v) if k in taken else v for k, v in enumerate(operands)]
        env = dict(zip(function.data_params, values, strict=True))
        for param, (position, axis) in function.shape_params.items():
            env[param] = self.builder.resolve(values[position]).dims[axis]
        replay = Replay(self.builder, env)
        replay.block(function.block)
        return [replay.get(r) for r in function.results]


_HANDLERS: dict[str, Callable[[JetSweep, Op, int], Value | None]] = {
    "load": lambda s, op, k: s.reading(op, k), "slice": lambda s, op, k: s.reading(op, k),
    "gather": lambda s, op, k: s.reading(op, k), "full": lambda s, op, k: s.reading(op, k),
    "copy": lambda s, op, k: s.reading(op, k),
    "store": lambda s, op, k: s.replacing(op, k), "slice_store": lambda s, op, k: s.replacing(op, k),
    "scatter_store": lambda s, op, k: s.replacing(op, k),
    "accum": lambda s, op, k: s.adding(op, k), "slice_accum": lambda s, op, k: s.adding(op, k),
    "scatter_accum": lambda s, op, k: s.adding(op, k),
}


# ---------------------------------------------------------------------- one operation by itself
def alone(op: Op, operands: Sequence[Value]) -> tuple[Function, dict[int, int]]:
    """A program of one operation, which prints nothing; and which data parameter each operand is, unless constant."""
    if op.prim == "call":
        refuse_repetition(callee_of(op))
    builder = Builder(op.prim)
    builder.span = op.span
    places = {k: n for n, k in enumerate(k for k, v in enumerate(operands) if not isinstance(v, Constant))}
    env: dict[Value, Value] = {}
    for k, n in places.items():
        for axis, dim in enumerate(operands[k].dims):
            if not isinstance(dim, Constant) and dim not in env:
                env[dim] = builder.param(ScalarType(Kind.INT), dim.name, (n, axis))
    values = [builder.param(substitute_type(v.type, env), v.name) if k in places else v
              for k, v in enumerate(operands)]
    if op.prim == "call":
        results = builder.call(callee_of(op), values)
    else:
        results = builder.emit(op.prim, values, get(op.prim).result_types(values, op.attrs), op.attrs)
    return silenced(builder.finish(results)), places
