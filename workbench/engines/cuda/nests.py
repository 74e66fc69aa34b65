"""Nests of loops whose turns can be dealt out together, where what had been moved out of the inner one stands between.

    for i: a = i - 1; for j: ... a ...   ->   for i: for j: a = i - 1; ... a ...

Passes compute what an inner loop needs in all its turns before it. As threads for the turns of both loops touch
neighbouring elements, and those for the outer one's alone do not, that is computed in each thread again.

Invariant: only what is cheap and without effect is moved, into loops that are dealt out with the one around; no
addition becomes one of several threads by it.
"""

from __future__ import annotations

from dataclasses import replace

from workbench.engines.cuda.parallel import Maker, parallel
from workbench.ir import Block, Function, Op, Rewriter, definitions, walk

#: Operations on numbers that are as cheap as an access of memory.
CHEAP = frozenset({"add", "sub", "mul", "neg", "abs", "select", "cast", "minimum", "maximum", "square", "lt", "le",
                   "gt", "ge", "eq", "ne", "and", "or", "not", "index"})


def nested(function: Function) -> Function:
    """The function with as many nests as there can be."""
    if sum(op.prim == "for" for op in walk(function.block)) < 2:
        return function
    return _Nested(function).run(function)


class _Nested(Rewriter):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.makers: Maker = definitions(function).get
        self.is_inside = False  # of a loop that is dealt out: what it does is one thread's

    def rewrite_op(self, op: Op) -> None:
        """See `Rewriter`."""
        if op.prim == "for" and not self.is_inside:
            found = parallel(op, self.makers)
            depth = _depth(op)
            if found is not None and depth > len(found.inner):
                moved = parallel(_moved(op, depth), self.makers)
                if moved is not None and len(moved.inner) > len(found.inner) and moved.roles == found.roles:
                    op = _moved(op, len(moved.inner))
            self.is_inside = found is not None
            self.copy_op(op)
            self.is_inside = False
        else:
            self.copy_op(op)


def _depth(op: Op) -> int:
    """How many loops are inside one another with nothing between but what can be moved."""
    (body,) = op.regions
    if not body.ops or body.ops[-1].prim != "for" or not all(_can_move(o, body) for o in body.ops[:-1]):
        return 0
    inner = body.ops[-1]
    made = {r for o in body.ops[:-1] for r in o.results}
    fits = made.isdisjoint((*inner.operands, *body.yields)) and inner.operands[2:] == body.params[1:]
    return 1 + _depth(inner) if fits and body.yields == inner.results else 0


def _can_move(op: Op, body: Block) -> bool:
    """Whether an operation is cheap, and gives the same wherever in a turn it is done."""
    if op.prim == "load":
        return op.operands[0] not in body.params and not op.operands[0].type.growable  # type: ignore[union-attr]
    return op.prim in CHEAP and not op.attrs.get("checked") and not any(
        v.is_array or v.kind.is_complex for v in (*op.operands, *op.results))


def _moved(op: Op, depth: int) -> Op:
    """A loop with what stands between it and the next ones moved inside of these."""
    if not depth:
        return op
    (body,) = op.regions
    *before, inner = body.ops
    (within,) = inner.regions
    inner = replace(inner, regions=(replace(within, ops=(*before, *within.ops)),))
    return replace(op, regions=(replace(body, ops=(_moved(inner, depth - 1),)),))
