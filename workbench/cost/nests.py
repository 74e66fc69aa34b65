"""The innermost loops of a program, with the loops around each: what is known of them before their sizes are."""

from __future__ import annotations

from workbench.cost.accesses import Access, Places, accesses
from workbench.cost.chains import Latency, recurrence
from workbench.cost.executions import is_library
from workbench.cost.vectorising import carried_by_memory, obstacle
from workbench.ir import Block, Constant, Function, Op, Value, callee_of, walk

WHOLE_ARRAYS = frozenset({"empty", "full", "copy", "iota", "reshape", "matmul", "list"})


class Loop:
    """What is known of an innermost loop before its sizes are."""

    def __init__(self, op: Op, places: Places) -> None:
        self.op = op
        self.bodies = op.regions
        self.body = op.regions[0]
        self.accesses: list[Access] = [a for region in op.regions for a in accesses(region, places)]
        self.access_of = {access.op: access for access in self.accesses}
        self.chains: dict[int, tuple[object, float]] = {}  # by the identities of machines, with these
        self.obstacle = obstacle(op, self.accesses, places)
        self.ops = [inner for region in op.regions for inner in walk(region)]
        self.carried = carried_by_memory(self.accesses, op.attrs.get("step", 1))
        self.is_ordered = any(not p.is_array and p.kind.is_inexact and not is_loose(p, self.ops)
                              for p in self.body.params[1:])
        inits = op.operands[2:] if op.prim == "for" else op.operands
        #: whether a visit begins without the numbers that the one before has ended with
        self.is_fresh = all(v.is_array or _is_fresh(v, places, 0) for v in inits)

    def chain(self, latency: Latency) -> float:
        """How long a turn waits for the one before."""
        handed = self.body.yields if self.op.prim == "for" else self.bodies[1].yields
        inside = self.body.params[1:] if self.op.prim == "for" else self.body.params
        pairs = [(p, y) for p, y in zip(inside, handed, strict=False) if not p.is_array]
        parts = Block(self.body.params, tuple(op for region in self.bodies for op in region.ops), handed)
        return recurrence(tuple(p for p, _ in pairs), parts, tuple(y for _, y in pairs), latency, self.carried)


def _is_fresh(value: Value, places: Places, depth: int) -> bool:
    """Whether a number does not depend on what a loop hands on."""
    if isinstance(value, Constant) or value in places.bodies or depth > 20:
        return True
    maker = places.makers.get(value)
    if maker is None:
        return not places.is_handed_on(value)
    return all(v.is_array or _is_fresh(v, places, depth + 1) for v in maker.operands)


def is_loose(param: Value, ops: list[Op]) -> bool:
    """Whether what is added to a number that is handed on may be added in any order."""
    return all(op.attrs.get("loose") for op in ops if param in op.operands)


class Loops:
    """The innermost loops of a program and of what it calls, with the loops around each."""

    def __init__(self) -> None:
        self.innermost: dict[Op, Loop] = {}
        self.around: dict[Op, tuple[Op, ...]] = {}
        self.parents: dict[Block, Block] = {}
        self.inside: dict[Block, list[Loop]] = {}
        self.places: dict[Function, Places] = {}

    def find(self, function: Function) -> None:
        """Look through a function."""
        if function in self.places:
            return
        self.places[function] = Places(function)
        self._visit(function.block, (), function)

    def _visit(self, block: Block, around: tuple[Op, ...], function: Function) -> None:
        for op in block.ops:
            if op.prim in ("for", "while"):
                for region in op.regions:
                    self.parents[region] = block
                if not any(inner.prim in ("for", "while", "call") or inner.prim in WHOLE_ARRAYS or is_library(inner)
                           for region in op.regions for inner in walk(region)):
                    loop = Loop(op, self.places[function])
                    self.innermost[op] = loop
                    self.around[op] = around
                    for outer in around:
                        for region in outer.regions:
                            self.inside.setdefault(region, []).append(loop)
                    continue
            elif op.prim == "call":
                self.find(callee_of(op).function)
            for region in op.regions:
                self.parents.setdefault(region, block)
                self._visit(region, (*around, op) if op.prim in ("for", "while") else around, function)


_QUICK = {"add", "sub", "mul", "neg", "select", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"}


def is_dear(op: Op) -> bool:
    """Whether LLVM leaves a branch a branch: there is more in an arm than a few quick operations."""
    inside = [inner.prim for region in op.regions for inner in walk(region)]
    return len(inside) > 3 or not set(inside) <= _QUICK
