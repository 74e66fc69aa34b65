"""LU with exchanged rows, as `scipy.linalg.lu_factor` packs it: where the rows go is piecewise constant.

Source: Giles (2008), section 2.2 (products and inverses); de Hoog, Anderssen & Lukas, "Differentiation of matrix
functionals using triangular factorization" (2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from workbench.ir import ArrayType, Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import matrices as costs
from workbench.rules.emission import emit
from workbench.rules.entries import by_kernel
from workbench.rules.expr import Expr, apply
from workbench.rules.functions import constant_like, matmul, where
from workbench.rules.kernels import triangular_factors as kernels
from workbench.rules.matrices import adjoint, column_numbers, lower, matrices, row_numbers, solved_triangle, upper
from workbench.rules.primitive import INEXACT, INT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import stacks
from workbench.rules.typing import array


def _types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (a,) = matrices(operands, "lu", square=True)
    if a.rank != 2:
        raise TypeError(f"lu of {a}")
    return a, ArrayType(Kind.INT, a.dims[:1])


def _lu(a: Any) -> tuple[Any, Any]:
    if not a.size:
        return a.copy(), np.zeros(0, np.int64)
    (getrf,) = scipy.linalg.get_lapack_funcs(("getrf",), (a,))
    packed, pivots, _ = getrf(a)
    return np.ascontiguousarray(packed), pivots.astype(np.int64)


def _order_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "row_order")
    if type_.rank != 1 or type_.kind is not Kind.INT:
        raise TypeError(f"row_order of {type_}")
    return (type_,)


def _rows(x: Any, order: Any) -> Any:
    if not isinstance(x, Expr):
        return x[order]
    return Expr(x.builder, emit(x.builder, "gather", x.value, order.value))


def inverted(order: Any) -> Any:
    """The inverse of a permutation."""
    if not isinstance(order, Expr):
        return np.argsort(order)
    builder, n = order.builder, order.dims[0]
    empty = emit(builder, "empty", n, kind=Kind.INT)
    return Expr(builder, emit(builder, "scatter_store", empty, emit(builder, "iota", n), order.value))


def unit_lower(packed: Any) -> Any:
    """L, with its ones."""
    return where(row_numbers(packed) == column_numbers(packed), constant_like(packed, 1.0), lower(packed, strict=True))


def _vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = p^T l^-H (strictly lower(l^H l_bar) + upper(u_bar u^H)) u^-H`."""
    packed, bar = y[0], y_bar[0]
    if bar is None:
        return None
    below = lower(matmul(adjoint(unit_lower(packed)), lower(bar, strict=True)), strict=True)
    inner = below + upper(matmul(upper(bar), adjoint(upper(packed))))
    turned = adjoint(packed)
    left = solved_triangle(turned, inner, below=False, unit=True)
    both = adjoint(solved_triangle(packed, adjoint(left), below=False))
    return _rows(both, inverted(apply("row_order", y[1])))


def _jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    packed = y[0]
    change = _rows(tangents[0], apply("row_order", y[1]))
    left = solved_triangle(packed, change, below=True, unit=True)
    both = adjoint(solved_triangle(adjoint(packed), adjoint(left), below=True))
    return matmul(unit_lower(packed), lower(both, strict=True)) + matmul(upper(both), upper(packed)), None


def _samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    made = stacks(rng, kind, [(3, 3), (1, 1), (4, 4), (0, 0)], 1.5)
    return [Sample((np.ascontiguousarray(a[::-1]),)) for a in made]


def _order_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((np.array(p, np.int64),)) for p in ([2, 2, 2], [0], [3, 1, 2, 3], [])]


register(Primitive("lu", _lu, _types, 1, kinds=(INEXACT,), vjp=_vjp, jvp=_jvp, flops=1,
                   **by_kernel(kernels.packed_factors, "{0}"),
                   workspace=workspaces.lu, cost=costs.packed,
                   results=2, analytic=False, samples=_samples))
register(Primitive("row_order", kernels.order_of_rows, _order_types, 1, kinds=(INT,),
                   **by_kernel(kernels.order_of_rows, "{0}"), cost=costs.row_order, samples=_order_samples))
