"""What the exponential of a matrix does (`kernels.matrix_exponential`): products, an equation, squarings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.ir import Op
from workbench.rules.costs.amounts import Amounts, Of, Sizes
from workbench.rules.costs.matrices import exchanges, solving

_LARGEST = 5.371920351148152  # norm that is not scaled


def exponential(op: Op, size: Sizes) -> Amounts:
    """`matrix_exponential`."""
    of = Of(op.operands[0].kind)
    n = size(op.operands[0].dims[0])
    squarings = size.measured("squarings", _squarings)
    norm = (of.load + of.size + {"add": 1}) * n * n + Amounts(maximum=1) * n
    scaled = of.copy(n * n) + (of.load + of.store + {"mul": 1}) * n * n
    before = Amounts(pow=1) + Amounts(div=1, log2=1, ceil=1) * size.measured("scalings", lambda a: _squarings(a) > 0)
    terms = (of.loads(18, mul=11, add=11, sub=1) + of.store * 6) * n * n + of.update(add=1) * 2 * n
    squares = of.product(n, n, n)
    solved = solving(op, size, 1, n, n, size.measured("exchanges", lambda a: exchanges(_denominator(a))))
    whole = squares * (6 + squarings) + of.new(n * n) * 2 + terms + solved
    return norm + before + scaled + whole * size.positive(n)


def _squarings(a: Any) -> int:
    norm = float(np.max(np.sum(np.abs(a), axis=0), initial=0.0))
    return math.ceil(math.log2(norm / _LARGEST)) if _LARGEST < norm < math.inf else 0


def _denominator(a: Any) -> Any:
    """The matrix that the equation is solved with, but for rounding."""
    x = a * 0.5 ** _squarings(a)
    x2 = x @ x
    x4 = x2 @ x2
    x6 = x4 @ x2
    one = np.eye(len(a))
    odd = x6 @ (x6 + 16380.0 * x4 + 40840800.0 * x2)
    odd = x @ (odd + 33522128640.0 * x6 + 10559470521600.0 * x4 + 1187353796428800.0 * x2 + 32382376266240000.0 * one)
    even = x6 @ (182.0 * x6 + 960960.0 * x4 + 1323241920.0 * x2)
    even = even + 670442572800.0 * x6 + 129060195264000.0 * x4 + 7771770303897600.0 * x2 + 64764752532480000.0 * one
    return even - odd
