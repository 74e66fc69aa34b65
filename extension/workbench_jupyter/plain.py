"""A plain cell as a function: which names it takes, what it gives, and the source of that function.

Inputs are the names that may be read before they are assigned and that hold real or complex numbers, arrays or
structures of them; names of other kinds that the cell both reads first and assigns are passed along. The function's
source stands line for line where the cell's does. Statements that only show something are left out of it.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import io
import numbers
import tokenize
from typing import Any

from workbench.frontend import is_real_data

#: Modules whose calls only show what they are given.
OBSERVERS = ("matplotlib", "plotly", "IPython", "ipywidgets", "tqdm", "seaborn", "bokeh", "altair", "logging")


class FirstReads(ast.NodeVisitor):
    """Names that may be read before they are assigned, in order, and all names that are assigned."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.reads: dict[str, None] = {}
        self.assigned: dict[str, None] = {}

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
            self.assigned.pop(node.id, None)
            self.assigned[node.id] = None
        elif node.id not in self.bound:
            self.reads[node.id] = None

    def visit_Assign(self, node: ast.Assign) -> None:
        for part in (node.value, *node.targets):
            self.visit(part)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit(ast.Name(node.target.id, ast.Load()))
        self.visit(node.value)
        self.visit(node.target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self.visit(node.target)

    def branches(self, *bodies: list[ast.stmt]) -> None:
        """Bodies of which one or none may run: bound after is what all of them bind."""
        before, after = self.bound, []
        for body in bodies:
            self.bound = set(before)
            for statement in body:
                self.visit(statement)
            after.append(self.bound)
        self.bound = set.intersection(*after)

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.branches(node.body, node.orelse)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self.branches([ast.Expr(node.body)], [ast.Expr(node.orelse)])

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self.branches(node.body, [])
        self.branches(node.orelse, [])

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self.branches([ast.Assign([node.target], ast.Constant(None)), *node.body], [])
        self.branches(node.orelse, [])

    def visit_Try(self, node: ast.Try) -> None:
        self.branches(node.body + node.orelse, *([] if not node.handlers else [[]]))
        for handler in node.handlers:
            if handler.type is not None:
                self.visit(handler.type)
            bound = self.bound
            self.bound = bound | {handler.name} if handler.name else bound
            self.branches(handler.body, [])
            self.bound = bound
        for statement in node.finalbody:
            self.visit(statement)

    def scope(self, parameters: set[str], parts: list[ast.AST]) -> None:
        """An inner scope: its own names are bound inside only."""
        before = self.bound
        self.bound = before | parameters
        assigned = dict(self.assigned)
        for part in parts:
            self.visit(part)
        self.bound, self.assigned = before, assigned

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]:
            self.visit(default)
        self.scope({a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}, [node.body])

    def comprehension(self, node: Any) -> None:
        parts: list[ast.AST] = []
        for generator in node.generators:
            parts += [generator.iter, generator.target, *generator.ifs]
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.scope(set(), [*parts, *results])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = comprehension

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        inner = FirstReads()
        inner.bound = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        for statement in node.body:
            inner.visit(statement)
        for name in inner.reads:
            if name not in inner.assigned and name not in self.bound:
                self.reads[name] = None
        self.bound.add(node.name)
        self.assigned[node.name] = None

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        before = self.bound
        for case in node.cases:
            self.bound = set(before)
            for part in (case.pattern, *([case.guard] if case.guard else []), *case.body):
                self.visit(part)
        self.bound = before

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name is not None:
            self.bound.add(node.name)
            self.assigned[node.name] = None
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound |= {alias.asname or alias.name.split(".")[0] for alias in node.names}

    visit_ImportFrom = visit_Import


def first_reads(tree: ast.Module) -> tuple[list[str], list[str]]:
    """(names that may be read before they are assigned, names assigned; the last one assigned is last)."""
    visitor = FirstReads()
    visitor.visit(tree)
    return list(visitor.reads), list(visitor.assigned)


def holds_real_data(value: Any, depth: int = 8) -> bool:
    """Whether a value is a float or complex scalar, an array of them, or a structure with one inside."""
    if is_real_data(value):
        return True
    if depth == 0 or isinstance(value, str | bytes | numbers.Number | type):
        return False
    if isinstance(value, dict):
        return any(holds_real_data(v, depth - 1) for v in value.values())
    if isinstance(value, tuple | list):
        return any(holds_real_data(v, depth - 1) for v in value)
    if dataclasses.is_dataclass(value):
        return any(holds_real_data(getattr(value, f.name, None), depth - 1) for f in dataclasses.fields(value))
    return False


def only_shows(statement: ast.stmt, namespace: dict[str, Any]) -> bool:
    """Whether a statement is a call of `print` or of a plotting package, or makes a figure: no part of f."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return True
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    if not isinstance(value, ast.Call):
        return False
    root: ast.expr = value.func
    while isinstance(root, ast.Attribute | ast.Call | ast.Subscript):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not isinstance(root, ast.Name):
        return False
    found = namespace.get(root.id, getattr(builtins, root.id, None))
    if found is builtins.print:
        return True
    module = getattr(found, "__module__", None) or getattr(found, "__name__", None)
    if not isinstance(module, str):
        module = type(found).__module__
    return module.split(".")[0] in OBSERVERS


def output_of(statements: list[ast.stmt], assigned: list[str]) -> tuple[ast.Expr | None, str]:
    """(the last expression, or None; its text, or the name assigned last). Raises ValueError if there is none."""
    last = statements[-1] if statements else None
    if isinstance(last, ast.Expr):
        return last, ast.unparse(last.value)
    if not assigned:
        raise ValueError("nothing to differentiate: the cell ends with no expression and assigns no name")
    return None, assigned[-1]


def string_lines(text: str) -> set[int]:
    """The lines that begin inside a string of several lines, so that indenting them would change it."""
    inside: set[int] = set()
    opened: list[int] = []
    starts, ends = getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING:
            inside |= set(range(token.start[0] + 1, token.end[0] + 1))
        elif token.type == starts:
            opened.append(token.start[0])
        elif token.type == ends:
            inside |= set(range(opened.pop() + 1, token.end[0] + 1))
    return inside


def edited(text: str, dropped: list[ast.stmt], result: ast.Expr | None) -> str:
    """The text with dropped statements made `0`, on as many lines, and `return` before the result."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def offset(row: int, column: int) -> int:
        return starts[row - 1] + len(lines[row - 1].encode()[:column].decode())

    edits: list[tuple[int, int, str]] = []
    if result is not None:
        start = offset(result.lineno, result.col_offset)
        edits.append((start, start, "return "))
    for statement in dropped:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        end = offset(last, statement.end_col_offset or 0)
        nothing = "0" if first == last else "(" + "\n" * (last - first) + "0)"
        edits.append((offset(first, statement.col_offset), end, nothing))
    for start, stop, replacement in sorted(edits, reverse=True):
        text = text[:start] + replacement + text[stop:]
    return text


def cell_function_source(
    text: str, name: str, parameters: list[str], dropped: list[ast.stmt], result: ast.Expr | str
) -> str:
    """The source of the cell's function: `def` on the first line, the magic's, and each statement on its own.

    `result` is the statement of the last expression, or the name of the result.
    """
    text = edited(text, dropped, result if isinstance(result, ast.Expr) else None)
    kept = string_lines(text)
    lines = [
        "    " + line if line.strip() and number not in kept else line
        for number, line in enumerate(text.rstrip("\n").split("\n"), 1)
    ]
    lines[0] = f"def {name}({', '.join(parameters)}):"
    if isinstance(result, str):
        lines.append(f"    return {result}")
    return "\n".join(lines) + "\n"
