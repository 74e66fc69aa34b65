"""The loops that a machine is measured with, as plain Python that the engine compiles.

A program holds several loops, and does the one that `which` says: compiling takes longer than measuring. Names and
loops are in one order. In `along` loops become vectors. `alone` ones cannot, because they write where data say. In
`chains` a number is handed from turn to turn, so that a turn takes as long as its latency.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
#: How often an operation stands in the body of a loop that measures it.
TIMES = {"add": 8, "mul": 8, "div": 2}

#: Elementary functions by the name of their primitive, and the range that they are measured on.
FUNCTIONS: dict[str, tuple[Any, float, float]] = {
    "sqrt": (np.sqrt, 0.5, 2.0), "exp": (np.exp, -1.0, 1.0), "log": (np.log, 0.5, 2.0), "sin": (np.sin, -3.0, 3.0),
    "cos": (np.cos, -3.0, 3.0), "tan": (np.tan, -1.0, 1.0), "tanh": (np.tanh, -2.0, 2.0),
    "atan": (np.arctan, -2.0, 2.0), "log1p": (np.log1p, 0.1, 2.0), "expm1": (np.expm1, -1.0, 1.0),
    "sinh": (np.sinh, -2.0, 2.0), "asin": (np.arcsin, -0.9, 0.9),
    "floor": (np.floor, -9.0, 9.0),
}
_LISTED = tuple(f for f, _, _ in FUNCTIONS.values())

ALONG = ("copy", "fill", "read", "add", "mul", "div", "loads", "gather", "select", "pow", "maximum")


def along(which: int, x: Array, y: Array, p: Array, a: Any, b: Any) -> None:
    """Loops that become vectors."""
    n = x.shape[0]
    if which == 0:
        y[:] = x
    elif which == 1:
        y[:] = a
    elif which == 2:
        total = 0
        for i in range(p.shape[0]):
            total += p[i]
        y[0] = total
    elif which == 3:
        y[:] = x + a + b + a + b + a + b + a + b
    elif which == 4:
        y[:] = x * a * b * a * b * a * b * a * b
    elif which == 5:
        y[:] = a / (b / x)
    elif which == 6:
        m = n - 8
        y[4:n - 4] = (x[:m] + x[1:m + 1] + x[2:m + 2] + x[3:m + 3] + x[4:m + 4] + x[5:m + 5] + x[6:m + 6]
                      + x[7:m + 7])
    elif which == 7:
        for i in range(p.shape[0]):
            y[i] = x[p[i]]
    elif which == 8:
        y[:] = np.where(x > b, x * a, x + a)
    elif which == 9:
        y[:] = np.abs(x) ** a
    else:
        y[:] = np.maximum(x, a)


ALONE = ("copy", "add", "mul", "div", "branching", "pow", "maximum")


def alone(which: int, x: Array, y: Array, p: Array, a: Any, b: Any) -> None:
    """Loops that do not become vectors."""
    n = x.shape[0]
    if which == 0:
        for i in range(n):
            y[p[i]] = x[i]
    elif which == 1:
        for i in range(n):
            y[p[i]] = x[i] + a + b + a + b + a + b + a + b
    elif which == 2:
        for i in range(n):
            y[p[i]] = x[i] * a * b * a * b * a * b * a * b
    elif which == 3:
        for i in range(n):
            y[p[i]] = a / (b / x[i])
    elif which == 4:
        total = a
        for i in range(n):
            if x[i] < b:
                total += np.log(x[i])
            else:
                total -= a
        y[0] = total
    elif which == 5:
        for i in range(n):
            y[p[i]] = np.abs(x[i]) ** a
    else:
        for i in range(n):
            y[p[i]] = np.maximum(x[i], a)


CHAINS = ("add", "mul", "div", "maximum", "select", "memory", "int", "load", "pow")


def chains(which: int, x: Array, y: Array, p: Array, a: Any, b: Any) -> None:
    """Loops whose turns wait for each other."""
    n = x.shape[0]
    t = a
    if which == 0:
        for i in range(n):
            t = t + x[i]
    elif which == 1:
        for i in range(n):
            t = t * x[i]
    elif which == 2:
        for i in range(n):
            t = x[i] / t
    elif which == 3:
        for i in range(n):
            t = np.maximum(t, x[i])
    elif which == 4:
        for i in range(n):
            t = t + a if t < x[i] else t - b
    elif which == 5:
        for i in range(n):
            y[p[i] % 2] += x[i]
    elif which == 6:
        k = 1
        for i in range(n):
            k = (k * 3 + i) % (n + 1000003)
        t = a + k
    elif which == 7:
        k = 0
        for _ in range(n):
            k = p[k]
        t = a + k
    else:
        for i in range(n):
            t = np.abs(t) ** a + x[i]
    y[0] = t


def functions_along(which: int, x: Array, y: Array) -> None:
    """An elementary function of each element."""
    for k, f in enumerate(_LISTED):
        if which == k:
            y[:] = f(x)


def functions_alone(which: int, x: Array, y: Array, p: Array) -> None:
    """An elementary function, one at a time."""
    for k, f in enumerate(_LISTED):
        if which == k:
            for i in range(x.shape[0]):
                y[p[i]] = f(x[i])


def functions_chained(which: int, x: Array, y: Array, a: Any) -> None:
    """An elementary function that waits for the one before: of x, and of next to nothing of its result."""
    t = a
    for k, f in enumerate(_LISTED):
        if which == k:
            for i in range(x.shape[0]):
                t = f(x[i] + t * 1e-300)
    y[0] = t


NESTS = ("along", "alone", "columns")


def nests(which: int, x: Array, y: Array, a: Any) -> None:
    """Nests: of loops that become vectors, of chains, and that turn a matrix."""
    if which == 0:
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                y[i, j] = x[i, j] * a
    elif which == 1:
        for i in range(x.shape[0]):
            total = a
            for j in range(x.shape[1]):
                total += x[i, j]
            y[i, 0] = total
    else:
        for j in range(x.shape[1]):
            for i in range(x.shape[0]):
                y[j, i] = x[i, j] * a


def product(a: Array, b: Array) -> Array:
    """A product of matrices, or of a matrix with a vector."""
    return a @ b


def spectrum(a: Array) -> Array:
    """The eigenvalues of a symmetric matrix, by LAPACK, with the vectors."""
    values, vectors = np.linalg.eigh(a)
    return values + vectors[0]


def inner(a: Array, b: Array) -> Any:
    """A product of vectors."""
    return np.dot(a, b)


def fresh(x: Array) -> Array:
    """A new array."""
    return x.copy()


def small(x: Array, n: int) -> Any:
    """Small arrays that are made and given back."""
    total = 0.0
    for i in range(n):
        y = x.copy()
        y[i % 8] = total
        total += y[3]
    return total
