"""Elements chosen by place or condition, and written there. A derivative follows the elements selected."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.shaping import along, axis_of


# ---------------------------------------------------------------------- by place
@composes(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: str = "raise") -> Any:
    """Elements at places along an axis."""
    a = np.ravel(a) if axis is None or np.ndim(a) == 0 else np.asarray(a)
    axis = 0 if axis is None else axis_of(axis, a.ndim)
    if isinstance(indices, (list, tuple)) and len(indices) == 0:
        indices = np.zeros(0, np.int64)
    if out is not None and not np.can_cast(out.dtype, a.dtype, "safe"):
        raise TypeError(f"Cannot cast array data from {out.dtype} to {a.dtype} according to the rule 'safe'")
    if mode != "raise" and a.shape[axis] == 0 and np.size(indices) > 0:
        raise IndexError("cannot do a non-empty take from an empty axes.")
    result = a[along(axis, _wrapped(indices, a.shape[axis], mode))]
    return into(result.copy() if np.ndim(indices) == 0 else result, out)


def into(result: Any, out: Any) -> Any:
    """`out=`: the result is written there."""
    if out is None:
        return result
    if np.ndim(out) != np.ndim(result):
        raise ValueError("the output has the wrong number of dimensions")
    out[...] = result
    return out


def _wrapped(indices: Any, n: Any, mode: str) -> Any:
    """Places as `mode` wants them."""
    places = indices if np.ndim(indices) == 0 else np.asarray(indices)
    if mode == "raise":
        return places
    if mode == "wrap":
        return places % n
    if mode == "clip":
        return np.clip(places, 0, n - 1)
    raise ValueError(f"clipmode must be one of 'clip', 'raise', or 'wrap' (got '{mode}')")


def _grid(indices: Any, shape: Any, axis: int) -> Any:
    """A key of arrays that broadcast: the indices along the axis, all places along the others."""
    rank = len(shape)
    return tuple([indices if k == axis else np.reshape(np.arange(shape[k]), (1,) * k + (-1,) + (1,) * (rank - k - 1))
                  for k in range(rank)])


@composes(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """Elements at places that differ from row to row."""
    arr, indices = (np.ravel(arr) if axis is None else np.asarray(arr)), np.asarray(indices)
    axis = 0 if axis is None else axis_of(axis, arr.ndim)
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    return arr[_grid(indices, arr.shape, axis)]


@composes(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """Values written at places that differ from row to row."""
    if axis is None:
        put(arr, indices, values)
        return
    indices = np.asarray(indices)
    if indices.ndim != arr.ndim:
        raise ValueError("`indices` and `arr` must have the same number of dimensions")
    axis = axis_of(axis, arr.ndim)
    arr[_grid(indices, arr.shape, axis)] = values


@composes(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Values written at flat places; values that are too few are repeated."""
    flat = np.ravel(a)
    places, values = np.ravel(_wrapped(ind, flat.shape[0], mode)), np.ravel(v)
    flat[places] = values[np.arange(places.shape[0]) % max(values.shape[0], 1)]
    a[...] = np.reshape(flat, a.shape)


# ---------------------------------------------------------------------- by condition
@composes(np.nonzero)
def nonzero(a: Any) -> Any:
    """The places of true elements, one vector for each axis."""
    a = np.asarray(a)
    return np.unravel_index(np.flatnonzero(a), a.shape)


@composes(np.argwhere)
def argwhere(a: Any) -> Any:
    """The places of true elements, a row for each."""
    return np.stack(nonzero(a), 1)


@composes(np.unravel_index)
def unravel_index(indices: Any, shape: Any, order: str = "C") -> Any:
    """Flat places as places along each axis."""
    if order != "C":
        refuse("np.unravel_index of columns first", "leave order= out")
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    rest = np.asarray(indices)
    found: list[Any] = []
    for n in shape[::-1]:
        found.insert(0, rest % n)
        rest = rest // n
    return tuple(found)


@composes(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Any:
    """Places along each axis as flat places."""
    if order != "C":
        refuse("np.ravel_multi_index of columns first", "leave order= out")
    dims = tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    parts = list(multi_index)
    total = 0
    for k in tuple(range(len(dims))):
        index = np.asarray(parts[k])
        if mode == "raise":
            if np.any((index < 0) | (index >= dims[k])):
                raise ValueError("invalid entry in coordinates array")
        else:
            index = _wrapped(index, dims[k], mode)
        total = total * dims[k] + index
    return total


@composes(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """Slices along an axis where a condition holds."""
    return into(take(a, np.flatnonzero(condition), axis), out)


@composes(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """Elements where a condition holds."""
    return np.take(np.ravel(arr), np.flatnonzero(condition))


@composes(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Where a mask holds, values one after the other (repeated where they are too few)."""
    flat, values = np.ravel(arr), np.ravel(vals)
    places = np.flatnonzero(mask)
    flat[places] = values[np.arange(places.shape[0]) % values.shape[0]]
    arr[...] = np.reshape(flat, arr.shape)


@composes(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Where a mask holds, the values at the same flat places (repeated where they are too few)."""
    source = np.ravel(values)
    spread = np.reshape(np.take(source, np.arange(a.size) % max(source.shape[0], 1)), a.shape)
    a[...] = np.where(mask, spread, a)


@composes(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Written where a mask holds."""
    if casting not in ("same_kind", "unsafe"):
        refuse(f"np.copyto with casting={casting!r}", "leave it out")
    kind = np.asarray(src).dtype
    if casting == "same_kind" and kind.kind in "fc" and dst.dtype.kind not in ("c" if kind.kind == "c" else "fc"):
        raise TypeError(f"Cannot cast array data from {kind!r} to {dst.dtype!r} according to the rule 'same_kind'")
    dst[...] = src if where is True else np.where(where, src, dst)


@composes(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """The main diagonal written."""
    if a.ndim < 2:
        raise ValueError("array must be at least 2-d")
    if wrap or np.ndim(val) > 0:
        refuse("np.fill_diagonal that wraps, or with an array", "write a[i, i] = val")
    n = a.shape[0]
    for k in tuple(range(1, a.ndim)):
        n = min(n, a.shape[k])
    places = np.arange(n)
    a[(places,) * a.ndim] = val


@composes(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """The choice of the first condition that holds."""
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if len(condlist) == 0:
        raise ValueError("select with an empty condition list is not possible")
    choices = list(choicelist) + [default]
    strong = [np.asarray(c).dtype for c in choices if not isinstance(c, (int, float, complex))]
    if len(strong) > 0:  # numbers promote weakly
        kind = np.result_type(*strong, *[c for c in choices if isinstance(c, (int, float, complex))])
        choices = [np.asarray(c, kind) for c in choices]
    result = choices.pop()
    for k in tuple(range(len(condlist) - 1, -1, -1)):
        result = np.where(condlist[k], choices[k], result)
    return result


@composes(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """For each element, the choice of that number."""
    a, options = np.asarray(a), list(choices)
    if a.dtype.kind not in "biu":
        raise TypeError("an array of places must be one of integers")
    n = len(options)
    if mode == "raise":
        if np.any((a < 0) | (a >= n)):
            raise ValueError("invalid entry in choice array")
    else:
        a = _wrapped(a, n, mode)
    result = options[n - 1]
    for k in tuple(range(n - 2, -1, -1)):
        result = np.where(a == k, options[k], result)
    if n == 1:
        result = np.where(a == 0, result, result)
    return into(result, out)


@composes(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Functions, each applied where its condition holds (to those elements alone); the last one that holds counts."""
    x = np.asarray(x)
    if not isinstance(condlist, (list, tuple)) or (len(condlist) > 0 and np.ndim(condlist[0]) == 0 and x.ndim > 0):
        conditions = list(np.reshape(condlist, (-1, *np.shape(x)))) if np.ndim(condlist) > x.ndim else [condlist]
    else:
        conditions = list(condlist)
    conditions = [np.asarray(c) for c in conditions]
    functions = list(funclist)
    count = len(conditions)
    if len(functions) == count + 1:
        rest: Any = conditions[0]
        for k in tuple(range(1, count)):
            rest = rest | conditions[k]
        conditions = [*conditions, ~rest]
    elif len(functions) != count:
        raise ValueError(f"with {count} condition(s), either {count} or {count + 1} functions are expected")
    if x.ndim == 0:
        result = 0 * x
        for k in tuple(range(len(conditions))):
            value = functions[k](x, *args, **kw) if callable(functions[k]) else functions[k]
            result = np.where(conditions[k], value, result)
        return result.astype(x.dtype)
    made = np.zeros_like(x)
    for k in tuple(range(len(conditions))):
        if callable(functions[k]):
            made[conditions[k]] = functions[k](x[conditions[k]], *args, **kw)
        else:
            made[conditions[k]] = functions[k]
    return made
