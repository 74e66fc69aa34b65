"""Zeros that nobody reads are not made.

    b = full(0, n)                        b = empty(n)
    for i: b[i] += e(i)        ->         for i: b[i] = e(i)          (in nests likewise)

    for i: ... b[i] ...; b[i] = 0         for i: ... b[i] ...          where b ends with the loop

The one is how a cotangent begins, the other how the adjoint of a store leaves it.

Invariant: the elements are those of a loop over the whole of a vector (of a nest of a loop an axis over the whole of an
array), each of them one turn's; sums are of cotangents (the sign of a zero may change, `passes.exactness`).
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Block, Function, Op, Polynomial, Value, definitions, normal_form, uses, walk
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.rebuild import Rebuilder
from workbench.passes.zeroing import is_zero
from workbench.records import dataclass


@dataclass(frozen=True)
class Unread(CotangentPass):
    """Leaves zeros out."""

    name: ClassVar[str] = "unread"

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function with fewer zeros."""
        search = _Search(function, exact_values(function, exact))
        return _Leaver(search).run(function) if search.begun or search.left else function


class _Search:
    """`begun`: arrays of zeros that a loop adds to; `stored`: the additions; `left`: stores of zeros."""

    def __init__(self, function: Function, exact: set[Value]) -> None:
        self.exact = exact
        self.makers = definitions(function)
        self.uses = uses(function)
        self.begun: set[Op] = set()
        self.stored: set[Op] = set()
        self.left: set[Op] = set()
        for op in walk(function.block):
            if op.prim == "for" and "items" not in op.attrs:
                for position, param in enumerate(op.regions[0].params[1:]):
                    if param.is_array:
                        self._begins(op, position)
                        self._ends(op, position)

    def _begins(self, op: Op, position: int) -> None:
        """Zeros made for this loop alone, which adds to each element once and does not read it otherwise."""
        init = op.operands[2 + position]
        zeros = self.makers.get(init)
        if zeros is None or zeros.prim != "full" or not is_zero(zeros.operands[0]) or self.uses.get(init) != [op]:
            return
        indices: list[Value] = []
        for axis in range(init.rank):
            (body,) = op.regions
            param, out = body.params[1 + position], body.yields[position]
            users = self.uses.get(param, [])
            user = users[0] if len(users) == 1 else None
            if not isinstance(user, Op) or user not in body.ops or self.uses.get(out) != [body] or (
                    param in self.exact or not self._is_whole(op, param.dims[axis])):
                return
            indices.append(body.params[0])
            if len(indices) == init.rank:
                self._adds(zeros, user, param, out, indices)
            elif user.prim != "for" or "items" in user.attrs or param not in user.operands[2:]:
                return
            else:
                op, position = user, user.operands[2:].index(param)
                if op.results[position] is not out:
                    return

    def _adds(self, zeros: Op, user: Op, param: Value, out: Value, indices: list[Value]) -> None:
        """Note the zeros and the addition, if that is all that becomes of an element."""
        if user.prim == "accum" and "loose" in user.attrs and user.operands[0] is param and out is user.result and (
                user.operands[2:] == tuple(indices) and user.operands[1].kind is param.kind):
            self.begun.add(zeros)
            self.stored.add(user)

    def _is_whole(self, op: Op, dim: Value) -> bool:
        """True for a loop over the whole of an axis."""
        lo, hi = (normal_form(v, self.makers.get) for v in op.operands[:2])
        length = normal_form(dim, self.makers.get)
        if op.attrs["step"] == 1:
            return lo == Polynomial.of(0) and hi == length
        return hi == Polynomial.of(-1) and lo == length - Polynomial.of(1)

    def _ends(self, op: Op, position: int) -> None:
        """Zeros that a turn leaves, of an array that nothing reads after the loop."""
        (body,) = op.regions
        out = body.yields[position]
        store = self.makers.get(out)
        if self.uses.get(op.results[position]) or self.uses.get(out) != [body] or store is None or (
                store.prim != "store" or store not in body.ops or not is_zero(store.operands[1])):
            return
        place = store.operands[2:]
        if body.params[0] not in place:
            return
        version: Value | None = body.params[1 + position]
        while version is not None and version is not out:
            following = None
            for user in self.uses.get(version, []):
                if isinstance(user, Block) or user not in body.ops or user.prim not in ("load", "store", "accum") or (
                        user.operands[1 if user.prim == "load" else 2:] != place):
                    return
                if user.prim != "load":
                    following = user.result
            version = following
        if version is out:
            self.left.add(store)


class _Leaver(Rebuilder):
    def __init__(self, search: _Search) -> None:
        self.search = search

    def op(self, op: Op) -> None:
        """Leave zeros out."""
        if op in self.search.begun:
            self.bind(op.result, self.emit("empty", *self.all(op.operands[1:]), kind=op.result.kind))
        elif op in self.search.stored:
            (made,) = self.raw("store", self.all(op.operands), [self.type(op.result.type)], {}, (), [op.result.name])
            self.env[op.result] = made
        elif op in self.search.left:
            self.env[op.result] = self.get(op.operands[0])
        else:
            self.copy(op)
