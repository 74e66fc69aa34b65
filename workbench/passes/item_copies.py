"""Copies of arrays, written as loops over elements. Inside loops over items what is an item's own then lies beside that
of the next items, where `lanes` takes several of them at once; for threads every copy is a loop like others.

Invariant: only `copy` operations change, and where it is said so `full` ones.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Constant, Function, Kind, Op, Value, walk
from workbench.passes.base import Pass
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass

_ZERO = Constant(0, Kind.INT)


def expanded(function: Function) -> Function:
    """The function with such copies as loops; itself where there are none."""
    found = any("items" in op.attrs and any(inner.prim == "copy" for inner in walk(op.regions[0]))
                for op in walk(function.block))
    return _Expander().run(function) if found else function


@dataclass(frozen=True)
class Copies(Pass):
    """Copies and equal elements as loops over elements, everywhere outside of loops over items."""

    name: ClassVar[str] = "copies"

    def __call__(self, function: Function) -> Function:
        """The function with loops in their place."""
        found = any(op.prim in ("copy", "full") for op in walk(function.block))
        return _Everywhere().run(function) if found else function


class _Expander(Rebuilder):
    def before(self, function: Function) -> None:
        """No loop is open yet."""
        self.items = 0

    def copy_for(self, op: Op) -> None:
        """Note loops over items."""
        self.items += "items" in op.attrs
        super().copy_for(op)
        self.items -= "items" in op.attrs

    def op(self, op: Op) -> None:
        """Expand a copy."""
        if op.prim != "copy" or not self.items or not op.result.rank:
            self.copy(op)
            return
        self.as_loop(op)

    def as_loop(self, op: Op) -> None:
        """The loop in the place of an operation that makes an array."""
        source = self.get(op.operands[0])
        dims = self.type(op.result.type).dims
        made = self.emit("empty", *dims, kind=op.result.kind)
        slot = self.builder.slot(made.type, made, op.result.name)
        where: list[Value] = [self.builder.begin_for(_ZERO, dim, 1, "i") for dim in dims]
        element = self.emit("load", source, *where) if op.prim == "copy" else source
        self.builder.write(slot, self.emit("store", self.builder.held(slot), element, *where))
        for _ in dims:
            self.builder.end_for()
        self.bind(op.result, self.builder.held(slot))


class _Everywhere(_Expander):
    def op(self, op: Op) -> None:
        """Expand a copy, and equal elements."""
        if op.prim in ("copy", "full") and op.result.rank and not self.items:
            self.as_loop(op)
        else:
            self.copy(op)
