"""QR factors by reflections, with LAPACK's choice of signs.

Source: Golub & Van Loan, Matrix Computations (2013), 5.1 (reflections), 5.2 (QR).
"""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.matrices import set_to
from workbench.rules.kernels.source import Array, Number


def reflector(x: Array) -> tuple[Number, Number]:
    """Householder's reflection that leaves only x[0], a real number: its vector (with first component 1) in place of
    x, the factor, and the number. LAPACK's choice of sign."""
    first = x[0]
    largest, total = 0.0, 0.0
    for i in range(1, x.size):
        largest = max(largest, abs(x[i]))
        total += abs(x[i])
    if total == 0 and first.imag == 0:  # (not where there is a NaN)
        return first * 0, first
    largest = max(largest, abs(first))
    squares = 0.0  # of numbers no larger than 1: neither overflow nor underflow
    for i in range(x.size):
        squares += (abs(x[i]) / largest) ** 2
    size = largest * math.sqrt(squares)
    found = first * 0 - math.copysign(size, first.real)
    for i in range(1, x.size):
        x[i] /= first - found
    x[0] = 1
    return (found - first) / found, found


def qr_in_place(a: Array, q: Array) -> None:
    """R in the upper triangle of a (rows of the transposed), Q in q: both as transposed matrices, so that a column is
    a row."""
    n, m = a.shape
    factors = np.empty(n, a.dtype)
    diagonal = np.empty(n, a.dtype)
    for k in range(n):
        v = a[k, k:]
        factors[k], diagonal[k] = reflector(v)
        for j in range(k + 1, n):
            reflect(a[j, k:], v, np.conj(factors[k]))
    for k in range(n - 1, -1, -1):
        for i in range(m):
            q[k, i] = 0
        q[k, k] = 1
        for j in range(k, n):
            reflect(q[j, k:], a[k, k:], factors[k])
    for k in range(n):
        a[k, k] = diagonal[k]


def reflect(x: Array, v: Array, factor: Number) -> None:
    """x - factor v (v^H x), in place."""
    total = x[0] * 0
    for i in range(x.size):
        total += np.conj(v[i]) * x[i]
    total *= factor
    for i in range(x.size):
        x[i] -= total * v[i]


def qr_factors(a: Array) -> tuple[Array, Array]:
    """Q and R of matrices that are not wider than high."""
    count, m, n = a.shape
    q, r = np.empty_like(a), np.zeros((count, n, n), a.dtype)
    for k in range(count):
        work, turned = a[k].T.copy(), np.empty((n, m), a.dtype)
        qr_in_place(work, turned)
        set_to(q[k], turned.T)
        for i in range(n):
            for j in range(i, n):
                r[k, i, j] = work[j, i]
    return q, r
