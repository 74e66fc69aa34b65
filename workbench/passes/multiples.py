"""Which values of a loop's body are multiples of one number, and whether it is worth while to scale them.

Invariant: what is found is linear in the number, of cotangents alone (`passes.exactness`), and used in ways that
`passes.scaling` knows how to scale without more work in inner loops.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from workbench.ir import Block, Op, Value, walk
from workbench.passes.zeroing import is_zero
from workbench.records import dataclass

UPDATES = ("store", "accum")


@dataclass
class Scaled:
    """The number `seed` of a block, and the values there that are multiples of it: numbers, and versions of arrays that
    hold nothing else."""

    seed: Value
    block: Block
    values: set[Value] = field(default_factory=set)


class Multiples:
    """Which values of a block are multiples of a number. `scaled`: None where no nest of loops multiplies them, or
    its inner loops would have more to do: they may hand on multiples, and add their products with what stays the same.

    All new arrays, and carried numbers that begin as a multiple or 0, are taken for multiples until one is found to get
    something else (`plain`)."""

    def __init__(self, seed: Value, block: Block, exact: set[Value]) -> None:
        self.exact = exact
        self.kind = seed.kind
        self.plain: set[Value] = set()
        self.scaled: Scaled | None = None
        while True:
            self.values, self.roots, before = {seed}, dict[Value, Value](), len(self.plain)
            self.worth, self.costs = False, False
            self.makers: dict[Value, tuple[Op, int]] = {}  # and in how many loops
            self._ops(block.ops, 0)
            self._given(block.yields)
            if len(self.plain) == before:
                break
        if self.worth and not self.costs:
            held = {v for v, root in self.roots.items() if root not in self.plain}
            self.scaled = Scaled(seed, block, self.values | held)

    def _holds(self, array: Value) -> bool:
        """True for arrays of multiples."""
        root = self.roots.get(array)
        return root is not None and root not in self.plain

    def _is_multiple(self, value: Value) -> bool:
        return value in self.values or is_zero(value)

    def _is_free(self, value: Value) -> bool:
        """True for numbers that may be scaled: cotangents."""
        return not value.is_array and value.kind is self.kind and value not in self.exact

    def _given(self, values: Iterable[Value]) -> None:
        """Arrays that are used in other ways than here hold what they should."""
        self.plain.update(self.roots[v] for v in values if v in self.roots)

    def _ops(self, ops: Iterable[Op], depth: int) -> None:
        for op in ops:
            if op.prim == "for":
                self._loop(op, depth + 1)
            elif op.regions:
                inside = [op, *(inner for region in op.regions for inner in walk(region))]
                taken = [v for inner in inside for v in (*inner.operands, *(
                    out for region in inner.regions for out in region.yields))]
                self._given(taken)
                loops = depth > 1 or any(inner.prim in ("for", "while") for inner in inside)
                self.costs |= loops and any(v in self.values for v in taken)
            else:
                self.makers.update((r, (op, depth)) for r in op.results)
                self._plain_op(op)
                if depth > 1 and any(v in self.values for v in op.operands):
                    self.worth |= op.prim == "mul" and op.result in self.values
                    self.costs |= not self._is_free_of_cost(op, depth)

    def _is_free_of_cost(self, op: Op, depth: int) -> bool:
        """True where an operation in an inner loop takes multiples as they are scaled, or a factor that is scaled
        outside of the loop."""
        if op.prim == "accum" and not self._holds(op.operands[0]):
            product, _ = self.makers.get(op.operands[1], (None, 0))
            if product is None or product.prim != "mul":
                return False
            others = [v for v in product.operands if v not in self.values]
            return len(others) == 1 and self.makers.get(others[0], (None, 0))[1] < depth
        gives = op.results[0] if op.results else None
        return gives in self.values or self._holds(op.operands[0]) or (
            op.prim in ("eq", "ne") and is_zero(op.operands[1]))

    def _loop(self, op: Op, depth: int) -> None:
        (body,) = op.regions
        self.makers.update((v, (op, depth)) for v in body.params)
        carried = list(zip(op.operands[2:], body.params[1:], body.yields, op.results, strict=True))
        for init, param, _, result in carried:
            if init in self.roots:
                self.roots[param] = self.roots[result] = self.roots[init]
            elif self._is_free(param) and param not in self.plain and self._is_multiple(init):
                self.values.add(param)
        self._ops(body.ops, depth)
        for init, param, out, result in carried:
            if param.is_array:
                if self.roots.get(out) is not self.roots.get(init):
                    self.plain.update(self.roots[v] for v in (init, out) if v in self.roots)
            elif param in self.values:
                if self._is_multiple(out):
                    self.values.add(result)
                else:
                    self.plain.add(param)

    def _plain_op(self, op: Op) -> None:
        if op.prim == "empty" or (op.prim == "full" and is_zero(op.operands[0])):
            if op.result.kind is self.kind and op.result not in self.exact:
                self.roots[op.result] = op.result
        elif op.prim in UPDATES and op.operands[0] in self.roots:
            root = self.roots[op.result] = self.roots[op.operands[0]]
            if not self._is_multiple(op.operands[1]):
                self.plain.add(root)
        elif op.prim == "load":
            if self._holds(op.operands[0]):
                self.values.add(op.result)
        elif self._gives_multiple(op):
            self.values.add(op.result)
        else:
            self._given(op.operands)

    def _gives_multiple(self, op: Op) -> bool:
        """True for an operation on numbers that is linear in the seed."""
        if not any(v in self.values for v in op.operands) or not self._is_free(op.result):
            return False
        if op.prim in ("add", "sub", "neg"):
            return all(map(self._is_multiple, op.operands))
        if op.prim == "mul":
            return True
        if op.prim == "div":
            return op.operands[1] not in self.values
        return op.prim == "select" and op.operands[0] not in self.values and all(
            map(self._is_multiple, op.operands[1:]))
