"""Parts and products of matrices (or stacks of them, along leading axes) on overloaded operands, for rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import ArrayType, Constant, Kind, ScalarType, Value
from workbench.rules.emission import emit
from workbench.rules.expr import Expr, apply, apply_all, builder_of
from workbench.rules.functions import (
    complex_,
    conj,
    constant_like,
    imag,
    kind_of_value,
    logical_not,
    one_dim,
    real,
    reshape,
    shape,
    sum_,
    swap_last,
    where,
)
from workbench.rules.primitive import INEXACT
from workbench.rules.typing import array

OK = ScalarType(Kind.BOOL)


def matrices(operands: Sequence[Value], name: str, square: bool = False, stack: bool = False) -> list[ArrayType]:
    """The types of operands that are matrices, or stacks of them (`stack`: of rank 3). Raises TypeError."""
    types = [array(v, name) for v in operands]
    for type_ in types:
        if type_.kind not in INEXACT or type_.kind is not types[0].kind or type_.rank < 2 or (
                stack and type_.rank != 3) or type_.rank != types[0].rank:
            raise TypeError(f"{name} of {', '.join(str(t) for t in types)}")
    first = types[0]
    if square and all(hasattr(d, "value") for d in first.dims[-2:]) and first.dims[-1] != first.dims[-2]:
        raise TypeError(f"{name} of {first}, which is not square")
    return types


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


def adjoint(x: Any) -> Any:
    """Conjugate and transposed."""
    return swap_last(conj(x))


def places(n: Any, like: Any) -> Any:
    """0, 1, ..., n-1."""
    builder = builder_of((like,))
    return np.arange(n) if builder is None else Expr(builder, emit(builder, "iota", n))


def row_numbers(x: Any) -> Any:
    """Of each element of a matrix, its row (a column of them)."""
    n = shape(x)[-2]
    return reshape(places(n, x), (n, one_dim(x)))


def column_numbers(x: Any) -> Any:
    """Of each element of a matrix, its column (a row of them)."""
    n = shape(x)[-1]
    return reshape(places(n, x), (one_dim(x), n))


def zero_of(x: Any) -> Any:
    """A zero of the kind of x."""
    return constant_like(x, 0.0)


def lower(x: Any, strict: bool = False) -> Any:
    """The lower triangle (without the diagonal, if strict), zeros elsewhere."""
    mask = row_numbers(x) > column_numbers(x) if strict else row_numbers(x) >= column_numbers(x)
    return where(mask, x, zero_of(x))


def upper(x: Any, strict: bool = False) -> Any:
    """The upper triangle (without the diagonal, if strict), zeros elsewhere."""
    mask = row_numbers(x) < column_numbers(x) if strict else row_numbers(x) <= column_numbers(x)
    return where(mask, x, zero_of(x))


def on_diagonal(x: Any) -> Any:
    """The diagonal, zeros elsewhere."""
    return where(row_numbers(x) == column_numbers(x), x, zero_of(x))


def off_diagonal(x: Any) -> Any:
    """Zeros on the diagonal."""
    return where(row_numbers(x) == column_numbers(x), zero_of(x), x)


def diagonal_of(x: Any) -> Any:
    """The diagonal of square matrices, as vectors."""
    return sum_(on_diagonal(x), (len(shape(x)) - 1,))


def trace(x: Any) -> Any:
    """The trace of square matrices."""
    rank = len(shape(x))
    return sum_(on_diagonal(x), (rank - 2, rank - 1))


def trace_of_product(x: Any, y: Any) -> Any:
    """The trace of x @ y, by elements."""
    rank = len(shape(x))
    return sum_(x * swap_last(y), (rank - 2, rank - 1))


def as_row(v: Any) -> Any:
    """Vectors as matrices of one row: what multiplies columns."""
    *lead, n = shape(v)
    return reshape(v, (*lead, one_dim(v), n))


def as_column(v: Any) -> Any:
    """Vectors as matrices of one column: what multiplies rows."""
    return reshape(v, (*shape(v), one_dim(v)))


def as_matrix(number: Any) -> Any:
    """A number per matrix, to be multiplied with the matrices."""
    dims = shape(number)
    return reshape(number, (*dims, one_dim(number), one_dim(number))) if dims else number


def hermitian_of(a: Any) -> Any:
    """The Hermitian matrix that the lower triangle describes: what `cholesky` and `eigh` read."""
    below = lower(a, strict=True)
    return below + adjoint(below) + in_kind(real(on_diagonal(a)), a)


def hermitian_adjoint(s: Any) -> Any:
    """The adjoint of `hermitian_of`."""
    return lower(s + adjoint(s), strict=True) + in_kind(real(on_diagonal(s)), s)


def in_kind(x: Any, like: Any) -> Any:
    """A real value in the kind of another that may be complex."""
    return complex_(x, 0.0) if kind_of_value(like).is_complex and not kind_of_value(x).is_complex else x


def real_constant(x: Any, number: float) -> Any:
    """The number in the kind of the real part of x."""
    if isinstance(x, Expr):
        return Expr(x.builder, Constant(number, x.kind.real))
    return x.real.dtype.type(number)


def imaginary(x: Any) -> Any:
    """i x."""
    return complex_(0.0, x)


def scaled(bar: Any, factor: Any) -> Any:
    """bar * factor; zero where bar is, be the factor infinite or NaN."""
    infinite = (bar == 0) & logical_not(apply("isfinite", factor))
    return bar * in_kind(where(infinite, zero_of(factor), factor), bar)


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


def solved(a: Any, b: Any) -> Any:
    """x with a x = b (NaN where a is singular)."""
    return apply_all("solve", a, b)[0]


def solved_triangle(a: Any, b: Any, below: bool, unit: bool = False) -> Any:
    """x with a x = b by one triangle of a."""
    return apply_all("solve_triangular", a, b, lower=below, unit=unit)[0]


def inverse(a: Any) -> Any:
    """The inverse (NaN where a is singular)."""
    return apply_all("inv", a)[0]
