"""What kinds of arguments a function may be meant for, guessed from how its parameters are used.

A guess is a guess: the page says so. A parameter that is subscripted by two indices is taken for a matrix, one that is
subscripted, summed or gone through for a vector, one that counts turns or gives a length for an integer, one that is
unpacked for a tuple, one that is asked for the fields of a dataclass or named tuple for that; one that is handed to
another function of the notebook for what that takes; any other for a float.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from workbench.cost.spec import Spec, spec
from workbench.ir import Kind
from workbench.views.arguments import KINDS
from workbench_jupyter.panel.records import fields_of, is_named_tuple

#: Names of dimensions of arrays of which nothing is known.
DIMENSIONS = "nmkl"
#: How far it is followed where a parameter is handed on.
DEPTH = 3
_COUNTING = {"range", "zeros", "ones", "empty", "arange", "eye", "identity", "linspace"}
_OF_ARRAYS = {"sum", "mean", "prod", "cumsum", "dot", "norm", "max", "min", "std", "var", "linalg", "diff", "sort",
              "len", "enumerate", "zip", "zeros_like", "ones_like", "empty_like", "outer", "matmul", "vdot", "inner",
              "argmax", "argmin", "median", "concatenate", "stack"}
_ATTRIBUTES = {"shape", "size", "sum", "mean", "dot", "T", "copy", "reshape", "ndim", "max", "min", "ravel", "astype",
               "dtype"}
_OF_MATRICES = {"solve", "inv", "det", "cholesky", "eigh", "eig", "slogdet", "trace", "qr", "svd", "lstsq"}


class _Use(ast.NodeVisitor):
    """How names are used. rank: of an array; counts: names that count something; parts: into how many names one is
    unpacked; fields: the attributes that are asked of one; given: the functions that one is handed to, and where."""

    def __init__(self, body: list[ast.stmt]) -> None:
        self.rank: dict[str, int] = {}
        self.counts: set[str] = set()
        self.parts: dict[str, int] = {}
        self.fields: dict[str, set[str]] = {}
        self.given: dict[str, list[tuple[str, int | str]]] = {}
        for statement in reversed(body):  # (of `y = np.sin(x)`, what becomes of y is known first)
            self.visit(statement)

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
        if isinstance(node.value, ast.Name):
            self.fields.setdefault(node.value.id, set()).add(node.attr)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        """`n, m = x.shape`; `a, b = x`; `y = np.sin(x)`."""
        value = node.value
        target = node.targets[0]
        if isinstance(value, ast.Name) and isinstance(target, ast.Tuple) and not any(
                isinstance(part, ast.Starred) for part in target.elts):
            self.parts[value.id] = len(target.elts)
        if isinstance(target, ast.Name) and self.rank.get(target.id):
            inner = value.args[0] if isinstance(value, ast.Call) and len(value.args) == 1 else value
            if isinstance(inner, ast.Name):
                self.at_least(inner, self.rank[target.id])
        if isinstance(value, ast.Attribute) and value.attr == "shape" and isinstance(node.targets[0], ast.Tuple):
            self.at_least(value.value, len(node.targets[0].elts))
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        """`for v in x`."""
        self.at_least(node.iter, 1)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """`for v in x`, inside of brackets."""
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
        if isinstance(node.func, ast.Name):
            places: list[tuple[int | str, ast.expr]] = list(enumerate(node.args))
            for place, arg in [*places, *((k.arg, k.value) for k in node.keywords if k.arg)]:
                if isinstance(arg, ast.Name):
                    self.given.setdefault(arg.id, []).append((name, place))
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


Definitions = Callable[[str], ast.FunctionDef | None]


def kinds(node: ast.FunctionDef | ast.Lambda, definitions: Definitions, classes: Sequence[type], depth: int = DEPTH
          ) -> Callable[[str], Any]:
    """What a parameter may be for, by its name. definitions: of the functions that it may be handed to; classes: of
    records that it may be."""
    use = _Use(node.body if isinstance(node, ast.FunctionDef) else [ast.Expr(node.body)])
    annotations = {arg.arg: arg.annotation for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}

    def handed_on(name: str) -> Any:
        """What the functions that it is handed to take; None where they say nothing."""
        for callee, place in use.given.get(name, ()) if depth else ():
            inner = definitions(callee)
            if inner is not None and inner is not node:
                parameters = [arg.arg for arg in (*inner.args.posonlyargs, *inner.args.args)]
                parameter = place if isinstance(place, str) else parameters[place] if place < len(parameters) else ""
                found = kinds(inner, definitions, classes, depth - 1)(parameter)
                if type(found) is not Spec or found.dims is not None or found.kind is Kind.INT:
                    return found
        return None

    def kind(name: str) -> Any:
        annotation = annotations.get(name)
        text = annotation.id if isinstance(annotation, ast.Name) else getattr(annotation, "value", None)
        if type(text) is str and (made := of_text(text, classes)) is not None:
            return made
        alike = [c for c in classes if use.fields[name] <= fields_of(c).keys() | vars(c).keys()] \
            if name in use.fields else []
        if alike:
            return record(alike[0], classes)
        if name in use.parts:
            return tuple(spec("f64") for _ in range(use.parts[name]))
        rank = min(use.rank.get(name, 0), len(DIMENSIONS))
        if rank:
            return spec(f"f64[{','.join(DIMENSIONS[:rank])}]")
        return spec("i64") if name in use.counts else handed_on(name) or spec("f64")
    return kind


def of_text(text: str, classes: Sequence[type]) -> Any:
    """What an annotation stands for; None where that is not known."""
    try:
        return spec(KINDS.get(text, text))
    except ValueError:
        return next((record(c, classes) for c in classes if c.__name__ == text), None)


def record(kind: type, classes: Sequence[type]) -> Any:
    """An object of a class of records, of which every field is what its annotation says, else a float."""
    fields = {}
    for name, annotation in fields_of(kind).items():
        text = annotation if type(annotation) is str else annotation.__name__ if type(annotation) is type else ""
        fields[name] = of_text(text, [c for c in classes if c is not kind]) or spec("f64")
    if is_named_tuple(kind):
        return tuple.__new__(kind, fields.values())
    made: Any = object.__new__(kind)
    object.__getattribute__(made, "__dict__").update(fields)
    return made


def guessed(function: Any, kind: Callable[[str], Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Specs, tuples or records for the parameters that must be given."""
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
