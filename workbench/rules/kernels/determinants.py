"""Determinants, their logarithms, adjugates and the derivatives of these, of singular matrices too.

Source: for the adjugate, P a = L U gives adj(U) inv(L) P; for its derivative, the adjugate of a diagonal matrix in the
basis of the singular vectors.
"""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.matrices import is_finite_matrix, lu_in_place, make_nan, set_to, stack_of
from workbench.rules.kernels.source import Array, Number


def determinant(a: Array) -> Number:
    """The determinant of one matrix."""
    work = a.copy()
    sign = lu_in_place(work, np.empty(a.shape[0], np.int64))
    product = a.dtype.type(sign)
    for i in range(a.shape[0]):
        product *= work[i, i]
    return product


def determinants(a: Array) -> Array:
    """The determinants of a stack (rank 3)."""
    out = np.empty(a.shape[0], a.dtype)
    for k in range(out.size):
        out[k] = determinant(a[k])
    return out


def sign_and_log(a: Array) -> tuple[Number, float]:
    """The sign (or phase) and the logarithm of the modulus of the determinant of one matrix."""
    work = a.copy()
    sign = a.dtype.type(lu_in_place(work, np.empty(a.shape[0], np.int64)))
    total = abs(sign) * 0
    for i in range(a.shape[0]):
        size = abs(work[i, i])
        if size == 0:
            return sign * 0, total - math.inf
        sign *= work[i, i] / size
        total += np.log(size)
    return sign, total


def signs_and_logs(a: Array) -> tuple[Array, Array]:
    """`sign_and_log` of a stack (rank 3)."""
    signs = np.empty(a.shape[0], a.dtype)
    logs = np.empty(a.shape[0], a.real.dtype)
    for k in range(signs.size):
        signs[k], logs[k] = sign_and_log(a[k])
    return signs, logs


def adjugate_of_triangle(up: Array, out: Array) -> None:
    """The adjugate of an upper triangle, without a division: [u adj(V), -adj(V) c; 0, det(V)] of [V, c; 0, u]."""
    below = up.dtype.type(1)
    for k in range(up.shape[0]):
        for i in range(k):
            total = up.dtype.type(0)
            for j in range(i, k):
                total += out[i, j] * up[j, k]
            out[i, k] = -total
            for j in range(i, k):
                out[i, j] *= up[k, k]
        out[k, k] = below
        below *= up[k, k]


def adjugates(a: Array) -> Array:
    """The adjugates (transposed cofactors), of singular matrices too: adj(U) inv(L) P of P a = L U."""
    result = np.empty_like(a)
    source, out = stack_of(a.copy()), stack_of(result)
    n = source.shape[1]
    order = np.empty(n, np.int64)
    for k in range(source.shape[0]):
        sign = lu_in_place(source[k], order)
        work = np.zeros_like(source[k])
        adjugate_of_triangle(source[k], work)
        for i in range(n):
            for j in range(n - 1, -1, -1):
                for p in range(j + 1, n):
                    work[i, j] -= work[i, p] * source[k, p, j]
                out[k, i, order[j]] = sign * work[i, j]
    return result


def adjugate_changes(a: Array, b: Array) -> Array:
    """The derivative of the adjugate of a along b, of singular matrices too: that of a diagonal, by singular values."""
    result = np.empty_like(a)
    source, change, out = stack_of(a), stack_of(b), stack_of(result)
    n = source.shape[1]
    for k in range(source.shape[0]):
        if n < 2 or not (is_finite_matrix(source[k]) and is_finite_matrix(change[k])):
            set_to(out[k], np.zeros_like(change[k]))
            if n > 1:
                make_nan(out[k])
            continue
        u, s, vh = np.linalg.svd(source[k], 0)  # type: ignore[call-overload]
        uh, v = np.ascontiguousarray(np.conj(u.T)), np.ascontiguousarray(np.conj(vh.T))
        phase = determinant(np.ascontiguousarray(u)) * determinant(np.ascontiguousarray(vh))
        turned = np.dot(np.dot(uh, change[k]), v)
        inner = np.zeros_like(turned)
        after = np.ones_like(s)
        for i in range(n - 2, -1, -1):
            after[i] = after[i + 1] * s[i + 1]
        before = s[0] * 0 + 1
        for i in range(n):
            between = before
            for j in range(i + 1, n):
                rest = between * after[j]
                inner[i, j] = -turned[i, j] * rest
                inner[j, i] = -turned[j, i] * rest
                inner[i, i] += turned[j, j] * rest
                inner[j, j] += turned[i, i] * rest
                between *= s[j]
            before *= s[i]
        product = np.dot(np.dot(v, inner), uh)
        for i in range(n):
            for j in range(n):
                out[k, i, j] = phase * product[i, j]
    return result
