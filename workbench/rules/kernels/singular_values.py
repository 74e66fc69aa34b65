"""Singular value decompositions, LAPACK's by way of the compiler, and pseudoinverses made of them."""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.matrices import is_finite_matrix, make_nan, set_to
from workbench.rules.kernels.source import Array


def singular_triples(a: Array) -> tuple[Array, Array, Array, bool]:
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


def pseudoinverses(a: Array, cutoff: float) -> tuple[Array, Array, bool]:
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
