"""What kernels hold beside their operands and results while they run, at most: the rules of `Primitive.workspace`.

They are told the extents of operands (`dims`, `itemsize`, `larger` and `smaller` of two lengths, which may be formulas,
and their `quotient`) and give bytes. Kernels go by blocks of 48 rows: what they hold for products of blocks is nothing
where one block is all. Of Cholesky's blocks it is a bound, as is what LAPACK's routines ask for.
"""

from __future__ import annotations

from typing import Any

BLOCK = 48
INDEX = 8  # bytes of an integer


def size(a: Any) -> Any:
    """The bytes of an array."""
    total: Any = a.itemsize
    for dim in a.dims:
        total = total * dim
    return total


def matrix(a: Any) -> Any:
    """The bytes of one matrix of a stack."""
    return a.dims[-2] * a.dims[-1] * a.itemsize


def _rest(a: Any, n: Any) -> Any:
    """The rows beyond the first block."""
    return a.larger(n - BLOCK, 0)


def _elimination(a: Any) -> Any:
    """Two copies of blocks and their product, of `lu_in_place`."""
    rest = _rest(a, a.dims[-1])
    return (rest * rest + rest * (2 * BLOCK)) * a.itemsize


def _substitution(a: Any, m: Any) -> Any:
    """The same of `forward_in_place` and `backward_in_place` with m columns."""
    n = a.dims[-1]
    start = a.quotient(a.larger(n - 1, 0), BLOCK) * BLOCK  # of the last block
    rows, before = n - start, a.larger(start - BLOCK, 0)
    last = start * (rows + m) + rows * m * a.smaller(start, 1)
    return a.larger(last, before * (m + BLOCK) + a.smaller(before, 1) * m * BLOCK) * a.itemsize


def solve(a: Any, b: Any) -> Any:
    """A copy of the matrices, an order of rows, and what products of blocks take."""
    return size(a) + a.dims[-1] * INDEX + a.larger(_elimination(a), _substitution(a, b.dims[-1]))


def inv(a: Any) -> Any:
    """Solves with a stack of identities."""
    return size(a) + solve(a, a)


def solve_triangular(a: Any, b: Any) -> Any:
    """What products of blocks take."""
    return _substitution(a, b.dims[-1])


def determinant(a: Any) -> Any:
    """A copy of one matrix, an order of rows, and what products of blocks take."""
    return matrix(a) + a.dims[-1] * INDEX + _elimination(a)


def adjugate(a: Any) -> Any:
    """A copy of all matrices, an order of rows, and one matrix, or what products of blocks take."""
    return size(a) + a.dims[-1] * INDEX + a.larger(matrix(a), _elimination(a))


def lu(a: Any) -> Any:
    """Two orders of rows, and what products of blocks take."""
    return a.dims[-1] * (2 * INDEX) + _elimination(a)


def cholesky(a: Any) -> Any:
    """Two copies of blocks to the left and their product."""
    n = a.dims[-1]
    rest = _rest(a, n)
    return ((n + BLOCK) * (n + BLOCK) / 4 * a.smaller(rest, 1) + rest * (2 * BLOCK)) * a.itemsize


def cholesky_pullback(a: Any, bar: Any) -> Any:
    """A block, and what products of blocks take."""
    block = a.smaller(a.dims[-1], BLOCK)
    return (block * block + _rest(a, a.dims[-1]) * (4 * BLOCK)) * a.itemsize


def qr(a: Any) -> Any:
    """Two matrices, transposed, and two vectors."""
    return matrix(a) * 2 + a.dims[-1] * (2 * a.itemsize)


def argsort(a: Any) -> Any:
    """A line of places."""
    return a.dims[-1] * INDEX


def expm(a: Any) -> Any:
    """Seven matrices, or three and what solving takes."""
    return a.larger(size(a) * 7, size(a) * 3 + a.dims[-1] * INDEX + a.larger(
        _elimination(a), _substitution(a, a.dims[-1])))


def eigh(a: Any) -> Any:
    """A copy of one matrix with its eigenvalues, and what LAPACK's divide and conquer asks for."""
    n = a.dims[-1]
    return matrix(a) * 3 + n * (9 * a.itemsize + 5 * INDEX // 2) + 64 * a.itemsize


def svd(a: Any, k: Any) -> Any:
    """A copy of one matrix, its decomposition, and what LAPACK's divide and conquer asks for."""
    m, n = a.dims[-2:]
    least = a.smaller(m, n)
    held = m * n + m * least + least * n + least
    return (held + a.larger(least * least * 3 + least * 7, (m + n) * 32 + least * 3) + least * 4) * a.itemsize


def pinv(a: Any, cutoff: Any) -> Any:
    """All decompositions, and beside them what the last one took, or the factors of one product."""
    m, n = a.dims[-2:]
    count, least = a.dims[0], a.smaller(m, n)
    held = (m * least + least + least * n) * count * a.itemsize
    return held + a.larger(svd(a, cutoff) - size(a), (least * n + m * least * 2) * a.itemsize)


def adjugate_change(a: Any, b: Any) -> Any:
    """The decomposition of one matrix, turned, and products of it."""
    return matrix(a) * 10 + a.dims[-1] * (8 * a.itemsize)


def fft(a: Any) -> Any:
    """Roots of unity, two lines and a few numbers: where no prime factor of the length is large."""
    return a.dims[-1] * (3 * a.itemsize) + 32 * a.itemsize + 64 * INDEX


def rfft(a: Any, m: Any) -> Any:
    """Pairs of lines, and their transforms."""
    count, n = a.dims
    wide = 2 * a.itemsize
    pair = a.quotient(count + 1, 2) * n * wide
    return a.larger(pair * 2 + n * (3 * wide) + 32 * wide + 64 * INDEX - count * (a.quotient(n, 2) + 1) * wide, pair)


def irfft(a: Any, n: Any) -> Any:
    """Pairs of lines, and their transforms."""
    count, m = a.dims
    length = a.larger(m - 1, 0) * 2
    pair = a.quotient(count + 1, 2) * length * a.itemsize
    line = length * (3 * a.itemsize) + 32 * a.itemsize + 64 * INDEX
    return a.larger(pair * 2 + line - count * length * a.itemsize / 2, pair)
