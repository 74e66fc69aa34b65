"""Writing nests of loops: the original's iterations or others, with all or some of its updates.

Invariant: an operation of the original nest is emitted for the current indices with its operands as they are there;
arrays that the nest updates are read at the state that their slots hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.ir import Constant, Kind, Op, Slot, Value
from workbench.passes.nests import Nest
from workbench.passes.rebuild import Rebuilder

Box = list[tuple[Value, Value]]
ZERO, ONE = Constant(0, Kind.INT), Constant(1, Kind.INT)
TRUE = Constant(True, Kind.BOOL)


class NestBuilder(Rebuilder):
    """A rebuilder that takes nests apart."""

    def box(self, nest: Nest) -> Box:
        """The nest's iterations: [lo, hi) of each loop."""
        box: Box = []
        for loop in nest.loops:
            self.compute(nest, loop.operands[:2], {})
            lo, hi = self.all(loop.operands[:2])
            box.append((lo, hi) if loop.attrs["step"] == 1 else (self.plus(hi, 1), self.plus(lo, 1)))
        return box

    def slots(self, nest: Nest) -> dict[int, Slot]:
        """A variable for each carried value."""
        outer = nest.loops[0]
        return {k: self.builder.slot(self.type(r.type), self.get(outer.operands[2 + k]), r.name)
                for k, r in enumerate(outer.results)}

    def shifted(self, bounds: Box, shifts: Sequence[int]) -> Box:
        """Bounds of the original, moved."""
        return [(self.plus(self.get(lo), d), self.plus(self.get(hi), d))
                for (lo, hi), d in zip(bounds, shifts, strict=True)]

    def close(self, nest: Nest, slots: dict[int, Slot]) -> None:
        """The results of the nest."""
        for k, result in enumerate(nest.loops[0].results):
            self.bind(result, self.builder.held(slots[k]))

    def part(self, nest: Nest, box: Box, updates: Sequence[Op], slots: dict[int, Slot], steps: Sequence[int]) -> None:
        """A nest that makes some updates, at the iterations of the original."""
        def body(index: list[Value]) -> None:
            self.enter(nest, index)
            self.compute(nest, [v for op in updates for v in op.operands[1:]], slots)
            for op in updates:
                self.update(slots[nest.chains[op.operands[0]]], op.prim, self.all(op.operands[1:]), op)

        self.nest(box, steps, body)

    def sums(self, nest: Nest, box: Box, slots: dict[int, Slot]) -> None:
        """A nest for the carried scalars, in the original order."""
        yields = [nest.body.yields[k] for k in nest.sums]

        def body(index: list[Value]) -> None:
            self.enter(nest, index)
            for k in nest.sums:
                self.env[nest.body.params[1 + k]] = self.builder.held(slots[k])
            self.compute(nest, yields, slots)
            for k, value in zip(nest.sums, self.all(yields), strict=True):
                self.builder.write(slots[k], value)

        self.nest(box, [loop.attrs["step"] for loop in nest.loops], body)

    def zeros(self, slot: Slot, box: Box) -> None:
        """Zeros in a box of an array."""
        zero = Constant(0, slot.type.kind)

        def body(index: list[Value]) -> None:
            self.builder.write(slot, self.emit("store", self.builder.held(slot), zero, *index))

        self.nest(box, [1] * len(box), body)

    # ------------------------------------------------------------------ pieces
    def plus(self, value: Value, number: int) -> Value:
        """value + number."""
        return self.emit("add", value, Constant(number, Kind.INT)) if number else value

    def update(self, slot: Slot, prim: str, operands: Sequence[Value], op: Op) -> None:
        """Store or add."""
        self.builder.span = op.span or self.builder.span
        with self.builder.rounding(loose="loose" in op.attrs):
            self.builder.write(slot, self.emit(prim, self.builder.held(slot), *operands))

    def enter(self, nest: Nest, index: Sequence[Value]) -> None:
        """Let the nest's indices stand for these values."""
        for old, new in zip(nest.indices, index, strict=True):
            self.env[old] = new

    def compute(self, nest: Nest, values: Sequence[Value], slots: dict[int, Slot]) -> None:
        """Emit the operations that values need, for the current indices."""
        for op in nest.needed(values):
            if op.prim == "load" and op.operands[0] in nest.chains:
                self.env[op.operands[0]] = self.builder.held(slots[nest.chains[op.operands[0]]])
            self.builder.span = op.span or self.builder.span
            self.copy(op)

    def when(self, condition: Value, then: Callable[[], None], orelse: Callable[[], None] | None = None) -> None:
        """A conditional; the arm that is taken alone where the condition is known."""
        if isinstance(condition, Constant):
            if condition.value:
                then()
            elif orelse is not None:
                orelse()
            return
        self.builder.begin_arm()
        then()
        first = self.builder.end_arm()
        self.builder.begin_arm()
        if orelse is not None:
            orelse()
        self.builder.end_if(condition, first, self.builder.end_arm())

    def nest(self, box: Box, steps: Sequence[int], body: Callable[[list[Value]], None],
             index: list[Value] | None = None) -> None:
        """Loops over a box."""
        index = index or []
        if len(index) == len(box):
            body(index)
            return
        i = self.begin(*box[len(index)], steps[len(index)], self.letter(len(index)))
        self.nest(box, steps, body, [*index, i])
        self.builder.end_for()

    def begin(self, lo: Value, hi: Value, step: int, name: str) -> Value:
        """Open a loop over lo, ..., hi - 1 in one direction."""
        if step == -1:
            lo, hi = self.plus(hi, -1), self.plus(lo, -1)
        return self.builder.begin_for(lo, hi, step, name)

    @staticmethod
    def letter(axis: int) -> str:
        """The name of a loop's index."""
        return "ijkl"[axis] if axis < 4 else "i"
