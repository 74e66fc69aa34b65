"""Cholesky factors by blocks, and their pullback: the factorisation's blocks in reverse.

Only lower triangles are read. A matrix that is not positive definite gives NaN and False.

Source: Golub & Van Loan, Matrix Computations (2013), 4.2.6 (blocks); Murray, "Differentiation of the Cholesky
decomposition" (2016).
"""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.matrices import make_nan, stack_of
from workbench.rules.kernels.source import Array


def cholesky_in_place(a: Array) -> bool:
    """The lower factor from the lower triangle; False where the matrix is not positive definite."""
    n = a.shape[0]
    start = 0
    while start < n:
        stop = min(start + 48, n)
        if start > 0:
            left = a[start:, :start].copy()
            product = np.dot(left, np.conj(left[:stop - start]).T.copy())
            for i in range(start, n):
                for j in range(start, min(i + 1, stop)):
                    a[i, j] -= product[i - start, j - start]
        for k in range(start, stop):
            pivot = a[k, k].real
            for j in range(start, k):
                pivot -= (a[k, j] * np.conj(a[k, j])).real
            if not pivot > 0:
                return False
            root = math.sqrt(pivot)
            a[k, k] = root
            for i in range(k + 1, n):
                total = a[i, k]
                for j in range(start, k):
                    total -= a[i, j] * np.conj(a[k, j])
                a[i, k] = total / root
        start = stop
    return True


def cholesky_factors(a: Array) -> tuple[Array, bool]:
    """Lower factors of the lower triangles, and False where a matrix is not positive definite (its factor is NaN)."""
    result = a.copy()
    out = stack_of(result)
    ok = True
    for k in range(out.shape[0]):
        if not cholesky_in_place(out[k]):
            ok = False
            make_nan(out[k])
        for i in range(out.shape[1]):
            for j in range(i + 1, out.shape[2]):
                out[k, i, j] = 0
    return result, ok


def cholesky_pulled_back(low: Array, bar: Array) -> None:
    """The cotangent of a lower triangle from that of its factor, in place: the factorisation's blocks in reverse."""
    n = low.shape[0]
    stop = n
    while stop > 0:
        start = max(stop - 48, 0)
        for i in range(stop, n):
            for k in range(stop - 1, start - 1, -1):
                bar[i, k] /= low[k, k].real
                for j in range(start, k):
                    bar[i, j] -= bar[i, k] * low[k, j]
        if stop < n:
            below = bar[stop:, start:stop].copy()
            turned = np.conj(below).T.copy()
            product = np.dot(turned, low[stop:, :stop].copy())
            for i in range(start, stop):
                for j in range(i + 1):
                    bar[i, j] -= product[i - start, j]
            if start > 0:
                product = np.dot(below, low[start:stop, :start].copy())
                for i in range(stop, n):
                    for j in range(start):
                        bar[i, j] -= product[i - stop, j]
        block = np.zeros((stop - start, stop - start), bar.dtype)
        for k in range(stop - 1, start - 1, -1):
            root = low[k, k].real
            pivot = bar[k, k].real
            for i in range(k + 1, stop):
                bar[i, k] /= root
                pivot -= (np.conj(bar[i, k]) * low[i, k]).real
            pivot /= 2 * root
            bar[k, k] = pivot
            block[k - start, k - start] = 2 * pivot
            for j in range(start, k):
                bar[k, j] -= 2 * pivot * low[k, j]
            for i in range(k + 1, stop):
                factor = bar[i, k]
                block[i - start, k - start] = factor
                block[k - start, i - start] = np.conj(factor)
                for j in range(start, k):
                    bar[i, j] -= factor * low[k, j]
                    bar[k, j] -= np.conj(factor) * low[i, j]
        if start > 0:
            product = np.dot(block, low[start:stop, :start].copy())
            for i in range(start, stop):
                for j in range(start):
                    bar[i, j] -= product[i - start, j]
        stop = start


def cholesky_pullbacks(low: Array, bar: Array) -> Array:
    """Cotangents of lower triangles from those of their factors; only lower triangles are read."""
    result = bar.copy()
    factors, out = stack_of(low), stack_of(result)
    for k in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(i + 1, out.shape[2]):
                out[k, i, j] = 0
        cholesky_pulled_back(factors[k], out[k])
    return result
