"""The exponential of a matrix. Its derivative along e is a block of the exponential of [a, e; 0, a].

Source: Higham, "The scaling and squaring method for the matrix exponential revisited" (2005); Najfeld & Havel,
"Derivatives of the matrix exponential and their computation" (1995).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from workbench.ir import Constant, Kind, Op, Type, Value
from workbench.rules.emission import emit
from workbench.rules.expr import Expr, apply, shape
from workbench.rules.matrices import Attrs, adjoint, by_helper, matrices, stacks
from workbench.rules.matrix_kernels import solve_matrices
from workbench.rules.primitive import INEXACT, Primitive, Sample, register

_ZERO, _ONE = Constant(0, Kind.INT), Constant(1, Kind.INT)


def matrix_exponential(a):  # type: ignore[no-untyped-def]
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


def _types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    (a,) = matrices(operands, "expm", square=True)
    if a.rank != 2:
        raise TypeError(f"expm of {a}")
    return (a,)


def _block(a: Any, e: Any) -> Any:
    """[a, e; 0, a]."""
    if not isinstance(a, Expr):
        return np.block([[a, e], [np.zeros_like(a), a]])
    builder, n = a.builder, a.dims[0]
    size = emit(builder, "add", n, n)
    made = emit(builder, "full", Constant(0, a.kind), size, size)
    for part, row, column in ((a, _ZERO, _ZERO), (e, _ZERO, n), (a, n, n)):
        made = emit(builder, "slice_store", made, part.value, row, column, n, n, _ONE, _ONE, fixed=(False, False))
    return Expr(builder, made)


def _along(a: Any, e: Any) -> Any:
    """The derivative of exp(a) along e."""
    n = shape(a)[0]
    whole = apply("expm", _block(a, e))
    if not isinstance(whole, Expr):
        return whole[:n, n:]
    box = (_ZERO, n, n, n, _ONE, _ONE)
    return Expr(whole.builder, emit(whole.builder, "slice", whole.value, *box, fixed=(False, False)))


def _vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = L(x^H, f_bar), the upper right block of exp([[x^H, f_bar], [0, x^H]])`."""
    return _along(adjoint(xs[0]), y_bar)


def _jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return _along(xs[0], tangents[0])


def _samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((a,)) for a in stacks(rng, kind, [(3, 3), (1, 1), (2, 2), (0, 0)], 0.5)]


def _expm(a: Any) -> Any:
    return scipy.linalg.expm(a) if a.size else a.copy()


register(Primitive("expm", _expm, _types, 1, kinds=(INEXACT,), vjp=_vjp, jvp=_jvp, flops=20,
                   **by_helper(matrix_exponential, "{0}"),
                   analytic=False, samples=_samples))
