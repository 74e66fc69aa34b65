"""Products of stacks of matrices, by BLAS where they are large.

Processors take a hundred times as long for numbers below 2^-1022 as for others, and BLAS meets each of them many times:
the weights of a softmax, in its adjoint. Wide products of float64 are asked whether they hold such. Where they do, a
factor is taken apart, what is tiny is multiplied by itself, times a power of two, and added in the end.

Invariant: each element is a sum of the same products; an element below 2^-960 times those of the other factor has the
bits that it had.
Source: Muller et al., Handbook of Floating-Point Arithmetic (2018), section 2.1.2 (subnormal numbers).
"""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.source import Array


def holds_tiny(x: Array, other: Array) -> bool:
    """Whether some of the numbers x are below 2^-960, and all others finite (0 times infinity is no number)."""
    found = 0
    for i in range(x.size):
        size = abs(x[i])
        found += (size > 0.0) & (size < 1.0261342003245941e-289)
    if found > 0:
        for i in range(other.size):
            found *= abs(other[i]) < np.inf
    return found > 0


def parted(x: Array) -> tuple[Array, Array]:
    """A matrix without its numbers below 2^-960, and these alone, times 2^128."""
    others, tiny = np.zeros(x.shape, x.dtype), np.zeros(x.shape, x.dtype)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if abs(x[i, j]) < 1.0261342003245941e-289:
                tiny[i, j] = x[i, j] * 3.402823669209385e38
            else:
                others[i, j] = x[i, j]
    return others, tiny


def product_of_stacks(a: Array, b: Array) -> Array:
    """Matrix products of two stacks (of which one may hold a single matrix): small ones written out, others by BLAS."""
    count = a.shape[0] if b.shape[0] == 1 else b.shape[0]
    m, depth, n = a.shape[1], a.shape[2], b.shape[2]
    out = np.empty((count, m, n), a.dtype)
    large, wide = m * depth * n > 512, m >= 32 and n >= 32 and a.itemsize == 8
    for s in range(count):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if large:
            rest = product[:0]
            if wide and holds_tiny(x.reshape(x.size), y.reshape(y.size)):
                x, tiny = parted(x)
                rest = np.dot(tiny, y)
            elif wide and holds_tiny(y.reshape(y.size), x.reshape(x.size)):
                y, tiny = parted(y)
                rest = np.dot(x, tiny)
            np.dot(x, y, product)
            for i in range(rest.shape[0]):
                for j in range(n):
                    product[i, j] += rest[i, j] * 2.938735877055719e-39
            continue
        for i in range(m):
            for j in range(n):
                product[i, j] = 0
            for k in range(depth):
                factor = x[i, k]
                for j in range(n):
                    product[i, j] += factor * y[k, j]
    return out


def product_with_turned_left(a: Array, b: Array) -> Array:
    """Matrix products of two stacks as `product_of_stacks`, the matrices of the first transposed."""
    count = a.shape[0] if b.shape[0] == 1 else b.shape[0]
    m, depth, n = a.shape[2], a.shape[1], b.shape[2]
    out = np.empty((count, m, n), a.dtype)
    large, wide = m * depth * n > 512, m >= 32 and n >= 32 and a.itemsize == 8
    for s in range(count):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if large:
            rest = product[:0]
            if wide and holds_tiny(x.reshape(x.size), y.reshape(y.size)):
                x, tiny = parted(x)
                rest = np.dot(tiny.T, y)
            elif wide and holds_tiny(y.reshape(y.size), x.reshape(x.size)):
                y, tiny = parted(y)
                rest = np.dot(x.T, tiny)
            np.dot(x.T, y, product)
            for i in range(rest.shape[0]):
                for j in range(n):
                    product[i, j] += rest[i, j] * 2.938735877055719e-39
            continue
        for i in range(m):
            for j in range(n):
                product[i, j] = 0
            for k in range(depth):
                factor = x[k, i]
                for j in range(n):
                    product[i, j] += factor * y[k, j]
    return out


def product_with_turned_right(a: Array, b: Array) -> Array:
    """Matrix products of two stacks as `product_of_stacks`, the matrices of the second transposed."""
    count = a.shape[0] if b.shape[0] == 1 else b.shape[0]
    m, depth, n = a.shape[1], a.shape[2], b.shape[1]
    out = np.empty((count, m, n), a.dtype)
    large, wide = m * depth * n > 512, m >= 32 and n >= 32 and a.itemsize == 8
    for s in range(count):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if large:
            rest = product[:0]
            if wide and holds_tiny(x.reshape(x.size), y.reshape(y.size)):
                x, tiny = parted(x)
                rest = np.dot(tiny, y.T)
            elif wide and holds_tiny(y.reshape(y.size), x.reshape(x.size)):
                y, tiny = parted(y)
                rest = np.dot(x, tiny.T)
            np.dot(x, y.T, product)
            for i in range(rest.shape[0]):
                for j in range(n):
                    product[i, j] += rest[i, j] * 2.938735877055719e-39
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
