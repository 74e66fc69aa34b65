"""Programs without their output: what is run a second time, for its values, writes nothing a second time."""

from __future__ import annotations

from workbench.ir import Callee, Function, Op, Rewriter, callee_of, callees, walk


def silenced(function: Function) -> Function:
    """The function, and all that it calls, without what they write."""
    loud = {c for c in callees(function) if c.is_defined and _is_loud(c.function)}
    if not loud and not _writes(function):
        return function
    return _Silencer({c: _quiet(c) for c in loud}).run(function)


def _writes(function: Function) -> bool:
    return any(op.prim == "print" for op in walk(function.block))


def _is_loud(function: Function) -> bool:
    return _writes(function) or any(_writes(c.function) for c in callees(function) if c.is_defined)


def _quiet(callee: Callee) -> Callee:
    """The callee without what it writes, made once."""
    if "quiet" not in callee.derived:
        made = callee.derived["quiet"] = Callee(callee.name, rule=callee.rule, consumes=callee.consumes)
        made.define(silenced(callee.function), callee.consumes)
    found: Callee = callee.derived["quiet"]
    return found


class _Silencer(Rewriter):
    def __init__(self, others: dict[Callee, Callee]) -> None:
        super().__init__()
        self.others = others

    def rewrite_op(self, op: Op) -> None:
        """Drop what writes, call what is silent."""
        if op.prim == "print":
            return
        if op.prim == "call":
            op = Op(op.prim, op.operands, op.results, {"callee": self.others.get(callee_of(op), callee_of(op))}, (),
                    op.span)
        self.copy_op(op)
