"""Which operations are written inside the expression that uses them, instead of on a line of their own.

An operation is folded where it has no effect, one use in its own block, and where evaluating it at its use gives the
same value: a `load` is never moved past an operation that takes its array's buffer. Sums of an integer variable and a
constant (`i - 1`) are written out at every use. Nothing is evaluated twice otherwise, and nothing moves into a loop.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.ir import ArrayType, Block, Constant, Function, Kind, Op, Value, analysis, consumed_operands
from workbench.rules import get

WIDEST = 84
_END = 1 << 60


def foldable(op: Op) -> bool:
    """True for operations that are an expression without effect."""
    if op.regions or len(op.results) != 1 or op.result.is_array:
        return False
    if op.prim == "load":
        return not is_growable(op.operands[0])
    return op.prim == "cast" or (op.prim != "index" and get(op.prim).elementwise)


def is_growable(value: Value) -> bool:
    """True for growable lists."""
    return isinstance(value.type, ArrayType) and value.type.growable


def consumed(op: Op) -> Iterator[Value]:
    """Arrays of the enclosing block whose buffer the operation takes."""
    yield from consumed_operands(op)
    if op.prim in ("for", "while"):
        yield from (v for v in op.operands if v.is_array)
    elif op.prim == "if":
        for region in op.regions:
            yield from (v for v in region.yields if v.is_array)
            for inner in region.ops:
                yield from consumed(inner)


@analysis
def folding_of(function: Function) -> Folding:
    """The decisions for a function."""
    return Folding(function)


class Folding:
    """The decisions for one function: `inlined[v]` is the operation written where v is used."""

    def __init__(self, function: Function) -> None:
        self.inlined: dict[Value, Op] = {}
        self._uses: dict[Value, int] = {}
        self._count(function.block)
        self._width: dict[Value, int] = {}
        self._block(function.block, function.block.yields)

    def __contains__(self, op: Op) -> bool:
        return len(op.results) == 1 and op.results[0] in self.inlined

    def leaves(self, value: Value) -> Iterator[Value]:
        """The variables read when a value is evaluated."""
        op = self.inlined.get(value)
        if op is None:
            yield value
            return
        for operand in op.operands:
            if not isinstance(operand, Constant):
                yield from self.leaves(operand)

    def _count(self, block: Block) -> None:
        for op in block.ops:
            for value in op.operands:
                self._uses[value] = self._uses.get(value, 0) + 1
            for region in op.regions:
                self._count(region)
        for value in block.yields:
            self._uses[value] = self._uses.get(value, 0) + 1

    # ------------------------------------------------------------------ one block
    def _block(self, block: Block, ends: tuple[Value, ...]) -> None:
        """Decide for one block; `ends` are the yielded values that may be whole expressions."""
        user: dict[Value, tuple[int, Op | None]] = {}
        taken: dict[Value, int] = {}
        made: dict[Value, Op] = {}
        for position, op in enumerate(block.ops):
            if len(op.results) == 1 and foldable(op):
                made[op.result] = op
            for value in self._open_operands(op):
                user[value] = (position, op)
            for value in consumed(op):
                taken.setdefault(value, position)
        for value in ends:
            user[value] = (_END, None)
        single = {v for v in made if self._uses.get(v) == 1 and v in user}
        self._shorten(block, made, single)
        self._respect_updates(made, single, user, taken)
        for op in block.ops:
            for order, region in enumerate(op.regions):
                self._block(region, region.yields[:1] if op.prim == "while" and order == 0 else ())

    @staticmethod
    def _open_operands(op: Op) -> tuple[Value, ...]:
        """Operands that may be whole expressions."""
        if op.prim == "for":
            return op.operands[:2]
        if op.prim == "while" or (op.prim in ("load", "store", "accum") and is_growable(op.operands[0])):
            return ()
        return op.operands

    def _shorten(self, block: Block, made: dict[Value, Op], single: set[Value]) -> None:
        """Keep expressions short: the longest operands of a long one get a line of their own."""
        for op in block.ops:
            if op.regions:
                continue
            if len(op.results) == 1 and op.result in made and self._is_offset(op):
                self.inlined[op.result] = op
                self._width[op.result] = 7
                single.difference_update(op.operands)
                continue
            parts = [v for v in op.operands if not isinstance(v, Constant)]
            total = 4 + sum(self._measure(v, single) for v in op.operands)
            if op.prim == "select" or op.prim in ("and", "or"):
                for v in parts:
                    if v in single and self._is_dear(v, made, single):
                        single.discard(v)
                        total += 4 - self._width.get(v, 4)
            for v in sorted((v for v in parts if v in single), key=lambda v: -self._width.get(v, 0)):
                if total <= WIDEST:
                    break
                single.discard(v)
                total += len(v.name or "t1") + 2 - self._width.get(v, 0)
            for result in op.results:
                self._width[result] = total

    def _measure(self, value: Value, single: set[Value]) -> int:
        if isinstance(value, Constant):
            return len(value.label)
        if value in single or value in self.inlined:
            return self._width.get(value, 4)
        return len(value.name or "t1") + 2

    def _is_dear(self, value: Value, made: dict[Value, Op], single: set[Value]) -> bool:
        """True for what LLVM would not evaluate where the program might not: a branch would stay, no loop with it would
        become a vector."""
        op = made[value]
        if op.prim in ("load", "div", "sqrt") or (op.prim != "cast" and get(op.prim).transcendental):
            return True
        return any(v in single and self._is_dear(v, made, single) for v in op.operands)

    def _is_offset(self, op: Op) -> bool:
        """An integer variable plus or minus a constant: cheap enough to write everywhere."""
        if op.prim not in ("add", "sub") or op.result.kind is not Kind.INT or op.result.is_array:
            return False
        variables = [v for v in op.operands if not isinstance(v, Constant)]
        return len(variables) == 1 and variables[0] not in self.inlined and not (
            op.prim == "sub" and op.operands[1] is variables[0])

    def _respect_updates(self, made: dict[Value, Op], single: set[Value], user: dict[Value, tuple[int, Op | None]],
                         taken: dict[Value, int]) -> None:
        """Fold what is left, from the last operation to the first, where no load moves past an update."""
        when: dict[Value, int] = {}
        for value in reversed(list(made)):
            if value not in single or value in self.inlined:
                continue
            position, op = user[value]
            if op is not None and len(op.results) == 1 and op.results[0] in when:
                position = when[op.results[0]]
            source = made[value]
            if source.prim == "load":
                if position > taken.get(source.operands[0], _END) or self._ends_in_bound(value, user):
                    continue
            when[value] = position
            self.inlined[value] = source

    def _ends_in_bound(self, value: Value, user: dict[Value, tuple[int, Op | None]]) -> bool:
        """True where the expression around a value is a loop's bound (evaluated after the loop's variables are set)."""
        op = user[value][1]
        while op is not None and op.prim != "for":
            if len(op.results) != 1 or op.results[0] not in self.inlined or op.results[0] not in user:
                return False
            op = user[op.results[0]][1]
        return op is not None

