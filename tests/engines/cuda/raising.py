"""Programs that raise in a kernel, and on the host."""
from __future__ import annotations

import numpy as np


def looked_up(x, index):
    total = 0.0
    for k in range(x.shape[0]):
        total += x[index[k]] * 2.0
    return total


def refused_above(x):
    if x[0] > 2.0:
        raise ValueError("too large")
    return np.sum(x * x)
