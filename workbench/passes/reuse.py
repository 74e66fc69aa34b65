"""What an arm has computed is not computed again in a later arm of the same condition.

Reverse sweeps run arms again, pullbacks of one primal run all of it again: `if c: ...` is followed by other
conditionals on the same `c`, each with the same square roots, quotients and sines. A later arm takes such numbers from
the earlier conditional, which gives them as further results; a later conditional that gives nothing else is gone.

Invariant: a number is taken from an arm that has run whenever the later one runs. The other arm gives a zero that
nobody reads. A check that the earlier arm has made is not made again.

Source: Cytron, Lowry & Zadeck, "Code motion of control structures in high-level languages" (1986); value numbering as
in `ir.builder`, over arms in place of blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Value, substitute_type, walk
from workbench.passes.base import Pass
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass

Numbers = Mapping[Any, Value]
_CHECKED = "checked"
# done again rather than handed on, where their operands are at hand
_CHEAP = frozenset({"add", "sub", "mul", "neg", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not", "isfinite"})


@dataclass(frozen=True)
class Reuse(Pass):
    """Takes numbers from earlier conditionals of the same condition."""

    name: ClassVar[str] = "reuse"

    def __call__(self, function: Function) -> Function:
        """The function with its conditionals sharing what they compute."""
        conditions = Counter(op.operands[0] for op in walk(function.block) if op.prim == "if")
        if not any(count > 1 for count in conditions.values()):
            return function
        reuser = _Reuser()
        made = reuser.run(function)
        return made if reuser.found else function


@dataclass(eq=False)
class _Conditional:
    """A conditional that was emitted, among which operations of an open block, in how many frames, and what its arms
    computed (keys as in `ir.builder`)."""

    op: Op
    ops: list[Op]
    depth: int
    numbers: Sequence[Numbers]
    results: dict[tuple[Value, Value], Value] = field(default_factory=dict)

    def result(self, arm: int, value: Value) -> Value:
        """What a value of an arm is outside."""
        for pair, found in self.results.items():
            if pair[arm] == value:
                return found
        nothing = Constant(False, Kind.BOOL) if value.kind is Kind.BOOL else Constant(0, value.kind)
        return self.joined((value, nothing) if arm == 0 else (nothing, value))

    def joined(self, pair: tuple[Value, Value]) -> Value:
        """The result that is one value after the first arm, another after the second."""
        if pair not in self.results:
            regions = tuple(Block((), region.ops, (*region.yields, value))
                            for region, value in zip(self.op.regions, pair, strict=True))
            one = next((v for v in pair if not isinstance(v, Constant)), pair[0])
            self.results[pair] = Value(one.type, one.name)
            self.replace(Op("if", self.op.operands, (*self.op.results, self.results[pair]), self.op.attrs, regions,
                            self.op.span))
        return self.results[pair]

    def replace(self, changed: Op) -> None:
        """Another operation in this one's place."""
        self.ops[self.position] = changed
        self.op = changed

    @property
    def position(self) -> int:
        """The place in the block."""
        return next(k for k, op in enumerate(self.ops) if op is self.op)


class _Reuser(Rebuilder):
    def __init__(self) -> None:
        self.found = False
        self.conditionals: dict[Value, list[_Conditional]] = {}

    def op(self, op: Op) -> None:
        """Copy an operation, but for a check that was made."""
        if op.prim != "check":
            self.copy(op)
            return
        key = _CHECKED, self.get(op.operands[0])
        if any(key in frame.numbers for frame in self.builder.frames):
            self.found = True
            return
        self.builder.frames[-1].numbers[key] = key[1]
        self.copy(op)

    def copy_if(self, op: Op) -> None:
        """Rebuild a conditional, with what earlier ones computed."""
        condition = self.get(op.operands[0])
        known = [c for c in self.conditionals.get(condition, ())
                 if any(c.ops is frame.ops for frame in self.builder.frames)]
        arms: list[tuple[list[Op], tuple[Value, ...]]] = []
        numbers: list[Numbers] = []
        for side, region in enumerate(op.regions):
            before = {key: value for c in known for key, value in c.numbers[side].items()}
            with self.frame("arm") as frame:
                frame.numbers.update(before)
                self.ops(region)
                arms.append((frame.ops, self.all(region.yields)))
                numbers.append({key: value for key, value in frame.numbers.items() if key not in before})
        owners = [{value: c for c in known for key, value in c.numbers[side].items() if key[0] != _CHECKED}
                  for side in (0, 1)]
        pairs = list(zip(*(yields for _, yields in arms), strict=True))
        keep = [k for k, old in enumerate(op.results) if not self.was_joined(old, pairs[k], owners)]
        blocks = [self.supplied(Block((), tuple(ops), tuple(yields[k] for k in keep)), side, owners[side])
                  for side, (ops, yields) in enumerate(arms)]
        if not keep and not any(block.ops for block in blocks):
            return
        self.finish(op, (condition,), tuple(blocks), [op.results[k] for k in keep])
        here = self.builder.frames[-1].ops
        results = zip(*(block.yields for block in blocks), here[-1].results, strict=True)
        made = _Conditional(here[-1], here, self.builder.depth, numbers, {(a, b): result for a, b, result in results})
        self.conditionals[condition] = [*known, made]

    def was_joined(self, old: Value, pair: tuple[Value, Value], owners: Sequence[Mapping[Value, _Conditional]]) -> bool:
        """True where a result is one of an earlier conditional, which then stands for it."""
        found = [owners[side][value] for side, value in enumerate(pair) if value in owners[side]]
        if old.is_array or not found or any(c is not found[0] for c in found):
            return False
        others = [value for side, value in enumerate(pair) if value not in owners[side]]
        if not all(isinstance(v, Constant) or self.is_before(v, found[0]) for v in others):
            return False
        joined = found[0].joined(pair)
        self.note(joined, found)
        self.bind(old, joined)
        return True

    def is_before(self, value: Value, conditional: _Conditional) -> bool:
        """True for a value that was known where a conditional is."""
        later = conditional.ops[conditional.position:]
        return self.depth_of[value] <= conditional.depth and not any(value in op.results for op in later)

    def supplied(self, block: Block, side: int, owners: Mapping[Value, _Conditional]) -> Block:
        """A later arm with what it takes from earlier ones."""
        used = owners.keys() & _read(block)
        env: dict[Value, Value] = {}
        again: list[Op] = []
        for value, conditional in owners.items():
            if value not in used:
                continue
            op = self.builder.definitions[value]
            if op.prim in _CHEAP and all(isinstance(v, Constant) or v in env or self.depth_of[v] <= conditional.depth
                                         for v in op.operands):
                new = env[value] = Value(value.type, value.name)
                self.depth_of[new] = self.builder.depth + 1
                again.append(Op(op.prim, tuple(env.get(v, v) for v in op.operands), (new,), op.attrs, (), op.span))
                self.builder.definitions[new] = again[-1]
            else:
                env[value] = conditional.result(side, value)
                self.note(env[value], [conditional])
        made = self.replaced(block, env) if env else block
        return Block((), (*again, *made.ops), made.yields)

    def note(self, value: Value, conditionals: Sequence[_Conditional]) -> None:
        """What is known of a new result of an earlier conditional."""
        self.found = True
        for conditional in conditionals:
            if value in conditional.op.results:
                self.builder.definitions[value] = conditional.op
                self.depth_of.setdefault(value, conditional.depth)

    def replaced(self, block: Block, env: Mapping[Value, Value]) -> Block:
        """A block with other values in place of some."""
        ops = []
        for op in block.ops:
            for value in (*op.results, *(p for region in op.regions for p in region.params)):
                value.type = substitute_type(value.type, env)
            operands = tuple(env.get(v, v) for v in op.operands)
            regions = tuple(self.replaced(region, env) for region in op.regions)
            ops.append(Op(op.prim, operands, op.results, op.attrs, regions, op.span))
            self.builder.definitions.update(dict.fromkeys(op.results, ops[-1]))
        return Block(block.params, tuple(ops), tuple(env.get(v, v) for v in block.yields))


def _read(block: Block) -> set[Value]:
    """All values that a block reads, also as dimensions."""
    found = set(block.yields)
    for op in block.ops:
        found.update(op.operands)
        found.update(d for value in op.results for d in value.dims)
        for region in op.regions:
            found.update(d for value in region.params for d in value.dims)
            found |= _read(region)
    return found
