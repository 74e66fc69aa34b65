"""Which names may still be read when a loop ends: backward liveness over the syntax tree.

What a loop leaves in a name that is dead after it need not be carried. Names used by nested functions count as live
everywhere. Invariant: a name that can be read before it is assigned again is in the set.
Source: Aho, Lam, Sethi, Ullman, Compilers (2007), section 9.2.5.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from workbench.frontend.syntax import every_node

Names = frozenset[str]
_NONE: Names = frozenset()


def live_after_loops(node: ast.AST) -> dict[ast.AST, Names]:
    """For each loop of a function, the names that may be read after it."""
    body = node.body if isinstance(node, ast.FunctionDef) else []
    analysis = _Analysis(node)
    analysis.block(body, analysis.captured)
    return analysis.after


class _Analysis:
    def __init__(self, node: ast.AST) -> None:
        self.named: dict[ast.AST, tuple[Names, Names]] = {}  # of nodes that were asked for before
        self.after: dict[ast.AST, Names] = {}
        self.loops: list[tuple[Names, Names]] = []  # (live at the head, live after)
        self.caught = _NONE  # what may be read after an exception, which may leave a `try` anywhere
        later = (ast.FunctionDef, ast.Lambda, ast.GeneratorExp)
        inner = [n for n in every_node(node) if isinstance(n, later) and n is not node]
        self.captured: Names = frozenset().union(*(self.reads(n) for n in inner)) if inner else _NONE

    def names(self, node: ast.AST) -> tuple[Names, Names]:
        """The names that are read, and those that are stored, anywhere in a node."""
        if node not in self.named:
            every = [n for n in every_node(node) if isinstance(n, ast.Name)]
            self.named[node] = (frozenset(n.id for n in every if isinstance(n.ctx, ast.Load)),
                                frozenset(n.id for n in every if isinstance(n.ctx, ast.Store)))
        return self.named[node]

    def reads(self, *nodes: ast.AST | None) -> Names:
        """The names that are read in nodes."""
        return _NONE.union(*(self.names(n)[0] for n in nodes if n is not None))

    def block(self, nodes: Sequence[ast.stmt], out: Names) -> Names:
        """Names live before a block, from those live after it."""
        for node in reversed(nodes):
            out = self.statement(node, out) | self.caught
        return out

    def statement(self, node: ast.stmt, out: Names) -> Names:
        """Names live before a statement, from those live after it."""
        if isinstance(node, ast.If):
            return self.block(node.body, out) | self.block(node.orelse, out) | self.reads(node.test)
        if isinstance(node, (ast.For, ast.While)):
            return self.loop(node, out)
        if isinstance(node, ast.With):
            return self.block(node.body, out) | self.reads(*node.items)
        if isinstance(node, ast.Match):
            cases = _NONE.union(*(self.block(c.body, out) for c in node.cases))
            return out | cases | self.reads(node.subject) | self.reads(
                *(c.pattern for c in node.cases), *(c.guard for c in node.cases))
        if isinstance(node, ast.Try):
            return self.try_(node, out)
        if isinstance(node, (ast.Return, ast.Raise)):
            return self.reads(node) | self.captured
        if isinstance(node, ast.Break) and self.loops:
            return self.loops[-1][1]
        if isinstance(node, ast.Continue) and self.loops:
            return self.loops[-1][0]
        if isinstance(node, ast.AugAssign):
            target = frozenset({node.target.id}) if isinstance(node.target, ast.Name) else _NONE
            return out | target | self.reads(node.target) | self.reads(node.value)
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            return (out - self.names(node)[1]) | self.reads(node)
        return out | self.reads(node)

    def try_(self, node: ast.Try, out: Names) -> Names:
        """An exception may leave the body anywhere: what any part reads, and what follows, is live throughout."""
        out, around = out | self.reads(node), self.caught
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
        targets = self.names(node.target)[1] if isinstance(node, ast.For) else _NONE
        head = leaving | self.reads(test)
        while True:
            self.loops.append((head, out))
            entered = self.block(node.body, head) - targets
            self.loops.pop()
            wider = head | entered
            if wider == head:
                break
            head = wider
        return head | (self.reads(node.iter) if isinstance(node, ast.For) else _NONE)
