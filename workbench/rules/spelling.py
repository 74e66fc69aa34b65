"""How Numba spells a scalar operation, with as few parentheses as Python's precedences allow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.ir import Kind
from workbench.rules.primitive import ATOM, COMPARE, POWER, TERNARY, Primitive

_PLACE = re.compile(r"\{(\w+)\}")


def spell(primitive: Primitive, operands: Sequence[tuple[str, int]], kinds: Sequence[Kind],
          result: Kind, attrs: Mapping[str, Any] | None = None) -> tuple[str, int]:
    """The expression's text and its precedence.

    operands: text and precedence of each operand; kinds: their kinds; result: the kind of the (first) result;
    attrs: the operation's attributes, which a form names (`{axis}`; `{result}` is the dtype of the result).
    Raises KeyError where the primitive has no spelling."""
    form = primitive.numba_complex if any(k.is_complex for k in kinds) else primitive.numba
    if form is None:
        raise KeyError(f"{primitive.name} has no scalar spelling")
    form, precedence = (form, primitive.precedence) if isinstance(form, str) else form(kinds, result)
    if primitive.elementwise and primitive.kernels and result.is_float and result.is_single:  # (kernels compute in F64)
        form, precedence = converted(form, result), ATOM

    def place(match: re.Match[str]) -> str:
        if match.group(1) == "result":
            return f"np.{result.dtype.name}"
        if not match.group(1).isdigit():
            return repr((attrs or {})[match.group(1)])
        text, binds = operands[int(match.group(1))]
        return f"({text})" if _needs(precedence, form, match, binds) else text
    return _PLACE.sub(place, form), precedence


def converted(text: str, kind: Kind) -> str:
    """A number converted to a kind."""
    plain = {Kind.BOOL: "bool", Kind.INT: "int"}
    return f"{plain.get(kind) or f'np.{kind.dtype.name}'}({text})"


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
