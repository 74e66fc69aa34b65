"""Trees of arguments for the tests: leaves by path, and copies that keep which arrays share memory.

Invariant: a copy made with `shared=True` overlaps exactly where the original overlaps (views are re-created over one
copied buffer), so that a function which writes into its arguments behaves on the copy as it would on the original.
Written without the compiler's own flattening code, so that the two can disagree.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Path = tuple[Any, ...]


def is_container(value: Any) -> bool:
    """True for the structures that a derivative follows: tuple, list, dict, dataclass, NamedTuple."""
    if isinstance(value, (tuple, list, dict)):
        return True
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def is_float_leaf(value: Any) -> bool:
    """True for real or complex floating scalars and arrays."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fc"
    return isinstance(value, (float, complex, np.floating, np.complexfloating))


def children(value: Any) -> list[tuple[Any, Any]]:
    """Pairs (key, child) of a container, in a fixed order."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, (tuple, list)):
        return list(enumerate(value))
    return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All leaves with their paths, numeric or not."""
    if is_container(tree):
        for key, child in children(tree):
            yield from leaves(child, (*path, key))
    else:
        yield path, tree


def float_leaves(tree: Any, path: Path = ()) -> dict[Path, Any]:
    """The differentiable leaves by path."""
    return {where: leaf for where, leaf in leaves(tree, path) if is_float_leaf(leaf)}


def rebuild(value: Any, new_children: list[Any]) -> Any:
    """A container of the same type with other children; no `__init__` runs."""
    if isinstance(value, dict):
        return type(value)(zip(value, new_children, strict=True))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*new_children)
    if isinstance(value, (tuple, list)):
        return type(value)(new_children)
    copy = object.__new__(type(value))
    for field, child in zip(dataclasses.fields(value), new_children, strict=True):
        object.__setattr__(copy, field.name, child)
    return copy


def map_leaves(tree: Any, change: Callable[[Path, Any], Any], path: Path = ()) -> Any:
    """A new tree of the same structure; `change(path, leaf)` gives each leaf."""
    if is_container(tree):
        return rebuild(tree, [map_leaves(child, change, (*path, key)) for key, child in children(tree)])
    return change(path, tree)


def owner(array: np.ndarray) -> np.ndarray:
    """The array that owns the memory `array` shows."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def overlapping(tree: Any) -> bool:
    """True if two array leaves share memory."""
    arrays = [leaf for _, leaf in leaves(tree) if isinstance(leaf, np.ndarray)]
    pairs = ((first, second) for i, first in enumerate(arrays) for second in arrays[:i])
    return any(np.shares_memory(first, second) for first, second in pairs)


class _Buffers:
    """Copies of owners, made once each, and views re-created over them."""

    def __init__(self, to_complex: bool) -> None:
        self.to_complex = to_complex
        self.copies: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def dtype(self, array: np.ndarray) -> np.dtype:
        return np.dtype(np.complex128) if self.to_complex and array.dtype.kind == "f" else array.dtype

    def view(self, array: np.ndarray) -> np.ndarray:
        base = owner(array)
        dtype = self.dtype(array)
        if base is array:
            return self.copy(base, dtype)
        flat = self.copy(base, dtype).reshape(-1, order="A")
        start = (array.ctypes.data - base.ctypes.data) // array.itemsize
        ratio = dtype.itemsize // array.itemsize
        strides = tuple(step * ratio for step in array.strides)
        return np.ndarray(array.shape, dtype, buffer=flat, offset=start * dtype.itemsize, strides=strides)

    def copy(self, base: np.ndarray, dtype: np.dtype) -> np.ndarray:
        if id(base) not in self.copies:
            self.copies[id(base)] = (base, np.array(base, dtype=dtype, order="K", copy=True))
        return self.copies[id(base)][1]


def copy_arguments(args: Any, *, shared: bool = True, to_complex: bool = False) -> Any:
    """A deep copy of a tree of arguments. Arrays lie in memory as they did: what is a view of them and what a copy
    depends on it.

    shared: keep overlaps between array leaves; otherwise every leaf gets memory of its own.
    to_complex: real float leaves become complex128 (NumPy scalars, which compare by their real part first).
    """
    buffers = _Buffers(to_complex)

    def copy(_: Path, leaf: Any) -> Any:
        if isinstance(leaf, np.ndarray):
            if not shared and 0 in leaf.strides:  # elements that are one in memory are several variables
                return np.array(leaf, dtype=buffers.dtype(leaf), order="K")
            return (buffers if shared else _Buffers(to_complex)).view(leaf)
        if to_complex and isinstance(leaf, (float, np.floating)):
            return np.complex128(leaf)
        return leaf

    return map_leaves(args, copy)
