"""Parts of the syntax of rewritten kernels: what they call (`Mark`), statements, numbers of threads.

Invariant: new nodes are where the user's are that they stand for.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Sequence
from typing import Any

from workbench.frontend.launches.uniform import Reader, assigned, read
from workbench.frontend.syntax import every_node
from workbench.records import dataclass


@dataclass(frozen=True, eq=False)
class Mark:
    """What a rewritten kernel calls: "place" (the number of the thread along an axis), "phase", "kept" (an array with
    an element for each thread), "load", "store", "rows" (one with an array for each thread), "row"; "turns": a loop,
    "strides": how many turns one at most has that goes on by a stride."""

    kind: str
    key: Any = None

    @property
    def __name__(self) -> str:
        return self.kind


class Places(ast.NodeTransformer):
    """`blockIdx.x * blockDim.x + threadIdx.x` as what it is, so that what is computed of it is not of two numbers; and
    loops `for i in range(start, stop, step)` from a number of the thread on as loops of as many turns for every thread,
    in which those beyond the stop do nothing: what the reverse sweep keeps of them has a size."""

    def __init__(self, reader: Reader, kernel: str, kept: frozenset[int]) -> None:
        self.reader = reader
        self.kernel = kernel
        self.as_loops = kept

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """See `NodeTransformer`."""
        axis = self.reader.place(node)
        return ast.copy_location(call(Mark("place", axis)), node) if axis else self.generic_visit(node)

    def visit_For(self, node: ast.For) -> ast.AST:
        """See `NodeTransformer`."""
        head = node.iter
        self.generic_visit(node)
        if node.lineno in self.as_loops or node.orelse or not isinstance(node.target, ast.Name) or not isinstance(
                head, ast.Call) or self.reader.known(head.func) is not range or len(head.args) != 3:
            return node
        start, stop, step = head.args
        if self.reader.uniform(start) or not all(self.reader.pure(a) for a in head.args) or set(read(head)) & {
                node.target.id, *(n for statement in node.body for n in assigned(statement))}:
            return node
        name = node.target.id
        place = ast.BinOp(start, ast.Add(), ast.BinOp(named(f"{name}_turn"), ast.Mult(), step))
        body: list[ast.stmt] = [assign(f"{name}_next", place), ast.If(
            ast.Compare(named(f"{name}_next"), [ast.Lt()], [stop]), [assign(name, named(f"{name}_next")), *node.body],
            [])]
        turns = call(Mark("strides", (self.kernel, node.lineno)), start, stop, step)
        made = ast.For(ast.Name(f"{name}_turn", ast.Store()), ast.Call(ast.Name("range", ast.Load()), [turns], []),
                       body, [])
        return located(made, node)


def without(node: ast.stmt, skipped: set[int]) -> ast.stmt:
    """A statement without those that are done elsewhere."""
    if not any(id(n) in skipped for n in every_node(node)):
        return node
    if id(node) in skipped:
        return ast.copy_location(ast.Pass(), node)
    made = copy.copy(node)
    for part in ("body", "orelse"):
        if hasattr(made, part):
            setattr(made, part, [without(n, skipped) for n in getattr(made, part)])
    return made


def function_of(name: str, nodes: list[ast.stmt]) -> ast.FunctionDef:
    made = ast.FunctionDef(name, ast.arguments([], [], None, [], [], None, []), nodes, [], None)
    if hasattr(made, "type_params"):
        made.type_params = []
    return made


def located(made: ast.stmt, where: ast.stmt) -> ast.stmt:
    """A statement whose new parts are where another one is."""
    for part in (made, *(n for n in every_node(made) if not hasattr(n, "lineno"))):
        ast.copy_location(part, where)
    return ast.fix_missing_locations(made)


def box(name: str) -> str:
    return f"{name}_of_threads"


def named(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def call(mark: Mark, *args: ast.expr, keywords: Sequence[ast.keyword] = ()) -> ast.Call:
    return ast.Call(ast.Constant(mark), list(args), list(keywords))  # type: ignore[arg-type]


def assign(name: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([ast.Name(name, ast.Store())], value)
