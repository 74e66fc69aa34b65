"""What operations read of the program around them."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ir import Block, Constant, Op, Value


def free_values(op: Op) -> tuple[Value, ...]:
    """What an operation reads of the program around it, in order."""
    found: dict[Value, None] = {}
    made: set[Value] = set()

    def enter(block: Block) -> None:
        made.update(block.params)
        for inner in block.ops:
            visit(inner)
        read(block.yields)

    def read(values: Sequence[Value]) -> None:
        for value in values:
            if not isinstance(value, Constant) and value not in made:
                found.setdefault(value)

    def visit(inner: Op) -> None:
        read(inner.operands)
        for region in inner.regions:
            enter(region)
        made.update(inner.results)

    visit(op)
    return tuple(found)
