"""Shapes and axes: `reshape`, `transpose`, `squeeze`, `broadcast_to`, `flip`; views where NumPy gives views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import arrays, indexing, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library.creation import shape_dims
from workbench.frontend.library.operands import as_numpy, as_operand
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import gives_view, implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array, ListValue, RangeValue, Scalar, describe
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


def row_by_row(t: Tracer, order: Any) -> None:
    """Refuse another order of the elements than row by row."""
    if order != "C":
        t.fail(f"the order {order!r} of elements", "transpose the array before")


@implements(np.reshape)
@gives_view
def np_reshape(act: Activation, a: Any, shape: Any = None, order: Any = "C", *, newshape: Any = None, copy: Any = None
               ) -> Any:
    """The elements in another shape: a view where NumPy gives one."""
    row_by_row(act.t, order)
    made = reshape(act.t, need_array(act.t, a), shape if newshape is None else newshape)
    return perhaps_copied(act.t, made, copy)


def perhaps_copied(t: Tracer, array: Array, copy: Any) -> Array:
    """A reshape, or the copy of it that the option `copy` asks for."""
    if copy is None:
        return array
    if copy is not True:
        t.fail("the option 'copy' of a reshape, unless it is True", "leave it out")
    made: Array = t.new_array(t.emit("copy", arrays.read(t, array)))
    return made


@implements(np.ravel)
@gives_view
def ravel(act: Activation, a: Any, order: Any = "C") -> Any:
    """All elements as a vector: a view where NumPy gives one."""
    row_by_row(act.t, order)
    return reshape(act.t, need_array(act.t, a), -1, flattened=True)


@implements(np.transpose)
@gives_view
def transpose(act: Activation, a: Any, axes: Any = None) -> Any:
    """A view with axes reversed, or in the order given."""
    t = act.t
    array = as_operand(t, a)
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


@implements(np.swapaxes)
@gives_view
def swapaxes(act: Activation, a: Any, axis1: Any, axis2: Any) -> Any:
    """A view with two axes exchanged."""
    t = act.t
    if not isinstance(as_operand(t, a), Array):
        raise np.exceptions.AxisError(t.static_int(axis1, "an axis"), 0)
    array = need_array(t, a)
    order = list(range(array.rank))
    i, j = (axes_of(t, axis, array.rank)[0] for axis in (axis1, axis2))
    order[i], order[j] = order[j], order[i]
    return arrays.transposed(t, array, order)


@implements(np.squeeze)
@gives_view
def squeeze(act: Activation, a: Any, axis: Any = None) -> Any:
    """A view without axes of length 1, which are known while specialising."""
    t = act.t
    array = need_array(t, a)
    if axis is None:
        drop = tuple(k for k, d in enumerate(array.dims) if layout.is_one(t, d, "an axis to be squeezed"))
    else:
        drop = axes_of(t, axis, array.rank)
        if not all(layout.is_one(t, array.dims[k], "an axis to be squeezed") for k in drop):
            raise ValueError("cannot select an axis to squeeze out which has size not equal to one")
    return indexing.get(t, array, tuple(0 if k in drop else slice(None) for k in range(array.rank)))


@implements(np.broadcast_to)
def broadcast_to(act: Activation, array: Any, shape: Any, subok: bool = False) -> Any:
    """Repeated to a shape, read-only, here a copy that is not read once the array was written."""
    t = act.t
    value, dims = as_operand(t, array), shape_dims(t, shape)
    if not dims and not isinstance(value, Array):
        return as_numpy(t, Scalar(t.scalar(value), False))
    made = _spread(t, value, dims)
    return Array(made.cell, (), made.dims, readonly=True)


@implements(np.broadcast_arrays)
def broadcast_arrays(act: Activation, *args: Any, subok: bool = False) -> Any:
    """All in one shape: copies that are not written, nor read once the array was."""
    t = act.t
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


@implements(np.flip)
@gives_view
def flip(act: Activation, m: Any, axis: Any = None) -> Any:
    """A view that runs backwards."""
    t = act.t
    if not isinstance(as_operand(t, m), Array):
        axes_of(t, axis, 0)
        return as_numpy(t, Scalar(t.scalar(m), False))
    array = need_array(t, m)
    axes = axes_of(t, axis, array.rank)
    back = slice(None, None, -1)
    return indexing.get(t, array, tuple(back if k in axes else slice(None) for k in range(array.rank)))


def _measured(act: Activation, a: Any) -> Any:
    return as_operand(act.t, act.t.environment.call(act, np.asarray, (a,), {}) if isinstance(a, RangeValue) else a)


@implements(np.shape)
def shape(act: Activation, a: Any) -> Any:
    """The dimensions."""
    array = _measured(act, a)
    return tuple(act.t.dim(d) for d in array.dims) if isinstance(array, Array) else ()


@implements(np.size)
def size(act: Activation, a: Any, axis: Any = None) -> Any:
    """The number of elements, or of those along axes."""
    t = act.t
    array = _measured(act, a)
    dims = array.dims if isinstance(array, Array) else ()
    return t.dim(size_of(t, dims if axis is None else [dims[k] for k in axes_of(t, axis, len(dims))]))


@implements(np.ndim)
def ndim(act: Activation, a: Any) -> Any:
    """The number of axes."""
    array = _measured(act, a)
    return array.rank if isinstance(array, Array) else 0
