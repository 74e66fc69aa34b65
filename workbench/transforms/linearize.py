"""Forward mode in two parts: a program that keeps what its pushforward needs, and the pushforward.

Where the tangents of many directions are wanted, the program runs once: the pushforward recalls values as the reverse
sweep does (kept, read again, or computed again, as the plan says), in the order of the program.

Invariant: every value of the program is asked of `Primal`, so that a dry run finds exactly what is required.

Source: Griewank & Walther, Evaluating Derivatives (2008), section 3.1; the plan is that of reverse mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from workbench.ir import Block, Builder, Constant, Function, Op, Slot, Type, Value, walk
from workbench.ir.ops import marked
from workbench.passes.activity import active
from workbench.rules import Expr
from workbench.transforms.forward import ForwardSweep
from workbench.transforms.jvp import TangentSweep
from workbench.transforms.plan import Planner
from workbench.transforms.recall import Primal, Recall, Scope, Wishes, mirrored, operand_of
from workbench.transforms.replay import declare
from workbench.transforms.residuals import ZERO, Position
from workbench.transforms.split import Split, parted
from workbench.transforms.stacks import Stacks
from workbench.transforms.structure import Structure


def linearize(function: Function, wrt: Sequence[int], outputs: Sequence[int]) -> Split | None:
    """The function, and its pushforward.

    wrt: positions among `function.data_params`, of what has a tangent; outputs: positions among `function.results`.
    None where the tangents go through calls (of what has a rule, or calls itself): `jvp` runs those again."""
    params = [function.data_params[k] for k in wrt]
    results = [function.results[k] for k in outputs]
    live = active(function, params, results)
    if any(op.prim == "call" and any(r in live for r in op.results) for op in walk(function.block)):
        return None
    structure = Structure(function)
    builder = Builder(function.name)
    wishes = Wishes(builder)
    _push(LinearSweep(builder, structure, live, wishes), params, results)
    plan = Planner(structure).run(list(wishes.asked))
    builder = Builder(f"{function.name}_jvp")
    builder.span = function.span
    program = ForwardSweep(builder, declare(builder, function), structure, plan, Stacks(builder, lambda callee: None))
    primal = program.run()
    cut = len(builder.frames[0].ops)
    seeds, tangents = _push(LinearSweep(builder, structure, live, Recall(builder, program)), params, results)
    return parted(builder.finish([*primal, *tangents]), cut, seeds, len(primal))


def _push(sweep: LinearSweep, params: Sequence[Value], results: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """Emit the pushforward: what stands for the tangents that it takes, and those that it gives."""
    seeds = [Value(sweep.type(p), f"{p.name or 'x'}_dot") for p in params]
    for param, seed in zip(params, seeds, strict=True):
        sweep.seed(param, seed)
    sweep.block(sweep.structure.function.block)
    sweep.builder.span = sweep.structure.function.span
    return seeds, [sweep.output(r, seeds) for r in results]


class LinearSweep(TangentSweep):
    """Emits the tangents of a program, and nothing of the program."""

    def __init__(self, builder: Builder, structure: Structure, live: frozenset[Value], primal: Primal) -> None:
        super().__init__(builder, {}, structure, live)
        self.structure = structure
        self.primal = primal
        primal.scopes[structure.top] = Scope(builder.depth)

    def get(self, value: Value) -> Value:
        """The value of the program."""
        return value if isinstance(value, Constant) else self.primal.get(value)

    def type(self, value: Value) -> Type:
        """The type of a value's tangent."""
        return mirrored(value.type, self.primal)

    def expr(self, op: Op, value: Value) -> Expr:
        """An operand of a rule: asked for when the rule uses it."""
        return operand_of(self.builder, self.structure, self.primal, op, value)

    def plain(self, op: Op) -> None:
        """The tangents of an operation's results."""
        self.push(op)

    @contextmanager
    def _scope(self, *blocks: Block) -> Iterator[None]:
        scope = Scope(self.builder.depth)
        for block in blocks:
            self.primal.scopes[self.structure.regions[block]] = scope
        yield
        for block in blocks:
            del self.primal.scopes[self.structure.regions[block]]

    # ------------------------------------------------------------------ carried tangents
    def _carried(self, inits: Sequence[Value], params: Sequence[Value]) -> dict[int, Slot]:
        """The slots of the tangents of active carried values, by position."""
        return {k: self.tangent_slot(self.type(init), self.dot(init), param.name)
                for k, (init, param) in enumerate(zip(inits, params, strict=True)) if param in self.active}

    def _enter(self, slots: dict[int, Slot], params: Sequence[Value]) -> None:
        for k, slot in slots.items():
            self.dots[params[k]] = self.read(slot)

    def _leave(self, slots: dict[int, Slot], yields: Sequence[Value]) -> None:
        """Give the slots the tangents of what a body yields (all at once: it may permute them)."""
        held = {k: self.filled(yields[k]) for k in slots}
        for k, dot in held.items():
            self.builder.write(slots[k], dot)

    # ------------------------------------------------------------------ regions
    def for_(self, op: Op) -> None:
        """The tangents of a counted loop."""
        (body,) = op.regions
        slots = self._carried(op.operands[2:], body.params[1:])
        if not slots:
            return
        loop = self.structure.loops[op]
        lo, hi = (self.get(v) for v in op.operands[:2])
        index = self.builder.begin_for(lo, hi, op.attrs["step"], body.params[0].name, marked(op.attrs))
        self.primal.at(loop, Position(index, lo, self.primal.base(loop)))
        with self._scope(body):
            self._enter(slots, body.params[1:])
            self.block(body)
            self._leave(slots, body.yields)
        self.builder.end_for()
        self._enter(slots, op.results)

    def while_(self, op: Op) -> None:
        """The tangents of a conditional loop, of which is known how often it ran."""
        before, after = op.regions
        slots = self._carried(op.operands, before.params)
        loop = self.structure.loops[op]
        if not slots or loop.trips is None:
            return
        trips = self.get(loop.trips)
        counter = self.builder.begin_for(ZERO, trips, 1, "round")
        self.primal.at(loop, Position(counter, ZERO, self.primal.base(loop)))
        with self._scope(before, after):
            self._enter(slots, before.params)
            self.block(before)
            self.block(after)
            self._leave(slots, after.yields)
        self.builder.end_for()
        self.primal.at(loop, Position(trips, ZERO, self.primal.base(loop)))
        with self._scope(before):
            self._enter(slots, before.params)
            self.block(before)
            self._leave(slots, before.yields[1:])
        self.builder.span = op.span
        self._enter(slots, op.results)

    def if_(self, op: Op) -> None:
        """The tangents of a conditional's results."""
        live = [k for k, r in enumerate(op.results) if r in self.active]
        if not live:
            return
        condition = self.get(op.operands[0])
        arms, ends = [], []
        for region in op.regions:
            self.builder.begin_arm()
            with self._scope(region):
                self.block(region)
                ends.append([self.filled(region.yields[k]) for k in live])
            arms.append(self.builder.end_arm())
        self.builder.span = op.span
        joined = self.builder.end_if(condition, arms[0], arms[1], list(zip(*ends, strict=True)))
        for k, dot in zip(live, joined, strict=True):
            dot.name = f"{op.results[k].name}_dot" if op.results[k].name else ""
            self.dots[op.results[k]] = dot
