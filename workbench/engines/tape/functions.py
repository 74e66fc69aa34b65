"""NumPy functions that need no derivative: what moves elements moves their nodes alike (views stay views), what makes
arrays makes them so that they can hold active numbers, what is piecewise constant runs on the values.

All others are structured operations (`programs`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, NUMBERS, bottom, holds_active, recorder_of
from workbench.engines.tape.array import ActiveArray, alike, fresh, from_items, laid_as, parts, wrap
from workbench.engines.tape.late import late
from workbench.engines.tape.meanings import functions, records
from workbench.engines.tape.programs import by_numpy, structured
from workbench.engines.tape.recorder import current
from workbench.engines.tape.refusal import refuse

# ---------------------------------------------------------------------- what moves elements, and what has no derivative
_MOVING = (np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.rollaxis, np.squeeze, np.expand_dims,
           np.roll, np.flip, np.fliplr, np.flipud, np.rot90, np.tile, np.repeat, np.take, np.diagonal, np.delete,
           np.broadcast_to, np.take_along_axis, np.permute_dims, np.matrix_transpose,
           np.lib.stride_tricks.sliding_window_view)
_FILLING = (np.diag, np.tril, np.triu, np.diagflat, np.resize)
_JOINING = (np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack, np.dstack, np.block)
_SPLITTING = (np.split, np.array_split, np.hsplit, np.vsplit, np.dsplit, np.unstack)
_CONSTANT = (np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.argpartition, np.lexsort, np.allclose,
             np.array_equal, np.array_equiv, np.isclose, np.any, np.all, np.count_nonzero, np.nonzero, np.flatnonzero,
             np.argwhere, np.searchsorted, np.isscalar, np.iscomplexobj, np.isrealobj, np.iscomplex, np.isreal,
             np.result_type, np.digitize, np.round, np.around, np.fix, np.shares_memory, np.may_share_memory,
             np.can_cast, np.min_scalar_type, np.isin, np.nanargmax, np.nanargmin, np.common_type)


def _moved(function: Any, offset: int) -> None:
    @records(function)
    def handler(a: Any, *args: Any, **options: Any) -> Any:
        options = {k: bottom(v) for k, v in options.items()}
        keys = [bottom(x) for x in args]
        if not holds_active(a):
            return function(a, *keys, **options)
        a = from_items(a)
        values, nodes = parts(a, a.recorder)
        if function in (np.reshape, np.ravel):
            return alike(a, lambda part: function(part, *keys, **options))
        if not offset or (function is np.diag and nodes.ndim == 2):  # (the diagonal of a matrix is a view)
            return wrap(function(values, *keys, **options), function(nodes, *keys, **options), a.recorder)
        # with an offset, what the function fills with zeros is not active
        return wrap(function(values, *keys, **options), function(nodes + offset, *keys, **options) - offset, a.recorder)


def _of_second(function: Any) -> None:
    @records(function)
    def handler(condition: Any, a: Any, *args: Any, **options: Any) -> Any:
        condition = bottom(condition)
        if not holds_active(a):
            return function(condition, a, *args, **options)
        a = from_items(a)
        return a.like(lambda part: function(condition, part, *args, **options))


def _atleast(function: Any) -> None:
    @records(function)
    def handler(*arrays: Any) -> Any:
        made = [_raised(function, a) if holds_active(a) else function(a) for a in arrays]
        return made[0] if len(made) == 1 else tuple(made)


def _raised(function: Any, a: Any) -> Any:
    if type(a) in NUMBERS:
        a = from_items([a])[0:1].reshape(())
    return from_items(a).like(function)


def _joined(function: Any) -> None:
    @records(function)
    def handler(arrays: Any, *args: Any, **options: Any) -> Any:
        recorder = recorder_of(arrays)
        if function is np.block:
            return _blocks(arrays)
        complex_ = any(np.iscomplexobj(bottom(a)) for a in arrays)
        pairs = [parts(a, recorder, complex_) for a in arrays]
        nodes = [np.broadcast_to(n, np.shape(bottom(v))) for v, n in pairs]
        options = {k: bottom(v) for k, v in options.items()}
        values = function([v for v, _ in pairs], *args, **options)
        return wrap(values, function(nodes, *args, **{k: v for k, v in options.items() if k in ("axis",)}), recorder)


def _blocks(rows: Any) -> Any:
    """Nested lists of arrays, as NumPy puts them together."""
    def depth(x: Any) -> int:
        return 1 + depth(x[0]) if isinstance(x, list) else 0

    def joined(x: Any, axis: int) -> Any:
        if not isinstance(x, list):
            return x
        made = [joined(v, axis + 1) for v in x]
        rank = max(np.ndim(bottom(v)) for v in made)
        made = [by_numpy(np.reshape, v, (1,) * (max(rank, -axis) - np.ndim(bottom(v))) + np.shape(bottom(v)))
                for v in made]
        return by_numpy(np.concatenate, made, axis=axis)
    return joined(rows, -depth(rows))


def _split(function: Any) -> None:
    @records(function)
    def handler(a: Any, *args: Any, **options: Any) -> Any:
        pieces = zip(function(a.primal, *args, **options), function(a.nodes, *args, **options), strict=True)
        made = [wrap(v, n, a.recorder) for v, n in pieces]
        return tuple(made) if function is np.unstack else made


def _constant(function: Any) -> None:
    @records(function)
    def handler(*args: Any, **options: Any) -> Any:
        found = function(*(bottom(a) for a in args), **{k: bottom(v) for k, v in options.items()})
        return fresh(found, recorder_of(args, options))


def _register(how: Callable[..., None], group: Any, *options: Any) -> None:
    for function in group:
        how(function, *options)


_register(_moved, _MOVING, 0)
_register(_moved, _FILLING, 1)
_register(_of_second, (np.extract, np.compress))
_register(_atleast, (np.atleast_1d, np.atleast_2d, np.atleast_3d))
_register(_joined, _JOINING)
_register(_split, _SPLITTING)
_register(_constant, _CONSTANT)


@records(np.copy)
def _copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    return from_items(a).copy(order=order) if type(a) not in NUMBERS else functions[np.atleast_1d](a).reshape(())


@records(np.append)
def _append(a: Any, values: Any, axis: Any = None) -> Any:
    if axis is None:
        a, values = (by_numpy(np.ravel, by_numpy(np.atleast_1d, x)) for x in (a, values))
    return functions[np.concatenate]((a, values), axis=axis or 0)


@records(np.insert)
def _insert(a: Any, where: Any, values: Any, axis: Any = None) -> Any:
    recorder = recorder_of(a, values)
    complex_ = any(np.iscomplexobj(bottom(x)) for x in (a, values))
    (old, m), (new, n) = (parts(x, recorder, complex_) for x in (a, values))
    n = np.broadcast_to(n, np.shape(bottom(new)))
    nodes = np.insert(np.broadcast_to(m, np.shape(bottom(old))), where, n, axis=axis)
    return wrap(by_numpy(np.insert, old, where, new, axis=axis), nodes, recorder)


@records(np.pad)
def _pad(a: Any, width: Any, mode: Any = "constant", **options: Any) -> Any:
    if mode in ("edge", "reflect", "symmetric", "wrap") and not options:
        return a.reshape(-1)[np.pad(_numbered(a, 0), width, mode)]
    if mode == "constant" and not holds_active(tuple(options.values())):
        values = options.get("constant_values", 0)
        if not np.any(values):
            places = np.pad(_numbered(a, 1), width, mode)
            made = fresh(np.zeros_like(places, dtype=a.dtype), a.recorder)
            made[places > 0] = a.reshape(-1)[places[places > 0] - 1]
            return made
    return structured(np.pad, (a, width, mode), options)


def _numbered(a: Any, start: int) -> Any:
    """The numbers of an array's elements, row by row; they lie by columns where np.pad has its result do so."""
    return np.array(np.arange(start, start + a.size).reshape(a.shape), order="F" if bottom(a).flags.fnc else "C")


def _creation(function: Any) -> None:
    @records(function)
    def handler(a: Any, *args: Any, **options: Any) -> Any:
        if function is np.full_like:
            value = args[0] if args else options.pop("fill_value")
            made = fresh(np.empty_like(bottom(a), *args[1:], **options), recorder_of(a, value))
            made[...] = value
            return made
        return fresh(function(bottom(a), *args, **options), recorder_of(a))


_register(_creation, (np.zeros_like, np.ones_like, np.empty_like, np.full_like))


@records(np.where)
def _where(condition: Any, *choices: Any) -> Any:
    test = bottom(condition)
    if not choices:
        return np.where(test)
    if not holds_active(choices):
        return np.where(test, *choices)
    recorder = recorder_of(choices)
    complex_ = any(np.iscomplexobj(bottom(x)) for x in choices)
    (a, m), (b, n) = (parts(x, recorder, complex_) for x in choices)
    nodes = np.where(test, m, n)
    return wrap(by_numpy(np.where, test, a, b), nodes, recorder)


@records(np.select)
def _select(conditions: Any, choices: Any, default: Any = 0) -> Any:
    given = [bottom(x) for x in (*choices, default)]
    kind = np.result_type(*(x if type(x) in (int, float, complex) else np.asarray(x).dtype for x in given))
    *converted, result = (x if holds_active(x) else np.asarray(x, kind) for x in (*choices, default))
    for condition, choice in zip(reversed(conditions), reversed(converted), strict=True):
        if np.asarray(bottom(condition)).dtype != bool:
            raise TypeError("invalid entry in condlist: should be boolean ndarray")
        result = _where(condition, choice, result)
    return result.copy(order="C")


@records(np.choose)
def _choose(index: Any, choices: Any, *, mode: str = "raise") -> Any:
    places, last = np.asarray(bottom(index)), len(choices) - 1
    if places.dtype.kind not in "biu":
        raise TypeError("an array of places must be one of integers")
    if mode == "raise" and np.any((places < 0) | (places > last)):
        raise ValueError("invalid entry in choice array")
    places = places % (last + 1) if mode == "wrap" else np.clip(places, 0, last)
    return _select([places == k for k in range(last + 1)], list(choices), choices[-1])


@records(np.sort)
def _sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
    np.sort(np.zeros(1), kind=kind, order=order, stable=stable)  # raises for what there is not
    a = from_items(a)
    if a.dtype.kind == "c":
        raise refuse("np.sort of complex numbers on the tape", "sort by a real key")
    if axis is None:
        a, axis = a.reshape(-1), -1
    return _rearranged(a, np.argsort(bottom(a), axis=axis, kind="stable"), axis)


@records(np.partition)
def _partition(a: Any, kth: Any, axis: int = -1, kind: Any = "introselect", order: Any = None) -> Any:
    a = from_items(a)
    return _rearranged(a, np.argpartition(bottom(a), kth, axis=axis), axis)


def _rearranged(a: Any, places: Any, axis: int) -> Any:
    """The elements of each line along an axis in another order; the result lies as the array does."""
    lying = bottom(a)
    return a.like(lambda part: laid_as(lying, np.take_along_axis(part, places, axis)))


@records(np.unique)
def _unique(a: Any, **options: Any) -> Any:
    a = from_items(a)
    if options.get("axis") is not None:
        raise refuse("np.unique of rows or columns on the tape", "drop the copies by hand")
    flat = a.reshape(-1)
    found, first, *more = np.unique(bottom(a), return_index=True, **{k: v for k, v in options.items()
                                                                     if k != "return_index"})
    inverse = np.unique(bottom(flat), return_inverse=True)[1]
    if len(found) != flat.size and np.any(flat.nodes != flat.nodes[first][inverse]):
        raise refuse("np.unique of active numbers that happen to be equal", "drop the copies by hand")
    rest = [first] if options.get("return_index") else []
    return (flat[first], *rest, *more) if rest or more else flat[first]


functions[np.real] = lambda a: from_items(a).real if type(a) not in ACTIVE else a.real
functions[np.imag] = lambda a: from_items(a).imag if type(a) not in ACTIVE else a.imag


@records(np.broadcast_arrays)
def _broadcast_arrays(*arrays: Any, subok: bool = False) -> Any:
    shape = np.broadcast_shapes(*(np.shape(bottom(x)) for x in arrays))
    return tuple(_spread(functions[np.asarray](a) if type(a) in NUMBERS else a, shape) for a in arrays)


def _spread(a: Any, shape: tuple[int, ...]) -> Any:
    """An array of another shape as `np.broadcast_arrays` gives it: what is written to it is refused."""
    if np.shape(bottom(a)) == shape:
        return a if isinstance(a, np.ndarray) else by_numpy(np.array, a)
    made = by_numpy(np.broadcast_to, a, shape)
    if type(a) is ActiveArray and type(a.primal) is np.ndarray:
        return ActiveArray(np.broadcast_arrays(a.primal, np.empty(shape))[0], made.nodes, made.recorder)
    return made


@records(np.meshgrid)
def _meshgrid(*arrays: Any, **options: Any) -> Any:
    if not options.get("copy", True):
        raise refuse("np.meshgrid(copy=False), which gives views", "leave the option out")
    places = np.meshgrid(*(np.arange(np.size(bottom(a))) for a in arrays), **options)
    return [by_numpy(np.take, by_numpy(np.ravel, a), where) for a, where in zip(arrays, places, strict=True)]


@records(np.apply_along_axis)
def _apply_along_axis(function: Any, axis: int, a: Any, *args: Any, **options: Any) -> Any:
    moved = functions[np.moveaxis](a, axis, -1)
    rows = [late.mediate(function, moved[where], *args, **options) for where in np.ndindex(moved.shape[:-1])]
    if not rows:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    kind = np.asarray(bottom(rows[0])).dtype  # the first result decides
    made = np.array(bottom(rows)).astype(kind) if kind.kind in "iub" else array(np.array, rows, kind) if holds_active(
        rows) else np.array(rows, kind)
    made = made.reshape(moved.shape[:-1] + made.shape[1:])
    given = made.ndim - moved.ndim + 1  # axes of one result: they take the place of the one along which it was made
    return by_numpy(np.moveaxis, made, list(range(-given, 0)), list(range(axis % a.ndim, axis % a.ndim + given)))


# ---------------------------------------------------------------------- arrays from numbers
def array(function: Callable[..., Any], items: Any, dtype: Any = None, **options: Any) -> Any:
    """`np.array` and its kin of something with active numbers inside."""
    kind = None if dtype is None else np.dtype(dtype)
    copy, made = options.get("copy", True if function is np.array else None), None
    if type(items) is ActiveArray:
        order = options.get("order") or {np.asfortranarray: "F", np.ascontiguousarray: "C"}.get(function, "K")
        flags = bottom(items.primal).flags
        lies = {"C": flags.c_contiguous, "F": flags.f_contiguous}.get(order, True)
        made = items.copy(order=order) if copy or not lies else items
        made = made if kind is None or kind == items.dtype else made.astype(kind)
    if copy is not None and not copy and made is not items:
        raise ValueError("Unable to avoid copy while creating an array as requested.")
    if kind is not None and kind.kind == "O":
        raise refuse("active numbers in an array of objects", "use a list")
    if made is None:
        made = from_items([items]).reshape(()) if type(items) in NUMBERS else from_items(items)
        made = made if kind is None or kind == made.dtype else made.astype(kind)
        made = made.copy(order="F") if options.get("order") == "F" or function is np.asfortranarray else made
    least = max(options.get("ndmin", 0), function is np.ascontiguousarray)
    return made.reshape((1,) * (least - made.ndim) + made.shape) if least > made.ndim else made


def made_here(value: Any) -> Any:
    """A new array made while a run is recorded: it may hold active numbers later."""
    recorder = current()
    return fresh(value, recorder) if recorder is not None else value
