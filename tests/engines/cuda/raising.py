"""Programs that raise in a kernel and on the host, write an argument, and have an infinite slope."""
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


def overwritten(x, y):
    y[0] = 2.0
    return np.sum((1.3 * x + y) ** 2)


def rooted(x):
    return np.sqrt(x[0] - 1.0) + np.sum(x)
