"""What kernels of matrices share: stacks, elimination with exchanged rows, substitution.

Elimination and substitution are blocked around matrix products, so that large matrices run at their speed.

Source: Golub & Van Loan, Matrix Computations (2013), 3.1.7 (substitution), 3.2.11 (blocked LU), 3.4 (exchanges).
"""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.source import Array


def stack_of(a: Array) -> Array:
    """The array as a stack of matrices: rank 3 (a view)."""
    count = 1
    for k in range(a.ndim - 2):
        count *= a.shape[k]
    return a.reshape((count, a.shape[a.ndim - 2], a.shape[a.ndim - 1]))


def is_finite_matrix(a: Array) -> bool:
    """True where no element is infinite or NaN."""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if not np.isfinite(a[i, j]):
                return False
    return True


def make_nan(a: Array) -> None:
    """Fill a matrix with NaN."""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = np.nan


def set_to(out: Array, a: Array) -> None:
    """Fill a matrix with another."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a[i, j]


def lu_in_place(a: Array, order: Array) -> int:
    """L (unit diagonal) and U of the matrix whose row i is row order[i] of `a`; gives the permutation's sign."""
    n = a.shape[0]
    sign = 1
    for i in range(n):
        order[i] = i
    start = 0
    while start < n:
        stop = min(start + 48, n)
        for k in range(start, stop):
            best, place = abs(a[k, k]), k
            for i in range(k + 1, n):
                size = abs(a[i, k])
                if size > best:
                    best, place = size, i
            if place != k:
                sign = -sign
                order[k], order[place] = order[place], order[k]
                for j in range(n):
                    held = a[k, j]
                    a[k, j] = a[place, j]
                    a[place, j] = held
            if a[k, k] != 0:
                for i in range(k + 1, n):
                    factor = a[i, k] / a[k, k]
                    a[i, k] = factor
                    for j in range(k + 1, stop):
                        a[i, j] -= factor * a[k, j]
        if stop < n:
            for k in range(start, stop):
                for i in range(k + 1, stop):
                    factor = a[i, k]
                    for j in range(stop, n):
                        a[i, j] -= factor * a[k, j]
            product = np.dot(a[stop:, start:stop].copy(), a[start:stop, stop:].copy())
            for i in range(stop, n):
                for j in range(stop, n):
                    a[i, j] -= product[i - stop, j - stop]
        start = stop
    return sign


def forward_in_place(low: Array, x: Array, unit: bool) -> None:
    """Solve low x = x with the lower triangle (`unit`: ones are on its diagonal)."""
    n, m = x.shape
    start = 0
    while start < n:
        stop = min(start + 48, n)
        if start > 0:
            product = np.dot(low[start:stop, :start].copy(), x[:start].copy())
            for i in range(start, stop):
                for j in range(m):
                    x[i, j] -= product[i - start, j]
        for i in range(start, stop):
            for k in range(start, i):
                factor = low[i, k]
                for j in range(m):
                    x[i, j] -= factor * x[k, j]
            if not unit:
                for j in range(m):
                    x[i, j] /= low[i, i]
        start = stop


def backward_in_place(up: Array, x: Array, unit: bool) -> None:
    """Solve up x = x with the upper triangle (`unit`: ones are on its diagonal)."""
    n, m = x.shape
    stop = n
    while stop > 0:
        start = max(stop - 48, 0)
        if stop < n:
            product = np.dot(up[start:stop, stop:].copy(), x[stop:].copy())
            for i in range(start, stop):
                for j in range(m):
                    x[i, j] -= product[i - start, j]
        for i in range(stop - 1, start - 1, -1):
            for k in range(i + 1, stop):
                factor = up[i, k]
                for j in range(m):
                    x[i, j] -= factor * x[k, j]
            if not unit:
                for j in range(m):
                    x[i, j] /= up[i, i]
        stop = start


def has_zero_diagonal(a: Array) -> bool:
    """True where an element of the diagonal is exactly zero."""
    found = False
    for i in range(a.shape[0]):
        found = found or a[i, i] == 0
    return found
