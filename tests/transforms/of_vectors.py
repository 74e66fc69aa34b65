"""Functions of a vector that forward transforms with more than one tangent are tried on."""
from __future__ import annotations

import math
from typing import Any

import numpy as np


def loops(x: Any) -> Any:
    """Loops of both sorts, a branch, and an array that is written."""
    total, y = 0.0, x.copy()
    for i in range(x.shape[0]):
        y[i] = y[i] * math.exp(-y[(i + 1) % x.shape[0]])
        if total < 0.5:
            total = total + y[i] ** 3
        else:
            total = total * y[i]
        k = 0
        while k < 2:
            total = math.sin(total) * y[k % x.shape[0]]
            k += 1
    return total + np.sum(y * y[0])


def kernels(x: Any) -> Any:
    """Primitives that act on whole arrays."""
    a = np.outer(x, x) + 2.0 * np.eye(x.shape[0])
    batch = np.stack((a, a.T @ a)) @ np.stack((a, a))
    return np.sum(np.linalg.solve(a, x)) + np.linalg.det(a) + np.max(x) * np.prod(x) + np.sum(np.sort(x) ** 2 * x) + (
        np.sum(batch)) + np.sum(np.abs(np.fft.fft(x)) ** 2)
