"""Which names may still be read when a loop ends: backward liveness over the syntax tree.

What a loop leaves in a name that is dead after it need not be carried. Names used by nested functions count as live
everywhere. Invariant: a name that can be read before it is assigned again is in the set.
Source: Aho, Lam, Sethi, Ullman, Compilers (2007), section 9.2.5.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

Names = frozenset[str]
_NONE: Names = frozenset()


def live_after_loops(node: ast.AST) -> dict[ast.AST, Names]:
    """For each loop of a function, the names that may be read after it."""
    body = node.body if isinstance(node, ast.FunctionDef) else []
    analysis = _Analysis(node)
    analysis.block(body, analysis.captured)
    return analysis.after


def _reads(node: ast.AST | None) -> Names:
    if node is None:
        return _NONE
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))


def _reads_of(nodes: Sequence[ast.AST]) -> Names:
    return _NONE.union(*(_reads(n) for n in nodes))


def _stores(node: ast.AST) -> Names:
    return frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


class _Analysis:
    def __init__(self, node: ast.AST) -> None:
        self.after: dict[ast.AST, Names] = {}
        self.loops: list[tuple[Names, Names]] = []  # (live at the head, live after)
        self.caught = _NONE  # what may be read after an exception, which may leave a `try` anywhere
        later = (ast.FunctionDef, ast.Lambda, ast.GeneratorExp)
        inner = [n for n in ast.walk(node) if isinstance(n, later) and n is not node]
        self.captured: Names = frozenset().union(*(_reads(n) for n in inner)) if inner else _NONE

    def block(self, nodes: Sequence[ast.stmt], out: Names) -> Names:
        """Names live before a block, from those live after it."""
        for node in reversed(nodes):
            out = self.statement(node, out) | self.caught
        return out

    def statement(self, node: ast.stmt, out: Names) -> Names:
        """Names live before a statement, from those live after it."""
        if isinstance(node, ast.If):
            return self.block(node.body, out) | self.block(node.orelse, out) | _reads(node.test)
        if isinstance(node, (ast.For, ast.While)):
            return self.loop(node, out)
        if isinstance(node, ast.With):
            return self.block(node.body, out) | _reads_of(node.items)
        if isinstance(node, ast.Match):
            cases = _NONE.union(*(self.block(c.body, out) for c in node.cases))
            return out | cases | _reads(node.subject) | _reads_of([c.pattern for c in node.cases]) | _reads_of(
                [c.guard for c in node.cases if c.guard is not None])
        if isinstance(node, ast.Try):
            return self.try_(node, out)
        if isinstance(node, (ast.Return, ast.Raise)):
            return _reads(node) | self.captured
        if isinstance(node, ast.Break) and self.loops:
            return self.loops[-1][1]
        if isinstance(node, ast.Continue) and self.loops:
            return self.loops[-1][0]
        if isinstance(node, ast.AugAssign):
            target = frozenset({node.target.id}) if isinstance(node.target, ast.Name) else _NONE
            return out | target | _reads(node.target) | _reads(node.value)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            return (out - _stores(node)) | _reads(node)
        return out | _reads(node)

    def try_(self, node: ast.Try, out: Names) -> Names:
        """An exception may leave the body anywhere: what any part reads, and what follows, is live throughout."""
        out, around = out | _reads(node), self.caught
        self.caught = around | out
        for block in (node.body, node.orelse, node.finalbody, *(h.body for h in node.handlers)):
            out = out | self.block(block, out)
        self.caught = around
        return out

    def loop(self, node: ast.For | ast.While, out: Names) -> Names:
        """Names live before a loop; those live after it are noted."""
        leaving = self.block(node.orelse, out)
        self.after[node] = leaving | out | self.captured
        test = node.test if isinstance(node, ast.While) else None
        targets = _stores(node.target) if isinstance(node, ast.For) else _NONE
        head = leaving | _reads(test)
        while True:
            self.loops.append((head, out))
            entered = self.block(node.body, head) - targets
            self.loops.pop()
            wider = head | entered
            if wider == head:
                break
            head = wider
        return head | (_reads(node.iter) if isinstance(node, ast.For) else _NONE)
