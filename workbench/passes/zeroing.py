"""Zeroes that an iteration leaves for the next one to add to.

The adjoint of a store takes an element's cotangent and leaves a zero. In an outer loop that swaps buffers, that zero is
what the next iteration adds to. `Rotate` has each iteration begin by making the zeros that the one before would have
ended with; whoever then adds to them need not read them, and stores.

    for t: ... a[B] = 0; yield a        ->        for t: a[B] = 0; ...; yield a
                                                  a[B] = 0

Invariant: the box B does not change in the loop, and the array is one of zeros on entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from workbench.ir import Block, Constant, Function, Op, Polynomial, Value, definitions, normal_form, uses, walk
from workbench.passes.nest_parts import ZERO, Box, NestBuilder
from workbench.passes.nests import Maker, find_nest
from workbench.records import dataclass


@dataclass(frozen=True)
class Zeros:
    """A nest that does nothing but store zeros, or a new array of zeros: the array before (if there is one) and after,
    and [lo, hi) of each of its axes, counted from `shifts`."""

    before: Value | None
    after: Value
    bounds: Box
    shifts: tuple[int, ...]


@dataclass
class Found:
    """Zeros that their only reader can do without, by the array that they are in: `gathered` of nests to be turned
    around, `added` of nests that add the whole array to another, by the array that those make."""

    gathered: dict[Value, Zeros] = field(default_factory=dict)
    added: dict[Value, Zeros] = field(default_factory=dict)

    def dropped(self, array: Value) -> Zeros | None:
        """The zeros that an array consists of or holds, if nobody needs them to be made there."""
        return self.gathered.get(array) or next((z for z in self.added.values() if z.after is array), None)


def as_zeros(op: Op, maker: Maker) -> Zeros | None:
    """What a nest of zeros makes, or None for other nests."""
    if op.prim != "for" or len(op.results) != 1 or any(loop.attrs["step"] != 1 for loop in _loops(op)):
        return None
    nest = find_nest(op, maker)
    if nest is None or len(nest.stores) != 1 or nest.terms or nest.sums:
        return None
    (store,) = nest.stores
    value = store.operands[1]
    shifts = tuple((normal_form(where, maker) - Polynomial.atom(index)).constant
                   for where, index in zip(store.operands[2:], nest.indices, strict=True))
    if None in shifts or not is_zero(value):
        return None
    bounds = [(loop.operands[0], loop.operands[1]) for loop in nest.loops]
    return Zeros(op.operands[2], op.results[0], bounds, shifts)  # type: ignore[arg-type]


def _loops(op: Op) -> list[Op]:
    return [op, *(inner for region in op.regions for inner in walk(region) if inner.prim == "for")]


def is_zero(value: Value) -> bool:
    """True for the constant zero (not for its negative)."""
    return isinstance(value, Constant) and repr(value.value) in ("0", "0.0", "0j", "False")


def zeros_of(function: Function, is_reader: Callable[[Op], bool]) -> Found:
    """The nests of zeros that are read by one nest alone that is to be turned around, of the same block."""
    makers, used, found = definitions(function), uses(function), Found()
    around = {inner: op for op in walk(function.block) for region in op.regions for inner in region.ops}
    for block in _blocks(function.block):
        inside = {id(op) for op in block.ops}
        for op in block.ops:
            if op.prim not in ("for", "full") or len(op.results) != 1 or not op.results[0].is_array:
                continue
            readers = used.get(op.results[0], [])
            reader = readers[0] if len(readers) == 1 else None
            if not isinstance(reader, Op):
                continue
            if reader.prim == "load" and op.prim == "for":
                adding = reader
                while id(adding) not in inside and adding in around:
                    adding = around[adding]
                zeros = as_zeros(op, makers.get) if adding.prim == "for" and id(adding) in inside and adds(
                    adding, reader, makers.get) else None
                if zeros is not None:
                    found.added[adding.results[0]] = zeros
            elif reader.prim == "for" and id(reader) in inside and op.results[0] in reader.operands[2:] and (
                    is_reader(reader)):
                zeros = as_zeros(op, makers.get) if op.prim == "for" else of_zeros(op)
                if zeros is not None:
                    found.gathered[op.results[0]] = zeros
    return found


def of_zeros(op: Op) -> Zeros | None:
    """A new array of zeros."""
    value, *dims = op.operands
    if not is_zero(value):
        return None
    return Zeros(None, op.results[0], [(ZERO, dim) for dim in dims], (0,) * len(dims))


def adds(op: Op, load: Op, maker: Maker) -> bool:
    """True for a nest that does nothing but add an element, loaded so, to the same element of another array, which is
    a cotangent."""
    if not any(load is o for loop in _loops(op) for o in loop.regions[0].ops):
        return False
    nest = find_nest(op, maker)
    if nest is None or nest.sums or len(op.results) != 1 or any(loop.attrs["step"] != 1 for loop in nest.loops):
        return False
    updates = [*nest.stores, *(term.op for terms in nest.terms.values() for term in terms)]
    where = tuple(nest.indices)
    if len(updates) != 1 or updates[0].operands[2:] != where or load.operands[1:] != where:
        return False
    (update,) = updates
    if update.prim == "accum":
        return update.operands[1] is load.result and "loose" in update.attrs
    total = maker(update.operands[1])
    if total is None or total.prim != "add" or "loose" not in total.attrs or load.result not in total.operands:
        return False
    if total.operands[0] is total.operands[1]:
        return False
    other = maker(next(v for v in total.operands if v is not load.result))
    return other is not None and other.prim == "load" and other.operands == (nest.body.params[1], *where)


def _blocks(block: Block) -> list[Block]:
    found = [block]
    for op in block.ops:
        for region in op.regions:
            found += _blocks(region)
    return found


class Rotate(NestBuilder):
    """Moves zeros from the end of a loop's body to its beginning, where a nest is there that adds to them.

    is_reader(op, maker): true for nests that can do without zeros that are made just before them."""

    def __init__(self, is_reader: Callable[[Op, Maker], bool]) -> None:
        self.is_reader = is_reader
        self.moved: set[Op] = set()

    def run(self, function: Function) -> Function:
        """The function with its loops rotated; itself where there are none to be."""
        self.makers, self.uses = definitions(function), uses(function)
        loops = [op for op in walk(function.block) if op.prim == "for"]
        self.found = {op: found for op in loops if (found := self.rotated(op))}
        return super().run(function) if self.found else function

    def op(self, op: Op) -> None:
        """Rotate a loop."""
        if op in self.moved:
            self.env[op.results[0]] = self.get(op.operands[2])
            return
        found = self.found.get(op)
        if found is None:
            self.copy(op)
            return
        (body,) = op.regions
        self.moved.update(self.makers[zeros.after] for zeros in found.values())

        def begin(params: tuple[Value, ...]) -> None:
            for k, zeros in found.items():
                self.env[body.params[1 + k]] = self.cleared(params[1 + k], zeros)
        self.rebuild_for(op, begin=begin)
        for k, zeros in found.items():
            self.env[op.results[k]] = self.cleared(self.env[op.results[k]], zeros)

    def cleared(self, array: Value, zeros: Zeros) -> Value:
        """The array with its zeros made."""
        slot = self.builder.slot(array.type, array, array.name)
        self.zeros(slot, self.shifted(zeros.bounds, zeros.shifts))
        return self.builder.held(slot)

    def rotated(self, op: Op) -> dict[int, Zeros]:
        """The carried positions whose zeros move."""
        (body,) = op.regions
        found: dict[int, Zeros] = {}
        for k, (param, value) in enumerate(zip(body.params[1:], body.yields, strict=True)):
            maker, start = self.makers.get(value), self.makers.get(op.operands[2 + k])
            if maker is None or not any(maker is o for o in body.ops) or len(self.uses.get(value, [])) != 1:
                continue
            if start is None or start.prim != "full" or not is_zero(start.operands[0]):
                continue
            readers = self.uses.get(param, [])
            if len(readers) != 1 or not isinstance(readers[0], Op) or not any(readers[0] is o for o in body.ops):
                continue
            zeros = as_zeros(maker, self.makers.get)
            if zeros is None:
                continue
            inner = {value for part in _blocks(body) for value in (
                *part.params, *(r for o in part.ops for r in o.results))}
            if any(v in inner for bounds in zeros.bounds for v in bounds):
                continue
            reader = readers[0]
            if reader.prim == "for" and param in reader.operands[2:] and self.is_reader(reader, self.makers.get):
                found[k] = zeros
        return found
