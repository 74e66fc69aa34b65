"""The forward sweep: the program itself, storing what the plan keeps.

Invariant: it has the program's effects, in the program's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from workbench.ir import Block, Builder, Op, Slot, Value, callee_of
from workbench.rules import emit
from workbench.transforms.frames import Frames
from workbench.transforms.late import stores
from workbench.transforms.onepass import open_blocks
from workbench.transforms.plan import Plan
from workbench.transforms.replay import Replay
from workbench.transforms.residuals import INT, ONE, ZERO, Position, Residuals
from workbench.transforms.structure import Loop, Structure


class Calls(Protocol):
    """Calls that the reverse sweep pulls back by what they push (see `transforms.stacks`)."""

    @property
    def reached(self) -> Mapping[Op, Any]:
        """The calls."""

    def call(self, op: Op, operands: Sequence[Value]) -> Sequence[Value]:
        """Emit such a call; its results."""


class Adjoint(Protocol):
    """The adjoints of what is run in one pass (see `transforms.reverse`)."""

    def enter(self, op: Op, block: Block) -> bool:
        """Begin one: the adjoints that come before the first in one pass inside. False where there is none."""

    def leave(self, op: Op, block: Block) -> None:
        """End it."""

    def joint(self, op: Op, operands: Sequence[Value]) -> Sequence[Value] | None:
        """Emit a call together with its pullback; its results. None where it has no adjoint."""


class ForwardSweep(Replay):
    """Copies the program and fills residuals. Afterwards `env` and `copies` hold what is there at the top."""

    def __init__(self, builder: Builder, env: dict[Value, Value], structure: Structure, plan: Plan,
                 calls: Calls, frames: Frames | None = None) -> None:
        super().__init__(builder, env)
        self.calls = calls
        self.frames = frames
        self.structure = structure
        self.plan = plan
        held = [v for v in plan.kept if frames is None or v not in frames]
        self.residuals = Residuals(builder, structure, held, self.get)
        self.adjoint: Adjoint | None = None
        self.is_again = False
        self.copies: dict[Value, Value] = {}
        self.positions: dict[Loop, Position] = {}
        self.counts: dict[Loop, Slot] = {}
        self._kept = set(plan.kept)

    def run(self) -> list[Value]:
        """Copy the whole program; what it returns."""
        self.begin()
        self.block(self.structure.function.block)
        return self.end()

    def begin(self) -> None:
        """The parameters are there."""
        for param in self.structure.function.params:
            self.defined(param)

    def end(self) -> list[Value]:
        """All is copied; what the program returns."""
        self.residuals.freeze(self.structure.top)
        return [self.get(v) for v in self.structure.function.results]

    def defined(self, value: Value) -> None:
        if value in self._kept and self.frames is not None and value in self.frames:
            self.frames.note(value, self.get(value))
        elif value in self._kept:
            self.residuals.keep(value, self.get(value), self.positions, value in self.structure.consumed)
        if value in self.plan.copied:
            self.copies[value] = emit(self.builder, "copy", self.get(value))

    def op(self, op: Op) -> None:
        self.residuals.allocate(op)
        if op in self.structure.late:
            self._without_residuals(op)
        else:
            super().op(op)

    def plain(self, op: Op) -> None:
        if self.is_again and op.prim == "check":
            return
        if self.is_again and op.prim == "index":
            op = replace(op, attrs={**op.attrs, "checked": False})
        if op in self.structure.one_pass and self.adjoint is not None:
            operands = [self.get(v) for v in op.operands]
            results = self.adjoint.joint(op, operands)
            self.bind_all(op.results, results or self.builder.call(callee_of(op), operands))
        elif op in self.calls.reached:
            self.bind_all(op.results, self.calls.call(op, [self.get(v) for v in op.operands]))
        else:
            super().plain(op)

    # ------------------------------------------------------------------ loops that are run again
    def _without_residuals(self, op: Op) -> None:
        """Copy a loop of which nothing is kept."""
        plain = Replay(self.builder, dict(self.env))
        plain.op(op)
        self.bind_all(op.results, [plain.get(r) for r in op.results])

    def again(self, op: Op, index: Value) -> None:
        """Run an iteration of such a loop again, for its adjoint: but for the stores of what it gives."""
        (body,) = op.regions
        given = stores(op)
        self.is_again = True
        self.bind(body.params[0], index)
        self.ops([inner for inner in body.ops if inner not in given])
        self.is_again = False
        self.residuals.freeze(self.structure.regions[body])

    # ------------------------------------------------------------------ in one pass
    def block(self, block: Block) -> None:
        region = self.structure.regions[block]
        op = region.op
        if op is None or op not in self.structure.one_pass or self.adjoint is None or block not in open_blocks(op):
            super().block(block)
            if self.frames is not None:
                self.frames.push(block, self.get)
            return
        before, after = self.structure.parted(block)
        self.ops(before)
        reached = self.adjoint.enter(op, block) if after else False
        self.ops(after)
        self.residuals.freeze(region)
        if reached or (not after and self.adjoint.enter(op, block)):
            self.adjoint.leave(op, block)

    # ------------------------------------------------------------------ counting
    def open_body(self, op: Op, index: Value | None) -> None:
        loop = self.structure.loops[op]
        base = self.get(loop.base) if loop in self.residuals.cursors else None
        if index is not None:
            self.positions[loop] = Position(index, self.get(op.operands[0]), base)
        elif loop in self.counts:
            self.positions[loop] = Position(self.residuals.read(self.counts[loop]), ZERO, base)

    def for_(self, op: Op) -> None:
        if op in self.structure.one_pass:
            self.residuals.make_room(op)
        self._begin(self.structure.loops[op])
        super().for_(op)

    def _begin(self, loop: Loop) -> None:
        if loop in self.residuals.cursors:
            self.bind(loop.base, self.residuals.read(self.residuals.cursors[loop]))

    def while_(self, op: Op) -> None:
        loop = self.structure.loops[op]
        if op in self.structure.one_pass:
            self.residuals.make_room(op)
        if loop in self.plan.counted:
            self.counts[loop] = self.builder.slot(INT, ZERO, "trips")
        self._begin(loop)
        super().while_(op)

    def close_body(self, op: Op) -> None:
        loop = self.structure.loops[op]
        if loop in self.counts:
            self._advance(self.counts[loop], ONE)

    def results(self, op: Op, slots: Sequence[Slot]) -> None:
        super().results(op, slots)
        loop = self.structure.loops[op]
        if loop.trips is not None and loop in self.counts:
            self.bind(loop.trips, self.residuals.read(self.counts[loop]))
        if loop in self.residuals.cursors:
            self._advance(self.residuals.cursors[loop], self._executions(loop))

    def _executions(self, loop: Loop) -> Value:
        """How often the body of a loop ran (the last, partial iteration of a `while` included)."""
        if loop.trips is not None:
            return emit(self.builder, "add", self.get(loop.trips), ONE)
        return self.residuals.trips(loop, self.get)

    def _advance(self, slot: Slot, by: Value) -> None:
        self.builder.write(slot, emit(self.builder, "add", self.residuals.read(slot), by))
