"""Arrays that every iteration of a loop makes, and that end with it, are made once before the loop.

    for i: y = empty(d)              y = empty(d)
           ...               ->      for i: ...

    for i: z = full(0.0, d)          z = empty(d)
           ...               ->      for i: for j: z[j] = 0.0
                                            ...

An allocation costs as much as some fifty products.

Invariant: the array leaves no iteration, under another name either, and its size is known not to be negative where it
is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, ScalarType, Value, definitions, is_length
from workbench.ir.ops import CONSUMING
from workbench.ir.rewrite import Rewriter
from workbench.passes.base import Pass
from workbench.records import dataclass

_ALIASING = frozenset({"reshape", "transpose", "broadcast", "slice", "real", "imag", "call"})
_ZERO, _ONE = Constant(0, Kind.INT), Constant(1, Kind.INT)


@dataclass(frozen=True)
class Preallocate(Pass):
    """Makes the arrays of iterations before the loops."""

    name: ClassVar[str] = "preallocate"

    def __call__(self, function: Function) -> Function:
        """The function with fewer allocations in loops."""
        plan = _Plan(function)
        return _Preallocator(plan).run(function) if plan.loops else function


class _Plan:
    """Which arrays move out of which loops. `loops`: the arrays that a loop carries now, by the operations that made
    them; `outermost`: the loop before which one is made; `ends`: the last version of one in its iteration."""

    def __init__(self, function: Function) -> None:
        self.makers = definitions(function)
        self.lengths = frozenset(function.shape_params)
        self.block_of: dict[Value, Block] = {}
        self.loops: dict[Op, list[Op]] = {}
        self.outermost: dict[Op, Op] = {}
        self.ends: dict[Op, Value] = {}
        self._enter(function.block, ())

    def _enter(self, block: Block, around: tuple[tuple[Op, Block], ...]) -> None:
        """around: the loops in whose bodies this block stands with nothing between, innermost last, each with the block
        that it stands in."""
        self.block_of.update((v, block) for v in block.params)
        for op in block.ops:
            self.block_of.update((v, block) for v in op.results)
            for region in op.regions:
                inside = op.prim == "for" or (op.prim == "while" and region is op.regions[1])
                self._enter(region, (*around, (op, block)) if inside else ())
            if around and op.prim in ("empty", "full") and op.result.dims:
                self._consider(op, block, around)

    def _consider(self, op: Op, block: Block, around: Sequence[tuple[Op, Block]]) -> None:
        inside: list[Block] = [block]
        loops = []
        for loop, outer in reversed(around):
            inside += loop.regions
            if any(not is_length(dim, self.lengths, self.makers.get) or self.block_of.get(dim) in inside
                   for dim in op.result.dims):
                break
            loops.append(loop)
            inside.append(outer)
        end = _Chain(op, block).end if loops else None
        if end is not None:
            self.outermost[op] = loops[-1]
            self.ends[op] = end
            for loop in loops:
                self.loops.setdefault(loop, []).append(op)


@dataclass(slots=True)
class _Chain:
    """The versions of an array that is made in a block. `end`: the last one, None where the array may be seen
    elsewhere."""

    root: Op
    block: Block
    end: Value | None = None
    versions: set[Value] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.versions.add(self.root.result)
        after = self.block.ops[self.block.ops.index(self.root) + 1:]
        if self._ops(after) and not self.versions.intersection(self.block.yields):
            here = (r for op in (self.root, *after) for r in op.results if r in self.versions)
            *_, self.end = here

    def _ops(self, ops: Sequence[Op]) -> bool:
        """Follow operations; False where the array may become another's."""
        return all(self._regions(op) if op.regions else self._plain(op) for op in ops)

    def _plain(self, op: Op) -> bool:
        if op.prim in CONSUMING and op.operands[0] in self.versions:
            self.versions.add(op.result)
        return op.prim not in _ALIASING or not self.versions.intersection(op.operands)

    def _regions(self, op: Op) -> bool:
        if op.prim == "if":
            return self._arms(op)
        inits = op.operands[2:] if op.prim == "for" else op.operands
        params = op.regions[0].params[1:] if op.prim == "for" else op.regions[0].params
        ours = [v in self.versions for v in inits]
        self.versions.update(p for p, is_ours in zip(params, ours, strict=True) if is_ours)
        ends = [block.yields for block in op.regions]
        if op.prim == "while":
            ends[0] = ends[0][1:]
        if not all(self._ops(block.ops) for block in op.regions):
            return False
        if any((v in self.versions) != is_ours for end in ends for v, is_ours in zip(end, ours, strict=True)):
            return False
        self.versions.update(r for r, is_ours in zip(op.results, ours, strict=True) if is_ours)
        return True

    def _arms(self, op: Op) -> bool:
        before = set(self.versions)
        if not all(self._ops(block.ops) for block in op.regions):
            return False
        taken = self.versions != before
        ours = [[v in self.versions for v in block.yields] for block in op.regions]
        results = [r for r, arms in zip(op.results, zip(*ours, strict=True), strict=True) if any(arms)]
        self.versions.update(results)
        return ours[0] == ours[1] and len(results) <= 1 and (bool(results) or not taken)


class _Preallocator(Rewriter):
    """Carries the arrays into the loops."""

    def __init__(self, plan: _Plan) -> None:
        super().__init__()
        self.plan = plan
        self.rooms: dict[Op, Value] = {}  # what stands for the array at present

    def rewrite_op(self, op: Op) -> None:
        """A loop, an array that has room already, or anything else."""
        if op in self.plan.loops:
            self._loop(op)
        elif op not in self.plan.ends:
            self.copy_op(op)
        elif op.prim == "empty":
            self.env[op.result] = self.rooms[op]
        else:
            self.env[op.result] = self._filled(op, self.rooms[op], ())

    def _loop(self, op: Op) -> None:
        roots = self.plan.loops[op]
        for root in roots:
            if self.plan.outermost[root] is op:
                self.rooms[root] = self._like(root)
                self.emit(Op("empty", self._dims(root), (self.rooms[root],), {"kind": root.result.kind}, (), root.span))
        operands = (*map(self.get, op.operands), *(self.rooms[root] for root in roots))
        regions = []
        for region in op.regions:
            outer, self.ops = self.ops, []
            params = tuple(self.fresh(p) for p in region.params)
            if region is op.regions[0]:
                self.rooms.update((root, self._like(root)) for root in roots)
                params += tuple(self.rooms[root] for root in roots)
            for inner in region.ops:
                self.rewrite_op(inner)
            yields = tuple(map(self.get, region.yields))
            last = region is op.regions[-1]
            yields += tuple(self._end(root, region) if last else self.rooms[root] for root in roots)
            regions.append(Block(params, tuple(self.ops), yields))
            self.ops = outer
        results = self.fresh_results(op)
        self.rooms.update((root, self._like(root)) for root in roots)
        self.emit(Op(op.prim, operands, (*results, *(self.rooms[root] for root in roots)), op.attrs, tuple(regions),
                     op.span))

    def _end(self, root: Op, region: Block) -> Value:
        """The last version in an iteration: of the array itself, or of the inner loop that carries it."""
        return self.get(self.plan.ends[root]) if root in region.ops else self.rooms[root]

    def _like(self, root: Op) -> Value:
        return Value(self.type(root.result.type), root.result.name)

    def _dims(self, root: Op) -> tuple[Value, ...]:
        return tuple(self.get(d) for d in root.result.dims)

    def _filled(self, root: Op, array: Value, indices: tuple[Value, ...]) -> Value:
        """The array with all elements equal, by loops over the axes that have no index yet."""
        if len(indices) == array.rank:
            made = self._like(root)
            self.emit(Op("store", (array, self.get(root.operands[0]), *indices), (made,), {}, (), root.span))
            return made
        outer, self.ops = self.ops, []
        index, param, result = Value(ScalarType(Kind.INT)), self._like(root), self._like(root)
        stored = self._filled(root, param, (*indices, index))
        body = Block((index, param), tuple(self.ops), (stored,))
        self.ops = outer
        self.emit(Op("for", (_ZERO, array.dims[len(indices)], array), (result,), {"step": 1}, (body,), root.span))
        return result
