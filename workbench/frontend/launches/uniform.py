"""What is the same for all threads of a block, read off a kernel's syntax.

Invariant: a name is uniform only if every thread of a block gives it the same values in the same order: what is loaded
from memory, and what a called function gives, is not taken to be.
"""

from __future__ import annotations

import ast
import builtins
import math
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.frontend.launches.names import attribute, known_name
from workbench.frontend.syntax import children, every_node, names_of

_ATTRIBUTES = frozenset({"shape", "size", "ndim", "dtype", "T"})
_PURE = (min, max, abs, int, float, bool, len, range, round)
_MISSING = object()
LEAVING = (ast.Break, ast.Continue, ast.Return)


class Reader:
    """Reads the expressions of one kernel."""

    def __init__(self, function: types.FunctionType, node: ast.FunctionDef) -> None:
        self.function = function
        self.node = node
        self.locals = frozenset(names_of(node)[0])
        self.params = frozenset(a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))
        self.varying: set[str] = set()
        grown = -1
        while grown < len(self.varying):
            grown = len(self.varying)
            self._block(node.body, False)

    # ------------------------------------------------------------------ what names mean
    def meaning(self, node: ast.AST) -> str:
        """The member of `numba.cuda` that an expression is, by its dotted name; "" where it is none."""
        found = known_name(self.known(node))
        return "" if found is None else found.path

    def known(self, node: ast.AST) -> Any:
        """The object that an expression of names and attributes is, of what is not local; else a mark."""
        if isinstance(node, ast.Name) and node.id not in self.locals:
            return self._outer(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.known(node.value)
            if owner is _MISSING:
                return _MISSING
            of_cuda = attribute(owner, node.attr)
            if of_cuda is not None:
                return of_cuda
            return vars(owner).get(node.attr, _MISSING) if isinstance(owner, types.ModuleType) else _MISSING
        return _MISSING

    def _outer(self, name: str) -> Any:
        code, cells = self.function.__code__, self.function.__closure__ or ()
        if name in code.co_freevars:
            try:
                return cells[code.co_freevars.index(name)].cell_contents
            except ValueError:
                return _MISSING
        if name in self.function.__globals__:
            return self.function.__globals__[name]
        return getattr(builtins, name, _MISSING)

    def is_barrier(self, node: ast.AST) -> bool:
        """`cuda.syncthreads()`, a statement by itself."""
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and self.meaning(
            node.value.func) == "syncthreads"

    def barriers(self, node: ast.AST) -> list[ast.AST]:
        """The barriers inside of something."""
        return [n for n in every_node(node) if self.is_barrier(n)]

    def calls(self, path: str) -> bool:
        """Whether a member of `numba.cuda` is called anywhere in the kernel."""
        return any(isinstance(n, ast.Call) and self.meaning(n.func) == path for n in every_node(self.node))

    def number(self, node: ast.AST) -> str:
        """The number of the thread or of the launch (`threadIdx.x`) that an expression is, perhaps by a name that is
        bound once; "" where it is none."""
        if isinstance(node, ast.Name) and node.id in self.locals and node.id not in self.params:
            bound = [n.value for n in self.node.body if isinstance(n, ast.Assign) and len(n.targets) == 1
                     and isinstance(n.targets[0], ast.Name) and n.targets[0].id == node.id]
            times = sum(isinstance(n, ast.Name) and n.id == node.id and isinstance(n.ctx, ast.Store)
                        for n in every_node(self.node))
            return self.meaning(bound[0]) if len(bound) == times == 1 else ""
        return self.meaning(node)

    def place(self, node: ast.AST) -> str:
        """The axis along which a sum is `blockIdx * blockDim + threadIdx`, in any order; "" where it is none."""
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
            return ""
        for thread, product in ((node.left, node.right), (node.right, node.left)):
            base, _, axis = self.number(thread).partition(".")
            if base == "threadIdx" and isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult) and {
                    self.number(product.left), self.number(product.right)} == {f"blockIdx.{axis}", f"blockDim.{axis}"}:
                return axis
        return ""

    # ------------------------------------------------------------------ expressions
    def uniform(self, node: ast.AST) -> bool:
        """Whether an expression is the same for all threads of a block, and reads no memory."""
        return self._is_known(node, of_threads=False)

    def pure(self, node: ast.AST) -> bool:
        """Whether an expression is made of uniform ones, names, and the numbers of the thread: it reads no memory."""
        return self._is_known(node, of_threads=True)

    def _is_known(self, node: ast.AST, of_threads: bool) -> bool:
        def of(part: ast.AST) -> bool:
            return self._is_known(part, of_threads)
        if isinstance(node, ast.Constant):
            return True
        if isinstance(node, ast.Name):
            return of_threads or node.id not in self.varying
        if isinstance(node, ast.Attribute):
            meaning = self.meaning(node)
            if meaning:
                return of_threads or not meaning.startswith(("threadIdx", "laneid"))
            return self.known(node) is not _MISSING or (node.attr in _ATTRIBUTES and of(node.value))
        if isinstance(node, ast.Subscript):
            sized = isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
            return (sized or isinstance(node.value, ast.Tuple)) and of(node.value) and of(node.slice)
        if isinstance(node, ast.Call):
            return self._called(node.func, of_threads) and all(of(a) for a in node.args) and all(
                of(k.value) for k in node.keywords)
        if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Tuple)):
            return all(of(part) for part in children(node) if not isinstance(
                part, (ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)))
        return False

    def _called(self, function: ast.AST, of_threads: bool) -> bool:
        if isinstance(function, ast.Constant):
            return getattr(function.value, "kind", "") == "strides" or (
                of_threads and getattr(function.value, "kind", "") == "place")
        meaning = self.meaning(function)
        if meaning:
            return meaning in ("gridsize", "shared.array") or (of_threads and meaning == "grid")
        found = self.known(function)
        if isinstance(found, type) and issubclass(found, np.generic):
            return True
        return any(found is f for f in _PURE) or (found is not _MISSING and getattr(math, str(getattr(
            found, "__name__", "")), None) is found)

    # ------------------------------------------------------------------ which names vary
    def _block(self, nodes: list[ast.stmt], inside: bool) -> None:
        """inside: of something that not all threads do, or not equally often."""
        for node in nodes:
            self._statement(node, inside)

    def _statement(self, node: ast.stmt, inside: bool) -> None:
        if isinstance(node, ast.If):
            within = inside or not self.uniform(node.test)
            self._block(node.body, within)
            self._block(node.orelse, within)
        elif isinstance(node, (ast.For, ast.While)):
            head = node.iter if isinstance(node, ast.For) else node.test
            within = inside or not self.uniform(head) or self.left_by_some(node.body, False)
            if isinstance(node, ast.For):
                self._assigned(node.target, within)
            self._block(node.body, within)
            self._block(node.orelse, within)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._assigned(target, inside or not self.uniform(node.value))
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self._assigned(node.target, inside or not self.uniform(node.value))
        elif isinstance(node, ast.AugAssign):
            self._assigned(node.target, inside or not (self.uniform(node.value) and self.uniform(node.target)))
        elif not isinstance(node, (ast.Expr, ast.Pass, *LEAVING)):
            for name in assigned(node):
                self.varying.add(name)
        for part in every_node(node):
            if isinstance(part, ast.NamedExpr):
                self._assigned(part.target, True)

    def _assigned(self, target: ast.AST, varies: bool) -> None:
        if varies:
            self.varying.update(n.id for n in every_node(target) if isinstance(n, ast.Name) and isinstance(
                n.ctx, ast.Store))

    def left_by_some(self, nodes: list[ast.stmt], inside: bool) -> bool:
        """Whether some threads alone leave a loop's turn from these statements. (Those of loops inside count, too.)"""
        for node in nodes:
            if isinstance(node, LEAVING) and inside:
                return True
            within = inside
            if isinstance(node, (ast.If, ast.While)):
                within = inside or not self.uniform(node.test)
            elif isinstance(node, ast.For):
                within = inside or not self.uniform(node.iter)
            if any(self.left_by_some(block, within) for block in (
                    getattr(node, "body", []), getattr(node, "orelse", []))):
                return True
        return False


def assigned(node: ast.AST) -> list[str]:
    """The names that a statement binds, those inside of it included."""
    return list(dict.fromkeys(n.id for n in every_node(node) if isinstance(n, ast.Name) and isinstance(
        n.ctx, ast.Store)))


def read(node: ast.AST) -> list[str]:
    """The names that are read in something; `x += 1` reads x."""
    found = [n.id for n in every_node(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    found += [n.target.id for n in every_node(node) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)]
    return list(dict.fromkeys(found))


def leaving(nodes: list[ast.stmt], loops: int = 0) -> Iterator[ast.stmt]:
    """`return`, and each `break` and `continue` of a loop around these statements."""
    for node in nodes:
        if isinstance(node, ast.Return) or (isinstance(node, (ast.Break, ast.Continue)) and not loops):
            yield node
        deeper = loops + isinstance(node, (ast.For, ast.While))
        yield from leaving(getattr(node, "body", []), deeper)
        yield from leaving(getattr(node, "orelse", []), loops)
