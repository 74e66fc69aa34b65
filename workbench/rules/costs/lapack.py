"""What decompositions of LAPACK cost in its own documentation: nominal operations, operands read and results written
once, and the least room that it asks for to work in.

Operations of complex numbers count as four of real ones. Source: Golub & Van Loan, Matrix Computations (2013), 8.3.3
(eigenvalues by tridiagonal matrices, whose reduction is that of LAPACK Working Note 41), 8.6.3 (singular values);
Anderson et al., LAPACK Users' Guide (1999): `syevd`, `heevd`, `gesdd`.
"""

from __future__ import annotations

from workbench.ir import Kind, Op
from workbench.rules.costs.amounts import Amount, Amounts, Of, Sizes
from workbench.rules.costs.matrices import stack

_WORD = 4  # LAPACK's integers


def _room(amount: Amount) -> Amounts:
    return Amounts(allocation=1, allocated=amount)


def eigenvalues(size: Sizes, of: Of, n: Amount) -> Amounts:
    """`eigh` of one matrix: a copy by columns, which becomes the vectors, and the values."""
    real = Of(of.kind.real)
    done = Amounts(library=9 * n * n * n * (4 if of.kind.is_complex else 1), call=1)
    work = _room((3 + 5 * n) * _WORD)
    if of.kind.is_complex:
        work = work + _room((2 * n + n * n) * of.bytes) + _room((1 + 5 * n + 2 * n * n) * real.bytes)
    else:
        work = work + _room((1 + 6 * n + 2 * n * n) * of.bytes)
    return done + of.copy(n * n) + real.new(n, True) + work


def singular_values(size: Sizes, of: Of, m: Amount, n: Amount) -> Amounts:
    """`svd` of one matrix, reduced: a copy by columns, and the three factors."""
    real = Of(of.kind.real)
    large = size.maximum(m, n)
    small = m + n - large
    squares = small * small
    done = Amounts(library=(14 * large * squares + 8 * squares * small) * (4 if of.kind.is_complex else 1), call=1)
    work = _room(8 * small * _WORD)
    if of.kind.is_complex:
        least = size.maximum(5 * squares + 5 * small, 2 * large * small + 2 * squares + small)
        work = work + _room((squares + 3 * small) * of.bytes) + _room(least * real.bytes)
    else:
        work = work + _room((4 * squares + 7 * small) * of.bytes)
    return (done + of.copy(m * n) + of.new(m * small, True) + real.new(small, True) + of.new(small * n, True) + work)


def eigh(op: Op, size: Sizes) -> Amounts:
    """`eigenpairs`; numbers are taken to be finite."""
    count, n, _ = stack(op, size)
    of, real = Of(op.operands[0].kind), Of(op.results[0].kind)
    there = size.positive(n)
    each = (of.load * n * n + eigenvalues(size, of, n) + (real.load + real.store) * n
            + (of.load + of.store) * n * n) * there
    return of.new(count * n * n, True) + real.new(count * n, True) + each * count


def svd(op: Op, size: Sizes) -> Amounts:
    """`singular_triples`; numbers are taken to be finite."""
    count, m, n = stack(op, size)
    return _triples(size, Of(op.operands[0].kind), count, m, n)


def _triples(size: Sizes, of: Of, count: Amount, m: Amount, n: Amount) -> Amounts:
    real = Of(of.kind.real)
    k = m + n - size.maximum(m, n)
    room = of.new(count * m * k, True) + real.new(count * k, True) + of.new(count * k * n, True)
    each = (of.load * m * n + singular_values(size, of, m, n) + (of.load + of.store) * (m * k + k * n)
            + (real.load + real.store) * k) * size.positive(k)
    return room + each * count


def pinv(op: Op, size: Sizes) -> Amounts:
    """`pseudoinverses`; all singular values are taken to be above the cutoff."""
    count, m, n = stack(op, size)
    of, real, whole = Of(op.operands[0].kind), Of(op.operands[0].kind.real), Of(Kind.INT)
    k = m + n - size.maximum(m, n)
    column = real.loads(2, mul=1) + whole.load + whole.store + (of.update(div=1) + real.load) * n
    each = (of.conjugate(k * n) + of.copy(k * n) + column * k + of.conjugate(m * k) + of.copy(m * k)
            + of.product(n, k, m) + (of.load + of.store) * n * m) * size.positive(k)
    return (_triples(size, of, count, m, n) + of.new(count * n * m, True) + whole.new(count, True) + each * count)
