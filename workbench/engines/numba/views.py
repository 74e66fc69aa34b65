"""Which reshapes make a view: where the operand's buffer is the program's own and nothing uses it under its old shape.

Invariant: a view and what it is a view of are never both alive under two names.
"""

from __future__ import annotations

from collections.abc import Mapping

from workbench.engines.numba.folding import folding_of
from workbench.engines.numba.liveness import Liveness
from workbench.ir import Function, Op, Value, consumed_operands, definitions, walk
from workbench.ir.ops import CONSUMING


def views(function: Function, live: Liveness | None = None) -> frozenset[Op]:
    """The reshapes that are emitted as views. live: of this function, if it is known."""
    reshapes = [op for op in walk(function.block) if op.prim == "reshape"]
    if not reshapes:
        return frozenset()
    if live is None:
        folding = folding_of(function)
        live = Liveness(function, folding.leaves, folding.__contains__)
    made = definitions(function)
    return frozenset(op for op in reshapes if _is_own(op.operands[0], made)
                     and not live.bit[op.operands[0]] & live.at[op.result])


def _is_own(array: Value, made: Mapping[Value, Op]) -> bool:
    """True where the buffer is surely made by this program (not the caller's)."""
    op = made.get(array)
    while op is not None and op.prim in CONSUMING:
        op = made.get(op.operands[0])
    return op is not None and not op.regions and not (op.prim == "call" and consumed_operands(op))
