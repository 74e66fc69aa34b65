"""Making arrays: `zeros`, `full`, `arange`, `array`, the `_like` forms, copies."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arrays, bare, indexing, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import refuse, static_option
from workbench.frontend.library.operands import as_operand, cast, dtype_kind
from workbench.frontend.library.registry import gives_view, handles, implements
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.order import by_rows
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Affine, Array, Choice, Fixed, ListValue, Scalar, describe, is_flat
from workbench.ir import Constant, Kind, Value


def shape_dims(t: Tracer, shape: Any) -> list[Value]:
    """A shape argument as integer values; a negative one raises."""
    entries = [t.read(v) for v in shape.items] if isinstance(shape, ListValue) else shape
    entries = list(entries) if isinstance(entries, (tuple, list)) else [entries]
    dims = [t.integer(e, "a dimension") for e in entries]
    for dim in dims:
        if isinstance(dim, Constant):
            if dim.value.real < 0:
                raise ValueError("negative dimensions are not allowed")
        elif not t.is_nonnegative(dim):
            t.check(t.emit("ge", dim, ZERO), "ValueError", "negative dimensions are not allowed")
    return dims


def filled(t: Tracer, dims: list[Value], number: Any, kind: Kind, order: Any = "C", model: Array | None = None) -> Any:
    """A new array of one value (a scalar when there are no dimensions), in the order asked for."""
    value = t.scalar(number, kind)
    if not dims:
        return Scalar(value, False)
    return layout.laid(t.new_array(t.emit("full", value, *dims)), layout.order_asked(t, order, model, len(dims)))


def _asked(t: Tracer, dtype: Any, default: Kind | None) -> Kind:
    """The kind of a dtype that may be asked for."""
    return dtype_kind(t, dtype) if dtype is not None else default or Kind.F64


def _refuse_options(t: Tracer, name: str, device: Any, like: Any) -> None:
    refuse(t, name, device=(device, None), like=(like, None))


def _constant_fill(number: Any, name: str) -> Any:
    def function(act: Activation, shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None,
                 like: Any = None) -> Any:
        _refuse_options(act.t, name, device, like)
        return filled(act.t, shape_dims(act.t, shape), number, _asked(act.t, dtype, None), order)
    return function


implements(np.zeros)(_constant_fill(0, "np.zeros"))
implements(np.ones)(_constant_fill(1, "np.ones"))


@implements(np.empty)
def empty(act: Activation, shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
          ) -> Any:
    """A new array of undefined elements (a number 0, where it has no axes)."""
    t = act.t
    _refuse_options(t, "np.empty", device, like)
    kind, dims = _asked(t, dtype, None), shape_dims(t, shape)
    if not dims:
        return Scalar(Constant(0, kind), False)
    order = layout.order_asked(t, order, None, len(dims))
    return layout.laid(t.new_array(t.emit("empty", *dims, kind=kind)), order)


@implements(np.full)
def full(act: Activation, shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None,
         like: Any = None) -> Any:
    """A new array of one value, or of an array that is repeated."""
    t = act.t
    _refuse_options(t, "np.full", device, like)
    value = as_operand(t, fill_value)
    kind, dims = _asked(t, dtype, number_kind(value)), shape_dims(t, shape)
    if isinstance(value, Array):
        made = t.new_array(t.emit("copy", t.emit("broadcast", arrays.operand(t, value, kind), *dims)))
        return layout.laid(made, layout.order_asked(t, order, None, len(dims)))
    return filled(t, dims, value, kind, order)


def _like(t: Tracer, a: Any, number: Any, dtype: Any, order: Any, shape: Any, undefined: bool = False) -> Any:
    """A new array in the shape, kind and order of another, where no others are asked for."""
    model = as_operand(t, a)
    kind = _asked(t, dtype, number_kind(model))
    dims = list(model.dims) if isinstance(model, Array) else []
    if shape is not None:
        dims = shape_dims(t, shape)
    whole = model if isinstance(model, Array) else None
    if undefined and dims:
        made = t.new_array(t.emit("empty", *dims, kind=kind))
        return layout.laid(made, layout.order_asked(t, order, whole, len(dims)))
    return filled(t, dims, number, kind, order, whole)


@implements(np.zeros_like)
def zeros_like(act: Activation, a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None
               ) -> Any:
    """Zeros in the shape of an array."""
    return _like(act.t, a, 0, dtype, order, shape)


@implements(np.ones_like)
def ones_like(act: Activation, a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None
              ) -> Any:
    """Ones in the shape of an array."""
    return _like(act.t, a, 1, dtype, order, shape)


@implements(np.empty_like)
def empty_like(act: Activation, prototype: Any, dtype: Any = None, order: Any = "K", subok: bool = True,
               shape: Any = None) -> Any:
    """Undefined elements in the shape of an array."""
    return _like(act.t, prototype, 0, dtype, order, shape, undefined=True)


@implements(np.full_like)
def full_like(act: Activation, a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True,
              shape: Any = None) -> Any:
    """One value in the shape of an array."""
    return _like(act.t, a, fill_value, dtype, order, shape)


@implements(np.eye)
def eye(act: Activation, N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal."""
    t = act.t
    rows, columns = (shape_dims(t, size)[0] for size in (N, N if M is None else M))
    row = t.emit("add", t.emit("iota", rows), t.integer(k))
    return t.new_array(t.emit("cast", t.emit("eq", t.emit("reshape", row, rows, ONE), t.emit(
        "reshape", t.emit("iota", columns), ONE, columns)), kind=_asked(t, dtype, None)))


@implements(np.identity)
def identity(act: Activation, n: Any, dtype: Any = None) -> Any:
    """An identity matrix."""
    return eye(act, n, None, 0, dtype)


@handles(np.arange)
def arange(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.arange([start,] stop[, step])`."""
    t = act.t
    if set(named) & {"start", "stop", "step"} or len(args) > 4:
        t.fail("np.arange with start, stop or step by name", "give them by position")
    refuse(t, "np.arange", **{key: (value, None) for key, value in named.items() if key != "dtype"})
    start, stop, step = {1: (0, *args, 1), 2: (*args, 1)}.get(len(args), args[:3])
    asked = named.get("dtype", args[3] if len(args) > 3 else None)
    dtype = None if asked is None else dtype_kind(t, asked)
    if common_kind(start, stop, step) is Kind.INT:
        result = _counted(t, start, stop, step)
    else:
        result = _spaced(act, start, stop, step, dtype)
    return result if dtype is None else cast(t, result, dtype)


def _counted(t: Tracer, start: Any, stop: Any, step: Any) -> Any:
    """The integers of a range."""
    lo, hi, by = (t.integer(v) for v in (start, stop, step))
    if not isinstance(by, Constant):
        t.fail("np.arange with a run-time step", "use start + step * np.arange(n)")
    size = Constant(abs(int(by.value.real)), Kind.INT)
    span = t.emit("sub", hi, lo) if by.value.real > 0 else t.emit("sub", lo, hi)
    count = t.emit("floordiv", t.emit("add", span, t.emit("sub", size, ONE)), size)
    count = count if t.is_nonnegative(count) else t.emit("maximum", count, ZERO)
    places = t.emit("iota", count)
    return t.new_array(t.emit("add", t.emit("mul", places, by), lo) if (by != ONE or lo != ZERO) else places)


def _spaced(act: Activation, start: Any, stop: Any, step: Any, dtype: Kind | None) -> Any:
    """The floats of a range."""
    t, binary = act.t, functools.partial(act.t.environment.binary, act)
    steps = t.scalar(binary("/", binary("-", stop, start), step), Kind.F64)
    t.check(t.emit("not", t.emit("isnan", steps)), "ValueError", "arange: cannot compute length")
    t.check(t.emit("lt", t.emit("abs", steps), Constant(2.0**60, Kind.F64)), "ValueError",
            "Maximum allowed size exceeded")
    count = t.emit("maximum", t.emit("cast", t.emit("ceil", steps), kind=Kind.INT), ZERO)
    places = t.new_array(t.emit("cast", t.emit("iota", count), kind=Kind.F64))
    result = binary("+", start, binary("*", step, places))
    if dtype in (None, Kind.F64):
        return result
    # NumPy converts the first two, and goes on in such steps
    first, second = (t.wrap(t.scalar(v, dtype), False) for v in (start, binary("+", start, step)))
    return binary("+", first, binary("*", binary("-", second, first), cast(t, places, dtype)))


@implements(np.array)
def array(act: Activation, object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", subok: bool = False,
          ndmin: Any = 0, like: Any = None) -> Any:
    """A copy; of nested lists, a new array. With copy=None or False what is as asked is given back."""
    t = act.t
    refuse(t, "np.array", like=(like, None))
    found = _array(act, object, dtype, static_option(t, copy, "copy"), order)
    return _at_least(t, found, t.static_int(ndmin, "a number of axes"))


def _array(act: Activation, given: Any, dtype: Any, copy: Any, order: Any) -> Any:
    t = act.t
    if is_flat(given) and (dtype is None or dtype_kind(t, dtype) is given.kind):
        return _elements(t, given)
    if not copy:
        return _uncopied(act, given, dtype, copy, order)
    value = as_operand(t, given)
    if number_kind(value) is None:
        raise TypeError(f"np.array of {describe(value)}")
    kind = dtype_kind(t, dtype) if dtype is not None else number_kind(value)
    assert kind is not None
    if not isinstance(value, Array):
        return Scalar(t.scalar(value, kind), False)
    if kind is not value.kind:
        return layout.laid(cast(t, value, kind), layout.order_asked(t, order, value, value.rank))
    if value is not given and not isinstance(given, Choice):
        return layout.laid(value, layout.order_asked(t, order, None, value.rank))
    return copied(t, value, order)


def _uncopied(act: Activation, given: Any, dtype: Any, copy: Any, order: Any) -> Any:
    """What is as asked for itself, else a copy, which raises where `copy` is False."""
    if dtype is None and bare.of(given):
        return given
    options = given.options if isinstance(given, Choice) else (given,)
    found = [asarray(act, option, dtype, order) for option in options]
    copies = [not isinstance(option, Array) or made.cell is not option.cell
              for option, made in zip(options, found, strict=True)]
    if copy is not None and any(copies):
        if not all(copies):
            act.t.fail("copy=False of an array that must be copied or not, as a run-time condition says",
                       "leave copy=False out")
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    return Choice(tuple(found), given.index) if isinstance(given, Choice) else found[0]


def _at_least(t: Tracer, found: Any, rank: int) -> Any:
    """With axes of length 1 in front, where there are fewer axes."""
    if isinstance(found, Array):
        return indexing.get(t, found, (None,) * (rank - found.rank)) if rank > found.rank else found
    return t.new_array(t.emit("full", t.scalar(found), *[ONE] * rank)) if rank > 0 else found


def _elements(t: Tracer, flat: Array) -> Array:
    """What NumPy makes of an `ndarray.flat`, whatever is asked for: a view; of strided arrays a read-only copy."""
    if flat.cell.shows is not None:
        return replace(copied(t, flat, "C"), readonly=True)
    if not any(isinstance(step, Affine) for step in flat.steps):
        return replace(flat, flat=None)
    made = copied(t, flat, "C")  # of a part of an array: which of them is a question of its strides
    made.cell.snapshot = "a write to what NumPy makes of the `flat` of a part of an array"
    flat.cell.shown_by(made.cell)
    return made


def copied(t: Tracer, array: Array, order: Any) -> Array:
    """A copy of an array in the order asked for."""
    made: Array = t.new_array(t.emit("copy", arrays.read(t, array)))
    return layout.laid(made, layout.order_asked(t, order, array, array.rank))  # type: ignore[no-any-return]


@implements(np.asarray, np.asanyarray)
@gives_view
def asarray(act: Activation, a: Any, dtype: Any = None, order: Any = "K", *, device: Any = None, copy: Any = None,
            like: Any = None) -> Any:
    """An array of the right dtype is given back itself."""
    t = act.t
    _refuse_options(t, "np.asarray", device, like)
    if copy is not None or is_flat(a):
        return _array(act, a, dtype, copy is None or static_option(t, copy, "copy"), order)
    if isinstance(a, Array) and (dtype is None or dtype_kind(t, dtype) is a.kind):
        if order == "F":
            turned = arrays.transposed(t, a, range(a.rank)[::-1])
            return arrays.transposed(t, _by_rows(t, turned), range(a.rank)[::-1])
        return _by_rows(t, a) if order == "C" else a
    return _array(act, a, dtype, True, order)


def _by_rows(t: Tracer, array: Array) -> Array:
    return arrays.reshaped(t, array, array.dims, flattened=True)


@implements(np.ascontiguousarray)
def ascontiguousarray(act: Activation, a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """What lies by rows is given back itself, else a copy."""
    made = asarray(act, a, dtype, "C", like=like)
    return made if isinstance(made, Array) else act.t.new_array(act.t.emit("full", act.t.scalar(made), ONE))


@implements(np.asfortranarray)
def asfortranarray(act: Activation, a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """What lies by columns is given back itself, else a copy."""
    return asarray(act, a, dtype, "F", like=like)


@implements(np.copy)
def copy(act: Activation, a: Any, order: Any = "K", subok: bool = False) -> Any:
    """A copy."""
    return _array(act, a, None, True, order)


INHOMOGENEOUS = "setting an array element with a sequence. The requested array has an inhomogeneous shape"


def from_nested(t: Tracer, value: Any, items: Any) -> Any:
    """An array of nested lists or tuples of numbers and arrays: entries are written one by one."""
    rows = [items(v) if isinstance(v, (ListValue, tuple)) else v for v in items(value)]
    rows = [from_nested(t, row, items) if isinstance(row, list) else row for row in rows]
    rows = [t.environment.read_choice(t, row) if isinstance(row, Choice) else row for row in rows]
    if not rows:
        return t.new_array(t.emit("full", Constant(0.0, Kind.F64), ZERO))
    for row in rows:
        if number_kind(row) is None:
            t.fail(f"{describe(row)} in an array of numbers", "make an array of numbers only")
    kind = common_kind(*rows)
    inner = rows[0].dims if isinstance(rows[0], Array) else ()
    for row in rows[1:]:
        dims = row.dims if isinstance(row, Array) else ()
        if len(dims) != len(inner):
            raise ValueError(INHOMOGENEOUS)
        for a, b in zip(dims, inner, strict=True):
            arrays.require_same(t, a, b, INHOMOGENEOUS)
    result = t.emit("empty", Constant(len(rows), Kind.INT), *inner, kind=kind)
    made = layout.laid(t.new_array(result), by_rows(len(inner) + 1))
    step = arrays.whole(made)
    for k, row in enumerate(rows):
        base = (Fixed(Constant(k, Kind.INT)), *step.base[1:])
        view = arrays.subview(t, made, Affine(base, tuple(range(1, made.rank))))
        arrays.write(t, view, arrays.fit(t, row, inner, kind))
    return made

