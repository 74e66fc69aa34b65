"""Functions that emitted programs call; their source is copied into the programs, so each stands alone."""

from __future__ import annotations

import numpy as np


def grow(a, k):  # type: ignore[no-untyped-def]
    """A longer copy of a residual list, with room for element k."""
    b = np.empty(a.size + k + 1, a.dtype)
    for i in range(a.size):
        b[i] = a[i]
    return b


def grow_zeros(a, k):  # type: ignore[no-untyped-def]
    """A longer copy of a list, with room for element k; what is new is 0."""
    b = np.zeros(a.size + k + 1, a.dtype)
    for i in range(a.size):
        b[i] = a[i]
    return b


def product_of_stacks(a, b):  # type: ignore[no-untyped-def]
    """Matrix products of two stacks (of which one may hold a single matrix): small ones written out, others by BLAS."""
    count = a.shape[0] if b.shape[0] == 1 else b.shape[0]
    m, depth, n = a.shape[1], a.shape[2], b.shape[2]
    out = np.empty((count, m, n), a.dtype)
    large = m * depth * n > 512
    for s in range(count):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if large:
            np.dot(x, y, product)
            continue
        for i in range(m):
            for j in range(n):
                product[i, j] = 0
            for k in range(depth):
                factor = x[i, k]
                for j in range(n):
                    product[i, j] += factor * y[k, j]
    return out


def product_with_turned_left(a, b):  # type: ignore[no-untyped-def]
    """Matrix products of two stacks as `product_of_stacks`, the matrices of the first transposed."""
    count = a.shape[0] if b.shape[0] == 1 else b.shape[0]
    m, depth, n = a.shape[2], a.shape[1], b.shape[2]
    out = np.empty((count, m, n), a.dtype)
    large = m * depth * n > 512
    for s in range(count):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if large:
            np.dot(x.T, y, product)
            continue
        for i in range(m):
            for j in range(n):
                product[i, j] = 0
            for k in range(depth):
                factor = x[k, i]
                for j in range(n):
                    product[i, j] += factor * y[k, j]
    return out


def product_with_turned_right(a, b):  # type: ignore[no-untyped-def]
    """Matrix products of two stacks as `product_of_stacks`, the matrices of the second transposed."""
    count = a.shape[0] if b.shape[0] == 1 else b.shape[0]
    m, depth, n = a.shape[1], a.shape[2], b.shape[1]
    out = np.empty((count, m, n), a.dtype)
    large = m * depth * n > 512
    for s in range(count):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if large:
            np.dot(x, y.T, product)
            continue
        for i in range(m):
            for j in range(n):
                product[i, j] = 0
            for k in range(depth):
                factor = x[i, k]
                for j in range(n):
                    product[i, j] += factor * y[j, k]
    return out


PRODUCTS = {(False, False): product_of_stacks, (True, False): product_with_turned_left,
            (False, True): product_with_turned_right}  # by which operands are turned
