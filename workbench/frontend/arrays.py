"""Arrays of the evaluator: views composed and resolved to base buffers, reads and writes as pure updates.

Invariant: `load`, `store`, `slice*` see base buffers only; a write through any view of a cell gives the cell its next
version, so every other view of it sees the write. Indices are checked (or proven later) before they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import layout
from workbench.frontend.numbers import is_python_number, number_kind
from workbench.frontend.order import Order, by_rows
from workbench.frontend.places import at, dims_of, numbers
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import Affine, Array, Cell, Fixed, Range, Reshape, describe
from workbench.ir import Constant, Kind, Value

Step = Affine | Reshape
_UNSURE = ("a write through a reshape that is a view or a copy, by sizes or an order in memory that are not known when "
           "compiling")
_INSTEAD = "index the array itself, or reshape a copy (`.copy()`, np.ascontiguousarray)"


def read(t: Tracer, array: Array) -> Value:
    """The elements an array shows, as an IR value (the current version itself for a whole buffer)."""
    if array.cell.stale:
        t.fail(array.cell.stale, "take the part again, or copy it before the write (`.copy()`)")
    value = t.builder.held(array.cell.slot)
    for step in array.steps:
        value = _apply(t, value, step)
    return value


def _apply(t: Tracer, value: Value, step: Step) -> Value:
    if isinstance(step, Reshape):
        return t.emit("reshape", value, *step.dims)
    value = _slice(t, value, step)
    return _arrange(t, value, step)


def _operands(step: Affine) -> tuple[list[Value], tuple[bool, ...]]:
    starts = [b.index if isinstance(b, Fixed) else b.start for b in step.base]
    lengths = [b.length for b in step.base if isinstance(b, Range)]
    steps = [b.step for b in step.base if isinstance(b, Range)]
    return [*starts, *lengths, *steps], tuple(isinstance(b, Fixed) for b in step.base)


def _slice(t: Tracer, value: Value, step: Affine) -> Value:
    operands, fixed = _operands(step)
    if all(fixed):
        return t.emit("load", value, *operands)
    if not any(fixed) and _is_whole(t, value.dims, step):
        return value
    return t.emit("slice", value, *operands, fixed=fixed)


def _is_whole(t: Tracer, dims: Sequence[Value], step: Affine) -> bool:
    return all(isinstance(b, Range) and b.start == ZERO and b.step == ONE and t.same(b.length, d)
               for b, d in zip(step.base, dims, strict=True))


def _ranged(step: Affine) -> list[int]:
    return [k for k, b in enumerate(step.base) if isinstance(b, Range)]


def _arrange(t: Tracer, value: Value, step: Affine) -> Value:
    """From the order of base axes to the view's own: transpose, then new axes."""
    kept = _ranged(step)
    order = [kept.index(axis) for axis in step.axes if axis is not None]
    if order != sorted(order):
        value = t.emit("transpose", value, perm=tuple(order))
    if None in step.axes:
        value = t.emit("reshape" if value.is_array else "full", value, *dims_of(step))
    return value


def _disarrange(t: Tracer, value: Value, step: Affine) -> Value:
    """The inverse of `_arrange`, for a value to be written."""
    kept = _ranged(step)
    order = [kept.index(axis) for axis in step.axes if axis is not None]
    if None in step.axes:
        dims = [d for d, axis in zip(dims_of(step), step.axes, strict=True) if axis is not None]
        if not dims:
            return t.emit("load", value, *[ZERO] * value.rank)
        value = t.emit("reshape", value, *dims)
    if order != sorted(order):
        value = t.emit("transpose", value, perm=tuple(order.index(k) for k in range(len(order))))
    return value


# ---------------------------------------------------------------------- writing
def write(t: Tracer, array: Array, value: Value, add: bool = False) -> None:
    """Replace (or add to) all that the array shows. `value` is a scalar or has the array's rank and dims."""
    mark_written(t, array)
    base = t.builder.held(array.cell.slot)
    t.builder.write(array.cell.slot, _write(t, base, array.steps, value, add))


def mark_written(t: Tracer, array: Array) -> None:
    """Note a write; refused where NumPy would refuse it."""
    if array.readonly:
        raise ValueError("assignment destination is read-only")
    if array.cell.snapshot:
        t.fail(array.cell.snapshot, _INSTEAD if array.cell.snapshot is _UNSURE else
               "write in each branch, or copy it for one of its names (`.copy()`)")
    if array.cell.shown_elsewhere:
        t.fail(array.cell.shown_elsewhere, _INSTEAD)
    if array.cell.uncertain is not None:
        raise Restart(array.cell.uncertain, "choice", t.span, "an array that a loop rebinds conditionally is written")
    if array.cell.source is not None:
        t.environment.array_written(array.cell.source)
    array.cell.written = array.cell.rewritten = True
    for part in _copies(array.cell):  # of what NumPy shows in place
        part.stale = "a view is read (a part, a broadcast) of an array that was written since"
        if part.depth < len(t.frames):
            t.fail("an array is written in a loop or branch, and a view of it (a part, a broadcast) was taken outside",
                   "copy the view (`.copy()`)")
    for frame in t.frames:
        frame.stores.add(array.cell)


def _copies(cell: Cell) -> list[Cell]:
    """The copies of a buffer of which NumPy has views, and those of these."""
    found: list[Cell] = []
    pending = list(cell.parts)
    while pending:
        part = pending.pop()
        if part not in found:
            found.append(part)
            pending.extend(part.parts)
    return found


def _write(t: Tracer, base: Value, steps: Sequence[Step], value: Value, add: bool) -> Value:
    if not steps:
        if base.is_array:
            return _write_whole(t, base, value, add)
        raise AssertionError("a scalar is not a buffer")
    step, rest = steps[0], steps[1:]
    if rest:
        # a view through a reshape: update the inner value, then put it back whole
        inner = t.emit("copy", _apply(t, base, step))
        return _put(t, base, step, _write(t, inner, rest, value, add), False)
    return _put(t, base, step, value, add)


def _write_whole(t: Tracer, base: Value, value: Value, add: bool) -> Value:
    starts = [ZERO] * base.rank
    steps = [ONE] * base.rank
    prim = "slice_accum" if add else "slice_store"
    return t.emit(prim, base, value, *starts, *base.dims, *steps, fixed=(False,) * base.rank)


def _put(t: Tracer, base: Value, step: Step, value: Value, add: bool) -> Value:
    if isinstance(step, Reshape):
        if value.is_array:
            value = t.emit("reshape", value, *base.dims)
        return _write_whole(t, base, value, add)
    operands, fixed = _operands(step)
    if value.is_array:
        value = _disarrange(t, value, step)
    if all(fixed):
        return t.emit("accum" if add else "store", base, value, *operands)
    return t.emit("slice_accum" if add else "slice_store", base, value, *operands, fixed=fixed)


# ---------------------------------------------------------------------- views
def subview(t: Tracer, array: Array, step: Affine) -> Array:
    """A view of an array; two affine steps in a row compose to one, unless the second shortens an axis that the first
    has made."""
    dims = dims_of(step)
    last = array.steps[-1] if array.steps else None
    if isinstance(last, Affine) and not any(axis is None and isinstance(b, Range) and not t.same(b.length, ONE)
                                            for b, axis in zip(step.base, last.axes, strict=True)):
        merged = _compose(t, last, step)
        steps = (*array.steps[:-1], merged)
    else:
        steps = (*array.steps, step)
    return Array(array.cell, steps, dims, array.readonly)


def _compose(t: Tracer, outer: Affine, inner: Affine) -> Affine:
    base: list[Fixed | Range] = list(outer.base)
    axes: list[int | None] = []
    for b, axis in zip(inner.base, outer.axes, strict=True):
        if axis is None:
            continue
        old = outer.base[axis]
        assert isinstance(old, Range)
        if isinstance(b, Fixed):
            base[axis] = Fixed(_at(t, old, b.index))
        else:
            step = t.emit("mul", old.step, b.step)
            base[axis] = Range(_at(t, old, b.start), b.length, step)
    for inner_axis in inner.axes:
        axes.append(None if inner_axis is None else outer.axes[inner_axis])
    return Affine(tuple(base), tuple(axes))


def _at(t: Tracer, axis: Range, position: Value) -> Value:
    return t.emit("add", axis.start, t.emit("mul", position, axis.step))


def moved(array: Array, move: Callable[[Value], Value | None]) -> Array | None:
    """The same view with its offsets and dimensions as values that are visible elsewhere; None where `move` cannot
    make one so."""
    places = numbers(array) if array.steps else list(array.dims)
    values = [move(v) for v in places]
    found = [v for v in values if v is not None]
    if len(found) < len(values):
        return None
    if found == places:
        return array
    return at(array, found) if array.steps else replace(array, dims=tuple(found))


def whole(array: Array) -> Affine:
    """The view of everything."""
    return Affine(tuple(Range(ZERO, d, ONE) for d in array.dims), tuple(range(array.rank)))


def transposed(t: Tracer, array: Array, order: Sequence[int]) -> Array:
    """A view with axes in another order."""
    step = whole(array)
    return subview(t, array, Affine(step.base, tuple(order)))


def reshaped(t: Tracer, array: Array, dims: Sequence[Value], flattened: bool = False) -> Array:
    """A view with another shape where the elements' places allow it, a copy otherwise, as in NumPy. `flattened`: as
    `ravel` does, which copies what is not contiguous."""
    is_view = layout.is_contiguous(t, array) if flattened else layout.reshapes(t, array, dims)
    if is_view:
        return Array(array.cell, (*array.steps, Reshape(tuple(dims))), tuple(dims), array.readonly)
    made = by_rows(len(dims)) if flattened or is_view is False else Order((0,), None) if len(dims) == 1 else None
    copy: Array = layout.laid(t.new_array(t.emit("reshape", read(t, array), *dims)), made)
    if is_view is None:
        array.cell.shown_by(copy.cell)
        copy.cell.snapshot = _UNSURE
        array.cell.shown_elsewhere = _UNSURE.replace("through a reshape that", "to an array of which a reshape")
    return copy


# ---------------------------------------------------------------------- broadcasting
def broadcast_dims(t: Tracer, *shapes: Sequence[Value]) -> tuple[Value, ...]:
    """The common shape of several; dimensions that are not provably equal are checked at run time."""
    rank = max((len(s) for s in shapes), default=0)
    result: list[Value] = []
    for axis in range(rank):
        dims = [s[axis - rank + len(s)] for s in shapes if axis - rank + len(s) >= 0]
        chosen: Value = ONE
        for dim in dims:
            dim = t.builder.resolve(dim)
            if dim == ONE:
                continue
            if chosen == ONE:
                chosen = dim
            elif not t.same(chosen, dim):
                refuse_stretching(t, chosen, dim, chosen, dim)
                require_same(t, chosen, dim, "operands could not be broadcast together")
                if isinstance(dim, Constant):
                    chosen = dim
        result.append(chosen)
    return tuple(result)


def refuse_stretching(t: Tracer, a: Value, b: Value, *lengths: Value) -> None:
    """Two dimensions that are to be equal, where NumPy would repeat an axis whose length is found to be 1: programs are
    specialised by which axes of their arguments have length 1, but not by computed lengths."""
    suspects = [d for d in lengths if not isinstance(d, Constant) and layout.may_be_one(t, d)]
    if t.same(a, b) or not suspects:
        return
    fine = t.emit("eq", a, b)
    several = t.emit("ne", suspects[0], ONE)
    for dim in suspects[1:]:
        several = t.emit("and", several, t.emit("ne", dim, ONE))
    t.check(t.emit("or", fine, several), "DifferentiationError",
            "an array whose computed length is 1 meets a longer one: repeat it with np.full, or use engine='tape'")


def require_alike(t: Tracer, a: Value, b: Value) -> None:
    """Dimensions of arrays of which a run-time condition chooses one: they must be equal, or it is refused."""
    if isinstance(a, Constant) and isinstance(b, Constant) and a != b:
        t.fail("arrays of different shapes chosen by a run-time condition", "make them one shape")
    require_same(t, a, b, "arrays chosen by a run-time condition differ in shape", "DifferentiationError")


def require_same(t: Tracer, a: Value, b: Value, message: str, exception: str = "ValueError") -> None:
    """Two dimensions must be equal: proven, or refused as NumPy does, or checked at run time."""
    if t.same(a, b):
        return
    if isinstance(a, Constant) and isinstance(b, Constant):
        kind = IndexError if exception == "IndexError" else ValueError
        raise kind(f"{message} (sizes {a.value} and {b.value})")
    t.environment.meet(t.builder.resolve(a), t.builder.resolve(b))
    t.check(t.emit("eq", a, b), exception, message)


def operand(t: Tracer, value: Any, kind: Kind) -> Value:
    """A number or array as an IR value of a kind."""
    if isinstance(value, Array):
        elements = read(t, value)
        return elements if elements.kind is kind else t.emit("cast", elements, kind=kind)
    return t.scalar(value, kind)


def require_castable(value: Any, target: Array, ufunc: Any) -> None:
    """Raise NumPy's own error where the result of a ufunc cannot be written in place (floats into integers)."""
    own = number_kind(value)
    if own is not None and not np.can_cast(own.dtype, target.kind.dtype, "same_kind"):
        one = np.zeros(0, own.dtype)
        ufunc(*[one] * ufunc.nin, out=np.zeros(0, target.kind.dtype))


def fit(t: Tracer, value: Any, dims: Sequence[Value], kind: Kind) -> Value:
    """A value to be written into a region of shape `dims`: cast, and broadcast unless it is a scalar."""
    own = number_kind(value)
    if own is None:
        raise TypeError(f"cannot write {describe(value)} into an array")
    if own.is_complex and not kind.is_complex:
        if is_python_number(value):
            raise TypeError("float() argument must be a string or a real number, not 'complex'")
        t.fail("a complex number written into a real array, which drops its imaginary part", "take the real part")
    if not isinstance(value, Array):
        return t.whole(t.emit("trunc", t.scalar(value))) if own.is_float and kind is Kind.INT else t.scalar(value, kind)
    result = operand(t, value, kind)
    if len(value.dims) > len(dims):
        lead = value.dims[: len(value.dims) - len(dims)]
        if any(d != ONE for d in lead):
            raise ValueError(f"could not broadcast an array of {value.rank} dimensions into {len(dims)}")
        result = t.emit("reshape", result, *value.dims[len(lead):])
    exact = len(result.dims) == len(dims)
    for have, want in zip(reversed(result.dims), reversed(tuple(dims)), strict=False):
        if have == ONE and want != ONE:
            exact = False
        else:
            refuse_stretching(t, have, want, have)
            require_same(t, have, want, "could not broadcast input array")
    return result if exact and all(t.same(a, b) for a, b in zip(result.dims, dims, strict=True)) else t.emit(
        "broadcast", result, *dims)


def mixes_python(*values: Any) -> bool:
    """True when all are Python's own numbers."""
    return all(is_python_number(v) for v in values)
