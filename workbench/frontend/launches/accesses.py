"""Which elements the threads of a launch touch, read off the traced program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from workbench.frontend.threads import Dealt, Launch, Launches
from workbench.ir import Block, Function, Op, Span, Value, walk
from workbench.ir.ops import ALLOCATING, CONSUMING
from workbench.records import dataclass

Guard = tuple[Value, bool]


@dataclass(frozen=True, eq=False)
class Access:
    """An access of one array. where: its indices, None for any element; atomic: the operation, "" for none; guards:
    conditions under which it happens, and whether they hold; loops: those around it, from outside in."""

    op: Op
    root: Value
    where: tuple[Value, ...] | None
    writes: bool
    atomic: str
    guards: tuple[Guard, ...]
    loops: tuple[Op, ...]

    @property
    def span(self) -> Span | None:
        """Where the user has written it."""
        return self.op.span


@dataclass(eq=False)
class Found:
    """What a program holds. accesses: by launch; makers: the operation that makes each value; around: the loops around
    where it is made; indices: loops by their indices; changed: arrays that something writes."""

    function: Function
    launches: Launches
    accesses: dict[Launch, list[Access]] = field(default_factory=dict)
    makers: dict[Value, Op] = field(default_factory=dict)
    around: dict[Value, tuple[Op, ...]] = field(default_factory=dict)
    indices: dict[Value, Op] = field(default_factory=dict)
    roots: dict[Value, Value] = field(default_factory=dict)
    changed: set[Value] = field(default_factory=set)
    unclear: list[tuple[Launch, Op]] = field(default_factory=list)

    def dealt(self, loop: Op) -> Dealt | None:
        """What a loop is of a launch."""
        return self.launches.loops.get(loop.regions[0].params[0]) if loop.prim == "for" else None

    def root(self, array: Value) -> Value:
        """The array that a version is one of."""
        return self.roots.get(array, array)


def found_in(function: Function, launches: Launches) -> Found:
    """Read a program."""
    found = Found(function, launches)
    for op in walk(function.block):
        for result in op.results:
            found.makers[result] = op
        if op.prim == "for":
            found.indices[op.regions[0].params[0]] = op
    _block(found, function.block, (), (), None)
    return found


def _block(found: Found, block: Block, loops: tuple[Op, ...], guards: tuple[Guard, ...], launch: Launch | None) -> None:
    for param in block.params:
        found.around.setdefault(param, loops)
    for op in block.ops:
        for result in op.results:
            found.around[result] = loops
        guards = _op(found, op, loops, guards, launch)


def _op(found: Found, op: Op, loops: tuple[Op, ...], guards: tuple[Guard, ...], launch: Launch | None
        ) -> tuple[Guard, ...]:
    """Note what an operation touches; gives the guards of what follows it."""
    if op.prim == "check":
        return (*guards, (op.operands[0], True))
    if op.prim in ("for", "while"):
        _loop(found, op, loops, guards, launch)
        return guards
    if op.prim == "if":
        for region, holds in zip(op.regions, (True, False), strict=True):
            _block(found, region, loops, (*guards, (op.operands[0], holds)), launch)
        for k, result in enumerate(op.results):
            if result.is_array:
                _same(found, launch, op, result, [region.yields[k] for region in op.regions])
        return guards
    if op.prim in CONSUMING and op.operands[0].is_array:
        found.roots[op.result] = found.root(op.operands[0])
        found.changed.add(found.root(op.operands[0]))
    if launch is not None:
        _touched(found, op, loops, guards, launch)
    return guards


def _loop(found: Found, op: Op, loops: tuple[Op, ...], guards: tuple[Guard, ...], launch: Launch | None) -> None:
    dealt = found.dealt(op)
    inside = dealt.launch if dealt is not None else launch
    first = op.regions[0]
    inits = op.operands[2:] if op.prim == "for" else op.operands
    params = first.params[1:] if op.prim == "for" else first.params
    for init, param, result in zip(inits, params, op.results, strict=True):
        if param.is_array:
            found.roots[param] = found.roots[result] = found.root(init)
        elif dealt is not None:
            found.unclear.append((dealt.launch, op))
    _block(found, first, (*loops, op), guards, inside)
    ends = first.yields if op.prim == "for" else first.yields[1:]
    if op.prim == "while":
        _block(found, op.regions[1], (*loops, op), (*guards, (first.yields[0], True)), inside)
    for param, *outs in zip(params, ends, *([op.regions[1].yields] if op.prim == "while" else []), strict=True):
        if param.is_array and inside is not None:
            for out in outs:
                if found.root(out) is not found.root(param):
                    found.unclear.append((inside, op))


def _same(found: Found, launch: Launch | None, op: Op, result: Value, options: Sequence[Value]) -> None:
    """An array that is one of several."""
    roots = {found.root(v) for v in options}
    found.roots[result] = next(iter(roots))
    if len(roots) > 1 and launch is not None:
        found.unclear.append((launch, op))


def _touched(found: Found, op: Op, loops: tuple[Op, ...], guards: tuple[Guard, ...], launch: Launch) -> None:
    """The accesses of an operation inside of a launch."""
    def note(array: Value, where: tuple[Value, ...] | None, writes: bool, atomic: str = "") -> None:
        found.accesses.setdefault(launch, []).append(
            Access(op, found.root(array), where, writes, atomic, guards, loops))
    if op.prim == "load":
        note(op.operands[0], op.operands[1:], False, found.launches.atomics.get(op.result, ""))
    elif op.prim in ("store", "accum"):
        note(op.operands[0], op.operands[2:], True, found.launches.atomics.get(op.result, ""))
    elif op.prim not in ALLOCATING or op.prim == "copy":
        for k, value in enumerate(op.operands):
            if value.is_array:
                note(value, None, op.prim == "call" or (op.prim in CONSUMING and k == 0))
    for result in op.results:
        if result.is_array and op.prim not in CONSUMING:
            found.roots[result] = result
