"""Making arrays: `zeros`, `full`, `arange`, `linspace`, `array`, the `_like` forms, copies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import arrays, bare, indexing, layout
from workbench.frontend.describing import describe
from workbench.frontend.library.arguments import bound, static_option
from workbench.frontend.library.elementwise import as_operand, cast, dtype_kind
from workbench.frontend.library.registry import gives_view, handles
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.order import by_rows
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Affine, Array, Choice, ListValue, Scalar, is_flat
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


def _option(args: tuple[Any, ...], named: dict[str, Any], position: int, name: str, default: Any) -> Any:
    return args[position] if len(args) > position else named.get(name, default)


def _check_options(t: Tracer, named: dict[str, Any], allowed: set[str], name: str) -> None:
    for key, value in named.items():
        if key not in allowed and not (key == "order" and value in ("C", "F", "K", "A")) and value is not None:
            t.fail(f"the option {key!r} of np.{name}", "leave it out")


def _constant_fill(number: Any, name: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        _check_options(t, named, {"shape", "dtype"}, name)
        dtype = _option(args, named, 1, "dtype", None) or np.float64
        order = _option(args, named, 2, "order", "C")
        return filled(t, shape_dims(t, _option(args, named, 0, "shape", ())), number, dtype_kind(t, dtype), order)
    return handler


handles(np.zeros)(_constant_fill(0, "zeros"))
handles(np.ones)(_constant_fill(1, "ones"))


@handles(np.empty)
def empty(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.empty`."""
    t: Tracer = act.t
    kind = dtype_kind(t, _option(args, named, 1, "dtype", None) or np.float64)
    dims = shape_dims(t, _option(args, named, 0, "shape", ()))
    if not dims:
        return Scalar(Constant(0, kind), False)
    order = layout.order_asked(t, _option(args, named, 2, "order", "C"), None, len(dims))
    return layout.laid(t.new_array(t.emit("empty", *dims, kind=kind)), order)


@handles(np.full)
def full(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.full(shape, value)`."""
    t: Tracer = act.t
    value = as_operand(t, _option(args, named, 1, "fill_value", None))
    dtype = _option(args, named, 2, "dtype", None)
    kind = dtype_kind(t, dtype) if dtype is not None else number_kind(value) or Kind.F64
    dims = shape_dims(t, _option(args, named, 0, "shape", ()))
    order = _option(args, named, 3, "order", "C")
    if isinstance(value, Array):
        made = t.new_array(t.emit("copy", t.emit("broadcast", arrays.operand(t, value, kind), *dims)))
        return layout.laid(made, layout.order_asked(t, order, None, len(dims)))
    return filled(t, dims, value, kind, order)


def _like(name: str, number: Any, undefined: bool = False) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        first = ("a", "fill_value") if number is None else ("a",)
        a, *fill, dtype, order, subok, shape = bound(
            t, f"np.{name}", args, named, *first, dtype=None, order="K", subok=True, shape=None)
        static_option(t, subok, "subok")
        model = as_operand(t, a)
        kind = dtype_kind(t, dtype) if dtype is not None else number_kind(model) or Kind.F64
        dims = list(model.dims) if isinstance(model, Array) else []
        if shape is not None:
            dims = shape_dims(t, shape)
        whole = model if isinstance(model, Array) else None
        if undefined and dims:
            made = t.new_array(t.emit("empty", *dims, kind=kind))
            return layout.laid(made, layout.order_asked(t, order, whole, len(dims)))
        return filled(t, dims, fill[0] if fill else number, kind, order, whole)
    return handler


handles(np.zeros_like)(_like("zeros_like", 0))
handles(np.empty_like)(_like("empty_like", 0, undefined=True))
handles(np.ones_like)(_like("ones_like", 1))
handles(np.full_like)(_like("full_like", None))


@handles(np.eye, np.identity)
def eye(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.eye(n)`."""
    t: Tracer = act.t
    _check_options(t, named, {"dtype"}, "eye")
    if len(args) > 1:
        t.fail("np.eye with more than a size", "use np.zeros and write the ones")
    (n,) = shape_dims(t, args[0])
    kind = dtype_kind(t, named.get("dtype") or np.float64)
    places = t.emit("iota", n)
    rows = t.emit("reshape", places, n, ONE)
    columns = t.emit("reshape", places, ONE, n)
    return t.new_array(t.emit("cast", t.emit("eq", rows, columns), kind=kind))


@handles(np.arange)
def arange(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.arange([start,] stop[, step])`."""
    t: Tracer = act.t
    _check_options(t, named, {"dtype"}, "arange")
    start, stop, step = {1: (0, *args, 1), 2: (*args, 1)}.get(len(args), args[:3])
    asked = _option(args, named, 3, "dtype", None)
    dtype = None if asked is None else dtype_kind(t, asked)
    kind = common_kind(start, stop, step)
    binary = arithmetic_of(act)
    if kind is Kind.INT:
        lo, hi, by = (t.integer(v) for v in (start, stop, step))
        if not isinstance(by, Constant):
            t.fail("np.arange with a run-time step", "use start + step * np.arange(n)")
        size = Constant(abs(int(by.value.real)), Kind.INT)
        span = t.emit("sub", hi, lo) if by.value.real > 0 else t.emit("sub", lo, hi)
        count = t.emit("floordiv", t.emit("add", span, t.emit("sub", size, ONE)), size)
        count = count if t.is_nonnegative(count) else t.emit("maximum", count, ZERO)
        places = t.emit("iota", count)
        values = t.emit("add", t.emit("mul", places, by), lo) if (by != ONE or lo != ZERO) else places
        result = t.new_array(values)
    else:
        span = binary("/", binary("-", stop, start), step)
        steps = t.scalar(span, Kind.F64)
        t.check(t.emit("not", t.emit("isnan", steps)), "ValueError", "arange: cannot compute length")
        t.check(t.emit("lt", t.emit("abs", steps), Constant(2.0**60, Kind.F64)), "ValueError",
                "Maximum allowed size exceeded")
        length = t.emit("cast", t.emit("ceil", steps), kind=Kind.INT)
        count = t.emit("maximum", length, ZERO)
        places = t.new_array(t.emit("cast", t.emit("iota", count), kind=Kind.F64))
        result = binary("+", start, binary("*", step, places))
        if dtype not in (None, Kind.F64):  # NumPy converts the first two, and goes on in such steps
            first, second = (t.wrap(t.scalar(v, dtype), False) for v in (start, binary("+", start, step)))
            result = binary("+", first, binary("*", binary("-", second, first), cast(t, places, dtype)))
    return result if dtype is None else cast(t, result, dtype)


def arithmetic_of(act: Any) -> Any:
    """Operators on any numbers, static ones included."""
    return lambda op, a, b: act.t.environment.binary(act, op, a, b)


def _dtype_of(value: Any) -> Any:
    """What decides the dtype of a combination: a Python number of its own, else a dtype."""
    kind = number_kind(value)
    if kind is None:
        return value
    return (0, 0, 0, 0.0, 0.0j, 0.0j)[list(Kind).index(kind)] if is_python_number(value) else kind.dtype


@handles(np.finfo)
def finfo(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.finfo(dtype)`."""
    return np.finfo(*args)


@handles(np.iinfo)
def iinfo(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.iinfo(dtype)`."""
    return np.iinfo(*args)


@handles(np.dtype)
def dtype(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.dtype(dtype)`."""
    return np.dtype(*args)


@handles(np.result_type)
def result_type(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.result_type(*arrays_and_dtypes)`."""
    return np.result_type(*(_dtype_of(as_operand(act.t, a)) for a in args))


@handles(np.iscomplexobj)
def iscomplexobj(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.iscomplexobj(x)`."""
    return (number_kind(as_operand(act.t, args[0])) or Kind.BOOL).is_complex


@handles(np.isrealobj)
def isrealobj(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.isrealobj(x)`."""
    return not iscomplexobj(act, args, named)


@handles(np.isscalar)
def isscalar(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.isscalar(x)`."""
    bare.require_number(act.t, args[0])
    return np.isscalar(args[0]) or isinstance(args[0], Scalar)


@handles(np.array)
def array(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.array(x)`: a copy; of nested lists, a new array. With copy=None or False what is as asked is given back."""
    t: Tracer = act.t
    if "ndmin" in named:
        found = array(act, args, {key: value for key, value in named.items() if key != "ndmin"})
        return _at_least(t, found, t.static_int(named["ndmin"], "a number of axes"))
    dtype = _option(args, named, 1, "dtype", None)
    _check_options(t, named, {"dtype", "copy", "subok"}, "array")
    if is_flat(args[0]) and (dtype is None or dtype_kind(t, dtype) is args[0].kind):
        return _elements(t, args[0])
    order = named.get("order", "K")
    if not static_option(t, named.get("copy", True), "copy"):
        if dtype is None and bare.of(args[0]):
            return args[0]
        options = args[0].options if isinstance(args[0], Choice) else args[:1]
        rest = {key: value for key, value in named.items() if key != "copy"}
        found = [asarray(act, (option, *args[1:]), rest) for option in options]
        copies = [not isinstance(option, Array) or made.cell is not option.cell
                  for option, made in zip(options, found, strict=True)]
        if named["copy"] is not None and any(copies):
            if not all(copies):
                t.fail("copy=False of an array that must be copied or not, as a run-time condition says",
                       "leave copy=False out")
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return Choice(tuple(found), args[0].index) if isinstance(args[0], Choice) else found[0]
    value = as_operand(t, args[0])
    if number_kind(value) is None:
        raise TypeError(f"np.array of {describe(value)}")
    kind = dtype_kind(t, dtype) if dtype is not None else number_kind(value)
    assert kind is not None
    if not isinstance(value, Array):
        return Scalar(t.scalar(value, kind), False)
    if kind is not value.kind:
        return layout.laid(cast(t, value, kind), layout.order_asked(t, order, value, value.rank))
    if value is not args[0] and not isinstance(args[0], Choice):
        return layout.laid(value, layout.order_asked(t, order, None, value.rank))
    return copied(t, value, order)


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


@handles(np.ascontiguousarray)
def ascontiguousarray(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.ascontiguousarray(x)`: what lies in order is given back itself, else a copy."""
    made = asarray(act, (args[0],), {**dict(zip(("dtype",), args[1:], strict=False)), **named, "order": "C"})
    return made if isinstance(made, Array) else act.t.new_array(act.t.emit("full", act.t.scalar(made), ONE))


@handles(np.asarray, np.asanyarray)
@gives_view
def asarray(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.asarray(x)`: an array of the right dtype is given back itself."""
    t: Tracer = act.t
    dtype = _option(args, named, 1, "dtype", None)
    order = _option(args, named, 2, "order", "K")
    if named.get("copy") is not None or is_flat(args[0]):
        return array(act, args[:2], {**named, "order": order})
    if isinstance(args[0], Array) and (dtype is None or dtype_kind(t, dtype) is args[0].kind):
        if order == "F":
            return arrays.transposed(t, _by_rows(t, arrays.transposed(t, args[0], range(args[0].rank)[::-1])),
                                     range(args[0].rank)[::-1])
        return _by_rows(t, args[0]) if order == "C" else args[0]
    return array(act, args[:2], {**named, "order": order})


def _by_rows(t: Tracer, array: Array) -> Array:
    return arrays.reshaped(t, array, array.dims, flattened=True)


@handles(np.asfortranarray)
def asfortranarray(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.asfortranarray(x)`: what lies by columns is given back itself, else a copy."""
    return asarray(act, args[:1], {**dict(zip(("dtype",), args[1:], strict=False)), **named, "order": "F"})


@handles(np.copy)
def copy(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.copy(x)`."""
    return array(act, args[:1], {"order": _option(args, named, 1, "order", "K")})


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
        base = (arrays.Fixed(Constant(k, Kind.INT)), *step.base[1:])
        view = arrays.subview(t, made, arrays.Affine(base, tuple(range(1, made.rank))))
        arrays.write(t, view, arrays.fit(t, row, inner, kind))
    return made

