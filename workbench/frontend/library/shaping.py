"""Shapes: `reshape`, `transpose`, `stack`, `concatenate`, `flip`, `roll`, `tile` and the like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import arrays, indexing, layout
from workbench.frontend.describing import describe
from workbench.frontend.library.arguments import bound
from workbench.frontend.library.creation import shape_dims
from workbench.frontend.library.elementwise import as_numpy, as_operand, cast, dtype_kind
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import gives_view, handles
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.order import concatenated
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array, DynamicList, ListValue, Scalar
from workbench.ir import Constant, Kind, Value


def need_array(t: Tracer, value: Any) -> Array:
    """The argument as an array."""
    array = as_operand(t, value)
    if not isinstance(array, Array):
        if number_kind(array) is None:
            raise TypeError(f"an array is needed, not {describe(array)}")
        return t.new_array(t.emit("full", t.scalar(array), ONE))  # type: ignore[no-any-return]
    return array


def size_of(t: Tracer, dims: Sequence[Value]) -> Value:
    """The number of elements of a shape."""
    size: Value = ONE
    for dim in dims:
        size = t.emit("mul", size, dim)
    return size


def reshape(t: Tracer, array: Array, shape: Any, flattened: bool = False) -> Any:
    """`array.reshape(shape)`, one entry of which may be -1; `flattened`: `ravel`."""
    entries = [t.read(v) for v in shape.items] if isinstance(shape, ListValue) else shape
    entries = list(entries) if isinstance(entries, (tuple, list)) else [entries]
    free = [k for k, e in enumerate(entries) if not isinstance(e, Scalar) and e == -1]
    if len(free) > 1:
        raise ValueError("can only specify one unknown dimension")
    total = size_of(t, array.dims)
    known = [k for k in range(len(entries)) if k not in free]
    dims: list[Any] = [None] * len(entries)
    for k, dim in zip(known, shape_dims(t, tuple(entries[k] for k in known)), strict=True):
        dims[k] = dim
    rest = size_of(t, [dims[k] for k in known])
    message = f"cannot reshape an array of {array.rank} dimensions into this shape"
    if free:
        dims[free[0]] = _quotient(t, total, rest, list(array.dims), [dims[k] for k in known], message)
    elif not t.same(total, rest):
        if isinstance(total, Constant) and isinstance(rest, Constant):
            raise ValueError(message)
        t.check(t.emit("eq", total, rest), "ValueError", message)
    if not dims:
        return Scalar(t.emit("load", t.emit("reshape", arrays.read(t, array), ONE), Constant(0, Kind.INT)), False)
    return arrays.reshaped(t, array, dims, flattened)


def _quotient(t: Tracer, total: Value, rest: Value, have: list[Value], want: list[Value], message: str) -> Value:
    """The dimension that -1 stands for: what is left when equal dimensions are struck out, else a division."""
    left = list(have)
    for dim in want:
        match = next((k for k, h in enumerate(left) if t.same(h, dim)), None)
        if match is None:
            break
        del left[match]
    else:
        return size_of(t, left)
    if isinstance(total, Constant) and isinstance(rest, Constant):
        if rest.value == 0 or total.value % rest.value:
            raise ValueError(message)
        return Constant(total.value // rest.value, Kind.INT)
    t.check(t.emit("ne", rest, Constant(0, Kind.INT)), "ValueError", message)
    t.check(t.emit("eq", t.emit("mod", total, rest), Constant(0, Kind.INT)), "ValueError", message)
    return t.emit("floordiv", total, rest)


def row_by_row(t: Tracer, named: dict[str, Any], *order: Any) -> None:
    """Refuse another order of the elements than row by row."""
    asked = order[0] if order else named.get("order", "C")
    if asked != "C":
        t.fail(f"the order {asked!r} of elements", "transpose the array before")


@handles(np.reshape)
@gives_view
def np_reshape(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.reshape(a, shape)`."""
    row_by_row(act.t, named, *args[2:3])
    shape = args[1] if len(args) > 1 else named.get("shape", named.get("newshape"))
    return perhaps_copied(act.t, reshape(act.t, need_array(act.t, args[0]), shape), named)


def perhaps_copied(t: Tracer, array: Array, named: dict[str, Any]) -> Array:
    """A reshape, or the copy of it that the option `copy` asks for."""
    copy = named.get("copy")
    if copy is None:
        return array
    if copy is not True:
        t.fail("the option 'copy' of a reshape, unless it is True", "leave it out")
    made: Array = t.new_array(t.emit("copy", arrays.read(t, array)))
    return made


@handles(np.ravel)
@gives_view
def ravel(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.ravel`: a view where NumPy gives one."""
    row_by_row(act.t, named, *args[1:2])
    return reshape(act.t, need_array(act.t, args[0]), -1, flattened=True)


@handles(np.transpose)
@gives_view
def transpose(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.transpose(a[, axes])`."""
    t: Tracer = act.t
    array = as_operand(t, args[0])
    axes = args[1] if len(args) > 1 else named.get("axes")
    if not isinstance(array, Array):
        if axes:
            raise ValueError("axes don't match array")
        return as_numpy(t, array if isinstance(array, Scalar) else Scalar(t.scalar(array), False))
    return transposed(t, array, axes)


def transposed(t: Tracer, array: Array, axes: Any) -> Array:
    """A view with axes reversed, or in the order given."""
    if axes is None:
        order = tuple(reversed(range(array.rank)))
    else:
        entries = [t.read(v) for v in axes.items] if isinstance(axes, ListValue) else list(axes)
        order = tuple(axes_of(t, e, array.rank)[0] for e in entries)
        if sorted(order) != list(range(array.rank)):
            raise ValueError("axes don't match array")
    return arrays.transposed(t, array, order)


@handles(np.swapaxes)
@gives_view
def swapaxes(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.swapaxes(a, i, j)`."""
    t: Tracer = act.t
    if not isinstance(as_operand(t, args[0]), Array):
        raise np.exceptions.AxisError(t.static_int(args[1], "an axis"), 0)
    array = need_array(t, args[0])
    order = list(range(array.rank))
    i, j = (axes_of(t, a, array.rank)[0] for a in args[1:3])
    order[i], order[j] = order[j], order[i]
    return arrays.transposed(t, array, order)


@handles(np.squeeze)
@gives_view
def squeeze(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.squeeze(a[, axis])`: dimensions of 1 are known while specialising."""
    t: Tracer = act.t
    array = need_array(t, args[0])
    axis = args[1] if len(args) > 1 else named.get("axis")
    if axis is None:
        drop = tuple(k for k, d in enumerate(array.dims) if layout.is_one(t, d, "an axis to be squeezed"))
    else:
        drop = axes_of(t, axis, array.rank)
        if not all(layout.is_one(t, array.dims[k], "an axis to be squeezed") for k in drop):
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return indexing.get(t, array, tuple(0 if k in drop else slice(None) for k in range(array.rank)))


@handles(np.broadcast_to)
def broadcast_to(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.broadcast_to(a, shape)`, read-only, here a copy that is not read once the array was written."""
    t: Tracer = act.t
    value, dims = as_operand(t, args[0]), shape_dims(t, args[1] if len(args) > 1 else named["shape"])
    if not dims and not isinstance(value, Array):
        return as_numpy(t, Scalar(t.scalar(value), False))
    made = _spread(t, value, dims)
    return Array(made.cell, (), made.dims, made.generation, readonly=True)


@handles(np.broadcast_arrays)
def broadcast_arrays(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.broadcast_arrays(...)`, all of one shape: copies that are not written, nor read once the array was."""
    t: Tracer = act.t
    values = [as_operand(t, a) for a in args]
    shapes = [v.dims if isinstance(v, Array) else () for v in values]
    dims = arrays.broadcast_dims(t, *shapes)
    if all(len(s) == len(dims) and all(t.same(p, q) for p, q in zip(s, dims, strict=True)) for s in shapes):
        return tuple(need_array(t, v) if dims else as_numpy(t, Scalar(t.scalar(v), False)) for v in values)
    made = tuple(_spread(t, v, dims) for v in values)
    for array in made:
        array.cell.snapshot = "a write to what np.broadcast_arrays gives"
    return made


def _spread(t: Tracer, value: Any, dims: Sequence[Value]) -> Array:
    fitted = arrays.fit(t, value, dims, number_kind(value) or Kind.F64)
    made: Array = t.new_array(t.emit("copy", fitted) if fitted.is_array else t.emit("full", fitted, *dims))
    layout.laid(made, layout.repeated_order(t, value, dims))
    if isinstance(value, Array):
        value.cell.shown_by(made.cell)
    return made


# ---------------------------------------------------------------------- joining
def _parts(act: Any, value: Any) -> list[Any]:
    t: Tracer = act.t
    parts = [as_operand(t, v) for v in t.environment.items(act, value)]
    if not parts:
        raise ValueError("need at least one array to concatenate")
    return parts


def _joining(t: Tracer, args: tuple[Any, ...], named: dict[str, Any], name: str, *places: str) -> dict[str, Any]:
    """The options `axis` and `dtype`, `places` being those that may be given by position."""
    if len(args) > 1 + len(places):
        raise TypeError(f"{name}() takes {1 + len(places)} positional arguments but {len(args)} were given")
    options = {**dict(zip(places, args[1:], strict=False)), **named}
    taken = {"axis"} if args and isinstance(args[0], DynamicList) else {"axis", "dtype"}
    unknown = sorted(key for key in options.keys() - taken if key == "axis" or options[key] is not None)
    if unknown:
        t.fail(f"the options {unknown} of np.{name}", "leave them out")
    return options


def _converted(t: Tracer, parts: list[Any], dtype: Any) -> list[Any]:
    """The parts in the dtype that is asked for."""
    if dtype is None:
        return parts
    kind = dtype_kind(t, dtype)
    for part in parts:
        given = (number_kind(part) or Kind.F64).dtype
        if not np.can_cast(given, kind.dtype, "same_kind"):
            raise TypeError(f"Cannot cast array data from {given!r} to {kind.dtype!r} according to the rule "
                            "'same_kind'")
    return [cast(t, part, kind) for part in parts]


def join(t: Tracer, parts: list[Array], axis: int) -> Any:
    """Arrays one after the other along an axis: written into a new one."""
    kind = common_kind(*parts)
    if any(p.rank != parts[0].rank for p in parts):
        raise ValueError("all the input array dimensions must match exactly")
    for part in parts[1:]:
        for k, (a, b) in enumerate(zip(parts[0].dims, part.dims, strict=True)):
            if k != axis:
                arrays.require_same(t, a, b, "all the input array dimensions except for the concatenation axis must "
                                             "match exactly")
    total: Value = parts[0].dims[axis]
    for part in parts[1:]:
        total = t.emit("add", total, part.dims[axis])
    dims = [total if k == axis else d for k, d in enumerate(parts[0].dims)]
    values = [arrays.operand(t, p, kind) for p in parts]
    made = t.new_array(t.emit("empty", *dims, kind=kind))
    loose = {k for d in (dims, *(p.dims for p in parts)) for k in layout.loose_axes(t, d)}
    layout.laid(made, concatenated([layout.order(t, p) for p in parts], len(dims), sorted(loose)))
    offset: Value = Constant(0, Kind.INT)
    for part, value in zip(parts, values, strict=True):
        step = arrays.whole(made)
        base = list(step.base)
        base[axis] = arrays.Range(offset, part.dims[axis], ONE)
        view = arrays.subview(t, made, arrays.Affine(tuple(base), step.axes))
        arrays.write(t, view, value)
        offset = t.emit("add", offset, part.dims[axis])
    return made


def _rows(t: Tracer, owner: DynamicList) -> Any:
    """The arrays of a dynamic list, one after the other along a new first axis."""
    rows = as_operand(t, owner)
    t.check(t.emit("gt", rows.dims[0], Constant(0, Kind.INT)), "ValueError", "need at least one array to concatenate")
    return rows


def _rows_joined(act: Any, owner: DynamicList, axis: Any) -> Any:
    """The arrays of a dynamic list one after the other along an axis of theirs."""
    t: Tracer = act.t
    rows = _rows(t, owner)
    if rows.rank < 2:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    if axis is None:
        return reshape(t, rows, -1)
    (place,) = axes_of(t, axis, rows.rank - 1)
    beside = t.environment.call(act, np.moveaxis, (rows, 0, place), {})
    shape = [t.dim(d) for k, d in enumerate(rows.dims[1:])]
    shape[place] = -1
    return reshape(t, beside, tuple(shape))


@handles(np.concatenate)
def concatenate(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.concatenate(arrays, axis=0)`."""
    t: Tracer = act.t
    options = _joining(t, args, named, "concatenate", "axis", "out")
    axis = options.get("axis", 0)
    if isinstance(args[0], DynamicList):
        return _rows_joined(act, args[0], axis)
    parts = _parts(act, args[0])
    if any(not isinstance(p, Array) for p in parts):
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    parts = _converted(t, parts, options.get("dtype"))
    if axis is None:
        parts = [reshape(t, p, -1) for p in parts]
        axis = 0
    return join(t, parts, axes_of(t, axis, parts[0].rank)[0])


@handles(np.stack)
def stack(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.stack(arrays, axis=0)`."""
    t: Tracer = act.t
    options = _joining(t, args, named, "stack", "axis", "out")
    axis = options.get("axis", 0)
    if isinstance(args[0], DynamicList):
        return t.environment.call(act, np.moveaxis, (_rows(t, args[0]), 0, axis), {})
    parts = _converted(t, _parts(act, args[0]), options.get("dtype"))
    if not any(isinstance(p, Array) for p in parts):
        return t.environment.as_array(t, tuple(parts))
    (place,) = axes_of(t, axis, parts[0].rank + 1)
    key = (*[slice(None)] * place, None)
    return join(t, [indexing.get(t, need_array(t, p), key) for p in parts], place)


def _joined(axis: int, first: Any, name: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        options = _joining(act.t, args, named, name)
        if isinstance(args[0], DynamicList):
            rows = _rows(act.t, args[0])
            if rows.rank == 2 and first is not _as_itself:
                return rows if first is _as_rows else arrays.transposed(act.t, rows, (1, 0))
            return _rows_joined(act, args[0], 0 if axis == 1 and rows.rank == 2 else axis)
        converted = _converted(act.t, _parts(act, args[0]), options.get("dtype"))
        parts = [first(act.t, need_array(act.t, p)) for p in converted]
        place = 0 if axis == 1 and parts[0].rank == 1 else axis
        return join(act.t, parts, place)
    return handler


def _as_itself(t: Tracer, array: Array) -> Any:
    return array


def _as_rows(t: Tracer, array: Array) -> Any:
    return indexing.get(t, array, (None,)) if array.rank == 1 else array


def _as_columns(t: Tracer, array: Array) -> Any:
    return indexing.get(t, array, (slice(None), None)) if array.rank == 1 else array


handles(np.hstack)(_joined(1, _as_itself, "hstack"))
handles(np.vstack, np.row_stack)(_joined(0, _as_rows, "vstack"))
handles(np.column_stack)(_joined(1, _as_columns, "column_stack"))


@handles(np.flip)
@gives_view
def flip(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.flip`: a view that runs backwards."""
    t: Tracer = act.t
    axis = named.get("axis", args[1] if len(args) > 1 else None)
    if not isinstance(as_operand(t, args[0]), Array):
        axes_of(t, axis, 0)
        return as_numpy(t, Scalar(t.scalar(args[0]), False))
    array = need_array(t, args[0])
    axes = axes_of(t, axis, array.rank)
    back = slice(None, None, -1)
    return indexing.get(t, array, tuple(back if k in axes else slice(None) for k in range(array.rank)))


@handles(np.shape)
def shape(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.shape(a)`."""
    array = as_operand(act.t, args[0])
    return tuple(act.t.dim(d) for d in array.dims) if isinstance(array, Array) else ()


@handles(np.size)
def size(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.size(a, axis=None)`: the number of elements, or of those along axes."""
    t: Tracer = act.t
    a, axis = bound(t, "np.size", args, named, "a", axis=None)
    array = as_operand(t, a)
    dims = array.dims if isinstance(array, Array) else ()
    return t.dim(size_of(t, dims if axis is None else [dims[k] for k in axes_of(t, axis, len(dims))]))


@handles(np.ndim)
def ndim(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.ndim(a)`."""
    array = as_operand(act.t, args[0])
    return array.rank if isinstance(array, Array) else 0
