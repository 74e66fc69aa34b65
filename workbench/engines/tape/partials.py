"""Partial derivatives of scalar operations, from the rule table.

A partial of the table is a lambda on overloaded operands. On floats it is run once on IR operands, and what it emits is
Python's own arithmetic from then on (a tenth of the time that NumPy's scalars take); where that raises (a division by
zero, a logarithm of zero) NumPy gives the infinity.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.deferred import is_ufunc
from workbench.engines.numba.emit import emit
from workbench.ir import Builder, Kind, ScalarType, walk
from workbench.rules import Expr, cotangent, get


@functools.cache
def on_floats(name: str, position: int) -> Callable[..., Any]:
    """The partial derivative of a primitive by one operand, as a function of the value and the operands (floats)."""
    primitive = get(name)
    assert primitive.partials is not None
    table = primitive.partials[position]
    assert table is not None

    def by_numpy(y: Any, *xs: Any) -> float:
        with np.errstate(all="ignore"):
            return float(table(np.float64(y), *(as_operand(name, k, x) for k, x in enumerate(xs))))
    try:
        result = _expression(name, position)
    except (KeyError, TypeError, ValueError):  # it takes other operands than floats
        return by_numpy
    if not isinstance(result, Expr):
        return lambda *xs: float(result)
    try:
        source = emit(result.builder.finish([result.value]))
        space: dict[str, Any] = {"math": math, "np": np, **{h.__name__: h for h in source.helpers}}
        exec(source.text, space)
    except (KeyError, TypeError, ValueError):  # no spelling in Python
        return by_numpy
    emitted = space[source.name]

    def quick(y: Any, *xs: Any) -> Any:
        try:
            return emitted(float(y), *map(float, xs))
        except (ArithmeticError, ValueError):
            return by_numpy(y, *xs)
    return quick


def as_operand(name: str, position: int, x: Any, dtype: Any = np.float64) -> Any:
    """An operand of a real operation as NumPy's: a float, but where an integer is asked (the exponent of `ldexp`)."""
    return np.asarray(x, dtype if get(name).takes(position, Kind.F64) else None)[()]


def _expression(name: str, position: int) -> Any:
    """The partial as IR of floats (or a number)."""
    partials = get(name).partials
    partial = partials[position] if partials is not None else None
    assert partials is not None and partial is not None
    builder = Builder("partial")
    return partial(*(Expr(builder, builder.param(ScalarType(Kind.F64), f"x{k}")) for k in range(len(partials) + 1)))


@functools.cache
def of_ufuncs(name: str, position: int) -> bool:
    """True for a partial that is written in ufuncs, so that it can be run on active numbers."""
    result = _expression(name, position)
    if not isinstance(result, Expr):
        return True
    ops = walk(result.builder.finish([result.value]).block)
    return all(is_ufunc(get(op.prim).numpy) or op.prim in ("select", "isfinite") for op in ops)


@functools.cache
def has_partial(name: str, position: int) -> bool:
    """False where the derivative by an operand is zero everywhere."""
    primitive = get(name)
    return primitive.partials is not None and primitive.partials[position] is not None


def pulled(name: str, xs: Sequence[Any], y: Any, y_bar: Any, position: int) -> Any:
    """What a cotangent of an elementwise operation contributes to that of an operand, by the table (None for zero)."""
    with np.errstate(all="ignore"):
        return cotangent(get(name), None, xs, y, y_bar, position)  # type: ignore[arg-type]
