"""Calls of functions that do not call themselves are replaced by what the functions do.

Invariant: what calls itself, by whatever way, stays a call.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Callee, Function, Op, Rewriter, bound, callee_of, callees, is_recursive, walk
from workbench.passes.base import Pass
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass


@dataclass(frozen=True)
class Inline(Pass):
    """Puts callees in place of their calls. rules: those that have a rule for their derivatives stay calls."""

    name: ClassVar[str] = "inline"
    rules: bool = False

    def __call__(self, function: Function) -> Function:
        """The function, calling only what is recursive (or has a rule)."""
        flat = {c for c in callees(function) if not is_recursive(c) and not (self.rules and c.rule is not None)}
        if not any(op.prim == "call" and callee_of(op) in flat for op in walk(function.block)):
            return function
        return _Inliner(flat).run(function)


class _Inliner(Rebuilder):
    def __init__(self, flat: set[Callee]) -> None:
        self.flat = flat

    def op(self, op: Op) -> None:
        """A call becomes the callee's operations on the operands."""
        if op.prim != "call" or callee_of(op) not in self.flat:
            self.copy(op)
            return
        function = callee_of(op).function
        for param, value in bound(function, op.operands).items():
            self.env[param] = self.get(value)
        self.ops(function.block)
        for old, inner in zip(op.results, function.results, strict=True):
            self.bind(old, self.get(inner))


class Redirect(Rewriter):
    """Calls of some callees become calls of others."""

    def __init__(self, others: dict[Callee, Callee]) -> None:
        super().__init__()
        self.others = others

    def rewrite_op(self, op: Op) -> None:
        """Copy an operation, its callee exchanged."""
        if op.prim == "call" and callee_of(op) in self.others:
            op = Op(op.prim, op.operands, op.results, {"callee": self.others[callee_of(op)]}, (), op.span)
        self.copy_op(op)
