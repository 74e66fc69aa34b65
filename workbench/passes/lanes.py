"""Loops over items, done for several items at once: what waits for the turn before is done for others meanwhile.

A body in which a number goes through a loop (`for k: term = term * x / k`) is a chain of operations that wait for one
another, and no vector can be made of it. So items are taken in blocks; loops that have as many turns for every item go
around short loops over the items of the block (interchange of loops), which LLVM makes vectors of. What such a short
loop hands to another lies in an array with a place for each item of the block; arrays that are an item's own get an
axis for the items, the last one.

Invariant: each item's operations are the same, in the same order; carried numbers are added up in the order of the
items.

Source: Allen & Kennedy, Optimizing Compilers for Modern Architectures (2001), section 5.7 (scalar expansion) and 5.2
(loop interchange).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Slot, Type, Value, definitions, walk
from workbench.passes.accumulation import read_by
from workbench.passes.base import Pass
from workbench.passes.fusion import unowned
from workbench.passes.item_copies import expanded
from workbench.passes.item_loops import UPDATES, ItemLoop, Run, Same, Segment, Turns
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass

WIDTH = 64  # items of a block: several vectors of any processor, few enough for what they hand on to stay in the cache
ZERO, ONE, FULL = (Constant(n, Kind.INT) for n in (0, 1, WIDTH))


@dataclass(frozen=True)
class Lanes(Pass):
    """Takes loops over items in blocks."""

    name: ClassVar[str] = "lanes"

    def __call__(self, function: Function) -> Function:
        """The function with such loops in blocks."""
        if not any("items" in op.attrs for op in walk(function.block)):
            return function
        laner = _Laner()
        made = laner.run(expanded(function))
        return made if laner.found else function


class _Laner(Rebuilder):
    def before(self, function: Function) -> None:
        """Note what makes each value."""
        self.makers = definitions(function)
        self.outside = unowned(function)
        self.found = False
        self.kept: dict[tuple[Op, Value], Value] = {}  # of conditionals: the last versions of what they drop
        self.lane: Value | None = None
        self.loop: ItemLoop | None = None

    def copy_for(self, op: Op) -> None:
        """Rebuild a counted loop, in blocks where that is worth it; of nested ones, the innermost."""
        loop = self.qualified(op)
        if loop is None or any(self.qualified(inner) for inner in walk(loop.body)):
            super().copy_for(op)
            return
        self.found = True
        outer, self.loop = self.loop, loop
        self.blocks(op, loop)
        self.loop = outer

    def qualified(self, op: Op) -> ItemLoop | None:
        """The analysis of a loop over items that can be taken in blocks."""
        if op.prim != "for" or "items" not in op.attrs:
            return None
        loop = ItemLoop(op, self.makers, self.outside)
        return loop if loop.qualifies else None

    # ------------------------------------------------------------------ blocks
    def blocks(self, op: Op, loop: ItemLoop) -> None:
        """The loop over blocks of items."""
        first, last = self.all(op.operands[:2])
        step = op.attrs["step"]
        ahead = self.emit("sub", last, first) if step == 1 else self.emit("sub", first, last)
        count = self.emit("maximum", ahead, ZERO)
        number = self.emit("floordiv", self.emit("add", count, Constant(WIDTH - 1, Kind.INT)), FULL)
        carried = {p: self.builder.slot(self.type(i.type), self.get(i), p.name)
                   for i, p in zip(op.operands[2:], loop.body.params[1:], strict=True)}
        self.arrays = {p: slot for p, slot in carried.items() if p.is_array}
        self.places: dict[Value, Slot] = {}
        self.depth = self.builder.depth
        self.handed = set(self.external(loop, loop.serial or (), loop.body.yields))
        self.note_handed(loop, loop.segments)
        block = self.builder.begin_for(ZERO, number, 1, "block")
        begin = self.emit("mul", block, FULL)
        self.width = self.named("width", self.emit("minimum", self.emit("sub", count, begin), FULL))
        start = self.emit("add", first, begin) if step == 1 else self.emit(
            "add", self.emit("sub", self.emit("sub", first, begin), self.width), ONE)
        self.start = self.named("start", start)
        self.segments(loop.segments)
        if loop.serial:
            self.in_order(loop, carried, step)
        self.builder.end_for()
        for param, result in zip(loop.body.params[1:], op.results, strict=True):
            self.bind(result, self.builder.held(carried[param]))

    @staticmethod
    def named(name: str, value: Value) -> Value:
        """A value with a name, if it has none."""
        if not isinstance(value, Constant) and not value.name:
            value.name = name
        return value

    # ------------------------------------------------------------------ what is handed from one run to another
    def external(self, loop: ItemLoop, ops: Sequence[Op], more: Iterable[Value] = ()) -> list[Value]:
        """The numbers of an item that operations use and do not make."""
        made = {r for op in ops for r in op.results}
        for op in ops:
            for region in op.regions:
                made.update(region.params)
                made.update(r for inner in walk(region) for r in inner.results)
                made.update(p for inner in walk(region) for block in inner.regions for p in block.params)
        serial = {r for op in loop.serial or () for r in op.results} | set(loop.body.params)
        return list(dict.fromkeys(v for v in (*read_by(ops), *more) if v in loop.varying and not v.is_array
                                  and v not in made and v not in serial))

    def note_handed(self, loop: ItemLoop, segments: Sequence[Segment]) -> None:
        """Collect the numbers of an item that are used in another run than makes them."""
        for segment in segments:
            if isinstance(segment, Run):
                self.handed.update(self.external(loop, segment.ops, [v for v, _ in segment.moves]))
            elif isinstance(segment, Turns):
                self.note_handed(loop, segment.body)

    def place(self, value: Value) -> Slot:
        """The array in which a number has a place for each item of the block."""
        if value not in self.places:
            with self.builder.outside(self.depth):
                made = self.emit("empty", FULL, kind=value.kind)
                self.places[value] = self.builder.slot(made.type, made, value.name)
        return self.places[value]

    # ------------------------------------------------------------------ segments
    def segments(self, segments: Sequence[Segment]) -> None:
        """Emit segments."""
        for segment in segments:
            if isinstance(segment, Run):
                self.run_of(segment)
            elif isinstance(segment, Turns):
                self.turns(segment)
            else:
                self.same(segment)

    def same(self, segment: Same) -> None:
        """What is the same for all items, and arrays of the items' own."""
        op = segment.op
        self.builder.span = op.span or self.builder.span
        if op.prim not in ("empty", "full"):
            super().copy(op)
            return
        operands = self.all(op.operands)
        outside = op.prim == "empty" and all(
            isinstance(v, Constant) or self.depth_of.get(v, self.depth + 1) <= self.depth for v in operands)
        with self.builder.outside(self.depth if outside else self.builder.depth):
            made = self.named(op.result.name, self.emit(op.prim, *operands, FULL, **op.attrs))
            self.arrays[op.result] = self.builder.slot(made.type, made, op.result.name)

    def turns(self, segment: Turns) -> None:
        """A loop around runs over the items of the block."""
        op, loop = segment.op, self.loop
        assert loop is not None
        (body,) = op.regions
        carried = list(zip(op.operands[2:], body.params[1:], body.yields, op.results, strict=True))
        even = [c for c in carried if c[1] not in loop.varying and not c[1].is_array]
        slots = [self.builder.slot(self.type(p.type), self.get(i), p.name) for i, p, _, _ in even]
        for _, param, _, result in carried:
            if param in loop.varying and not param.is_array:
                self.places[result] = self.place(param)
        self.builder.span = op.span or self.builder.span
        lo, hi = self.all(op.operands[:2])
        self.env[body.params[0]] = self.builder.begin_for(lo, hi, op.attrs["step"], body.params[0].name)
        for slot, (_, param, _, _) in zip(slots, even, strict=True):
            self.env[param] = self.builder.held(slot)
        self.segments(segment.body)
        for slot, value in zip(slots, [self.get(y) for _, _, y, _ in even], strict=True):
            self.builder.write(slot, value)
        self.builder.end_for()
        for slot, (_, _, _, result) in zip(slots, even, strict=True):
            self.bind(result, self.builder.held(slot))

    def run_of(self, segment: Run) -> None:
        """A run of operations for the items of the block, one after the other: a loop that vectors are made of."""
        loop = self.loop
        assert loop is not None
        if segment.ops or segment.moves:
            self.enter(1, self.external(loop, segment.ops, [v for v, _ in segment.moves]))
            for op in segment.ops:
                self.builder.span = op.span or self.builder.span
                self.one(op)
            moved = [(self.get(value), self.place(to)) for value, to in segment.moves]
            kept = [(self.env[r], self.place(r)) for op in segment.ops for r in op.results if r in self.handed]
            for value, place in (*kept, *moved):
                self.hand(value, place)
            self.leave()

    def enter(self, step: int, external: Sequence[Value]) -> None:
        """Open a loop over the items of the block, and take what was handed to it."""
        loop = self.loop
        assert loop is not None
        if step == 1:
            lane = self.builder.begin_for(ZERO, self.width, 1, "lane")
        else:
            lane = self.builder.begin_for(self.emit("sub", self.width, ONE), Constant(-1, Kind.INT), -1, "lane")
        self.lane = lane
        self.env[loop.index] = self.emit("add", self.start, lane)
        for value in external:
            self.env[value] = self.emit("load", self.builder.held(self.place(value)), lane)

    def leave(self) -> None:
        """Close it."""
        self.builder.end_for()
        self.lane = None

    def hand(self, value: Value, place: Slot) -> None:
        """Store a number in its item's place."""
        assert self.lane is not None
        self.builder.write(place, self.emit("store", self.builder.held(place), value, self.lane))

    def one(self, op: Op) -> None:
        """An operation of one item."""
        loop = self.loop
        assert loop is not None
        for value in read_by([op]):
            if value.is_array and value in loop.roots:
                self.env[value] = self.builder.held(self.arrays[loop.roots[value]])
        self.copy(op)
        for result in op.results:
            if result.is_array:
                self.builder.write(self.arrays[loop.roots[result]], self.env[result])
        for root in loop.dropped(op):
            self.builder.write(self.arrays[root], self.kept[op, root])

    def copy_if(self, op: Op) -> None:
        """Rebuild a conditional. The array of a version that an arm updates and nobody reads afterwards goes on to the
        next item: it is among the results, too."""
        loop = self.loop
        dropped = loop.dropped(op) if self.lane is not None and loop is not None else {}
        if loop is None or not dropped:
            super().copy_if(op)
            return
        arms = []
        for region in op.regions:
            with self.frame("arm") as frame:
                self.ops(region)
                ends = [self.last(region, root, version) for root, version in dropped.items()]
                arms.append(Block((), tuple(frame.ops), (*self.all(region.yields), *ends)))
        like = [Value(self.arrays[root].type, root.name) for root in dropped]
        last = self.finish(op, self.all(op.operands), tuple(arms), op.results, like)
        self.kept.update(zip([(op, root) for root in dropped], last, strict=True))

    def last(self, block: Block, root: Value, version: Value) -> Value:
        """The version of an array at the end of a block that begins with this one."""
        assert self.loop is not None
        for op in reversed(block.ops):
            if (op, root) in self.kept:
                return self.kept[op, root]
            for result in op.results:
                if self.loop.roots.get(result) is root:
                    return self.env[result]
        return self.env[version]

    def copy(self, op: Op) -> None:
        """Re-emit an operation; an array that is an item's own is read and written at the item's place."""
        loop = self.loop
        if self.lane is None or loop is None or (op.prim != "load" and op.prim not in UPDATES):
            super().copy(op)
            return
        own = (self.lane,) if loop.roots.get(op.operands[0]) in loop.own else ()
        with self.builder.rounding(loose="loose" in op.attrs):
            self.bind(op.result, self.emit(op.prim, *self.all(op.operands), *own))

    def type_of(self, value: Value) -> Type:
        """The type of a version of an array is that of the array."""
        loop = self.loop
        if self.lane is not None and loop is not None and value in loop.roots:
            return self.arrays[loop.roots[value]].type
        return super().type_of(value)

    def in_order(self, loop: ItemLoop, carried: dict[Value, Slot], step: int) -> None:
        """The operations on carried numbers, in the order of the items."""
        numbers = [(p, y) for p, y in zip(loop.body.params[1:], loop.body.yields, strict=True) if not p.is_array]
        serial = loop.serial or []
        self.enter(step, self.external(loop, serial, [y for _, y in numbers]))
        for param, _ in numbers:
            self.env[param] = self.builder.held(carried[param])
        for op in serial:
            self.builder.span = op.span or self.builder.span
            self.copy(op)
        for value, (param, _) in zip([self.get(y) for _, y in numbers], numbers, strict=True):
            self.builder.write(carried[param], value)
        self.leave()
