"""What QR factors do, by reflections (`kernels.qr`). No column is taken to be reduced already."""

from __future__ import annotations

from workbench.ir import Op
from workbench.rules.costs.amounts import Amount, Amounts, Of, Sizes
from workbench.rules.costs.matrices import stack


def factors(op: Op, size: Sizes) -> Amounts:
    """`qr_factors`."""
    count, m, n = stack(op, size)
    of = Of(op.operands[0].kind)
    room = of.new(count * m * n) + of.new(count * n * n, True)
    each = (of.copy(m * n) + of.new(n * m) + _factor(size, of, n, m) + (of.load + of.store) * m * n
            + size.summed(n, lambda i: (of.load + of.store) * (i + 1)))
    return room + each * count


def _factor(size: Sizes, of: Of, n: Amount, m: Amount) -> Amounts:
    """`qr_in_place`: reflections of the columns behind, then of Q's columns, from the last to the first."""
    def column(k: Amount) -> Amounts:
        length, behind = m - k, n - k - 1
        taken = (_reflect(of, length) + of.load + of.conj) * behind
        return _reflector(size, of, length) + of.store * 2 + taken

    def turned(k: Amount) -> Amounts:
        return of.store * (m + 1) + (_reflect(of, m - k) + of.load) * (n - k)
    return of.new(n) + of.new(n) + size.summed(n, column) + size.summed(n, turned) + (of.load + of.store) * n


def _reflector(size: Sizes, of: Of, length: Amount) -> Amounts:
    """Of a real column of one element nothing is left to be done."""
    rest = length - 1
    largest = ((of.load + of.size) * 2 + {"maximum": 1, "add": 1}) * rest
    squares = (of.load + of.size + {"div": 1, "pow": 1, "add": 1}) * length
    found = of.size + of.real + {"maximum": 1, "sqrt": 1, "mul": 2, "copysign": 1, "sub": 1}
    scaled = (of.update(sub=1, div=1)) * rest + of.store + {"sub": 1, "div": 1}
    whole = largest + squares + found + scaled
    if of.kind.is_complex:
        return of.load + whole + of.imag * (1 - size.positive(rest))
    return of.load + whole * size.positive(rest) + Amounts(mul=1) * (1 - size.positive(rest))


def _reflect(of: Of, length: Amount) -> Amounts:
    along = of.loads(2, mul=1, add=1) + of.conj
    return of.loads(1, mul=2) + (along + of.loads(1, mul=1, sub=1) + of.update()) * length
