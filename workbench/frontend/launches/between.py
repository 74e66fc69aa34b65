"""Which phases of a kernel some path joins without a barrier.

Invariant: every such pair is found; paths that no run takes may add more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from workbench.records import dataclass


@dataclass(eq=False)
class Tree:
    """Control flow: "phase", "barrier", "if" (two arms), "loop", "leave", "return"."""

    kind: str
    parts: list[list[Tree]] = field(default_factory=list)
    phase: int = 0


def reach(tree: Sequence[Tree], before: frozenset[int], meets: set[tuple[int, int]]) -> frozenset[int]:
    """The phases that reach the end of some statements without a barrier, of those that reach their beginning."""
    for node in tree:
        if node.kind == "phase":
            meets.update((p, node.phase) for p in before)
            before = before | {node.phase}
        elif node.kind == "barrier":
            before = frozenset()
        elif node.kind == "if":
            ends = [reach(part, before, meets) for part in node.parts]
            before = frozenset().union(*ends)
        elif node.kind == "loop":
            held = before
            for _ in range(2):  # (what the end of a turn reaches, the beginning of the next one does)
                held = held | reach(node.parts[0], held, meets) | _left(node.parts[0], held, meets)
            before = held
    return before


def _left(tree: Sequence[Tree], before: frozenset[int], meets: set[tuple[int, int]]) -> frozenset[int]:
    """The phases after which some statements may leave the turn of a loop, with no barrier between."""
    found: frozenset[int] = frozenset()
    for k, node in enumerate(tree):
        if node.kind == "leave":
            found |= reach(tree[:k], before, meets)
        elif node.kind == "if":
            start = reach(tree[:k], before, meets)
            found = found.union(*(_left(part, start, meets) for part in node.parts))
    return found
