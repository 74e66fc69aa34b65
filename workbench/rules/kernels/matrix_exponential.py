"""The exponential of a matrix: a Pade approximant of order 13 of the scaled matrix, squared.

Source: Higham, "The scaling and squaring method for the matrix exponential revisited" (2005).
"""

from __future__ import annotations

import math

import numpy as np

from workbench.rules.kernels.solving import solve_matrices
from workbench.rules.kernels.source import Array


def matrix_exponential(a: Array) -> Array:
    """exp(a): a Pade approximant of order 13 of the scaled matrix, squared."""
    n = a.shape[0]
    largest = 0.0
    for j in range(n):
        column = 0.0
        for i in range(n):
            column += abs(a[i, j])
        largest = max(largest, column)
    squarings = 0
    if largest > 5.371920351148152 and np.isfinite(largest):
        squarings = math.ceil(math.log2(largest / 5.371920351148152))
    scale = 0.5 ** squarings
    x = a.copy()
    for i in range(n):
        for j in range(n):
            x[i, j] = a[i, j] * scale
    if n == 0:
        return x
    x2 = np.dot(x, x)
    x4 = np.dot(x2, x2)
    x6 = np.dot(x4, x2)
    odd, even = np.empty_like(x), np.empty_like(x)
    for i in range(n):
        for j in range(n):
            odd[i, j] = x6[i, j] + 16380.0 * x4[i, j] + 40840800.0 * x2[i, j]
            even[i, j] = 182.0 * x6[i, j] + 960960.0 * x4[i, j] + 1323241920.0 * x2[i, j]
    odd, even = np.dot(x6, odd), np.dot(x6, even)
    for i in range(n):
        for j in range(n):
            odd[i, j] += 33522128640.0 * x6[i, j] + 10559470521600.0 * x4[i, j] + 1187353796428800.0 * x2[i, j]
            even[i, j] += 670442572800.0 * x6[i, j] + 129060195264000.0 * x4[i, j] + 7771770303897600.0 * x2[i, j]
        odd[i, i] += 32382376266240000.0
        even[i, i] += 64764752532480000.0
    odd = np.dot(x, odd)
    for i in range(n):
        for j in range(n):
            total = even[i, j] + odd[i, j]
            even[i, j] -= odd[i, j]
            odd[i, j] = total
    result = solve_matrices(even, odd)[0]
    for _ in range(squarings):
        result = np.dot(result, result)
    return result
