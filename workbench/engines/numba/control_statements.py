"""Branches and loops as Python's own."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.engines.numba.folding import is_growable
from workbench.engines.numba.list_statements import grow_list
from workbench.engines.numba.writer import Writer
from workbench.ir import Constant, Op


def if_(w: Writer, op: Op) -> None:
    """`if` / `else`; an empty arm is left out."""
    then, orelse = op.regions
    span = w.span
    w.line(f"if {w.spell.text(op.operands[0], truth=True)}:")
    head = len(w.lines) - 1
    w.nested(then, zip(op.results, then.yields, strict=True))
    if w.lines[head + 1:] == ["    " * (w.depth + 1) + "pass"]:
        w.cut(head)
        w.span = span
        w.turned.add(op)
        w.line(f"if {w.negation(op.operands[0])}:")
        w.nested(orelse, zip(op.results, orelse.yields, strict=True))
        return
    mark = len(w.lines)
    w.add("    " * w.depth + "else:", span)
    w.nested(orelse, zip(op.results, orelse.yields, strict=True))
    if w.lines[mark + 1:] == ["    " * (w.depth + 1) + "pass"]:
        w.cut(mark)


def for_(w: Writer, op: Op) -> None:
    """A counted loop."""
    (body,) = op.regions
    lo, hi = op.operands[:2]
    w.copies(zip(body.params[1:], op.operands[2:], strict=True))
    index = w.names(body.params[0])
    if op.attrs.get("step", 1) == -1:
        bounds = f"{w.spell.text(lo)}, {w.spell.text(hi)}, -1"
    elif isinstance(lo, Constant) and lo.value == 0:
        bounds = w.spell.text(hi)
    else:
        bounds = f"{w.spell.text(lo)}, {w.spell.text(hi)}"
    w.line(f"for {index} in range({bounds}):")
    w.nested(body, zip(body.params[1:], body.yields, strict=True))


def while_(w: Writer, op: Op) -> None:
    """`while condition:` where the condition is one expression, else a loop with a break.

    Where each turn begins with an element more in a list, the loop runs as long as there is room, inside of one
    that makes room: what is in the way of the machine there is not in the way of each turn."""
    before, after = op.regions
    w.copies(zip(before.params, op.operands, strict=True))
    leave = list(zip(op.results, before.yields[1:], strict=True))
    plain = all(inner in w.folding for inner in before.ops) and all(
        w.is_variable(v, w.names(r)) for r, v in leave)
    if plain:
        w.line(f"while {w.spell.text(before.yields[0], truth=True)}:")
        w.nested(after, zip(before.params, after.yields, strict=True))
        return
    lists = [op for op in (*before.ops, *after.ops) if op.prim == "store" and is_growable(op.operands[0])
             and {op.operands[0], op.operands[2]} <= set(before.params) and w.grows]
    w.with_room.update(lists)
    rooms = [(w.names(op.operands[0]), w.spell.text(op.operands[2])) for op in lists]
    w.line("while True:")
    w.depth += 1
    if rooms:
        w.line(f"while {' and '.join(f'{k} < {name}.size' for name, k in rooms)}:")
        w.depth += 1
    w.block(before)
    w.line(f"if {w.negation(before.yields[0])}:")
    w.depth += 1
    w.copies(leave)
    w.line("break")
    w.depth -= 1
    w.block(after)
    w.copies(zip(before.params, after.yields, strict=True))
    if rooms:
        to_grow(w, rooms)
    w.depth -= 1


def to_grow(w: Writer, rooms: Sequence[tuple[str, str]]) -> None:
    """After a loop that runs as long as there is room in lists: make room and enter it again, or leave."""
    w.depth -= 1
    w.line("else:")
    w.depth += 1
    for name, k in rooms:
        grow_list(w, name, k, lacks=len(rooms) == 1)
    w.line("continue")
    w.depth -= 1
    w.line("break")
