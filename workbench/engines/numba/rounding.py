"""Sums of cotangents as the machine does them best: in any order, a product rounded together with the sum.

The order of these additions is not the user's (`passes.exactness`). What the source writes as `bar += p * q` LLVM may
add up in the lanes of a vector, or do by one fused multiply-add, which also has no underflow between the two. The
source says nothing of it: the lines are known by their numbers.

Invariant: no other line is rounded otherwise than Python rounds it; of these lines only what is said here is.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator
from typing import Any

from numba.core import ir as numba_ir
from numba.core import types
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.extending import intrinsic

from workbench.engines.numba.folding import Folding
from workbench.ir import Function, Op, Value, walk
from workbench.passes.exactness import exact_values

LOOSE = "__lines_with_loose_sums__"  # an attribute of Python functions
_SUMS = ("add", "sub")
#: what LLVM may do with such a sum, and with the products in it
SUM_FLAGS, FACTOR_FLAGS = ("reassoc", "contract"), ("contract",)


# ---------------------------------------------------------------------- which sums
def loose_sums(function: Function, exact: int) -> frozenset[Op]:
    """The additions of cotangents that the results up to `exact` and whatever decides something do not depend on."""
    found = [op for op in walk(function.block) if "loose" in op.attrs and op.result.kind.is_float]
    if not found:
        return frozenset()
    kept = exact_values(function, exact)
    return frozenset(op for op in found if op.result not in kept)


def is_loose(op: Op, sums: Collection[Op], folding: Folding) -> bool:
    """True where what is written for an operation has no other sums of floats than these."""
    return op in sums and all(part in sums for part in _written(op.operands, folding)
                              if part.prim in _SUMS and part.result.kind.is_inexact)


def _written(values: Collection[Value], folding: Folding) -> Iterator[Op]:
    """The operations that are written inside of expressions."""
    for value in values:
        op = folding.inlined.get(value)
        if op is not None:
            yield op
            yield from _written(op.operands, folding)


# ---------------------------------------------------------------------- what is compiled
def _loosely(instruction: str, *flags: str) -> Any:
    def loosely(typing: Any, a: Any, b: Any) -> Any:
        def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args, flags=flags)
        return a(a, a), lowered
    loosely.__name__ = loosely.__qualname__ = f"loosely_{instruction}"
    return intrinsic(loosely)


_add, _sub = (_loosely(instruction, *SUM_FLAGS) for instruction in ("fadd", "fsub"))
_mul = _loosely("fmul", *FACTOR_FLAGS)
_LOOSELY: dict[Callable[..., Any], Any] = {
    operator.add: _add, operator.iadd: _add, operator.sub: _sub, operator.isub: _sub,
    operator.mul: _mul, operator.imul: _mul,
}


@register_pass(mutates_CFG=False, analysis_only=False)
class LooseSums(FunctionPass):
    """Marked lines add up floats loosely."""

    _name = "workbench_loose_sums"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Change the additions and multiplications of floats on the marked lines, after type inference."""
        lines: frozenset[int] = getattr(state.func_id.func, LOOSE, frozenset())
        if not lines:
            return False
        for block in state.func_ir.blocks.values():
            for statement in block.body:
                if statement.loc.line not in lines or not isinstance(statement, numba_ir.Assign):
                    continue
                value: Any = statement.value
                if isinstance(value, numba_ir.Expr) and value.op in ("binop", "inplace_binop"):
                    signature = state.calltypes[value]
                    result: Any = signature.return_type
                    loosely = _LOOSELY.get(value.fn)
                    if loosely is not None and isinstance(result, types.Float) and all(
                            t == result for t in signature.args):
                        value.fn = loosely
                        if value.op == "inplace_binop":
                            value.immutable_fn = loosely
        return False
