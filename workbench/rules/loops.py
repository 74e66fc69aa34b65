"""Loops that rules are made of, along the leading axis: exclusive products and linear recurrences.

On IR they are `for` loops over rows, so that a derivative of a derivative is the derivative of a loop: exact to any
order, at zeros too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.ir import Builder, Constant, Kind, Value
from workbench.rules.emission import emit
from workbench.rules.expr import Expr
from workbench.rules.functions import broadcast_to
from workbench.rules.typing import shaped

Step = Callable[[Any, tuple[Any, ...]], tuple[Any, Any]]


def scan(step: Step, first: float, inputs: tuple[Any, ...], backwards: bool) -> Any:
    """Rows of the result: `out[i], state = step(state, rows i of the inputs)`, the state starting as `first`.

    inputs: arrays of equal shape and kind; the result has that shape."""
    if isinstance(inputs[0], Expr):
        return _emitted(step, first, inputs, backwards)
    x = inputs[0]
    out = np.empty_like(x)
    state = np.full(x.shape[1:], first, x.dtype)[()]
    rows = range(len(x))
    for i in reversed(rows) if backwards else rows:
        out[i], state = step(state, tuple(v[i] for v in inputs))
    return out


def _emitted(step: Step, first: float, inputs: tuple[Expr, ...], backwards: bool) -> Expr:
    x = inputs[0]
    builder, kind, dims = x.builder, x.kind, x.dims
    values = [v.value for v in inputs]
    start: Value = broadcast_to(Expr(builder, Constant(first, kind)), dims[1:]).value
    buffer = builder.slot(x.type, emit(builder, "empty", *dims, kind=kind), "rows")
    state = builder.slot(shaped(kind, dims[1:]), start, "state")
    minus = Constant(-1, Kind.INT)
    if backwards:
        index = builder.begin_for(emit(builder, "add", dims[0], minus), minus, -1)
    else:
        index = builder.begin_for(Constant(0, Kind.INT), dims[0])
    rows = tuple(Expr(builder, row(builder, v, index)) for v in values)
    out, new = step(Expr(builder, builder.held(state)), rows)
    builder.write(buffer, set_row(builder, builder.held(buffer), out.value, index))
    builder.write(state, new.value)
    builder.end_for()
    return Expr(builder, builder.held(buffer))


def row(builder: Builder, array: Value, index: Value) -> Value:
    """Row `index` of an array (a scalar of a vector)."""
    if array.rank == 1:
        return emit(builder, "load", array, index)
    return emit(builder, "slice", array, *_row_box(array, index), fixed=_row_fixed(array))


def set_row(builder: Builder, array: Value, value: Value, index: Value) -> Value:
    """The array with row `index` replaced."""
    if array.rank == 1:
        return emit(builder, "store", array, value, index)
    return emit(builder, "slice_store", array, value, *_row_box(array, index), fixed=_row_fixed(array))


def _row_box(array: Value, index: Value) -> list[Value]:
    rest = array.rank - 1
    return [index, *[Constant(0, Kind.INT)] * rest, *array.dims[1:], *[Constant(1, Kind.INT)] * rest]


def _row_fixed(array: Value) -> tuple[bool, ...]:
    return (True, *[False] * (array.rank - 1))


def exclusive_product(x: Any, backwards: bool) -> Any:
    """Row i is the product of the rows before it (behind it, if backwards)."""
    return scan(lambda state, rows: (state, state * rows[0]), 1.0, (x,), backwards)


def recurrence(a: Any, b: Any, backwards: bool) -> Any:
    """Rows r of r[i] = state + b[i], where the state that follows is r[i] * a[i] (the adjoint of `cumprod`)."""
    def step(state: Any, rows: tuple[Any, ...]) -> tuple[Any, Any]:
        r = state + rows[1]
        return r, r * rows[0]
    return scan(step, 0.0, (a, b), backwards)


def products_tangent(x: Any, x_dot: Any, backwards: bool) -> Any:
    """Tangent of the cumulative products: t[i] = t[i-1] x[i] + p[i-1] x_dot[i]."""
    before = exclusive_product(x, backwards)

    def step(state: Any, rows: tuple[Any, ...]) -> tuple[Any, Any]:
        t = state * rows[0] + rows[1] * rows[2]
        return t, t
    return scan(step, 0.0, (x, before, x_dot), backwards)


