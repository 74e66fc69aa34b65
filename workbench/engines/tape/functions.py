"""NumPy functions of active arrays: what moves elements moves their nodes alike; sums, products and the rest are
recorded with their partials."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.array import (
    ActiveArray,
    array_ufunc,
    elementwise,
    fresh,
    functions,
    holds_active,
    is_active,
    parts,
    plain_key,
    record,
    recorder_of,
    values_of,
    wrap,
    wrap_new,
)
from workbench.engines.tape.recorder import INACTIVE
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.scalar import ActiveFloat


def implements(*callables: Any) -> Callable[[Any], Any]:
    """Register the handler of NumPy functions."""
    def register(handler: Any) -> Any:
        functions.update(dict.fromkeys(callables, handler))
        return handler
    return register


# ---------------------------------------------------------------------- what moves elements, and what has no derivative
_MOVING = (np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.squeeze, np.expand_dims, np.atleast_1d,
           np.atleast_2d, np.roll, np.flip, np.fliplr, np.flipud, np.rot90, np.tile, np.repeat, np.take, np.diag,
           np.diagonal, np.tril, np.triu, np.delete, np.broadcast_to)
_JOINING = (np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack, np.dstack)
_SPLITTING = (np.split, np.array_split, np.hsplit, np.vsplit)
_CONSTANT = (np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.allclose, np.array_equal, np.isclose,
             np.any, np.all, np.count_nonzero, np.nonzero, np.flatnonzero, np.argwhere, np.searchsorted, np.isscalar,
             np.iscomplexobj, np.isrealobj, np.result_type, np.digitize, np.round)


def _moved(function: Any) -> None:
    @implements(function)
    def handler(a: Any, *args: Any, **options: Any) -> Any:
        values, nodes = parts(a)
        keys = [plain_key(x) for x in args]
        # nodes are moved as node + 1, so that what the function fills with zeros is not active
        return wrap(function(values, *keys, **options), function(nodes + 1, *keys, **options) - 1, recorder_of(a))


def _viewed(function: Any) -> None:
    @implements(function)
    def handler(a: Any, *args: Any, **options: Any) -> Any:
        values, nodes = parts(a)
        return wrap(function(values, *args, **options), function(nodes, *args, **options), recorder_of(a))


def _joined(function: Any) -> None:
    @implements(function)
    def handler(arrays: Any, *args: Any, **options: Any) -> Any:
        if options.pop("out", None) is not None:
            raise refuse(f"np.{function.__name__} with out=", "assign the result")
        pairs = [parts(a) for a in arrays]
        nodes = [np.broadcast_to(n, np.shape(v)) for v, n in pairs]
        values = function([v for v, _ in pairs], *args, **options)
        return wrap(values, function(nodes, *args, **options), recorder_of(*arrays))


def _split(function: Any) -> None:
    @implements(function)
    def handler(a: ActiveArray, *args: Any, **options: Any) -> Any:
        pieces = zip(function(a.values, *args, **options), function(a.nodes, *args, **options), strict=True)
        return [wrap(v, n, a.recorder) for v, n in pieces]


def _constant(function: Any) -> None:
    @implements(function)
    def handler(*args: Any, **options: Any) -> Any:
        return function(*(values_of(a) for a in args), **{k: values_of(v) for k, v in options.items()})


_FILLING = (np.diag, np.tril, np.triu)
_GROUPS: tuple[tuple[Any, Any], ...] = (
    *((f, _moved if f in _FILLING else _viewed) for f in _MOVING), *((f, _joined) for f in _JOINING),
    *((f, _split) for f in _SPLITTING), *((f, _constant) for f in _CONSTANT))
for _function, _register in _GROUPS:
    _register(_function)


@implements(np.copy)
def _copy(a: ActiveArray, **options: Any) -> ActiveArray:
    return a.copy()


def _creation(function: Any) -> None:
    @implements(function)
    def handler(a: Any, *args: Any, **options: Any) -> Any:
        made = function(values_of(a), **options) if not args else None
        if made is None:  # np.full_like(a, value)
            made = fresh(np.empty_like(values_of(a), **options), recorder_of(a, *args))
            made[...] = args[0]
            return made
        return fresh(made, recorder_of(a))


for _maker in (np.zeros_like, np.ones_like, np.empty_like, np.full_like):
    _creation(_maker)


@implements(np.where)
def _where(condition: Any, *choices: Any) -> Any:
    test = values_of(condition)
    if not choices:
        return np.where(test)
    (a, m), (b, n) = (parts(x) for x in choices)
    return wrap(np.where(test, a, b), np.where(test, m, n), recorder_of(condition, *choices))


@implements(np.sort)
def _sort(a: ActiveArray, axis: int = -1, **options: Any) -> ActiveArray:
    order = np.argsort(a.values, axis=axis, kind="stable")
    return a.like(lambda part: np.take_along_axis(part, order, axis))


# ---------------------------------------------------------------------- reductions
def _rows(a: Any, axis: Any) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """Values and nodes with the reduced axes flattened into the last; and the reduced axes."""
    values, nodes = parts(a)
    rank = values.ndim
    axes = tuple(range(rank)) if axis is None else tuple(
        np.lib.array_utils.normalize_axis_index(k, rank) for k in (axis if isinstance(axis, tuple) else (axis,)))
    kept = [k for k in range(rank) if k not in axes]
    shape = tuple(values.shape[k] for k in kept)
    order = (*kept, *axes)
    width = math.prod(values.shape[k] for k in axes)
    rows = math.prod(shape)
    return values.transpose(order).reshape(rows, width), nodes.transpose(order).reshape(rows, width), axes


def _reduced(name: str, a: Any, axis: Any, keepdims: bool, value: Any, weights: np.ndarray) -> Any:
    _, sources, axes = _rows(a, axis)
    result = wrap_new(name, np.asarray(value).reshape(-1), sources, weights, recorder_of(a))
    rank = np.ndim(values_of(a))
    shape = [1 if k in axes else d for k, d in enumerate(np.shape(values_of(a))) if keepdims or k not in axes]
    return result.reshape(shape) if len(shape) or (keepdims and rank) else result[0]


def _no_options(name: str, options: dict[str, Any]) -> None:
    unknown = [k for k, v in options.items() if v is not None and v is not np._NoValue]
    if unknown:
        raise refuse(f"the option {unknown[0]!r} of np.{name} on the tape", "leave it out")


def _reduction(function: Any, weigh: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    name = function.__name__

    @implements(function)
    def handler(a: Any, axis: Any = None, *rest: Any, keepdims: Any = False, **options: Any) -> Any:
        _no_options(name, {**options, **({"by position": rest} if rest else {})})
        value = function(values_of(a), axis=axis)
        rows, _, _ = _rows(a, axis)
        keep = keepdims is not np._NoValue and bool(keepdims)
        return _reduced(name, a, axis, keep, value, weigh(rows, np.asarray(value).reshape(-1, 1)))


def _product_weights(rows: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The product of all others, without a division: of those before and of those after."""
    before = np.cumprod(np.concatenate([np.ones((len(rows), 1)), rows[:, :-1]], axis=1), axis=1)[:, :rows.shape[1]]
    back = rows[:, ::-1]
    after = np.cumprod(np.concatenate([np.ones((len(rows), 1)), back[:, :-1]], axis=1), axis=1)[:, :rows.shape[1]]
    return before * after[:, ::-1]


def _extremum_weights(rows: np.ndarray, value: np.ndarray) -> np.ndarray:
    wins = rows == value
    return wins / np.maximum(np.sum(wins, axis=1, keepdims=True), 1)  # ties share


_reduction(np.sum, lambda rows, value: np.ones(rows.shape))
_reduction(np.mean, lambda rows, value: np.full(rows.shape, 1.0 / max(rows.shape[1], 1)))
_reduction(np.prod, _product_weights)
_reduction(np.max, _extremum_weights)
_reduction(np.min, _extremum_weights)


@implements(np.var)
def _var(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: Any = False, **options: Any) -> Any:
    _no_options("var", options)
    centred = a - functions[np.mean](a, axis=axis, keepdims=True)
    count = _rows(a, axis)[0].shape[1]
    return functions[np.sum](centred * centred, axis=axis, keepdims=keepdims) / (count - ddof)


def _root(total: Any) -> Any:
    """The square root of a sum of squares, with derivative 0 at 0."""
    values, nodes = parts(total)
    y = np.sqrt(values)
    with np.errstate(all="ignore"):
        weights = np.where(y > 0, 0.5 / y, 0.0)
    return record("sqrt", y, [(nodes, weights)], recorder_of(total))


@implements(np.std)
def _std(a: Any, axis: Any = None, *, ddof: int = 0, keepdims: Any = False, **options: Any) -> Any:
    return _root(_var(a, axis=axis, ddof=ddof, keepdims=keepdims, **options))


@implements(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2, "fro") or (ord == 2 and np.ndim(values_of(x)) > 1 and axis is None):
        raise refuse(f"np.linalg.norm of order {ord!r} on the tape", "write it out")
    return _root(functions[np.sum](x * x, axis=axis, keepdims=keepdims))


@implements(np.cumsum)
def _cumsum(a: Any, axis: Any = None, **options: Any) -> Any:
    _no_options("cumsum", options)
    whole = a.reshape(-1) if axis is None else a
    axis = 0 if axis is None else axis
    result = fresh(np.empty_like(whole.values), whole.recorder)
    moved, target = (x.like(lambda part: np.moveaxis(part, axis, 0)) for x in (whole, result))
    for k in range(len(moved)):
        target[k] = moved[k] if k == 0 else target[k - 1] + moved[k]
    return result


@implements(np.ptp)
def _ptp(a: Any, axis: Any = None, **options: Any) -> Any:
    return functions[np.max](a, axis=axis, **options) - functions[np.min](a, axis=axis, **options)


@implements(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        last = a.like(lambda part: np.moveaxis(part, axis, -1))
        a = (last[..., 1:] - last[..., :-1]).like(lambda part: np.moveaxis(part, -1, axis))
    return a


@implements(np.trace)
def _trace(a: ActiveArray, offset: int = 0) -> Any:
    return functions[np.sum](a.like(lambda part: np.diagonal(part, offset)))


@implements(np.clip)
def _clip(a: Any, lower: Any = None, upper: Any = None, **options: Any) -> Any:
    if lower is not None:
        a = array_ufunc(np.maximum, "__call__", (a, lower), {})
    return a if upper is None else array_ufunc(np.minimum, "__call__", (a, upper), options)


# ---------------------------------------------------------------------- products
@implements(np.matmul)
def _matmul(a: Any, b: Any) -> Any:
    (x, m), (y, n) = (_array_parts(v) for v in (a, b))
    if x.ndim > 2 or y.ndim > 2:
        return _stacked_matmul(a, b, (x, m), (y, n))
    values = x @ y  # (refuses numbers)
    rows, row_nodes = np.atleast_2d(x), np.atleast_2d(m)
    columns, column_nodes = (part.T if part.ndim == 2 else part[None] for part in (y, n))
    columns, column_nodes = columns.T, column_nodes.T
    pairs = (len(rows), columns.shape[1], columns.shape[0])
    sources = _beside(row_nodes[:, None, :], column_nodes.T[None], pairs)
    weights = _beside(columns.T[None], rows[:, None, :], pairs)
    width = 2 * pairs[2]
    sources, weights = (part.reshape(np.size(values), width) for part in (sources, weights))
    return wrap_new("matmul", values, sources, weights, recorder_of(a, b))


def _stacked_matmul(a: Any, b: Any, left: tuple[np.ndarray, np.ndarray], right: tuple[np.ndarray, np.ndarray]) -> Any:
    """Matrix by matrix."""
    if left[0].ndim == 1 or right[0].ndim == 1:
        raise refuse("a product of a vector and a stack of matrices on the tape", "loop over them")
    recorder = recorder_of(a, b)
    values = left[0] @ right[0]
    stack = values.shape[:-2]
    made = fresh(np.empty_like(values), recorder)
    (x, m), (y, n) = ((np.broadcast_to(v, stack + v.shape[-2:]), np.broadcast_to(k, stack + k.shape[-2:]))
                      for v, k in (left, right))
    for where in np.ndindex(stack):
        made[where] = _matmul(ActiveArray(x[where], m[where], recorder), ActiveArray(y[where], n[where], recorder))
    return made


def _beside(a: np.ndarray, b: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Both, repeated to a shape, one after the other along the last axis."""
    return np.concatenate([np.broadcast_to(a, shape), np.broadcast_to(b, shape)], axis=2)


def _array_parts(a: Any) -> tuple[np.ndarray, np.ndarray]:
    values, nodes = parts(a)
    values = np.asarray(values)
    return values, np.broadcast_to(nodes, values.shape)


@implements(np.dot)
def _dot(a: Any, b: Any, out: Any = None) -> Any:
    _no_options("dot", {"out": out})
    if np.ndim(values_of(a)) == 0 or np.ndim(values_of(b)) == 0:
        return elementwise(np.multiply, (a, b))
    return _matmul(a, b)


@implements(np.inner, np.vdot)
def _inner(a: Any, b: Any) -> Any:
    if np.ndim(values_of(a)) != 1 or np.ndim(values_of(b)) != 1:
        raise refuse("np.inner of matrices on the tape", "use @")
    return _matmul(a, b)


@implements(np.outer)
def _outer(a: Any, b: Any, out: Any = None) -> Any:
    _no_options("outer", {"out": out})
    columns = functions[np.reshape](a, (-1, 1)) if is_active(a) else np.reshape(a, (-1, 1))
    return elementwise(np.multiply, (columns, functions[np.ravel](b) if is_active(b) else np.ravel(b)))


@implements(np.average)
def _average(a: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return functions[np.mean](a, axis=axis)
    total = elementwise(np.multiply, (a, weights))
    bottom = functions[np.sum](weights, axis=axis) if is_active(weights) else np.sum(weights, axis=axis)
    return functions[np.sum](total, axis=axis) / bottom


# ---------------------------------------------------------------------- arrays from numbers
def array(function: Callable[..., Any], items: Any, dtype: Any = None) -> Any:
    """`np.array` and its kin of something with active numbers inside."""
    if isinstance(items, ActiveArray):
        if dtype is not None and np.dtype(dtype) != items.dtype:
            return items.astype(dtype)
        return items.copy() if function is np.array else items
    values, nodes = parts(items)
    made = function(values) if dtype is None else function(values, dtype=dtype)
    if made.dtype.kind in "iub":
        return made  # piecewise constant
    if made.dtype.kind != "f":
        raise refuse(f"active numbers in an array of {made.dtype}", "make it an array of floats")
    return ActiveArray(made, np.array(np.broadcast_to(nodes, made.shape)), recorder_of(items))


def sequence(items: Sequence[Any]) -> bool:
    """True for a list or tuple with active numbers inside."""
    return holds_active(items)


__all__ = ["INACTIVE", "ActiveFloat", "array", "functions", "sequence"]
