"""Linear equations and inverses, by elimination; NaN and False where a matrix is singular."""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.matrices import (
    backward_in_place,
    forward_in_place,
    has_zero_diagonal,
    lu_in_place,
    make_nan,
    stack_of,
)
from workbench.rules.kernels.source import Array


def solve_matrices(a: Array, b: Array) -> tuple[Array, bool]:
    """x with a x = b, and False where a matrix is singular (its x is NaN)."""
    x = np.empty_like(b)
    left, right, out = stack_of(a.copy()), stack_of(b), stack_of(x)
    order = np.empty(left.shape[1], np.int64)
    ok = True
    for k in range(left.shape[0]):
        lu_in_place(left[k], order)
        for i in range(order.size):
            for j in range(right.shape[2]):
                out[k, i, j] = right[k, order[i], j]
        forward_in_place(left[k], out[k], True)
        backward_in_place(left[k], out[k], False)
        if has_zero_diagonal(left[k]):
            ok = False
            make_nan(out[k])
    return x, ok


def inverse_matrices(a: Array) -> tuple[Array, bool]:
    """The inverses, and False where a matrix is singular (its inverse is NaN)."""
    identity = np.zeros_like(a)
    ones = stack_of(identity)
    for k in range(ones.shape[0]):
        for i in range(ones.shape[1]):
            ones[k, i, i] = 1
    return solve_matrices(a, identity)


def solve_triangles(a: Array, b: Array, lower: bool, unit: bool) -> tuple[Array, bool]:
    """x with a x = b by one triangle of a, and False where its diagonal holds a zero (that x is NaN)."""
    x = b.copy()
    left, out = stack_of(a), stack_of(x)
    ok = True
    for k in range(left.shape[0]):
        if lower:
            forward_in_place(left[k], out[k], unit)
        else:
            backward_in_place(left[k], out[k], unit)
        if not unit and has_zero_diagonal(left[k]):
            ok = False
            make_nan(out[k])
    return x, ok
