"""Reductions as loops: sums and the like, first of extremes, running totals, what masks count and point at.

Invariant: terms are combined in row-major order, one after the other, whatever the order of the loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir import Constant, Kind, Op, ScalarType, Value
from workbench.passes.elements import Elements, Index
from workbench.passes.fusion import ONE, ZERO
from workbench.rules import get

_COMBINE = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum", "any": "or", "all": "and",
            "cumsum": "add", "cumprod": "mul"}


class Reductions(Elements):
    """Writes reductions, fused with what makes their terms."""

    def each(self, op: Op, kind: Kind, dims: Sequence[Value], number: Callable[[Index], Value],
             order: Sequence[int] = ()) -> None:
        """Give an operation's result number by number, by loops over its axes in this order (that of the axes without);
        without axes it is a number."""
        if not dims:
            self.bind(op.result, number([]))
            return
        out = self.new_array(kind, dims, op.result.name)
        walked = list(order or range(len(dims)))

        def element(along: Index) -> None:
            index = along if not order else [along[walked.index(k)] for k in range(len(dims))]
            self.update(out, "store", number(index), index)

        self.nest([dims[k] for k in walked], element)
        self.bind(op.result, self.builder.held(out))

    def reduction(self, op: Op) -> None:
        """Sums and the like, fused with what makes their terms."""
        source = op.operands[0]
        axes = sorted(op.attrs["axes"])
        kept = [k for k in range(source.rank) if k not in axes]
        order = self.memory_order(source)
        if kept and kept[-1] == source.rank - 1 and len(axes) > 0 and order[-1] not in axes:
            self.add_rows(op, kept)
            return
        dims = self.type(source.type).dims
        combine, start = _COMBINE[op.prim], neutral(op.prim, op.result.kind)

        def total(outer: Index) -> Value:
            slot = self.builder.slot(ScalarType(op.result.kind), start, op.result.name)

            def step(inner: Index) -> None:
                term = self.term(op, placed([*kept, *axes], [*outer, *inner]))
                self.builder.write(slot, self.emit(combine, self.builder.held(slot), term))

            self.nest([dims[k] for k in axes], step)
            return self.builder.held(slot)

        walked = sorted(kept, key=order.index) if order[-1] in axes else kept
        self.each(op, op.result.kind, [dims[k] for k in kept], total, [kept.index(k) for k in walked])

    def term(self, op: Op, index: Index) -> Value:
        """What a reduction combines."""
        value = self.element(op.operands[0], index)
        return value if value.kind is op.result.kind else self.emit("cast", value, kind=op.result.kind)

    def add_rows(self, op: Op, kept: Sequence[int]) -> None:
        """A reduction whose innermost axis is kept: whole rows are combined with one another."""
        combine = _COMBINE[op.prim]
        dims = self.type(op.operands[0].type).dims
        out = self.new_array(op.result.kind, [dims[k] for k in kept], op.result.name,
                             neutral(op.prim, op.result.kind))

        def add_row(index: Index) -> None:
            where = [index[k] for k in kept]
            if combine == "add":
                self.update(out, "accum", self.term(op, index), where)
            else:
                old = self.emit("load", self.builder.held(out), *where)
                self.update(out, "store", self.emit(combine, old, self.term(op, index)), where)

        self.nest(dims, add_row)
        self.bind(op.result, self.builder.held(out))

    def memory_order(self, value: Value) -> list[int]:
        """The axes of a value as they lie in the memory that it is read from, the last one innermost."""
        op = self.fusion.fused.get(value)
        if op is not None and op.prim == "transpose":
            inner = self.memory_order(op.operands[0])
            return [op.attrs["perm"].index(axis) for axis in inner]
        if op is not None and (op.prim == "copy" or get(op.prim).elementwise):
            arrays = {v for v in op.operands if v.is_array}
            if len(arrays) == 1 and (array := arrays.pop()).rank == value.rank:
                return self.memory_order(array)
        return list(range(value.rank))

    def arg_extreme(self, op: Op) -> None:
        """`argmax`, `argmin`: the first of the extreme elements, or the first NaN."""
        source = op.operands[0]
        dims = self.type(source.type).dims
        axis = op.attrs.get("axis")
        axes = list(range(source.rank)) if axis is None else [axis % source.rank]
        kept = [k for k in range(source.rank) if k not in axes]

        def find(outer: Index) -> Value:
            start = neutral("max" if op.prim == "argmax" else "min", source.kind)
            best = self.builder.slot(ScalarType(source.kind), start)
            where = self.builder.slot(ScalarType(Kind.INT), ZERO, op.result.name)
            count = self.builder.slot(ScalarType(Kind.INT), ZERO)

            def step(inner: Index) -> None:
                value = self.element(source, placed([*kept, *axes], [*outer, *inner]))
                old = self.builder.held(best)
                better = self.emit("gt" if op.prim == "argmax" else "lt", value, old)
                if source.kind.is_float:
                    fresh_nan = self.emit("and", self.emit("isnan", value), self.emit("not", self.emit("isnan", old)))
                    better = self.emit("or", better, fresh_nan)
                position = inner[0] if len(axes) == 1 else self.builder.held(count)
                self.builder.write(best, self.emit("select", better, value, old))
                self.builder.write(where, self.emit("select", better, position, self.builder.held(where)))
                if len(axes) > 1:
                    self.builder.write(count, self.emit("add", self.builder.held(count), ONE))

            self.nest([dims[k] for k in axes], step)
            return self.builder.held(where)

        self.each(op, Kind.INT, [dims[k] for k in kept], find)

    def cumulative(self, op: Op) -> None:
        """`cumsum`, `cumprod` along one axis."""
        source = op.operands[0]
        dims = self.type(source.type).dims
        axis = op.attrs["axis"] % source.rank
        others = [k for k in range(source.rank) if k != axis]
        out = self.new_array(op.result.kind, dims, op.result.name)

        def run(outer: Index) -> None:
            total = self.builder.slot(ScalarType(op.result.kind), neutral(op.prim, op.result.kind))

            with self.loop(dims[axis], "i", bool(op.attrs.get("reverse"))) as along:
                index = placed([*others, axis], [*outer, along])
                value = self.emit(_COMBINE[op.prim], self.builder.held(total), self.element(source, index))
                self.builder.write(total, value)
                self.update(out, "store", value, index)

        self.nest([dims[k] for k in others], run)
        self.bind(op.result, self.builder.held(out))

    def mask_count(self, op: Op) -> None:
        """The number of true elements."""
        source = op.operands[0]
        total = self.builder.slot(ScalarType(Kind.INT), ZERO, op.result.name)

        def step(index: Index) -> None:
            one = self.emit("select", self.element(source, index), ONE, ZERO)
            self.builder.write(total, self.emit("add", self.builder.held(total), one))

        self.nest(self.type(source.type).dims, step)
        self.bind(op.result, self.builder.held(total))

    def mask_index(self, op: Op) -> None:
        """Flat positions of the true elements."""
        source = op.operands[0]
        out = self.new_array(Kind.INT, self.all(op.result.dims), op.result.name)
        found = self.builder.slot(ScalarType(Kind.INT), ZERO)
        flat = self.builder.slot(ScalarType(Kind.INT), ZERO)

        def step(index: Index) -> None:
            condition = self.element(source, index)
            position, where = self.builder.held(flat), self.builder.held(found)
            self.builder.begin_arm()
            self.update(out, "store", position, [where])
            self.builder.write(found, self.emit("add", where, ONE))
            then = self.builder.end_arm()
            self.builder.begin_arm()
            self.builder.end_if(condition, then, self.builder.end_arm())
            self.builder.write(flat, self.emit("add", position, ONE))

        self.nest(self.type(source.type).dims, step)
        self.bind(op.result, self.builder.held(out))


def placed(axes: Sequence[int], indices: Sequence[Value]) -> Index:
    """The index whose part on each of these axes (all there are) is one of these."""
    by_axis = dict(zip(axes, indices, strict=True))
    return [by_axis[k] for k in range(len(axes))]


def neutral(prim: str, kind: Kind) -> Constant:
    """The value that a reduction starts from."""
    if prim in ("any", "all"):
        return Constant(prim == "all", Kind.BOOL)
    if prim in ("max", "min"):
        if kind is Kind.BOOL:
            return Constant(prim == "min", kind)
        if kind is Kind.INT:
            return Constant(-2**63 if prim == "max" else 2**63 - 1, kind)
        return Constant(float("-inf") if prim == "max" else float("inf"), kind)
    return Constant(1 if prim in ("prod", "cumprod") else 0, kind)
