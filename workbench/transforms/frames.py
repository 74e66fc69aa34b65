"""Values that wait on stacks: numbers, and arrays element by element, on growable lists of their kind.

Where a program calls itself, what its calls keep waits on such stacks (`transforms.stacks`), and so does what the
iterations of its loops keep: each execution of a region of a loop pushes its values when it ends, and its adjoint pops
them when it begins. In between the calls of the region push and pop what is theirs.

The first region of a `while` (up to its condition) waits for the second: the adjoints of both run in one scope. Only
in the last, partial iteration does it push by itself.

Invariant: pops are in the opposite order of pushes. A region has values here only where its adjoint asks for them, so
the adjoint runs as often as the region did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field

from workbench.ir import ArrayType, Block, Builder, Kind, Slot, Type, Value
from workbench.records import dataclass
from workbench.rules import emit
from workbench.transforms.residuals import ONE, append, array_at
from workbench.transforms.structure import Structure


@dataclass(slots=True)
class Pair:
    """A stack under construction: its list, and how much of it is in use."""

    elements: Slot
    length: Slot


def push(b: Builder, pair: Pair, value: Value) -> None:
    """Push a number, or the elements of an array."""
    append(b, pair.elements, pair.length, value)


def pop(b: Builder, pair: Pair, type_: Type, name: str) -> Value:
    """What was pushed last; `type_` has the dimensions of an array."""
    size: Value = ONE
    for dim in type_.dims if isinstance(type_, ArrayType) else ():
        size = emit(b, "mul", size, dim)
    b.write(pair.length, emit(b, "sub", b.held(pair.length), size))
    if isinstance(type_, ArrayType):
        return array_at(b, b.held(pair.elements), b.held(pair.length), type_.kind, type_.dims, name)
    made = emit(b, "load", b.held(pair.elements), b.held(pair.length), kept=True)
    made.name = made.name or name
    return made


def in_order(values: Iterable[Value]) -> list[Value]:
    """Values in the order in which they are pushed: arrays first, so that the numbers that may be their dimensions
    are popped before them."""
    return sorted(values, key=lambda v: not v.is_array)


@dataclass(slots=True)
class Frames:
    """What the regions of loops push. `kept` are the values of the plan, `pair` gives the stack of a kind."""

    builder: Builder
    structure: Structure
    kept: Sequence[Value]
    pair: Callable[[Kind], Pair]
    by_block: dict[Block, list[Value]] = field(default_factory=dict)
    copies: dict[Value, Value] = field(default_factory=dict)  # of arrays that are overwritten before they are pushed

    def __post_init__(self) -> None:
        for value in self.kept:
            if self.structure.loop_of(value) is not None:
                self.by_block.setdefault(self.structure.home[value].block, []).append(value)

    def __contains__(self, value: Value) -> bool:
        return value in self.by_block.get(self.structure.home[value].block, ())

    def values(self, *blocks: Block) -> list[Value]:
        """What the adjoint of these blocks, that run in one scope, begins with, in the order of pushes."""
        return in_order(v for block in blocks for v in self.by_block.get(block, ()))

    def note(self, value: Value, copy: Value) -> None:
        """A value of the forward sweep that will be pushed."""
        if value.is_array and value in self.structure.consumed:
            self.copies[value] = emit(self.builder, "copy", copy)

    def push(self, block: Block, get: Callable[[Value], Value]) -> None:
        """A block has been copied: push what waits."""
        op = self.structure.regions[block].op
        if op is None or op.prim != "while":
            self._push(self.values(block), get)
        elif block is op.regions[1]:
            self._push(self.values(*op.regions), get)
        elif self.values(block):
            self.builder.begin_arm()
            then = self.builder.end_arm()
            self.builder.begin_arm()
            self._push(self.values(block), get)
            self.builder.end_if(get(block.yields[0]), then, self.builder.end_arm())

    def _push(self, values: Sequence[Value], get: Callable[[Value], Value]) -> None:
        for value in values:
            copy = self.copies.get(value)
            push(self.builder, self.pair(value.kind), get(value) if copy is None else self.builder.resolve(copy))
