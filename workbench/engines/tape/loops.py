"""The loops of a program's source: which of them a line stands in. For telling the turns of a recorded run apart."""

from __future__ import annotations

import ast
import linecache
from types import CodeType

from workbench.records import dataclass

_OWN_CODE = frozenset({"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"})


@dataclass(frozen=True)
class Loop:
    """A `for` or `while`: its text, its line, the lines first to last whose operations are made in every turn."""

    text: str
    line: int
    first: int
    last: int
    tested: bool  # a `while`, whose own line is part of every turn


def loops_in(filename: str) -> list[Loop]:
    """The loops of a file, outer ones first; none where its source is not to be had."""
    lines = linecache.getlines(filename)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return []
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.While):
            tested = isinstance(node, ast.While)
            found.append(Loop(lines[node.lineno - 1].strip(), node.lineno, node.lineno if tested else
                              node.body[0].lineno, node.body[-1].end_lineno or node.lineno, tested))
    return sorted(found, key=lambda loop: (loop.line, -loop.last))


def around(loops: list[Loop], code: CodeType, line: int) -> tuple[Loop, ...]:
    """The loops of a function that a line of it stands in, outermost first."""
    if code.co_name in _OWN_CODE:  # all of it is a loop
        text = linecache.getline(code.co_filename, code.co_firstlineno).strip()
        return (Loop(text, code.co_firstlineno, code.co_firstlineno, line, False),)
    return tuple(loop for loop in loops if loop.line >= code.co_firstlineno and loop.first <= line <= loop.last)
