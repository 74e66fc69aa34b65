"""Array operations become explicit loops over `load` and `store`; chains are fused, so that they make no temporaries.

What stays: allocation, copies, general reshapes, and products of matrices that a library does better. Sums add their
terms in row-major order, one after the other.

Invariant: every loop writes elements of an array it carries; the last axis is innermost; indices are non-negative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from workbench.ir import ArrayType, Constant, Frame, Function, Op, ScalarType, Value, walk
from workbench.ir.ops import CONSUMING
from workbench.passes.base import Pass
from workbench.passes.elements import Index
from workbench.passes.fusion import REDUCTIONS, Fusion, unowned
from workbench.passes.rebuild import Rebuilder
from workbench.passes.reductions import Reductions
from workbench.records import dataclass
from workbench.rules import box_operands, get

_SMALL = 8
_ELEMENTS_ONLY = frozenset({"load", "store", "accum", "full", "empty", "copy", "list", "iota"})  # nothing to lower


@dataclass(frozen=True)
class Lower(Pass):
    """Array operations to loops; with `longest`, only those on arrays whose axes are constant and no longer."""

    name: ClassVar[str] = "lower"
    longest: int | None = None

    def __call__(self, function: Function) -> Function:
        """The function without array operations (but those that stay, see the module's text)."""
        if self.longest is not None and not any(map(self._is_work, walk(function.block))):
            return function
        lowerer = _Lowerer(self, function)
        return lowerer.run(function) if any(map(lowerer.is_work, walk(function.block))) else function

    def _is_work(self, op: Op) -> bool:
        """True for an operation on whole arrays that is lowered."""
        whole = op.prim not in _ELEMENTS_ONLY and any(v.is_array for v in (*op.operands, *op.results))
        return whole and self.is_eligible(op)

    def is_eligible(self, op: Op) -> bool:
        """True for operations that are lowered."""
        if op.regions:
            return False
        return self.longest is None or all(
            isinstance(dim, Constant) and dim.value <= self.longest
            for value in (*op.operands, *op.results) if value.is_array for dim in value.dims)


def _is_by_elements(op: Op) -> bool:
    return op.prim in ("slice", "transpose", "broadcast", "gather") or get(op.prim).elementwise


class _Lowerer(Reductions):
    def __init__(self, options: Lower, function: Function) -> None:
        self.options = options
        self.fusion = Fusion(function, self.options.is_eligible)
        self.unowned = unowned(function)
        self.homes: dict[Value, Frame] = {}  # of what is fused: the block that it stands in

    def is_work(self, op: Op) -> bool:
        """True for an operation that is not copied as it is."""
        if any(result in self.fusion.fused for result in op.results):
            return True
        if not self.options.is_eligible(op):
            return False
        if op.prim in _HANDLERS:
            return op.prim not in ("load", "store", "accum") or op.operands[0] in self.fusion.fused
        return any(v.is_array for v in (*op.operands, *op.results)) and _is_by_elements(op)

    def op(self, op: Op) -> None:
        """Lower one operation."""
        if len(op.results) == 1 and op.result in self.fusion.fused:
            self.homes[op.result] = self.builder.frames[-1]
            return
        handler = _HANDLERS.get(op.prim)
        if not self.options.is_eligible(op):
            self.copy(op)
        elif handler is not None:
            handler(self, op)
        elif not any(v.is_array for v in (*op.operands, *op.results)):
            self.copy(op)
        elif _is_by_elements(op):
            self.materialise(op)
        else:
            self.copy(op)

    # ------------------------------------------------------------------ stored arrays
    def materialise(self, op: Op) -> None:
        """Compute and store every element, in the buffer of a dead operand where that is possible."""
        result = op.result
        dims = self.type(result.type).dims
        reuse = self.reusable(op)
        if reuse is not None:
            old = self.get(reuse)
            slot = self.builder.slot(old.type, old, result.name or reuse.name)
        else:
            slot = self.new_array(result.kind, dims, result.name)
        self.fusion.fused[result] = op

        def body(index: Index) -> None:
            if reuse is not None:
                self.env[reuse] = self.builder.held(slot)
            value = self.element(result, index)
            self.update(slot, "store", value, index)

        self.nest(dims, body)
        if reuse is not None:
            self.env[reuse] = old
        del self.fusion.fused[result]
        self.bind(result, self.builder.held(slot))

    def reusable(self, op: Op) -> Value | None:
        """A dead array of the same type, ours, that the operation reads only where it writes."""
        if not get(op.prim).elementwise:
            return None
        seen: set[Value] = set()
        pending = [op]
        while pending:
            for operand in pending.pop().operands:
                if not operand.is_array or operand.rank != op.result.rank or operand in seen:
                    continue
                seen.add(operand)
                inner = self.fusion.fused.get(operand)
                if inner is not None and get(inner.prim).elementwise:
                    pending.append(inner)
                elif inner is None and operand not in self.unowned and self.fusion.aligned(operand, op) and (
                        self.fusion.loops(operand) == self.fusion.loops(op.result)) and (
                        self.same_type(operand, op.result)):
                    return operand
        return None

    def same_type(self, a: Value, b: Value) -> bool:
        """True for arrays of equal kind and provably equal dimensions."""
        return a.kind is b.kind and isinstance(a.type, ArrayType) and not a.type.growable and all(
            self.fusion.same(x, y) for x, y in zip(a.dims, b.dims, strict=True))

    def stored_copy(self, op: Op) -> None:
        """A copy or a reshape of a stored array is the library's; of a fused one, a loop."""
        if op.operands[0] in self.fusion.fused:
            self.materialise(op)
        else:
            self.copy(op)

    def update_box(self, op: Op) -> None:
        """`slice_store` and `slice_accum`: a loop over the box."""
        array, value, *box = op.operands
        fixed = op.attrs["fixed"]
        lengths = box_operands(self.all(box), fixed)[1]
        old = self.get(array)
        slot = self.builder.slot(old.type, old, op.result.name or array.name)
        if value is array:
            value = op.result  # a stand-in for a copy
            self.env[value] = self.emit("copy", old)
        prim = "store" if op.prim == "slice_store" else "accum"

        def body(index: Index) -> None:
            self.env[array] = self.builder.held(slot)
            element, where = self.element(value, index), self.box_index(box, fixed, index)
            with self.builder.rounding(loose="loose" in op.attrs):
                self.update(slot, prim, element, where)

        self.nest(lengths, body)
        self.env[array] = old  # as the other arm of an `if` sees it
        self.bind(op.result, self.builder.held(slot))

    def scatter(self, op: Op) -> None:
        """`scatter_store` and `scatter_accum`: a loop over the index arrays."""
        array, value, *pointers = op.operands
        rank = pointers[0].rank
        dims = self.all((*pointers[0].dims, *array.dims[len(pointers):]))
        slot = self.builder.slot(self.get(array).type, self.get(array), op.result.name or array.name)
        if value is array:
            value = op.result  # a stand-in for a copy
            self.env[value] = self.emit("copy", self.get(array))
        prim = "store" if op.prim == "scatter_store" else "accum"

        def body(index: Index) -> None:
            where = [self.element(p, index[:rank]) for p in pointers]
            self.update(slot, prim, self.element(value, index), [*where, *index[rank:]])

        self.nest(dims, body)
        self.bind(op.result, self.builder.held(slot))

    # ------------------------------------------------------------------ products
    def matmul(self, op: Op) -> None:
        """Products of stored matrices, vectors and stacks of rank 3 are the library's, small ones are loops."""
        a, b = op.operands
        small = all(isinstance(d, Constant) and d.value <= _SMALL for d in (*a.dims, *b.dims))
        if max(a.rank, b.rank) <= 3 and not small and op.result.kind.is_inexact:
            self.by_library(op)
            return
        batch = max(a.rank, b.rank) - 2
        left, right = self.type(a.type).dims, self.type(b.type).dims
        inner = left[-1]
        rows = left[-2:-1]
        columns = right[-1:] if b.rank > 1 else ()

        def product(outer: Index) -> Value:
            lead, rest = outer[:max(batch, 0)], outer[max(batch, 0):]
            i, j = rest[:len(rows)], rest[len(rows):]
            slot = self.builder.slot(ScalarType(op.result.kind), Constant(0, op.result.kind), op.result.name)

            def step(k: Index) -> None:
                x = self.element(a, [*lead, *i, *k])
                y = self.element(b, [*lead, *k, *j])
                self.builder.write(slot, self.emit("add", self.builder.held(slot), self.emit("mul", x, y)))

            self.nest([inner], step)
            return self.builder.held(slot)

        stacked = self.type(op.result.type).dims[:max(batch, 0)]
        self.each(op, op.result.kind, (*stacked, *rows, *columns), product)

    def by_library(self, op: Op) -> None:
        """A product of stored matrices; one of them may be stored by columns."""
        operands: list[Value] = []
        turned: list[bool] = []
        elsewhere: dict[Value, Op] = {}
        for value in op.operands:
            view = self.fusion.fused.get(value)
            source = view.operands[0] if view is not None else value
            turned.append(view is not None and source not in self.fusion.fused and not any(turned))
            if view is not None and not turned[-1]:
                self.materialise(view)
                if self.homes[value] is not self.builder.frames[-1]:  # it is stored in this block alone
                    elsewhere[value] = view
            operands.append(self.get(source if turned[-1] else value))
        attrs = {**op.attrs, "turned": tuple(turned)} if any(turned) else op.attrs
        (made,) = self.raw(op.prim, operands, [self.type(op.result.type)], attrs, (), [op.result.name])
        self.fusion.fused.update(elsewhere)
        self.bind(op.result, made)


def _load(lowerer: _Lowerer, op: Op) -> None:
    if op.operands[0] in lowerer.fusion.fused:
        lowerer.bind(op.result, lowerer.element(op.operands[0], list(lowerer.all(op.operands[1:]))))
    else:
        lowerer.copy(op)


_HANDLERS: dict[str, Callable[[_Lowerer, Op], None]] = {
    "reshape": _Lowerer.stored_copy,
    **dict.fromkeys(REDUCTIONS, _Lowerer.reduction), "argmax": _Lowerer.arg_extreme, "argmin": _Lowerer.arg_extreme,
    "cumsum": _Lowerer.cumulative, "cumprod": _Lowerer.cumulative, "slice_store": _Lowerer.update_box,
    "slice_accum": _Lowerer.update_box, "scatter_store": _Lowerer.scatter, "scatter_accum": _Lowerer.scatter,
    "mask_count": _Lowerer.mask_count, "mask_index": _Lowerer.mask_index, "copy": _Lowerer.stored_copy,
    "matmul": _Lowerer.matmul, "load": _load,
    **dict.fromkeys(CONSUMING & {"store", "accum"}, Rebuilder.copy),
}
