"""Where a loop's accesses lie: which buffer, which loops move them, and whether from element to element.

Invariant: nothing is assumed of an index that is not a sum of loop indices and what does not change: it may be
anywhere.
"""

from __future__ import annotations

from workbench.ir import Block, Constant, Function, Op, Value, walk
from workbench.records import dataclass

_AFFINE = {"add", "sub", "index", "neg", "mul", "minimum", "maximum", "cast"}


@dataclass(frozen=True)
class Access:
    """One load, store or accumulation. root: the buffer; loops: bodies of the loops that move it;
    step: of the innermost loop's index, from turn to turn: 0 (it stays), 1 (to a neighbour), 2 (farther), None
    (anywhere); offset: by which two accesses with the same step differ, if that is known."""

    op: Op
    root: Value
    loops: frozenset[Block]
    step: int | None
    offset: int | None

    @property
    def reads(self) -> bool:
        """Whether it loads."""
        return self.op.prim != "store"

    @property
    def writes(self) -> bool:
        """Whether it stores."""
        return self.op.prim != "load"


class Places:
    """The values of a function: what buffer an array version lies in, and what integers are made of."""

    def __init__(self, function: Function) -> None:
        self.makers: dict[Value, Op] = {}
        self.bodies: dict[Value, Block] = {}  # of indices of loops
        self.homes: dict[Value, Block] = {}  # the block in which a value is made
        self._roots: dict[Value, Value] = {}
        self._handed: set[Value] = set()
        self._visit(function.block)

    def _visit(self, block: Block) -> None:
        for value in block.params:
            self.homes[value] = block
        for op in block.ops:
            for value in op.results:
                self.makers[value] = op
                self.homes[value] = block
            if op.prim == "for":
                body = op.regions[0]
                self.bodies[body.params[0]] = body
                for param, init in zip(body.params[1:], op.operands[2:], strict=True):
                    self._roots[param] = init
                for result, init in zip(op.results, op.operands[2:], strict=True):
                    self._roots[result] = init
            elif op.prim == "while":
                for param, init in zip(op.regions[0].params, op.operands, strict=True):
                    self._roots[param] = init
                for result, init in zip(op.results, op.operands, strict=False):
                    self._roots[result] = init
            elif op.prim == "if":
                for result, value in zip(op.results, op.regions[0].yields, strict=True):
                    self._roots[result] = value
            elif op.prim in ("store", "accum"):
                self._roots[op.results[0]] = op.operands[0]
            for region in op.regions:
                if op.prim in ("for", "while"):
                    self._handed.update(region.params[1 if op.prim == "for" else 0:])
                self._visit(region)

    def is_handed_on(self, value: Value) -> bool:
        """Whether a value is a parameter of a loop's body, and not its index."""
        return value in self._handed

    def root(self, value: Value) -> Value:
        """The first version of a buffer."""
        seen = 0
        while value in self._roots and seen < 1000:
            value = self._roots[value]
            seen += 1
        return value

    def access(self, op: Op, body: Block) -> Access:
        """An access in the innermost loop with this body."""
        array = op.operands[0]
        indices = op.operands[1:] if op.prim == "load" else op.operands[2:]
        loops: set[Block] = set()
        steps: list[int | None] = []
        offset: int | None = 0
        for index in indices:
            moved, step, constant = self._index(index, body)
            loops |= moved
            steps.append(step)
            offset = None if offset is None or constant is None else offset * 1_000_003 + constant
        step = 0
        if any(s is None for s in steps):
            return Access(op, self.root(array), frozenset(loops), None, None)
        if steps and steps[-1]:
            step = 1 if abs(steps[-1]) == 1 and not any(steps[:-1]) else 2
        elif any(steps):
            step = 2
        return Access(op, self.root(array), frozenset(loops), step, offset)

    def _index(self, value: Value, body: Block) -> tuple[set[Block], int | None, int | None]:
        """Which loops move an integer, by how much a turn of the innermost one does (None: not known), and the constant
        in it (None: there is more in it than that and indices)."""
        if isinstance(value, Constant):
            return set(), 0, int(value.value.real)
        if value in self.bodies:
            home = self.bodies[value]
            return {home}, int(home is body), 0
        maker = self.makers.get(value)
        if maker is None:
            return set(), None if self._inside(value, body) else 0, None
        if maker.prim not in _AFFINE:
            return set(), None if self._inside(value, body) else 0, None
        parts = [self._index(v, body) for v in maker.operands]
        if maker.prim in ("index", "cast", "neg"):
            moved, step, constant = parts[0]
            return (moved, None if step is None else -step, None) if maker.prim == "neg" else (moved, step, constant)
        (m1, s1, c1), (m2, s2, c2) = parts
        moved = m1 | m2
        if s1 is None or s2 is None:
            return moved, None, None
        if maker.prim in ("minimum", "maximum"):
            return moved, max(s1, s2, key=abs), None
        if maker.prim == "mul":
            return moved, 0 if not s1 and not s2 else 2 * max(abs(s1), abs(s2)), None
        sign = 1 if maker.prim == "add" else -1
        both = None if c1 is None or c2 is None else c1 + sign * c2
        return moved, s1 + sign * s2, both

    def _inside(self, value: Value, body: Block) -> bool:
        """Whether a value changes while the innermost loop runs."""
        home = self.homes.get(value)
        return home is body or home in set(_blocks(body))


def _blocks(block: Block) -> list[Block]:
    return [region for op in walk(block) for region in op.regions]


def accesses(body: Block, places: Places) -> list[Access]:
    """Every access in a loop's body, those in arms included."""
    return [places.access(op, body) for op in walk(body) if op.prim in ("load", "store", "accum")]
