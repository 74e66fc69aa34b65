"""`scipy.linalg`, where it means what `np.linalg` means, and its own: triangles, Cholesky factors, `expm`, blocks.

`overwrite_...` is not asked (nothing is overwritten); `check_finite` raises as SciPy does.
"""

from __future__ import annotations

from typing import Any

from workbench.deferred import Library
from workbench.frontend import arrays, indexing
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import refuse
from workbench.frontend.library.matrices import (
    cholesky_factor,
    eigen,
    inverse,
    machine_cutoff,
    matrix_of,
    pseudoinverse,
    qr_of,
    singular,
    solve_matrices,
    square,
    stacked,
    triangle,
    turned,
    two,
    unstacked,
)
from workbench.frontend.library.norms import norm as np_norm
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.registry import implements
from workbench.frontend.library.shaping import need_array
from workbench.frontend.numbers import common_kind
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array
from workbench.ir import Constant, Kind, Value

_linalg = Library("scipy.linalg")


def finite(t: Tracer, check: Any, *values: Any) -> None:
    """What `check_finite` raises."""
    for value in values if check else ():
        elements = arrays.read(t, value) if isinstance(value, Array) else value
        fine = t.emit("all", t.emit("isfinite", elements), axes=tuple(range(elements.rank)))
        t.check(fine, "ValueError", "array must not contain infs or NaNs")


def _plain(t: Tracer, matrix: Value, name: str) -> Value:
    if matrix.rank != 2:
        t.fail(f"{name} of a stack of matrices", "use the function of np.linalg, or loop over them")
    return matrix


# ---------------------------------------------------------------------- equations
def _structured(t: Tracer, a: Value, assume: Any, lower: bool, name: str) -> Value:
    """The matrix that is meant where only part of it is read."""
    if assume in (None, "gen", "general"):
        return a
    if assume in ("sym", "symmetric", "her", "hermitian", "pos", "positive definite"):
        part, rest = triangle(t, a, lower), triangle(t, a, lower, strict=True)
        if a.kind.is_complex and assume[0] != "s":
            t.fail(f"assume_a={assume!r} of a complex matrix in {name}", "leave it out")
        whole = t.emit("add", part, turned(t, rest, conjugate=False))
        if assume[0] == "p":
            cholesky_factor(t, whole, False)  # raises where the matrix is not positive definite
        return whole
    if assume not in ("upper triangular", "lower triangular"):
        t.fail(f"assume_a={assume!r} of {name}", "leave it out")
    return triangle(t, a, assume.startswith("lower"))


@implements(_linalg.solve)
def solve(act: Activation, a: Any, b: Any, lower: bool = False, overwrite_a: bool = False, overwrite_b: bool = False,
          check_finite: bool = True, assume_a: Any = None, transposed: bool = False) -> Any:
    """x with a x = b, of a matrix of which may be known what it is."""
    t = act.t
    matrix, right = two(t, a, b)
    finite(t, check_finite, _plain(t, matrix, "scipy.linalg.solve"), right)
    matrix = _structured(t, matrix, assume_a, bool(lower), "scipy.linalg.solve")
    return solve_matrices(t, turned(t, matrix, conjugate=False) if transposed else matrix, right, "solve")


@implements(_linalg.solve_triangular)
def solve_triangular(act: Activation, a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False,
                     overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with op(a) x = b, by one triangle of a."""
    t = act.t
    matrix, right = two(t, a, b)
    finite(t, check_finite, _plain(t, matrix, "scipy.linalg.solve_triangular"), right)
    turn = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if turn not in (0, 1, 2):
        raise ValueError(f"invalid trans {trans!r}")
    return _by_triangle(t, matrix, right, bool(lower), bool(unit_diagonal), turn)


def _by_triangle(t: Tracer, matrix: Value, right: Array, lower: bool, unit: bool, turn: int,
                 checked: bool = True) -> Any:
    """x with op(a) x = b by one triangle; op: nothing, transposed, conjugate transposed."""
    if turn:
        matrix, lower = turned(t, matrix, conjugate=turn == 2), not lower
    return solve_matrices(t, matrix, right, "solve_triangular", checked, lower=lower, unit=unit)


@implements(_linalg.inv)
def inv(act: Activation, a: Any, overwrite_a: bool = False, check_finite: bool = True, assume_a: Any = None,
        lower: bool = False) -> Any:
    """The inverse."""
    t = act.t
    matrix = square(t, a)
    finite(t, check_finite, matrix)
    return t.new_array(inverse(t, _structured(t, matrix, assume_a, bool(lower), "scipy.linalg.inv")))


@implements(_linalg.det)
def det(act: Activation, a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The determinant."""
    t = act.t
    stack, lead = stacked(t, square(t, a))
    finite(t, check_finite, stack)
    return unstacked(t, t.emit("det", stack), lead)


# ---------------------------------------------------------------------- Cholesky
def _factor(t: Tracer, a: Any, lower: bool, check_finite: bool, name: str) -> tuple[Value, Value]:
    """The matrix and its lower (or upper) factor."""
    matrix = _plain(t, square(t, a), name)
    finite(t, check_finite, matrix)
    return matrix, cholesky_factor(t, matrix, not lower)


@implements(_linalg.cholesky)
def cholesky(act: Activation, a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The upper factor, or the lower one."""
    return act.t.new_array(_factor(act.t, a, lower, check_finite, "scipy.linalg.cholesky")[1])


@implements(_linalg.cho_factor)
def cho_factor(act: Activation, a: Any, lower: bool = False, overwrite_a: bool = False, check_finite: bool = True
               ) -> Any:
    """The factor in its triangle (the other one is left as it was), and whether that is the lower one."""
    t = act.t
    matrix, factor = _factor(t, a, lower, check_finite, "scipy.linalg.cho_factor")
    return t.new_array(t.emit("add", factor, triangle(t, matrix, not lower, strict=True))), bool(lower)


@implements(_linalg.cho_solve)
def cho_solve(act: Activation, c_and_lower: Any, b: Any, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """x with a x = b, by a Cholesky factor of a."""
    t = act.t
    factor, lower = t.environment.items(act, c_and_lower)
    if not isinstance(lower, bool):
        lower = bool(t.static_int(lower, "the triangle of a Cholesky factor"))
    matrix, right = two(t, factor, b)
    finite(t, check_finite, _plain(t, matrix, "scipy.linalg.cho_solve"), right)
    first = _by_triangle(t, matrix, right, lower, False, 0 if lower else 2)
    return _by_triangle(t, matrix, first, lower, False, 2 if lower else 0)


# ---------------------------------------------------------------------- decompositions
@implements(_linalg.svd)
def svd(act: Activation, a: Any, full_matrices: bool = True, compute_uv: bool = True, overwrite_a: bool = False,
        check_finite: bool = True, lapack_driver: str = "gesdd") -> Any:
    """The reduced decomposition, or the full one of a square matrix; or its values alone."""
    t = act.t
    refuse(t, "scipy.linalg.svd", lapack_driver=(lapack_driver, "gesdd"))
    stack, lead = stacked(t, matrix_of(t, a))
    finite(t, check_finite, stack)
    if compute_uv and full_matrices and not t.same(*stack.dims[1:]):
        t.fail("scipy.linalg.svd with full_matrices=True, whose further vectors have no derivative",
               "use full_matrices=False")
    u, s, vh = singular(t, stack)
    return tuple(unstacked(t, v, lead) for v in (u, s, vh)) if compute_uv else unstacked(t, s, lead)


@implements(_linalg.svdvals)
def svdvals(act: Activation, a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """Singular values, in falling order."""
    return svd(act, a, compute_uv=False, check_finite=check_finite)


@implements(_linalg.qr)
def qr(act: Activation, a: Any, overwrite_a: bool = False, lwork: Any = None, mode: str = "full",
       pivoting: bool = False, check_finite: bool = True) -> Any:
    """The reduced factors."""
    t = act.t
    refuse(t, "scipy.linalg.qr", mode=(mode, "economic"), pivoting=(pivoting, False))
    stack, lead = stacked(t, matrix_of(t, a))
    finite(t, check_finite, stack)
    return tuple(unstacked(t, v, lead) for v in qr_of(t, stack))


def _eigenvalues(t: Tracer, name: str, a: Any, b: Any, lower: Any, check: Any) -> Any:
    if b is not None:
        t.fail(f"a generalised problem in {name}", "reduce it by a Cholesky factor of b")
    matrix = square(t, a)
    finite(t, check, matrix)
    return eigen(t, matrix, not lower)[0]


@implements(_linalg.eigvalsh)
def eigvalsh(act: Activation, a: Any, b: Any = None, lower: bool = True, overwrite_a: bool = False,
             overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Eigenvalues of a Hermitian matrix, by one triangle."""
    t = act.t
    return _eigenvalues(t, "scipy.linalg.eigvalsh", a, b, lower, check_finite)


@implements(_linalg.eigh)
def eigh(act: Activation, a: Any, b: Any = None, lower: bool = True, eigvals_only: bool = False,
         overwrite_a: bool = False, overwrite_b: bool = False, check_finite: bool = True) -> Any:
    """Eigenvalues of a Hermitian matrix; the signs of its vectors are another choice than NumPy's."""
    t = act.t
    if not eigvals_only:
        t.fail("the eigenvectors of scipy.linalg.eigh", "use np.linalg.eigh")
    return _eigenvalues(t, "scipy.linalg.eigh", a, b, lower, check_finite)


@implements(_linalg.pinv)
def pinv(act: Activation, a: Any, atol: Any = None, rtol: Any = None, return_rank: bool = False,
         check_finite: bool = True) -> Any:
    """The pseudoinverse; it has a derivative where `a` has full rank."""
    t = act.t
    refuse(t, "scipy.linalg.pinv", atol=(atol, None), return_rank=(return_rank, False))
    stack, lead = stacked(t, matrix_of(t, a))
    finite(t, check_finite, stack)
    return unstacked(t, pseudoinverse(t, stack, machine_cutoff(t, stack) if rtol is None else rtol)[0], lead)


# ---------------------------------------------------------------------- triangular factors
def _packed(t: Tracer, a: Any, check: Any, name: str) -> tuple[Value, Value]:
    matrix = _plain(t, matrix_of(t, a), name)
    finite(t, check, matrix)
    if not t.same(*matrix.dims):
        t.environment.meet(*map(t.builder.resolve, matrix.dims))
        t.fail(f"{name} of a matrix that is not square", "use np.linalg.qr")
    return t.emit_all("lu", matrix)  # type: ignore[return-value]


def _inverted(t: Tracer, order: Value) -> Value:
    (n,) = order.dims
    return t.emit("scatter_store", t.emit("empty", n, kind=Kind.INT), t.emit("iota", n), order)


@implements(_linalg.lu)
def lu(act: Activation, a: Any, permute_l: bool = False, overwrite_a: bool = False, check_finite: bool = True,
       p_indices: bool = False) -> Any:
    """Permutation, lower and upper factor of a square matrix."""
    t = act.t
    packed, pivots = _packed(t, a, check_finite, "scipy.linalg.lu")
    order, n = t.emit("row_order", pivots), packed.dims[0]
    one = Constant(1, packed.kind)
    ones = t.emit("eq", t.emit("reshape", t.emit("iota", n), n, ONE), t.emit("reshape", t.emit("iota", n), ONE, n))
    low = t.emit("select", ones, one, triangle(t, packed, True, strict=True))
    up = t.new_array(triangle(t, packed, False))
    if permute_l:
        return t.new_array(t.emit("gather", low, _inverted(t, order))), up
    if p_indices:
        return t.new_array(_inverted(t, order)), t.new_array(low), up
    kind = packed.kind.real
    places = t.emit("full", Constant(0, kind), n, n)
    p = t.emit("scatter_store", places, Constant(1, kind), order, t.emit("iota", n))
    return t.new_array(p), t.new_array(low), up


@implements(_linalg.lu_factor)
def lu_factor(act: Activation, a: Any, overwrite_a: bool = False, check_finite: bool = True) -> Any:
    """The factors of a square matrix in one, and the exchanges of rows."""
    t = act.t
    return tuple(t.new_array(v) for v in _packed(t, a, check_finite, "scipy.linalg.lu_factor"))


@implements(_linalg.lu_solve)
def lu_solve(act: Activation, lu_and_piv: Any, b: Any, trans: Any = 0, overwrite_b: bool = False,
             check_finite: bool = True) -> Any:
    """x with op(a) x = b, by triangular factors of a."""
    t = act.t
    factors, pivots = t.environment.items(act, lu_and_piv)
    matrix, right = two(t, factors, b)
    finite(t, check_finite, _plain(t, matrix, "scipy.linalg.lu_solve"), right)
    if trans not in (0, 1, 2):
        raise ValueError(f"illegal value {trans} of trans")
    order = t.emit("row_order", arrays.read(t, need_array(t, pivots)))
    if trans == 0:
        right = t.new_array(t.emit("gather", arrays.operand(t, right, matrix.kind), order))
        first = _by_triangle(t, matrix, right, True, True, 0, False)
        return _by_triangle(t, matrix, first, False, False, 0, False)
    first = _by_triangle(t, matrix, right, False, False, trans, False)
    last = _by_triangle(t, matrix, first, True, True, trans, False)
    return t.new_array(t.emit("gather", arrays.read(t, last), _inverted(t, order)))


# ---------------------------------------------------------------------- functions of matrices, norms, blocks
@implements(_linalg.norm)
def norm(act: Activation, a: Any, ord: Any = None, axis: Any = None, keepdims: bool = False,
         check_finite: bool = True) -> Any:
    """As `np.linalg.norm`."""
    t = act.t
    array = need_array(t, a)
    finite(t, check_finite, array)
    return np_norm(act, array, ord, axis, keepdims)


@implements(_linalg.expm)
def expm(act: Activation, A: Any) -> Any:
    """The exponential of one matrix."""
    t = act.t
    matrix = _plain(t, square(t, A), "scipy.linalg.expm")
    return t.new_array(t.emit("expm", matrix))


@implements(_linalg.block_diag)
def block_diag(act: Activation, *arrays: Any) -> Any:
    """Matrices along the diagonal of one, zeros elsewhere."""
    t = act.t
    blocks = [need_array(t, as_operand(t, a)) for a in arrays]
    if any(b.rank > 2 for b in blocks):
        t.fail("scipy.linalg.block_diag of stacks", "give it matrices")
    blocks = [indexing.get(t, b, (None,)) if b.rank == 1 else b for b in blocks]
    kind = common_kind(*blocks)
    sizes: list[Value] = [Constant(0, Kind.INT), Constant(0, Kind.INT)]
    places = []
    for block in blocks:
        ends = [t.emit("add", s, d) for s, d in zip(sizes, block.dims, strict=True)]
        places.append(tuple(slice(t.dim(s), t.dim(e)) for s, e in zip(sizes, ends, strict=True)))
        sizes = ends
    made: Array = t.new_array(t.emit("full", Constant(0, kind), *sizes))
    for place, block in zip(places, blocks, strict=True):
        indexing.put(t, made, place, block)
    return made


@implements(_linalg.toeplitz)
def toeplitz(act: Activation, c: Any, r: Any = None) -> Any:
    """A matrix that is constant along its diagonals."""
    t = act.t
    column = need_array(t, c)
    if column.kind.is_complex and r is None:
        t.fail("scipy.linalg.toeplitz of one complex vector", "give its conjugate as r")
    row = column if r is None else need_array(t, r)
    if column.rank != 1 or row.rank != 1:
        t.fail("scipy.linalg.toeplitz of other than vectors", "give it vectors")
    kind = common_kind(column, row)
    rows, columns = t.emit("iota", column.dims[0]), t.emit("iota", row.dims[0])
    i, j = t.emit("reshape", rows, column.dims[0], ONE), t.emit("reshape", columns, ONE, row.dims[0])
    below = t.emit("ge", i, j)
    zero = Constant(0, Kind.INT)
    down, right = (t.emit("maximum", t.emit("sub", *pair), zero) for pair in ((i, j), (j, i)))
    parts = [t.emit("gather", arrays.operand(t, v, kind), at) for v, at in ((column, down), (row, right))]
    return t.new_array(t.emit("select", below, *parts))


