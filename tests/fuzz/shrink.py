"""Shrinks a failing program: removes statements, unwraps blocks, replaces expressions, while it still fails.

Works on the syntax tree of any program text, so that it knows nothing of how programs are generated. A cut is kept
only if the predicate holds; a `while` keeps its condition and its first statement, which counts, as they are, so that
cut programs end.
"""
from __future__ import annotations

import ast
import time
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.generate import HEADER, FuzzProgram

Edit = Callable[[ast.Module], None]
BLOCKS = ("body", "orelse")


def shrink(program: FuzzProgram, fails: Callable[[FuzzProgram], bool], seconds: float = 30.0) -> FuzzProgram:
    """The smallest program found that still fails, within a time. Cuts that failed are tried again only in a further
    round, when others have succeeded."""
    end = time.monotonic() + seconds
    tried: set[str] = set()
    position, kept = 0, False
    while time.monotonic() < end:
        edits = _edits(program)
        if position >= len(edits):
            if not kept:
                break
            position, kept = 0, False
            continue
        candidate = _cut(program, edits[position])
        if candidate is not None and candidate.source not in tried and fails(candidate):
            program, kept = candidate, True
            continue  # what followed the cut is now at this position
        tried.add(candidate.source if candidate else "")
        position += 1
    return program


def _edits(program: FuzzProgram) -> list[Edit]:
    tree = ast.parse(program.source)
    return [*_statement_cuts(tree), *_expression_cuts(tree)]


def _cut(program: FuzzProgram, edit: Edit) -> FuzzProgram | None:
    """The program after one cut, or None where that is no program or the same one."""
    tree = ast.parse(program.source)
    edit(tree)
    text = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    return replace(program, source=text) if text != program.source and _parses(text) else None


def _parses(text: str) -> bool:
    try:
        compile(HEADER + text, "<cut>", "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def _at(tree: ast.Module, position: int) -> ast.AST:
    """The node with this number in the order of `ast.walk`, which a copy shares."""
    for number, node in enumerate(ast.walk(tree)):
        if number == position:
            return node
    raise IndexError(position)


def _statement_cuts(tree: ast.Module) -> list[Edit]:
    """Cuts of runs of statements (long runs first), and unwrappings of blocks."""
    runs: list[tuple[int, Edit]] = []
    fixed, ending = _fixed(tree), _ending(tree)
    for position, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Lambda) or node in fixed or node in ending:
            continue
        for block in BLOCKS:
            statements = getattr(node, block, None)
            if not isinstance(statements, list):
                continue
            first = 1 if isinstance(node, ast.While) and block == "body" else 0
            for start in range(first, len(statements)):
                for length in {1, 2, 4, len(statements) - start}:
                    run = statements[start:start + length]
                    if len(run) == length and not any(part in fixed or _is_program(part) for part in run):
                        runs.append((length, _removal(position, block, start, length)))
                if hasattr(statements[start], "body") and not isinstance(statements[start], ast.FunctionDef) and (
                        statements[start] not in fixed):
                    runs.append((1, _unwrapping(position, block, start)))
    return [edit for _, edit in sorted(runs, key=lambda run: -run[0])]


def _fixed(tree: ast.Module) -> set[ast.stmt]:
    """What a reproducer needs as it is: its arguments, and the structures that something else names."""
    def named_elsewhere(node: ast.ClassDef) -> bool:
        return any(isinstance(inner, ast.Name) and inner.id == node.name
                   for other in tree.body if other is not node for inner in ast.walk(other))
    return {node for node in tree.body if (isinstance(node, ast.ClassDef) and named_elsewhere(node)) or (
        isinstance(node, ast.FunctionDef) and node.name.startswith("arguments_"))}


def _ending(tree: ast.Module) -> set[ast.AST]:
    """What makes loops end: everything in the conditions and the first statements of `while`."""
    return {inner for node in ast.walk(tree) if isinstance(node, ast.While)
            for part in (node.test, node.body[0]) for inner in ast.walk(part)}


def _is_program(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("program_")


def _removal(position: int, block: str, start: int, length: int) -> Edit:
    def edit(tree: ast.Module) -> None:
        node = _at(tree, position)
        statements = getattr(node, block)
        del statements[start:start + length]
        if not statements and block == "body":
            statements.append(ast.Pass())

    return edit


def _unwrapping(position: int, block: str, start: int) -> Edit:
    def edit(tree: ast.Module) -> None:
        statements = getattr(_at(tree, position), block)
        inner = statements[start]
        counts = isinstance(inner, ast.While) and len(inner.body) > 1  # what made the loop end is not needed any more
        statements[start:start + 1] = inner.body[counts:]

    return edit


def _expression_cuts(tree: ast.Module) -> list[Edit]:
    """Replacements of an operation by one of its operands, or of a term by 1.0."""
    edits: list[Edit] = []
    fixed = {inner for node in _fixed(tree) for inner in ast.walk(node)} | _ending(tree)
    for position, node in enumerate(ast.walk(tree)):
        if node in fixed:
            continue
        for field, value in ast.iter_fields(node):
            values = value if isinstance(value, list) else [value]
            for index, child in enumerate(values):
                place = index if isinstance(value, list) else None
                for option in range(len(_simpler(child))):
                    edits.append(_replacement(position, field, place, option))
    return edits


def _simpler(node: object) -> list[ast.expr]:
    """Expressions that may stand in for this one."""
    if isinstance(node, ast.BinOp):
        return [node.left, node.right]
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.BoolOp):
        return list(node.values)
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.Call):
        return [ast.Constant(0.5), *(argument for argument in node.args if not isinstance(argument, ast.Starred))]
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        return [ast.Constant(0.5)]
    return []


def _replacement(position: int, field: str, place: int | None, option: int) -> Edit:
    def edit(tree: ast.Module) -> None:
        node = _at(tree, position)
        if place is None:
            setattr(node, field, _simpler(getattr(node, field))[option])
        else:
            children = getattr(node, field)
            children[place] = _simpler(children[place])[option]

    return edit
