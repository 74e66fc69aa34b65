"""Loops over the threads of a block, right inside of one another: what stands between their heads goes into the inner
one, so that all of them are dealt out together.

    for tx:                               for tx:
        x = b + tx                 ->         for ty:
        for ty: use(x)                            x = b + tx; use(x)

Invariant: what moves is computed of numbers alone, has no effect, and is used in the inner loop only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from workbench.ir import Block, Function, Op, Rewriter, walk
from workbench.ir.ops import has_effect
from workbench.passes.base import Pass
from workbench.records import dataclass
from workbench.rules import get


@dataclass(frozen=True)
class ThreadNests(Pass):
    """Makes nests of threads perfect."""

    name: ClassVar[str] = "thread-nests"

    def __call__(self, function: Function) -> Function:
        if not any("threads" in op.attrs for op in walk(function.block)):
            return function
        return _Nests().run(function)


class _Nests(Rewriter):
    def rewrite_op(self, op: Op) -> None:
        """See `Rewriter`."""
        self.copy_op(deepened(op) if op.prim == "for" and "threads" in op.attrs else op)


def deepened(op: Op) -> Op:
    """A loop over threads that does nothing but the one in it."""
    (body,) = op.regions
    if not body.ops or body.ops[-1].prim != "for" or "threads" not in body.ops[-1].attrs:
        return op
    *before, inner = body.ops
    made = {r for moved in before for r in moved.results}
    if inner.operands[2:] != body.params[1:] or body.yields != inner.results or made.intersection(inner.operands):
        return op
    if not all(is_pure(moved) for moved in before):
        return op
    deeper = deepened(inner)
    (own,) = deeper.regions
    filled = replace(deeper, regions=(Block(own.params, (*before, *own.ops), own.yields),))
    return replace(op, regions=(Block(body.params, (filled,), body.yields),))


def is_pure(op: Op) -> bool:
    """Whether an operation is about numbers alone, and does nothing else."""
    return not op.regions and bool(op.results) and op.prim not in ("call", "draw") and not has_effect(
        op.prim, bool(op.attrs.get("checked"))) and not any(v.is_array for v in (*op.operands, *op.results)) and get(
        op.prim).elementwise
