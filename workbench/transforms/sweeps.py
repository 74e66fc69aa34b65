"""The forward and the reverse sweep of one adjoint, written by one builder as was decided.

Together (`together`), what is in one pass has its adjoint where it runs; apart (`forth`, then `back`), all of the
forward sweep comes before the reverse sweep, and the two can be cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.ir import Builder, Kind, Value
from workbench.transforms.decisions import Decisions
from workbench.transforms.forward import ForwardSweep
from workbench.transforms.frames import Frames, Pair
from workbench.transforms.recall import Recall
from workbench.transforms.reverse import ReverseSweep
from workbench.transforms.stacks import Stacks


class Sweeps:
    """Both sweeps. env: what the parameters of the function are in the builder; stacks: where recursive calls find
    those that are there when the program begins (None: they do not call it), see `transforms.stacks`."""

    def __init__(self, builder: Builder, env: dict[Value, Value], decided: Decisions,
                 stacks: Mapping[Kind, Pair] | None = None) -> None:
        asked, structure, plan = decided.asked, decided.structure, decided.plan
        self.asked, self.structure = asked, structure
        is_framed = stacks is not None
        self.stacks = Stacks(builder, asked.callees.twins, is_framed, dict(stacks or {}), decided.reached)
        frames = Frames(builder, structure, plan.kept, self.stacks.pair) if is_framed else None
        self.forward = ForwardSweep(builder, env, structure, plan, self.stacks, frames)
        self.reverse = ReverseSweep(builder, structure, asked.active, Recall(builder, self.forward), self.stacks,
                                    asked.callees)

    def together(self, cotangents: Sequence[Value]) -> list[Value]:
        """Both: the results, and the cotangents of the parameters."""
        before, after = self.structure.parted(self.asked.function.block)
        halves = self.structure.halves(self.asked.function.block)
        self.forward.adjoint = self.reverse
        self.forward.ops(before)
        self.reverse.begin(self.asked.results, cotangents)
        self.reverse.early(halves)
        self.forward.ops(after)
        primal = self.forward.end()
        self.reverse.late(halves)
        return [*primal, *self.reverse.end(self.asked.params)]

    def forth(self) -> list[Value]:
        """The forward sweep: the results."""
        return self.forward.run()

    def back(self, cotangents: Sequence[Value]) -> list[Value]:
        """The reverse sweep: the cotangents of the parameters."""
        self.reverse.begin(self.asked.results, cotangents)
        self.reverse.ops(self.asked.function.block.ops)
        return self.reverse.end(self.asked.params)
