"""Functions that emitted programs call; their source is copied into the programs, so each stands alone."""

from __future__ import annotations

from typing import Any

import numpy as np


def grow(a: Any, k: int) -> Any:
    """A longer copy of a residual list, with room for element k."""
    b = np.zeros(max(2 * a.size, k + 1), a.dtype)
    b[:a.size] = a
    return b
