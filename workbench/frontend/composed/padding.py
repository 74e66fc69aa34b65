"""`np.pad`: arrays made longer at both ends of each axis, one axis after the other, as NumPy does it.

Elements repeated (edge, reflect, symmetric, wrap) are a gather; what is computed of them (odd reflections, ramps, means
and extrema of the ends) is written with functions that have derivatives.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes, refuse
from workbench.frontend.composed.shaping import along, axis_of

_STATISTICS: dict[str, Any] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}
_OPTIONS: dict[str, tuple[str, ...]] = {
    "constant": ("constant_values",), "edge": (), "empty": (), "linear_ramp": ("end_values",), "wrap": (),
    "reflect": ("reflect_type",), "symmetric": ("reflect_type",), **dict.fromkeys(_STATISTICS, ("stat_length",))}


@composes(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **options: Any) -> Any:
    """Longer at both ends of each axis."""
    array = np.asarray(array)
    if not isinstance(mode, str):
        refuse("np.pad with a function", "write the padding out")
    if mode not in _OPTIONS:
        raise ValueError(f"mode '{mode}' is not supported")
    for name in options:
        if name not in _OPTIONS[mode]:
            raise ValueError(f"unsupported keyword arguments for mode '{mode}': {name}")
    if mode == "empty":
        refuse("np.pad with mode='empty' leaves elements undefined", "use mode='constant'")
    reflected = options.get("reflect_type", "even")
    if reflected not in ("even", "odd"):
        refuse(f"np.pad with reflect_type={reflected!r}", "use 'even' or 'odd'")
    widths = _pairs(_by_axis(pad_width, array.ndim), array.ndim)
    ends = _pairs(options.get("end_values" if mode == "linear_ramp" else "constant_values", 0), array.ndim)
    lengths = options.get("stat_length")
    lengths = [(None, None)] * array.ndim if lengths is None else _pairs(lengths, array.ndim)
    for k in tuple(range(array.ndim)):
        before, after = widths[k]
        if before < 0 or after < 0:
            raise ValueError("index can't contain negative values")
        if mode != "constant" and array.shape[k] == 0 and (before > 0 or after > 0):
            raise ValueError(f"can't extend empty axis {k} using modes other than 'constant' or 'empty'")
        if mode == "constant":
            array = _constant(array, k, before, after, ends[k])
        elif mode == "linear_ramp":
            array = _ramp(array, k, before, after, ends[k])
        elif mode in _STATISTICS:
            array = _statistic(array, k, before, after, lengths[k], mode)
        elif reflected == "odd":
            array = _odd(array, k, before, after, mode == "symmetric")
        else:
            array = np.take(array, _sources(mode, array.shape[k], before, after), k)
    return array


def _by_axis(width: Any, rank: int) -> Any:
    """A dictionary of widths by axis as a pair for each axis."""
    if not isinstance(width, dict):
        return width
    found = [(0, 0)] * rank
    for axis, each in width.items():
        found[axis_of(axis, rank)] = (each, each) if np.ndim(each) == 0 else (each[0], each[1])
    return found


def _pairs(width: Any, rank: int) -> Any:
    """`n`, `(n,)`, `(before, after)` or a pair for each axis, as a pair for each axis."""
    if np.ndim(width) == 0:
        return [(width, width)] * rank
    entries = list(width)
    if max([np.size(entry) for entry in entries]) > 2 or (np.ndim(entries[0]) == 0 and len(entries) > 2):
        raise ValueError("operands could not be broadcast together")
    if np.ndim(entries[0]) == 0:
        return [(entries[0], entries[-1])] * rank
    pairs = [(entry[0], entry[-1]) for entry in entries]
    if len(pairs) == 1:
        return pairs * rank
    if len(pairs) != rank:
        raise ValueError("operands could not be broadcast together")
    return pairs


def _shape_with(array: Any, axis: int, n: Any) -> Any:
    return (*array.shape[:axis], n, *array.shape[axis + 1:])


def _constant(array: Any, axis: int, before: Any, after: Any, ends: Any) -> Any:
    n = array.shape[axis]
    made = np.empty(_shape_with(array, axis, n + before + after), array.dtype)
    made[along(axis, slice(0, before))] = ends[0]
    made[along(axis, slice(before, before + n))] = array
    made[along(axis, slice(before + n, None))] = ends[1]
    return made


def _ramp(array: Any, axis: int, before: Any, after: Any, ends: Any) -> Any:
    shape = (1,) * axis + (-1,) + (1,) * (array.ndim - axis - 1)
    first = np.take(array, np.zeros(before, np.int64), axis)
    last = np.take(array, np.full(after, array.shape[axis] - 1), axis)
    up = np.reshape(np.arange(before), shape) / np.maximum(before, 1)
    down = np.reshape(np.arange(after)[::-1], shape) / np.maximum(after, 1)
    head = ends[0] + (first - ends[0]) * up
    tail = ends[1] + (last - ends[1]) * down
    if array.dtype.kind == "i":
        head, tail = np.floor(head), np.floor(tail)
    return np.concatenate((head.astype(array.dtype), array, tail.astype(array.dtype)), axis)


def _statistic(array: Any, axis: int, before: Any, after: Any, lengths: Any, mode: str) -> Any:
    """Each end filled with a statistic of the elements nearest to it, `lengths` of them (None: all)."""
    n = array.shape[axis]
    left, right = [n if length is None else min(length, n) for length in lengths]
    if left < 0 or right < 0:
        raise ValueError("index can't contain negative values")
    if mode in ("maximum", "minimum") and (left == 0 or right == 0):
        raise ValueError("stat_length of 0 yields no value for padding")
    statistic = _STATISTICS[mode]
    head = statistic(array[along(axis, slice(0, left))], axis, keepdims=True)
    tail = statistic(array[along(axis, slice(n - right, n))], axis, keepdims=True)
    if array.dtype.kind in "iu":
        head, tail = np.round(head), np.round(tail)
    return _between(head, array, tail, axis, before, after)


def _between(head: Any, array: Any, tail: Any, axis: int, before: Any, after: Any) -> Any:
    """The array between repetitions of what has one element along the axis."""
    head = np.broadcast_to(head.astype(array.dtype), _shape_with(array, axis, before))
    tail = np.broadcast_to(tail.astype(array.dtype), _shape_with(array, axis, after))
    return np.concatenate((head, array, tail), axis)


def _odd(array: Any, axis: int, before: Any, after: Any, symmetric: bool) -> Any:
    """Each end a point reflection of the array at its end, and so on."""
    n = array.shape[axis]
    if isinstance(n, int) and n == 1:
        return _between(array, array, array, axis, before, after)
    head = np.flip(_beyond(np.flip(array, axis), axis, before, symmetric), axis)
    return np.concatenate((head, array, _beyond(array, axis, after, symmetric)), axis)


def _beyond(array: Any, axis: int, width: Any, symmetric: bool) -> Any:
    """What odd reflections give behind the last element: f(e + d) = 2 f(e) - f(e - d), with f of twice the length
    further on as much larger as f becomes in it."""
    n = array.shape[axis]
    period = 2 * n if symmetric else 2 * n - 2
    shape = (1,) * axis + (-1,) + (1,) * (array.ndim - axis - 1)
    places = np.arange(width) + n
    folded = places % np.maximum(period, 1)
    back = folded >= n
    shown = np.take(array, np.where(back, period - (1 if symmetric else 0) - folded, folded), axis)
    first, last = np.take(array, np.zeros(1, np.int64), axis), np.take(array, np.full(1, n - 1), axis)
    turns = np.reshape(places // np.maximum(period, 1), shape).astype(array.dtype)
    near = np.where(np.reshape(back, shape), 2 * last - shown, shown)
    return np.where(turns > 0, near + 2 * turns * (last - first), near)


def _sources(mode: str, n: Any, before: Any, after: Any) -> Any:
    """For each place of the result along an axis, the place of the element that it shows."""
    places = np.arange(n + before + after) - before
    if mode == "edge":
        return np.clip(places, 0, n - 1)
    if mode == "wrap":
        return places % n
    if mode == "reflect":
        period = max(2 * (n - 1), 1)
        folded = places % period
        return np.minimum(folded, period - folded) if not (isinstance(n, int) and n == 1) else 0 * places
    folded = places % (2 * n)
    return np.minimum(folded, 2 * n - 1 - folded)
