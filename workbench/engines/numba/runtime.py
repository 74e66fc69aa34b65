"""Functions that emitted programs call; their source is copied into the programs, so each stands alone."""

from __future__ import annotations

import numpy as np


def grow(a, k):  # type: ignore[no-untyped-def]
    """A longer copy of a residual list, with room for element k."""
    b = np.empty(a.size + k + 1, a.dtype)
    for i in range(a.size):
        b[i] = a[i]
    return b


def grow_zeros(a, k):  # type: ignore[no-untyped-def]
    """A longer copy of a list, with room for element k; what is new is 0."""
    b = np.zeros(a.size + k + 1, a.dtype)
    for i in range(a.size):
        b[i] = a[i]
    return b
