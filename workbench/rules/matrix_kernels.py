"""Matrices in compiled programs: what the rule table's functions of matrices call, as Python that the compiler compiles
(their source goes into what it emits).

Every array is C-contiguous: a matrix or a stack of them where `stack_of` looks at its rank, else a stack of rank 3.
Nothing raises: where NumPy would, `ok` is False and the result is NaN. Elimination is blocked, so that large matrices
run at the speed of matrix products.

Source: Golub & Van Loan, Matrix Computations (2013), 3.2 (blocked LU), 4.2 (blocked Cholesky).
"""

from __future__ import annotations

import math

import numpy as np


def stack_of(a):  # type: ignore[no-untyped-def]
    """The array as a stack of matrices: rank 3 (a view)."""
    count = 1
    for k in range(a.ndim - 2):
        count *= a.shape[k]
    return a.reshape((count, a.shape[a.ndim - 2], a.shape[a.ndim - 1]))


def is_finite_matrix(a):  # type: ignore[no-untyped-def]
    """True where no element is infinite or NaN."""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if not np.isfinite(a[i, j]):
                return False
    return True


def make_nan(a):  # type: ignore[no-untyped-def]
    """Fill a matrix with NaN."""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            a[i, j] = np.nan


def set_to(out, a):  # type: ignore[no-untyped-def]
    """Fill a matrix with another."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = a[i, j]


def lu_in_place(a, order):  # type: ignore[no-untyped-def]
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


def forward_in_place(low, x, unit):  # type: ignore[no-untyped-def]
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


def backward_in_place(up, x, unit):  # type: ignore[no-untyped-def]
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


def has_zero_diagonal(a):  # type: ignore[no-untyped-def]
    """True where an element of the diagonal is exactly zero."""
    found = False
    for i in range(a.shape[0]):
        found = found or a[i, i] == 0
    return found


def solve_matrices(a, b):  # type: ignore[no-untyped-def]
    """x with a x = b, and False where a matrix is singular (its x is NaN)."""
    x = np.empty_like(b)
    left, right, out = stack_of(a.copy()), stack_of(b), stack_of(x)
    order = np.empty(left.shape[1], np.int64)
    ok = True
    for k in range(left.shape[0]):
        lu_in_place(left[k], order)
        for i in range(order.size):
            for j in range(right.shape[2]):
                out[k, i, j] = right[k, order[i], j]
        forward_in_place(left[k], out[k], True)
        backward_in_place(left[k], out[k], False)
        if has_zero_diagonal(left[k]):
            ok = False
            make_nan(out[k])
    return x, ok


def inverse_matrices(a):  # type: ignore[no-untyped-def]
    """The inverses, and False where a matrix is singular (its inverse is NaN)."""
    identity = np.zeros_like(a)
    ones = stack_of(identity)
    for k in range(ones.shape[0]):
        for i in range(ones.shape[1]):
            ones[k, i, i] = 1
    return solve_matrices(a, identity)


def solve_triangles(a, b, lower, unit):  # type: ignore[no-untyped-def]
    """x with a x = b by one triangle of a, and False where its diagonal holds a zero (that x is NaN)."""
    x = b.copy()
    left, out = stack_of(a), stack_of(x)
    ok = True
    for k in range(left.shape[0]):
        if lower:
            forward_in_place(left[k], out[k], unit)
        else:
            backward_in_place(left[k], out[k], unit)
        if not unit and has_zero_diagonal(left[k]):
            ok = False
            make_nan(out[k])
    return x, ok


def determinant(a):  # type: ignore[no-untyped-def]
    """The determinant of one matrix."""
    work = a.copy()
    sign = lu_in_place(work, np.empty(a.shape[0], np.int64))
    product = a.dtype.type(sign)
    for i in range(a.shape[0]):
        product *= work[i, i]
    return product


def determinants(a):  # type: ignore[no-untyped-def]
    """The determinants of a stack (rank 3)."""
    out = np.empty(a.shape[0], a.dtype)
    for k in range(out.size):
        out[k] = determinant(a[k])
    return out


def sign_and_log(a):  # type: ignore[no-untyped-def]
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


def signs_and_logs(a):  # type: ignore[no-untyped-def]
    """`sign_and_log` of a stack (rank 3)."""
    signs = np.empty(a.shape[0], a.dtype)
    logs = np.empty(a.shape[0], a.real.dtype)
    for k in range(signs.size):
        signs[k], logs[k] = sign_and_log(a[k])
    return signs, logs


def adjugate_of_triangle(up, out):  # type: ignore[no-untyped-def]
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


def adjugates(a):  # type: ignore[no-untyped-def]
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


def adjugate_changes(a, b):  # type: ignore[no-untyped-def]
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


def cholesky_in_place(a):  # type: ignore[no-untyped-def]
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


def cholesky_factors(a):  # type: ignore[no-untyped-def]
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
