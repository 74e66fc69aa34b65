"""`scipy.linalg`, where it means what `np.linalg` means, and its own: triangles, Cholesky factors, `expm`, blocks.

`overwrite_...` is not asked (nothing is overwritten); `check_finite` raises as SciPy does.
"""

from __future__ import annotations

from typing import Any

from workbench.deferred import Library
from workbench.frontend import arrays, indexing
from workbench.frontend.library.arguments import bound, refuse
from workbench.frontend.library.elementwise import as_operand
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
    transposed,
    triangle,
    two,
    unstacked,
)
from workbench.frontend.library.norms import norm as np_norm
from workbench.frontend.library.registry import handles
from workbench.frontend.library.shaping import need_array
from workbench.frontend.numbers import common_kind
from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Array
from workbench.ir import Constant, Kind, Value

_linalg = Library("scipy.linalg")
_ALL = {"overwrite_a": False, "check_finite": True}
_TWO = {"overwrite_a": False, "overwrite_b": False, "check_finite": True}


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
        whole = t.emit("add", part, transposed(t, rest, conjugate=False))
        if assume[0] == "p":
            cholesky_factor(t, whole, False)  # raises where the matrix is not positive definite
        return whole
    if assume not in ("upper triangular", "lower triangular"):
        t.fail(f"assume_a={assume!r} of {name}", "leave it out")
    return triangle(t, a, assume.startswith("lower"))


@handles(_linalg.solve)
def solve(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.solve(a, b)`."""
    t: Tracer = act.t
    a, b, lower, _, _, check, assume, turned = bound(
        t, "scipy.linalg.solve", args, named, "a", "b", lower=False, **_TWO, assume_a=None, transposed=False)
    matrix, right = two(t, a, b)
    finite(t, check, _plain(t, matrix, "scipy.linalg.solve"), right)
    matrix = _structured(t, matrix, assume, bool(lower), "scipy.linalg.solve")
    return solve_matrices(t, transposed(t, matrix, conjugate=False) if turned else matrix, right, "solve")


@handles(_linalg.solve_triangular)
def solve_triangular(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False)`."""
    t: Tracer = act.t
    a, b, trans, lower, unit, _, check = bound(
        t, "scipy.linalg.solve_triangular", args, named, "a", "b", trans=0, lower=False, unit_diagonal=False,
        overwrite_b=False, check_finite=True)
    matrix, right = two(t, a, b)
    finite(t, check, _plain(t, matrix, "scipy.linalg.solve_triangular"), right)
    turn = {"N": 0, "T": 1, "C": 2}.get(trans, trans)
    if turn not in (0, 1, 2):
        raise ValueError(f"invalid trans {trans!r}")
    return _by_triangle(t, matrix, right, bool(lower), bool(unit), turn)


def _by_triangle(t: Tracer, matrix: Value, right: Array, lower: bool, unit: bool, turn: int,
                 checked: bool = True) -> Any:
    """x with op(a) x = b by one triangle; op: nothing, transposed, conjugate transposed."""
    if turn:
        matrix, lower = transposed(t, matrix, conjugate=turn == 2), not lower
    return solve_matrices(t, matrix, right, "solve_triangular", checked, lower=lower, unit=unit)


@handles(_linalg.inv)
def inv(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.inv(a)`."""
    t: Tracer = act.t
    a, _, check, assume, lower = bound(t, "scipy.linalg.inv", args, named, "a", **_ALL, assume_a=None, lower=False)
    matrix = square(t, a)
    finite(t, check, matrix)
    return t.new_array(inverse(t, _structured(t, matrix, assume, bool(lower), "scipy.linalg.inv")))


@handles(_linalg.det)
def det(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.det(a)`."""
    t: Tracer = act.t
    a, _, check = bound(t, "scipy.linalg.det", args, named, "a", **_ALL)
    stack, lead = stacked(t, square(t, a))
    finite(t, check, stack)
    return unstacked(t, t.emit("det", stack), lead)


# ---------------------------------------------------------------------- Cholesky
def _factor(t: Tracer, args: tuple[Any, ...], named: dict[str, Any], name: str) -> tuple[Value, Value, bool]:
    """The matrix, its factor, and whether that is the lower one."""
    a, lower, _, check = bound(t, name, args, named, "a", lower=False, **_ALL)
    matrix = _plain(t, square(t, a), name)
    finite(t, check, matrix)
    return matrix, cholesky_factor(t, matrix, not lower), bool(lower)


@handles(_linalg.cholesky)
def cholesky(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.cholesky(a, lower=False)`."""
    return act.t.new_array(_factor(act.t, args, named, "scipy.linalg.cholesky")[1])


@handles(_linalg.cho_factor)
def cho_factor(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.cho_factor(a, lower=False)`: the other triangle is left as it was."""
    t: Tracer = act.t
    matrix, factor, lower = _factor(t, args, named, "scipy.linalg.cho_factor")
    return t.new_array(t.emit("add", factor, triangle(t, matrix, not lower, strict=True))), lower


@handles(_linalg.cho_solve)
def cho_solve(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.cho_solve((c, lower), b)`."""
    t: Tracer = act.t
    pair, b, _, check = bound(t, "scipy.linalg.cho_solve", args, named, "c_and_lower", "b", overwrite_b=False,
                              check_finite=True)
    factor, lower = t.environment.items(act, pair)
    if not isinstance(lower, bool):
        lower = bool(t.static_int(lower, "the triangle of a Cholesky factor"))
    matrix, right = two(t, factor, b)
    finite(t, check, _plain(t, matrix, "scipy.linalg.cho_solve"), right)
    first = _by_triangle(t, matrix, right, lower, False, 0 if lower else 2)
    return _by_triangle(t, matrix, first, lower, False, 2 if lower else 0)


# ---------------------------------------------------------------------- decompositions
@handles(_linalg.svd)
def svd(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.svd(a, full_matrices=False)`, or of a square matrix; or its values alone."""
    t: Tracer = act.t
    a, full, vectors, _, check, driver = bound(t, "scipy.linalg.svd", args, named, "a", full_matrices=True,
                                               compute_uv=True, **_ALL, lapack_driver="gesdd")
    refuse(t, "scipy.linalg.svd", lapack_driver=(driver, "gesdd"))
    stack, lead = stacked(t, matrix_of(t, a))
    finite(t, check, stack)
    if vectors and full and not t.same(*stack.dims[1:]):
        t.fail("scipy.linalg.svd with full_matrices=True, whose further vectors have no derivative",
               "use full_matrices=False")
    u, s, vh = singular(t, stack)
    return tuple(unstacked(t, v, lead) for v in (u, s, vh)) if vectors else unstacked(t, s, lead)


@handles(_linalg.svdvals)
def svdvals(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.svdvals(a)`."""
    t: Tracer = act.t
    a, overwrite, check = bound(t, "scipy.linalg.svdvals", args, named, "a", **_ALL)
    return svd(act, (a,), {"compute_uv": False, "overwrite_a": overwrite, "check_finite": check})


@handles(_linalg.qr)
def qr(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.qr(a, mode='economic')`."""
    t: Tracer = act.t
    a, _, _, mode, pivoting, check = bound(t, "scipy.linalg.qr", args, named, "a", overwrite_a=False, lwork=None,
                                           mode="full", pivoting=False, check_finite=True)
    refuse(t, "scipy.linalg.qr", mode=(mode, "economic"), pivoting=(pivoting, False))
    stack, lead = stacked(t, matrix_of(t, a))
    finite(t, check, stack)
    return tuple(unstacked(t, v, lead) for v in qr_of(t, stack))


def _eigenvalues(t: Tracer, name: str, a: Any, b: Any, lower: Any, check: Any) -> Any:
    if b is not None:
        t.fail(f"a generalised problem in {name}", "reduce it by a Cholesky factor of b")
    matrix = square(t, a)
    finite(t, check, matrix)
    return eigen(t, matrix, not lower)[0]


@handles(_linalg.eigvalsh)
def eigvalsh(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.eigvalsh(a, lower=True)`."""
    t: Tracer = act.t
    a, b, lower, _, _, check = bound(t, "scipy.linalg.eigvalsh", args, named, "a", b=None, lower=True, **_TWO)
    return _eigenvalues(t, "scipy.linalg.eigvalsh", a, b, lower, check)


@handles(_linalg.eigh)
def eigh(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.eigh(a, eigvals_only=True)`: the signs of its vectors are another choice than NumPy's."""
    t: Tracer = act.t
    a, b, lower, only, _, _, check = bound(t, "scipy.linalg.eigh", args, named, "a", b=None, lower=True,
                                           eigvals_only=False, **_TWO)
    if not only:
        t.fail("the eigenvectors of scipy.linalg.eigh", "use np.linalg.eigh")
    return _eigenvalues(t, "scipy.linalg.eigh", a, b, lower, check)


@handles(_linalg.pinv)
def pinv(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.pinv(a, rtol=...)`."""
    t: Tracer = act.t
    a, atol, rtol, rank, check = bound(t, "scipy.linalg.pinv", args, named, "a", atol=None, rtol=None,
                                       return_rank=False, check_finite=True)
    refuse(t, "scipy.linalg.pinv", atol=(atol, None), return_rank=(rank, False))
    stack, lead = stacked(t, matrix_of(t, a))
    finite(t, check, stack)
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


@handles(_linalg.lu)
def lu(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.lu(a)` of a square matrix."""
    t: Tracer = act.t
    a, permute, _, check, indices = bound(t, "scipy.linalg.lu", args, named, "a", permute_l=False, **_ALL,
                                          p_indices=False)
    packed, pivots = _packed(t, a, check, "scipy.linalg.lu")
    order, n = t.emit("row_order", pivots), packed.dims[0]
    one = Constant(1, packed.kind)
    ones = t.emit("eq", t.emit("reshape", t.emit("iota", n), n, ONE), t.emit("reshape", t.emit("iota", n), ONE, n))
    low = t.emit("select", ones, one, triangle(t, packed, True, strict=True))
    up = t.new_array(triangle(t, packed, False))
    if permute:
        return t.new_array(t.emit("gather", low, _inverted(t, order))), up
    if indices:
        return t.new_array(_inverted(t, order)), t.new_array(low), up
    kind = packed.kind.real
    places = t.emit("full", Constant(0, kind), n, n)
    p = t.emit("scatter_store", places, Constant(1, kind), order, t.emit("iota", n))
    return t.new_array(p), t.new_array(low), up


@handles(_linalg.lu_factor)
def lu_factor(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.lu_factor(a)` of a square matrix."""
    t: Tracer = act.t
    a, _, check = bound(t, "scipy.linalg.lu_factor", args, named, "a", **_ALL)
    return tuple(t.new_array(v) for v in _packed(t, a, check, "scipy.linalg.lu_factor"))


@handles(_linalg.lu_solve)
def lu_solve(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.lu_solve((lu, piv), b, trans=0)`."""
    t: Tracer = act.t
    pair, b, trans, _, check = bound(t, "scipy.linalg.lu_solve", args, named, "lu_and_piv", "b", trans=0,
                                     overwrite_b=False, check_finite=True)
    factors, pivots = t.environment.items(act, pair)
    matrix, right = two(t, factors, b)
    finite(t, check, _plain(t, matrix, "scipy.linalg.lu_solve"), right)
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
@handles(_linalg.norm)
def norm(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.norm(a, ord=None, axis=None, keepdims=False)`."""
    t: Tracer = act.t
    a, order, axis, keepdims, check = bound(t, "scipy.linalg.norm", args, named, "a", ord=None, axis=None,
                                            keepdims=False, check_finite=True)
    array = need_array(t, a)
    finite(t, check, array)
    return np_norm(act, (array, order, axis, keepdims), {})


@handles(_linalg.expm)
def expm(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.expm(A)` of one matrix."""
    t: Tracer = act.t
    matrix = _plain(t, square(t, *bound(t, "scipy.linalg.expm", args, named, "A")), "scipy.linalg.expm")
    return t.new_array(t.emit("expm", matrix))


@handles(_linalg.block_diag)
def block_diag(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.block_diag(*arrays)`."""
    t: Tracer = act.t
    blocks = [need_array(t, as_operand(t, a)) for a in args]
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


@handles(_linalg.toeplitz)
def toeplitz(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`scipy.linalg.toeplitz(c, r=None)`: constant along diagonals."""
    t: Tracer = act.t
    c, r = bound(t, "scipy.linalg.toeplitz", args, named, "c", r=None)
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


