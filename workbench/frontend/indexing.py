"""Subscripts of arrays: from a Python key to a view, a gather, or a scatter; reads and writes through them.

Invariant: basic keys (integers, slices, `...`, `None`) give views, as in NumPy; integer arrays and boolean masks give
copies. Integers are checked against the dimension (the check is proven away later where it can be).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import arrays, bare, layout
from workbench.frontend.numbers import number_kind
from workbench.frontend.order import Order, kept, ranked
from workbench.frontend.overwriting import meet, reads_first
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Affine, Array, Choice, DynamicList, Fixed, ListValue, Range, Scalar, describe
from workbench.ir import Constant, Kind, Value
from workbench.records import dataclass


@dataclass
class _Advanced:
    """A key with integer arrays on some axes: the view it applies to, the arrays, the axes they index."""

    view: Array
    indices: list[Any]
    axes: list[int]


def get(t: Tracer, array: Array, key: Any) -> Any:
    """`array[key]`."""
    target = _resolve(t, array, key)
    if isinstance(target, Array):
        if target.rank:
            return t.new_array(t.emit("copy", arrays.read(t, target))) if array.flat else target
        number = Scalar(arrays.read(t, target), False)
        parts = key if isinstance(key, tuple) else (key,)
        return bare.part(t, array, number) if any(p is Ellipsis for p in parts) else number
    if isinstance(target, tuple):
        return _masked(t, *target)
    return _gather(t, target)


def put(t: Tracer, array: Array, key: Any, value: Any, add: bool = False) -> None:
    """`array[key] = value`, or `array[key] += value` (each element once: duplicates are for `np.add.at`)."""
    target = _resolve(t, array, key)
    if isinstance(target, Array):
        fitted = _fitted(t, value, target, array)
        if not add and isinstance(value, Array) and value.cell is target.cell and not reads_first(t, target, value):
            t.fail("a part of an array is written with a part of it in other steps: NumPy does that one by one",
                   "copy the part that is read (`.copy()`)")
        arrays.write(t, target, fitted, add)
    elif isinstance(target, tuple):
        _put_masked(t, target[0], target[1], value, add)
    else:
        _scatter(t, target, value, "scatter_store", add)


def add_at(t: Tracer, array: Array, key: Any, value: Any) -> None:
    """`np.add.at(array, key, value)`: duplicates add up."""
    target = _resolve(t, array, key)
    if isinstance(target, Array):
        arrays.write(t, target, _fitted(t, value, target, array), True)
    elif isinstance(target, tuple):
        _put_masked(t, target[0], target[1], value, True)
    else:
        _scatter(t, target, value, "scatter_accum", False)


def _fitted(t: Tracer, value: Any, target: Array, base: Array) -> Value:
    """The value for a region. One that shows the same buffer is copied first: NumPy writes as if it were."""
    fitted = arrays.fit(t, value, target.dims, target.kind)
    if isinstance(value, Array) and value.cell is base.cell and fitted.is_array:
        return t.emit("copy", fitted)
    return fitted


# ---------------------------------------------------------------------- keys
def _resolve(t: Tracer, array: Array, key: Any) -> Array | _Advanced | tuple[Array, Array]:
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [_index_array(t, p) for p in parts]
    if any(p is Ellipsis for p in parts):
        at = next(k for k, p in enumerate(parts) if p is Ellipsis)
        missing = array.rank - sum(_consumes(p) for p in parts if p is not Ellipsis)
        parts[at:at + 1] = [slice(None)] * max(missing, 0)
        if any(p is Ellipsis for p in parts):
            raise IndexError("an index can only have a single ellipsis ('...')")
    used = sum(_consumes(p) for p in parts)
    if used > array.rank:
        raise IndexError(f"too many indices for array: array is {array.rank}-dimensional, but {used} were indexed")
    parts += [slice(None)] * (array.rank - used)
    masks = [p for p in parts if isinstance(p, Array) and p.kind is Kind.BOOL]
    if masks:
        if len(parts) == 1 + sum(isinstance(p, slice) and p == slice(None) for p in parts) and parts[0] is masks[0]:
            return array, masks[0]
        parts = _without_masks(t, array, parts)
    return _basic_or_advanced(t, array, parts)


def _without_masks(t: Tracer, array: Array, parts: Sequence[Any]) -> list[Any]:
    """A key in which each mask has become the positions of its true elements, one array of them per axis, as NumPy
    takes it where there are other indices."""
    found: list[Any] = []
    axis = 0
    for part in parts:
        if not isinstance(part, Array) or part.kind is not Kind.BOOL:
            found.append(part)
            axis += _consumes(part)
            continue
        value = _mask_value(t, part, array.dims[axis:])
        rest = t.emit("mask_index", value, t.emit("mask_count", value))
        places: list[Any] = []
        for dim in reversed(part.dims[1:]):
            places.append(t.new_array(t.emit("mod", rest, dim)))
            rest = t.emit("floordiv", rest, dim)
        found.extend([t.new_array(rest), *reversed(places)])
        axis += part.rank
    return found


def _index_array(t: Tracer, part: Any) -> Any:
    """Lists and NumPy arrays in a key become arrays of the evaluator."""
    if isinstance(part, Choice):
        return t.environment.read_choice(t, part)
    if isinstance(part, (ListValue, DynamicList, np.ndarray)):
        return t.environment.as_array(t, part)
    if isinstance(part, Array) and part.kind.is_inexact:
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    if (isinstance(part, Scalar) and part.kind.is_inexact) or isinstance(part, float):
        raise IndexError("only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or "
                         "boolean arrays are valid indices")
    return part


def _consumes(part: Any) -> int:
    if part is None:
        return 0
    if isinstance(part, Array) and part.kind is Kind.BOOL:
        return part.rank
    return 1


def _basic_or_advanced(t: Tracer, array: Array, parts: Sequence[Any]) -> Array | _Advanced:
    base: list[Fixed | Range] = []
    axes: list[int | None] = []
    advanced: list[tuple[int, Any]] = []  # (axis of the view, index array)
    several = any(isinstance(p, Array) for p in parts)
    for part in parts:
        if part is None:
            axes.append(None)
            continue
        dim = array.dims[len(base)]
        if isinstance(part, slice):
            axes.append(len(base))
            base.append(slice_range(t, part, dim))
        elif isinstance(part, Array) or (several and number_kind(part) is Kind.INT):
            advanced.append((len(axes), part))
            axes.append(len(base))
            base.append(Range(ZERO, dim, ONE))
        elif number_kind(part) is Kind.INT:
            base.append(Fixed(checked_index(t, part, dim)))
        elif number_kind(part) is Kind.BOOL:
            t.fail("a boolean scalar as an index", "use an if statement")
        else:
            raise IndexError(f"an array cannot be indexed by {describe(part)}")
    view = arrays.subview(t, array, Affine(tuple(base), tuple(axes)))
    if not advanced:
        return view
    return _Advanced(view, [index for _, index in advanced], [axis for axis, _ in advanced])


def checked_index(t: Tracer, index: Any, dim: Value, message: str = "") -> Value:
    """An integer index: negative ones count from the end, out of bounds raises IndexError."""
    value = t.integer(index)
    dim = t.builder.resolve(dim)
    if isinstance(value, Constant) and isinstance(dim, Constant):
        i, n = int(value.value.real), int(dim.value.real)
        if not -n <= i < n:
            raise IndexError(f"index {i} is out of bounds for axis 0 with size {n}")
        return Constant(i % n, Kind.INT)
    if message or t.catches(IndexError):
        inside = t.emit("and", t.emit("ge", value, t.emit("neg", dim)), t.emit("lt", value, dim))
        t.check(inside, "IndexError", message or "index out of bounds")
        return t.emit("index", value, dim, checked=False)
    return t.emit("index", value, dim, checked=True)


def slice_range(t: Tracer, part: slice, dim: Value) -> Range:
    """`start:stop:step` on an axis of `dim` elements, with Python's clipping."""
    step = 1 if part.step is None else t.static_int(part.step, "the step of a slice")
    if step == 0:
        raise ValueError("slice step cannot be zero")
    dim = t.builder.resolve(dim)
    if step > 0:
        start = ZERO if part.start is None else _from_front(t, part.start, dim)
        stop = dim if part.stop is None else _clip_stop(t, part.stop, dim)
        span = t.emit("sub", stop, start)
    else:
        start = t.emit("sub", dim, ONE) if part.start is None else _clip_last(t, part.start, dim)
        stop = Constant(-1, Kind.INT) if part.stop is None else _clip_last(t, part.stop, dim)
        span = t.emit("sub", start, stop)
    size = abs(step)
    if size != 1:
        span = t.emit("floordiv", t.emit("add", span, Constant(size - 1, Kind.INT)), Constant(size, Kind.INT))
    return Range(start, _at_least_zero(t, span, dim), Constant(step, Kind.INT))


def _at_least_zero(t: Tracer, value: Value, dim: Value) -> Value:
    """A number, or 0 where it is negative; that it is not may be guarded (as that an axis is long enough)."""
    known = t.polynomial(value).constant
    if known is not None:
        return Constant(max(int(known), 0), Kind.INT)
    if t.is_nonnegative(value) or t.same(value, dim):
        return value
    short = t.polynomial(t.emit("sub", dim, value)).constant  # value = dim - short
    if short is not None and t.environment.at_least(dim, short):
        t.nonnegative.add(t.builder.resolve(value))
        return value
    return t.emit("maximum", value, ZERO)


def _wrapped(t: Tracer, bound: Any, dim: Value) -> Value:
    """A bound counted from the end where it is negative, not clipped."""
    value = t.integer(bound, "a slice bound")
    if t.is_nonnegative(value):
        return value
    if isinstance(value, Constant):
        return t.emit("add", dim, value)
    return t.emit("select", t.emit("lt", value, ZERO), t.emit("add", value, dim), value)


def _from_front(t: Tracer, bound: Any, dim: Value) -> Value:
    """A start: clipped below only (a start beyond the end leaves nothing, whatever its value)."""
    return _at_least_zero(t, _wrapped(t, bound, dim), dim)


def _clip_stop(t: Tracer, bound: Any, dim: Value) -> Value:
    value = _wrapped(t, bound, dim)
    own = t.integer(bound)
    if isinstance(own, Constant) and own.value.real < 0:
        return value
    if isinstance(value, Constant) and t.environment.at_least(dim, int(value.value.real)):
        return value
    difference = t.polynomial(t.emit("sub", dim, value)).constant
    if difference is not None and difference >= 0:
        return value
    return t.emit("minimum", value, dim)


def _clip_last(t: Tracer, bound: Any, dim: Value) -> Value:
    """A bound of a slice that runs backwards: between -1 and dim - 1."""
    value = t.emit("minimum", _wrapped(t, bound, dim), t.emit("sub", dim, ONE))
    return value if t.is_nonnegative(value) else t.emit("maximum", value, Constant(-1, Kind.INT))


# ---------------------------------------------------------------------- integer arrays
def _positions(t: Tracer, target: _Advanced) -> tuple[list[Value], tuple[Value, ...], Array]:
    """Checked index arrays of one shape, that shape, and the view with the indexed axes in front."""
    shapes = [i.dims for i in target.indices if isinstance(i, Array)]
    common = arrays.broadcast_dims(t, *shapes)
    order = [*target.axes, *(k for k in range(target.view.rank) if k not in target.axes)]
    view = target.view if order == sorted(order) else arrays.transposed(t, target.view, order)
    values = []
    for index, axis in zip(target.indices, target.axes, strict=True):
        value = arrays.read(t, index) if isinstance(index, Array) else t.integer(index)
        value = checked_positions(t, value, target.view.dims[axis])
        if not value.is_array:
            value = t.emit("full", value, *common)
        elif tuple(value.dims) != common:
            value = t.emit("broadcast", value, *common)
        values.append(value)
    return values, common, view


def checked_positions(t: Tracer, value: Value, dim: Value) -> Value:
    """Integer positions along an axis: negative ones count from the end, all are checked."""
    if not value.is_array:
        return checked_index(t, Scalar(value, True), dim)
    below = t.emit("lt", value, t.emit("neg", dim))
    beyond = t.emit("ge", value, dim)
    wrong = t.emit("any", t.emit("or", below, beyond), axes=tuple(range(value.rank)))
    t.check(t.emit("not", wrong), "IndexError", "index is out of bounds")
    return t.emit("select", t.emit("lt", value, ZERO), t.emit("add", value, dim), value)


def _result_order(target: _Advanced, index_rank: int) -> list[int] | None:
    """Where NumPy puts the index dimensions: in place of adjacent indexed axes, else in front."""
    axes = target.axes
    if axes != list(range(axes[0], axes[0] + len(axes))) or axes[0] == 0:
        return None
    lead = axes[0]
    rest = target.view.rank - len(axes)
    return [*range(index_rank, index_rank + lead), *range(index_rank), *range(index_rank + lead, index_rank + rest)]


def _gather(t: Tracer, target: _Advanced) -> Any:
    indices, common, view = _positions(t, target)
    value = t.emit("gather", arrays.read(t, view), *indices)
    order = _result_order(target, len(common))
    if order is not None:
        value = t.emit("transpose", value, perm=tuple(order))
    return layout.laid(t.new_array(value), _gathered_order(t, view, len(target.axes), [
        i for i in target.indices if isinstance(i, Array)], len(common), order))


def _gathered_order(t: Tracer, view: Array, indexed: int, indices: list[Array], lead: int, order: list[int] | None
                    ) -> Order | None:
    """How NumPy lays out what index arrays pick: their axes step furthest, the others as they did (`view`: the indexed
    axes in front; `order`: of the result's axes)."""
    found, places = layout.order(t, view), [layout.order(t, i) for i in indices]
    if found is None or (len(places) > 1 and any(o is None or not o.is_ascending for o in places)):
        return None
    rest = kept(Order(ranked(found.keys[indexed:]), 1, found.given), layout.single_axes(t, view.dims[indexed:]))
    if rest is None:
        return None
    keys = (*range(lead), *(lead + k for k in rest.keys if k is not None))
    given = rest.given.union(*(o.given for o in places if o is not None))
    return Order(keys if order is None else tuple(keys[k] for k in order), 1, given)


def _scatter(t: Tracer, target: _Advanced, value: Any, prim: str, add: bool) -> None:
    indices, common, view = _positions(t, target)
    rest = view.dims[len(target.axes):]
    dims: list[Value] = [*common, *rest]
    order = _result_order(target, len(common))
    if order is not None:
        dims = [dims[k] for k in order]
    fitted = arrays.fit(t, value, dims, view.kind)
    if not fitted.is_array:
        fitted = t.emit("full", fitted, *dims)
    if order is not None:
        fitted = t.emit("transpose", fitted, perm=tuple(order.index(k) for k in range(len(order))))
    current = arrays.read(t, view)
    if add:
        fitted = t.emit("add", t.emit("gather", current, *indices), fitted)
    if view.steps:
        arrays.write(t, view, t.emit(prim, t.emit("copy", current), fitted, *indices))
        return
    arrays.mark_written(t, view)
    t.builder.write(view.cell.slot, t.emit(prim, current, fitted, *indices))


# ---------------------------------------------------------------------- masks
def _mask_value(t: Tracer, mask: Array, dims: Sequence[Value]) -> Value:
    for have, want in zip(mask.dims, dims, strict=False):
        arrays.require_same(t, have, want, "boolean index did not match indexed array", "IndexError")
    return arrays.read(t, mask)


def _flat(t: Tracer, array: Array, mask: Array) -> tuple[Value, Value]:
    """Positions of the true elements in the flattened leading axes, and their number."""
    value = _mask_value(t, mask, array.dims)
    count = t.emit("mask_count", value)
    return t.emit("mask_index", value, count), count


def _flat_dims(t: Tracer, array: Array, mask: Array) -> tuple[Value, ...]:
    size = array.dims[0]
    for dim in array.dims[1:mask.rank]:
        size = t.emit("mul", size, dim)
    return (size, *array.dims[mask.rank:])


def _masked(t: Tracer, array: Array, mask: Array) -> Any:
    positions, _ = _flat(t, array, mask)
    value = arrays.read(t, array)
    if mask.rank > 1:
        value = t.emit("reshape", value, *_flat_dims(t, array, mask))
    made = t.new_array(t.emit("gather", value, positions))
    return layout.laid(made, _gathered_order(t, array, mask.rank, [], 1, None))


def _put_masked(t: Tracer, array: Array, mask: Array, value: Any, add: bool) -> None:
    if not isinstance(value, Array) and mask.rank == array.rank:
        chosen = _mask_value(t, mask, array.dims)
        current = arrays.read(t, array)
        scalar = arrays.fit(t, value, (), array.kind)
        new = t.emit("add", current, scalar) if add else scalar
        arrays.write(t, array, t.emit("select", chosen, new, current))
        return
    if not add and mask.rank == array.rank and isinstance(value, Array) and value.dims != (ONE,) and meet(
            t, array, value):
        t.fail("elements that a mask selects are written with a part of the same array: NumPy does that one by one",
               "copy the part that is read (`.copy()`)")
    positions, count = _flat(t, array, mask)
    dims = _flat_dims(t, array, mask)
    fitted = arrays.fit(t, value, (count, *dims[1:]), array.kind)
    if not fitted.is_array:
        fitted = t.emit("full", fitted, count, *dims[1:])
    flat = t.emit("copy", t.emit("reshape", arrays.read(t, array), *dims))
    updated = t.emit("scatter_accum" if add else "scatter_store", flat, fitted, positions)
    arrays.write(t, array, t.emit("reshape", updated, *array.dims) if mask.rank > 1 else updated)
