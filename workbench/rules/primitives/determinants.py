"""Determinants, their logarithms, and adjugates, of stacks of matrices.

A determinant's derivative is the adjugate, which is right where a matrix is singular too, and so is the adjugate's own.

Source: Giles (2008), sections 2.2.4; for the adjugate's derivative, the adjugate of a diagonal matrix in the basis of
the singular vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from workbench.ir import Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import determinants as costs
from workbench.rules.costs import matrices as elimination
from workbench.rules.entries import by_kernel
from workbench.rules.expr import apply
from workbench.rules.functions import conj, imag, kind_of_value, matmul, real
from workbench.rules.kernels import determinants as kernels
from workbench.rules.matrices import adjoint, as_matrix, imaginary, in_kind, inverse, matrices, trace_of_product
from workbench.rules.primitive import INEXACT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import square_samples, stacks
from workbench.rules.typing import shaped


def _det_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (a,) = matrices(operands, "det", square=True, stack=True)
    return (shaped(a.kind, a.dims[:-2]),)


def _det_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar adjugate(x)^H`."""
    return as_matrix(y_bar) * adjoint(apply("adjugate", xs[0]))


def _det_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return trace_of_product(apply("adjugate", xs[0]), tangents[0])


_STACKS = ((1, 3, 3), (2, 2, 2), (1, 1, 1), (1, 0, 0), (1, 4, 4))

register(Primitive("det", np.linalg.det, _det_types, 1, kinds=(INEXACT,), vjp=_det_vjp, jvp=_det_jvp, flops=1,
                   **by_kernel(kernels.determinants, "{0}"),
                   workspace=workspaces.determinant, cost=elimination.determinant,
                   samples=square_samples(*_STACKS)))


def _adjugate(a: Any) -> Any:
    out = np.empty_like(a)
    for index in np.ndindex(a.shape[:-2]):
        if a.shape[-1]:
            order, low, up = scipy.linalg.lu(a[index], p_indices=True, check_finite=False)
            work = np.zeros_like(a[index])
            kernels.adjugate_of_triangle(up, work)
            sign = np.rint(np.linalg.det(np.eye(len(order))[order]))
            turned = scipy.linalg.solve_triangular(low.T, work.T, unit_diagonal=True, check_finite=False).T
            out[index] = (sign * turned)[:, order]
    return out


def _same_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return (matrices(operands, "adjugate", square=True)[0],)


def _adjugate_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = D(x, f_bar^H)^H, with D the derivative of the adjugate at x along a matrix`."""
    return adjoint(apply("adjugate_change", xs[0], adjoint(y_bar)))


def _adjugate_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return apply("adjugate_change", xs[0], tangents[0])


register(Primitive("adjugate", _adjugate, _same_types, 1, kinds=(INEXACT,), vjp=_adjugate_vjp, jvp=_adjugate_jvp,
                   flops=2,
                   **by_kernel(kernels.adjugates, "{0}"),
                   workspace=workspaces.adjugate, cost=costs.adjugate,
                   samples=square_samples(*_STACKS)))


def _adjugate_change(a: Any, b: Any) -> Any:
    n = a.shape[-1]
    if n < 2:
        return np.zeros_like(a)
    u, s, vh = np.linalg.svd(a)
    uh, v = adjoint(u), adjoint(vh)
    inner = uh @ b @ v
    others = np.ones((*s.shape, n), s.dtype)  # the product of all singular values but two
    for k in range(n):
        kept = np.arange(n) != k
        others *= np.where(kept[:, None] & kept[None, :], s[..., k, None, None], 1)
    others = np.where(np.eye(n, dtype=bool), 0, others)
    along = np.einsum("...ij,...jj->...i", others, inner)
    change = -others * inner + along[..., None] * np.eye(n, dtype=s.dtype)
    return (np.linalg.det(u) * np.linalg.det(vh))[..., None, None] * (v @ change @ uh)


def _second_change(a: Any, b: Any, c: Any) -> Any:
    """The second derivative of the adjugate of a along b and c, where a is regular (else NaN)."""
    x = inverse(a)
    xb, xc = matmul(x, b), matmul(x, c)
    b_, c_ = trace_of_product(x, b), trace_of_product(x, c)
    both = trace_of_product(xb, xc)
    bc = matmul(xb, xc) + matmul(xc, xb)
    scale = as_matrix(b_ * c_ - both)
    rest = matmul(bc - as_matrix(b_) * xc - as_matrix(c_) * xb, x)
    return as_matrix(apply("det", a)) * (scale * x + rest)


def _change_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`y_bar = D(x, f_bar^H)^H; x_bar = D2(x, y, f_bar^H)^H, with D and D2 the first and second derivative of the
    adjugate`."""
    a, b = xs
    if k == 1:
        return adjoint(apply("adjugate_change", a, adjoint(y_bar)))
    return adjoint(_second_change(a, b, adjoint(y_bar)))


def _change_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    a_dot, b_dot = tangents
    parts = [] if a_dot is None else [_second_change(xs[0], xs[1], a_dot)]
    if b_dot is not None:
        parts.append(apply("adjugate_change", xs[0], b_dot))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _change_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    pairs = zip(stacks(rng, kind, _STACKS, 1.5), stacks(rng, kind, _STACKS), strict=True)
    return [Sample(pair) for pair in pairs]


register(Primitive("adjugate_change", _adjugate_change, _same_types, 2, kinds=(INEXACT,), vjp=_change_vjp,
                   jvp=_change_jvp, flops=8,
                   **by_kernel(kernels.adjugate_changes, "{0}, {1}"),
                   workspace=workspaces.adjugate_change, analytic=False, samples=_change_samples))


# ---------------------------------------------------------------------- slogdet, of stacks
def _slogdet_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (a,) = matrices(operands, "slogdet", square=True, stack=True)
    return shaped(a.kind, a.dims[:-2]), shaped(a.kind.real, a.dims[:-2])


def _slogdet_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = (log_bar + i Im(sign_bar conj(sign))) x^-H`."""
    sign_bar, log_bar = y_bar
    turned = adjoint(inverse(xs[0]))
    weight = None if log_bar is None else in_kind(log_bar, xs[0])
    if sign_bar is not None and kind_of_value(xs[0]).is_complex:
        turn = imaginary(imag(sign_bar * conj(y[0])))
        weight = turn if weight is None else weight + turn
    return None if weight is None else as_matrix(weight) * turned


def _slogdet_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    change = trace_of_product(inverse(xs[0]), tangents[0])
    if not kind_of_value(change).is_complex:
        return None, change
    return y[0] * imaginary(imag(change)), real(change)


register(Primitive("slogdet", lambda a: tuple(np.linalg.slogdet(a)), _slogdet_types, 1, kinds=(INEXACT,),
                   vjp=_slogdet_vjp, jvp=_slogdet_jvp, flops=1,
                   **by_kernel(kernels.signs_and_logs, "{0}"),
                   workspace=workspaces.determinant, cost=elimination.logarithm,
                   results=2,
                   analytic=False, samples=square_samples(*_STACKS)))
