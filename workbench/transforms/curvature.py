"""Second derivatives of primitives, from the table's first ones: the derivative of a partial's own expression.

Invariant: nothing is stated here that the table does not state; a kink has the derivative that nested forward mode has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.ir import Builder, Constant, Function, Kind, Op, ScalarType, Value
from workbench.rules import Expr, emit
from workbench.rules.primitive import Primitive
from workbench.transforms.jvp import jvp

_known: dict[Any, Any] = {}


def partial_program(primitive: Primitive, op: Op, kinds: Sequence[Kind], result: Kind,
                    k: int) -> Function | float | None:
    """The partial derivative by operand k as a program of numbers: of the result and the operands; the number where it
    is one, None where it is zero. Raises DifferentiationError where it is not known."""
    key = (primitive, "partial", tuple(kinds), result, k)
    if key not in _known:
        builder = Builder(f"{primitive.name}_{k}")
        builder.span = op.span
        y, *xs = [Expr(builder, builder.param(ScalarType(kind))) for kind in (result, *kinds)]
        partial = (primitive.partials or ())[k]
        made = None if partial is None else partial(y, *xs)
        _known[key] = builder.finish([made.value]) if isinstance(made, Expr) else made
    found: Function | float | None = _known[key]
    return found


def second_partial(primitive: Primitive, op: Op, y: Expr, xs: Sequence[Expr], i: int, j: int) -> Expr | None:
    """The derivative by operand j of the partial derivative by operand i; None where it is zero."""
    partials = primitive.partials or ()
    kinds = tuple(x.kind for x in xs)
    first = partial_program(primitive, op, kinds, y.kind, i)
    other = partials[j]
    if not isinstance(first, Function) or other is None:
        return None
    key = (primitive, "second", kinds, y.kind, i, j)
    if key not in _known:
        _known[key] = jvp(first, [0, 1 + j], [0])
    made: Function = _known[key]
    slope = other(y, *xs)
    seed = slope.value if isinstance(slope, Expr) else Constant(slope, y.kind)
    found = replayed(y.builder, made, [y.value, *(x.value for x in xs), seed, Constant(1, kinds[j])])[-1]
    return None if isinstance(found, Constant) and found.value == 0 else Expr(y.builder, found)


def replayed(builder: Builder, function: Function, operands: Sequence[Value]) -> list[Value]:
    """The results of a program of numbers, element by element of operands that may be arrays."""
    env = dict(zip(function.params, operands, strict=True))
    for op in function.block.ops:
        values = [v if isinstance(v, Constant) else env[v] for v in op.operands]
        env[op.result] = emit(builder, op.prim, *values, **{k: v for k, v in op.attrs.items() if k != "loose"})
    return [v if isinstance(v, Constant) else env[v] for v in function.results]
