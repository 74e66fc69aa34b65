"""Elements of array values: how a fused operation is evaluated at an index, and loops over boxes.

Invariant: indices are non-negative and within the array; the last axis of a nest is innermost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from workbench.ir import Constant, Kind, Op, Slot, Value, of_order
from workbench.passes.fusion import ONE, ZERO, Fusion
from workbench.passes.rebuild import Rebuilder
from workbench.rules import box_operands

Index = list[Value]


class Elements(Rebuilder):
    """Rebuilds a function whose fused array values (`fusion.fused`) are evaluated element by element."""

    fusion: Fusion
    #: Elements of fused values that an element is made of: found once, for in between nothing is written. (A value that
    #: has two readers, of which each has two, ... would be evaluated as often as there are ways to it.)
    _evaluated: dict[tuple[Value, ...], Value] | None = None

    # ------------------------------------------------------------------ loops
    @contextmanager
    def loop(self, dim: Value, name: str, reverse: bool = False) -> Iterator[Value]:
        """A loop over an axis; no loop for an axis of length 1."""
        if dim == ONE:
            yield ZERO
            return
        if reverse:
            index = self.builder.begin_for(self.emit("sub", dim, ONE), Constant(-1, Kind.INT), -1, name)
        else:
            index = self.builder.begin_for(ZERO, dim, name=name)
        self.depth_of[index] = self.builder.depth
        yield index
        self.builder.end_for()

    def nest(self, dims: Sequence[Value], body: Callable[[Index], None], index: Index | None = None) -> None:
        """Loops over all elements of a box, the last axis innermost."""
        index = index or []
        if len(index) == len(dims):
            body(index)
            return
        with self.loop(dims[len(index)], "ijkl"[len(index)] if len(dims) <= 4 else f"i{len(index)}") as i:
            self.nest(dims, body, [*index, i])

    def update(self, slot: Slot, prim: str, value: Value, index: Index) -> None:
        """Store or add one element of an array that a slot holds."""
        self.builder.write(slot, self.emit(prim, self.builder.held(slot), value, *index))

    def new_array(self, kind: Kind, dims: Sequence[Value], name: str, fill: Constant | None = None) -> Slot:
        """A slot holding a new array."""
        made = self.emit("full", fill, *dims) if fill is not None else self.emit("empty", *dims, kind=kind)
        made.name = made.name or name
        return self.builder.slot(made.type, made, name)

    # ------------------------------------------------------------------ elements
    def element(self, value: Value, index: Index) -> Value:
        """One element of an (old) array value; the value itself where it is a scalar. Surplus leading indices and
        indices of axes of length 1 are dropped, as in broadcasting."""
        if not value.is_array:
            return self.get(value)
        index = index[len(index) - value.rank:]
        index = [ZERO if d == ONE else i for d, i in zip(value.dims, index, strict=True)]
        op = self.fusion.fused.get(value)
        if op is None:
            return self.emit("load", self.get(value), *index)
        outer = self._evaluated
        made = self._evaluated = {} if outer is None else outer
        found = made.get((value, *index))
        if found is None:
            found = made[value, *index] = self._evaluate(op, index)
        self._evaluated = outer
        return found

    def _evaluate(self, op: Op, index: Index) -> Value:
        """One element of what a fused operation gives."""
        handler = _ELEMENTS.get(op.prim)
        if handler is not None:
            return handler(self, op, index)
        around = self.builder.span
        if around is not None and op.span is not None:  # (at the line of the loop, but of the operation's own order)
            self.builder.span = of_order(around, op.span.order)
        operands = [self.element(v, index) for v in op.operands]
        made = self.emit(op.prim, *operands, **op.attrs)
        self.builder.span = around
        return made

    def slice_element(self, op: Op, index: Index) -> Value:
        """An element of a slice: an affine index into its base."""
        return self.element(op.operands[0], self.box_index(op.operands[1:], op.attrs["fixed"], index))

    def box_index(self, operands: Sequence[Value], fixed: Sequence[bool], index: Index) -> Index:
        """Where a sub-box's element lies in the whole array."""
        starts, _, steps = box_operands(self.all(operands), fixed)
        found: Index = []
        free = iter(zip(index, steps, strict=True))
        for start, single in zip(starts, fixed, strict=True):
            if single:
                found.append(start)
                continue
            i, step = next(free)
            found.append(self.emit("add", self.emit("mul", step, i), start))
        return found

    def transpose_element(self, op: Op, index: Index) -> Value:
        """Axis k of the result is axis perm[k] of the operand."""
        source: Index = [ZERO] * len(index)
        for k, axis in enumerate(op.attrs["perm"]):
            source[axis] = index[k]
        return self.element(op.operands[0], source)

    def first_element(self, op: Op, index: Index) -> Value:
        """Of a broadcast, a copy, a full array: the operand's."""
        return self.element(op.operands[0], index)

    def iota_element(self, op: Op, index: Index) -> Value:
        """The index itself."""
        return index[0]

    def reshape_element(self, op: Op, index: Index) -> Value:
        """Axes of length 1 come and go."""
        axes = self.fusion.reshape_axes(op)
        assert axes is not None
        return self.element(op.operands[0], [ZERO if k is None else index[k] for k in axes])

    def gather_element(self, op: Op, index: Index) -> Value:
        """The element that the index arrays point at."""
        array, *pointers = op.operands
        rank = pointers[0].rank
        where = [self.element(p, index[:rank]) for p in pointers]
        return self.element(array, [*where, *index[rank:]])


_ELEMENTS: dict[str, Callable[[Elements, Op, Index], Value]] = {
    "slice": Elements.slice_element, "transpose": Elements.transpose_element, "broadcast": Elements.first_element,
    "copy": Elements.first_element, "full": Elements.first_element, "iota": Elements.iota_element,
    "reshape": Elements.reshape_element, "gather": Elements.gather_element,
}
