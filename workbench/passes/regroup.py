"""Sums and products of cotangents in a better order: fewer operations, less to wait for from iteration to iteration.

    b * p * q, where b comes from the iteration before   ->   b * (p * q)
    b * p + b * q, c * x + c * y + c * z                 ->   b * (p + q), c * (x + y + z)
    b + e + f, where b is carried                        ->   b + (e + f)
    b * p * q + b * q * p                                ->   b * (2 * p * q)
    for k: b += c * e, where c stays the same            ->   s = 0; for k: s += e; b += c * s

The user never wrote the order in which contributions are added up or partial derivatives multiplied.

Invariant: only values that may be rounded otherwise are touched (`passes.exactness`), of float64, whose range leaves
room for products of factors. Sums are those that reverse mode made; they are not multiplied out; no term and no factor
is dropped but added zeros.

Source: the aim of LLVM's `reassociate`, which does not look through values that are used more than once, and does not
know what is carried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Value, walk
from workbench.ir.ops import LINEAR
from workbench.passes.base import CotangentPass
from workbench.passes.expressions import SUMS, Expressions, Node, Term, merged
from workbench.records import dataclass

_ZERO = Constant(0.0, Kind.F64)


@dataclass(frozen=True)
class Regroup(CotangentPass):
    """Regroups sums and products."""

    name: ClassVar[str] = "regroup"

    def rewritten(self, function: Function, exact: int) -> Function:
        """The function, its cotangents regrouped."""
        if not any("loose" in op.attrs for op in walk(function.block)):
            return function
        return _Regrouper(exact).run(function)


@dataclass(frozen=True)
class Taken:
    """What comes out of a loop's sum: all its terms hold this number and these factors, the loop adds up the rest."""

    number: float
    factors: tuple[Value, ...]
    rest: Node


class _Regrouper(Expressions):
    def __init__(self, exact: int) -> None:
        super().__init__(exact)
        self.rests: dict[Value, Node] = {}  # of sums whose factors have been taken out: the sum that is left

    def op(self, op: Op) -> None:
        """Emit one operation; what is part of a larger sum or product comes with that."""
        if len(op.results) == 1 and self.is_part(op.result):
            return
        if op.prim in LINEAR and "loose" in op.attrs and self.is_loose(op.result):
            with self.builder.rounding(loose=True):
                self.bind(op.result, self.emitted(self.rests.get(op.result) or self.best(op.result)))
        else:
            self.copy(op)

    def emitted(self, node: Node) -> Value:
        """Emit an expression."""
        if node.value is not None:
            return self.get(node.value)
        return self.emit(node.prim, *(self.emitted(part) for part in node.operands))

    def copy_for(self, op: Op) -> None:
        """Rebuild a counted loop, what all terms of a sum have in common multiplied with it once."""
        (body,) = op.regions
        taken: dict[int, Taken] = {}

        def begin(_: tuple[Value, ...]) -> None:
            taken.update(self.taken(body))
            self.rests.update((body.yields[k], out.rest) for k, out in taken.items())
        block = self.region("for", body, begin=begin)
        operands = list(self.all(op.operands))
        begun = {k: operands[2 + k] for k in taken}
        operands[2:] = [_ZERO if k in taken else v for k, v in enumerate(operands[2:])]
        self.finish(op, operands, (block,), op.results)
        with self.builder.rounding(loose=True):
            for k, out in taken.items():
                self.env[op.results[k]] = self.with_factors(op, self.env[op.results[k]], out, begun[k])

    def taken(self, body: Block) -> dict[int, Taken]:
        """What comes out of the sums of a loop that has been entered, by their positions."""
        self.bodies.append(self.measured(body))
        found = {k: taken for k, (param, out) in enumerate(zip(body.params[1:], body.yields, strict=True))
                 if param in self.bodies[-1].sums and (taken := self._taken(param, out)) is not None}
        self.bodies.pop()
        return found

    def _taken(self, param: Value, out: Value) -> Taken | None:
        op = self.bodies[-1].ops.get(out)
        if op is None or op.prim not in SUMS or "loose" not in op.attrs or len(self.uses[out]) != 1:
            return None
        most = self.best(out).count()
        best: Taken | None = None
        for through in (False, True):
            terms = merged([t for t in self.terms(out, 1.0, through, True) if t.factors != [param]])
            factors = _common(Counter(v for v in t.factors if self.is_outside(v)) for t in terms)
            if not factors:
                continue
            numbers = {abs(t.number) for t in terms}
            number = numbers.pop() if len(numbers) == 1 else 1.0
            left = [Term(t.number / number, _without(t.factors, factors)) for t in terms]
            rest = self.sum([Term(1.0, [param]), *left])
            if rest.count() <= most and (best is None or rest.count() < best.rest.count()):
                best = Taken(number, tuple(factors.elements()), rest)
        return best

    def with_factors(self, op: Op, total: Value, taken: Taken, begun: Value) -> Value:
        """What a loop's sum would have been with the factors inside: 0 where there was no turn, whatever they are."""
        product = total
        for factor in taken.factors:
            product = self.emit("mul", product, self.get(factor))
        if taken.number != 1.0:
            product = self.emit("mul", product, Constant(taken.number, Kind.F64))
        product = self.emit("select", self.has_turn(op), product, _ZERO)
        return product if isinstance(begun, Constant) and begun.value == 0 else self.emit("add", begun, product)


def _common(counts: Iterable[Counter[Value]]) -> Counter[Value]:
    """The factors that all have."""
    first, *others = counts
    for other in others:
        first &= other
    return first


def _without(values: Sequence[Value], taken: Counter[Value]) -> list[Value]:
    """Values without those that are taken."""
    left = list(values)
    for value in taken.elements():
        left.remove(value)
    return left
