"""How Numba spells a scalar operation, with as few parentheses as Python's precedences allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.ir import Kind
from workbench.rules.primitive import ATOM, COMPARE, POWER, TERNARY, Primitive

_PLACE = re.compile(r"\{(\w+)\}")
_CASTS = {
    Kind.BOOL: "bool({0})", Kind.INT: "int({0})", Kind.F32: "np.float32({0})", Kind.F64: "np.float64({0})",
    Kind.C64: "np.complex64({0})", Kind.C128: "np.complex128({0})",
}


def spell(primitive: Primitive, operands: Sequence[tuple[str, int]], kinds: Sequence[Kind],
          result: Kind, attrs: Mapping[str, Any] | None = None) -> tuple[str, int]:
    """The expression's text and its precedence.

    operands: text and precedence of each operand; kinds: their kinds; result: the kind of the (first) result;
    attrs: the operation's attributes, which a form names (`{axis}`; `{result}` is the dtype of the result).
    Raises KeyError where the primitive has no spelling."""
    if primitive.name == "cast":
        plain = {(Kind.INT, Kind.F64): "float({0})", (Kind.F64, Kind.C128): "complex({0})"}
        return plain.get((kinds[0], result), _CASTS[result]).format(operands[0][0]), ATOM
    complex_ = any(k.is_complex for k in kinds)
    form = primitive.numba_complex if complex_ else primitive.numba
    if form is None:
        raise KeyError(f"{primitive.name} has no scalar spelling")
    precedence = primitive.precedence
    if _widened(primitive, kinds, result):
        form, precedence = _CASTS[result].format(form), ATOM

    def place(match: re.Match[str]) -> str:
        if match.group(1) == "result":
            return f"np.{result.dtype.name}"
        if not match.group(1).isdigit():
            return repr((attrs or {})[match.group(1)])
        text, binds = operands[int(match.group(1))]
        return f"({text})" if _needs(precedence, form or "", match, binds) else text
    return _PLACE.sub(place, form), precedence


def _widened(primitive: Primitive, kinds: Sequence[Kind], result: Kind) -> bool:
    """True where Numba computes in double precision what is single."""
    if result is Kind.F32:
        return bool(primitive.kernels) and primitive.elementwise
    return result is Kind.C64 and (primitive.name == "complex" or (primitive.name == "pow" and Kind.INT in kinds))


def _needs(mine: int, form: str, match: re.Match[str], precedence: int) -> bool:
    """Parentheses around an operand: not inside a call, else where it binds less than the operator."""
    before, after = form[:match.start()], form[match.end():]
    if after.startswith("."):
        return precedence < ATOM
    if before.count("(") > before.count(")"):
        return "*" in form and precedence < ATOM
    first = match.start() == 0
    if mine == COMPARE or (mine in (POWER, TERNARY) and first):
        return precedence <= mine
    return precedence < mine if first or form.startswith(("-", "~", "not")) else precedence <= mine
