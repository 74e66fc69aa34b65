"""Arguments that share memory, one of which the program writes: views of one buffer.

The buffer is the array that owns the memory; every argument that shows some of it becomes an affine view of it. Offsets
and shapes are guarded. Invariant: what one argument writes, the others read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from workbench.frontend.paths import Path, instance_attributes, is_plain_object
from workbench.frontend.values import Affine, Fixed, Range
from workbench.ir import Constant, DifferentiationError, Kind
from workbench.records import dataclass


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an array lies in the buffer that owns its memory, in elements."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def owner_of(array: np.ndarray) -> tuple[np.ndarray, int]:
    """The array that owns the memory, and how many `.base` steps lead to it."""
    steps = 0
    while isinstance(array.base, np.ndarray):
        array = array.base
        steps += 1
    return array, steps


def placement(array: np.ndarray, owner: np.ndarray) -> Placement:
    """The placement of a view in its owner."""
    start = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    size = owner.itemsize
    strides = tuple(s // size for s in array.strides)
    if start % size or any(s % size for s in array.strides) or array.dtype != owner.dtype:
        raise DifferentiationError("arguments share memory as different dtypes, and one of them is written", None,
                                   "pass copies")
    return Placement(start // size, array.shape, strides)


def affine_view(place: Placement, owner: np.ndarray) -> Affine:
    """The placement as an affine view of the owner's axes.

    Raises DifferentiationError where it is none (an array reshaped across axes)."""
    base_strides = [s // owner.itemsize for s in owner.strides]
    start = [int(k) for k in np.unravel_index(place.offset, owner.shape)] if owner.size else [0] * owner.ndim
    assigned: dict[int, tuple[int, int]] = {}  # base axis -> (view axis, step)
    for axis, (size, stride) in enumerate(zip(place.shape, place.strides, strict=True)):
        found = _base_axis(start, owner.shape, base_strides, assigned, size, stride)
        if found is None:
            raise DifferentiationError("arguments share memory in a way that is no slice of one array, and one of "
                                       "them is written", None, "pass copies")
        assigned[found] = (axis, stride // base_strides[found])
    base: list[Fixed | Range] = []
    for k in range(owner.ndim):
        first = Constant(start[k], Kind.INT)
        if k in assigned:
            axis, step = assigned[k]
            base.append(Range(first, Constant(place.shape[axis], Kind.INT), Constant(step, Kind.INT)))
        else:
            base.append(Fixed(first))
    axes = {axis: k for k, (axis, _) in assigned.items()}
    return Affine(tuple(base), tuple(axes[axis] for axis in range(len(place.shape))))


def _base_axis(start: list[int], shape: tuple[int, ...], strides: list[int], taken: Iterable[int], size: int,
               stride: int) -> int | None:
    for k in sorted(range(len(shape)), key=lambda k: -strides[k]):
        if k in taken or strides[k] == 0 or stride % strides[k]:
            continue
        last = start[k] + (size - 1) * (stride // strides[k])
        if 0 <= last < shape[k]:
            return k
    return None


def array_leaves(value: Any, path: Path) -> Iterator[tuple[np.ndarray, Path]]:
    """All arrays in a structure, with their paths."""
    if isinstance(value, np.ndarray):
        yield value, path
    elif isinstance(value, (list, tuple)):
        for k, entry in enumerate(value):
            yield from array_leaves(entry, path.item(k))
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from array_leaves(entry, path.item(key))
    elif is_plain_object(value):
        for name in instance_attributes(value):
            yield from array_leaves(getattr(value, name), path.attribute(name))


def groups(args: tuple[Any, ...]) -> dict[int, list[tuple[np.ndarray, Path]]]:
    """Arrays of the arguments that share an owner with another one, by the owner's id."""
    found: dict[int, list[tuple[np.ndarray, Path]]] = {}
    for position, arg in enumerate(args):
        for array, path in array_leaves(arg, Path(("arg", position))):
            found.setdefault(id(owner_of(array)[0]), []).append((array, path))
    return {key: members for key, members in found.items() if len(members) > 1}


def strided(buffer: np.ndarray, place: Placement) -> np.ndarray:
    """What a placement shows of a C-contiguous array of the owner's shape, copied."""
    flat = buffer.reshape(-1)
    step = flat.itemsize
    view = np.lib.stride_tricks.as_strided(flat[place.offset:], place.shape, tuple(s * step for s in place.strides))
    return view.copy()
