"""Cotangents as slots: what reverse mode accumulates, and who owns which buffer.

A cotangent that nothing has contributed to is a symbolic zero (None); a region that needs a value for it makes zeros.

Invariant: every array held by a cotangent slot belongs to that slot alone, so that it may be updated in place. A
contribution that other values share is copied (views too); one made for the purpose, or moved along a chain, is not.
"""

from __future__ import annotations

from workbench.ir import ArrayType, Builder, Constant, ScalarType, Slot, Type, Value, same_dim
from workbench.rules import emit
from workbench.transforms.recall import Primal, Scope, mirrored
from workbench.transforms.residuals import whole
from workbench.transforms.structure import Structure

VIEWS = frozenset({"reshape", "transpose", "broadcast", "real", "imag"})


def zero(builder: Builder, type_: Type) -> Value:
    """A zero of a type (a new buffer, if an array)."""
    if isinstance(type_, ScalarType):
        return Constant(0, type_.kind)
    if type_.growable:
        return emit(builder, "list", kind=type_.kind)
    return emit(builder, "full", Constant(0, type_.kind), *type_.dims)


def retyped(builder: Builder, value: Value, type_: Type) -> Value:
    """The value with the dimensions that a type names (equal numbers under other names)."""
    if not isinstance(type_, ArrayType) or type_.growable:
        return value
    if all(same_dim(a, b, builder.definitions.get) for a, b in zip(value.dims, type_.dims, strict=True)):
        return value
    return emit(builder, "reshape", value, *type_.dims)


class Cotangents:
    """The cotangents of active values, looked up in the reverse region that mirrors each value's own."""

    def __init__(self, builder: Builder, structure: Structure, active: frozenset[Value], primal: Primal) -> None:
        self.builder = builder
        self.structure = structure
        self.active = active
        self.primal = primal

    def slot(self, type_: Type, name: str, depth: int | None = None) -> Slot:
        """A new, untouched cotangent."""
        return self.builder.slot(type_, None, name, lambda b: zero(b, type_), depth)

    def of(self, value: Value) -> Slot:
        """The cotangent of a value."""
        scope: Scope = self.primal.scopes[self.structure.home[value]]
        slot = scope.bars.get(value)
        if slot is None:
            name = f"{value.name}_bar" if value.name else "bar"
            slot = self.slot(mirrored(value.type, self.primal), name, scope.depth)
            scope.bars[value] = slot
        return slot

    def read(self, value: Value) -> Value | None:
        """What has been contributed, or None. It takes the name of what it is the cotangent of."""
        bar = self.builder.read(self.of(value)) if value in self.active else None
        if bar is not None and value.name and not bar.name and not isinstance(bar, Constant):
            bar.name = f"{value.name}_bar"
        return bar

    def buffer(self, value: Value) -> Value:
        """What has been contributed, zeros if nothing: a buffer to update in place (then `put` it back)."""
        slot = self.of(value)
        held = self.builder.read(slot)
        return held if held is not None else zero(self.builder, slot.type)

    def put(self, value: Value, buffer: Value) -> None:
        """Replace the cotangent by a buffer that is its alone."""
        if value in self.active:
            slot = self.of(value)
            self.builder.write(slot, retyped(self.builder, buffer, slot.type))

    def add(self, value: Value, contribution: Value | None, owned: bool = False) -> None:
        """Add to a cotangent. `owned`: the array is handed over."""
        if contribution is None or value not in self.active:
            return
        slot = self.of(value)
        contribution = retyped(self.builder, contribution, slot.type)
        held = self.builder.read(slot)
        if held is None:
            self.builder.write(slot, contribution if owned else self._own(contribution))
        elif not contribution.is_array:
            self.builder.write(slot, emit(self.builder, "add", held, contribution))
        elif isinstance(slot.type, ArrayType) and slot.type.growable:
            raise ValueError("two contributions to the cotangent of a growable list")
        elif self.builder.depth > slot.depth:
            box = whole(slot.type.dims)
            fixed = (False,) * slot.type.rank
            self.builder.write(slot, emit(self.builder, "slice_accum", held, contribution, *box, fixed=fixed))
        else:
            self.builder.write(slot, emit(self.builder, "add", held, contribution))

    def _own(self, contribution: Value) -> Value:
        return emit(self.builder, "copy", contribution) if contribution.is_array else contribution

    def give(self, value: Value, contribution: Value | None, shared: tuple[Value, ...] = ()) -> None:
        """Add what a rule gave: it is handed over unless it is one of the shared values or a view."""
        if contribution is None:
            return
        op = self.builder.definitions.get(contribution)
        owned = contribution not in shared and op is not None and op.prim not in VIEWS
        self.add(value, contribution, owned)
