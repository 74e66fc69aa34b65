"""Loops over `numba.prange` in Numba's simulator against the CPU engine: `python -m tests.engines.cuda.promised`.

A line of JSON for each: name, the largest difference, or what was raised, and at which line of its function; whether
claims were made, and whether one thread did a part.
"""
from __future__ import annotations

import os

if __name__ == "__main__":
    os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # read when Numba is imported

import json  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
from numba import prange  # noqa: E402

import workbench as wb  # noqa: E402
from tests.engines.cuda.results import apart, parts  # noqa: E402


def placed(a, places, x):
    for i in prange(x.shape[0]):
        a[places[i]] = x[i] * x[i] + 0.5 * a[places[i]]
    return np.sum(a * a)


def placed_in_rows(a, rows, columns):
    for i in prange(rows.shape[0]):
        a[rows[i], columns[i]] = np.sin(a[rows[i], columns[i]])
    return np.sum(a * a)


def second_half(a):
    half = a.shape[0] // 2
    for i in prange(half):
        a[half + i] = a[0] * a[i]  # (all turns read the first)
    return np.sum(a * a)


def neighbours(a):
    for i in prange(a.shape[0] - 1):
        a[i] = 0.5 * a[i + 1]
    return np.sum(a * a)


def gathered(a, places):
    total = 0.0
    for i in prange(places.shape[0]):
        total += np.sin(a[places[i]])
    return total


def counted(a, places, x):
    for i in prange(x.shape[0]):
        a[places[i]] += x[i] * x[i]
    return np.sum(a * a)


def one_of_them(a, x):
    for i in prange(x.shape[0]):
        if i == 3:
            a[0] = x[i]
    return np.sum(a * a)


def smoothed(u, steps):
    for _ in range(steps):
        v = u.copy()
        for i in prange(1, u.shape[0] - 1):
            v[i] = 0.5 * u[i] + 0.25 * (u[i - 1] + u[i + 1])
        u = v
    return np.sum(u * u)


def outer(a, x):
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            a[i, j] = x[i] * x[j]
    return np.sum(a * a)


def own_arrays(x):
    y = np.zeros(x.shape[0])
    for i in prange(x.shape[0]):
        t = np.zeros(3)
        t[0] = x[i]
        t[1] = t[0] * t[0]
        y[i] = t[0] + t[1]
    return np.sum(y * y)


def same_element(a, x):
    for i in prange(x.shape[0]):
        a[0] = x[i]
    return a[0]


def same_row(a, x):
    for i in prange(x.shape[0]):
        for j in range(3):
            a[j] = x[i] * j
    return np.sum(a)


def same_slice(a, x):
    for i in prange(x.shape[0]):
        a[:] = x[i]
    return np.sum(a)


def chained(x):
    s = 1.0
    for i in prange(x.shape[0]):
        s = 0.5 * s + x[i]
    return s


def cases(rng: np.random.Generator, n: int) -> list[tuple[str, Any, Any, tuple[Any, ...]]]:
    """Name, function, by what, arguments."""
    a, x, places, m = rng.normal(size=n), rng.normal(size=n), rng.permutation(n), rng.normal(size=(7, 6))
    twice = places.copy()
    twice[3] = twice[n - 2]
    rows, columns = rng.permutation(7)[:5], rng.integers(0, 6, 5)
    return [
        ("placed", placed, (0, 2), (a, places, x)), ("placed twice", placed, (0, 2), (a, twice, x)),
        ("in rows", placed_in_rows, 0, (m, rows, columns)),
        ("in one row", placed_in_rows, 0, (m, 0 * rows, 0 * columns)),
        ("second half", second_half, 0, (a,)), ("neighbours", neighbours, 0, (a,)),
        ("gathered", gathered, 0, (a, twice)), ("counted", counted, (0, 2), (a, twice, x)),
        ("one of them", one_of_them, (0, 1), (a, x)), ("smoothed", smoothed, 0, (a, 3)), ("outer", outer, 1, (m, x)),
        ("own arrays", own_arrays, 0, (x,)), ("same element", same_element, (0, 1), (a, x)),
        ("same row", same_row, (0, 1), (a, x)), ("same slice", same_slice, (0, 1), (a, x)),
        ("chained", chained, 0, (x,)),
    ]


def main() -> None:
    """See the module's text."""
    for name, function, wrt, args in cases(np.random.default_rng(), 37):
        line: dict[str, Any] = {"name": name}
        derivative = wb.value_and_grad(function, wrt, engine="cuda")
        given = [[np.array(v) if isinstance(v, np.ndarray) else v for v in args] for _ in range(2)]
        try:
            got = list(parts(derivative(*given[0])))
            line["apart"] = apart(got, list(parts(wb.value_and_grad(function, wrt, engine="numba")(*given[1]))))
            line |= {"claims": "_claims" in derivative.source, "serial": "_serial_" in derivative.source}
        except wb.DifferentiationError as error:
            line |= {"refused": error.reason, "line": error.lineno - function.__code__.co_firstlineno}
            line["kept"] = all(np.array_equal(v, w) for v, w in zip(given[0], args, strict=True))
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
