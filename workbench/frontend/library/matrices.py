"""`np.linalg`: equations, inverses, determinants, decompositions, powers.

What NumPy raises as a LinAlgError is a check at the user's line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, indexing
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import refuse
from workbench.frontend.library.linear import matmul, to_batch
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.reductions import reduce, squared
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import size_of
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Array, Scalar, describe
from workbench.ir import Constant, Kind, Value

# NumPy's own named tuples
_EYE = np.eye(1)
SlogdetResult, QRResult = type(np.linalg.slogdet(_EYE)), type(np.linalg.qr(_EYE))
SVDResult, EighResult = type(np.linalg.svd(_EYE)), type(np.linalg.eigh(_EYE))


# ---------------------------------------------------------------------- matrices and stacks of them
def inexact(kind: Kind) -> Kind:
    """The kind in which matrices of a kind are computed with."""
    return kind if kind.is_inexact else Kind.F64


def matrix_of(t: Tracer, value: Any, kind: Kind | None = None) -> Value:
    """An argument as a matrix, or a stack of them, of an inexact kind. Raises as NumPy does."""
    array = as_operand(t, value)
    if number_kind(array) is None:
        raise TypeError(f"a matrix is needed, not {describe(array)}")
    if not isinstance(array, Array) or array.rank < 2:
        rank = array.rank if isinstance(array, Array) else 0
        raise np.linalg.LinAlgError(f"{rank}-dimensional array given. Array must be at least two-dimensional")
    return arrays.operand(t, array, inexact(kind or array.kind))


def square(t: Tracer, value: Any, kind: Kind | None = None) -> Value:
    """An argument as a square matrix, or a stack of them."""
    matrix = matrix_of(t, value, kind)
    m, n = matrix.dims[-2:]
    message = "Last 2 dimensions of the array must be square"
    if not t.same(m, n):
        if isinstance(m, Constant) and isinstance(n, Constant):
            raise np.linalg.LinAlgError(message)
        t.environment.meet(t.builder.resolve(m), t.builder.resolve(n))
        t.check(t.emit("eq", m, n), "LinAlgError", message)
    return matrix


def stacked(t: Tracer, matrix: Value) -> tuple[Value, tuple[Value, ...]]:
    """A stack of rank 3, and the leading dimensions that it had."""
    lead = matrix.dims[:-2]
    if len(lead) == 1:
        return matrix, lead
    return t.emit("reshape", matrix, size_of(t, lead), *matrix.dims[-2:]), lead


def unstacked(t: Tracer, value: Value, lead: Sequence[Value]) -> Any:
    """A result for each matrix of a stack, with its leading dimensions."""
    dims = (*lead, *value.dims[1:])
    if not dims:
        return Scalar(t.emit("load", value, ZERO), False)
    return t.new_array(value if len(lead) == 1 else t.emit("reshape", value, *dims))


def turned(t: Tracer, matrix: Value, conjugate: bool = True) -> Value:
    """The last two axes swapped (and conjugated)."""
    rank = matrix.rank
    swapped = t.emit("transpose", matrix, perm=(*range(rank - 2), rank - 1, rank - 2))
    return t.emit("conj", swapped) if conjugate and swapped.kind.is_complex else swapped


def triangle(t: Tracer, matrix: Value, lower: bool, strict: bool = False) -> Value:
    """One triangle of matrices, zeros elsewhere."""
    m, n = matrix.dims[-2:]
    rows, columns = t.emit("reshape", t.emit("iota", m), m, ONE), t.emit("reshape", t.emit("iota", n), ONE, n)
    test = {(True, False): "ge", (True, True): "gt", (False, False): "le", (False, True): "lt"}[lower, strict]
    return t.emit("select", t.emit(test, rows, columns), matrix, Constant(0, matrix.kind))


# ---------------------------------------------------------------------- equations
def solve_matrices(t: Tracer, a: Value, b: Any, name: str, checked: bool = True, **attrs: Any) -> Any:
    """x with a x = b (by the primitive `name`), for a vector, a matrix, or stacks of them; where `checked`, a singular
    matrix raises."""
    right = arrays.operand(t, b, a.kind)
    vector = b.rank == 1
    arrays.require_same(t, a.dims[-1], b.dims[0 if vector else -2], "solve: the dimensions do not match")
    if vector:
        right = t.emit("reshape", right, *b.dims, ONE)
    if a.rank > 2 or right.rank > 2:
        batch = arrays.broadcast_dims(t, a.dims[:-2], right.dims[:-2])
        a, right = to_batch(t, a, batch), to_batch(t, right, batch)
    x, ok = t.emit_all(name, a, right, **attrs)
    if checked:
        t.check(ok, "LinAlgError", "Singular matrix")
    return t.new_array(t.emit("reshape", x, *x.dims[:-1]) if vector else x)


def two(t: Tracer, a: Any, b: Any) -> tuple[Value, Array]:
    """A square matrix and what it is to be solved for."""
    first, second = as_operand(t, a), as_operand(t, b)
    if not isinstance(second, Array):
        raise np.linalg.LinAlgError("0-dimensional array given. Array must be at least one-dimensional")
    return square(t, first, common_kind(first, second) if isinstance(first, Array) else None), second


@implements(np.linalg.solve)
def solve(act: Activation, a: Any, b: Any) -> Any:
    """x with a x = b."""
    t = act.t
    matrix, right = two(t, a, b)
    return solve_matrices(t, matrix, right, "solve")


def inverse(t: Tracer, matrix: Value) -> Value:
    """The inverse, checked."""
    result, ok = t.emit_all("inv", matrix)
    t.check(ok, "LinAlgError", "Singular matrix")
    return result


@implements(np.linalg.inv)
def inv(act: Activation, a: Any) -> Any:
    """The inverse."""
    t = act.t
    return t.new_array(inverse(t, square(t, a)))


# ---------------------------------------------------------------------- determinants
@implements(np.linalg.det)
def det(act: Activation, a: Any) -> Any:
    """The determinant."""
    t = act.t
    stack, lead = stacked(t, square(t, a))
    return unstacked(t, t.emit("det", stack), lead)


@implements(np.linalg.slogdet)
def slogdet(act: Activation, a: Any) -> Any:
    """The sign of the determinant, and the logarithm of its modulus."""
    t = act.t
    stack, lead = stacked(t, square(t, a))
    return SlogdetResult(*(unstacked(t, v, lead) for v in t.emit_all("slogdet", stack)))


# ---------------------------------------------------------------------- decompositions
def cholesky_factor(t: Tracer, matrix: Value, upper: bool) -> Value:
    """The factor of one triangle, checked."""
    low, ok = t.emit_all("cholesky", turned(t, matrix) if upper else matrix)
    t.check(ok, "LinAlgError", "Matrix is not positive definite")
    return turned(t, low) if upper else low


@implements(np.linalg.cholesky)
def cholesky(act: Activation, a: Any, upper: bool = False) -> Any:
    """The lower factor, or the upper one: reads one triangle alone."""
    t = act.t
    return t.new_array(cholesky_factor(t, square(t, a), bool(upper)))


@implements(np.linalg.qr)
def qr(act: Activation, a: Any, mode: str = "reduced") -> Any:
    """The reduced factors: of a wide matrix, its first columns are factored."""
    t = act.t
    if mode not in ("reduced", "r"):
        t.fail(f"np.linalg.qr with mode={mode!r}", "use the reduced factors")
    stack, lead = stacked(t, matrix_of(t, a))
    q, r = qr_of(t, stack)
    return unstacked(t, r, lead) if mode == "r" else QRResult(unstacked(t, q, lead), unstacked(t, r, lead))


def qr_of(t: Tracer, stack: Value) -> tuple[Value, Value]:
    """Q and R of a stack; r = [r1, q^H a2] where a = [a1, a2] is wider than high."""
    _, m, n = stack.dims
    if t.same(m, n) or (isinstance(m, Constant) and isinstance(n, Constant) and int(m.value.real) >= int(n.value.real)):
        return t.emit_all("qr", stack)  # type: ignore[return-value]
    whole = t.new_array(stack)
    k = t.dim(t.emit("minimum", m, n))
    first = indexing.get(t, whole, (slice(None), slice(None), slice(None, k)))
    rest = indexing.get(t, whole, (slice(None), slice(None), slice(k, None)))
    q, r = t.emit_all("qr", arrays.read(t, first))
    others = t.emit("matmul", turned(t, q), arrays.read(t, rest))
    made = t.new_array(t.emit("full", Constant(0, r.kind), stack.dims[0], r.dims[1], n))
    indexing.put(t, made, (slice(None), slice(None), slice(None, k)), t.new_array(r))
    indexing.put(t, made, (slice(None), slice(None), slice(k, None)), t.new_array(others))
    return q, arrays.read(t, made)


def singular(t: Tracer, stack: Value) -> tuple[Value, Value, Value]:
    """The reduced singular value decomposition of a stack, checked."""
    u, s, vh, ok = t.emit_all("svd", stack, t.emit("minimum", *stack.dims[1:]))
    t.check(ok, "LinAlgError", "SVD did not converge")
    return u, s, vh


@implements(np.linalg.svd)
def svd(act: Activation, a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """The reduced decomposition, or the full one of a square matrix; or its values alone."""
    t = act.t
    refuse(t, "np.linalg.svd", hermitian=(hermitian, False))
    stack, lead = stacked(t, matrix_of(t, a))
    if compute_uv and full_matrices and not t.same(*stack.dims[1:]):
        if any(not isinstance(d, Constant) for d in stack.dims[1:]):
            t.environment.meet(*map(t.builder.resolve, stack.dims[1:]))
        t.fail("np.linalg.svd with full_matrices=True, whose further vectors have no derivative",
               "use full_matrices=False")
    u, s, vh = singular(t, stack)
    if not compute_uv:
        return unstacked(t, s, lead)
    return SVDResult(*(unstacked(t, v, lead) for v in (u, s, vh)))


@implements(np.linalg.svdvals)
def svdvals(act: Activation, x: Any) -> Any:
    """Singular values, in falling order."""
    t = act.t
    stack, lead = stacked(t, matrix_of(t, x))
    return unstacked(t, singular(t, stack)[1], lead)


def eigen(t: Tracer, matrix: Value, upper: bool) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of a Hermitian matrix, by one triangle."""
    stack, lead = stacked(t, turned(t, matrix) if upper else matrix)
    w, v, ok = t.emit_all("eigh", stack)
    t.check(ok, "LinAlgError", "Eigenvalues did not converge")
    return unstacked(t, w, lead), unstacked(t, v, lead)


def _is_upper(uplo: Any) -> bool:
    if not isinstance(uplo, str) or uplo.upper() not in ("L", "U"):
        raise ValueError("UPLO argument must be 'L' or 'U'")
    return uplo.upper() == "U"


@implements(np.linalg.eigh)
def eigh(act: Activation, a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues and eigenvectors of a Hermitian matrix: reads one triangle alone."""
    t = act.t
    if _is_upper(UPLO):
        t.fail("eigenvectors with UPLO='U', whose signs are another choice than of the lower triangle",
               "give the conjugate transpose and UPLO='L'")
    return EighResult(*eigen(t, square(t, a), False))


@implements(np.linalg.eigvalsh)
def eigvalsh(act: Activation, a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of a Hermitian matrix, in rising order, by one triangle."""
    t = act.t
    return eigen(t, square(t, a), _is_upper(UPLO))[0]


# ---------------------------------------------------------------------- pseudoinverses
def tolerance(t: Tracer, cutoff: Any, kind: Kind) -> Value:
    """A relative cutoff of singular values."""
    if isinstance(cutoff, Value):
        return cutoff
    number = as_operand(t, cutoff)
    if isinstance(number, Array) or number_kind(number) is None:
        t.fail("a cutoff of singular values that is no number", "give one for all matrices")
    return t.scalar(number, kind)


def pseudoinverse(t: Tracer, stack: Value, cutoff: Any) -> tuple[Value, Value]:
    """Pseudoinverses of a stack and their ranks, checked."""
    p, rank, ok = t.emit_all("pinv", stack, tolerance(t, cutoff, stack.kind.real))
    t.check(ok, "LinAlgError", "SVD did not converge")
    return p, rank


def machine_cutoff(t: Tracer, stack: Value) -> Value:
    """max(m, n) times the precision."""
    kind = stack.kind.real
    longest = t.emit("cast", t.emit("maximum", *stack.dims[-2:]), kind=kind)
    return t.emit("mul", longest, Constant(float(np.finfo(kind.dtype).eps), kind))


@implements(np.linalg.pinv)
def pinv(act: Activation, a: Any, rcond: Any = None, hermitian: bool = False, rtol: Any = np._NoValue) -> Any:
    """The pseudoinverse; it has a derivative where `a` has full rank."""
    t = act.t
    refuse(t, "np.linalg.pinv", hermitian=(hermitian, False))
    stack, lead = stacked(t, matrix_of(t, a))
    cutoff: Any = 1e-15 if rcond is None else rcond
    if rtol is not np._NoValue:
        cutoff = machine_cutoff(t, stack) if rtol is None else rtol
    return unstacked(t, pseudoinverse(t, stack, cutoff)[0], lead)


@implements(np.linalg.lstsq)
def lstsq(act: Activation, a: Any, b: Any, rcond: Any = None) -> Any:
    """The solution, residuals, rank and singular values. The solution has a derivative where
    `a` has full rank."""
    t = act.t
    first, right = as_operand(t, a), as_operand(t, b)
    if not isinstance(right, Array) or right.rank > 2:
        raise np.linalg.LinAlgError("a vector or a matrix is needed on the right")
    matrix = matrix_of(t, first, common_kind(first, right))
    if matrix.rank != 2:
        raise np.linalg.LinAlgError(f"{matrix.rank}-dimensional array given. Array must be two-dimensional")
    return least_squares(t, matrix, right, rcond)


def least_squares(t: Tracer, matrix: Value, right: Array, rcond: Any) -> tuple[Any, ...]:
    """What `np.linalg.lstsq` gives."""
    m, n = matrix.dims
    arrays.require_same(t, m, right.dims[0], "Incompatible dimensions")
    stack, _ = stacked(t, matrix)
    if isinstance(rcond, (int, float)) and rcond < 0:  # as LAPACK has it
        rcond = float(np.finfo(stack.kind.dtype).eps)
    p, ranks = pseudoinverse(t, stack, machine_cutoff(t, stack) if rcond is None else rcond)
    x = matmul(t, unstacked(t, p, ()), right)
    rank = unstacked(t, ranks, ())
    difference = arithmetic.binary(t, "-", right, matmul(t, t.new_array(matrix), x))
    sums = reduce(t, "sum", squared(t, difference), 0, right.rank == 1)
    given = t.emit("and", t.emit("gt", m, n), t.emit("eq", t.scalar(rank), n))
    count = t.emit("select", given, sums.dims[0], ZERO)
    residuals = indexing.get(t, sums, (slice(0, t.dim(count)),))
    return x, residuals, rank, unstacked(t, singular(t, stack)[1], ())
