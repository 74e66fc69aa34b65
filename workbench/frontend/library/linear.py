"""Products: `dot`, `matmul`, `@`, `outer`, `vdot`, in all ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, layout, order
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_operand, fits, write_out
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.library.shaping import size_of
from workbench.frontend.library.ufuncs import finish_ufunc, in_loop
from workbench.frontend.numbers import common_kind
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array, Scalar
from workbench.ir import Value


def matmul(t: Tracer, a: Any, b: Any) -> Any:
    """`a @ b`."""
    a, b = as_operand(t, a), as_operand(t, b)
    if not isinstance(a, Array) or not isinstance(b, Array):
        raise ValueError("matmul: an input operand does not have enough dimensions")
    kind = common_kind(a, b)
    x, y = arrays.operand(t, a, kind), arrays.operand(t, b, kind)
    message = "matmul: the core dimensions do not match"
    arrays.require_same(t, x.dims[-1], y.dims[-2] if y.rank > 1 else y.dims[0], message)
    if x.rank <= 2 and y.rank <= 2:
        return by_rows(t, t.emit("matmul", x, y))
    made = t.new_array(_batched(t, x, y))
    return layout.laid(made, _batched_order(t, a, b, made))


def by_rows(t: Tracer, value: Value) -> Any:
    """A product that NumPy lays out by rows."""
    return layout.laid(t.new_array(value), order.by_rows(value.rank)) if value.is_array else t.new_array(value)


def _batched_order(t: Tracer, a: Array, b: Array, made: Array) -> order.Order | None:
    """Of stacks of matrices, each by rows: the leading axes as those of the operands."""
    count = max(a.rank, b.rank) - 2
    stacks = [None if (o := layout.order(t, v)) is None else order.Order(order.ranked(o.keys[:-2]), o.unit, o.given)
              for v in (a, b) if v.rank > 2]
    lead = order.combined(stacks, count, layout.loose_axes(t, made.dims[:count]))
    return None if lead is None else order.Order((*lead.keys, *range(count, made.rank)), 1, lead.given)


def _batched(t: Tracer, x: Value, y: Value) -> Value:
    """Products of stacks of matrices, their leading dimensions broadcast."""
    drop: list[int] = []
    if x.rank == 1:
        x = t.emit("reshape", x, ONE, *x.dims)
        drop.append(-2)
    if y.rank == 1:
        y = t.emit("reshape", y, *y.dims, ONE)
        drop.append(-1)
    batch = arrays.broadcast_dims(t, x.dims[:-2], y.dims[:-2])
    x = to_batch(t, x, batch)
    y = to_batch(t, y, batch)
    if len(batch) > 1:  # one stack of matrices
        x, y = (t.emit("reshape", v, size_of(t, batch), *v.dims[-2:]) for v in (x, y))
    result = t.emit("matmul", x, y)
    if len(batch) > 1:
        result = t.emit("reshape", result, *batch, *result.dims[-2:])
    if drop:
        kept = [d for k, d in enumerate(result.dims) if k - result.rank not in drop]
        result = t.emit("reshape", result, *kept)
    return result


def to_batch(t: Tracer, value: Value, batch: tuple[Value, ...]) -> Value:
    dims = (*batch, *value.dims[-2:])
    same = len(dims) == value.rank and all(t.same(a, b) for a, b in zip(dims, value.dims, strict=True))
    return value if same else t.emit("broadcast", value, *dims)


@implements(np.dot)
def dot(act: Activation, a: Any, b: Any, out: Any = None) -> Any:
    """The sum of products over the last axis of one and the last but one of the other, in all ranks."""
    t = act.t
    a, b = as_operand(t, a), as_operand(t, b)
    if not isinstance(a, Array) or not isinstance(b, Array):
        result = act.t.environment.binary(act, "*", a, b)
        result = Scalar(result.value, False) if isinstance(result, Scalar) else result
    elif (a.rank <= 2 and b.rank <= 2) or b.rank == 1:
        result = matmul(t, a, b)
    else:
        result = _dot_general(t, a, b)
    if out is not None:
        fits(out, result, exact=True)
        write_out(t, out, result)
        return out
    return result


def _dot_general(t: Tracer, a: Array, b: Array) -> Any:
    """Sum over the last axis of a and the last but one of b: one matrix product of flattened operands."""
    kind = common_kind(a, b)
    x, y = arrays.operand(t, a, kind), arrays.operand(t, b, kind)
    inner = x.dims[-1]
    arrays.require_same(t, inner, y.dims[-2], "shapes not aligned")
    y = t.emit("transpose", y, perm=(y.rank - 2, *range(y.rank - 2), y.rank - 1))
    rows, columns = size_of(t, x.dims[:-1]), size_of(t, y.dims[1:])
    product = t.emit("matmul", t.emit("reshape", x, rows, inner), t.emit("reshape", y, y.dims[0], columns))
    return by_rows(t, t.emit("reshape", product, *x.dims[:-1], *y.dims[1:]))


@handles(np.matmul, np.linalg.matmul)
def np_matmul(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.matmul`."""
    numbers, options, _ = in_loop(act.t, np.matmul, [as_operand(act.t, a) for a in args], named)
    return finish_ufunc(act, matmul(act.t, *numbers), options, "matmul")


def _vector(t: Tracer, value: Any) -> Array:
    array = as_operand(t, value)
    if not isinstance(array, Array):
        array = t.new_array(t.emit("full", t.scalar(array), ONE))
    vector: Array = array
    if array.rank != 1:
        vector = t.new_array(t.emit("reshape", arrays.read(t, array), size_of(t, array.dims)))
    return vector


@implements(np.linalg.outer)
def outer_of_vectors(act: Activation, x1: Any, x2: Any) -> Any:
    """Every element of a vector times every one of another."""
    ranks = [v.rank if isinstance(v, Array) else 0 for v in (as_operand(act.t, v) for v in (x1, x2))]
    if ranks != [1, 1]:
        raise ValueError(f"Input arrays must be one-dimensional, but they have {ranks[0]} and {ranks[1]} axes")
    return outer(act, x1, x2)


@implements(np.outer)
def outer(act: Activation, a: Any, b: Any, out: Any = None) -> Any:
    """Every element times every other, as a matrix."""
    t = act.t
    a, b = _vector(t, a), _vector(t, b)
    column = t.new_array(t.emit("reshape", arrays.read(t, a), *a.dims, ONE))
    row = t.new_array(t.emit("reshape", arrays.read(t, b), ONE, *b.dims))
    result = arithmetic.binary(t, "*", column, row)
    return result if out is None else finish_ufunc(act, result, {"out": out}, "multiply")


@implements(np.vdot)
def vdot(act: Activation, a: Any, b: Any) -> Any:
    """The sum of products of all elements, those of the first conjugated."""
    t = act.t
    a, b = _vector(t, a), _vector(t, b)
    if a.kind.is_complex:
        a = arithmetic.elementwise(t, "conj", [a])
    return matmul(t, a, b)
