"""Loops that the user says are parallel (`numba.prange`), and that surely are not: every turn writes the same element.

Invariant: what is refused here would depend on which turn comes last. (What only a run can tell is looked at as it
runs: `parallel.CLAIMED`.)
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ir import Block, Constant, DifferentiationError, Function, Op, Value, walk
from workbench.ir.ops import ALLOCATING, CONSUMING
from workbench.rules import get

REASON = "every turn of a prange loop writes the same element"
_STORES = frozenset({"store", "slice_store"})


def refuse_races(function: Function) -> None:
    """Raises DifferentiationError at the line of the first race."""
    for op in walk(function.block):
        if op.prim == "for" and "promised" in op.attrs and not _has_one_turn(op):
            for written in _Turn(op).races(op.regions[0]):
                raise DifferentiationError(REASON, written.span, "use range, or write an element for each turn")


def _has_one_turn(op: Op) -> bool:
    lo, hi = op.operands[:2]
    return isinstance(lo, Constant) and isinstance(hi, Constant) and abs(hi.value.real - lo.value.real) <= 1


class _Turn:
    """What is known of a turn: what is the same in all of them, and which arrays it has made itself."""

    def __init__(self, loop: Op) -> None:
        (body,) = loop.regions
        self.makers = {r: op for op in walk(body) for r in op.results}
        self.different: set[Value] = set(body.params)
        self.own: set[Value] = set()
        for op in walk(body):
            if op.prim in CONSUMING:
                if op.operands[0] in self.own:
                    self.own.update(op.results)
            elif not op.regions:
                self.own.update(r for r in op.results if r.is_array)
            for region in op.regions:
                first = 1 if op.prim == "for" and self._is_same(op.operands[:2]) else 0
                self.different.update(region.params[first:])
                inits = op.operands[2:] if op.prim == "for" else op.operands
                for param, init in zip(region.params[1 if op.prim == "for" else 0:], inits, strict=False):
                    if init in self.own:
                        self.own.add(param)
            known = not op.regions and op.prim not in CONSUMING and op.prim not in ("load", "call") and (
                op.prim not in ALLOCATING) and get(op.prim).elementwise
            if not (known and self._is_same(op.operands)):
                self.different.update(op.results)

    def _is_same(self, values: tuple[Value, ...]) -> bool:
        return not any(v in self.different for v in values)

    def races(self, block: Block) -> Iterator[Op]:
        """Writes that all turns do, at a place that all turns have."""
        for op in block.ops:
            if op.prim in _STORES and op.operands[0] not in self.own and self._is_same(op.operands[2:]) and (
                    not self._adds(op)):
                yield op
            elif op.prim == "for" and self._is_same(op.operands[:2]):
                yield from self.races(op.regions[0])

    def _adds(self, op: Op) -> bool:
        """Whether what is written is a sum with what was there."""
        made = self.makers.get(op.operands[1])
        return made is not None and made.prim in ("add", "sub") and any(
            self.makers[v].prim in ("load", "slice") and self.makers[v].operands[1:] == op.operands[2:]
            for v in made.operands if v in self.makers)
