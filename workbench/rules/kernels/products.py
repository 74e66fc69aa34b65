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


def set_by_library(out: Array, x: Array, y: Array, left: Array, right: Array) -> None:
    """Fill a matrix with the product of two by BLAS. `left` and `right` are their numbers, in any order."""
    rest = out[:0]
    wide = out.shape[0] >= 32 and out.shape[1] >= 32 and out.itemsize == 8
    if wide and holds_tiny(left, right):
        others, tiny = parted(x)
        rest = np.dot(tiny, y)
        np.dot(others, y, out)
    elif wide and holds_tiny(right, left):
        others, tiny = parted(y)
        rest = np.dot(x, tiny)
        np.dot(x, others, out)
    else:
        np.dot(x, y, out)
    for i in range(rest.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] += rest[i, j] * 2.938735877055719e-39


# the loops of small products stand in each: called, they took a fourth longer (8 by 8)
def product_of_stacks(a: Array, b: Array) -> Array:
    """Matrix products of two stacks (of which one may hold a single matrix): small ones written out, others by BLAS."""
    out = np.empty((a.shape[0] if b.shape[0] == 1 else b.shape[0], a.shape[1], b.shape[2]), a.dtype)
    for s in range(out.shape[0]):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if out.shape[1] * a.shape[2] * out.shape[2] > 512:
            set_by_library(product, x, y, x.reshape(x.size), y.reshape(y.size))
            continue
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                product[i, j] = 0
            for k in range(a.shape[2]):
                factor = x[i, k]
                for j in range(out.shape[2]):
                    product[i, j] += factor * y[k, j]
    return out


def product_with_turned_left(a: Array, b: Array) -> Array:
    """Matrix products of two stacks as `product_of_stacks`, the matrices of the first transposed."""
    out = np.empty((a.shape[0] if b.shape[0] == 1 else b.shape[0], a.shape[2], b.shape[2]), a.dtype)
    for s in range(out.shape[0]):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if out.shape[1] * a.shape[1] * out.shape[2] > 512:
            set_by_library(product, x.T, y, x.reshape(x.size), y.reshape(y.size))
            continue
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                product[i, j] = 0
            for k in range(a.shape[1]):
                factor = x[k, i]
                for j in range(out.shape[2]):
                    product[i, j] += factor * y[k, j]
    return out


def product_with_turned_right(a: Array, b: Array) -> Array:
    """Matrix products of two stacks as `product_of_stacks`, the matrices of the second transposed."""
    out = np.empty((a.shape[0] if b.shape[0] == 1 else b.shape[0], a.shape[1], b.shape[1]), a.dtype)
    for s in range(out.shape[0]):
        x, y, product = a[s if a.shape[0] > 1 else 0], b[s if b.shape[0] > 1 else 0], out[s]
        if out.shape[1] * a.shape[2] * out.shape[2] > 512:
            set_by_library(product, x, y.T, x.reshape(x.size), y.reshape(y.size))
            continue
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                product[i, j] = 0
            for k in range(a.shape[2]):
                factor = x[i, k]
                for j in range(out.shape[2]):
                    product[i, j] += factor * y[j, k]
    return out


PRODUCTS = {(False, False): product_of_stacks, (True, False): product_with_turned_left,
            (False, True): product_with_turned_right}  # by which operands are turned
