"""Copies of values that keep how their arrays overlap.

`copy.deepcopy` gives every view memory of its own; a program that writes through one name and reads through another
would then mean something else. Here the memory is copied once for each owner, and each view is laid over the copy.
"""

from __future__ import annotations

import bisect
import copy
import ctypes
from types import ModuleType
from typing import Any

import numpy as np


def owner(array: np.ndarray) -> np.ndarray:
    """The array that a view, or a view of a view, looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def arrays_in(value: Any, found: dict[int, np.ndarray], seen: set[int]) -> None:
    """Collect the NumPy arrays inside containers and plain objects, by identity."""
    if isinstance(value, np.ndarray):
        found[id(value)] = value
        return
    if id(value) in seen or isinstance(value, type | ModuleType) or callable(value):
        return
    seen.add(id(value))
    if isinstance(value, dict):
        children = list(value.values())
    elif isinstance(value, tuple | list):
        children = list(value)
    else:
        children = list(vars(value).values()) if hasattr(value, "__dict__") else []
    for child in children:
        arrays_in(child, found, seen)


def copied_memory(arrays: list[np.ndarray]) -> list[tuple[int, np.ndarray]]:
    """(address, copy) of the memory of the arrays' owners, owners that overlap as one piece.

    A copy is an array of the owner's elements where all owners of the piece agree, else of bytes.
    """
    pieces: list[tuple[int, int, set[np.dtype]]] = []
    for low, high, name in sorted(owned_range(array) for array in arrays):
        if pieces and low < pieces[-1][1]:
            start, stop, kinds = pieces[-1]
            pieces[-1] = (start, max(stop, high), kinds | {np.dtype(name)})
        else:
            pieces.append((low, high, {np.dtype(name)}))
    copies = []
    for low, high, kinds in pieces:
        memory = np.array((ctypes.c_uint8 * (high - low)).from_address(low))
        (kind, *others) = kinds
        copies.append((low, memory if others or memory.size % kind.itemsize else typed(memory, kind)))
    return copies


def owned_range(array: np.ndarray) -> tuple[int, int, str]:
    """(first address, end, element type) of the memory that an array's owner spans."""
    root = owner(array)
    return (*np.lib.array_utils.byte_bounds(root), root.dtype.str)


def typed(memory: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Bytes as an array that owns its elements."""
    elements = np.empty(memory.size // kind.itemsize, kind)
    elements.view(np.uint8)[:] = memory
    return elements


def snapshot(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Deep copies of the values; arrays that share memory share memory in the copies, at the same places.

    A value that cannot be copied (a module, a lock, an open file) stands for itself.
    """
    found: dict[int, np.ndarray] = {}
    arrays_in(values, found, set())
    plain = {i: a for i, a in found.items() if type(a) is np.ndarray and not a.dtype.hasobject and a.size}
    copies = copied_memory(list(plain.values()))
    addresses = [address for address, _ in copies]
    memo: dict[int, Any] = {}
    for identity, array in plain.items():
        start = array.__array_interface__["data"][0]
        address, memory = copies[bisect.bisect_right(addresses, start) - 1]
        memo[identity] = np.ndarray(array.shape, array.dtype, memory, start - address, array.strides)
    return tuple(copied(value, memo) for value in values)


def copied(value: Any, memo: dict[int, Any]) -> Any:
    """A deep copy, or the value itself where it has none."""
    try:
        return copy.deepcopy(value, memo)
    except (TypeError, ValueError, copy.Error, AttributeError, NotImplementedError):
        return value
