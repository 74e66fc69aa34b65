"""What kinds of arguments a function may be meant for, guessed from how its parameters are used.

A guess is a guess: the page says so. A parameter that is subscripted by two indices is taken for a matrix, one that is
subscripted, summed or gone through for a vector, one that counts turns or gives a length for an integer, any other for
a float.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

from workbench.cost.spec import Spec, spec

#: Names of dimensions of arrays of which nothing is known.
DIMENSIONS = "nmkl"
_COUNTING = {"range", "zeros", "ones", "empty", "arange", "eye", "identity", "linspace"}
_OF_ARRAYS = {"sum", "mean", "prod", "cumsum", "dot", "norm", "max", "min", "std", "var", "linalg", "diff", "sort",
              "len", "enumerate", "zip", "zeros_like", "ones_like", "empty_like", "outer", "matmul", "vdot", "inner",
              "argmax", "argmin", "median", "concatenate", "stack"}
_ATTRIBUTES = {"shape", "size", "sum", "mean", "dot", "T", "copy", "reshape", "ndim", "max", "min", "ravel", "astype",
               "dtype"}
_OF_MATRICES = {"solve", "inv", "det", "cholesky", "eigh", "eig", "slogdet", "trace", "qr", "svd", "lstsq"}


class _Use(ast.NodeVisitor):
    """How names are used. rank: of an array; counts: names that count something."""

    def __init__(self) -> None:
        self.rank: dict[str, int] = {}
        self.counts: set[str] = set()

    def at_least(self, node: ast.AST, rank: int) -> None:
        """Note that a name holds an array."""
        if isinstance(node, ast.Name):
            self.rank[node.id] = max(self.rank.get(node.id, 0), rank)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """`x[i]`, `x[i, j]`, `x[i][j]`, `x.shape[1]`."""
        depth, base = 0, node
        while isinstance(base, ast.Subscript):
            depth += len(base.slice.elts) if isinstance(base.slice, ast.Tuple) else 1
            inner: Any = base.value
            if isinstance(inner, ast.Attribute) and inner.attr == "shape":
                if isinstance(base.slice, ast.Constant) and isinstance(base.slice.value, int):
                    self.at_least(inner.value, max(base.slice.value, 0) + 1)
                break
            base = inner
        else:
            self.at_least(base, depth)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`x.sum()`, `x.T`."""
        if node.attr in _ATTRIBUTES:
            self.at_least(node.value, 2 if node.attr == "T" else 1)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`n, m = x.shape`."""
        value = node.value
        if isinstance(value, ast.Attribute) and value.attr == "shape" and isinstance(node.targets[0], ast.Tuple):
            self.at_least(value.value, len(node.targets[0].elts))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        """`for v in x`."""
        self.at_least(node.iter, 1)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """`a @ x`."""
        if isinstance(node.op, ast.MatMult):
            self.at_least(node.left, 2 if isinstance(node.right, ast.Name) and self.rank.get(node.right.id, 1) < 2
                          and isinstance(node.left, ast.Name) and node.left.id.isupper() else 1)
            self.at_least(node.right, 1)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """`np.sum(x)`, `range(n)`."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _COUNTING:
            for arg in node.args:
                parts = arg.elts if isinstance(arg, ast.Tuple) else [arg]
                for part in (p for whole in parts for p in ast.walk(whole)):
                    if isinstance(part, ast.Name):
                        self.counts.add(part.id)
        elif name in _OF_ARRAYS or name in _OF_MATRICES:
            for arg in node.args[:2 if name in ("dot", "zip", "outer", "matmul", "vdot", "inner") else 1]:
                self.at_least(arg, 2 if name in _OF_MATRICES else 1)
        self.generic_visit(node)


def kinds(node: ast.FunctionDef | ast.Lambda) -> Callable[[str], Spec]:
    """What a parameter may be for, by its name."""
    use = _Use()
    for part in node.body if isinstance(node, ast.FunctionDef) else [node.body]:
        use.visit(part)

    def kind(name: str) -> Spec:
        rank = min(use.rank.get(name, 0), len(DIMENSIONS))
        return spec(f"f64[{','.join(DIMENSIONS[:rank])}]" if rank else "i64" if name in use.counts else "f64")
    return kind


def guessed(node: ast.FunctionDef | ast.Lambda, function: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Specs for the parameters that must be given."""
    kind = kinds(node)
    args: list[Any] = []
    named: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if parameter.default is not parameter.empty:
            continue
        made = kind(name)
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[name] = made
        else:
            args.append(made)
    return tuple(args), named
