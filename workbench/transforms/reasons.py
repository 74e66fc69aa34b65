"""Why each primal value is had as it is in the reverse sweep: the plan, to be read.

    line  value     how             price  why
    -     y         kept            8      carried from turn to turn: no operation gives it
    4     y * x     computed again  -      from y, x
    5     exp(z)    kept            8      exp costs more than to store and load a number

Invariant: a choice is noted where it is made (`transforms.plan`), so that the reason is the one that decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ir import Constant, Op, Value
from workbench.records import dataclass

THERE, COPIED, KEPT, AGAIN, READ, COUNTED = "there", "copied", "kept", "computed again", "read again", "counted"
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
          "ne": "!="}


@dataclass(frozen=True, slots=True)
class Choice:
    """How a value is had. price: what keeping it costs, or would cost: bytes in a turn of its loop, an axis of an array
    counting as 1024 elements (None where nothing is to be kept). why: a sentence; `{}` in it stands for `sources`."""

    how: str
    why: str
    price: int | None = None
    sources: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A choice in the user's words: the line of what makes the value (None: a parameter or carried), and its name, or
    the operation where it has none."""

    line: int | None
    value: str
    how: str
    price: int | None
    why: str


def rows(choices: Mapping[Value, Choice], order: Sequence[Value], makers: Mapping[Value, Op]) -> list[Row]:
    """The choices in the order in which values are made."""
    found = []
    for value in order:
        choice = choices.get(value)
        if choice is None:
            continue
        span = makers[value].span if value in makers else None
        shown = list(dict.fromkeys(_text(v, makers) for v in choice.sources if not isinstance(v, Constant)))
        why = choice.why.format(", ".join(shown) or "constants")
        found.append(Row(span.line if span is not None else None, _text(value, makers), choice.how, choice.price, why))
    return found


def report(found: Sequence[Row]) -> str:
    """The rows as a table."""
    cells = [("line", "value", "how", "price", "why"), *(
        (str(row.line or "-"), row.value, row.how, "-" if row.price is None else str(row.price), row.why)
        for row in found)]
    widths = [max(len(line[k]) for line in cells) for k in range(4)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[4]])
                     for line in cells)


def _grouped(text: str) -> str:
    """A part of a larger formula."""
    return f"({text})" if " " in text and not text.endswith((")", "]")) else text


def _text(value: Value, makers: Mapping[Value, Op], depth: int = 3) -> str:
    """A value's name, or the operation that makes it, so many operations deep."""
    op = makers.get(value)
    if isinstance(value, Constant) or value.name or op is None:
        return value.label
    if not depth or op.regions:
        return f"{op.prim}(...)"
    first, *rest = [_text(v, makers, depth - 1) for v in op.operands] or [""]
    if op.prim == "load":
        return f"{first}[{', '.join(rest)}]"
    if op.prim in _INFIX:
        return f"{_grouped(first)} {_INFIX[op.prim]} {_grouped(rest[0])}"
    return f"{op.prim}({', '.join((first, *rest))})"
