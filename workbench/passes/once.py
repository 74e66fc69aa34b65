"""What every thread of a block would store alike, one of them stores.

    for t in threads:                     for t in threads:
        for k: kept[k] = a[k]      ->         for k: if t == 0: kept[k] = a[k]

What the reverse sweep needs of a loop over threads has no axis for them where it is the same for all: on a CPU each
turn writes it anew, threads would meet there.

Invariant: neither the value, nor the place, nor whether it is stored depends on the thread; no turn reads the array.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Block, Function, Kind, Op, Rewriter, ScalarType, Value, walk
from workbench.ir.ops import ALLOCATING, CONSUMING
from workbench.passes.base import Pass
from workbench.records import dataclass


@dataclass(frozen=True)
class Once(Pass):
    """Has one thread store what all would."""

    name: ClassVar[str] = "once"

    def __call__(self, function: Function) -> Function:
        if not any("threads" in op.attrs for op in walk(function.block)):
            return function
        return _Once().run(function)


class _Once(Rewriter):
    def __init__(self) -> None:
        super().__init__()
        self.levels: list[_Level] = []

    def rewrite_op(self, op: Op) -> None:
        """See `Rewriter`."""
        if op.prim == "for" and "threads" in op.attrs:
            self.levels.append(_Level(op))
            self.copy_op(op)
            self.levels.pop()
            return
        alike = [level for level in self.levels if op in level.stores]
        if not alike:
            self.copy_op(op)
            return
        test: Value | None = None
        for level in alike:
            first = Value(ScalarType(Kind.BOOL))
            self.emit(Op("eq", (self.get(level.index), self.get(level.first)), (first,), {}, (), op.span))
            both = first if test is None else Value(ScalarType(Kind.BOOL))
            if test is not None:
                self.emit(Op("and", (test, first), (both,), {}, (), op.span))
            test = both
        assert test is not None
        array, *others = (self.get(v) for v in op.operands)
        stored, result = (Value(array.type, op.result.name) for _ in range(2))
        then = Block((), (Op("store", (array, *others), (stored,), op.attrs, (), op.span),), (stored,))
        self.emit(Op("if", (test,), (result,), {}, (then, Block((), (), (array,))), op.span))
        self.env[op.result] = result


class _Level:
    """A loop over threads: its index, the first one, and the stores that are the same for all of its turns."""

    def __init__(self, op: Op) -> None:
        (body,) = op.regions
        self.index = body.params[0]
        self.first = op.operands[0]
        self.stores: set[Op] = set()
        self.varying: set[Value] = set(body.params)
        self.roots: dict[Value, Value] = {}
        self.written: set[Value] = set()
        self.read: set[Value] = set()
        self.found: list[tuple[Op, Value]] = []
        for inner in walk(body):
            self._follow(inner)
        for inner in walk(body):
            for k, value in enumerate(inner.operands):
                if value.is_array and not (inner.prim in CONSUMING and k == 0) and not inner.regions:
                    self.read.add(self.root(value))
        self._block(body, False)
        self.stores = {store for store, root in self.found if root not in self.read}

    def root(self, array: Value) -> Value:
        """What an array is a version of."""
        while array in self.roots:
            array = self.roots[array]
        return array

    def _follow(self, op: Op) -> None:
        """Versions of arrays, and which are written."""
        if op.prim in CONSUMING:
            self.roots[op.result] = op.operands[0]
            self.written.add(self.root(op.operands[0]))
        inits = op.operands[2:] if op.prim == "for" else op.operands if op.prim == "while" else ()
        if inits:
            params = op.regions[0].params[1:] if op.prim == "for" else op.regions[0].params
            for init, param, result in zip(inits, params, op.results, strict=True):
                if param.is_array:
                    self.roots[param] = self.roots[result] = init
        elif op.prim == "if":
            for k, result in enumerate(op.results):
                if result.is_array:
                    self.roots[result] = op.regions[0].yields[k]

    def _block(self, block: Block, varies: bool) -> None:
        """varies: whether the block is done depends on the thread."""
        for op in block.ops:
            self._op(op, varies)

    def _op(self, op: Op, varies: bool) -> None:
        depends = any(v in self.varying for v in op.operands if not v.is_array)
        if op.prim == "for":
            bounds = any(v in self.varying for v in op.operands[:2])
            params = op.regions[0].params
            self.varying.update(params if bounds else params[1:])
            self._block(op.regions[0], varies or bounds)
            self.varying.update(op.results)
        elif op.prim in ("while", "if"):
            for region in op.regions:
                self.varying.update(region.params)
                self._block(region, varies or op.prim == "while" or depends)
            self.varying.update(op.results)
        elif op.prim == "store" and not depends and not varies:
            self.found.append((op, self.root(op.operands[0])))
        elif depends or op.prim in ALLOCATING or (op.prim == "load" and self.root(op.operands[0]) in self.written) or (
                op.prim != "load" and any(v.is_array for v in op.operands)):
            self.varying.update(op.results)
