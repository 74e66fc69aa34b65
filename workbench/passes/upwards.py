"""Innermost loops that add up a cotangent, and add to others, run upwards.

    for i = n - 1, ..., 0: s += f(i); b[g(i)] += h(i)   ->   for i = 0, ..., n - 1: ...

LLVM makes vectors of the elements of such a loop as they lie in memory; downwards each has to be reversed. (Loops that
add to arrays alone gain nothing by it, and short ones lose. Nests whose arrays are reached for at their indices are
turned by `passes.gather`.)

Invariant: a turn needs nothing of another one, and has no effect but these additions, whose order is not the user's
(`passes.exactness`).
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Constant, Function, Kind, Op, Value, uses, walk
from workbench.passes.accumulation import additions
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass
from workbench.rules import get

_ONE = Constant(1, Kind.INT)


@dataclass(frozen=True)
class Upwards(CotangentPass):
    """Turns loops that add to cotangents."""

    name: ClassVar[str] = "upwards"

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function with ascending loops."""
        search = _Search(function, exact_values(function, exact))
        return _Turner(search).run(function) if search.found else function


class _Search:
    """Finds the loops."""

    def __init__(self, function: Function, exact: set[Value]) -> None:
        self.exact = exact
        self.uses = uses(function)
        self.found = {op for op in walk(function.block) if op.prim == "for" and self._can_turn(op)}

    def _can_turn(self, op: Op) -> bool:
        (body,) = op.regions
        if op.attrs["step"] != -1 or "items" in op.attrs or any(inner.regions for inner in body.ops):
            return False
        if all(param.is_array for param in body.params[1:]):
            return False
        added: set[Op] = set()
        for param, out in zip(body.params[1:], body.yields, strict=True):
            found = [] if param in self.exact else additions(self.uses, param, out, body)
            if not found or any("loose" not in part.attrs for part in found):
                return False
            added.update(found)
        return bool(added) and all(inner in added or inner.prim == "load" or (
            len(inner.results) == 1 and not inner.result.is_array and get(inner.prim).elementwise)
            for inner in body.ops)


class _Turner(Rebuilder):
    def __init__(self, search: _Search) -> None:
        self.search = search

    def copy_for(self, op: Op) -> None:
        """Rebuild a loop, upwards where it may."""
        if op not in self.search.found:
            super().copy_for(op)
            return
        last, stop, *inits = self.all(op.operands)
        bounds = [self.emit("add", v, _ONE) for v in (stop, last)]
        body = self.region("for", op.regions[0])
        self.finish(op, (*bounds, *inits), (body,), op.results, attrs={**op.attrs, "step": 1})
