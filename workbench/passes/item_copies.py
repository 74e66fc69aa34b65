"""Copies of arrays inside loops over items, written as loops over elements: what is an item's own then lies beside that
of the next items, where `lanes` takes several of them at once.

Invariant: only `copy` operations change, and only inside of loops over items.
"""

from __future__ import annotations

from workbench.ir import Constant, Function, Kind, Op, Value, walk
from workbench.passes.rebuild import Rebuilder

_ZERO = Constant(0, Kind.INT)


def expanded(function: Function) -> Function:
    """The function with such copies as loops; itself where there are none."""
    found = any("items" in op.attrs and any(inner.prim == "copy" for inner in walk(op.regions[0]))
                for op in walk(function.block))
    return _Expander().run(function) if found else function


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
        source = self.get(op.operands[0])
        dims = self.type(op.result.type).dims
        made = self.emit("empty", *dims, kind=op.result.kind)
        slot = self.builder.slot(made.type, made, op.result.name)
        where: list[Value] = [self.builder.begin_for(_ZERO, dim, 1, "i") for dim in dims]
        element = self.emit("load", source, *where)
        self.builder.write(slot, self.emit("store", self.builder.held(slot), element, *where))
        for _ in dims:
            self.builder.end_for()
        self.bind(op.result, self.builder.held(slot))
