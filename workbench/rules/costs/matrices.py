"""What elimination and substitution do, by blocks of 48 rows (`kernels.matrices`).

Blocks but the last are full. Invariant: `rest` is how many of them have another one behind: that, and how wide the last
one is, follows from the size alone. Pivots are taken not to be zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.ir import Op
from workbench.rules.costs.amounts import INTEGERS, Amount, Amounts, Of, Sizes, elements
from workbench.rules.kernels.matrices import lu_in_place, stack_of

BLOCK = 48


def by_blocks(size: Sizes, n: Amount, block: Callable[[Amount, Amount, Amount, Amount], Amounts]) -> Amounts:
    """The sum over blocks; `block` is given the rows before it, its own, and how many blocks, none or one, are right
    before and behind it."""
    rest, several = size.of_size("blocks", _full, n), size.positive(n - BLOCK)
    full = size.summed(rest, lambda q: block(BLOCK * q, BLOCK, 1, 1))
    nothing_before = block(0, BLOCK, 0, 1) + block(0, BLOCK, 1, 1) * -1
    return full + nothing_before * several + block(BLOCK * rest, n - BLOCK * rest, several, 0)


def _full(n: int) -> int:
    """How many blocks of that many rows have another one behind them."""
    return max(n - 1, 0) // BLOCK


def stack(op: Op, size: Sizes, operand: int = 0) -> tuple[Amount, Amount, Amount]:
    """How many matrices, and how large they are."""
    value = op.operands[operand]
    count: Amount = 1
    for dim in value.dims[:-2]:
        count = size(dim) * count
    rows, columns = (size(dim) for dim in value.dims[-2:])
    return count, rows, columns


def exchanges(a: Any, *others: Any) -> int:
    """How often elimination exchanges rows in a stack of matrices."""
    return sum(_exchanges(matrix) for matrix in stack_of(np.ascontiguousarray(a)))


def _exchanges(a: Any) -> int:
    order = np.empty(len(a), np.int64)
    with np.errstate(all="ignore"):
        lu_in_place(a.copy(), order)
    held, found = list(range(len(a))), 0
    for k, row in enumerate(order.tolist()):
        place = held.index(row)
        found += place != k
        held[k], held[place] = held[place], held[k]
    return found


def lu(size: Sizes, of: Of, n: Amount) -> Amounts:
    """`lu_in_place`, but for exchanges."""
    step = of.loads(1, mul=1, sub=1) + of.update()

    def block(start: Amount, width: Amount, before: Amount, behind: Amount) -> Amounts:
        below = n - start - width

        def column(k: Amount) -> Amounts:
            under, right = n - start - k - 1, width - k - 1
            found = of.load + of.size + (of.load + of.size) * under + of.load
            factors = of.loads(2, div=1) + of.store + step * right
            return found + factors * under + (of.load + step * below) * right * behind

        square = below * below
        product = of.copy(below * width) + of.copy(width * below) + of.product(below, width, below)
        return size.summed(width, column) + (product + (of.load + of.update(sub=1)) * square) * behind
    return INTEGERS.store * n + by_blocks(size, n, block)


def exchange(of: Of, n: Amount) -> Amounts:
    """Two rows, and their places in the order."""
    return (INTEGERS.load + INTEGERS.store) * 2 + (of.load + of.store) * 2 * n


def substitution(size: Sizes, of: Of, n: Amount, m: Amount, unit: bool) -> Amounts:
    """`forward_in_place`, and `backward_in_place`, which does the same from the other end."""
    def block(start: Amount, width: Amount, before: Amount, behind: Amount) -> Amounts:
        product = (of.copy(width * start) + of.copy(start * m) + of.product(width, start, m)
                   + (of.load + of.update(sub=1)) * width * m) * before
        row = size.summed(width, lambda k: (of.load + (of.loads(1, mul=1, sub=1) + of.update()) * m) * k)
        ends = Amounts() if unit else (of.load + of.update(div=1)) * width * m
        return product + row + ends
    return by_blocks(size, n, block)


def solve(op: Op, size: Sizes) -> Amounts:
    """`solve_matrices`."""
    count, n, m = stack(op, size, 1)
    return solving(op, size, count, n, m, size.measured("exchanges", exchanges))


def solving(op: Op, size: Sizes, count: Amount, n: Amount, m: Amount, exchanged: Amount) -> Amounts:
    """Equations with m right-hand sides."""
    of = Of(op.operands[0].kind)
    room = of.new(count * n * m) + of.copy(count * n * n) + INTEGERS.new(n)
    each = (lu(size, of, n) + (INTEGERS.load + of.load + of.store) * n * m + substitution(size, of, n, m, True)
            + substitution(size, of, n, m, False) + of.load * n)
    return room + each * count + exchange(of, n) * exchanged


def inverse(op: Op, size: Sizes) -> Amounts:
    """`inverse_matrices`."""
    count, n, _ = stack(op, size)
    of = Of(op.operands[0].kind)
    return of.new(count * n * n, True) + of.store * count * n + solving(
        op, size, count, n, n, size.measured("exchanges", exchanges))


def triangular(op: Op, size: Sizes) -> Amounts:
    """`solve_triangles`."""
    count, n, m = stack(op, size, 1)
    of = Of(op.operands[0].kind)
    unit = op.attrs["unit"]
    each = substitution(size, of, n, m, unit) + (Amounts() if unit else of.load * n)
    return of.copy(count * n * m) + each * count


def determinant(op: Op, size: Sizes) -> Amounts:
    """`determinants`."""
    count, n, _ = stack(op, size)
    of = Of(op.operands[0].kind)
    each = of.copy(n * n) + INTEGERS.new(n) + lu(size, of, n) + of.loads(1, mul=1) * n + of.store
    return of.new(count) + each * count + exchange(of, n) * size.measured("exchanges", exchanges)


def logarithm(op: Op, size: Sizes) -> Amounts:
    """`signs_and_logs`."""
    count, n, _ = stack(op, size)
    of, real = Of(op.operands[0].kind), Of(op.results[1].kind)
    row = of.loads(2, div=1, mul=1, log=1, add=1) + of.size
    each = (of.copy(n * n) + INTEGERS.new(n) + lu(size, of, n) + of.size + {"mul": 1} + row * n + of.store
            + real.store)
    return of.new(count) + real.new(count) + each * count + exchange(of, n) * size.measured("exchanges", exchanges)


def packed(op: Op, size: Sizes) -> Amounts:
    """`packed_factors`."""
    n = size(op.operands[0].dims[0])
    of = Of(op.operands[0].kind)
    search = INTEGERS.load * 2 * size.measured("places asked", _places_asked)
    swaps = (INTEGERS.load + INTEGERS.store) * 2 * n + INTEGERS.store * n
    return (of.copy(n * n) + INTEGERS.new(n) + INTEGERS.new(n, True) + INTEGERS.new(n) + lu(size, of, n) + swaps
            + exchange(of, n) * size.measured("exchanges", exchanges) + search)


def _places_asked(a: Any) -> int:
    order = np.empty(len(a), np.int64)
    lu_in_place(a.copy(), order)
    held, found = list(range(len(a))), 0
    for k, row in enumerate(order.tolist()):
        place = held.index(row, k)
        found += place - k + 1
        held[k], held[place] = held[place], held[k]
    return found


def row_order(op: Op, size: Sizes) -> Amounts:
    """`order_of_rows`."""
    n = size(op.operands[0].dims[0])
    return INTEGERS.new(n, True) + (INTEGERS.load * 4 + INTEGERS.store * 2) * n


def product(op: Op, size: Sizes) -> Amounts:
    """A product of matrices by BLAS; of a stack (`kernels.products`), small ones are written out. No number is taken to
    be tiny."""
    a, b = op.operands
    of = Of(op.result.kind)
    turned = op.attrs.get("turned", (False, False))
    inner = size(a.dims[-2 if turned[0] and a.rank > 1 else -1])
    if op.result.rank <= 2:
        terms = elements(op.result, size)
        amounts = Amounts(fma=terms * inner, call=1, read=(elements(a, size) + elements(b, size)) * of.bytes)
        return amounts + of.new(terms, True) if op.result.is_array else amounts
    count, rows, columns = (size(dim) for dim in op.result.dims)
    terms = rows * inner * columns
    large = size.positive(terms - 512)
    written_out = of.store * rows * columns + of.load * rows * inner + (of.load + of.update(mul=1, add=1)) * terms
    asked = Amounts()
    if of.bytes == 8:
        asked = (of.load + of.size) * (rows * inner + inner * columns) * size.positive(rows - 31) * size.positive(
            columns - 31)
    by_library = of.product(rows, inner, columns, into=True) + asked
    return of.new(count * rows * columns) + (written_out * (1 - large) + by_library * large) * count
