"""Reductions: sums, means, extrema, `any`/`all`, norms, cumulative sums; over axes, with `keepdims`."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays
from workbench.frontend.library.elementwise import as_operand, cast, dtype_kind, ufunc, write_out
from workbench.frontend.library.registry import implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, Scalar
from workbench.ir import Constant, Kind, Value


def axes_of(t: Tracer, axis: Any, rank: int) -> tuple[int, ...]:
    """An axis argument as non-negative axes, in order."""
    if axis is None:
        return tuple(range(rank))
    entries = axis if isinstance(axis, tuple) else (axis,)
    found = []
    for entry in entries:
        k = t.static_int(entry, "an axis")
        if not -rank <= k < rank:
            raise np.exceptions.AxisError(k, rank)
        found.append(k % rank)
    return tuple(sorted(found))


def reduce(t: Tracer, prim: str, array: Array, axis: Any, keepdims: Any, kind: Kind | None = None) -> Any:
    """A reduction over axes."""
    axes = axes_of(t, axis, array.rank)
    value = arrays.operand(t, array, kind or array.kind)
    result = t.emit(prim, value, axes=axes) if axes else value
    if keepdims and axes:
        dims = [ONE if k in axes else d for k, d in enumerate(array.dims)]
        if not result.is_array:
            result = t.emit("full", result, *dims)
        else:
            result = t.emit("reshape", result, *dims)
    return t.new_array(result)


def _options(t: Tracer, args: tuple[Any, ...], named: dict[str, Any], name: str,
             order: tuple[str, ...] = ("axis", "dtype", "out", "keepdims")) -> dict[str, Any]:
    options: dict[str, Any] = {"axis": None, "dtype": None, "out": None, "keepdims": False}
    options.update(zip(order, args[1:], strict=False))
    for key, value in named.items():
        if key not in options and key != "a":
            t.fail(f"the option {key!r} of np.{name}", "leave it out")
        options[key] = value
    return options


def _into(t: Tracer, result: Any, options: dict[str, Any]) -> Any:
    if options["dtype"] is not None:
        result = cast(t, result, dtype_kind(t, options["dtype"]))
    if options["out"] is not None:
        write_out(t, options["out"], result)
        return options["out"]
    return result


def _accumulating(prim: str, empty: int) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        options = _options(t, args, named, prim)
        array = as_operand(t, args[0] if args else named["a"])
        if not isinstance(array, Array):
            return array
        kind = Kind.INT if array.kind is Kind.BOOL else array.kind
        return _into(t, reduce(t, prim, array, options["axis"], options["keepdims"], kind), options)
    return handler


implements(np.sum)(_accumulating("sum", 0))
implements(np.prod)(_accumulating("prod", 1))


def _nonempty(t: Tracer, array: Array, axes: tuple[int, ...], name: str) -> None:
    for axis in axes:
        dim = t.builder.resolve(array.dims[axis])
        message = f"zero-size array to reduction operation {name} which has no identity"
        if isinstance(dim, Constant):
            if dim.value == 0:
                raise ValueError(message)
        else:
            t.check(t.emit("gt", dim, ZERO), "ValueError", message)


def _extremum(prim: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        options = _options(t, args, named, prim, ("axis", "out", "keepdims"))
        array = as_operand(t, args[0] if args else named["a"])
        if not isinstance(array, Array):
            return array
        _nonempty(t, array, axes_of(t, options["axis"], array.rank), f"{prim}imum")
        return _into(t, reduce(t, prim, array, options["axis"], options["keepdims"]), options)
    return handler


implements(np.max, np.amax)(_extremum("max"))
implements(np.min, np.amin)(_extremum("min"))


def count(t: Tracer, array: Array, axes: tuple[int, ...]) -> Value:
    """Number of elements along axes."""
    size: Value = ONE
    for axis in axes:
        size = t.emit("mul", size, array.dims[axis])
    return size


@implements(np.mean)
def mean(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.mean`: the sum divided by the count."""
    t: Tracer = act.t
    options = _options(t, args, named, "mean")
    array = as_operand(t, args[0] if args else named["a"])
    if not isinstance(array, Array):
        return ufunc(t, "mul", [array, 1.0])
    return _into(t, mean_of(t, array, options["axis"], options["keepdims"]), options)


def mean_of(t: Tracer, array: Array, axis: Any, keepdims: Any) -> Any:
    """The mean over axes."""
    kind = array.kind if array.kind.is_inexact else Kind.F64
    total = reduce(t, "sum", array, axis, keepdims, kind)
    size = t.emit("cast", count(t, array, axes_of(t, axis, array.rank)), kind=kind)
    return arithmetic.elementwise(t, "div", [total, Scalar(size, False)], kind)


def _spread(root: bool) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        named = dict(named)
        ddof = named.pop("ddof", 0)
        options = _options(t, args, named, "std" if root else "var")
        array = as_operand(t, args[0])
        if not isinstance(array, Array) or array.kind.is_complex:
            t.fail("np.var of other than a real array", "write it out")
        axes = axes_of(t, options["axis"], array.rank)
        center = mean_of(t, array, options["axis"], True)
        kind = array.kind if array.kind.is_inexact else Kind.F64
        deviation = arithmetic.elementwise(t, "sub", [array, center], kind)
        squares = arithmetic.elementwise(t, "square", [deviation], kind)
        total = reduce(t, "sum", squares, options["axis"], options["keepdims"])
        size = t.emit("sub", count(t, array, axes), t.integer(ddof))
        result = arithmetic.elementwise(t, "div", [total, Scalar(t.emit("cast", size, kind=kind), False)], kind)
        if root:
            result = root_of_sum(t, result)
        return _into(t, result, options)
    return handler


implements(np.var)(_spread(False))
implements(np.std)(_spread(True))


def _logical(prim: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        options = _options(t, args, named, prim, ("axis", "out", "keepdims"))
        array = as_operand(t, args[0])
        if not isinstance(array, Array):
            return ufunc_truth(t, array)
        if array.kind is not Kind.BOOL:
            array = arithmetic.elementwise(t, "ne", [array, 0])
        return _into(t, reduce(t, prim, array, options["axis"], options["keepdims"]), options)
    return handler


def ufunc_truth(t: Tracer, value: Any) -> Any:
    """The truth of a scalar as NumPy gives it."""
    test = arithmetic.truth(t, value)
    return Scalar(t.scalar(test, Kind.BOOL), False)


implements(np.any)(_logical("any"))
implements(np.all)(_logical("all"))


def _position(prim: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        options = _options(t, args, named, prim, ("axis", "out", "keepdims"))
        array = as_operand(t, args[0])
        axis = options["axis"]
        if axis is not None:
            (axis,) = axes_of(t, axis, array.rank)
        _nonempty(t, array, axes_of(t, axis, array.rank), prim)
        return t.new_array(t.emit(prim, arrays.read(t, array), axis=axis))
    return handler


implements(np.argmax)(_position("argmax"))
implements(np.argmin)(_position("argmin"))


def _cumulative(prim: str) -> Any:
    def handler(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t: Tracer = act.t
        options = _options(t, args, named, prim, ("axis", "dtype", "out"))
        array = as_operand(t, args[0])
        if array.kind is Kind.BOOL:
            array = cast(t, array, Kind.INT)
        axis = options["axis"]
        if axis is None:
            if array.rank > 1:
                size = count(t, array, tuple(range(array.rank)))
                array = t.new_array(t.emit("reshape", arrays.read(t, array), size))
            axis = 0
        (axis,) = axes_of(t, axis, array.rank)
        return _into(t, t.new_array(t.emit(prim, arrays.read(t, array), axis=axis)), options)
    return handler


implements(np.cumsum)(_cumulative("cumsum"))
implements(np.cumprod)(_cumulative("cumprod"))


def root_of_sum(t: Tracer, total: Any) -> Any:
    """The square root of a sum of squares. Its derivative at zero is 0 (the root's own is infinite there)."""
    value = arrays.operand(t, total, total.kind)
    zero, one = Constant(0, value.kind), Constant(1, value.kind)
    at_zero = t.emit("eq", value, zero)
    root = t.emit("sqrt", t.emit("select", at_zero, one, value))
    return t.new_array(t.emit("select", at_zero, zero, root))


@implements(np.ptp)
def ptp(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.ptp`: the maximum less the minimum."""
    high = _extremum("max")(act, args, named)
    return act.t.environment.binary(act, "-", high, _extremum("min")(act, args, named))


@implements(np.count_nonzero)
def count_nonzero(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.count_nonzero`."""
    t: Tracer = act.t
    array = as_operand(t, args[0])
    if number_kind(array) is not Kind.BOOL:
        array = arithmetic.elementwise(t, "ne", [array, 0])
    return reduce(t, "sum", array, named.get("axis"), named.get("keepdims", False), Kind.INT)
