"""Norms of vectors and matrices, condition numbers and ranks.

The Euclidean norm, and those of other orders, have derivative 0 at 0; extrema split a tie equally. A rank is piecewise
constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import refuse
from workbench.frontend.library.matrices import (
    inverse,
    machine_cutoff,
    matrix_of,
    singular,
    square,
    stacked,
    unstacked,
)
from workbench.frontend.library.operands import as_operand, cast
from workbench.frontend.library.reductions import axes_of, reduce, root_of_sum, squared
from workbench.frontend.library.registry import implements
from workbench.frontend.numbers import number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, Scalar, describe
from workbench.ir import Constant, Kind, Value


def _floating(t: Tracer, value: Any) -> Array:
    array = as_operand(t, value)
    kind = number_kind(array)
    if kind is None:
        raise TypeError(f"a norm of {describe(array)}")
    if not isinstance(array, Array):
        array = t.new_array(t.emit("full", t.scalar(array), ONE))
    return array if kind.is_inexact else cast(t, array, Kind.F64)  # type: ignore[no-any-return]


def _modulus(t: Tracer, array: Array) -> Any:
    return arithmetic.unary(t, "abs", array)


def euclidean(t: Tracer, array: Array, axis: Any, keepdims: Any) -> Any:
    """The root of the sum of squared moduli."""
    return root_of_sum(t, reduce(t, "sum", squared(t, array), axis, keepdims))


def vector(t: Tracer, array: Array, order: Any, axis: Any, keepdims: Any) -> Any:
    """The norm of vectors along one axis (or several, taken as one)."""
    if order is None or order == 2:
        return euclidean(t, array, axis, keepdims)
    if isinstance(order, str):
        raise ValueError(f"Invalid norm order '{order}' for vectors")
    size = _modulus(t, array)
    if order == np.inf:
        return _none_zero(t, reduce(t, "max", size, axis, keepdims))
    if order == -np.inf:
        _require_elements(t, array, axis)
        return reduce(t, "min", size, axis, keepdims)
    if order == 0:
        present = cast(t, arithmetic.binary(t, "!=", array, 0), array.kind.real)
        return reduce(t, "sum", present, axis, keepdims)
    if order == 1:
        return reduce(t, "sum", size, axis, keepdims)
    total = reduce(t, "sum", arithmetic.power(t, size, float(order)), axis, keepdims)
    return _root(t, total, float(order))


def _root(t: Tracer, total: Any, order: float) -> Any:
    """total ** (1 / order). Its derivative at zero is 0."""
    value = arrays.operand(t, total, total.kind)
    one, zero = Constant(1, value.kind), Constant(0, value.kind)
    at_zero = t.emit("eq", value, zero)
    root = t.emit("pow", t.emit("select", at_zero, one, value), Constant(1.0 / order, value.kind))
    return t.new_array(t.emit("select", at_zero, zero if order > 0 else Constant(np.inf, value.kind), root))


def _none_zero(t: Tracer, largest: Any) -> Any:
    """The largest modulus, of nothing 0 (a reduction of nothing is below it)."""
    value = arrays.operand(t, largest, largest.kind)
    zero = Constant(0, value.kind)
    return t.new_array(t.emit("select", t.emit("lt", value, zero), zero, value))


def _require_elements(t: Tracer, array: Array, axis: Any) -> None:
    for k in axes_of(t, axis, array.rank):
        t.check(t.emit("gt", array.dims[k], ZERO), "ValueError",
                "zero-size array to reduction operation maximum which has no identity")


def matrix(t: Tracer, array: Array, order: Any, axes: tuple[int, int], keepdims: Any) -> Any:
    """The norm of matrices over two axes."""
    if order is None or order == "fro":
        return euclidean(t, array, axes, keepdims)
    if order in (1, -1, np.inf, -np.inf):
        across = axes[0] if abs(order) == 1 else axes[1]
        along = axes[1] if abs(order) == 1 else axes[0]
        totals = reduce(t, "sum", _modulus(t, array), across, True)
        if order < 0:
            _require_elements(t, totals, along)
        result = reduce(t, "max" if order > 0 else "min", totals, along, True)
        result = _none_zero(t, result) if order > 0 else result
        return result if keepdims else _dropped(t, result, axes)
    if order in (2, -2, "nuc"):
        rest = [k for k in range(array.rank) if k not in axes]
        turned = arrays.transposed(t, array, (*rest, *axes))
        stack, lead = stacked(t, matrix_of(t, turned))
        values = unstacked(t, singular(t, stack)[1], lead)
        if order == -2:
            _require_elements(t, values, -1)
        result = reduce(t, "sum" if order == "nuc" else "max" if order > 0 else "min", values, -1, False)
        result = _none_zero(t, result) if order == 2 else result
        if not keepdims:
            return result
        dims = [ONE if k in axes else d for k, d in enumerate(array.dims)]
        value = arrays.operand(t, result, result.kind)
        return t.new_array(t.emit("reshape" if value.is_array else "full", value, *dims))
    raise ValueError(f"Invalid norm order {order!r} for matrices")


def _dropped(t: Tracer, array: Array, axes: tuple[int, ...]) -> Any:
    """Axes of length 1 taken away."""
    value = arrays.read(t, array)
    dims = [d for k, d in enumerate(array.dims) if k not in axes]
    if dims:
        return t.new_array(t.emit("reshape", value, *dims))
    return Scalar(t.emit("load", value, *[ZERO] * array.rank), False)


def _order(t: Tracer, order: Any) -> Any:
    if isinstance(order, (Scalar, Array)):
        t.fail("a norm whose order is known at run time alone", "give the order as a constant")
    return order


@implements(np.linalg.norm)
def norm(act: Activation, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of a vector, of a matrix, or of those along axes."""
    t = act.t
    array, ord = _floating(t, x), _order(t, ord)
    if not isinstance(as_operand(t, x), Array):
        if axis is not None:
            axes_of(t, axis, 0)
        if ord is not None:
            raise ValueError("Improper number of dimensions to norm.")
        keepdims = False
    if axis is None:
        if ord is None or (ord == 2 and array.rank == 1) or (ord == "fro" and array.rank == 2):
            return euclidean(t, array, None, keepdims)
        axis = tuple(range(array.rank))
    axes = _in_order(t, axis, array.rank)
    if len(axes) == 1:
        return vector(t, array, ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    return matrix(t, array, ord, axes, keepdims)


def _in_order(t: Tracer, axis: Any, rank: int) -> tuple[Any, ...]:
    """Axes as they were given (not sorted), none twice."""
    entries = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(axes_of(t, k, rank)[0] for k in entries)
    if len(set(axes)) != len(axes):
        raise ValueError("Duplicate axes given.")
    return axes


@implements(np.linalg.vector_norm)
def vector_norm(act: Activation, x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """The norm of all elements, or of vectors along axes."""
    t = act.t
    array = _floating(t, x)
    return vector(t, array, _order(t, ord), axes_of(t, axis, array.rank), keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(act: Activation, x: Any, keepdims: bool = False, ord: str = "fro") -> Any:
    """The norm of the matrices of the last two axes."""
    t = act.t
    array = _floating(t, x)
    if array.rank < 2:
        axes_of(t, -2, array.rank)
    return matrix(t, array, _order(t, ord), (array.rank - 2, array.rank - 1), keepdims)


@implements(np.linalg.cond)
def cond(act: Activation, x: Any, p: Any = None) -> Any:
    """The condition number in a norm."""
    t = act.t
    p = _order(t, p)
    if p in (None, 2, -2):
        stack, lead = stacked(t, matrix_of(t, x))
        values = unstacked(t, singular(t, stack)[1], lead)
        high, low = (reduce(t, prim, values, -1, False) for prim in ("max", "min"))
        return _known(t, arithmetic.elementwise(t, "div", [low, high] if p == -2 else [high, low]), stack, lead)
    array = t.new_array(square(t, x))
    axes = (array.rank - 2, array.rank - 1)
    other = t.new_array(inverse(t, arrays.read(t, array)))
    result = arithmetic.elementwise(t, "mul", [matrix(t, a, p, axes, False) for a in (array, other)])
    return _known(t, result, *stacked(t, arrays.read(t, array)))


def _known(t: Tracer, result: Any, stack: Value, lead: tuple[Value, ...]) -> Any:
    """As NumPy does, infinite where a condition number is NaN although the matrix holds none."""
    value = arrays.operand(t, result, result.kind)
    unknown = arrays.operand(t, unstacked(t, t.emit("any", t.emit("isnan", stack), axes=(1, 2)), lead), Kind.BOOL)
    infinite = t.emit("and", t.emit("isnan", value), t.emit("not", unknown))
    return t.new_array(t.emit("select", infinite, Constant(np.inf, value.kind), value))


@implements(np.linalg.matrix_rank)
def matrix_rank(act: Activation, A: Any, tol: Any = None, hermitian: bool = False, rtol: Any = None) -> Any:
    """An integer, piecewise constant."""
    t = act.t
    refuse(t, "np.linalg.matrix_rank", hermitian=(hermitian, False))
    array = as_operand(t, A)
    if not isinstance(array, Array) or array.rank < 2:
        flat = _floating(t, A)
        present = arithmetic.binary(t, "!=", flat, 0)
        return cast(t, reduce(t, "any", present, None, False), Kind.INT)
    stack, lead = stacked(t, matrix_of(t, array))
    values = unstacked(t, singular(t, stack)[1], lead)
    if tol is not None:
        least = as_operand(t, tol)
        if isinstance(least, Array):
            t.fail("a tolerance per matrix", "give one for all matrices")
    else:
        cutoff = Scalar(machine_cutoff(t, stack), False) if rtol is None else as_operand(t, rtol)
        least = arithmetic.binary(t, "*", reduce(t, "max", values, -1, True), cutoff)
    return reduce(t, "sum", arithmetic.binary(t, ">", values, least), -1, False, Kind.INT)


