"""Why each primal value is had as it is in the reverse sweep: the plan, to be read.

    line  value     how             price  why
    -     y         kept            8      carried from turn to turn: no operation gives it
    4     y * x     computed again  -      from y, x
    5     exp(z)    kept            8      exp costs more than to store and load a number

Invariant: a choice is noted where it is made (`transforms.plan`), so that the reason is the one that decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ir import Constant, Op, Span, Value
from workbench.records import dataclass

THERE, COPIED, KEPT, AGAIN, READ, COUNTED = "there", "copied", "kept", "computed again", "read again", "counted"
#: Why a value is kept: what it would take to have it otherwise.
CARRIED, COUNT, WHOLE, VERSION, ONCE, GROWING, HEAVY, COSTLY, INSTEAD, OVERWRITTEN = (
    "carried", "count", "whole", "version", "once", "growing", "heavy", "costly", "instead", "overwritten")
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==",
          "ne": "!="}


@dataclass(frozen=True, slots=True)
class Choice:
    """How a value is had. price: what keeping it costs, or would cost: bytes in a turn of its loop, an axis of an array
    counting as 1024 elements (None where nothing is to be kept). why: a sentence; `{}` in it stands for `sources`.
    kind: of a value that is kept or copied, why in one word. inputs: all that it is computed or read again from."""

    how: str
    why: str
    price: int | None = None
    sources: tuple[Value, ...] = ()
    kind: str = ""
    inputs: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a value is asked for: the place of the operation whose derivative needs it, and the operand by which that
    differentiates (None: by all)."""

    span: Span | None
    operand: Value | None


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
        line = span.line if span is not None else None
        found.append(Row(line, spelled(value, makers), choice.how, choice.price, explained(choice, makers)))
    return found


def explained(choice: Choice, makers: Mapping[Value, Op]) -> str:
    """Why a value is had as it is, in a sentence."""
    return choice.why.format(listed(choice, makers) or "constants")


def listed(choice: Choice, makers: Mapping[Value, Op]) -> str:
    """What it is, or would be, computed from."""
    return ", ".join(dict.fromkeys(spelled(v, makers) for v in choice.sources if not isinstance(v, Constant)))


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


def spelled(value: Value, makers: Mapping[Value, Op], depth: int = 3) -> str:
    """A value's name, or the operation that makes it, so many operations deep."""
    op = makers.get(value)
    if isinstance(value, Constant) or value.name or op is None:
        return value.label
    if not depth or op.regions:
        return f"{op.prim}(...)"
    first, *rest = [spelled(v, makers, depth - 1) for v in op.operands] or [""]
    if op.prim == "load":
        return f"{first}[{', '.join(rest)}]"
    if op.prim == "neg":
        return f"-{_grouped(first)}"
    if op.prim in _INFIX:
        return f"{_grouped(first)} {_INFIX[op.prim]} {_grouped(rest[0])}"
    return f"{op.prim}({', '.join((first, *rest))})"
