"""Facts read off the syntax alone: how statements end, what loops are left by, which names are bound where."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

_SCOPES = (ast.FunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)


def every_node(root: ast.AST) -> list[ast.AST]:
    """The nodes of a tree in the order of `ast.walk`, which takes ten times as long."""
    found = [root]
    for node in found:  # (which grows meanwhile)
        found += children(node)
    return found


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes that a node is made of."""
    found: list[ast.AST] = []
    for name in node._fields:
        value: Any = getattr(node, name, None)
        kind = type(value)
        if kind is list:
            found += [part for part in value if isinstance(part, ast.AST)]
        elif kind is not str and isinstance(value, ast.AST):
            found.append(value)
    return found


def exits(nodes: Sequence[ast.stmt]) -> bool:
    """True when control never falls out of the end of these statements."""
    if not nodes:
        return False
    last = nodes[-1]
    if isinstance(last, (ast.Return, ast.Break, ast.Continue, ast.Raise)):
        return True
    return isinstance(last, ast.If) and exits(last.body) and exits(last.orelse)


def leaves(nodes: Sequence[ast.stmt]) -> bool:
    """True when a loop body holds a `break` of this loop, or a `return`."""
    for node in nodes:
        if isinstance(node, (ast.Break, ast.Return)):
            return True
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, (ast.For, ast.While)):
            if any(isinstance(n, ast.Return) for n in own_nodes(node)) or leaves(node.orelse):
                return True
            continue
        if any(leaves(block) for block in blocks(node)):
            return True
    return False


def blocks(node: ast.AST) -> list[list[ast.stmt]]:
    """The blocks of statements of a compound statement."""
    found = [getattr(node, name, None) for name in ("body", "orelse", "finalbody")]
    parts = [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    return [*(f for f in found if isinstance(f, list)), *(part.body for part in parts)]


def captured(node: ast.Match) -> list[str]:
    """The names that the patterns of a `match` capture."""
    names = [getattr(n, "name", None) or getattr(n, "rest", None) for n in every_node(node) if isinstance(
        n, (ast.MatchAs, ast.MatchStar, ast.MatchMapping))]
    return list(dict.fromkeys(n for n in names if n is not None))


def is_simple(node: ast.stmt | ast.expr) -> bool:
    """True where an exception or a message can be evaluated beforehand: of names and constants, it cannot fail."""
    call = node.exc if isinstance(node, ast.Raise) else node
    if isinstance(node, ast.Raise) and node.exc is None:
        return False
    atoms: tuple[type[ast.AST], ...] = (ast.Name, ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.expr_context)
    parts: list[ast.AST] = [call] if call is not None else []
    if isinstance(call, ast.Call):
        parts = [*call.args, *call.keywords]
        if not isinstance(call.func, (ast.Name, ast.Attribute)):
            return False
    if isinstance(node, ast.Raise) and node.cause is not None:
        parts.append(node.cause)
    return all(isinstance(n, (*atoms, ast.keyword)) for part in parts for n in every_node(part))


def is_harmless(nodes: Sequence[ast.stmt]) -> bool:
    """True for statements that nobody sees where an exception leaves the function: names bound to plain values."""
    parts = [n for statement in nodes for n in every_node(statement)]
    plain = (ast.Assign, ast.Name, ast.Constant, ast.BinOp, ast.UnaryOp, ast.Pass, ast.operator, ast.unaryop,
             ast.expr_context)
    return all(isinstance(n, plain) for n in parts)


def own_nodes(node: ast.AST) -> list[ast.AST]:
    """The nodes of a function or loop without those of functions defined inside it."""
    found: list[ast.AST] = []
    pending = children(node)
    while pending:
        child = pending.pop()
        found.append(child)
        if not isinstance(child, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            pending += children(child)
    return found


def statement_title(node: ast.stmt) -> str:
    names = {"Try": "`try`", "With": "`with`", "Match": "`match`", "AsyncFor": "`async for`", "TryStar": "`try`"}
    return names.get(type(node).__name__, f"`{type(node).__name__.lower()}`")


def names_of(node: ast.FunctionDef | ast.Lambda) -> tuple[tuple[str, ...], frozenset[str]]:
    """The local names of a function, parameters first, and those that it declares global."""
    args = node.args
    names = [a.arg for a in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    names += [a.arg for a in (args.vararg, args.kwarg) if a is not None]
    outer: set[str] = set()
    declared: set[str] = set()
    assigned: list[str] = []
    pending: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else list(node.body)
    while pending:
        part = pending.pop(0)
        if isinstance(part, ast.Nonlocal):
            outer.update(part.names)
        elif isinstance(part, ast.Global):
            declared.update(part.names)
        else:
            assigned += _bound_by(part)
        if not isinstance(part, _SCOPES):
            pending += children(part)
    names += [n for n in assigned if n not in outer and n not in declared]
    return tuple(dict.fromkeys(names)), frozenset(declared)


def _bound_by(node: ast.AST) -> list[str]:
    """The names that a node itself binds in the scope that it stands in."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, _SCOPES):
        return [n.target.id for n in every_node(node) if isinstance(n, ast.NamedExpr)]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return [node.id]
    if isinstance(node, ast.YieldFrom):
        return ["$item"]  # (it is compiled as a loop)
    if isinstance(node, ast.Match):
        return captured(node)
    if isinstance(node, ast.ExceptHandler) and node.name is not None:
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [a.asname or a.name.split(".")[0] for a in node.names]
    return []
