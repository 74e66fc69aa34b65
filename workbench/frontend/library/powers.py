"""Powers of matrices and products of chains of them: `np.linalg.matrix_power`, `np.linalg.multi_dot`."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arrays
from workbench.frontend.activation import Activation
from workbench.frontend.library.linear import matmul
from workbench.frontend.library.matrices import inverse, square
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.registry import implements
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array
from workbench.ir import Constant, Kind


@implements(np.linalg.matrix_power)
def matrix_power(act: Activation, a: Any, n: Any) -> Any:
    """The power of a matrix, by repeated squaring."""
    t = act.t
    n = t.static_int(n, "the power of a matrix")
    array = as_operand(t, a)
    whole = isinstance(array, Array) and array.kind is Kind.INT and n >= 0
    if whole:
        square(t, array)
    if n == 1 and isinstance(array, Array):
        square(t, array)
        return array
    base = array if whole else t.new_array(square(t, array))
    if n == 0:
        return identity_like(t, base)
    if n < 0:
        base, n = t.new_array(inverse(t, arrays.read(t, base))), -n
    result: Any = None
    while n:
        if n & 1:
            result = base if result is None else matmul(t, result, base)
        n >>= 1
        if n:
            base = matmul(t, base, base)
    return result


def identity_like(t: Tracer, array: Array) -> Any:
    """Identities of the shape and kind of square matrices."""
    n = array.dims[-1]
    rows, columns = t.emit("reshape", t.emit("iota", n), n, ONE), t.emit("reshape", t.emit("iota", n), ONE, n)
    one, zero = Constant(1, array.kind), Constant(0, array.kind)
    made = t.emit("select", t.emit("eq", rows, columns), one, zero)
    return t.new_array(made if array.rank == 2 else t.emit("broadcast", made, *array.dims))


@implements(np.linalg.multi_dot)
def multi_dot(act: Activation, arrays: Any) -> Any:
    """The product of several matrices, in the cheapest order where the dimensions are known, else from the end that is
    a vector (or the left)."""
    t = act.t
    parts = [as_operand(t, v) for v in t.environment.items(act, arrays)]
    if len(parts) < 2:
        raise ValueError("Expecting at least two arrays.")
    if len(parts) == 2:
        return t.environment.call(act, np.dot, tuple(parts), {})
    for k, part in enumerate(parts):
        ends = k in (0, len(parts) - 1)
        if not isinstance(part, Array) or part.rank not in ((1, 2) if ends else (2,)):
            raise np.linalg.LinAlgError("multi_dot takes matrices, and vectors at its ends")
    return _ordered_product(t, parts)


def _ordered_product(t: Tracer, parts: list[Array]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        return matmul(t, parts[0], parts[1])
    place = _cheapest_split([_sizes(t, p) for p in parts]) if parts[0].rank == parts[-1].rank == 2 else None
    if place is None:
        place = len(parts) - 1 if parts[-1].rank == 2 or parts[0].rank == 1 else 1
    return matmul(t, _ordered_product(t, parts[:place]), _ordered_product(t, parts[place:]))


def _sizes(t: Tracer, array: Array) -> list[int | None]:
    dims = [t.builder.resolve(d) for d in array.dims]
    return [int(d.value.real) if isinstance(d, Constant) else None for d in dims]


def _cheapest_split(sizes: list[list[int | None]]) -> int | None:
    """Where a chain of matrices is split for the fewest multiplications (None: sizes are not known)."""
    known = [sizes[0][0], *(s[1] for s in sizes)]
    p = [n for n in known if n is not None]
    if len(p) != len(known):
        return None
    n = len(sizes)
    cost = {(i, i): (0, i) for i in range(n)}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j] = min((cost[i, k][0] + cost[k + 1, j][0] + p[i] * p[k + 1] * p[j + 1], k) for k in range(i, j))
    return cost[0, n - 1][1] + 1

