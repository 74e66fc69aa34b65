"""What sorting and searching do (`kernels.ordering`): how many elements are compared is known when it is done."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.ir import Op
from workbench.rules.costs.amounts import INTEGERS, Amounts, Of, Sizes, elements


def argsort(op: Op, size: Sizes) -> Amounts:
    """`argsort`: merges of runs that double in length."""
    of = Of(op.operands[0].kind)
    n = size(op.operands[0].dims[-1])
    count = elements(op.result, size)
    there = size.positive(count)
    merges = size.of_size("doublings", doublings, n)
    odd = size.of_size("odd doublings", lambda n: doublings(n) % 2, n)
    moved = INTEGERS.load + INTEGERS.store
    compared = (of.load + INTEGERS.load) * 2 * size.measured("comparisons", comparisons)
    return (INTEGERS.new(count) + INTEGERS.new(n) * there + INTEGERS.store * count + moved * (merges + odd) * count
            + compared)


def doublings(n: int) -> int:
    """How often runs are merged until there is one."""
    return max(n - 1, 0).bit_length()


def comparisons(a: Any) -> int:
    """How often two elements are compared."""
    return sum(_comparisons(list(row)) for row in np.asarray(a).reshape(-1, a.shape[-1])) if a.size else 0


def _comparisons(row: list[Any]) -> int:
    found, width = 0, 1
    runs = [[x] for x in row]
    while width < len(row):
        merged = []
        for k in range(0, len(runs), 2):
            left, right = runs[k], runs[k + 1] if k + 1 < len(runs) else []
            run: list[Any] = []
            i = j = 0
            while i < len(left) and j < len(right):
                found += 1
                x, y = left[i], right[j]
                if y < x or (x != x and y == y):
                    run.append(y)
                    j += 1
                else:
                    run.append(x)
                    i += 1
            merged.append(run + left[i:] + right[j:])
        runs, width = merged, 2 * width
    return found


def searched(op: Op, size: Sizes) -> Amounts:
    """`places_in`: bisection."""
    ordered, sought = op.operands
    count = elements(sought, size)
    behind = op.prim == "searchsorted_right"
    asked = size.measured("comparisons", lambda ordered, sought: _halvings(ordered, sought, behind))
    return INTEGERS.new(count) + (Of(sought.kind).load + INTEGERS.store) * count + Of(ordered.kind).load * asked


def _halvings(ordered: Any, sought: Any, behind: bool) -> int:
    found = 0
    places = np.searchsorted(ordered, np.ravel(sought), "right" if behind else "left")
    for place in places.tolist():
        low, high = 0, len(ordered)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if place > middle else (low, middle)
            found += 1
    return found
