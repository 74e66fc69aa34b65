"""Indices of triangles and diagonals of given matrices, and linear equations of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend.composed.registry import composes


@composes(np.tril_indices_from)
def tril_indices_from(arr: Any, k: Any = 0) -> Any:
    """Where the lower triangle of a matrix is."""
    if arr.ndim != 2:
        raise ValueError("input array must be 2-d")
    return np.tril_indices(arr.shape[-2], k, arr.shape[-1])


@composes(np.triu_indices_from)
def triu_indices_from(arr: Any, k: Any = 0) -> Any:
    """Where the upper triangle of a matrix is."""
    if arr.ndim != 2:
        raise ValueError("input array must be 2-d")
    return np.triu_indices(arr.shape[-2], k, arr.shape[-1])


@composes(np.diag_indices_from)
def diag_indices_from(arr: Any) -> Any:
    """Where the main diagonal of a cube is."""
    if not arr.ndim >= 2:
        raise ValueError("input array must be at least 2-d")
    for size in arr.shape:
        if size != arr.shape[0]:
            raise ValueError("All dimensions of input must be of equal length")
    return np.diag_indices(arr.shape[0], arr.ndim)


@composes(np.linalg.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The tensor x with `np.tensordot(a, x, x.ndim) == b`."""
    a, b = np.asarray(a), np.asarray(b)
    if axes is not None:
        moved = list(range(a.ndim))
        for axis in axes:
            moved.remove(axis)
            moved.append(axis)
        a = np.transpose(a, moved)
    shape = a.shape[b.ndim:]
    size = 1
    for n in shape:
        size *= n
    if a.size != size * size:
        raise np.linalg.LinAlgError("Input arrays must satisfy the requirement "
                                    "prod(a.shape[b.ndim:]) == prod(a.shape[:b.ndim])")
    return np.linalg.solve(np.reshape(a, (size, size)), np.ravel(b)).reshape(shape)


@composes(np.linalg.tensorinv)
def tensorinv(a: Any, ind: Any = 2) -> Any:
    """The inverse of `np.tensordot` by a tensor."""
    if ind <= 0:
        raise ValueError("Invalid ind argument.")
    a = np.asarray(a)
    size = 1
    for n in a.shape[ind:]:
        size *= n
    return np.linalg.inv(np.reshape(a, (size, -1))).reshape(a.shape[ind:] + a.shape[:ind])
