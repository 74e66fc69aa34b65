"""Reductions with a primitive of their own: sums, products, extrema, truth, positions, cumulative sums and products;
over axes, with `keepdims`, `initial`, `where`, `dtype` and `out`. What is made of them is in `frontend.composed`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_numpy, as_operand, cast, dtype_kind, fits, select, write_out
from workbench.frontend.library.registry import implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, Choice, Scalar, describe
from workbench.ir import Constant, Kind, Value

_NEUTRAL = {"sum": 0, "prod": 1, "any": False, "all": True}
_JOIN_TRUTH = {"max": "or", "min": "and"}
_JOIN = {"sum": "add", "prod": "mul", "max": "maximum", "min": "minimum"}


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
        if k % rank in found:
            raise ValueError("duplicate value in 'axis'")
        found.append(k % rank)
    return tuple(sorted(found))


def reduce(t: Tracer, prim: str, array: Array, axis: Any, keepdims: Any, kind: Kind | None = None) -> Any:
    """A reduction over axes."""
    axes = axes_of(t, axis, array.rank)
    value = arrays.operand(t, array, kind or array.kind)
    result = t.emit(prim, value, axes=axes) if axes else value
    made = kept(t, t.new_array(result), array, axes, keepdims)
    return layout.laid(made, layout.reduced_order(t, array, axes, bool(keepdims)))


def kept(t: Tracer, result: Any, array: Array, axes: tuple[int, ...], keepdims: Any) -> Any:
    """The result, with the reduced axes at length 1 where that is asked for."""
    if not (keepdims and axes):
        return result
    dims = [ONE if k in axes else d for k, d in enumerate(array.dims)]
    if isinstance(result, Array):
        return t.new_array(t.emit("reshape", arrays.read(t, result), *dims))
    return t.new_array(t.emit("full", t.scalar(result), *dims))


def _into(t: Tracer, result: Any, out: Any) -> Any:
    """`out=`: the result is written there."""
    out = out[0] if isinstance(out, tuple) and len(out) == 1 else out
    if out is None:
        return result
    if not isinstance(out, (Array, Choice)):
        raise TypeError("output must be an array")
    fits(out, result, exact=True)
    old, new = number_kind(result) or Kind.F64, (out.options[0] if isinstance(out, Choice) else out).kind
    if not np.can_cast(old.dtype, new.dtype, "same_kind"):
        raise TypeError(f"Cannot cast the result of a reduction from {old.dtype!r} to {new.dtype!r}")
    write_out(t, out, result)
    return out


def _axes_of_number(t: Tracer, axis: Any) -> None:
    """Raise as NumPy does for axes of a number, of which it takes the first and the last."""
    if axis is None or axis == () or (not isinstance(axis, tuple) and t.static_int(axis, "an axis") in (0, -1)):
        return
    axes_of(t, axis, 0)


def _ordered(t: Tracer, array: Any) -> Any:
    """The array, whose elements must have an order."""
    if (number_kind(array) or Kind.F64).is_complex:
        t.fail("the order of complex numbers", "compare np.abs or np.real")
    return array


def _masked(t: Tracer, array: Any, where: Any, neutral: Any) -> Any:
    """The array, with the neutral element where the mask does not hold; the mask does not enlarge it."""
    if where is True:
        return array
    mask = as_operand(t, where)
    if isinstance(mask, Array):
        dims: tuple[Value, ...] = array.dims if isinstance(array, Array) else ()
        if mask.rank > len(dims):
            raise ValueError("input operand has more dimensions than allowed by the axis remapping")
        for dim, other in zip(reversed(dims), reversed(mask.dims), strict=False):
            if t.builder.resolve(dim) == ONE and t.builder.resolve(other) != ONE:
                raise ValueError("non-broadcastable operand: the mask is larger than the array")
    return select(t, mask, array, neutral)


def _start(t: Tracer, initial: Any, kind: Kind) -> Any:
    """An initial value in the kind of the reduction, as NumPy converts it."""
    number = as_operand(t, initial)
    given = number_kind(number)
    if given is None or (given.is_complex and not kind.is_complex):
        raise TypeError(f"initial value {describe(number)} of a reduction in {kind.dtype}")
    return cast(t, number, kind)


def _reduced(t: Tracer, prim: str, array: Any, axis: Any, out: Any, keepdims: bool, initial: Any = None) -> Any:
    """The reduction, joined with the initial value, into `out`."""
    if isinstance(array, Array):
        result = reduce(t, prim, array, axis, keepdims)
    else:
        _axes_of_number(t, axis)
        result = array
    if initial is not None:
        kind = number_kind(array) or Kind.F64
        join = _JOIN_TRUTH.get(prim, _JOIN[prim]) if kind is Kind.BOOL else _JOIN[prim]
        result = as_numpy(t, arithmetic.elementwise(t, join, [result, _start(t, initial, kind)], kind))
    return _into(t, result, out)


def _summed_in(t: Tracer, kind: Kind, dtype: Any, out: Any) -> Kind:
    """The kind that a sum or product is computed in: that of `dtype`, of `out`, or its own (integers for truth)."""
    if dtype is not None:
        return dtype_kind(t, dtype)
    if isinstance(out, Array):
        if kind.is_inexact and not out.kind.is_inexact:
            t.fail("a sum or product of floats into an array of integers", "give an array of floats")
        return out.kind
    return Kind.INT if kind is Kind.BOOL else kind


def _accumulating(prim: str) -> Any:
    def function(act: Activation, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False,
                 initial: Any = None, where: Any = True) -> Any:
        t = act.t
        array = as_numpy(t, as_operand(t, a))
        array = cast(t, array, _summed_in(t, number_kind(array) or Kind.F64, dtype, out))
        kind = number_kind(array) or Kind.F64
        array = _masked(t, array, where, kind.dtype.type(_NEUTRAL[prim]))
        return _reduced(t, prim, array, axis, out, keepdims, initial)
    return function


implements(np.sum)(_accumulating("sum"))
implements(np.prod)(_accumulating("prod"))


def nonempty(t: Tracer, array: Array, axes: tuple[int, ...], name: str) -> None:
    """Check that there is something to reduce."""
    for axis in axes:
        dim = t.builder.resolve(array.dims[axis])
        message = f"zero-size array to reduction operation {name} which has no identity"
        if isinstance(dim, Constant):
            if dim.value == 0:
                raise ValueError(message)
        else:
            t.check(t.emit("gt", dim, ZERO), "ValueError", message)


def _extremum(prim: str) -> Any:
    def function(act: Activation, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False,
                 initial: Any = None, where: Any = True) -> Any:
        t = act.t
        array = _ordered(t, as_numpy(t, as_operand(t, a)))
        if where is not True:
            if initial is None:
                raise ValueError(f"reduction operation '{prim}imum' does not have an identity, so to use a where "
                                 "mask one has to specify 'initial'")
            array = _masked(t, array, where, _start(t, initial, number_kind(array) or Kind.F64))
        if isinstance(array, Array) and initial is None:
            nonempty(t, array, axes_of(t, axis, array.rank), f"{prim}imum")
        return _reduced(t, prim, array, axis, out, keepdims, initial)
    return function


implements(np.max, np.amax)(_extremum("max"))
implements(np.min, np.amin)(_extremum("min"))


def _logical(prim: str) -> Any:
    def function(act: Activation, a: Any, axis: Any = None, out: Any = None, keepdims: bool = False, *,
                 where: Any = True) -> Any:
        t = act.t
        array = as_operand(t, a)
        if not isinstance(array, Array):
            array = ufunc_truth(t, array)
        elif array.kind is not Kind.BOOL:
            array = arithmetic.elementwise(t, "ne", [array, 0])
        array = _masked(t, array, where, np.bool_(_NEUTRAL[prim]))
        return _reduced(t, prim, array, axis, out, keepdims)
    return function


def ufunc_truth(t: Tracer, value: Any) -> Any:
    """The truth of a scalar as NumPy gives it."""
    test = arithmetic.truth(t, value)
    if isinstance(test, bool):
        return np.bool_(test)
    return Scalar(t.scalar(test, Kind.BOOL), False)


implements(np.any)(_logical("any"))
implements(np.all)(_logical("all"))


def _position(prim: str) -> Any:
    def function(act: Activation, a: Any, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any:
        t = act.t
        array = as_operand(t, a)
        if not isinstance(array, Array):
            if axis is not None:
                axes_of(t, axis, 1)
            return np.int64(0)
        axes = axes_of(t, axis, _ordered(t, array).rank)
        nonempty(t, array, axes, prim)
        found = t.new_array(t.emit(prim, arrays.read(t, array), axis=None if axis is None else axes[0]))
        return _into(t, kept(t, found, array, axes, keepdims), out)
    return function


implements(np.argmax)(_position("argmax"))
implements(np.argmin)(_position("argmin"))


def _cumulative(prim: str) -> Any:
    def function(act: Activation, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        t = act.t
        array = as_operand(t, a)
        if not isinstance(array, Array):
            array = t.new_array(t.emit("full", t.scalar(array), ONE))
        array = cast(t, array, _summed_in(t, array.kind, dtype, out))
        if axis is None:
            array, axis = t.environment.call(act, np.ravel, (array,), {}), 0
        (axis,) = axes_of(t, axis, array.rank)
        return _into(t, t.new_array(t.emit(prim, arrays.read(t, array), axis=axis)), out)
    return function


implements(np.cumsum)(_cumulative("cumsum"))
implements(np.cumprod)(_cumulative("cumprod"))


def squared(t: Tracer, array: Array) -> Any:
    """Squared moduli, smooth where a modulus is not."""
    if not array.kind.is_complex:
        return arithmetic.elementwise(t, "square", [array])
    parts = [arithmetic.elementwise(t, part, [array]) for part in ("real", "imag")]
    return arithmetic.elementwise(t, "add", [arithmetic.elementwise(t, "square", [part]) for part in parts])


def root_of_sum(t: Tracer, total: Any) -> Any:
    """The square root of a sum of squares. Its derivative at zero is 0 (the root's own is infinite there)."""
    value = arrays.operand(t, total, total.kind)
    zero, one = Constant(0, value.kind), Constant(1, value.kind)
    at_zero = t.emit("eq", value, zero)
    root = t.emit("sqrt", t.emit("select", at_zero, one, value))
    return t.new_array(t.emit("select", at_zero, zero, root))


