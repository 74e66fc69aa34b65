"""Cholesky, QR, eigenvalues of Hermitian matrices.

As NumPy does, `cholesky` and `eigh` read the lower triangle alone, and so are they differentiated. Eigenvectors
of complex matrices follow LAPACK's choice of phase: the first component of each is real.

Invariant: results that are not used do no harm: the terms of a cotangent that is None are not formed, and a zero
cotangent annihilates what is infinite. Eigenvectors of equal eigenvalues have no derivative: it is infinite or NaN.

Source: Giles (2008), sections 2.2.5, 3; Seeger et al., "Auto-differentiating linear algebra" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op, ScalarType, Type, Value
from workbench.rules import decomposition_kernels, matrix_kernels
from workbench.rules.expr import apply, constant_like, imag, kind_of_value, matmul, real, shape, sum_, where
from workbench.rules.matrices import (
    Attrs,
    adjoint,
    as_column,
    as_row,
    by_helper,
    column_numbers,
    diagonal_of,
    hermitian_adjoint,
    hermitian_of,
    imaginary,
    in_kind,
    lower,
    matrices,
    off_diagonal,
    on_diagonal,
    row_numbers,
    scaled,
    solved_triangle,
    stacks,
    upper,
    zero_of,
)
from workbench.rules.primitive import INEXACT, Primitive, Sample, register
from workbench.rules.solving import attempt
from workbench.rules.typing import shaped

_OK = ScalarType(Kind.BOOL)


# ---------------------------------------------------------------------- cholesky
def _cholesky_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    return matrices(operands, "cholesky", square=True)[0], _OK


def _cholesky(a: Any) -> tuple[Any, np.bool_]:
    return attempt(np.linalg.cholesky, a)


def _half(x: Any) -> Any:
    """The lower triangle with half the diagonal (of which the real part)."""
    return lower(x, strict=True) + in_kind(0.5 * real(on_diagonal(x)), x)


def _cholesky_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = the lower triangle of s + s^H off the diagonal, of s on it, with s = f^-H half(f^H f_bar) f^-1 (half:
    the lower triangle, half the diagonal)`."""
    return apply("cholesky_pullback", y[0], y_bar[0])


def _over(x: Any, low: Any) -> Any:
    """x low^-1."""
    return adjoint(solved_triangle(adjoint(low), adjoint(x), below=False))


def _cholesky_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    low = y[0]
    left = solved_triangle(low, hermitian_of(tangents[0]), below=True)
    both = adjoint(solved_triangle(low, adjoint(left), below=True))
    return matmul(low, _half(both)), None


def _positive_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    roots = stacks(rng, kind, [(3, 3), (2, 2, 2), (1, 1), (0, 0)], 1.0)
    noise = stacks(rng, kind, [r.shape for r in roots])
    # what is above the diagonal is not read
    return [Sample((np.tril(r @ adjoint(r) + np.eye(r.shape[-1], dtype=r.dtype)) + np.triu(n, 1),))
            for r, n in zip(roots, noise, strict=True)]


register(Primitive("cholesky", _cholesky, _cholesky_types, 1, kinds=(INEXACT,), vjp=_cholesky_vjp, jvp=_cholesky_jvp,
                   flops=1,
                   **by_helper(matrix_kernels.cholesky_factors, "{0}"),
                   results=2, analytic=False, samples=_positive_samples))


def _pullback_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    return (matrices(operands, "cholesky_pullback", square=True)[1],)


def _pullback(low: Any, bar: Any) -> Any:
    """The rule of `cholesky` by solving; the kernel, which takes the factorisation's steps back, does a sixth of the
    work (Murray, "Differentiation of the Cholesky decomposition", 2016)."""
    inner = _half(matmul(adjoint(lower(low)), lower(bar)))
    return hermitian_adjoint(_over(solved_triangle(adjoint(low), inner, below=False), low))


def _pullback_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`with h the Hermitian matrix of f_bar, q = half(x^-1 h x^-H): x_bar = lower(y q^H - (f + f^H) h x^-H); y_bar =
    lower(x q)`."""
    low, bar = xs
    left = solved_triangle(low, hermitian_of(y_bar), below=True)
    inner = _half(adjoint(solved_triangle(low, adjoint(left), below=True)))
    if k == 1:
        return lower(matmul(lower(low), inner))
    return lower(matmul(lower(bar), adjoint(inner)) - matmul(y + adjoint(y), adjoint(left)))


def _pullback_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    low, bar = xs
    low_dot, bar_dot = tangents
    total = None if bar_dot is None else matmul(adjoint(lower(low)), lower(bar_dot))
    if low_dot is not None:
        part = matmul(adjoint(lower(low_dot)), lower(bar))
        total = part if total is None else total + part
    change = solved_triangle(adjoint(low), _half(total), below=False)
    if low_dot is not None:
        change = change - matmul(y + adjoint(y), lower(low_dot))
    return hermitian_adjoint(_over(change, low))


def _pullback_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    found = []
    for sample in _positive_samples(rng, kind):
        (a,) = sample.operands
        noise = stacks(rng, kind, [a.shape, a.shape])  # what is above the diagonals is not read
        found.append(Sample((np.linalg.cholesky(a) + np.triu(noise[0], 1), noise[1])))
    return found


register(Primitive("cholesky_pullback", _pullback, _pullback_types, 2, kinds=(INEXACT,), vjp=_pullback_vjp,
                   jvp=_pullback_jvp, flops=1, **by_helper(decomposition_kernels.cholesky_pullbacks, "{0}, {1}"),
                   analytic=False, samples=_pullback_samples))


# ---------------------------------------------------------------------- qr, of stacks not wider than high
def _qr_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    (a,) = matrices(operands, "qr", stack=True)
    return a, shaped(a.kind, (a.dims[0], a.dims[2], a.dims[2]))


def _qr(a: Any) -> tuple[Any, Any]:
    q, r = np.linalg.qr(a)
    return q, r


def _by_triangle(x: Any, r: Any) -> Any:
    """x r^-H, with an upper triangle r."""
    return adjoint(solved_triangle(r, adjoint(x), below=False))


def _qr_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = (q_bar + q copy(r_bar r^H - q^H q_bar)) r^-H (copy: the upper triangle, mirrored)`."""
    (q, r), (q_bar, r_bar) = y, y_bar
    inner = None if r_bar is None else matmul(upper(r_bar), adjoint(r))
    if q_bar is not None:
        turned = matmul(adjoint(q), q_bar)
        inner = -turned if inner is None else inner - turned
    above = upper(inner, strict=True)
    mirrored = above + adjoint(above) + in_kind(real(on_diagonal(inner)), inner)
    bar = matmul(q, mirrored)
    return _by_triangle(bar if q_bar is None else bar + q_bar, r)


def _qr_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    q, r = y
    change = adjoint(solved_triangle(adjoint(r), adjoint(tangents[0]), below=True))
    inner = matmul(adjoint(q), change)
    above = upper(inner, strict=True) + adjoint(lower(inner, strict=True)) + in_kind(real(on_diagonal(inner)), inner)
    return change - matmul(q, above), matmul(above, r)


def _qr_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((a,)) for a in stacks(rng, kind, [(1, 3, 3), (2, 3, 2), (1, 1, 1), (1, 4, 1), (1, 2, 0)], 1.0)]


register(Primitive("qr", _qr, _qr_types, 1, kinds=(INEXACT,), vjp=_qr_vjp, jvp=_qr_jvp, flops=2,
                   **by_helper(decomposition_kernels.qr_factors, "{0}"),
                   results=2, analytic=False, samples=_qr_samples))


# ---------------------------------------------------------------------- eigh, of stacks
def _eigh_types(operands: Sequence[Value], attrs: Attrs) -> tuple[Type, ...]:
    (a,) = matrices(operands, "eigh", square=True, stack=True)
    return shaped(a.kind.real, a.dims[:-1]), a, _OK


def _eigh(a: Any) -> tuple[Any, ...]:
    try:
        w, v = np.linalg.eigh(a)
        return w, v, np.True_
    except np.linalg.LinAlgError:
        return np.full(a.shape[:-1], np.nan, a.real.dtype), np.full_like(a, np.nan), np.False_


def reciprocal_gaps(w: Any) -> Any:
    """1 / (w_j - w_i), zero on the diagonal."""
    gaps = as_row(w) - as_column(w)
    same = row_numbers(gaps) == column_numbers(gaps)
    return where(same, zero_of(gaps), 1.0 / where(same, constant_like(gaps, 1.0), gaps))


def _first_row(x: Any) -> Any:
    """The first row of matrices, zeros below it."""
    return where(row_numbers(x) == 0, x, zero_of(x))


def phase_adjoint(turns: Any, v: Any) -> Any:
    """What is added to the cotangent of columns v whose first component stays real, where turning column j by a small
    angle would change the result by turns[j] times it."""
    first = _first_row(v)
    at_first = row_numbers(first) == 0
    inverse = 1.0 / where(at_first, real(first), constant_like(real(first), 1.0))
    return imaginary(-_first_row(scaled(as_row(turns) + 0.0 * real(first), inverse)))


def phase_tangent(v_dot: Any, v: Any) -> Any:
    """The angles by which columns v turn so that their first components stay real, as a row."""
    at_first = row_numbers(v) == 0
    inverse = 1.0 / where(at_first, real(v), constant_like(real(v), 1.0))
    return -_column_sums(_first_row(scaled(imag(v_dot), inverse)))


def _column_sums(x: Any) -> Any:
    return as_row(sum_(x, (len(shape(x)) - 2,)))


def _eigh_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = v (diag(w_bar) + (v^H v_bar)_ij / (w_j - w_i) off the diagonal) v^H, gathered in one triangle`."""
    w, v, _ = y
    w_bar, v_bar, _ = y_bar
    inner = None if w_bar is None else on_diagonal(as_row(in_kind(w_bar, v)) + 0.0 * v)
    if v_bar is not None:
        turned = matmul(adjoint(v), v_bar)
        if kind_of_value(v).is_complex:
            v_bar = v_bar + phase_adjoint(imag(diagonal_of(turned)), v)
            turned = matmul(adjoint(v), v_bar)
        part = scaled(off_diagonal(turned), reciprocal_gaps(w))
        inner = part if inner is None else inner + part
    return hermitian_adjoint(matmul(matmul(v, inner), adjoint(v)))


def _eigh_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    w, v, _ = y
    inner = matmul(matmul(adjoint(v), hermitian_of(tangents[0])), v)
    v_dot = matmul(v, scaled(off_diagonal(inner), reciprocal_gaps(w)))
    if kind_of_value(v).is_complex:
        v_dot = v_dot + v * imaginary(phase_tangent(v_dot, v))
    return real(diagonal_of(inner)), v_dot, None


def _eigh_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    made = stacks(rng, kind, [(1, 3, 3), (2, 2, 2), (1, 1, 1), (1, 0, 0)])
    return [Sample((a + np.diag(np.arange(a.shape[-1])).astype(a.dtype),)) for a in made]


register(Primitive("eigh", _eigh, _eigh_types, 1, kinds=(INEXACT,), vjp=_eigh_vjp, jvp=_eigh_jvp, flops=9,
                   **by_helper(decomposition_kernels.eigenpairs, "{0}"),
                   results=3, analytic=False, samples=_eigh_samples))
