"""What adjugates of matrices do (`kernels.determinants`)."""

from __future__ import annotations

from workbench.ir import Op
from workbench.rules.costs.amounts import INTEGERS, Amount, Amounts, Of, Sizes
from workbench.rules.costs.matrices import exchange, exchanges, lu, stack


def adjugate(op: Op, size: Sizes) -> Amounts:
    """`adjugates`."""
    count, n, _ = stack(op, size)
    of = Of(op.operands[0].kind)

    def column(k: Amount) -> Amounts:
        term = of.loads(2, mul=1, add=1) + of.load + of.update(mul=1)
        above = size.summed(k, lambda i: of.store + {"neg": 1} + term * (i + 1))
        return above + of.store + of.loads(1, mul=1)
    row = size.summed(n, lambda j: (of.loads(2, mul=1, sub=1) + of.update()) * j + of.loads(1, mul=1) + of.store
                      + INTEGERS.load)
    each = lu(size, of, n) + of.new(n * n, True) + size.summed(n, column) + row * n
    return (of.new(count * n * n) + of.copy(count * n * n) + INTEGERS.new(n) + each * count
            + exchange(of, n) * size.measured("exchanges", exchanges))
