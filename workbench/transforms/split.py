"""A program and a linear map of its, in two parts: the map can be run later than the program, and as often as wanted.

The first part is the program, which keeps what the map needs; the second one is the map: the pullback of `vjp`, or the
pushforward of `linearize`.

Invariant: the second part only reads what the first part made.

Source: Radul et al., "You only linearize once" (POPL 2023): a linear program apart from what it is linear about.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.ir import Function, Op, Value
from workbench.records import dataclass
from workbench.transforms.structure import captured, taken


@dataclass(frozen=True)
class Split:
    """`whole` gives the program's results, followed by what the map gives. The first `cut` of its operations are the
    program; `seeds` are free values that stand for what the map takes."""

    whole: Function
    cut: int
    seeds: tuple[Value, ...]
    count: int  # results of the program

    @property
    def first(self) -> tuple[Op, ...]:
        """The program."""
        return self.whole.block.ops[:self.cut]

    @property
    def second(self) -> tuple[Op, ...]:
        """The map."""
        return self.whole.block.ops[self.cut:]

    @property
    def results(self) -> tuple[Value, ...]:
        """What the program gives."""
        return self.whole.results[:self.count]

    @property
    def given(self) -> tuple[Value, ...]:
        """What the map gives."""
        return self.whole.results[self.count:]

    def read(self) -> set[Value]:
        """The values that the map mentions and does not make."""
        made = {r for op in self.second for r in op.results}
        used = {v for op in self.second for v in (*op.operands, *captured(op))} | set(self.given)
        return used - made


def parted(whole: Function, cut: int, seeds: Sequence[Value], count: int) -> Split | None:
    """The two parts; None where the second one takes an array of the first (a stack of residuals, say)."""
    split = Split(whole, cut, tuple(seeds), count)
    made = {*whole.params, *(r for op in split.first for r in op.results)}
    if any(v in made for op in split.second for v in taken(op)):
        return None
    return split
