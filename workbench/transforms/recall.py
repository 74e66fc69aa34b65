"""How the reverse sweep gets at values of the primal.

`Wishes` answers every question with a placeholder and notes it: a first, dry run of the reverse sweep finds in this way
what the rules need. `Recall` answers as the plan says: what is at the top is there, what is kept is fetched, the
rest is computed again, once per iteration and in the reverse region that mirrors the value's own. (So is, at the top,
what a loop in one pass needs before it is there: see `transforms.onepass`.)
"""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from workbench.ir import ArrayType, Block, Builder, Constant, Op, Slot, Type, Value, differentiated
from workbench.records import dataclass
from workbench.rules import Expr, emit, emit_all
from workbench.transforms.forward import ForwardSweep
from workbench.transforms.frames import pop
from workbench.transforms.reasons import Wish
from workbench.transforms.residuals import Position
from workbench.transforms.structure import Loop, Region, Structure


@dataclass(slots=True, eq=False)
class Scope:
    """A reverse region: the number of open frames in it, the cotangents and the recalled values of the primal region
    it mirrors."""

    depth: int
    bars: dict[Value, Slot] = field(default_factory=dict)
    known: dict[Value, Value] = field(default_factory=dict)


class Primal(Protocol):
    """What the reverse sweep asks."""

    scopes: dict[Region, Scope]

    def get(self, value: Value) -> Value:
        """The value of the primal, as a value of the adjoint program."""

    def about(self, operand: Value | None) -> None:
        """Say for which operand of an operation the next questions are (None: for all)."""

    def base(self, loop: Loop) -> Value | None:
        """Where this execution begins in the loop's lists, if not at 0."""

    def at(self, loop: Loop, position: Position) -> None:
        """Say where the reverse sweep is in a loop."""

    def begun(self, *blocks: Block) -> None:
        """Say that the adjoint of blocks begins, whose values may wait on stacks (see `transforms.frames`)."""

    def again(self, op: Op, index: Value) -> None:
        """Run an iteration of a loop again (see `transforms.late`)."""


class Wishes:
    """Notes what is asked for, and where and for what operand (`asked_at`): the places of the dry run's builder."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.scopes: dict[Region, Scope] = {}
        self.asked: dict[Value, Value] = {}
        self.asked_at: dict[Value, dict[Wish, None]] = {}
        self.latest: dict[tuple[Value | None, Value], None] = {}  # for what operand, and what, since this was emptied
        self.operand: Value | None = None

    def get(self, value: Value) -> Value:
        """A placeholder."""
        if isinstance(value, Constant):
            return value
        self.latest[self.operand, value] = None
        self.asked_at.setdefault(value, {})[Wish(self.builder.span, self.operand)] = None
        if value not in self.asked:
            self.asked[value] = Value(mirrored(value.type, self), value.name)
        return self.asked[value]

    def about(self, operand: Value | None) -> None:
        """Note it."""
        self.operand = operand

    def base(self, loop: Loop) -> Value | None:
        """None: there are no lists in a dry run."""
        return None

    def at(self, loop: Loop, position: Position) -> None:
        """Nothing to note."""

    def begun(self, *blocks: Block) -> None:
        """Nothing waits in a dry run."""

    def again(self, op: Op, index: Value) -> None:
        """Nothing is run in a dry run."""


class Recall:
    """Answers from the forward sweep."""

    def __init__(self, builder: Builder, sweep: ForwardSweep) -> None:
        self.builder = builder
        self.sweep = sweep
        self.structure = sweep.structure
        self.scopes: dict[Region, Scope] = {}
        self.positions: dict[Loop, Position] = {}
        self._kept = set(sweep.plan.kept)

    def get(self, value: Value) -> Value:
        """The value, emitted on first use in the reverse region that mirrors its own."""
        with self.builder.rounding(loose=False):
            return self._get(value)

    def _get(self, value: Value) -> Value:
        pending = [value]
        while pending:  # what it is computed from first; without recursion, for long bodies
            last = pending[-1]
            missing = [v for v in self._sources(last) if not self._has(v)] if not self._has(last) else []
            if not missing and not self._has(last):
                self._emit(last)
            if missing:
                pending += missing
            else:
                pending.pop()
        return self._known(value)

    def _has(self, value: Value) -> bool:
        if isinstance(value, Constant):
            return True
        region = self.structure.home[value]
        return value in self.scopes[region].known or (region.is_open and value in self.sweep.env)

    def _known(self, value: Value) -> Value:
        if isinstance(value, Constant):
            return value
        region = self.structure.home[value]
        if region.is_open and value in self.sweep.env:
            return self.builder.resolve(self.sweep.copies.get(value) or self.sweep.env[value])
        return self.builder.resolve(self.scopes[region].known[value])

    def _sources(self, value: Value) -> tuple[Value, ...]:
        """What a value is fetched by or computed from."""
        loop = self.structure.loop_of(value)
        if value in self._kept:
            return value.dims
        if value in self.structure.indices:
            return ()
        if loop is not None and value in loop.induction:
            return loop.induction[value][:1]
        operands = self.structure.definitions[value].operands
        final = self.sweep.plan.history.get(value)
        return operands if final is None else (final, *operands[1:])

    def _emit(self, value: Value) -> None:
        scope = self.scopes[self.structure.home[value]]
        with self.builder.outside(scope.depth):
            made = self._make(value)
        if not made.name and not isinstance(made, Constant):
            made.name = value.name
        scope.known[value] = made

    def _make(self, value: Value) -> Value:
        loop = self.structure.loop_of(value)
        if value in self._kept:
            return self.sweep.residuals.fetch(value, [self._known(d) for d in value.dims], self.positions)
        if value in self.structure.indices:
            return self.positions[self.structure.indices[value]].counter
        if loop is not None and value in loop.induction:
            return self._advanced(value, loop)
        op = self.structure.definitions[value]
        span, self.builder.span = self.builder.span, differentiated(op.span)
        several = emit_all(self.builder, op.prim, *map(self._known, self._sources(value)), **self._attrs(op))
        made = several[op.results.index(value)]
        self.builder.span = span
        for result, twin in zip(op.results, several, strict=True):
            self.scopes[self.structure.home[value]].known.setdefault(result, twin)
        if value.name and not made.name and not isinstance(made, Constant):
            made.name = value.name
        return made

    def _attrs(self, op: Op) -> dict[str, object]:
        """Attributes of an operation run again: what was checked is not checked again."""
        return {**op.attrs, "checked": False} if op.prim == "index" else dict(op.attrs)

    def _advanced(self, value: Value, loop: Loop) -> Value:
        """A carried integer that advances by a constant."""
        init, step = loop.induction[value]
        rounds = self.sweep.residuals.iteration(loop, self.positions)
        offset = emit(self.builder, "mul", rounds, Constant(step, value.kind))
        return emit(self.builder, "add", self._known(init), offset)

    def about(self, operand: Value | None) -> None:
        """It is the same to all."""

    def base(self, loop: Loop) -> Value | None:
        """Where this execution begins in the loop's lists, if not at 0."""
        return self.get(loop.base) if loop in self.sweep.residuals.cursors else None

    def at(self, loop: Loop, position: Position) -> None:
        """Say where the reverse sweep is in a loop."""
        self.positions[loop] = position

    def begun(self, *blocks: Block) -> None:
        """Pop what blocks have pushed."""
        frames = self.sweep.frames
        if frames is None:
            return
        for value in reversed(frames.values(*blocks)):
            made = pop(self.builder, frames.pair(value.kind), mirrored(value.type, self), value.name)
            self.scopes[self.structure.home[value]].known[value] = made

    def again(self, op: Op, index: Value) -> None:
        """Run an iteration of a loop again."""
        with self.builder.rounding(loose=False):
            self.sweep.again(op, index)


def mirrored(type_: Type, primal: Primal) -> Type:
    """A type of the program as a type of the adjoint program."""
    if isinstance(type_, ArrayType) and type_.dims:
        return ArrayType(type_.kind, tuple(primal.get(d) for d in type_.dims))
    return type_


def operand_of(builder: Builder, structure: Structure, primal: Primal, op: Op, value: Value) -> Expr:
    """An operand, or the result, of an operation whose rule is run: asked for when the rule uses it. What the rule
    makes of it that the program makes, too, is the program's (the cosine of an angle whose sine is differentiated)."""
    if isinstance(value, Constant):
        return Expr(builder, value)
    region = structure.home[op.results[0]]

    def known(prim: str) -> Value | None:
        found = structure.computed(prim, value, region)
        return primal.get(found) if found is not None and found not in op.results else None
    return Expr(builder, lambda: primal.get(value), mirrored(value.type, primal), known)
