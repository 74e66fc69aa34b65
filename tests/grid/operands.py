"""What the calls of the grid are applied to: by name, values of each kind, rank, size and layout.

A name is a shape's letter and a kind's: `v` four numbers, `m` a 3x4 matrix, `t` an array of three axes, `s` a number
of Python's; `32`, `c`, `c32`, `i`, `b` for float32, complex128, complex64, int64 and bool; `0` and `1` are sizes; `e`
holds equal entries; `n` is not contiguous.
"""
from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

SHAPES: dict[str, tuple[int, ...]] = {
    "v": (4,), "v0": (0,), "v1": (1,), "m": (3, 4), "m1": (1, 3), "m0": (0, 3), "q": (3, 3), "q1": (1, 1),
    "q0": (0, 0), "p0": (0, 2, 2),
    "t": (2, 3, 4), "p": (2, 3, 3), "w": (3,), "l": (7,)}
DTYPES: dict[str, Any] = {"": np.float64, "32": np.float32, "c": np.complex128, "c32": np.complex64, "i": np.int64,
                          "b": np.bool_}


def operand(name: str, place: int, low: float = -2.0, high: float = 2.0) -> Any:
    """The operand of a name, at a place in a call; reals are drawn from an interval."""
    rng = np.random.default_rng(crc32(name.encode()) + place)
    if name in ("s", "s32", "sc", "si", "sn"):
        value = float(rng.uniform(low, high))
        return {"s": value, "s32": np.float32(value), "sc": complex(value, 0.4), "si": round(value) or 1,
                "sn": np.float64(value)}[name]
    shape_name = next(s for s in sorted(SHAPES, key=len, reverse=True) if name.startswith(s))
    rest = name[len(shape_name):]
    shape, apart = SHAPES[shape_name], rest.endswith("n")
    rest = rest.removesuffix("n")
    if rest == "e":
        return np.resize(np.array([low, high, high, (low + high) / 2]), shape)
    dtype = np.dtype(DTYPES[rest])
    if apart:
        shape = (*shape[:-1], 2 * shape[-1])
    values: Any = rng.uniform(low, high, shape)
    if dtype.kind == "c":
        values = values + 1j * rng.uniform(-1.0, 1.0, shape)
    if dtype.kind == "i":
        values = np.round(values)
    if dtype.kind == "b":
        values = values > (low + high) / 2
    made = np.asarray(values).astype(dtype)
    return made[..., ::2] if apart else made


def is_tied(name: str) -> bool:
    """True where differences do not show the derivative: equal entries."""
    return name.endswith("e")
