"""Linear equations, inverses and determinants.

`solve`, `solve_triangular` and `inv` have a second result: False where a matrix is singular (what was to be computed is
NaN then; whoever emits them checks it). A determinant's derivative is the adjugate, which is right where a matrix is
singular too, and so is the adjugate's own.

Source: Giles, "Collected matrix derivative results" (2008), sections 2.2.3, 2.2.4; for the adjugate's derivative, the
adjugate of a diagonal matrix in the basis of the singular vectors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from workbench.ir import Kind, Op, ScalarType, Type, Value
from workbench.rules import matrix_kernels
from workbench.rules.expr import apply, conj, imag, kind_of_value, matmul, once, real
from workbench.rules.matrices import (
    Attrs,
    adjoint,
    as_matrix,
    by_helper,
    imaginary,
    in_kind,
    inverse,
    lower,
    matrices,
    solved,
    solved_triangle,
    stacks,
    trace_of_product,
    upper,
)
from workbench.rules.primitive import INEXACT, Primitive, Sample, register
from workbench.rules.typing import shaped

_OK = ScalarType(Kind.BOOL)


# ---------------------------------------------------------------------- solve
def _solve_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    _, b = matrices(operands, "solve", square=True)
    return b, _OK


def attempt(function: Any, a: Any, *rest: Any) -> tuple[Any, np.bool_]:
    """A function of matrices, and True; or, matrix by matrix, NaN where it fails, and False."""
    try:
        return function(a, *rest), np.True_
    except np.linalg.LinAlgError:
        if a.ndim == 2:
            like = rest[0] if rest else a
            return np.full(like.shape, np.nan, like.dtype), np.False_
    parts = [attempt(function, *each)[0] for each in zip(a, *rest, strict=True)]
    return np.array(parts), np.False_


def _solve(a: Any, b: Any) -> tuple[Any, np.bool_]:
    return attempt(np.linalg.solve, a, b)


def _solve_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`y_bar = x^-H f_bar; x_bar = -y_bar f^H`."""
    b_bar = once(y_bar[0], "b_bar", lambda: solved(adjoint(xs[0]), y_bar[0]))
    return b_bar if k == 1 else -matmul(b_bar, adjoint(y[0]))


def _solve_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    a_dot, b_dot = tangents
    right = b_dot if a_dot is None else -matmul(a_dot, y[0]) if b_dot is None else b_dot - matmul(a_dot, y[0])
    return solved(xs[0], right), None


_PAIRS = [((3, 3), (3, 2)), ((2, 2, 2), (2, 2, 1)), ((1, 1), (1, 1)), ((0, 0), (0, 2)), ((2, 2), (2, 0))]


def _solve_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    lefts, rights = stacks(rng, kind, [a for a, _ in _PAIRS], 1.5), stacks(rng, kind, [b for _, b in _PAIRS])
    return [Sample(pair) for pair in zip(lefts, rights, strict=True)]


register(Primitive("solve", _solve, _solve_types, 2, kinds=(INEXACT,), vjp=_solve_vjp, jvp=_solve_jvp, flops=2,
                   **by_helper(matrix_kernels.solve_matrices, "{0}, {1}"),
                   results=2, samples=_solve_samples))


# ---------------------------------------------------------------------- triangles
def _triangle(a: Any, attrs: Attrs) -> Any:
    return (lower if attrs["lower"] else upper)(a, strict=attrs["unit"])


def _triangular(a: Any, b: Any, lower: bool, unit: bool) -> tuple[Any, np.bool_]:
    if a.ndim > 2:
        parts = [_triangular(*each, lower, unit) for each in zip(a, b, strict=True)]
        return np.array([x for x, _ in parts]).reshape(b.shape), np.bool_(all(ok for _, ok in parts))
    if 0 in b.shape:
        return np.zeros_like(b), np.True_
    return attempt(lambda a, b: scipy.linalg.solve_triangular(
        a, b, lower=lower, unit_diagonal=unit, check_finite=False), a, b)


def _triangular_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`y_bar = x^-H f_bar; x_bar = -(the triangle of y_bar f^H)`."""
    b_bar = once(y_bar[0], "b_bar", lambda: solved_triangle(
        adjoint(xs[0]), y_bar[0], not op.attrs["lower"], op.attrs["unit"]))
    return b_bar if k == 1 else -_triangle(matmul(b_bar, adjoint(y[0])), op.attrs)


def _triangular_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    a_dot, b_dot = tangents
    change = None if a_dot is None else matmul(_triangle(a_dot, op.attrs), y[0])
    right = b_dot if change is None else -change if b_dot is None else b_dot - change
    return solved_triangle(xs[0], right, op.attrs["lower"], op.attrs["unit"]), None


def _triangular_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    samples = _solve_samples(rng, kind)
    return [Sample(s.operands, {"lower": below, "unit": unit}) for s in samples for below, unit in (
        ((True, False), (False, True)) if s is not samples[0] else ((True, False), (False, False), (True, True)))]


register(Primitive("solve_triangular", _triangular, _solve_types, 2, kinds=(INEXACT,), vjp=_triangular_vjp,
                   jvp=_triangular_jvp, flops=1,
                   **by_helper(matrix_kernels.solve_triangles, "{0}, {1}, {lower}, {unit}"),
                   results=2, samples=_triangular_samples))


# ---------------------------------------------------------------------- inv
def _inv_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    (a,) = matrices(operands, "inv", square=True)
    return a, _OK


def _inv_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = -f^H f_bar f^H`."""
    turned = adjoint(y[0])
    return -matmul(matmul(turned, y_bar[0]), turned)


def _inv_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return -matmul(matmul(y[0], tangents[0]), y[0]), None


def _square_samples(*shapes: tuple[int, ...]) -> Any:
    def samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
        return [Sample((a,)) for a in stacks(rng, kind, shapes, 1.5)]
    return samples


register(Primitive("inv", lambda a: attempt(np.linalg.inv, a), _inv_types, 1, kinds=(INEXACT,), vjp=_inv_vjp,
                   jvp=_inv_jvp, flops=2,
                   **by_helper(matrix_kernels.inverse_matrices, "{0}"),
                   results=2,
                   samples=_square_samples((3, 3), (2, 2, 2), (1, 1), (0, 0))))


# ---------------------------------------------------------------------- determinants, of stacks
def _det_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    (a,) = matrices(operands, "det", square=True, stack=True)
    return (shaped(a.kind, a.dims[:-2]),)


def _det_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar adjugate(x)^H`."""
    return as_matrix(y_bar) * adjoint(apply("adjugate", xs[0]))


def _det_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return trace_of_product(apply("adjugate", xs[0]), tangents[0])


_STACKS = ((1, 3, 3), (2, 2, 2), (1, 1, 1), (1, 0, 0), (1, 4, 4))

register(Primitive("det", np.linalg.det, _det_types, 1, kinds=(INEXACT,), vjp=_det_vjp, jvp=_det_jvp, flops=1,
                   **by_helper(matrix_kernels.determinants, "{0}"),
                   samples=_square_samples(*_STACKS)))


def _adjugate(a: Any) -> Any:
    out = np.empty_like(a)
    for index in np.ndindex(a.shape[:-2]):
        if a.shape[-1]:
            order, low, up = scipy.linalg.lu(a[index], p_indices=True, check_finite=False)
            work = np.zeros_like(a[index])
            matrix_kernels.adjugate_of_triangle(up, work)
            sign = np.rint(np.linalg.det(np.eye(len(order))[order]))
            turned = scipy.linalg.solve_triangular(low.T, work.T, unit_diagonal=True, check_finite=False).T
            out[index] = (sign * turned)[:, order]
    return out


def _same_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    return (matrices(operands, "adjugate", square=True)[0],)


def _adjugate_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = D(x, f_bar^H)^H, with D the derivative of the adjugate at x along a matrix`."""
    return adjoint(apply("adjugate_change", xs[0], adjoint(y_bar)))


def _adjugate_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return apply("adjugate_change", xs[0], tangents[0])


register(Primitive("adjugate", _adjugate, _same_types, 1, kinds=(INEXACT,), vjp=_adjugate_vjp, jvp=_adjugate_jvp,
                   flops=2,
                   **by_helper(matrix_kernels.adjugates, "{0}"),
                   samples=_square_samples(*_STACKS)))


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
                   **by_helper(matrix_kernels.adjugate_changes, "{0}, {1}"),
                   analytic=False, samples=_change_samples))


# ---------------------------------------------------------------------- slogdet, of stacks
def _slogdet_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
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
                   **by_helper(matrix_kernels.signs_and_logs, "{0}"),
                   results=2,
                   analytic=False, samples=_square_samples(*_STACKS)))
