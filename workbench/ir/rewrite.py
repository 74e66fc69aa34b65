"""Rebuilding a function through a builder: the base of every pass that changes a few operations and keeps the rest.

Invariant: the result shares no `Value` with the input but constants; types follow their dimensions."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.ir.core import Block, Constant, Function, Op, Value, analysis, walk
from workbench.ir.types import ArrayType, Type


@analysis
def definitions(function: Function) -> dict[Value, Op]:
    """The operation that makes each value (parameters have none)."""
    return {result: op for op in walk(function.block) for result in op.results}


@analysis
def uses(function: Function) -> dict[Value, list[Op | Block]]:
    """Where values are read: operations, and blocks that yield them (the function's own gives its results). A place
    that reads a value twice is there twice."""
    found: dict[Value, list[Op | Block]] = {}

    def enter(block: Block) -> None:
        for op in block.ops:
            for value in op.operands:
                found.setdefault(value, []).append(op)
            for region in op.regions:
                enter(region)
        for value in block.yields:
            found.setdefault(value, []).append(block)

    enter(function.block)
    return found


def substitute_type(type_: Type, env: Mapping[Value, Value]) -> Type:
    """A type with its dimensions replaced."""
    if isinstance(type_, ArrayType) and type_.dims:
        return ArrayType(type_.kind, tuple([env.get(d, d) for d in type_.dims]))
    return type_


class Rewriter:
    """Copies a function; override `rewrite_op` to change operations.

    `rewrite_op(op)` gives the operations to put in its place and maps the old results in `self.env`. The default,
    `copy_op`, clones the operation and its regions. Operations are collected in `self.ops`."""

    def __init__(self) -> None:
        self.env: dict[Value, Value] = {}
        self.ops: list[Op] = []

    def run(self, function: Function) -> Function:
        """The rewritten function."""
        self.before(function)
        block = self.copy_block(function.block)
        shapes = {self.get(v): where for v, where in function.shape_params.items()}
        return Function(function.name, block, shapes, function.span)

    def before(self, function: Function) -> None:
        """Called once with the whole function before it is rewritten (for analyses)."""

    def get(self, value: Value) -> Value:
        """The new value that stands for an old one."""
        return value if isinstance(value, Constant) else self.env[value]

    def fresh(self, value: Value) -> Value:
        """A new value of the same name and (translated) type, entered in the environment."""
        new = Value(self.type(value.type), value.name)
        self.env[value] = new
        return new

    def fresh_results(self, op: Op) -> tuple[Value, ...]:
        """New results of an operation; those of a call may be one another's dimensions."""
        if len(op.results) == 1:
            return (self.fresh(op.results[0]),)
        made = {r: self.fresh(r) for r in sorted(op.results, key=lambda r: r.is_array)}
        return tuple(made[r] for r in op.results)

    def type(self, type_: Type) -> Type:
        """A type with its dimensions translated."""
        return substitute_type(type_, self.env)

    def emit(self, op: Op) -> None:
        """Put an operation into the block under construction."""
        self.ops.append(op)

    def copy_block(self, block: Block) -> Block:
        """A rewritten block (an `after` region sees what `before` defined)."""
        outer, self.ops = self.ops, []
        params = tuple(self.fresh(p) for p in block.params)
        for op in block.ops:
            self.rewrite_op(op)
        yields = tuple(self.get(v) for v in block.yields)
        new = Block(params, tuple(self.ops), yields)
        self.ops = outer
        return new

    def rewrite_op(self, op: Op) -> None:
        """Rewrite one operation; the default copies it."""
        self.copy_op(op)

    def copy_op(self, op: Op) -> None:
        """Clone an operation, its regions rewritten."""
        operands = tuple([self.get(v) for v in op.operands])
        regions = tuple([self.copy_block(region) for region in op.regions]) if op.regions else ()
        results = self.fresh_results(op)
        self.emit(Op(op.prim, operands, results, op.attrs, regions, op.span))
