"""QR, eigenvalues, singular values, pseudoinverses, the adjoint of Cholesky in compiled programs: the rest of
`matrix_kernels`.

Every array is a C-contiguous stack of rank 3 (of the adjoint of Cholesky: any). What is iterative is LAPACK's, by way
of the compiler.

Source: Golub & Van Loan, Matrix Computations (2013), 5.2 (QR by reflections); Murray, "Differentiation of the Cholesky
decomposition" (2016).
"""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.matrix_kernels import is_finite_matrix, make_nan, set_to, stack_of


def reflector(x):  # type: ignore[no-untyped-def]
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


def qr_in_place(a, q):  # type: ignore[no-untyped-def]
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


def reflect(x, v, factor):  # type: ignore[no-untyped-def]
    """x - factor v (v^H x), in place."""
    total = x[0] * 0
    for i in range(x.size):
        total += np.conj(v[i]) * x[i]
    total *= factor
    for i in range(x.size):
        x[i] -= total * v[i]


def qr_factors(a):  # type: ignore[no-untyped-def]
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


def eigenpairs(a):  # type: ignore[no-untyped-def]
    """Eigenvalues and eigenvectors of Hermitian matrices, by their lower triangles; False where there are none."""
    vectors = np.zeros_like(a)
    values = np.zeros((a.shape[0], a.shape[1]), a.real.dtype)
    ok = True
    for k in range(a.shape[0]):
        if a.shape[1] == 0:
            continue
        if is_finite_matrix(a[k]):
            found, columns = np.linalg.eigh(a[k])
            for j in range(found.size):
                values[k, j] = found[j]
            set_to(vectors[k], columns)
        else:
            ok = False
            for j in range(values.shape[1]):
                values[k, j] = np.nan
            make_nan(vectors[k])
    return values, vectors, ok


def singular_triples(a):  # type: ignore[no-untyped-def]
    """Reduced singular value decompositions, of a stack; False where there is none."""
    count, m, n = a.shape
    k = min(m, n)
    u, s, vh = np.zeros((count, m, k), a.dtype), np.zeros((count, k), a.real.dtype), np.zeros((count, k, n), a.dtype)
    ok = True
    for i in range(count):
        if k == 0:
            continue
        if is_finite_matrix(a[i]):
            left, values, right = np.linalg.svd(a[i], 0)  # type: ignore[call-overload]
            set_to(u[i], left)
            set_to(vh[i], right)
            for j in range(k):
                s[i, j] = values[j]
        else:
            ok = False
            make_nan(u[i])
            for j in range(k):
                s[i, j] = np.nan
            make_nan(vh[i])
    return u, s, vh, ok


def pseudoinverses(a, cutoff):  # type: ignore[no-untyped-def]
    """Pseudoinverses without the singular values below `cutoff` of the largest, how many are left, and False where
    there is no decomposition (a stack)."""
    u, s, vh, ok = singular_triples(a)
    count, m, k = u.shape
    n = vh.shape[2]
    result = np.zeros((count, n, m), a.dtype)
    ranks = np.zeros(count, np.int64)
    for i in range(count):
        if k == 0:
            continue
        right = np.conj(vh[i]).T.copy()
        for j in range(k):
            if s[i, j] > cutoff * s[i, 0]:
                ranks[i] += 1
                for p in range(n):
                    right[p, j] /= s[i, j]
            else:
                for p in range(n):
                    right[p, j] *= 0
        set_to(result[i], np.dot(right, np.conj(u[i]).T.copy()))
    return result, ranks, ok


def cholesky_pulled_back(low, bar):  # type: ignore[no-untyped-def]
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


def cholesky_pullbacks(low, bar):  # type: ignore[no-untyped-def]
    """Cotangents of lower triangles from those of their factors; only lower triangles are read."""
    result = bar.copy()
    factors, out = stack_of(low), stack_of(result)
    for k in range(out.shape[0]):
        for i in range(out.shape[1]):
            for j in range(i + 1, out.shape[2]):
                out[k, i, j] = 0
        cholesky_pulled_back(factors[k], out[k])
    return result
