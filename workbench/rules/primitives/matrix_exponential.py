"""The exponential of a matrix. Its derivative along e is a block of the exponential of [a, e; 0, a].

Source: Higham, "The scaling and squaring method for the matrix exponential revisited" (2005); Najfeld & Havel,
"Derivatives of the matrix exponential and their computation" (1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy

from workbench.ir import Constant, Kind, Op, Value
from workbench.rules import workspaces
from workbench.rules.costs import exponential as costs
from workbench.rules.emission import emit
from workbench.rules.entries import by_kernel
from workbench.rules.expr import Expr, apply
from workbench.rules.functions import shape
from workbench.rules.kernels import matrix_exponential as kernels
from workbench.rules.matrices import adjoint, matrices
from workbench.rules.primitive import INEXACT, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import stacks

_ZERO, _ONE = Constant(0, Kind.INT), Constant(1, Kind.INT)


def _types(operands: Sequence[Value], attrs: Attrs) -> Types:
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
                   **by_kernel(kernels.matrix_exponential, "{0}"),
                   workspace=workspaces.expm, cost=costs.exponential,
                   analytic=False, samples=_samples))
