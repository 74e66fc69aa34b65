"""Eigenvalues and eigenvectors of stacks of Hermitian matrices.

As NumPy does, `eigh` reads the lower triangle alone, and so is it differentiated. Eigenvectors of complex matrices
follow LAPACK's choice of phase: the first component of each is real.

Invariant: results that are not used do no harm: the terms of a cotangent that is None are not formed, and a zero
cotangent annihilates what is infinite. Eigenvectors of equal eigenvalues have no derivative: it is infinite or NaN.

Source: Giles (2008), section 3.1; Seeger et al., "Auto-differentiating linear algebra" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import lapack as costs
from workbench.rules.entries import by_kernel
from workbench.rules.functions import imag, kind_of_value, matmul, real
from workbench.rules.kernels import eigenvalues as kernels
from workbench.rules.matrices import (
    OK,
    adjoint,
    as_row,
    diagonal_of,
    hermitian_adjoint,
    hermitian_of,
    imaginary,
    in_kind,
    matrices,
    off_diagonal,
    on_diagonal,
    phase_adjoint,
    phase_tangent,
    reciprocal_gaps,
    scaled,
)
from workbench.rules.primitive import INEXACT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import stacks
from workbench.rules.typing import shaped


def _eigh_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (a,) = matrices(operands, "eigh", square=True, stack=True)
    return shaped(a.kind.real, a.dims[:-1]), a, OK


def _eigh(a: Any) -> tuple[Any, ...]:
    try:
        w, v = np.linalg.eigh(a)
        return w, v, np.True_
    except np.linalg.LinAlgError:
        return np.full(a.shape[:-1], np.nan, a.real.dtype), np.full_like(a, np.nan), np.False_


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
                   **by_kernel(kernels.eigenpairs, "{0}"),
                   workspace=workspaces.eigh, cost=costs.eigh,
                   results=3, analytic=False, samples=_eigh_samples))
