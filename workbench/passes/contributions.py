"""Contributions of all turns of a loop to one element are added up in a number, and added to the element once.

    for j: a[i] += f(j)   ->   s = 0
                               for j: s += f(j)
                               a[i] += s

The number stays in a register, and what else the loop does need not wait for the memory.

Invariant: the loop does nothing with the array but add to its elements; the sums are of cotangents, whose order is not
the user's (`passes.exactness`; whether they are 0 may be asked where a 0 annihilates); an element is reached for only
where the loop has reached for it.

Source: scalar replacement of array references, Allen & Kennedy, Optimizing Compilers for Modern Architectures (2001),
section 8.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

from workbench.ir import (
    ArrayType,
    Block,
    Constant,
    Function,
    Op,
    ScalarType,
    Value,
    definitions,
    uses,
    walk,
)
from workbench.passes.accumulation import additions, is_made_in
from workbench.passes.annihilate import annihilating
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.nests import has_turns
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass

_MOST = 12  # numbers that a loop is given to carry


@dataclass(frozen=True)
class Contributions(CotangentPass):
    """Adds up contributions."""

    name: ClassVar[str] = "contributions"

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function with such sums."""
        search = _Search(function, exact_values(function, exact, annihilating(function)))
        return _Adder(search).run(function) if search.found else function


@dataclass(eq=False)
class _Sum:
    """Contributions to one element of the array at a carried position of a loop."""

    position: int
    where: tuple[Value, ...]
    parts: list[Op] = field(default_factory=list)


class _Search:
    """Finds the sums of each loop."""

    def __init__(self, function: Function, exact: set[Value]) -> None:
        self.exact = exact
        self.makers = definitions(function)
        self.users = uses(function)
        self.found: dict[Op, list[_Sum]] = {}
        for op in walk(function.block):
            if op.prim == "for" and "items" not in op.attrs:
                sums = self._sums(op)
                if sums and len(sums) <= _MOST:
                    self.found[op] = sums

    def _sums(self, op: Op) -> list[_Sum]:
        (body,) = op.regions
        sums: list[_Sum] = []
        for position, (param, out) in enumerate(zip(body.params[1:], body.yields, strict=True)):
            if isinstance(param.type, ArrayType) and not param.type.growable and param not in self.exact:
                here: dict[tuple[Value, ...], _Sum] = {}
                for part in additions(self.users, param, out, body):
                    where = part.operands[2:]
                    if "loose" in part.attrs and part.operands[1].kind is param.kind and not any(
                            is_made_in(v, body) for v in where):
                        here.setdefault(where, _Sum(position, where)).parts.append(part)
                sums += here.values()
        return sums


class _Adder(Rebuilder):
    def __init__(self, search: _Search) -> None:
        self.search = search
        self.sums = {part: s for sums in search.found.values() for s in sums for part in s.parts}
        self.now: dict[_Sum, Value] = {}
        self.around: list[Op] = []

    def op(self, op: Op) -> None:
        """Add to a number instead of an element."""
        if op not in self.sums:
            self.copy(op)
            return
        s = self.sums[op]
        with self.builder.rounding(loose=True):
            self.now[s] = self.emit("add", self.now[s], self.get(op.operands[1]))
        self.env[op.result] = self.get(op.operands[0])

    def copy_for(self, op: Op) -> None:
        """Rebuild a loop, with the sums of its contributions."""
        sums = self.search.found.get(op, [])
        (body,) = op.regions
        zeros = [Constant(0, body.params[1 + s.position].kind) for s in sums]
        self.around.append(op)
        with self.frame("for") as frame:
            params = [self.param(p) for p in body.params]
            for s, zero in zip(sums, zeros, strict=True):
                self.now[s] = Value(ScalarType(zero.kind))
                self.depth_of[self.now[s]] = self.builder.depth
                params.append(self.now[s])
            self.ops(body)
            block = Block(tuple(params), tuple(frame.ops), (*self.all(body.yields), *(self.now[s] for s in sums)))
        self.around.pop()
        totals = self.finish(op, (*self.all(op.operands), *zeros), (block,), op.results, zeros)
        if sums:
            self.add_up(op, sums, totals)

    def add_up(self, op: Op, sums: Sequence[_Sum], totals: Sequence[Value]) -> None:
        """Add the totals to their elements, if the loop has had a turn (else their indices may not be valid)."""
        arrays = {s.position: self.env[op.results[s.position]] for s in sums}
        if has_turns(op, self.around, self.search.makers.get):
            made = self.accumulated(arrays, sums, totals)
        else:
            condition = self.has_turn(op)
            with self.frame("arm") as frame:
                after = self.accumulated(arrays, sums, totals)
                then = Block((), tuple(frame.ops), tuple(after.values()))
            orelse = Block((), (), tuple(arrays.values()))
            types = [v.type for v in arrays.values()]
            results = self.raw("if", (condition,), types, {}, (then, orelse), [v.name for v in arrays.values()])
            made = dict(zip(arrays, results, strict=True))
        for position, array in made.items():
            self.env[op.results[position]] = array

    def accumulated(self, arrays: dict[int, Value], sums: Sequence[_Sum], totals: Sequence[Value]) -> dict[int, Value]:
        """The arrays with the totals added, by position."""
        made = dict(arrays)
        for s, total in zip(sums, totals, strict=True):
            self.builder.span = s.parts[0].span or self.builder.span
            array = made[s.position]
            (made[s.position],) = self.raw("accum", (array, total, *self.all(s.where)), (array.type,), {"loose": True},
                                           (), [array.name])
        return made
