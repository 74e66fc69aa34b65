"""Order and position: `argsort`, `searchsorted`, the places of true elements, shapes that arrays have in common."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arrays
from workbench.frontend.activation import Activation
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import need_array, reshape
from workbench.frontend.numbers import common_kind
from workbench.frontend.tracer import ONE
from workbench.frontend.values import Scalar
from workbench.ir import Constant, Kind


@implements(np.argsort)
def argsort(act: Activation, a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    """The places of the elements in order: stable, whatever order of ties is asked for."""
    t = act.t
    if order is not None:
        t.fail("np.argsort with order=", "arrays with fields are not arrays of numbers")
    np.argsort(np.zeros(1), kind=kind, stable=stable)  # raises for kinds that there are not
    array = need_array(t, a)
    if array.kind.is_complex:
        t.fail("the order of complex numbers", "sort by np.abs or np.real")
    if axis is None:
        array, axis = reshape(t, array, -1), -1
    (axis,) = axes_of(t, axis, array.rank)
    value = arrays.read(t, array)
    swap = list(range(array.rank))
    swap[axis], swap[-1] = swap[-1], swap[axis]
    if axis != array.rank - 1:
        return t.new_array(t.emit("transpose", t.emit("argsort", t.emit("transpose", value, perm=tuple(swap))),
                                  perm=tuple(swap)))
    return t.new_array(t.emit("argsort", value))


@implements(np.searchsorted)
def searchsorted(act: Activation, a: Any, v: Any, side: Any = "left", sorter: Any = None) -> Any:
    """The places before (or behind) which numbers belong; derivative zero."""
    t = act.t
    ordered, sought = need_array(t, a), as_operand(t, v)
    if sorter is not None:
        t.fail("np.searchsorted with sorter=", "sort first: a[sorter]")
    if ordered.rank != 1:
        raise ValueError("object too deep for desired array")
    if side not in ("left", "right"):
        raise ValueError(f"search side must be 'left' or 'right' (got {side!r})")
    kind = common_kind(ordered, sought)
    if kind.is_complex:
        t.fail("the order of complex numbers", "search by np.abs or np.real")
    kind = Kind.INT if kind is Kind.BOOL else kind
    value = arrays.operand(t, sought, kind)
    wide = value if value.is_array else t.emit("full", value, ONE)
    places = t.emit("searchsorted" if side == "left" else "searchsorted_right", arrays.operand(t, ordered, kind), wide)
    if value.is_array:
        return t.new_array(places)
    return Scalar(t.emit("load", places, Constant(0, Kind.INT)), False)


@implements(np.flatnonzero)
def flatnonzero(act: Activation, a: Any) -> Any:
    """As many places as there are true elements."""
    t = act.t
    value = arrays.read(t, reshape(t, need_array(t, a), -1))
    if value.kind is not Kind.BOOL:
        value = t.emit("ne", value, Constant(0, value.kind))
    return t.new_array(t.emit("mask_index", value, t.emit("mask_count", value)))


@implements(np.broadcast_shapes)
def broadcast_shapes(act: Activation, *shapes: Any) -> Any:
    """The shape that arrays of these shapes have in common."""
    t = act.t
    dims = [tuple(t.integer(n) for n in (s if isinstance(s, tuple) else (s,))) for s in shapes]
    return tuple(t.dim(d) for d in arrays.broadcast_dims(t, *dims))


