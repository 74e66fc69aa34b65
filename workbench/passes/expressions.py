"""Sums and products of cotangents as expressions: taken apart into terms, put together in a better order.

What waits longest for what is carried is added and multiplied last; what several terms have in common is put before a
bracket. `regroup` emits what comes of it, and says what the aim is.

Invariant: an expression has the terms and factors that it was made of, but for terms that are 0 and numbers multiplied
together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import field

from workbench.ir import Block, Constant, Function, Kind, Op, Value, uses, walk
from workbench.ir.ops import LINEAR
from workbench.passes.accumulation import only_added_to, read_by
from workbench.passes.exactness import exact_values
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass

SUMS = LINEAR - {"mul"}
_LAST = 1 << 20


@dataclass
class Term:
    """A number times a product of values."""

    number: float
    factors: list[Value]

    def without(self, factor: Value) -> Term:
        """The term divided by one of its factors."""
        left = list(self.factors)
        left.remove(factor)
        return Term(self.number, left)


@dataclass(eq=False)
class Node:
    """An expression to be emitted: a value, a constant or an operation on nodes; `depth` operations wait one for the
    other before it from what is carried (0: it waits for nothing)."""

    prim: str
    operands: tuple[Node, ...] = ()
    value: Value | None = None
    depth: int = 0
    free: bool = False  # it does not change in the loop: computed once

    def count(self) -> int:
        """Operations in an iteration."""
        return sum(node.count() for node in self.operands) + (self.prim != "value" and not self.free)


@dataclass
class Body:
    """What is known of a block: its own operations, values by how long they wait for what is carried."""

    ops: dict[Value, Op] = field(default_factory=dict)
    depth: dict[Value, int] = field(default_factory=dict)
    recurrent: frozenset[Value] = frozenset()  # yields that more than their own sum waits for
    sums: frozenset[Value] = frozenset()  # carried numbers that are only added to
    yields: frozenset[Value] = frozenset()


class Expressions(Rebuilder):
    """Rebuilds a function whose results after the first `exact` ones are cotangents; knows of its sums and products.
    `bodies`: what is known of the blocks that are open, the innermost last."""

    def __init__(self, exact: int) -> None:
        self.cotangents_from = exact

    def before(self, function: Function) -> None:
        """What may be regrouped, and what is used how often."""
        self.exact = exact_values(function, self.cotangents_from)
        self.uses = uses(function)
        loops = (op for op in walk(function.block) if op.prim == "for")
        self.carried = {op.regions[0]: (op.regions[0].params[1:], op.regions[0].yields) for op in loops}
        self.bodies: list[Body] = []

    def measured(self, block: Block) -> Body:
        """What is known of a block."""
        body = Body({r: op for op in block.ops for r in op.results})
        carried = [(p, y) for p, y in zip(*self.carried.get(block, ((), ())), strict=True) if self.is_loose(p)]
        body.depth.update(dict.fromkeys((p for p, _ in carried), 1))
        if carried:
            for op in block.ops:
                waits = max((body.depth.get(v, 0) for v in read_by([op])), default=0)
                if waits:
                    body.depth.update(dict.fromkeys(op.results, waits + 1))
        body.yields = frozenset(y for _, y in carried)
        body.sums = frozenset(p for p, y in carried if only_added_to(self.uses, p, y, block) is not None)
        body.recurrent = frozenset(y for p, y in carried if p not in body.sums)
        return body

    def ops(self, block: Block) -> None:
        """Emit a block."""
        self.bodies.append(self.measured(block))
        super().ops(block)
        self.bodies.pop()

    def is_loose(self, value: Value) -> bool:
        """True for float64 numbers that may be rounded otherwise."""
        return not isinstance(value, Constant) and value not in self.exact and not value.is_array and (
            value.kind is Kind.F64)

    def is_part(self, value: Value) -> bool:
        """True for a value that is used once, by a sum or product of the same block that is regrouped, too. Products
        of what is computed again are such, sums of it are not: what they cancel stays as it was."""
        own = self.bodies[-1].ops
        op, users = own.get(value), self.uses.get(value, [])
        user = users[0] if len(users) == 1 else None
        if op is None or not isinstance(user, Op) or op.prim not in LINEAR or not self.is_loose(value) or (
                user.prim not in LINEAR or user.result not in own or not self.is_loose(user.result)):
            return False
        if "loose" not in op.attrs and op.prim != "mul":
            return False
        return "loose" in user.attrs or (user.prim == "mul" and self.is_part(user.result))

    # ------------------------------------------------------------------ expressions
    def leaf(self, value: Value) -> Node:
        """A value that is there, or a part that is an expression of its own."""
        if self.is_part(value):
            return self.best(value)
        body = self.bodies[-1]
        depth = _LAST if value in body.sums else body.depth.get(value, 0)
        return Node("value", (), value, depth, self.is_outside(value))

    def is_outside(self, value: Value) -> bool:
        """True for what does not change in the innermost loop."""
        inside = max((k + 1 for k, frame in enumerate(self.builder.frames) if frame.is_loop), default=0)
        return isinstance(value, Constant) or (
            value in self.env and self.depth_of.get(self.env[value], 0) < inside)

    def apply(self, prim: str, *operands: Node) -> Node:
        """An operation on expressions."""
        depth = max(node.depth for node in operands)
        return Node(prim, operands, None, depth + 1 if depth else 0, all(node.free for node in operands))

    def as_it_is(self, value: Value) -> Node:
        """The expression in the given order."""
        op = self.bodies[-1].ops[value]
        parts = [self.as_it_is(v) if self.is_part(v) else self.leaf(v) for v in op.operands]
        return self.apply(op.prim, *parts)

    def terms(self, value: Value, number: float, through: bool, is_root: bool = False) -> list[Term]:
        """A value as a sum of products."""
        if isinstance(value, Constant):
            return [Term(number * float(value.value.real), [])]
        op = self.bodies[-1].ops.get(value)
        if op is not None and op.prim in SUMS and (is_root or self.is_part(value)):
            signs = {"add": (1.0, 1.0), "sub": (1.0, -1.0), "neg": (-1.0,)}[op.prim]
            return [term for v, sign in zip(op.operands, signs, strict=True)
                    for term in self.terms(v, number * sign, through)]
        term = Term(number, [])
        self.multiply(term, value, through, is_root)
        return [term]

    def multiply(self, term: Term, value: Value, through: bool, is_root: bool = False) -> None:
        """Add a value's factors to a term. `through`: also those of a product that is used elsewhere, where it waits
        for what is carried."""
        if isinstance(value, Constant):
            number = float(value.value.real)
            if number == 0.0 or not math.isfinite(number):
                term.factors.append(value)
            else:
                term.number *= number
            return
        body = self.bodies[-1]
        op = body.ops.get(value)
        opened = is_root or self.is_part(value) or (through and self.is_loose(value) and body.depth.get(value, 0) > 0)
        if op is not None and op.prim == "mul" and opened:
            for operand in op.operands:
                self.multiply(term, operand, through)
        elif op is not None and op.prim == "neg" and "loose" in op.attrs and opened:
            term.number = -term.number
            self.multiply(term, op.operands[0], through)
        else:
            term.factors.append(value)

    # ------------------------------------------------------------------ the better order
    def best(self, value: Value) -> Node:
        """A whole sum or product in the best of three orders."""
        body = self.bodies[-1]
        best = self.as_it_is(value)
        waits = value in body.recurrent
        for through in (False, True) if value in body.yields else (False,):
            node = self.sum(self.terms(value, 1.0, through, True))
            less, shorter = node.count() < best.count(), node.depth < best.depth
            if (less and (node.depth <= best.depth or not waits)) or (shorter and node.count() <= best.count()) or (
                    shorter and waits and node.count() <= best.count() + 2):
                best = node
        return best

    def sum(self, terms: Sequence[Term]) -> Node:
        """A sum of products: what is common to several put before a bracket, what waits longest added last."""
        left = merged([t for t in terms if t.number != 0.0]) or [Term(0.0, [])]
        added: list[tuple[bool, Node]] = []
        while True:
            factor = self.common(left)
            if factor is None:
                break
            bracket = [t.without(factor) for t in left if factor in t.factors]
            left = [t for t in left if factor not in t.factors]
            pair = self.leaf(factor), self.sum(bracket)
            added.append((False, self.apply("mul", *(pair if pair[0].depth or not pair[1].depth else pair[::-1]))))
        added = [self.product(t) for t in left] + added
        while len(added) > 1:
            first, second = sorted(sorted(range(len(added)), key=lambda k: added[k][1].depth)[:2])
            added[first] = self.plus(added[first], added[second])
            del added[second]
        ((negative, node),) = added
        return self.apply("neg", node) if negative else node

    def common(self, terms: Sequence[Term]) -> Value | None:
        """The factor that most terms have in common; of several the one that waits longest."""
        count: dict[Value, int] = {}
        for term in terms:
            for factor in dict.fromkeys(term.factors):
                count[factor] = count.get(factor, 0) + 1
        depth = self.bodies[-1].depth
        best = max(count, key=lambda v: (count[v], depth.get(v, 0)), default=None)
        return best if best is not None and count[best] > 1 else None

    def plus(self, a: tuple[bool, Node], b: tuple[bool, Node]) -> tuple[bool, Node]:
        """The sum of two nodes, each of which may be taken negative."""
        if a[0] == b[0]:
            return a[0], self.apply("add", a[1], b[1])
        return (False, self.apply("sub", b[1], a[1])) if a[0] else (False, self.apply("sub", a[1], b[1]))

    def product(self, term: Term) -> tuple[bool, Node]:
        """A product, and whether it is to be taken negative: what waits longest multiplied last."""
        if not term.factors:
            return False, Node("value", (), Constant(term.number, Kind.F64), 0, True)
        nodes = sorted((self.leaf(v) for v in term.factors), key=lambda node: (node.depth, not node.free))
        if abs(term.number) != 1.0:
            nodes.insert(0, Node("value", (), Constant(abs(term.number), Kind.F64), 0, True))
        whole = nodes[0]
        for node in nodes[1:]:
            whole = self.apply("mul", *((node, whole) if node.depth else (whole, node)))
        return term.number < 0.0, whole


def merged(terms: Sequence[Term]) -> list[Term]:
    """Terms of equal factors as one, where that leaves something."""
    found: list[Term] = []
    for term in terms:
        key = Counter(term.factors)
        twin = next((t for t in found if Counter(t.factors) == key and t.number + term.number != 0.0), None)
        if twin is not None and math.isfinite(twin.number + term.number):
            twin.number += term.number
        else:
            found.append(Term(term.number, list(term.factors)))
    return found
