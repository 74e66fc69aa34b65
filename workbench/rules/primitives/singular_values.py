"""Singular value decompositions and pseudoinverses, of stacks of matrices.

Singular vectors of complex matrices follow LAPACK's choice of phase: the first component of each right singular vector
of a matrix that is not wider than high, else of each left one, is real.

Invariant: results that are not used do no harm, as in `decompositions`. Vectors of equal singular values, and
pseudoinverses of matrices that do not have full rank, have no derivative: it is infinite or NaN. A singular value that
is exactly zero has derivative zero, like a modulus.

Source: Giles (2008), section 3.2; Wan & Zhang, "Automatic differentiation for complex valued SVD" (2019); Golub &
Pereyra, SIAM J. Numer. Anal. 10 (1973).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import lapack as costs
from workbench.rules.entries import by_kernel
from workbench.rules.expr import Expr
from workbench.rules.functions import constant_like, imag, kind_of_value, matmul, real, shape, where
from workbench.rules.kernels import singular_values as kernels
from workbench.rules.matrices import (
    OK,
    adjoint,
    as_column,
    as_matrix,
    as_row,
    diagonal_of,
    imaginary,
    in_kind,
    matrices,
    off_diagonal,
    on_diagonal,
    phase_adjoint,
    phase_tangent,
    reciprocal_gaps,
    scaled,
    zero_of,
)
from workbench.rules.primitive import FLOAT, INEXACT, INT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import stacks
from workbench.rules.typing import array, dimension, shaped


# ---------------------------------------------------------------------- svd, of stacks
def _svd_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    a = array(operands[0], "svd")
    matrices(operands[:1], "svd", stack=True)
    k = dimension(operands[1])
    lead, m, n = a.dims
    return shaped(a.kind, (lead, m, k)), shaped(a.kind.real, (lead, k)), shaped(a.kind, (lead, k, n)), OK


def _svd(a: Any, k: Any) -> tuple[Any, ...]:
    try:
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return u, s, vh, np.True_
    except np.linalg.LinAlgError:
        lead, m, n = a.shape
        return (np.full((lead, m, k), np.nan, a.dtype), np.full((lead, k), np.nan, a.real.dtype),
                np.full((lead, k, n), np.nan, a.dtype), np.False_)


def _exceeds(x: Any, axis: int, other: Any, of: int) -> Any:
    """True where x is longer along an axis than another array along one (an operand, or a bool)."""
    a, b = shape(x)[axis], shape(other)[of]
    return Expr(x.builder, a) > Expr(x.builder, b) if isinstance(x, Expr) else a > b


def _reciprocal(s: Any, wanted: Any) -> Any:
    """1 / s as a row where it is wanted, else zero."""
    row = as_row(s)
    return where(wanted, 1.0 / where(wanted, row, constant_like(row, 1.0)), zero_of(row))


def _svd_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = u (diag(s_bar) + (U + U^H) S + S (V + V^H)) v^H, with U = (u^H u_bar)_ij / (s_j^2 - s_i^2), V = (v^H
    v_bar)_ij / (s_j^2 - s_i^2) off the diagonal, S = diag(s); and of a matrix that is not square (1 - u u^H) u_bar
    S^-1 v^H + u S^-1 v_bar^H (1 - v v^H)`."""
    if k != 0:
        return None
    u, s, vh, _ = y
    u_bar, s_bar, vh_bar, _ = y_bar
    v = adjoint(vh)
    row, column = in_kind(as_row(s), u), in_kind(as_column(s), u)
    squares = s * s
    inner = None if s_bar is None else on_diagonal(row * 0.0 + in_kind(as_row(where(s == 0, zero_of(s), s_bar)), u)
                                                   + column * 0.0)
    v_bar = None if vh_bar is None else adjoint(vh_bar)
    if kind_of_value(u).is_complex and (u_bar is not None or v_bar is not None):
        u_bar, v_bar, turn = _with_phases(u, s, v, u_bar, v_bar)
        inner = turn if inner is None else inner + turn
    total: Any = None
    if u_bar is not None:
        x = scaled(off_diagonal(matmul(adjoint(u), u_bar)), reciprocal_gaps(squares))
        part = (x + adjoint(x)) * row
        inner = part if inner is None else inner + part
        outside = u_bar - matmul(u, matmul(adjoint(u), u_bar))
        total = matmul(scaled(outside, _reciprocal(s, _exceeds(u, -2, s, -1)) + 0.0 * real(outside)), vh)
    if v_bar is not None:
        x = scaled(off_diagonal(matmul(vh, v_bar)), reciprocal_gaps(squares))
        part = column * (x + adjoint(x))
        inner = part if inner is None else inner + part
        outside = v_bar - matmul(v, matmul(vh, v_bar))
        part = matmul(u, adjoint(scaled(outside, _reciprocal(s, _exceeds(v, -2, s, -1)) + 0.0 * real(outside))))
        total = part if total is None else total + part
    result = matmul(matmul(u, inner), vh)
    return result if total is None else result + total


def _with_phases(u: Any, s: Any, v: Any, u_bar: Any, v_bar: Any) -> tuple[Any, Any, Any]:
    """The cotangents of u and v with what they have from the choice of phases, and the cotangent of u^H a_dot v."""
    u_turns = zero_of(s) * s if u_bar is None else imag(diagonal_of(matmul(adjoint(u), u_bar)))
    v_turns = zero_of(s) * s if v_bar is None else imag(diagonal_of(matmul(adjoint(v), v_bar)))
    wide = _exceeds(v, -2, u, -2)
    of_v, of_u = phase_adjoint(u_turns + v_turns, v), phase_adjoint(u_turns + v_turns, u)
    u_bar = where(wide, of_u, zero_of(of_u)) + (0.0 * u if u_bar is None else u_bar)
    v_bar = where(wide, zero_of(of_v), of_v) + (0.0 * v if v_bar is None else v_bar)
    angle = as_row(scaled(where(wide, -v_turns, u_turns), 1.0 / s))
    return u_bar, v_bar, on_diagonal(imaginary(angle + 0.0 * as_column(s)))


def _svd_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    u, s, vh, _ = y
    a_dot, v = tangents[0], adjoint(vh)
    row, column = in_kind(as_row(s), u), in_kind(as_column(s), u)
    left, right = matmul(a_dot, v), matmul(adjoint(a_dot), u)
    inner = matmul(adjoint(u), left)
    gaps = reciprocal_gaps(s * s)
    u_dot = matmul(u, scaled(off_diagonal(inner * row + column * adjoint(inner)), gaps))
    v_dot = matmul(v, scaled(off_diagonal(column * inner + adjoint(inner) * row), gaps))
    for_u, for_v = left - matmul(u, inner), right - matmul(v, adjoint(inner))
    u_dot = u_dot + scaled(for_u, _reciprocal(s, _exceeds(u, -2, s, -1)) + 0.0 * real(for_u))
    v_dot = v_dot + scaled(for_v, _reciprocal(s, _exceeds(v, -2, s, -1)) + 0.0 * real(for_v))
    s_dot = real(diagonal_of(inner))
    if kind_of_value(u).is_complex:
        wide = _exceeds(v, -2, u, -2)
        angle = as_row(scaled(imag(diagonal_of(inner)), 1.0 / s))
        turn = where(wide, phase_tangent(u_dot, u), phase_tangent(v_dot, v))
        u_dot = u_dot + u * imaginary(where(wide, turn, turn + angle))
        v_dot = v_dot + v * imaginary(where(wide, turn - angle, turn))
    return u_dot, where(s == 0, zero_of(s), s_dot), adjoint(v_dot), None


def _svd_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    made = stacks(rng, kind, [(1, 3, 3), (2, 3, 2), (1, 2, 3), (1, 1, 1), (1, 0, 2), (1, 4, 1)])
    for a in made:
        k = min(a.shape[-2:])
        a[..., :k, :k] += np.diag(1.0 + np.arange(k)).astype(a.dtype)
    return [Sample((a, min(a.shape[-2:]))) for a in made]


register(Primitive("svd", _svd, _svd_types, 2, kinds=(INEXACT, INT), vjp=_svd_vjp, jvp=_svd_jvp, flops=14,
                   **by_kernel(kernels.singular_triples, "{0}"),
                   workspace=workspaces.svd, cost=costs.svd,
                   results=4, analytic=False, samples=_svd_samples))


# ---------------------------------------------------------------------- pinv, of stacks
def _pinv_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (a,) = matrices(operands[:1], "pinv", stack=True)
    if operands[1].is_array or operands[1].kind is not a.kind.real:
        raise TypeError(f"pinv of {a} with the cutoff {operands[1]!r}")
    lead, m, n = a.dims
    return shaped(a.kind, (lead, n, m)), shaped(Kind.INT, (lead,)), OK


def _pinv(a: Any, cutoff: Any) -> tuple[Any, ...]:
    u, s, vh, ok = _svd(a, min(a.shape[-2:]))
    large = s > cutoff * np.max(s, axis=-1, keepdims=True, initial=0.0)
    inverse = np.divide(1, s, where=large, out=np.zeros_like(s))
    return adjoint(vh) @ (inverse[..., None] * adjoint(u)), np.sum(large, axis=-1, dtype=np.int64), ok


def _full_rank(p: Any, rank: Any) -> Any:
    """One per matrix of full rank, NaN for others."""
    dims = shape(p)[-2:]
    if isinstance(p, Expr):
        m, n = (Expr(p.builder, d) for d in dims)
        least: Any = where(m < n, m, n)
    else:
        least = min(dims)
    one = constant_like(real(p), 1.0)
    return as_matrix(where(rank == least, one, constant_like(real(p), np.nan)))


def _projectors(a: Any, p: Any) -> tuple[Any, Any]:
    """x -> x - a p x and x -> x - x p a."""
    return (lambda x: x - matmul(a, matmul(p, x))), (lambda x: x - matmul(matmul(x, p), a))


def _pinv_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = (1 - x f) f_bar^H f f^H + f^H f f_bar^H (1 - f x) - f^H f_bar f^H`."""
    if k != 0 or y_bar[0] is None:
        return None
    a, p = xs[0], y[0]
    bar = scaled(y_bar[0], _full_rank(p, y[1]) + 0.0 * real(y_bar[0]))
    turned = adjoint(p)
    left, right = _projectors(a, p)
    first = matmul(left(adjoint(bar)), matmul(p, turned))
    second = matmul(matmul(turned, p), right(adjoint(bar)))
    return first + second - matmul(matmul(turned, bar), turned)


def _pinv_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    a, p, a_dot = xs[0], y[0], tangents[0]
    if a_dot is None:
        return None, None, None
    turned, change = adjoint(p), adjoint(a_dot)
    first = matmul(matmul(p, turned), change - matmul(matmul(change, a), p))
    second = matmul(change - matmul(p, matmul(a, change)), matmul(turned, p))
    total = first + second - matmul(matmul(p, a_dot), p)
    return scaled(total, _full_rank(p, y[1]) + 0.0 * real(total)), None, None


def _pinv_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    made = stacks(rng, kind, [(1, 3, 3), (2, 3, 2), (1, 2, 3), (1, 1, 1), (1, 4, 1)], 1.5)
    return [Sample((a, kind.real.dtype.type(1e-6))) for a in made]


register(Primitive("pinv", _pinv, _pinv_types, 2, kinds=(INEXACT, FLOAT), vjp=_pinv_vjp, jvp=_pinv_jvp, flops=14,
                   **by_kernel(kernels.pseudoinverses, "{0}, {1}"),
                   workspace=workspaces.pinv, cost=costs.pinv,
                   results=3, analytic=False, samples=_pinv_samples))
