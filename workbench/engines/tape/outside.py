"""What a function that runs on plain numbers inside a run changes outside of itself: globals, closures, what they hold.

Numbers that it leaves there would be constants to the run, though they may come from active ones. They are left as
numbers from an earlier run (`remains`), which no recorded run takes for constants, and are plain again while the
function itself runs (it may keep a table, or where it begins the next time). Invariant: in place of any other number is
what was there.
"""

from __future__ import annotations

import collections
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.classes import ATOMS, is_native
from workbench.engines.tape.reach import codes, put
from workbench.engines.tape.remains import KEPT, kept_of, plain_of
from workbench.frontend import instance_attributes

_NUMBERS = frozenset({float, np.float64, *KEPT})
_MOST = 10_000


class Outside:
    """The numbers that a function can reach through what it names, as they are before it runs."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.before: dict[tuple[int, Any], Any] = {}
        self.alive: list[Any] = []
        for holder, key, value in _places(function):
            self.alive.append((holder, value))
            if type(value) in KEPT:
                _replace(holder, key, plain_of(value))
                self.before[id(holder), key] = None
            else:
                self.before[id(holder), key] = value
        self.arrays = [(v, v.copy()) for _, v in self.alive if isinstance(v, np.ndarray)]

    def leave(self) -> bool:
        """After it has run: mark the numbers it has left. True where it has changed any."""
        changed = False
        for holder, key, value in list(_places(self.function)):
            was = self.before.get((id(holder), key))
            if was is None or not (value is was or (type(value) is type(was) is float and value == was)):
                changed = True
                _replace(holder, key, kept_of(value))
        return changed

    def wrote(self) -> bool:
        """Whether it has written into an array that was there."""
        return any(not np.array_equal(array, was, equal_nan=array.dtype.kind in "fc") for array, was in self.arrays)


def _places(function: Any) -> Iterator[tuple[Any, Any, Any]]:
    """(holder, key, number or array) of what a function reaches, each once."""
    pending: list[Any] = [function]
    known: dict[int, Any] = {}
    while pending and len(known) < _MOST:
        x = pending.pop()
        if isinstance(x, ATOMS) or id(x) in known:
            continue
        known[id(x)] = x
        for key, value in _held(x):
            if type(value) in _NUMBERS or (isinstance(value, np.ndarray) and value.dtype.kind in "fc"):
                yield x, key, value
            else:
                pending.append(value)


def _held(x: Any) -> list[tuple[Any, Any]]:
    """What an object holds, by key, index, attribute or name."""
    if type(x) is types.FunctionType:
        return [] if is_native(x.__module__) else list(_named(x))
    if type(x) is types.MethodType:
        return [("__self__", x.__self__), ("__func__", x.__func__)]
    if isinstance(x, dict):
        return list(x.items())
    if isinstance(x, (list, tuple, collections.deque)):
        return list(enumerate(x))
    kind = x if isinstance(x, type) else type(x)
    if is_native(x.__name__ if isinstance(x, types.ModuleType) else kind.__module__):
        return []
    if isinstance(x, (type, types.ModuleType)):
        return list(vars(x).items())
    return [(name, getattr(x, name, None)) for name in instance_attributes(x)]


def _named(function: types.FunctionType) -> Iterator[tuple[Any, Any]]:
    for code in codes(function.__code__):
        yield from ((("global", n), function.__globals__[n]) for n in code.co_names if n in function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield ("cell", name), cell.cell_contents
        except ValueError:  # empty
            continue


def _replace(holder: Any, key: Any, value: Any) -> None:
    if type(holder) is not types.FunctionType:
        put(holder, key, value)
    elif key[0] == "global":
        holder.__globals__[key[1]] = value
    else:
        (holder.__closure__ or ())[holder.__code__.co_freevars.index(key[1])].cell_contents = value
