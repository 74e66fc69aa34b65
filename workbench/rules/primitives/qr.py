"""QR of stacks of matrices that are not wider than high.

Invariant: results that are not used do no harm: the terms of a cotangent that is None are not formed.

Source: Seeger et al., "Auto-differentiating linear algebra" (2017); Walter, Lehmann & Lamour (2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import orthogonal as costs
from workbench.rules.entries import by_kernel
from workbench.rules.functions import matmul, real
from workbench.rules.kernels import qr as kernels
from workbench.rules.matrices import adjoint, in_kind, lower, matrices, on_diagonal, solved_triangle, upper
from workbench.rules.primitive import INEXACT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import stacks
from workbench.rules.typing import shaped


def _qr_types(operands: Sequence[Value], attrs: Attrs) -> Types:
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
                   **by_kernel(kernels.qr_factors, "{0}"),
                   workspace=workspaces.qr, cost=costs.factors,
                   results=2, analytic=False, samples=_qr_samples))
