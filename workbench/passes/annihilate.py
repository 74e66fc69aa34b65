"""Zero cotangents that annihilate infinite partial derivatives, more cheaply.

    b * (0 if b == 0 and not isfinite(p) else p)   ->   0 if b == 0 else b * p

The left side is what rules of reverse and forward mode give: it can be differentiated again. The right side differs by
the sign of a zero.

Invariant: only products of cotangents are touched, which may be rounded otherwise (`passes.exactness`), or are asked
whether they are 0 alone.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Constant, Function, Op, Value, definitions, uses
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.rebuild import Rebuilder
from workbench.passes.zeroing import is_zero
from workbench.records import dataclass


@dataclass(frozen=True)
class Annihilate(CotangentPass):
    """Selects after the multiplication."""

    name: ClassVar[str] = "annihilate"

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function with its guarded products rewritten."""
        makers = definitions(function)
        found = {op: guarded for op in makers.values() if (guarded := _guarded(op, makers)) is not None}
        if not found:
            return function
        kept = exact_values(function, exact, {zero for _, _, zero in found.values()})
        chosen = {op: guarded for op, guarded in found.items() if op.result not in kept}
        return _Annihilator(chosen).run(function) if chosen else function


Guarded = tuple[Value, Value, Op]  # the cotangent, the partial derivative, and the question whether the former is 0


def _guarded(op: Op, makers: dict[Value, Op]) -> Guarded | None:
    """The parts of a guarded product, or None for other operations."""
    if op.prim != "mul" or "loose" not in op.attrs or op.result.is_array:
        return None
    for bar, factor in (op.operands, op.operands[::-1]):
        select = makers.get(factor)
        if select is None or select.prim != "select" or not is_zero(select.operands[1]):
            continue
        both, partial = makers.get(select.operands[0]), select.operands[2]
        if both is None or both.prim != "and":
            continue
        zero, infinite = (makers.get(v) for v in both.operands)
        finite = makers.get(infinite.operands[0]) if infinite is not None and infinite.prim == "not" else None
        if zero is not None and zero.prim == "eq" and zero.operands[0] is bar and is_zero(zero.operands[1]) and (
                finite is not None and finite.prim == "isfinite" and finite.operands[0] is partial):
            return bar, partial, zero
    return None


def annihilating(function: Function) -> set[Op]:
    """The questions whether a number is 0 that do no more than put a 0 in the place of its product with another one."""
    makers = definitions(function)
    users = uses(function)
    return {op for op in makers.values() if op.prim == "eq" and is_zero(op.operands[1]) and all(
        isinstance(user, Op) and user.prim == "select" and is_zero(user.operands[1])
        and _is_multiple(user.operands[2], op.operands[0], makers) for user in users.get(op.result, []))}


def _is_multiple(value: Value, factor: Value, makers: dict[Value, Op]) -> bool:
    """True for a product with this factor, of either sign."""
    op = makers.get(value)
    if op is not None and op.prim == "neg":
        op = makers.get(op.operands[0])
    return op is not None and op.prim == "mul" and factor in op.operands


class _Annihilator(Rebuilder):
    def __init__(self, chosen: dict[Op, Guarded]) -> None:
        self.chosen = chosen

    def op(self, op: Op) -> None:
        """Rewrite a guarded product, or copy."""
        if op not in self.chosen:
            self.copy(op)
            return
        bar, partial = (self.get(v) for v in self.chosen[op][:2])
        zero = Constant(0, op.result.kind)
        product = self.emit("mul", bar, partial, **op.attrs)
        self.bind(op.result, self.emit("select", self.emit("eq", bar, zero), zero, product))
