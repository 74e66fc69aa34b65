"""Arrays put together: `concatenate`, `stack`, `hstack`, `vstack`, `column_stack`; of a list whose length is known at
run time only, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arrays, indexing, layout
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import refuse
from workbench.frontend.library.operands import as_operand, cast, dtype_kind
from workbench.frontend.library.reductions import axes_of
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import need_array, reshape, transposed
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.order import concatenated
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Affine, Array, DynamicList, Range
from workbench.ir import Constant, Kind, Value


def _parts(act: Activation, value: Any) -> list[Any]:
    t = act.t
    parts = [as_operand(t, v) for v in t.environment.items(act, value)]
    if not parts:
        raise ValueError("need at least one array to concatenate")
    return parts


def _converted(t: Tracer, parts: list[Any], dtype: Any) -> list[Any]:
    """The parts in the dtype that is asked for."""
    if dtype is None:
        return parts
    kind = dtype_kind(t, dtype)
    for part in parts:
        given = (number_kind(part) or Kind.F64).dtype
        if not np.can_cast(given, kind.dtype, "same_kind"):
            raise TypeError(f"Cannot cast array data from {given!r} to {kind.dtype!r} according to the rule "
                            "'same_kind'")
    return [cast(t, part, kind) for part in parts]


def join(t: Tracer, parts: list[Array], axis: int) -> Any:
    """Arrays one after the other along an axis: written into a new one."""
    kind = common_kind(*parts)
    if any(p.rank != parts[0].rank for p in parts):
        raise ValueError("all the input array dimensions must match exactly")
    for part in parts[1:]:
        for k, (a, b) in enumerate(zip(parts[0].dims, part.dims, strict=True)):
            if k != axis:
                arrays.require_same(t, a, b, "all the input array dimensions except for the concatenation axis must "
                                             "match exactly")
    total: Value = parts[0].dims[axis]
    for part in parts[1:]:
        total = t.emit("add", total, part.dims[axis])
    dims = [total if k == axis else d for k, d in enumerate(parts[0].dims)]
    values = [arrays.operand(t, p, kind) for p in parts]
    made = t.new_array(t.emit("empty", *dims, kind=kind))
    loose = {k for d in (dims, *(p.dims for p in parts)) for k in layout.loose_axes(t, d)}
    layout.laid(made, concatenated([layout.order(t, p) for p in parts], len(dims), sorted(loose)))
    offset: Value = Constant(0, Kind.INT)
    for part, value in zip(parts, values, strict=True):
        step = arrays.whole(made)
        base = list(step.base)
        base[axis] = Range(offset, part.dims[axis], ONE)
        view = arrays.subview(t, made, Affine(tuple(base), step.axes))
        arrays.write(t, view, value)
        offset = t.emit("add", offset, part.dims[axis])
    return made


def _rows(t: Tracer, owner: DynamicList) -> Any:
    """The arrays of a dynamic list, one after the other along a new first axis."""
    rows = as_operand(t, owner)
    t.check(t.emit("gt", rows.dims[0], Constant(0, Kind.INT)), "ValueError", "need at least one array to concatenate")
    return rows


def _rows_joined(act: Activation, owner: DynamicList, axis: Any) -> Any:
    """The arrays of a dynamic list one after the other along an axis of theirs."""
    t = act.t
    rows = _rows(t, owner)
    if rows.rank < 2:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    if axis is None:
        return reshape(t, rows, -1)
    (place,) = axes_of(t, axis, rows.rank - 1)
    beside = t.environment.call(act, np.moveaxis, (rows, 0, place), {})
    shape = [t.dim(d) for k, d in enumerate(rows.dims[1:])]
    shape[place] = -1
    return reshape(t, beside, tuple(shape))


def _refuse_options(t: Tracer, parts: Any, name: str, dtype: Any, casting: Any, out: Any = None) -> None:
    """Refuse what is not taken: of a list whose length is known at run time only, a dtype too."""
    refuse(t, name, out=(out, None), casting=(casting, "same_kind"))
    if isinstance(parts, DynamicList):
        refuse(t, name, dtype=(dtype, None))


@implements(np.concatenate)
def concatenate(act: Activation, arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None,
                casting: Any = "same_kind") -> Any:
    """One after the other along an axis."""
    t = act.t
    _refuse_options(t, arrays, "np.concatenate", dtype, casting, out)
    if isinstance(arrays, DynamicList):
        return _rows_joined(act, arrays, axis)
    parts = _parts(act, arrays)
    if any(not isinstance(p, Array) for p in parts):
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    parts = _converted(t, parts, dtype)
    if axis is None:
        parts = [reshape(t, p, -1) for p in parts]
        axis = 0
    return join(t, parts, axes_of(t, axis, parts[0].rank)[0])


@implements(np.stack)
def stack(act: Activation, arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None,
          casting: Any = "same_kind") -> Any:
    """One after the other along a new axis."""
    t = act.t
    _refuse_options(t, arrays, "np.stack", dtype, casting, out)
    if isinstance(arrays, DynamicList):
        return t.environment.call(act, np.moveaxis, (_rows(t, arrays), 0, axis), {})
    parts = _converted(t, _parts(act, arrays), dtype)
    if not any(isinstance(p, Array) for p in parts):
        return t.environment.as_array(t, tuple(parts))
    (place,) = axes_of(t, axis, parts[0].rank + 1)
    key = (*[slice(None)] * place, None)
    return join(t, [indexing.get(t, need_array(t, p), key) for p in parts], place)


# ---------------------------------------------------------------------- vectors as rows or columns
def _as_itself(t: Tracer, array: Array) -> Any:
    return array


def _as_rows(t: Tracer, array: Array) -> Any:
    return indexing.get(t, array, (None,)) if array.rank == 1 else array


def _as_columns(t: Tracer, array: Array) -> Any:
    return indexing.get(t, array, (slice(None), None)) if array.rank == 1 else array


def _joined(axis: int, first: Any, name: str) -> Any:
    """Each part as `first` has it, joined along an axis (vectors along their own)."""
    def function(act: Activation, tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
        t = act.t
        _refuse_options(t, tup, name, dtype, casting)
        if isinstance(tup, DynamicList):
            rows = _rows(t, tup)
            if rows.rank == 2 and first is not _as_itself:
                return rows if first is _as_rows else transposed(t, rows, (1, 0))
            return _rows_joined(act, tup, 0 if axis == 1 and rows.rank == 2 else axis)
        parts = [first(t, need_array(t, p)) for p in _converted(t, _parts(act, tup), dtype)]
        return join(t, parts, 0 if axis == 1 and parts[0].rank == 1 else axis)
    return function


implements(np.hstack)(_joined(1, _as_itself, "np.hstack"))
implements(np.vstack, np.row_stack)(_joined(0, _as_rows, "np.vstack"))
_beside = _joined(1, _as_columns, "np.column_stack")


@implements(np.column_stack)
def column_stack(act: Activation, tup: Any) -> Any:
    """Beside one another, vectors as columns."""
    return _beside(act, tup)
