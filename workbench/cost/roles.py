"""What each array of an adjoint program is for: an output, a residual, a cotangent, or scratch.

The program is the one that is emitted, after all passes. It is told apart by what the transforms know: the names that
they give (`x_kept`, `begins`, `stack_f64`, `x_bar`), which results are the primal's, and what these depend on.

Invariant: an array that several roles fit has the first of output, residual, cotangent; one that none fits is scratch.
"""
from __future__ import annotations

import re

from workbench.ir import Block, Constant, Function, Op, Value, callee_of, walk
from workbench.ir.ops import CONSUMING
from workbench.passes.dead import Marker

OUTPUT, RESIDUAL, COTANGENT, UNNAMED, SCRATCH = "output", "residual", "cotangent", "unnamed cotangent", "scratch"
_RESIDUAL = re.compile(r"(\w*_)?(kept|begins)|stack_\w+")
_COTANGENT = re.compile(r"(\w*_)?bar")


class Buffers:
    """Which values are versions of one array, or may take turns with it in a loop (union-find)."""

    def __init__(self, function: Function) -> None:
        self.parent: dict[Value, Value] = {}
        for op in walk(function.block):
            for same in self._same(op):
                arrays = [v for v in same if v.is_array and not isinstance(v, Constant)]
                for value in arrays[1:]:
                    self.parent[self.find(value)] = self.find(arrays[0])

    def find(self, value: Value) -> Value:
        """The value that stands for all of them."""
        while (above := self.parent.get(value, value)) is not value:
            value = above
        return value

    @staticmethod
    def _same(op: Op) -> list[tuple[Value, ...]]:
        if op.prim in CONSUMING or op.prim == "reshape":
            return [(op.operands[0], op.result)]
        if op.prim == "for":
            (body,) = op.regions
            return list(zip(op.operands[2:], body.params[1:], body.yields, op.results, strict=True))
        if op.prim == "while":
            before, after = op.regions
            return list(zip(op.operands, before.params, before.yields[1:], after.yields, op.results, strict=True))
        if op.prim == "if":
            return list(zip(op.results, *(arm.yields for arm in op.regions), strict=True))
        if op.prim == "call":  # (what a callee takes, it often gives back)
            taken = [op.operands[k] for k in callee_of(op).consumes]
            return [(v, r) for v in taken for r in op.results if r.is_array and r.type == v.type]
        return []


def roles(function: Function, results: int | None) -> dict[Op, str]:
    """The roles of what allocating operations make. `results`: how many of the results are the primal's; None for a
    function that is called by an adjoint program, of which only the names are known."""
    buffers = Buffers(function)
    names: dict[Value, set[str]] = {}
    for op in walk(function.block):
        for value in (*op.results, *(p for region in op.regions for p in region.params)):
            if value.is_array and value.name:
                names.setdefault(buffers.find(value), set()).add(value.name)
    outputs = {buffers.find(v) for v in function.results if v.is_array}
    recalled, primal = (set[Value](), set[Value]()) if results is None else _of_primal(function, results, buffers)
    loose = set[Value]() if results is None else _of_cotangents(function, buffers)

    def role(buffer: Value) -> str:
        own = names.get(buffer, ())
        if buffer in outputs:
            return OUTPUT
        if buffer in recalled or any(_RESIDUAL.fullmatch(name) for name in own):
            return RESIDUAL
        if buffer in primal:
            return SCRATCH
        if any(_COTANGENT.fullmatch(name) for name in own):
            return COTANGENT
        return UNNAMED if buffer in loose and not own else SCRATCH

    made = (op for op in walk(function.block) if not op.regions and op.prim not in CONSUMING and op.prim != "call")
    return {op: role(buffers.find(v)) for op in made for v in op.results if v.is_array}


def _of_primal(function: Function, results: int, buffers: Buffers) -> tuple[set[Value], set[Value]]:
    """Arrays that hold numbers of the primal for the reverse sweep, and all arrays of the primal."""
    block = Block(function.params, function.block.ops, function.results[:results])
    needed = Marker(Function(function.name, block, function.shape_params))
    primal: set[Value] = set()
    read: set[Value] = set()
    written: set[Value] = set()
    for op in walk(function.block):
        if id(op) in needed.ops:
            primal.update(buffers.find(v) for v in op.results if v.is_array and v in needed.values)
            continue
        read.update(buffers.find(v) for v in op.operands if v.is_array)
        if op.prim in ("store", "slice_store") and op.operands[1] in needed.values:
            written.add(buffers.find(op.result))
    return (primal & read) | (written - primal), primal


def _of_cotangents(function: Function, buffers: Buffers) -> set[Value]:
    """Arrays into which sums and products of cotangents are stored, or numbers from such arrays."""
    holding: set[Value] = set()
    made = {r: op for op in walk(function.block) for r in op.results}
    known = -1
    while known < len(holding):
        known = len(holding)
        for op in walk(function.block):
            if op.prim in ("store", "accum", "slice_store", "slice_accum"):
                maker = made.get(op.operands[1])
                if "loose" in op.attrs or (maker is not None and ("loose" in maker.attrs or (
                        maker.prim == "load" and buffers.find(maker.operands[0]) in holding))):
                    holding.add(buffers.find(op.result))
            elif op.prim == "matmul" and any(buffers.find(v) in holding for v in op.operands):
                holding.add(buffers.find(op.result))
    return holding
