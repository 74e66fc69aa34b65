"""Which values may share one variable of the emitted program.

The program is structured SSA, so two values interfere exactly when one is live where the other is made (Hack, Grund &
Goos 2006). Values joined by a region's edge (initial value, parameter, yielded value, result) or by an in-place update
are given one variable where they do not interfere; what remains are copies at the edges.

Sets of values are bits of integers: value k of the program is bit k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workbench.ir import Block, Constant, Function, Op, Value, callee_of, walk
from workbench.ir.ops import CONSUMING

Leaves = Callable[[Value], Iterable[Value]]


class Liveness:
    """Live sets at every definition.

    `leaves(v)` gives the variables read when v is evaluated (v itself unless it is folded into an expression);
    `folded` operations define nothing and read nothing where they stand."""

    def __init__(self, function: Function, leaves: Leaves, folded: Callable[[Op], bool]) -> None:
        self.leaves = leaves
        self.folded = folded
        self.bit: dict[Value, int] = {}
        self.order: list[Value] = []
        self._enter(function.block)
        self.at: dict[Value, int] = {}
        self._free: dict[int, int] = {}
        self.block(function.block, self.mask(function.block.yields), 0)

    def _enter(self, block: Block) -> None:
        for value in block.params:
            self._number(value)
        for op in block.ops:
            for region in op.regions:
                self._enter(region)
            for value in op.results:
                self._number(value)

    def _number(self, value: Value) -> None:
        self.bit[value] = 1 << len(self.order)
        self.order.append(value)

    def mask(self, values: Iterable[Value]) -> int:
        """The variables read when these values are evaluated."""
        found = 0
        for value in values:
            if not isinstance(value, Constant):
                for leaf in self.leaves(value):
                    found |= self.bit[leaf]
        return found

    def bits(self, values: Iterable[Value]) -> int:
        """The set of these values themselves."""
        found = 0
        for value in values:
            found |= self.bit[value]
        return found

    def free(self, op: Op) -> int:
        """Variables that the regions of an operation read and do not define."""
        key = id(op)
        if key not in self._free:
            used = defined = 0
            for region in op.regions:
                defined |= self.bits(region.params)
                used |= self.mask(region.yields)
                for inner in region.ops:
                    defined |= self.bits(inner.results)
                    if not self.folded(inner):
                        used |= self.mask(inner.operands)
                    used |= self.free(inner) if inner.regions else 0
            self._free[key] = used & ~defined
        return self._free[key]

    def define(self, values: Iterable[Value], after: int) -> None:
        """Record that these values are made together where `after` is live next."""
        live = after | self.bits(values)
        for value in values:
            self.at[value] = live

    # ------------------------------------------------------------------ backwards through a block
    def block(self, block: Block, live: int, extra: int) -> int:
        """Go backwards from `live` at the end; gives what is live at the start (`extra` is live at the parameters)."""
        for op in reversed(block.ops):
            if not self.folded(op):
                live = self.op(op, live)
        self.define(block.params, live | extra)
        return live & ~self.bits(block.params)

    def op(self, op: Op, live: int) -> int:
        """Live before an operation, given what is live after it."""
        after = live & ~self.bits(op.results)
        self.define(op.results, after)
        if op.prim == "if":
            return self.mask(op.operands) | self.block(op.regions[0], after | self.mask(op.regions[0].yields), 0) | (
                self.block(op.regions[1], after | self.mask(op.regions[1].yields), 0))
        if op.prim == "for":
            body = op.regions[0]
            through = after | self.free(op)
            self.block(body, through | self.mask(body.yields), through | self.mask(op.operands[:2]))
            return through | self.mask(op.operands)
        if op.prim == "while":
            before, rest = op.regions
            through = after | self.free(op)
            tail = self.block(rest, through | self.mask(rest.yields), 0)
            self.block(before, tail | through | self.mask(before.yields), through)
            return through | self.mask(op.operands)
        return after | self.mask(op.operands)


class Classes:
    """Values grouped into variables (union-find over live sets)."""

    def __init__(self, live: Liveness) -> None:
        self.live = live
        self.parent: dict[Value, Value] = {v: v for v in live.order}
        self.members: dict[Value, int] = dict(live.bit)
        self.around: dict[Value, int] = {v: live.at.get(v, live.bit[v]) for v in live.order}

    def find(self, value: Value) -> Value:
        """The representative of a value's class."""
        while self.parent[value] is not value:
            self.parent[value] = self.parent[self.parent[value]]
            value = self.parent[value]
        return value

    def interfere(self, a: Value, b: Value) -> bool:
        """True where two classes hold values that are live together."""
        a, b = self.find(a), self.find(b)
        return bool(self.members[a] & self.around[b] or self.members[b] & self.around[a])

    def join(self, a: Value, b: Value) -> bool:
        """Give two classes one variable if they may share it."""
        a, b = self.find(a), self.find(b)
        if a is b:
            return True
        if not same_storage(a, b) or self.interfere(a, b):
            return False
        if self.live.bit[b] < self.live.bit[a]:
            a, b = b, a
        self.parent[b] = a
        self.members[a] |= self.members.pop(b)
        self.around[a] |= self.around.pop(b)
        return True


def same_storage(a: Value, b: Value) -> bool:
    """True where two values have one machine type."""
    return a.is_array == b.is_array and a.kind is b.kind and a.rank == b.rank


def coalesce(function: Function, classes: Classes, is_variable: Callable[[Value], bool]) -> None:
    """Join values over updates and edges. Raises ValueError where an update could not be made in place."""
    wishes: list[tuple[Value, Value]] = []
    for op in walk(function.block):
        if op.prim in CONSUMING:
            if not classes.join(op.operands[0], op.result):
                raise ValueError(f"{op.prim} of {op.operands[0]!r} cannot be made in place")
        elif op.prim == "call":  # (what a callee takes, it often gives back)
            wishes.extend((op.operands[p], r) for p in callee_of(op).consumes for r in op.results
                          if r.is_array and r.type == op.operands[p].type)
        elif op.prim == "for":
            body = op.regions[0]
            for param, result in zip(body.params[1:], op.results, strict=True):
                if not classes.join(param, result):
                    raise ValueError(f"the result of a loop, {result!r}, is live inside it")
            wishes.extend(zip(body.params[1:], body.yields, strict=True))
            wishes.extend(zip(body.params[1:], op.operands[2:], strict=True))
        elif op.prim == "while":
            before, after = op.regions
            wishes.extend(zip(op.results, before.yields[1:], strict=True))
            wishes.extend(zip(before.params, after.yields, strict=True))
            wishes.extend(zip(before.params, op.operands, strict=True))
            wishes.extend(zip(op.results, before.params, strict=True))
        elif op.prim == "if":
            for region in op.regions:
                wishes.extend(zip(op.results, region.yields, strict=True))
    for a, b in wishes:
        if is_variable(a) and is_variable(b):
            classes.join(a, b)
