"""What operations that make, read and write arrays do."""

from __future__ import annotations

from workbench.ir import Kind, Op
from workbench.rules.costs.amounts import Amounts, Of, Sizes, elements


def load(op: Op, size: Sizes) -> Amounts:
    """An element."""
    return Of(op.operands[0].kind).load


def store(op: Op, size: Sizes) -> Amounts:
    """An element."""
    return Of(op.operands[0].kind).store


def accum(op: Op, size: Sizes) -> Amounts:
    """An element, to which is added."""
    kind = op.operands[0].kind
    return Of(kind).load + Of(kind).store + {"int" if kind is Kind.INT else "add": 1}


def empty(op: Op, size: Sizes) -> Amounts:
    """A new array."""
    return Of(op.result.kind).new(elements(op.result, size))


def filled(op: Op, size: Sizes) -> Amounts:
    """A new array, all of it written."""
    return Of(op.result.kind).new(elements(op.result, size), filled=True)


def copied(op: Op, size: Sizes) -> Amounts:
    """A copy."""
    return Of(op.result.kind).copy(elements(op.result, size))


def new_list(op: Op, size: Sizes) -> Amounts:
    """A list, with the room that it has in the end."""
    return Of(op.result.kind).new(size(None))


def draw(op: Op, size: Sizes) -> Amounts:
    """A random number: it goes through the generator's state."""
    return Of(Kind.F64).load + Of(Kind.F64).store + {"draw": 1}
