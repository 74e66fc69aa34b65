"""The reverse sweep: the program's regions backwards, each operation replaced by its adjoint.

A counted loop runs from its last iteration to its first. A `while` whose full iterations were counted runs the adjoint
of `before` once, for its last, partial iteration, then as often as counted the adjoints of `after` and `before`. What
is run in one pass (`transforms.onepass`) is only passed by: its cotangents are noted for `enter` and `leave`, which the
forward sweep calls in its regions, and for `joint`, which makes a call of it.

Invariant: every primal value is asked of `Primal` (never taken from the forward sweep's regions), so that a dry run
finds exactly what is required. Cotangents are never materialised where they are symbolic zeros, but on entry
of a region that adds to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from workbench.ir import Block, Builder, Callee, Constant, Op, Slot, Value, callee_of, differentiated, in_time, walk
from workbench.ir.ops import marked
from workbench.records import dataclass
from workbench.rules import emit
from workbench.transforms.adjoints import Adjoints
from workbench.transforms.calls import Pulled
from workbench.transforms.cotangents import Cotangents, zero
from workbench.transforms.joint import Joint
from workbench.transforms.recall import Primal, Scope, mirrored
from workbench.transforms.residuals import MINUS, ZERO, Position
from workbench.transforms.stacks import Stacks, Twins
from workbench.transforms.structure import Halves, Structure

_MULTIPLES = frozenset({"add", "sub", "mul", "neg", "cast"})  # of zeros they are zeros


class Callees(Protocol):
    """The derivatives of what a program calls."""

    def pull(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Pulled:
        """The pullback of a callee."""

    def twins(self, callee: Callee) -> Twins | None:
        """The twins of one that calls itself; None where it cannot have any."""

    def joint(self, callee: Callee) -> Joint | None:
        """Its joint twin; None where it cannot have one."""


@dataclass(slots=True)
class _Carried:
    """An active carried position: initial value, parameter, yields per block, and its cotangent."""

    init: Value
    param: Value
    yields: tuple[Value, ...]
    bar: Slot


class ReverseSweep:
    """Emits the reverse sweep of a function whose results' cotangents have been put."""

    def __init__(self, builder: Builder, structure: Structure, active: frozenset[Value], primal: Primal,
                 stacks: Stacks, callees: Callees) -> None:
        self.callees = callees
        self.builder = builder
        self.structure = structure
        self.active = active
        self.primal = primal
        self.stacks = stacks
        self.bars = Cotangents(builder, structure, active, primal)
        self.adjoints = Adjoints(builder, self.bars, primal, callees.pull, stacks)
        self.passed: dict[Op, dict[int, Value]] = {}  # what is in one pass: cotangents of its results, by position
        primal.scopes[structure.top] = Scope(builder.depth)

    def begin(self, results: Sequence[Value], cotangents: Sequence[Value]) -> None:
        """The cotangents of the function's results are there."""
        for result, cotangent in zip(results, cotangents, strict=True):
            self.bars.add(result, cotangent)

    def end(self, params: Sequence[Value]) -> list[Value]:
        """The cotangents of parameters (zeros where nothing depends on them)."""
        self.builder.span = differentiated(self.structure.function.span)
        held = [(param, self.bars.read(param)) for param in params]
        return [zero(self.builder, mirrored(p.type, self.primal)) if bar is None else bar for p, bar in held]

    def block(self, block: Block) -> None:
        """The adjoint of a block."""
        self.ops(block.ops)

    def ops(self, ops: Sequence[Op], wanted: Callable[[Value], bool] = lambda operand: True) -> None:
        """The adjoints of operations, from last to first; those of operations on numbers as far as operands are
        `wanted`."""
        in_time(self.builder.span)
        with self.builder.rounding(loose=True):
            for op in reversed(ops):
                self.builder.span = differentiated(op.span)
                self._op(op, wanted)

    def early(self, halves: Halves) -> None:
        """The adjoints that come before what is in one pass."""
        self.ops(halves.early, lambda operand: operand in halves.made)

    def late(self, halves: Halves) -> None:
        """The adjoints that come when all has run."""
        self.ops(halves.late, lambda operand: operand not in halves.made)

    def _op(self, op: Op, wanted: Callable[[Value], bool]) -> None:
        if op in self.structure.one_pass:
            self._pass_by(op)
        elif op.prim == "for":
            self._for(op)
        elif op.prim == "while":
            self._while(op)
        elif op.prim == "if":
            self._if(op)
        else:
            self.adjoints.run(op, wanted)

    @contextmanager
    def _scope(self, *blocks: Block) -> Iterator[None]:
        scope = Scope(self.builder.depth)
        for block in blocks:
            self.primal.scopes[self.structure.regions[block]] = scope
        self.primal.begun(*blocks)
        yield
        for block in blocks:
            del self.primal.scopes[self.structure.regions[block]]

    def _reached(self, op: Op) -> bool:
        """True where some result has a cotangent."""
        return any(r in self.active and self.bars.read(r) is not None for r in op.results)

    # ------------------------------------------------------------------ conditionals
    def _if(self, op: Op) -> None:
        if not self._reached(op):
            return
        condition = self.primal.get(op.operands[0])
        bars = [self.bars.read(r) for r in op.results]
        arms = []
        for block in op.regions:
            self.builder.begin_arm()
            with self._scope(block):
                for value, bar in zip(block.yields, bars, strict=True):
                    self.bars.add(value, bar, owned=True)
                self.block(block)
            arms.append(self.builder.end_arm())
        self.builder.span = differentiated(op.span)
        self.builder.end_if(condition, arms[0], arms[1])

    # ------------------------------------------------------------------ in one pass
    def _pass_by(self, op: Op) -> None:
        found = {k: self.bars.read(r) for k, r in enumerate(op.results) if r in self.active}
        self.passed[op] = passed = {k: bar for k, bar in found.items() if bar is not None}
        if op.prim in ("for", "while"):
            inits = op.operands[2:] if op.prim == "for" else op.operands
            for k, bar in passed.items():
                self.bars.add(inits[k], bar)

    def enter(self, op: Op, block: Block) -> bool:
        """Begin the adjoint of a region of an operation that was passed by, in that region. False where no cotangent
        reaches the operation."""
        if not self.passed[op]:
            return False
        self._at(op, block)
        self.early(self.structure.halves(block))
        return True

    def leave(self, op: Op, block: Block) -> None:
        """End that adjoint."""
        self.late(self.structure.halves(block))
        self._gone(op, block)

    @contextmanager
    def inside(self, op: Op, block: Block) -> Iterator[None]:
        """That adjoint, run by the caller."""
        self._at(op, block)
        yield
        self._gone(op, block)

    def _at(self, op: Op, block: Block) -> None:
        scope = Scope(self.builder.depth)
        for inner in self._shared(op, block):
            self.primal.scopes[self.structure.regions[inner]] = scope
        for k, bar in self.passed[op].items():
            self.bars.add(block.yields[k], bar)

    def _gone(self, op: Op, block: Block) -> None:
        for inner in self._shared(op, block):
            del self.primal.scopes[self.structure.regions[inner]]

    def _shared(self, op: Op, block: Block) -> tuple[Block, ...]:
        """The regions that have one scope: those of a `while`."""
        return op.regions if op.prim == "while" else (block,)

    def joint(self, op: Op, operands: Sequence[Value]) -> Sequence[Value] | None:
        """A call that was passed by, together with its pullback: what the callee gives. None where no cotangent
        reaches it."""
        passed = self.passed[op]
        joint = self.callees.joint(callee_of(op))
        return joint.call(op, operands, passed, self.builder, self.primal, self.bars) if joint and passed else None

    # ------------------------------------------------------------------ loops
    def _carried(self, inits: Sequence[Value], params: Sequence[Value], yields: Sequence[tuple[Value, ...]],
                 results: Sequence[Value]) -> list[_Carried]:
        carried = []
        for init, param, ends, result in zip(inits, params, yields, results, strict=True):
            if result not in self.active:
                continue
            held = self.bars.read(result)
            name = f"{param.name}_bar" if param.name else "bar"
            bar = self.bars.slot(mirrored(result.type, self.primal), name)
            self.builder.write(bar, held)
            carried.append(_Carried(init, param, ends, bar))
        return carried

    def _enter(self, carried: Sequence[_Carried], side: int) -> None:
        """Move the cotangents of carried positions to what a block yields (all at once: it may permute them)."""
        held = [self.builder.read(c.bar) for c in carried]
        for c, bar in zip(carried, held, strict=True):
            self.bars.add(c.yields[side], bar, owned=True)

    def _leave(self, carried: Sequence[_Carried]) -> None:
        """Move the cotangents of a body's parameters to the carried positions."""
        held = [self.bars.read(c.param) for c in carried]
        for c, bar in zip(carried, held, strict=True):
            self.builder.write(c.bar, bar if bar is not None else zero(self.builder, c.bar.type))

    def _finish(self, carried: Sequence[_Carried]) -> None:
        """Move the cotangents of carried positions to the initial values."""
        for c in carried:
            self.bars.add(c.init, self.builder.read(c.bar), owned=True)

    def _for(self, op: Op) -> None:
        if not self._reached(op):
            return
        (body,) = op.regions
        carried = self._carried(op.operands[2:], body.params[1:], [(y,) for y in body.yields], op.results)
        lo, hi = (self.primal.get(v) for v in op.operands[:2])
        in_order = self.stacks.is_framed or any(inner.prim == "call" for inner in walk(body))
        asked = None if in_order else self._asked(carried)
        if asked is None:  # (pullbacks may run code of the user's, and stacks are popped in order)
            self._backwards(op, carried, lo, hi)
        else:
            self.builder.begin_arm()
            self._backwards(op, carried, lo, hi)
            then = self.builder.end_arm()
            self.builder.begin_arm()
            self.builder.end_if(asked, then, self.builder.end_arm())
        self.builder.span = differentiated(op.span)
        self._finish(carried)

    def _asked(self, carried: Sequence[_Carried]) -> Value | None:
        """Whether a cotangent comes into a loop at all, where they are numbers that conditions (of a minimum, say) have
        made 0 otherwise; None where that is not so. From zeros it would make zeros.

        It is the conditions that are asked, not the numbers: a cotangent that happens to be 0 has a derivative."""
        asked: Value | None = None
        for c in carried:
            bar = self.builder.read(c.bar)
            reaches = self._reaches(bar) if bar is not None else None
            if not isinstance(reaches, Value):
                return None
            asked = reaches if asked is None else emit(self.builder, "or", asked, reaches)
        return asked

    def _reaches(self, value: Value, depth: int = 4) -> Value | bool:
        """On what it depends that a number is not a zero which a condition has put in its place; looked for `depth`
        operations deep."""
        if isinstance(value, Constant):
            return bool(value.value != 0)
        op = self.builder.definitions.get(value)
        if op is None or value.is_array or depth == 0:
            return True
        reaches = [self._reaches(v, depth - 1) for v in op.operands] if op.prim in _MULTIPLES else []
        if op.prim == "select" and not self._is_guard(op.operands[0]):
            condition, *arms = op.operands
            then, orelse = (self._reaches(v, depth - 1) for v in arms)
            if then is True and orelse is True:
                return True
            return self._either(self._both(condition, then),
                                self._both(emit(self.builder, "not", condition), orelse))
        if len(reaches) == 2:
            return (self._both if op.prim == "mul" else self._either)(*reaches)
        return reaches[0] if reaches else True

    def _is_guard(self, condition: Value) -> bool:
        """True for the question whether a 0 annihilates what is not finite (`rules.derivatives`)."""
        parts = self._operands(condition, "and")
        return any(self.builder.definitions[v].prim == "isfinite"
                   for part in parts for v in self._operands(part, "not") if v in self.builder.definitions)

    def _operands(self, value: Value, prim: str) -> tuple[Value, ...]:
        """The operands of the operation that makes a value, if it is this one."""
        op = self.builder.definitions.get(value)
        return op.operands if op is not None and op.prim == prim else ()

    def _both(self, a: Value | bool, b: Value | bool) -> Value | bool:
        if isinstance(a, bool) or isinstance(b, bool):
            return False if a is False or b is False else b if a is True else a
        return emit(self.builder, "and", a, b)

    def _either(self, a: Value | bool, b: Value | bool) -> Value | bool:
        if isinstance(a, bool) or isinstance(b, bool):
            return True if a is True or b is True else b if a is False else a
        return emit(self.builder, "or", a, b)

    def _backwards(self, op: Op, carried: Sequence[_Carried], lo: Value, hi: Value) -> None:
        """The iterations of a `for` from the last to the first."""
        loop = self.structure.loops[op]
        (body,) = op.regions
        step = op.attrs["step"]
        back = Constant(-step, ZERO.kind)
        last, stop = (emit(self.builder, "add", v, back) for v in (hi, lo))
        index = self.builder.begin_for(last, stop, -step, body.params[0].name, marked(op.attrs))
        if op not in self.structure.late:
            self.primal.at(loop, Position(index, lo, self.primal.base(loop)))
        with self._scope(body):
            if op in self.structure.late:
                self.primal.again(op, index)
            self._enter(carried, 0)
            self.block(body)
            self._leave(carried)
        self.builder.end_for()

    def _while(self, op: Op) -> None:
        if not self._reached(op):
            return
        loop = self.structure.loops[op]
        if loop.trips is None:
            raise ValueError("a while without a count")
        before, after = op.regions
        ends = list(zip(before.yields[1:], after.yields, strict=True))
        carried = self._carried(op.operands, before.params, ends, op.results)
        trips = self.primal.get(loop.trips)
        self.primal.at(loop, Position(trips, ZERO, self.primal.base(loop)))
        with self._scope(before):
            self._enter(carried, 0)
            self.block(before)
            held = [self.bars.read(c.param) for c in carried]
        for c, bar in zip(carried, held, strict=True):
            self.builder.write(c.bar, bar)
        last = emit(self.builder, "add", trips, MINUS)
        counter = self.builder.begin_for(last, MINUS, -1, "round")
        self.primal.at(loop, Position(counter, ZERO, self.primal.base(loop)))
        with self._scope(before, after):
            self._enter(carried, 1)
            self.block(after)
            self.block(before)
            self._leave(carried)
        self.builder.end_for()
        self.builder.span = differentiated(op.span)
        self._finish(carried)
