"""Explicit steps of the heat equation over two swapped buffers, as a loop nest and as slices; its adjoint gathers."""
from __future__ import annotations

import numpy as np

from tests.benchmarks.workload import Workload


def heat(u0, steps, c):
    n, m = u0.shape
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    return 0.5 * total


def heat_slices(u0, steps, c):
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        v[1:-1, 1:-1] = u[1:-1, 1:-1] + c * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
                                             - 4.0 * u[1:-1, 1:-1])
        u, v = v, u
    return 0.5 * np.sum(u * u)


def heat_by_hand(u0, steps, c):
    """The scheme is linear: no residuals. Its transpose inside the frame is the scheme itself, in gather form.

    The frame of the two buffers is never written, so what flows into it only adds up, in four vectors.
    """
    n, m = u0.shape
    u = u0.copy()
    v = u0.copy()
    for _ in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                v[i, j] = u[i, j] + c * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - 4.0 * u[i, j])
        u, v = v, u
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += u[i, j] * u[i, j]
    top, bottom, left, right = u[0].copy(), u[n - 1].copy(), u[:, 0].copy(), u[:, m - 1].copy()
    inside = np.zeros((n, m))
    inside[1:n - 1, 1:m - 1] = u[1:n - 1, 1:m - 1]
    other = np.zeros((n, m))
    for _ in range(steps):
        for j in range(1, m - 1):
            top[j] += c * inside[1, j]
            bottom[j] += c * inside[n - 2, j]
        for i in range(1, n - 1):
            left[i] += c * inside[i, 1]
            right[i] += c * inside[i, m - 2]
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                other[i, j] = inside[i, j] + c * (inside[i - 1, j] + inside[i + 1, j] + inside[i, j - 1]
                                                  + inside[i, j + 1] - 4.0 * inside[i, j])
        inside, other = other, inside
    inside[0] = top
    inside[n - 1] = bottom
    inside[:, 0] = left
    inside[:, m - 1] = right
    return 0.5 * total, (inside,)


def square(size, steps):
    return np.random.default_rng(2).normal(size=(size, size)), steps, 0.2


WORKLOADS = (
    Workload("heat", "heat stencil 256², 100 steps, loop nest", heat, square, {"size": 256, "steps": 100},
             {"size": 6, "steps": 3}, by_hand=heat_by_hand),
    Workload("heat_slices", "heat stencil 256², 100 steps, slices", heat_slices, square,
             {"size": 256, "steps": 100}, {"size": 6, "steps": 3}, by_hand=heat_by_hand, primal=heat),
)
