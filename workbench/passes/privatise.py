"""Scratch arrays that every iteration of a loop writes anew become arrays of the iteration.

    y = empty(d)                                   for i: y = empty(d)
    for i: for j: y[j] = ...; total += f(y)   ->          for j: y[j] = ...
                                                          total += f(y)

Nothing is then carried from one iteration to the next, so that reverse mode sees independent iterations. Where the
program is emitted the room is made once again (`passes.preallocate`).

Invariant: in an iteration every element is stored before any of it is read that the iterations before it left, and
nothing reads the array after the loop but what stores it anew.

Source: Tu & Padua, "Automatic array privatization" (Languages and Compilers for Parallel Computing, 1993).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Polynomial, Value, definitions, normal_form, walk
from workbench.ir.rewrite import Rewriter
from workbench.passes.base import Pass
from workbench.passes.dead import Marker, sweep
from workbench.records import dataclass

Position = tuple[Op, int]  # what a loop carries there
_ZERO, _ONE = Polynomial.of(0), Polynomial.of(1)


@dataclass(frozen=True)
class Privatise(Pass):
    """Makes scratch arrays the iteration's own.

    shifted: also those that loops store whose index is the element's and a constant, as what is kept of loops is."""

    name: ClassVar[str] = "privatise"
    shifted: bool = False

    def __call__(self, function: Function) -> Function:
        """The function without carried scratch arrays."""
        found = _Overwriting(function, self.shifted).positions()
        while found:
            privatiser = _Privatiser(found)
            made = privatiser.run(function)
            marks = Marker(made)
            dead = {(op, k) for op, k in found if not marks.keeps(privatiser.made[op], k)}
            if dead == found:
                return sweep(made, marks)
            found = dead  # the others are read after their loops
        return function


class _Privatiser(Rewriter):
    """Gives the bodies of loops an array of their own at these positions."""

    def __init__(self, positions: set[Position]) -> None:
        super().__init__()
        self.positions = positions
        self.made: dict[Op, Op] = {}
        self.own: dict[Block, list[Value]] = {}
        for op, k in sorted(positions, key=lambda position: position[1]):
            self.own.setdefault(op.regions[0], []).append(op.regions[0].params[1 + k])

    def copy_op(self, op: Op) -> None:
        super().copy_op(op)
        self.made[op] = self.ops[-1]

    def copy_block(self, block: Block) -> Block:
        outer, self.ops = self.ops, []
        params = tuple(self.fresh(p) for p in block.params)
        for param in self.own.get(block, ()):
            dims = tuple(self.get(d) for d in param.dims)
            self.emit(Op("empty", dims, (self.fresh(param),), {"kind": param.kind}, (), None))
        for op in block.ops:
            self.rewrite_op(op)
        made = Block(params, tuple(self.ops), tuple(self.get(v) for v in block.yields))
        self.ops = outer
        return made


@dataclass(frozen=True, slots=True)
class _Counter:
    """The index of a loop that runs over a whole axis: from `start` on, or backwards."""

    index: Polynomial
    step: int


class _Overwriting:
    """Finds what is stored anew in each iteration."""

    def __init__(self, function: Function, shifted: bool) -> None:
        self.shifted = shifted
        self.makers = definitions(function)
        self.forms: dict[Value, Polynomial] = {}
        self.function = function
        self.block_of: dict[Op, Block] = {}
        self.uses: dict[Value, list[tuple[Op, Block | None, int]]] = {}  # by operations, or the yields of their blocks
        self._enter(function.block, None)

    def _enter(self, block: Block, owner: Op | None) -> None:
        for op in block.ops:
            self.block_of[op] = block
            for k, value in enumerate(op.operands):
                if value.is_array:
                    self.uses.setdefault(value, []).append((op, None, k))
            for region in op.regions:
                self._enter(region, op)
        if owner is not None:
            for k, value in enumerate(block.yields):
                if value.is_array:
                    self.uses.setdefault(value, []).append((owner, block, k))

    def form(self, value: Value) -> Polynomial:
        """The normal form of an integer."""
        return normal_form(value, self.makers.get, self.forms)

    def positions(self) -> set[Position]:
        """All positions of loops whose arrays each iteration stores anew before it reads them."""
        return {(op, k) for op in walk(self.function.block) if op.prim == "for"
                for k, param in enumerate(op.regions[0].params[1:])
                if param.is_array and param.dims and self.is_stored(param, op.regions[0])}

    def is_stored(self, version: Value, block: Block) -> bool:
        """True where the operations of a block store all of an array version before they read any of it."""
        start = 0  # elements stored one by one, of a vector
        while True:
            use = self._only_use(version, block)
            if use is None:
                return False
            op, position = use
            if op.prim == "slice_store" and position == 0:
                return self._is_whole(op, ())
            if op.prim == "for" and position >= 2:
                return self._runs_over(op, position - 2, (), start)
            if op.prim != "store" or position != 0 or version.rank != 1 or self._place(op) != _number(start):
                return False
            start += 1
            version = op.result

    def _only_use(self, version: Value, block: Block) -> tuple[Op, int] | None:
        """The one use of a version, by an operation of this block."""
        uses = self.uses.get(version, [])
        if len(uses) != 1 or uses[0][1] is not None or self.block_of[uses[0][0]] is not block:
            return None
        return uses[0][0], uses[0][2]

    def _place(self, store: Op) -> Value:
        """The index of a store into a vector; that of a checked one is the number that was written."""
        index = store.operands[2]
        maker = self.makers.get(index)
        checked = maker is not None and maker.prim == "index" and isinstance(maker.operands[0], Constant)
        return maker.operands[0] if checked else index  # type: ignore[union-attr]

    def _is_whole(self, op: Op, outer: Sequence[_Counter]) -> bool:
        """True where a `slice_store` stores all of the array, or all of it at the indices of the loops around."""
        array, fixed = op.operands[0], op.attrs["fixed"]
        rank, count = array.rank, len(outer)
        starts = op.operands[2:2 + rank]
        lengths, steps = op.operands[2 + rank:2 + 2 * rank - count], op.operands[2 + 2 * rank - count:]
        if fixed != (True,) * count + (False,) * (rank - count) or op.operands[1] is array:
            return False
        return (all(self.form(v) == c.index for v, c in zip(starts, outer, strict=False))
                and all(self.form(v) == _ZERO for v in starts[count:])
                and all(self.form(a) == self.form(b) for a, b in zip(lengths, array.dims[count:], strict=True))
                and all(v == _number(1) for v in steps))

    # ------------------------------------------------------------------ loops over the elements
    def _runs_over(self, op: Op, position: int, outer: tuple[_Counter, ...], start: int = 0) -> bool:
        """True where a loop's iterations each store all that has their index on the next axis (and those of the loops
        around on the axes before) before it is read."""
        (body,) = op.regions
        version = body.params[1 + position]
        length = self.form(version.dims[len(outer)])
        lo, hi, step = self.form(op.operands[0]), self.form(op.operands[1]), op.attrs["step"]
        shift = self._shift(lo if step == 1 else hi + _ONE, start)
        least, end = (lo, hi) if step == 1 else (hi + _ONE, lo + _ONE)
        if shift is None or least + shift != Polynomial.of(start) or not self._is_length(
                version.dims[len(outer)], length, end + shift):
            return False
        counters = (*outer, _Counter(self.form(body.params[0]) + shift, step))
        while True:  # until it is stored: what was stored in iterations before may be read
            following = None
            for user, block, place in self.uses.get(version, []):
                if user.prim == "load" and self._is_earlier(user, counters, itself=False):
                    continue
                if following is not None or block is not None or self.block_of[user] is not body:
                    return False
                following = user, place
            if following is None:
                return False
            user, place = following
            if user.prim == "for" and place >= 2 and len(counters) < version.rank:
                stored = self._runs_over(user, place - 2, counters)
                result = user.results[place - 2]
            else:
                stored = place == 0 and ((user.prim == "store" and self._is_here(user, counters))
                                         or (user.prim == "slice_store" and self._is_whole(user, counters)))
                result = user.results[0] if user.results else version
            return stored and self._reads_on(result, body, position, counters)

    def _shift(self, least: Polynomial, start: int) -> Polynomial | None:
        """From the first index of a loop to the first element; None where that is no constant, or may not be."""
        distance = (Polynomial.of(start) - least).constant
        if distance is None or (distance != 0 and not self.shifted):
            return None
        return Polynomial.of(distance)

    def _is_length(self, dim: Value, length: Polynomial, end: Polynomial) -> bool:
        """Whether elements up to an end are all that there are (a length is 0 where an end is negative)."""
        if length == end:
            return True
        maker = self.makers.get(dim)
        return self.shifted and maker is not None and maker.prim == "maximum" and any(
            self.form(a) == end and isinstance(b, Constant) and b.value == 0
            for a, b in (maker.operands, maker.operands[::-1]))

    def _is_here(self, op: Op, counters: Sequence[_Counter]) -> bool:
        indices = op.operands[2:]
        return len(indices) == len(counters) and all(
            self.form(v) == c.index for v, c in zip(indices, counters, strict=True))

    def _is_earlier(self, load: Op, counters: Sequence[_Counter], itself: bool) -> bool:
        """True where a load is of an element that an iteration before has stored (or this one: `itself`)."""
        for where, counter in zip(load.operands[1:], counters, strict=False):
            distance = (self.form(where) - counter.index).constant
            if distance is None:
                return False
            if distance != 0:
                return distance * counter.step < 0
        return itself

    def _reads_on(self, version: Value, body: Block, position: int, counters: Sequence[_Counter]) -> bool:
        """True where from a version on, to the end of the iteration, only what is stored by then is read."""
        pending, seen = [version], {version}
        while pending:
            for user, block, place in self.uses.get(pending.pop(), []):
                following: list[Value]
                if block is not None:
                    if user.regions[0] is body:
                        if place != position:
                            return False
                        continue
                    if user.prim == "while":
                        return False
                    again = [user.regions[0].params[1 + place]] if user.prim == "for" else []
                    following = [user.results[place], *again]
                elif user.prim == "for" and place >= 2:
                    following = [user.regions[0].params[place - 1], user.results[place - 2]]
                elif user.prim in ("store", "accum") and place == 0:
                    if user.prim == "accum" and not self._is_earlier_place(user, counters):
                        return False
                    following = [user.result]
                elif user.prim == "load" and self._is_earlier(user, counters, itself=True):
                    continue
                else:
                    return False
                pending += (v for v in following if v not in seen)
                seen.update(following)
        return True

    def _is_earlier_place(self, accum: Op, counters: Sequence[_Counter]) -> bool:
        moved = Op("load", (accum.operands[0], *accum.operands[2:]), ())
        return self._is_earlier(moved, counters, itself=True)


def _number(value: int) -> Constant:
    return Constant(value, Kind.INT)
