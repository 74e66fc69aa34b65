"""Cholesky factors, and their pullback as a primitive of its own: the factorisation taken back step by step.

As NumPy does, `cholesky` reads the lower triangle alone, and so is it differentiated: the derivative is that of the
program, as differences see it, not that of a symmetrised matrix.

Source: Giles (2008), section 3.1; Murray, "Differentiation of the Cholesky decomposition" (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import cholesky as costs
from workbench.rules.entries import by_kernel
from workbench.rules.expr import apply
from workbench.rules.functions import matmul, real
from workbench.rules.kernels import cholesky as kernels
from workbench.rules.matrices import (
    OK,
    adjoint,
    attempt,
    hermitian_adjoint,
    hermitian_of,
    in_kind,
    lower,
    matrices,
    on_diagonal,
    solved_triangle,
)
from workbench.rules.primitive import INEXACT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import stacks


def _cholesky_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return matrices(operands, "cholesky", square=True)[0], OK


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
                   **by_kernel(kernels.cholesky_factors, "{0}"),
                   workspace=workspaces.cholesky, cost=costs.factors,
                   results=2, analytic=False, samples=_positive_samples))


def _pullback_types(operands: Sequence[Value], attrs: Attrs) -> Types:
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
                   jvp=_pullback_jvp, flops=1, **by_kernel(kernels.cholesky_pullbacks, "{0}, {1}"),
                   workspace=workspaces.cholesky_pullback, cost=costs.pullback,
                   analytic=False, samples=_pullback_samples))
