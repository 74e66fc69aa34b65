"""Stable sorting permutations by merging, and places in a sorted vector by bisection. NaN comes last, as in NumPy.

Source: Knuth, The Art of Computer Programming, vol. 3 (1998), 5.2.4 (merging), 6.2.1 (bisection).
"""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.source import Array


def argsort(a: Array) -> Array:
    """The stable order of the elements along the last axis, NaN last: merges of runs that double in length."""
    n = a.shape[-1]
    out = np.empty(a.shape, np.int64)
    if a.size == 0:
        return out
    rows, places = a.reshape(-1, n), out.reshape(-1, n)
    spare = np.empty(n, np.int64)
    for r in range(rows.shape[0]):
        row, source, target = rows[r], places[r], spare
        for i in range(n):
            source[i] = i
        width, swapped = 1, False
        while width < n:
            for low in range(0, n, 2 * width):
                middle, high = min(low + width, n), min(low + 2 * width, n)
                i, j = low, middle
                for k in range(low, high):
                    right = i >= middle
                    if not right and j < high:
                        x, y = row[source[i]], row[source[j]]
                        right = y < x or (x != x and y == y)
                    if right:
                        target[k] = source[j]
                        j += 1
                    else:
                        target[k] = source[i]
                        i += 1
            source, target = target, source
            width, swapped = 2 * width, not swapped
        if swapped:
            for i in range(n):
                target[i] = source[i]
    return out


def places_in(ordered: Array, sought: Array, behind: bool) -> Array:
    """For each number, how many elements of a sorted vector come before it (`behind`: or equal it). NaN comes last."""
    out = np.empty(sought.shape, np.int64)
    flat, places = sought.reshape(-1), out.reshape(-1)
    for k in range(flat.size):
        x = flat[k]
        low, high = 0, ordered.size
        while low < high:
            middle = (low + high) // 2
            y = ordered[middle]
            if behind:
                before = not (x < y or (y != y and x == x))
            else:
                before = y < x or (x != x and y == y)
            if before:
                low = middle + 1
            else:
                high = middle
        places[k] = low
    return out
