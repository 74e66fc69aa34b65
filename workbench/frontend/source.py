"""From a function object to the syntax tree of its definition.

The file (or notebook cell) is parsed as a whole, once per content; definitions are found by code position, so several
lambdas on a line are told apart (PEP 657). Invariant: positions in the tree are the user's own.
"""

from __future__ import annotations

import ast
import linecache
import warnings
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType
from typing import Any

from workbench.frontend.paths import is_library
from workbench.frontend.syntax import every_node
from workbench.ir import DifferentiationError, Span

Definition = ast.FunctionDef | ast.Lambda

_trees: dict[str, tuple[str, dict[tuple[int, str], list[Definition]]]] = {}
_codes: dict[str, tuple[str, set[CodeType]]] = {}
of_classes: dict[int, CodeType] = {}  # code of classes that programs define in functions, by identity
made_codes: dict[int, CodeType] = {}  # code that the tape has made of a definition's tree, by identity


def hold(filename: str, text: str, tree: ast.Module) -> None:
    """Have the definitions of a tree found under a name that is no file's, where the text is what is shown of it: that
    of a cell that has not run, say, which holds magics, or is a function as a whole."""
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    _trees[filename] = ("".join(linecache.getlines(filename)), _found_in(tree))


def release(filename: str) -> list[Definition]:
    """Forget what `hold` has made known; gives the definitions."""
    linecache.cache.pop(filename, None)
    _, found = _trees.pop(filename, ("", {}))
    return [node for nodes in found.values() for node in nodes]


def python_function(function: Any) -> Any:
    """The Python function inside a Numba dispatcher; anything else as it is."""
    inner = getattr(function, "py_func", None)
    if type(function).__name__ == "GUFunc":  # Numba's: the Python function inside writes its result into an argument
        return function
    return inner if isinstance(inner, FunctionType) else function


def span_of_function(function: FunctionType) -> Span:
    """The span of a function's first line."""
    code = function.__code__
    return Span(code.co_filename, code.co_firstlineno, function=function.__qualname__)


def span_of(function: Any) -> Span | None:
    """Where the Python function is written that an object stands for (a derivative, say); None where there is none."""
    target = python_function(function)
    while not isinstance(target, FunctionType):
        target = getattr(target, "__wrapped__", None)
        if target is None:
            return None
    return span_of_function(target)


def definition_of(function: FunctionType, coroutines: bool = False) -> Definition:
    """The syntax tree of a function's definition; of a coroutine's where these are asked for.

    Raises DifferentiationError where the source is not to be had or has changed since the function was made."""
    code = function.__code__
    candidates = _definitions(code.co_filename, function).get((code.co_firstlineno, code.co_name), [])
    if len(candidates) > 1:
        candidates = [node for node in candidates if _covers(node, code)] or candidates
    if len(candidates) > 1:
        candidates = [min(candidates, key=_extent)]
    if not candidates or not _is_current(function):
        raise DifferentiationError(
            f"the source of {function.__qualname__} is not to be found, or changed since it was defined",
            Span(code.co_filename, code.co_firstlineno, function=function.__qualname__),
            "define it in a file or a notebook cell, and run its definition again after an edit")
    if isinstance(candidates[0], ast.AsyncFunctionDef) and not coroutines:
        raise DifferentiationError(f"{function.__qualname__} is a coroutine", Span(
            code.co_filename, candidates[0].lineno, candidates[0].col_offset, function=function.__qualname__),
            "write it as a plain function")
    return candidates[0]


def _definitions(filename: str, function: FunctionType) -> dict[tuple[int, str], list[Definition]]:
    linecache.checkcache(filename)
    lines = linecache.getlines(filename, function.__globals__)
    text = "".join(lines)
    known = _trees.get(filename)
    if known is not None and known[0] == text:
        return known[1]
    if not text:
        raise DifferentiationError(f"the source of {function.__qualname__} is not to be had ({filename})",
                                   span_of_function(function),
                                   "define it in a file or a notebook cell instead of exec or a built-in module")
    found = _found_in(_parsed(text, filename, function))
    _trees[filename] = (text, found)
    return found


def _found_in(tree: ast.Module) -> dict[tuple[int, str], list[Definition]]:
    """The definitions in a tree by first line and name."""
    found: dict[tuple[int, str], list[Definition]] = {}
    for node in every_node(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found.setdefault((first, node.name), []).append(node)  # type: ignore[arg-type]
        elif isinstance(node, ast.Lambda):
            found.setdefault((node.lineno, "<lambda>"), []).append(node)
    return found


def _is_current(function: FunctionType) -> bool:
    """False for a function of a file that says something else now. (What rewrites modules when they are imported, as
    pytest does, makes other code of the same text: there this cannot be told.)"""
    code, home = function.__code__, function.__globals__
    filename = code.co_filename
    is_file = type(home.get("__loader__")) is SourceFileLoader and home.get("__file__") == filename
    if id(code) in made_codes or id(code) in of_classes or not is_file or is_library(home.get("__name__")):
        return True
    text = "".join(linecache.getlines(filename, home))
    if filename not in _codes or _codes[filename][0] != text:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            whole = compile(text, filename, "exec", dont_inherit=True)
        _codes[filename] = text, set(_inner(whole))
    return code in _codes[filename][1]


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)


def _parsed(text: str, filename: str, function: FunctionType) -> ast.Module:
    """The tree of a file. What Python warned of when it compiled the file is not said again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text, filename)
        except SyntaxError:
            reason = f"{filename} was changed since {function.__qualname__} was defined, and is no Python any more"
            raise DifferentiationError(reason, span_of_function(function), "run its definition again") from None


def _covers(node: Definition, code: CodeType) -> bool:
    """True when every position of the code lies inside the node and the node's body is what it starts with."""
    body = node.body if isinstance(node, ast.Lambda) else node
    for line, end_line, column, end_column in code.co_positions():
        if line is None or column is None or end_line is None or end_column is None or column == end_column == 0:
            continue
        if (line, column) < (body.lineno, body.col_offset) or line < code.co_firstlineno:
            return False
        if (end_line, end_column) > (body.end_lineno or 0, body.end_col_offset or 0):
            return False
    return True


def _extent(node: Definition) -> int:
    return ((node.end_lineno or 0) - node.lineno) * 10_000 + (node.end_col_offset or 0) - node.col_offset
