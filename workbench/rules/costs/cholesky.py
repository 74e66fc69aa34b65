"""What Cholesky factors and their pullbacks do, by blocks of 48 columns (`kernels.cholesky`)."""

from __future__ import annotations

from workbench.ir import Op
from workbench.rules.costs.amounts import Amount, Amounts, Of, Sizes
from workbench.rules.costs.matrices import by_blocks, stack


def factors(op: Op, size: Sizes) -> Amounts:
    """`cholesky_factors`."""
    count, n, _ = stack(op, size)
    of = Of(op.operands[0].kind)
    above = size.summed(n, lambda i: of.store * i)
    return of.copy(count * n * n) + (_factor(size, of, n) + above) * count


def _factor(size: Sizes, of: Of, n: Amount) -> Amounts:
    term = of.loads(2, mul=1, sub=1) + of.conj

    def block(start: Amount, width: Amount, before: Amount, behind: Amount) -> Amounts:
        below = n - start - width
        product = (of.copy((n - start) * start) + of.conjugate(width * start) + of.copy(width * start)
                   + of.product(n - start, start, width))
        subtracted = size.summed(width, lambda k: (of.load + of.update(sub=1)) * (k + 1)) + (
            of.load + of.update(sub=1)) * below * width

        def column(k: Amount) -> Amounts:
            pivot = of.load + of.real + (term + of.real) * k + of.store + {"sqrt": 1}
            return pivot + (of.load + of.store + {"div": 1} + term * k) * (n - start - k - 1)
        return (product + subtracted) * before + size.summed(width, column)
    return by_blocks(size, n, block)


def pullback(op: Op, size: Sizes) -> Amounts:
    """`cholesky_pullbacks`."""
    count, n, _ = stack(op, size)
    of = Of(op.operands[0].kind)
    above = size.summed(n, lambda i: of.store * i)
    return of.copy(count * n * n) + (_pulled_back(size, of, n) + above) * count


def _pulled_back(size: Sizes, of: Of, n: Amount) -> Amounts:
    step = of.loads(1, mul=1, sub=1) + of.update()

    def block(below: Amount, width: Amount, before: Amount, behind: Amount) -> Amounts:
        left = n - below - width
        rows = size.summed(width, lambda k: of.load + of.real + of.update(div=1) + (step + of.load) * k) * below
        subtracted = of.load + of.update(sub=1)
        first = (of.copy(below * width) + of.conjugate(below * width) + of.copy(below * width)
                 + of.copy(below * (left + width)) + of.product(width, below, left + width)
                 + size.summed(width, lambda k: subtracted * (left + k + 1)))
        second = (of.copy(width * left) + of.product(below, width, left) + subtracted * below * left)
        square = of.new(width * width, True) * size.positive(width)

        def column(k: Amount) -> Amounts:
            under = width - k - 1
            pivot = (of.load + of.real) * 2 + {"mul": 1, "div": 1} + (
                of.update(div=1) + of.loads(2, mul=1, sub=1) + of.conj + of.real) * under
            here = of.store * 2 + {"mul": 1} + (step + {"mul": 1}) * k
            others = of.load + of.store * 2 + of.conj + (step * 2 + of.conj) * k
            return pivot + here + others * under
        third = of.copy(width * left) + of.product(width, width, left) + subtracted * width * left
        return (rows + (first + second * behind) * before + square + size.summed(width, column) + third * behind)
    return by_blocks(size, n, block)
