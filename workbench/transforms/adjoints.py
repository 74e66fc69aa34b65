"""Adjoints of operations without regions.

Array cotangents move along the chain of versions: the adjoint of `store` reads the element's cotangent and zeroes it in
the same buffer, of `load` accumulates in place. Mathematical primitives follow their rules (`workbench.rules`).

Source: Griewank & Walther, Evaluating Derivatives (2008), section 5.1 (adjoints of overwriting assignments).
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.ir import Builder, Constant, DifferentiationError, Kind, Op, Value, callee_of
from workbench.rules import Expr, cotangent, emit, get
from workbench.transforms.calls import Pull
from workbench.transforms.cotangents import Cotangents
from workbench.transforms.recall import Primal, mirrored, operand_of
from workbench.transforms.residuals import ONE
from workbench.transforms.stacks import Stacks
from workbench.transforms.structure import is_arithmetic


class Adjoints:
    """Emits the adjoint of one operation at a time."""

    def __init__(self, builder: Builder, bars: Cotangents, primal: Primal, pull: Pull, stacks: Stacks) -> None:
        self.stacks = stacks
        self.builder = builder
        self.pull = pull
        self.bars = bars
        self.primal = primal

    def run(self, op: Op, wanted: Callable[[Value], bool] = lambda operand: True) -> None:
        """Propagate the cotangent of the results to the operands (of an operation on numbers: to those wanted)."""
        if op.prim == "call":
            self.call(op)
            return
        bars = [self.bars.read(v) if v in self.bars.active else None for v in op.results]
        if all(bar is None for bar in bars):
            return
        handler = _HANDLERS.get(op.prim)
        if handler is not None and bars[0] is not None:
            handler(self, op, bars[0])
        else:
            self._rule(op, bars, wanted)

    def emit(self, prim: str, *operands: Value, **attrs: object) -> Value:
        """Append an operation."""
        return emit(self.builder, prim, *operands, **attrs)

    def _rest(self, op: Op, first: int) -> list[Value]:
        return [self.primal.get(v) for v in op.operands[first:]]

    def _zero(self, bar: Value) -> Constant:
        return Constant(0, bar.kind)

    def call(self, op: Op) -> None:
        """The callee's pullback, of what it needs of the primal."""
        held = {k: self.bars.read(r) for k, r in enumerate(op.results)}
        outputs = tuple(k for k, bar in held.items() if bar is not None)
        wrt = tuple(k for k, v in enumerate(op.operands) if v in self.bars.active)
        if not outputs or not wrt:
            return
        twins = self.stacks.twins(callee_of(op))
        if twins is not None:
            self.stacks.pull(op, twins, self.primal, self.bars)
            return
        pulled = self.pull(callee_of(op), wrt, outputs)
        operands = [self.primal.get(source.of(op)) for source in pulled.sources]
        operands += [bar for bar in held.values() if bar is not None]
        for k in pulled.callee.consumes:  # what was recalled may be read again
            operands[k] = self.emit("copy", operands[k])
        made = [Value(mirrored(op.operands[k].type, self.primal), f"{op.operands[k].name or 'x'}_bar") for k in wrt]
        self.builder.call(pulled.callee, operands, made)
        for k, bar in zip(wrt, made, strict=True):
            self.bars.add(op.operands[k], bar, owned=True)

    # ------------------------------------------------------------------ mathematics
    def _rule(self, op: Op, bars: list[Value | None], wanted: Callable[[Value], bool]) -> None:
        primitive = get(op.prim)
        if not primitive.differentiable:
            raise DifferentiationError(f"no derivative of {op.prim} is known", op.span)
        y_bars = tuple(None if bar is None else Expr(self.builder, bar) for bar in bars)
        shared: tuple[Value, ...] = ()
        each = is_arithmetic(op)
        for k, operand in enumerate(op.operands):
            if operand not in self.bars.active or (each and not wanted(operand)):
                continue
            self.primal.about(operand if each else None)
            # (asked anew for each)
            xs, ys = ([operand_of(self.builder, self.bars.structure, self.primal, op, v) for v in values]
                      for values in (op.operands, op.results))
            y, y_bar = (ys[0], y_bars[0]) if primitive.results == 1 else (tuple(ys), y_bars)
            part = cotangent(primitive, op, xs, y, y_bar, k)
            if part is None:
                continue
            contribution = part.value
            # the cotangent of the result is dead after this operation: the first to take it may have it
            if contribution in bars and contribution not in shared and contribution.is_array:
                self.bars.add(operand, contribution, owned=True)
                shared = (*shared, contribution)
                continue
            self.bars.give(operand, contribution, shared)
        self.primal.about(None)

    # ------------------------------------------------------------------ elements
    def load(self, op: Op, bar: Value) -> None:
        """The element's cotangent grows."""
        array = op.operands[0]
        self.bars.put(array, self.emit("accum", self.bars.buffer(array), bar, *self._rest(op, 1)))

    def store(self, op: Op, bar: Value) -> None:
        """What was overwritten has cotangent zero."""
        array, value, *_ = op.operands
        where = self._rest(op, 2)
        part = self.emit("load", bar, *where) if value in self.bars.active else None
        if array in self.bars.active:
            self.bars.put(array, self.emit("store", bar, self._zero(bar), *where))
        self.bars.add(value, part)

    def accum(self, op: Op, bar: Value) -> None:
        """The added value takes the element's cotangent."""
        array, value, *_ = op.operands
        part = self.emit("load", bar, *self._rest(op, 2)) if value in self.bars.active else None
        self.bars.put(array, bar)
        self.bars.add(value, part)

    # ------------------------------------------------------------------ boxes
    def slice(self, op: Op, bar: Value) -> None:
        """The box's cotangent grows."""
        array = op.operands[0]
        grown = self.emit("slice_accum", self.bars.buffer(array), bar, *self._rest(op, 1), **op.attrs)
        self.bars.put(array, grown)

    def slice_store(self, op: Op, bar: Value) -> None:
        """What was overwritten has cotangent zero."""
        array, value, *_ = op.operands
        box = self._rest(op, 2)
        part = self._box_part(op, value, bar, box)
        if array in self.bars.active:
            self.bars.put(array, self.emit("slice_store", bar, self._zero(bar), *box, **op.attrs))
        self.bars.add(value, part, owned=True)

    def slice_accum(self, op: Op, bar: Value) -> None:
        """The added values take the box's cotangent."""
        array, value, *_ = op.operands
        part = self._box_part(op, value, bar, self._rest(op, 2))
        self.bars.put(array, bar)
        self.bars.add(value, part, owned=True)

    def _box_part(self, op: Op, value: Value, bar: Value, box: list[Value]) -> Value | None:
        if value not in self.bars.active:
            return None
        return self._summed(self.emit("slice", bar, *box, **op.attrs), value)

    def _summed(self, part: Value, value: Value) -> Value:
        """The cotangent of what was broadcast to a box: a scalar takes the sum, an axis of length 1 too."""
        if not value.is_array:
            return self.emit("sum", part, axes=tuple(range(part.rank)))
        axes = tuple(k for k, (a, b) in enumerate(zip(value.dims, part.dims, strict=True)) if a == ONE and b != ONE)
        if not axes:
            return part
        summed = self.emit("sum", part, axes=axes)
        if len(axes) == part.rank:
            return self.emit("full", summed, *value.dims)
        return self.emit("reshape", summed, *mirrored(value.type, self.primal).dims)

    # ------------------------------------------------------------------ gathers
    def gather(self, op: Op, bar: Value) -> None:
        """Duplicates add up."""
        array = op.operands[0]
        self.bars.put(array, self.emit("scatter_accum", self.bars.buffer(array), bar, *self._rest(op, 1)))

    def scatter_accum(self, op: Op, bar: Value) -> None:
        """Every duplicate takes the element's cotangent."""
        array, value, *_ = op.operands
        part = None
        if value in self.bars.active:
            part = self._summed(self.emit("gather", bar, *self._rest(op, 2)), value)
        self.bars.put(array, bar)
        self.bars.add(value, part, owned=True)

    def scatter_store(self, op: Op, bar: Value) -> None:
        """The last of the duplicates takes the element's cotangent, the others none."""
        array, value, *_ = op.operands
        places = self._rest(op, 2)
        part = None
        if value in self.bars.active:
            part = self.emit("gather", bar, *places)
            won = self._winners(bar, places, part.rank)
            part = self._summed(self.emit("select", won, part, self._zero(part)), value)
        if array in self.bars.active:
            self.bars.put(array, self.emit("scatter_store", bar, self._zero(bar), *places))
        self.bars.add(value, part, owned=True)

    def _winners(self, bar: Value, places: list[Value], rank: int) -> Value:
        """True where no later index names the same place (with axes of length 1 to reach `rank`)."""
        shape = places[0].dims
        count: Value = Constant(1, Kind.INT)
        for dim in shape:
            count = self.emit("mul", count, dim)
        order = self.emit("iota", count)
        if len(shape) > 1:
            order = self.emit("reshape", order, *shape)
        last = self.emit("empty", *bar.dims[:len(places)], kind=Kind.INT)
        last = self.emit("scatter_store", last, order, *places)
        won = self.emit("eq", self.emit("gather", last, *places), order)
        if rank == len(shape):
            return won
        return self.emit("reshape", won, *shape, *[ONE] * (rank - len(shape)))

    # ------------------------------------------------------------------ buffers
    def full(self, op: Op, bar: Value) -> None:
        """The value takes the sum."""
        if op.operands[0] in self.bars.active:
            self.bars.add(op.operands[0], self.emit("sum", bar, axes=tuple(range(bar.rank))))

    def copy(self, op: Op, bar: Value) -> None:
        """The cotangent moves."""
        self.bars.add(op.operands[0], bar, owned=True)

    def nothing(self, op: Op, bar: Value) -> None:
        """A buffer that begins without content."""


_HANDLERS: dict[str, Callable[[Adjoints, Op, Value], None]] = {
    "load": Adjoints.load, "store": Adjoints.store, "accum": Adjoints.accum, "slice": Adjoints.slice,
    "slice_store": Adjoints.slice_store, "slice_accum": Adjoints.slice_accum, "gather": Adjoints.gather,
    "scatter_store": Adjoints.scatter_store, "scatter_accum": Adjoints.scatter_accum, "full": Adjoints.full,
    "copy": Adjoints.copy, "empty": Adjoints.nothing, "list": Adjoints.nothing,
}
