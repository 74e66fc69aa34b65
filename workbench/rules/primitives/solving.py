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

from workbench.ir import Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import matrices as costs
from workbench.rules.entries import by_kernel
from workbench.rules.expr import once
from workbench.rules.functions import matmul
from workbench.rules.kernels import solving as kernels
from workbench.rules.matrices import OK, adjoint, attempt, lower, matrices, solved, solved_triangle, upper
from workbench.rules.primitive import INEXACT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import square_samples, stacks


# ---------------------------------------------------------------------- solve
def _solve_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    _, b = matrices(operands, "solve", square=True)
    return b, OK


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
                   **by_kernel(kernels.solve_matrices, "{0}, {1}"),
                   workspace=workspaces.solve, cost=costs.solve,
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
                   **by_kernel(kernels.solve_triangles, "{0}, {1}, {lower}, {unit}"),
                   workspace=workspaces.solve_triangular, cost=costs.triangular,
                   results=2, samples=_triangular_samples))


# ---------------------------------------------------------------------- inv
def _inv_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    (a,) = matrices(operands, "inv", square=True)
    return a, OK


def _inv_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = -f^H f_bar f^H`."""
    turned = adjoint(y[0])
    return -matmul(matmul(turned, y_bar[0]), turned)


def _inv_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return -matmul(matmul(y[0], tangents[0]), y[0]), None


register(Primitive("inv", lambda a: attempt(np.linalg.inv, a), _inv_types, 1, kinds=(INEXACT,), vjp=_inv_vjp,
                   jvp=_inv_jvp, flops=2,
                   **by_kernel(kernels.inverse_matrices, "{0}"),
                   workspace=workspaces.inv, cost=costs.inverse,
                   results=2,
                   samples=square_samples((3, 3), (2, 2, 2), (1, 1), (0, 0))))
