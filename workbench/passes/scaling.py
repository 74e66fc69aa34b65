"""Tiny cotangents are made larger before nests of loops that multiply them, and smaller again where they are added.

    b = ...                               b = ...
    for i:                       ->       up, down = (2^128, 2^-128) if abs(b) < 2^-960 else (1, 1)
        y = b * p[i]                      c = b * up
        for j: a[i, j] += y * q[j]        for i:
                                              y = c * p[i]
                                              for j: a[i, j] += y * (q[j] * down)

Products with numbers below 2^-1022 take processors a hundred times as long as others. The weights of a mixture, of an
attention, of any softmax reach down there, and what their adjoints do with them is linear: they add multiples of one
number to sums that are much larger. The product that is added is rounded with the sum where the machine can
(`engines/numba/rounding.py`), so that it is no such number either.

Invariant: only cotangents of float64 are touched (`passes.exactness`), by powers of two: but for what would have been
rounded to fewer bits, or overflow from a tiny number times factors above 2^900, or vanish with factors below 2^-894,
every sum is the same. (The range of float32 is too short for that: factors of 2^-80 are nothing unusual.)

Source: Muller et al., Handbook of Floating-Point Arithmetic (2018), section 2.1.2 (subnormal numbers) and 6.1 (exact
scaling by powers of the radix).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Value, definitions, uses
from workbench.passes.annihilate import annihilating
from workbench.passes.base import CotangentPass
from workbench.passes.exactness import exact_values
from workbench.passes.multiples import UPDATES, Multiples, Scaled
from workbench.passes.rebuild import Rebuilder
from workbench.passes.zeroing import is_zero
from workbench.records import dataclass

# by kind: below which number, and by which power of two
_SCALES = {Kind.F64: (2.0 ** -960, 2.0 ** 128)}
_MOST = 12  # numbers of a block that are tried


@dataclass(frozen=True)
class Scaling(CotangentPass):
    """Scales tiny cotangents."""

    name: ClassVar[str] = "scaling"
    heeds_marks: ClassVar[bool] = False

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function with tiny cotangents scaled."""
        search = _Search(function, exact)
        return _Scaler(search.found).run(function) if search.found else function


class _Search:
    """Finds the bodies of loops with a number that nests of loops are linear in. `found`: by body."""

    def __init__(self, function: Function, exact: int) -> None:
        self.found: dict[Block, Scaled] = {}
        self.uses = uses(function)
        self.exact: set[Value] | None = None
        self.cotangents_from = exact
        self.function = function
        self._enter(function.block)

    def _enter(self, block: Block) -> None:
        for op in block.ops:
            if op.prim == "for" and "items" not in op.attrs and _depth(op) > 2 and self._body(op.regions[0]):
                continue
            if "items" not in op.attrs:
                for region in op.regions:
                    self._enter(region)

    def _body(self, block: Block) -> bool:
        """Choose the number that most is linear in."""
        if self.exact is None:
            self.exact = exact_values(self.function, self.cotangents_from, annihilating(self.function))
        candidates = [v for v in (*block.params, *(r for op in block.ops for r in op.results))
                      if not v.is_array and v.kind in _SCALES and self._is_multiplied(v)]
        best: Scaled | None = None
        for seed in candidates[:_MOST]:
            if best is None or seed not in best.values:
                tried = Multiples(seed, block, self.exact).scaled
                if tried is not None and (best is None or len(tried.values) > len(best.values)):
                    best = tried
        if best is not None:
            self.found[block] = best
        return best is not None

    def _is_multiplied(self, value: Value) -> bool:
        """True where a number is multiplied to a cotangent, or is what a carried one begins with."""
        exact = self.exact or set()
        return any(isinstance(user, Op) and (user.prim == "for" or (
            user.prim in ("mul", "neg") and user.result not in exact)) for user in self.uses.get(value, ()))


def _depth(op: Op) -> int:
    """How many loops are in one another."""
    inside = max((_depth(inner) for region in op.regions for inner in region.ops if inner.regions), default=0)
    return inside + (op.prim == "for")


class _Scaler(Rebuilder):
    """`over`: what stands for the multiples, scaled. Whatever else uses them gets them as they were."""

    def __init__(self, found: dict[Block, Scaled]) -> None:
        self.found = found
        self.over: dict[Value, Value] = {}
        self.scaled: Scaled | None = None
        self.makers: dict[Value, Op] = {}

    def before(self, function: Function) -> None:
        """Note what makes each value."""
        self.makers = definitions(function)

    # ------------------------------------------------------------------ multiples
    def get(self, value: Value) -> Value:
        """A value as it was."""
        if value not in self.over:
            return super().get(value)
        assert self.scaled is not None
        if value is self.scaled.seed:
            return self.env[value]
        with self.builder.rounding(loose=True):
            return self.emit("mul", self.over[value], self.down)

    def all(self, values: Sequence[Value]) -> tuple[Value, ...]:
        """Values as they were."""
        return tuple(self.get(v) for v in values)

    def scaled_or(self, value: Value) -> Value:
        """A multiple scaled, anything else as it is."""
        return self.over[value] if value in self.over else self.get(value)

    def is_multiple(self, value: Value) -> bool:
        """True for what is scaled (but the seed, which is there as it was, too)."""
        return self.scaled is not None and value in self.scaled.values and value is not self.scaled.seed

    def begin(self, seed: Value) -> None:
        """Scale the seed."""
        b = self.env[seed]
        below, power = _SCALES[b.kind]
        limit, up, down, one = (Constant(x, b.kind) for x in (below, power, 1.0 / power, 1.0))
        tiny = self.emit("lt", self.emit("abs", b), limit)
        with self.builder.rounding(loose=True):
            self.down = self.emit("select", tiny, down, one)
            self.over[seed] = self.emit("mul", b, self.emit("select", tiny, up, one))
        self.down.name = self.down.name or "down"

    # ------------------------------------------------------------------ operations
    def op(self, op: Op) -> None:
        """Re-emit an operation, of multiples as they are scaled."""
        if self.scaled is None:
            self.copy(op)
        elif op.prim == "for" or self.scaled.seed in op.results:
            self.copy(op)
            if self.scaled.seed in op.results:
                self.begin(self.scaled.seed)
        elif op.prim in UPDATES and self.is_multiple(op.result):
            self.update(op, self.scaled_or(op.operands[1]))
        elif op.prim == "accum" and op.operands[1] in self.over:
            self.update(op, self.added(op.operands[1]))
        elif op.prim in ("eq", "ne") and op.operands[0] in self.over and is_zero(op.operands[1]):
            self.bind(op.result, self.emit(op.prim, self.over[op.operands[0]], op.operands[1], **op.attrs))
        elif op.prim == "load" and self.is_multiple(op.result):
            self.copy(op)
            self.over[op.result] = self.env.pop(op.result)
        elif len(op.results) == 1 and not op.result.is_array and self.is_multiple(op.result):
            operands = [self.scaled_or(v) for v in op.operands]
            if op.prim == "mul" and all(v in self.over for v in op.operands):
                operands[1] = self.get(op.operands[1])
            self.over[op.result] = made = self.emit(op.prim, *operands, **op.attrs)
            if not made.name and not isinstance(made, Constant):
                made.name = op.result.name
        else:
            self.copy(op)

    def update(self, op: Op, value: Value) -> None:
        """Store or add a number."""
        array, _, *where = op.operands
        operands = (self.get(array), value, *self.all(where))
        (self.env[op.result],) = self.raw(op.prim, operands, [self.type(op.result.type)], op.attrs, (),
                                          [op.result.name])

    def added(self, value: Value) -> Value:
        """A multiple as it was, to be added: of a product, the other factor is scaled, as far outside as can be."""
        maker = self.makers.get(value)
        if maker is None or maker.prim != "mul" or sum(v in self.over for v in maker.operands) != 1:
            return self.get(value)
        multiple, factor = maker.operands if maker.operands[0] in self.over else maker.operands[::-1]
        made = self.get(factor)
        with self.builder.rounding(loose=True):
            with self.builder.outside(max(self.depth_of.get(made, 0), self.depth_of[self.down])):
                small = self.emit("mul", made, self.down)
            return self.emit("mul", self.over[multiple], small)

    # ------------------------------------------------------------------ loops
    def copy_for(self, op: Op) -> None:
        """Rebuild a loop; carried multiples are scaled."""
        (body,) = op.regions
        operands = (*self.all(op.operands[:2]), *(
            self.scaled_or(init) if self.is_multiple(param) and not param.is_array else self.get(init)
            for init, param in zip(op.operands[2:], body.params[1:], strict=True)))
        outer = self.scaled
        with self.frame("for") as frame:
            params = tuple(self.param(p) for p in body.params)
            for param in body.params:
                if self.is_multiple(param) and not param.is_array:
                    self.over[param] = self.env.pop(param)
            self.scaled = self.found.get(body, outer)
            seed = None if self.scaled is outer or self.scaled is None else self.scaled.seed
            if seed in body.params:
                self.begin(seed)
            self.ops(body)
            yields = tuple(self.scaled_or(out) if param in self.over else self.get(out)
                           for param, out in zip(body.params[1:], body.yields, strict=True))
            block = Block(params, tuple(frame.ops), yields)
        if self.scaled is not outer:
            self.over.clear()
        self.scaled = outer
        self.finish(op, operands, (block,), op.results)
        for result in op.results:
            if self.is_multiple(result) and not result.is_array:
                self.over[result] = self.env.pop(result)
