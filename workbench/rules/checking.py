"""Checks a program's types against the table: what the verifier, which knows no primitive, leaves open.

Dimensions are not compared (the verifier does that where buffers meet); kinds, ranks and numbers of operands are.
"""

from __future__ import annotations

from workbench.ir import ArrayType, Function, Kind, Op, VerificationError, print_function, walk
from workbench.ir.ops import CONTROL
from workbench.rules.primitive import get


def check_types(function: Function) -> Function:
    """The function itself, if every operation has the result types that the table gives.

    Raises VerificationError naming the first operation that has not."""
    for op in walk(function.block):
        fault = _fault(op)
        if fault:
            raise VerificationError(f"{op.prim}: {fault}", op.span, print_function(function))
    return function


def _fault(op: Op) -> str:
    if op.prim in CONTROL:
        return _control(op)
    try:
        expected = get(op.prim).result_types(op.operands, op.attrs)
    except KeyError as error:
        return f"no such primitive, or no such attribute: {error}"
    except (TypeError, ValueError) as error:
        return str(error)
    if len(expected) != len(op.results):
        return f"{len(op.results)} results, not {len(expected)}"
    for result, type_ in zip(op.results, expected, strict=True):
        growable = [isinstance(t, ArrayType) and t.growable for t in (result.type, type_)]
        if result.kind is not type_.kind or result.rank != type_.rank or growable[0] != growable[1]:
            return f"its result is {result.type}, not {type_}"
    return ""


def _control(op: Op) -> str:
    if op.prim == "for":
        fine = all(v.kind is Kind.INT and not v.is_array for v in (*op.operands[:2], op.regions[0].params[0]))
        return "" if fine else "bounds and index are integers"
    condition = op.operands[0] if op.prim == "if" else op.regions[0].yields[0]
    return "" if condition.kind is Kind.BOOL and not condition.is_array else f"the condition is {condition.type}"
