"""Calls of a function in the text of cells: its own, of what is made of it, and those in the lines of magics."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from workbench_jupyter.panel.constants import Constants, Unknown
from workbench_jupyter.panel.shapes import SAME


def of_function(name: str, cells: Sequence[tuple[str, ast.Module]], known: Constants) -> Iterator[tuple[ast.Call, str]]:
    """(call, what its cell is called) of calls that stand in no function, the last of a cell first."""
    for where, tree in cells:
        names = {name} | {target for part in tree.body for target in _made_of(part, name, known)}
        for call in reversed(list(_in_tree(tree, names, known))):
            yield call, where


def _made_of(statement: ast.stmt, name: str, known: Constants) -> Iterator[str]:
    """The names that a statement gives to what is made of a function: `gradient = wb.grad(f)`."""
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and _is_same(
            statement.value, {name}, known):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _is_same(call: ast.Call, names: set[str], known: Constants) -> bool:
    """Whether a call makes a function of these names that is called with the same arguments."""
    if not (call.args and isinstance(call.args[0], ast.Name) and call.args[0].id in names):
        return False
    try:
        made = known.value(call.func)
    except Unknown:
        return False
    return any(made is other for other in SAME)


def _in_tree(tree: ast.AST, names: set[str], known: Constants) -> Iterator[ast.Call]:
    """The calls of these names that stand in no function."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Call):
            callee = node.func
            if (isinstance(callee, ast.Name) and callee.id in names) or (
                    isinstance(callee, ast.Call) and _is_same(callee, names, known)):
                yield node
            yield from _in_a_line(node, names)
        yield from _in_tree(node, names, known)


def _in_a_line(node: ast.Call, names: set[str]) -> Iterator[ast.Call]:
    """The call in a line magic: `%cost f(x)`."""
    if not (isinstance(node.func, ast.Attribute) and node.func.attr == "run_line_magic" and len(node.args) == 2):
        return
    text = node.args[1]
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        try:
            inner = ast.parse(text.value.split(" --")[0].strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id in names:
            yield ast.copy_location(inner, node)
