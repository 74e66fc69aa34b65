"""Diagonals, triangles and products with a shape of their own: `trace`, `diag`, `tril`, `kron`, `cross`."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, indexing
from workbench.frontend.activation import Activation
from workbench.frontend.library.joining import stack
from workbench.frontend.library.operands import as_numpy, as_operand, cast, dtype_kind, fits, write_out
from workbench.frontend.library.reductions import axes_of, reduce
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import need_array, reshape
from workbench.frontend.numbers import common_kind
from workbench.frontend.order import Order, by_rows
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array
from workbench.ir import Constant, Kind, Value


# ---------------------------------------------------------------------- diagonals
def diagonal_of(t: Tracer, array: Array, offset: int, axis1: Any, axis2: Any) -> Array:
    """A diagonal over two axes, along a new last axis: a copy."""
    if array.rank < 2:
        raise ValueError("diag requires an array of at least two dimensions")
    first, second = (axes_of(t, k, array.rank)[0] for k in (axis1, axis2))
    if first == second:
        raise ValueError("axis1 and axis2 cannot be the same")
    rest = [k for k in range(array.rank) if k not in (first, second)]
    value = arrays.read(t, arrays.transposed(t, array, (first, second, *rest)))
    down, right = t.integer(max(-offset, 0)), t.integer(max(offset, 0))
    rows, columns = (t.emit("sub", d, by) for d, by in zip(value.dims, (down, right), strict=False))
    count = t.emit("minimum", rows, columns)
    if offset:
        count = t.emit("maximum", count, ZERO)
    places = t.emit("iota", count)
    found = t.emit("gather", value, t.emit("add", places, down), t.emit("add", places, right))
    if rest:
        found = t.emit("transpose", found, perm=(*range(1, len(rest) + 1), 0))
    made: Array = t.new_array(found)
    return made


def _diagonal_view(t: Tracer, array: Array, offset: int, axis1: Any, axis2: Any) -> Any:
    """A diagonal, copied: NumPy's is a view, which shows what is written into the array afterwards (refused here)."""
    made = diagonal_of(t, array, offset, axis1, axis2)
    made.cell.order = Order((0,), None) if made.rank == 1 else None
    array.cell.shown_by(made.cell)
    made.cell.snapshot = array.cell.snapshot = "a write to an array of which a diagonal has been taken"
    return made


@implements(np.diagonal)
def diagonal(act: Activation, a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    """A diagonal over two axes, here a copy (NumPy's is read-only)."""
    t = act.t
    return _diagonal_view(t, need_array(t, a), t.static_int(offset, "the offset of a diagonal"), axis1, axis2)


@implements(np.linalg.diagonal)
def linalg_diagonal(act: Activation, x: Any, offset: Any = 0) -> Any:
    """The diagonals of the matrices of the last two axes."""
    t = act.t
    return _diagonal_view(t, need_array(t, x), t.static_int(offset, "the offset of a diagonal"), -2, -1)


def _trace(t: Tracer, array: Array, offset: Any, axis1: Any, axis2: Any, dtype: Any) -> Any:
    found = diagonal_of(t, array, t.static_int(offset, "the offset of a trace"), axis1, axis2)
    kind = Kind.INT if found.kind is Kind.BOOL else found.kind
    return reduce(t, "sum", cast(t, found, kind if dtype is None else dtype_kind(t, dtype)), -1, False)


@implements(np.trace)
def trace(act: Activation, a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None,
          out: Any = None) -> Any:
    """The sum of a diagonal."""
    t = act.t
    result = _trace(t, need_array(t, a), offset, axis1, axis2, dtype)
    if out is not None:
        fits(out, result, exact=True)
        write_out(t, out, result)
        return out
    return result


@implements(np.linalg.trace)
def linalg_trace(act: Activation, x: Any, offset: Any = 0, dtype: Any = None) -> Any:
    """The sums of the diagonals of the matrices of the last two axes."""
    t = act.t
    return _trace(t, need_array(t, x), offset, -2, -1, dtype)


def _with_diagonal(t: Tracer, vector: Array, offset: int) -> Array:
    n = vector.dims[0]
    size = t.emit("add", n, t.integer(abs(offset))) if offset else n
    places = t.emit("iota", n)
    rows, columns = (t.emit("add", places, t.integer(max(k, 0))) for k in (-offset, offset))
    empty = t.emit("full", Constant(0, vector.kind), size, size)
    made: Array = t.new_array(t.emit("scatter_store", empty, arrays.read(t, vector), rows, columns))
    made.cell.order = by_rows(2)
    return made


@implements(np.diag)
def diag(act: Activation, v: Any, k: Any = 0) -> Any:
    """Of a matrix its diagonal, of a vector a matrix with that diagonal."""
    t = act.t
    array, offset = as_operand(t, v), t.static_int(k, "the offset of a diagonal")
    if not isinstance(array, Array) or array.rank > 2:
        raise ValueError("Input must be 1- or 2-d.")
    return _diagonal_view(t, array, offset, 0, 1) if array.rank == 2 else _with_diagonal(t, array, offset)


@implements(np.diagflat)
def diagflat(act: Activation, v: Any, k: Any = 0) -> Any:
    """A matrix whose diagonal holds all elements."""
    t = act.t
    return _with_diagonal(t, reshape(t, need_array(t, v), -1), t.static_int(k, "the offset of a diagonal"))


# ---------------------------------------------------------------------- triangles
def _triangle(test: str) -> Any:
    def function(act: Activation, m: Any, k: Any = 0) -> Any:
        """Zeros but for one triangle, up to a diagonal."""
        t = act.t
        array, offset = as_operand(t, m), t.integer(k)
        if not isinstance(array, Array):
            raise TypeError("tri() missing 1 required positional argument: 'N'")
        if array.rank == 1:  # each row the vector
            array = t.new_array(t.emit("broadcast", arrays.read(t, array), array.dims[0], array.dims[0]))
        value = arrays.read(t, array)
        rows, columns = (t.emit("iota", d) for d in value.dims[-2:])
        limit = t.emit("reshape", t.emit("add", rows, offset), value.dims[-2], ONE)
        mask = t.emit(test, t.emit("reshape", columns, ONE, value.dims[-1]), limit)
        return t.new_array(t.emit("select", mask, value, Constant(0, value.kind)))
    return function


implements(np.tril)(_triangle("le"))
implements(np.triu)(_triangle("ge"))


# ---------------------------------------------------------------------- products
@implements(np.kron)
def kron(act: Activation, a: Any, b: Any) -> Any:
    """Every element of one array times the other array, in all ranks."""
    t = act.t
    a, b = (as_operand(t, v) for v in (a, b))
    if not isinstance(a, Array) or not isinstance(b, Array):
        return as_numpy(t, arithmetic.elementwise(t, "mul", [a, b]))
    kind, rank = common_kind(a, b), max(a.rank, b.rank)
    first, second = ((*[ONE] * (rank - v.rank), *v.dims) for v in (a, b))
    left = [d for dim in first for d in (dim, ONE)]
    right = [d for dim in second for d in (ONE, dim)]
    product = t.emit("mul", t.emit("reshape", arrays.operand(t, a, kind), *left),
                     t.emit("reshape", arrays.operand(t, b, kind), *right))
    return t.new_array(t.emit("reshape", product, *(t.emit("mul", p, q) for p, q in zip(first, second, strict=True))))


def _components(t: Tracer, value: Any, axis: Any) -> list[Any]:
    """The two or three components of vectors along an axis."""
    array = as_operand(t, value)
    if not isinstance(array, Array):
        raise ValueError("At least one array has zero dimension")
    (place,) = axes_of(t, axis, array.rank)
    size: Value = t.builder.resolve(array.dims[place])
    if not isinstance(size, Constant):
        for n in (2, 3):
            t.environment.meet(size, Constant(n, Kind.INT))
        size = Constant(3, Kind.INT)
        arrays.require_same(t, array.dims[place], size, "incompatible dimensions for cross product")
    if size.value not in (2, 3):
        raise ValueError("incompatible dimensions for cross product\n(dimension must be 2 or 3)")
    lead = [slice(None)] * place
    return [indexing.get(t, array, (*lead, k)) for k in range(int(size.value.real))]


@implements(np.cross)
def cross(act: Activation, a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Any:
    """The vector product along any axes, of vectors of three or (as NumPy takes them, still) two components."""
    t = act.t
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = _components(t, a, axisa), _components(t, b, axisb)
    env = t.environment

    def minor(i: int, j: int) -> Any:
        parts = [env.binary(act, "*", x[p], y[q]) if p < len(x) and q < len(y) else None for p, q in ((i, j), (j, i))]
        if parts[1] is None:
            return parts[0]
        return arithmetic.unary(t, "-", parts[1]) if parts[0] is None else env.binary(act, "-", *parts)

    if len(x) == len(y) == 2:
        return minor(0, 1)
    return stack(act, [minor(1, 2), minor(2, 0), minor(0, 1)], axisc)


@implements(np.linalg.cross)
def linalg_cross(act: Activation, x1: Any, x2: Any, axis: Any = -1) -> Any:
    """The vector product of vectors of three components."""
    t = act.t
    if any(len(_components(t, v, axis)) != 3 for v in (x1, x2)):
        raise ValueError("Both input arrays must be (arrays of) 3-dimensional vectors")
    return cross(act, x1, x2, axis=axis)


@implements(np.linalg.matrix_transpose)
def matrix_transpose(act: Activation, x: Any) -> Any:
    """A view with the last two axes swapped."""
    t = act.t
    array = need_array(t, x)
    if array.rank < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {array.rank}")
    return arrays.transposed(t, array, (*range(array.rank - 2), array.rank - 1, array.rank - 2))


