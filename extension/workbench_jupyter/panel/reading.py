"""A cell's text: its syntax tree, the functions in it, and which of them the cursor is in.

Lines are those of the cell as it is shown, from 1: IPython's own syntax is replaced line by line, and of a cell of a
magic whose body is Python (`%%grad`, `%%time`, ...) the first line alone is left out. Nothing is executed, and the
user's own input transformations, which are code of theirs, are not asked.
"""

from __future__ import annotations

import ast
import functools
import warnings
from collections.abc import Iterable
from types import CodeType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from workbench.records import dataclass
from workbench_jupyter.flags import MAGICS

#: Magics of IPython whose cells are Python.
PYTHON = ("time", "timeit", "capture", "prun", "debug")
#: Longer cells are not read: they are data, pasted.
LONGEST = 400_000


@dataclass(frozen=True)
class Problem:
    """What is wrong, in one sentence, and where in the cell; None where it is elsewhere."""

    message: str
    line: int | None = 1
    column: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As the page has it."""
        return {"line": self.line, "column": self.column, "message": self.message}


class Unreadable(Exception):
    """A cell that is no Python as it stands."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True)
class Part:
    """A statement of a cell, the names that it binds, and those that it mentions."""

    statement: ast.stmt
    binds: frozenset[str]
    uses: frozenset[str]


@dataclass(frozen=True)
class Reading:
    """A cell. magic, line: the name of its cell magic and what stands behind it, empty where there is none."""

    source: str
    tree: ast.Module
    magic: str = ""
    line: str = ""

    @property
    def functions(self) -> list[ast.FunctionDef]:
        """The functions that the cell defines at its top level, in order."""
        return [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]

    @functools.cached_property
    def parts(self) -> list[Part]:
        """The cell's statements."""
        return [Part(statement, frozenset(bound_by(statement)), frozenset(names_in(statement)))
                for statement in self.tree.body]


def names_in(node: ast.AST) -> set[str]:
    """The names that a piece of text mentions."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def free_in(node: ast.AST) -> set[str]:
    """The names that a statement mentions which are not a function's own."""
    if not isinstance(node, ast.FunctionDef):
        return names_in(node)
    parts = list(ast.walk(node))
    own = {part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    own |= {part.arg for part in parts if isinstance(part, ast.arg)}
    shared = {name for part in parts if isinstance(part, ast.Global) for name in part.names}
    return names_in(node) - (own - shared)


def bound_by(statement: ast.stmt) -> set[str]:
    """The names that a statement would bind."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    return {part.id for part in ast.walk(statement) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def reached(names: set[str], parts: Iterable[Part]) -> list[Part]:
    """The statements that bind what is needed, where these names are, in their order; `names` grows by what they
    mention."""
    every = list(parts)
    found: set[int] = set()
    while more := [k for k, part in enumerate(every) if k not in found and (part.binds & names or "*" in part.binds)]:
        found.update(more)
        for k in more:
            names |= every[k].uses
    return [every[k] for k in sorted(found)]


def read(source: str) -> Reading:
    """A cell's text as a tree.

    Raises `Unreadable` where it is no Python, or that of a magic whose cells are something else."""
    if len(source) > LONGEST:
        raise Unreadable(Problem("the cell is too long to be looked at while it is edited"))
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    start = next((k for k, line in enumerate(lines) if line.strip()), len(lines))
    magic = rest = ""
    if start < len(lines) and lines[start].startswith("%%"):
        magic, _, rest = lines[start][2:].partition(" ")
        if magic not in MAGICS and magic not in PYTHON:
            raise Unreadable(Problem(f"%%{magic}: what is in such a cell is not looked at", start + 1))
        start += 1
    body = "\n".join(lines[start:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            changed = TransformerManager().transform_cell(body)
            # (IPython drops empty lines at the beginning)
            above = next((k for k, line in enumerate(lines[start:]) if line.strip()), 0) + start
            tree = ast.parse("\n" * above + changed)
        compiled(tree, "<cell>")  # (`return` outside of functions, and the like)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(lines))
        raise Unreadable(Problem(f"{error.msg}", line, max((error.offset or 1) - 1, 0))) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Unreadable(Problem(f"the cell is no Python: {error}")) from None
    return Reading(text, tree, magic, rest)


def compiled(tree: ast.Module | ast.Expression, filename: str) -> CodeType:
    """The code of a tree, of which Python says nothing: it does when the cell runs."""
    mode = "eval" if isinstance(tree, ast.Expression) else "exec"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code: CodeType = compile(tree, filename, mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    return code


def first_line(node: ast.AST) -> int:
    """The first line of a definition, its decorators included."""
    decorators = getattr(node, "decorator_list", ())
    return min([int(node.lineno), *(int(d.lineno) for d in decorators)])  # type: ignore[attr-defined]


def last_line(node: ast.AST) -> int:
    """The last line of a statement."""
    return int(getattr(node, "end_lineno", None) or node.lineno)  # type: ignore[attr-defined]


def chosen(reading: Reading, line: int) -> ast.FunctionDef | None:
    """The function that a line stands in; else the one that the line calls; else the last one above, else the first."""
    functions = reading.functions
    for node in functions:
        if first_line(node) <= line <= last_line(node):
            return node
    named = {node.name: node for node in functions}
    for statement in reading.tree.body:
        if first_line(statement) <= line <= last_line(statement):
            for part in ast.walk(statement):
                if isinstance(part, ast.Name) and part.id in named:
                    return named[part.id]
    above = [node for node in functions if last_line(node) < line]
    return above[-1] if above else functions[0] if functions else None
