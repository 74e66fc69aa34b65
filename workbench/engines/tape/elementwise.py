"""Ufuncs of active arrays: their operators, the ufuncs themselves, and NumPy's ways to apply them.

Real elementwise operations of the outermost recorder have a node per element, with the partials of the rule table;
complex ones, and those under an outer recorder, are structured (`programs`).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.engines.tape.active import (
    ACTIVE,
    NUMBERS,
    PLAIN,
    bottom,
    holds_active,
    plain_key,
    recorder_of,
)
from workbench.engines.tape.array import ActiveArray, fresh, from_items, parts, wrap
from workbench.engines.tape.operations import apply
from workbench.engines.tape.partials import as_operand
from workbench.engines.tape.programs import by_numpy, dispatch, in_own_words, structured
from workbench.engines.tape.recorder import INACTIVE, Recorder
from workbench.engines.tape.refusal import at_line, refuse
from workbench.engines.tape.scalar import ActiveFloat
from workbench.engines.tape.writing import castable, written
from workbench.frontend.library import lookup
from workbench.ir import DifferentiationError
from workbench.rules import by_callable, get

_RECORDED = (ActiveArray, ActiveFloat)
_REDUCED = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min, np.logical_and: np.all,
            np.logical_or: np.any}
_ACCUMULATED = {np.add: np.cumsum, np.multiply: np.cumprod}


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What NumPy calls for a ufunc with an active operand."""
    options = {k: v for k, v in options.items() if not ((v is None and k != "axis") or (k == "where" and v is True) or (
        k == "casting" and v == "same_kind") or (k == "order" and v == "K") or (k == "subok" and v is True))}
    out = options.pop("out", None)
    try:
        if out is not None and method == "__call__" and set(options) == {"where"} and type(out[0]) is ActiveArray:
            return _where_asked(ufunc, inputs, options["where"], out[0])
        if out is not None and len(out) == 1 and not holds_active((inputs, options)):
            plain = bottom(out[0]).copy()
            return written(getattr(ufunc, method)(*inputs, out=plain, **options), out)
        result = _applied(ufunc, method, inputs, dict(options))
        return result if out is None else written(result, out, exact=method in ("reduce", "accumulate"))
    except DifferentiationError:
        raise
    except Exception as error:
        given = options if out is None else {**options, "out": out}
        raise in_own_words(error, getattr(ufunc, method), inputs, given) from None


def _where_asked(ufunc: Any, inputs: tuple[Any, ...], where: Any, target: ActiveArray) -> ActiveArray:
    """A ufunc with `out=` and `where=`: the other elements stay."""
    asked = np.broadcast_to(bottom(where), target.shape)
    chosen = [by_numpy(np.broadcast_to, x, target.shape)[asked] if np.ndim(bottom(x)) else x for x in inputs]
    result = by_numpy(ufunc, *chosen) if holds_active(chosen) else ufunc(*chosen)
    castable(result, target)
    target[asked] = result
    return target


def _applied(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if method == "at":
        return _at(ufunc, *inputs)
    if method == "reduce" and ufunc in _REDUCED:
        return dispatch(_REDUCED[ufunc], inputs, {"axis": 0, **options})
    if method == "accumulate" and np.ndim(bottom(inputs[0])) == 0:
        raise TypeError("cannot accumulate on a scalar")
    if method == "accumulate" and ufunc in _ACCUMULATED and options.get("axis", 0) is not None:
        return dispatch(_ACCUMULATED[ufunc], inputs, {"axis": 0, **options})
    if method in ("accumulate", "reduce", "reduceat") and lookup(getattr(ufunc, method)) is not None:
        return structured(getattr(ufunc, method), inputs, options)
    if method == "outer" and len(inputs) == 2:
        a, b = (from_items(x) if holds_active(x) else np.asarray(x) for x in inputs)
        return array_ufunc(ufunc, "__call__", (a.reshape(a.shape + (1,) * b.ndim), b), options)
    if method != "__call__":
        raise refuse(f"np.{ufunc.__name__}.{method} of active arrays is not recorded", "write it as a loop")
    if set(options) == {"where"}:
        raise refuse(f"np.{ufunc.__name__} with where= leaves elements undefined", "use np.where")
    dtype = options.pop("dtype", None)
    if options:
        raise refuse(f"the options {sorted(options)} of np.{ufunc.__name__}", "leave them out")
    if dtype is not None:
        inputs = _in_loop(ufunc, inputs, dtype)
    result = dispatch(ufunc, inputs, {}) if ufunc is np.matmul or ufunc.signature else elementwise(ufunc, inputs)
    return result if dtype is None else result.astype(dtype)


def _in_loop(ufunc: Any, inputs: Sequence[Any], dtype: Any) -> tuple[Any, ...]:
    """The arrays in the dtypes of the loop that `dtype=` asks for. Raises what NumPy raises where there is none."""
    plain = [bottom(x) for x in inputs]
    given = [type(x) if type(x) in (int, float, complex) else np.asarray(x).dtype for x in plain]
    loop = ufunc.resolve_dtypes((*given, None), signature=(*[None] * len(inputs), np.dtype(dtype)), casting="same_kind")
    return tuple(x.astype(d) if isinstance(x, (ActiveArray, np.ndarray)) else x
                 for x, d in zip(inputs, loop, strict=False))


@functools.cache
def _partials(ufunc: Any) -> tuple[str, Any] | None:
    """Name and partials of a ufunc of real numbers, where they are all there is to it."""
    primitive = None if ufunc in _SEVERAL else by_callable(ufunc)
    if primitive is None or primitive.partials is None or primitive.vjp is not None or not primitive.differentiable:
        return None
    return primitive.name, primitive.partials


def _quickly(ufunc: Any, inputs: Sequence[Any]) -> Any:
    """The commonest case: real arrays and numbers of the outermost recorder. NotImplemented where it is another."""
    known = _partials(ufunc)
    first = next((x for x in inputs if type(x) is ActiveArray), None)
    if known is None or first is None or first.recorder.outer is not None or first.recorder.closed:
        return NotImplemented
    values, nodes, recorder = [], [], first.recorder
    for x in inputs:
        kind = type(x)
        if kind in _RECORDED:
            if x.recorder is not recorder:
                return NotImplemented
            values.append(x.primal)
            nodes.append(x.nodes if kind is ActiveArray else x.node)
        elif kind is np.ndarray or kind in PLAIN:
            values.append(x)
            nodes.append(INACTIVE)
        else:
            return NotImplemented
    if any(type(v) is np.ndarray and v.dtype.kind not in "fiub" for v in values):
        return NotImplemented
    y = ufunc(*values)
    if type(y) is not np.ndarray or y.dtype.kind != "f":
        return NotImplemented
    return _with_partials(*known, y, values, nodes, recorder)


def _with_partials(name: str, partials: Any, y: Any, values: Sequence[Any], nodes: Sequence[Any], recorder: Any) -> Any:
    """Record an elementwise result with the partials of its rule."""
    edges = []
    with np.errstate(all="ignore"):
        xs = [as_operand(name, k, v, y.dtype) for k, v in enumerate(values)]
        for n, partial in zip(nodes, partials, strict=True):
            if partial is not None and (n.max(initial=-1) if type(n) is np.ndarray else n) >= 0:
                try:
                    edges.append((n, partial(np.asarray(y), *xs)))
                except DifferentiationError as error:
                    raise at_line(error) from None
    return record(name, y, edges, recorder)


def elementwise(ufunc: Any, inputs: Sequence[Any]) -> Any:
    """A ufunc by the rule of its primitive."""
    made = _quickly(ufunc, inputs)
    if made is not NotImplemented:
        return made
    inputs = [from_items(x) if type(x) not in ACTIVE and holds_active(x) else x for x in inputs]
    several = _SEVERAL.get(ufunc)
    if several is not None:
        return several(*inputs)
    name = _name(ufunc, inputs)
    if name is None and lookup(ufunc) is not None:
        return _structured(ufunc, inputs)
    if name is None or not get(name).differentiable:
        value = ufunc(*(bottom(x) for x in inputs))
        if isinstance(value, tuple) or np.asarray(value).dtype.kind not in "biu":
            if name is None or value.dtype.kind in "c":
                raise refuse(f"no derivative rule is known for numpy.{ufunc.__name__}", "use a function with a rule")
            return _constant(value, recorder_of(inputs))
        return value
    if not any(type(x) is ActiveArray or np.ndim(bottom(x)) for x in inputs):
        return apply(name, ufunc, *(_scalar(x) for x in inputs))
    recorder = recorder_of(inputs)
    if recorder.outer is not None or any(np.iscomplexobj(bottom(x)) for x in inputs):
        return _structured(ufunc, inputs)
    pairs = [parts(x, recorder) for x in inputs]
    values = [v for v, _ in pairs]
    y = ufunc(*values)
    if y.dtype.kind in "biu":
        return y
    partials = get(name).partials
    if partials is None:
        return _structured(ufunc, inputs)
    return _with_partials(name, partials, y, values, [n for _, n in pairs], recorder)


def _structured(ufunc: Any, inputs: Sequence[Any]) -> Any:
    return structured(np.abs if ufunc is np.absolute else ufunc, tuple(inputs), {})


def _constant(value: Any, recorder: Any) -> Any:
    """A result whose derivative is zero everywhere."""
    return fresh(value, recorder)


def _scalar(x: Any) -> Any:
    """A number without dimensions, as NumPy's operations see it."""
    return x if type(x) in NUMBERS else np.asarray(x)[()] if not isinstance(x, (int, float, complex)) else x


def _name(ufunc: Any, inputs: Sequence[Any]) -> str | None:
    """The primitive that a ufunc means."""
    if ufunc is np.absolute and np.iscomplexobj(bottom(inputs[0])):
        return "modulus"
    primitive = by_callable(ufunc)
    return None if primitive is None else primitive.name


def _divmod(a: Any, b: Any) -> Any:
    return elementwise(np.floor_divide, (a, b)), elementwise(np.remainder, (a, b))


def _fabs(x: Any) -> Any:
    if np.iscomplexobj(bottom(x)):
        raise TypeError("ufunc 'fabs' not supported for complex numbers")
    return elementwise(np.absolute, (x,))


_SEVERAL: dict[Any, Any] = {np.divmod: _divmod, np.modf: lambda x: structured(np.modf, (x,), {}), np.fabs: _fabs,
    np.positive: lambda x: x.copy() if type(x) is ActiveArray else elementwise(np.multiply, (x, 1)),
    np.square: lambda x: elementwise(np.multiply, (x, x)),
    np.float_power: lambda a, b: structured(np.float_power, (a, b), {}),
    np.matvec: lambda a, b: dispatch(np.matmul, (a, b[..., None]), {})[..., 0],
    np.vecdot: lambda a, b: dispatch(np.sum, (elementwise(np.multiply, (np.conjugate(a), b)),), {"axis": -1})}


# ---------------------------------------------------------------------- adding to elements
def _at(ufunc: Any, target: Any, where: Any, value: Any = None) -> None:
    if ufunc.nin != 2 or ufunc.nout != 1 or ufunc.signature or type(target) is not ActiveArray:
        raise refuse(f"np.{ufunc.__name__}.at of active arrays is not recorded", "write it as a loop")
    places = np.arange(target.size).reshape(target.shape)[plain_key(where)]
    value = from_items(value) if holds_active(value) and type(value) not in NUMBERS else value
    if np.ndim(bottom(value)):
        value = by_numpy(np.broadcast_to, value, np.shape(places))
    add_at(target, np.reshape(places, -1), value, ufunc)


def add_at(target: ActiveArray, flat: np.ndarray, value: Any, ufunc: Any = np.add) -> None:
    """Add to (subtract from, multiply, ...) the elements at some places in row-major order; a place may come several
    times."""
    unique, inverse = np.unique(flat, return_inverse=True)
    whole = target.reshape(-1)
    shared = len(whole) == 0 or np.shares_memory(bottom(whole), bottom(target))
    single = np.ndim(bottom(value)) == 0
    if len(unique) == len(flat):
        amounts = value if single else value.reshape(-1)[np.argsort(flat)]
        changed = elementwise(ufunc, (whole[unique], amounts))
    else:
        changed = whole[unique]
        order = np.argsort(inverse, kind="stable")
        starts = np.searchsorted(inverse[order], np.arange(len(unique)))
        rank = np.arange(len(flat)) - starts[inverse[order]]
        for turn in range(int(rank.max(initial=-1)) + 1):  # in the program's order, once per repetition
            chosen = order[rank == turn]
            amounts = value if single else value.reshape(-1)[chosen]
            changed[inverse[chosen]] = elementwise(ufunc, (changed[inverse[chosen]], amounts))
    whole[unique] = changed
    if not shared:
        target[...] = whole.reshape(target.shape)


# ---------------------------------------------------------------------- operators


def record(name: str, values: Any, edges: list[tuple[Any, Any]], recorder: Recorder) -> Any:
    """A real result of the outermost recorder with, per operand, nodes and partials that broadcast to its shape."""
    if not edges:
        return fresh(values, recorder)
    shape = values.shape
    sources = np.empty((*shape, len(edges)), np.int64)
    weights = np.empty((*shape, len(edges)))
    for k, (n, w) in enumerate(edges):
        sources[..., k] = n
        weights[..., k] = w
    sources, weights = sources.reshape(-1, len(edges)), weights.reshape(-1, len(edges))
    nodes = recorder.many(name, np.asarray(values), sources, weights)
    return ActiveArray(values, nodes, recorder) if type(values) is np.ndarray else wrap(values, nodes[()], recorder)
