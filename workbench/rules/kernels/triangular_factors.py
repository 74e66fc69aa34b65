"""LU with exchanged rows, as LAPACK packs it."""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.matrices import lu_in_place
from workbench.rules.kernels.source import Array


def packed_factors(a: Array) -> tuple[Array, Array]:
    """L below the diagonal and U, and the row that each was exchanged with in turn."""
    work = a.copy()
    n = a.shape[0]
    order, held, pivots = np.empty(n, np.int64), np.arange(n), np.empty(n, np.int64)
    lu_in_place(work, order)
    for k in range(n):
        place = k
        while held[place] != order[k]:
            place += 1
        pivots[k] = place
        held[place], held[k] = held[k], held[place]
    return work, pivots


def order_of_rows(pivots: Array) -> Array:
    """Which row of the matrix is each row of the product of the factors."""
    order = np.arange(pivots.size)
    for k in range(pivots.size):
        order[k], order[pivots[k]] = order[pivots[k]], order[k]
    return order
