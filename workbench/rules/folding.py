"""Constants are folded while a program is built, where what they give is known.

Invariants. A folded float is what NumPy gives at run time (transcendental functions are not folded: libraries differ in
the last place). An integer operation whose exact result leaves int64, a division by a constant zero and a conversion
that NumPy leaves undefined are not folded: `Primitive.exact` gives None for them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.ir import Constant, Kind, Value
from workbench.rules.primitive import Primitive

Exact = Callable[..., int | None]


def constant(number: Any, kind: Kind) -> Constant:
    """A constant of a kind."""
    return Constant(number, kind)


def fold_constants(primitive: Primitive, operands: Sequence[Value], attrs: Mapping[str, Any],
                   kind: Kind) -> Constant | None:
    """The constant result of constant operands, where it is safe to know it now."""
    constants: list[Constant] = []
    for value in operands:
        if not isinstance(value, Constant):
            return None
        constants.append(value)
    if kind is Kind.INT and primitive.exact is not None:
        number = primitive.exact(*(v.value for v in constants))
        return Constant(number, kind) if number is not None and -2**63 <= number < 2**63 else None
    if primitive.transcendental:
        return None
    with np.errstate(all="ignore"):
        result = primitive.numpy(*(v.kind.dtype.type(v.value) for v in constants), **attrs)
    return Constant(np.asarray(result).item(), kind)


# ---------------------------------------------------------------------- exact operations on integers
def by_divisor(operation: Callable[[int, int], int]) -> Exact:
    """A division of integers: unknown by zero."""
    return lambda a, b: operation(a, b) if b else None


def by_places(operation: Callable[[int, int], int]) -> Exact:
    """A shift of integers: unknown by more places than there are."""
    return lambda a, places: operation(a, places) if 0 <= places < 64 else None


def power(base: int, exponent: int) -> int | None:
    """A power of integers: unknown to a negative exponent, or where it is surely too large."""
    if exponent < 0 or (exponent >= 64 and abs(base) > 1):
        return None
    found: int = base ** exponent
    return found


def truncated(number: Any) -> int | None:
    """A number as an integer: unknown where it does not fit."""
    if isinstance(number, float) and not (math.isfinite(number) and -2.0**63 <= number < 2.0**63):
        return None
    return int(number)
