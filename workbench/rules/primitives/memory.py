"""Operations on memory: allocation, loads and stores, slices, gathers and scatters, masks, checks.

Their meanings are those of `workbench.ir.ops`; their derivatives are the transforms'. `numpy` works in place on what
an operation consumes and hands it back. An `empty` array is poisoned (NaN, or the least integer), so that a program
that reads what it never wrote shows it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import ArrayType, Kind, ScalarType, Value
from workbench.rules.costs import memory as costs
from workbench.rules.primitive import ANY, BOOL, INT, Attrs, Cost, Primitive, Types, register
from workbench.rules.typing import array, dimension

INTEGER = ScalarType(Kind.INT)

Operands = tuple[Any, ...]


class Growable(list[Any]):
    """A growable list: the held prefix of an endless array of zeros."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.zero = kind.dtype.type(0)

    def read(self, index: int) -> Any:
        """The element, zero beyond the end."""
        return self[index] if index < len(self) else self.zero

    def write(self, index: int, value: Any) -> None:
        """Replace the element, extending with zeros."""
        self.extend([self.zero] * (index + 1 - len(self)))
        self[index] = value


def duplicate(a: Any) -> Any:
    """A copy of an array or list."""
    if not isinstance(a, Growable):
        return np.array(a)
    made = copy.copy(a)
    made[:] = a
    return made


READ, ADDED, OVERWRITTEN = ("`x_bar[places] += f_bar`", "`y_bar = f_bar[places]; x_bar = f_bar`",
                            "`y_bar = f_bar[places]; x_bar = f_bar, 0 at the places`")


def _define(name: str, numpy: Callable[..., Any], types: Callable[..., Types],
            kinds: tuple[frozenset[Kind], ...] = (ANY, INT), adjoint: str = "", flops: int = 0,
            cost: Cost | None = None) -> None:
    register(Primitive(name, numpy, types, kinds=kinds, adjoint=adjoint, flops=flops, cost=cost))


def _scalars(operands: Sequence[Value], what: str) -> None:
    for value in operands:
        if value.is_array or value.kind is not Kind.INT:
            raise TypeError(f"{what} takes integers, not {value!r}")


def _element(operand: Value, base: ArrayType, name: str) -> None:
    if operand.kind is not base.kind:
        raise TypeError(f"{name} of {operand.kind.value} into {base.kind.value}")


# ---------------------------------------------------------------------- allocation
def _empty(*dims: int, kind: Kind) -> Any:
    poison: Any = np.nan if kind.is_inexact else np.iinfo(np.int64).min if kind is Kind.INT else True
    return np.full(dims, poison, kind.dtype)


def _empty_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return (ArrayType(attrs["kind"], tuple(dimension(d) for d in operands)),)


def _iota_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (n,) = operands
    return (ArrayType(Kind.INT, (dimension(n),)),)


def _list_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return (ArrayType(attrs["kind"], (), True),)


_define("empty", _empty, _empty_types, (INT,), cost=costs.empty)
_define("iota", lambda n: np.arange(n, dtype=np.int64), _iota_types, (INT,), cost=costs.filled)
_define("list", Growable, _list_types, adjoint="the cotangent is a list of the same length",
        cost=costs.new_list)


# ---------------------------------------------------------------------- indices
def _index_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    _scalars(operands, "index")
    return (INTEGER,)


def _index(e: Any, n: Any, checked: bool = False) -> Any:
    if checked and not -n <= e < n:
        raise IndexError(f"index {e} is out of bounds for axis of size {n}")
    return e + n if e < 0 else e


_define("index", _index, _index_types, (INT,))


# ---------------------------------------------------------------------- elements
def _load_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "load")
    _scalars(operands[1:], "load")
    if len(operands) - 1 != type_.rank:
        raise TypeError(f"load with {len(operands) - 1} indices of rank {type_.rank}")
    return (ScalarType(type_.kind),)


def _store_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "store")
    if operands[1].is_array:
        raise TypeError("store of an array")
    _element(operands[1], type_, "store")
    _load_types((operands[0], *operands[2:]), attrs)
    return (type_,)


def _valid(a: Any, where: tuple[Any, ...]) -> tuple[Any, ...]:
    """The indices, if they are valid and not negative: an `index` must have come before."""
    if not all(0 <= i < n for i, n in zip(where, a.shape, strict=True)):
        raise AssertionError(f"an unchecked access at {tuple(int(i) for i in where)} of shape {a.shape}")
    return where


def _load(a: Any, *where: Any, kept: bool = False) -> Any:
    """`kept`: the element of a list that was stored before (else zero is read beyond its end)."""
    if kept and isinstance(a, Growable) and not 0 <= int(where[0]) < len(a):
        raise AssertionError(f"residual {int(where[0])} of {len(a)} was never stored")
    return a.read(int(where[0])) if isinstance(a, Growable) else a[_valid(a, where)]


def _store(a: Any, v: Any, *where: Any) -> Any:
    if isinstance(a, Growable):
        a.write(int(where[0]), v)
    else:
        a[_valid(a, where)] = v
    return a


def _accum(a: Any, v: Any, *where: Any) -> Any:
    return _store(a, _load(a, *where) + v, *where)


_define("load", _load, _load_types, adjoint=READ, cost=costs.load)
_define("store", _store, _store_types, (ANY, ANY, INT), adjoint=OVERWRITTEN, cost=costs.store)
_define("accum", _accum, _store_types, (ANY, ANY, INT), adjoint=ADDED, flops=1, cost=costs.accum)


# ---------------------------------------------------------------------- slices
def box_operands(operands: Sequence[Any], fixed: Sequence[bool]) -> tuple[Operands, Operands, Operands]:
    """Starts, lengths and steps, from the operands of a slice that follow the array (and the value stored)."""
    rank, free = len(fixed), len(fixed) - sum(fixed)
    if len(operands) != rank + 2 * free:
        raise TypeError(f"a slice with {len(operands)} operands for axes fixed {tuple(fixed)}")
    return tuple(operands[:rank]), tuple(operands[rank:rank + free]), tuple(operands[rank + free:])


def _slice_dims(base: ArrayType, operands: Sequence[Value], attrs: Attrs) -> tuple[Value, ...]:
    fixed = attrs["fixed"]
    _scalars(operands, "slice")
    if len(fixed) != base.rank or all(fixed):
        raise TypeError(f"slice of rank {base.rank} with axes fixed {fixed}")
    return box_operands(operands, fixed)[1]


def _slice_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "slice")
    return (ArrayType(type_.kind, _slice_dims(type_, operands[1:], attrs)),)


def _slice_store_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "slice_store")
    dims = _slice_dims(type_, operands[2:], attrs)
    _element(operands[1], type_, "slice_store")
    if operands[1].is_array and operands[1].rank != len(dims):
        raise TypeError(f"slice_store of rank {operands[1].rank} into rank {len(dims)}")
    return (type_,)


def _box(a: Any, operands: Sequence[Any], fixed: Sequence[bool]) -> tuple[Any, ...]:
    """A NumPy index for a sub-box; valid and non-negative, or it is the program's fault."""
    starts, lengths, steps = box_operands(operands, fixed)
    ranges = iter(zip(lengths, steps, strict=True))
    index: list[Any] = []
    for axis, (start, single) in enumerate(zip(starts, fixed, strict=True)):
        length, step = (1, 1) if single else next(ranges)
        end = int(start + (length - 1) * step)
        if length > 0 and not (0 <= start < a.shape[axis] and 0 <= end < a.shape[axis]):
            raise AssertionError(f"an unchecked slice from {start} to {end} of size {a.shape[axis]}")
        if single:
            index.append(int(start))
        elif length <= 0:
            index.append(slice(0, 0))
        else:
            stop = end + (1 if step > 0 else -1)
            index.append(slice(int(start), None if stop < 0 else stop, int(step)))
    return tuple(index)


def _slice(a: Any, *operands: Any, fixed: Sequence[bool]) -> Any:
    return a[_box(a, operands, fixed)].copy()


def _slice_store(a: Any, v: Any, *operands: Any, fixed: Sequence[bool]) -> Any:
    a[_box(a, operands, fixed)] = v
    return a


def _slice_accum(a: Any, v: Any, *operands: Any, fixed: Sequence[bool]) -> Any:
    a[_box(a, operands, fixed)] += v
    return a


_define("slice", _slice, _slice_types, adjoint=READ)
_define("slice_store", _slice_store, _slice_store_types, (ANY, ANY, INT), adjoint=OVERWRITTEN)
_define("slice_accum", _slice_accum, _slice_store_types, (ANY, ANY, INT), adjoint=ADDED, flops=1)


# ---------------------------------------------------------------------- gather, scatter, masks
def _gather_dims(base: ArrayType, indices: Sequence[Value]) -> tuple[Value, ...]:
    if not 1 <= len(indices) <= base.rank:
        raise TypeError(f"gather with {len(indices)} indices of rank {base.rank}")
    for index in indices:
        if not index.is_array or index.kind is not Kind.INT or index.rank != indices[0].rank:
            raise TypeError(f"gather takes integer arrays of one shape, not {index!r}")
    return indices[0].dims + base.dims[len(indices):]


def _gather_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "gather")
    return (ArrayType(type_.kind, _gather_dims(type_, operands[1:])),)


def _scatter_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "scatter")
    dims = _gather_dims(type_, operands[2:])
    _element(operands[1], type_, "scatter")
    if operands[1].is_array and operands[1].rank != len(dims):
        raise TypeError(f"scatter of rank {operands[1].rank} into rank {len(dims)}")
    return (type_,)


def _checked(a: Any, indices: tuple[Any, ...]) -> tuple[Any, ...]:
    for axis, index in enumerate(indices):
        if index.size and not (index.min() >= 0 and index.max() < a.shape[axis]):
            raise AssertionError(f"an unchecked gather beyond size {a.shape[axis]}")
    return indices


def _scatter_store(a: Any, v: Any, *indices: Any) -> Any:
    _checked(a, indices)
    places = np.stack([index.ravel() for index in indices], axis=1) if indices else np.empty((0, 0), np.int64)
    rows = np.broadcast_to(v, indices[0].shape + a.shape[len(indices):]).reshape((len(places), *a.shape[len(indices):]))
    for place, row in zip(places, rows, strict=True):  # in order: later duplicates win
        a[tuple(place)] = row
    return a


def _scatter_accum(a: Any, v: Any, *indices: Any) -> Any:
    np.add.at(a, _checked(a, indices), v)
    return a


def _mask(value: Value) -> None:
    if not value.is_array or value.kind is not Kind.BOOL:
        raise TypeError(f"{value!r} is no mask")


def _mask_count_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    _mask(operands[0])
    return (INTEGER,)


def _mask_index_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    _mask(operands[0])
    return (ArrayType(Kind.INT, (dimension(operands[1]),)),)


def _mask_index(m: Any, k: Any) -> Any:
    found = np.flatnonzero(m)
    if len(found) != k:
        raise AssertionError(f"a mask of {len(found)} true elements where {k} are meant")
    return found


_define("gather", lambda a, *idx: a[_checked(a, idx)], _gather_types, adjoint=READ)
_define("scatter_store", _scatter_store, _scatter_types, (ANY, ANY, INT), adjoint=OVERWRITTEN)
_define("scatter_accum", _scatter_accum, _scatter_types, (ANY, ANY, INT), adjoint=ADDED, flops=1)
_define("mask_count", lambda m: np.int64(np.count_nonzero(m)), _mask_count_types, (BOOL,))
_define("mask_index", _mask_index, _mask_index_types, (BOOL, INT))
