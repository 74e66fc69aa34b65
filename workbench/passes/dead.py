"""Dead code: operations without effect whose results nobody needs, carried values that only feed themselves.

Invariant: what raises stays (`check`, `index` that is checked), and so do the loops and arms around it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Op, Value, has_effects
from workbench.ir.rewrite import Rewriter
from workbench.passes.base import Pass
from workbench.records import dataclass


@dataclass(frozen=True)
class DeadCode(Pass):
    """Removes what no result and no effect needs."""

    name: ClassVar[str] = "dead-code"

    def __call__(self, function: Function) -> Function:
        """The function without its dead operations."""
        return sweep(function, Marker(function))


def sweep(function: Function, marks: Marker) -> Function:
    """The function without what is not marked; itself where everything is."""
    return function if marks.is_all(function.block) else _Sweeper(marks).run(function)


class Marker:
    """Marks needed values and operations, from results and effects backwards."""

    def __init__(self, function: Function) -> None:
        self.values: set[Value] = set()
        self.ops: set[int] = set()
        self._makers: dict[Value, tuple[Op, int]] = {}  # the operation and position of a result or block parameter
        self._around: dict[int, Op | None] = {}
        self._pending: list[Value] = []
        effects: list[Op] = []
        self._enter(function.block, None, effects)
        for op in effects:
            self.need_op(op)
        self.need(function.results)
        for param in function.params:
            self.need(param.dims)
        while self._pending:
            self._trace(self._pending.pop())

    def _enter(self, block: Block, owner: Op | None, effects: list[Op]) -> None:
        for op in block.ops:
            self._around[id(op)] = owner
            if has_effects(op):
                effects.append(op)
            for position, result in enumerate(op.results):
                self._makers[result] = (op, position)
            for region in op.regions:
                offset = 1 if op.prim == "for" else 0
                for position, param in enumerate(region.params):
                    self._makers[param] = (op, position - offset)
                self._enter(region, op, effects)

    def need(self, values: Iterable[Value]) -> None:
        """Mark values as needed."""
        known, pending = self.values, self._pending
        for value in values:
            if value not in known and not isinstance(value, Constant):
                known.add(value)
                pending.append(value)

    def need_op(self, op: Op | None) -> None:
        """Mark an operation as needed, with what decides whether it runs."""
        while op is not None and id(op) not in self.ops:
            self.ops.add(id(op))
            if not op.regions:
                self.need(op.operands)
            elif op.prim == "for":
                self.need(op.operands[:2])
            elif op.prim == "while":
                self.need(op.regions[0].yields[:1])
            else:
                self.need(op.operands[:1])
            for result in op.results:
                if result.is_array:
                    self.need(result.dims)
            op = self._around[id(op)]

    def _trace(self, value: Value) -> None:
        if value.is_array:
            self.need(value.dims)
        made = self._makers.get(value)
        if made is None:
            return
        op, position = made
        self.need_op(op)
        if op.regions:
            self.need(carried(op, position))

    def is_all(self, block: Block) -> bool:
        """True where all operations of a block are needed, and all that they carry."""
        for op in block.ops:
            if id(op) not in self.ops:
                return False
            if op.regions and not (all(self.keeps(op, k) for k in range(len(op.results))) and all(
                    map(self.is_all, op.regions))):
                return False
        return True

    def keeps(self, op: Op, position: int) -> bool:
        """True where the carried value or result of a control operation at this position is needed."""
        if op.results[position] in self.values:
            return True
        return op.prim != "if" and op.regions[0].params[position + (op.prim == "for")] in self.values


def carried(op: Op, position: int) -> list[Value]:
    """What a control operation's result or parameter at a position comes from."""
    if op.prim == "for":
        return [op.operands[2 + position], op.regions[0].yields[position]] if position >= 0 else []
    if op.prim == "while":
        before, after = op.regions
        return [op.operands[position], before.yields[1 + position], after.yields[position]]
    if op.prim == "if":
        return [region.yields[position] for region in op.regions]
    return []


class _Sweeper(Rewriter):
    """Copies what is marked."""

    def __init__(self, marks: Marker) -> None:
        super().__init__()
        self.marks = marks

    def rewrite_op(self, op: Op) -> None:
        """Drop an unneeded operation, or the unneeded positions of a control operation."""
        if id(op) not in self.marks.ops:
            return
        if not op.regions:
            self.copy_op(op)
            return
        kept = [k for k in range(len(op.results)) if self.marks.keeps(op, k)]
        head = {"for": 2, "while": 0, "if": 1}[op.prim]
        operands = [self.get(v) for v in op.operands[:head]]
        if op.prim != "if":
            operands += [self.get(op.operands[head + k]) for k in kept]
        regions = tuple(self._region(op, order, kept) for order in range(len(op.regions)))
        results = tuple(self.fresh(op.results[k]) for k in kept)
        self.emit(Op(op.prim, tuple(operands), results, op.attrs, regions, op.span))

    def _region(self, op: Op, order: int, kept: list[int]) -> Block:
        region = op.regions[order]
        params, yields = list(region.params), list(region.yields)
        if op.prim == "for":
            params = [params[0], *(params[1 + k] for k in kept)]
        elif op.prim == "while" and order == 0:
            params = [params[k] for k in kept]
            yields = [yields[0], *(yields[1 + k] for k in kept)]
        if not (op.prim == "while" and order == 0):
            yields = [yields[k] for k in kept]
        return self.copy_block(Block(tuple(params), region.ops, tuple(yields)))
