"""Which names statements may read before they bind them, and which they surely bind."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from workbench.frontend.launches.uniform import read

Names = frozenset[str]


def flow(nodes: Sequence[ast.stmt], bound: Names, exposed: set[str]) -> Names:
    """The names that are surely bound after some statements; adds to `exposed` what may be read before."""
    for node in nodes:
        bound = _statement(node, bound, exposed)
    return bound


def _statement(node: ast.stmt, bound: Names, exposed: set[str]) -> Names:
    def reads(*parts: ast.AST | None) -> None:
        exposed.update(n for part in parts if part is not None for n in read(part) if n not in bound)
    if isinstance(node, ast.If):
        reads(node.test)
        arms = [(flow(part, bound, exposed), _ends(part)) for part in (node.body, node.orelse)]
        ends = [names for names, over in arms if not over]
        return bound if not ends else ends[0] if len(ends) == 1 else ends[0] & ends[1]
    if isinstance(node, ast.For):
        reads(node.iter)
        targets = frozenset(n.id for n in ast.walk(node.target) if isinstance(n, ast.Name))
        flow(node.body, bound | targets, exposed)
        return flow(node.orelse, bound, exposed)
    if isinstance(node, ast.While):
        reads(node.test)
        flow(node.body, bound, exposed)
        return flow(node.orelse, bound, exposed)
    reads(node)
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        parts: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        return bound | {n.id for target in parts for n in ast.walk(target) if isinstance(n, ast.Name) and isinstance(
            n.ctx, ast.Store)}
    return bound


def _ends(nodes: Sequence[ast.stmt]) -> bool:
    return bool(nodes) and isinstance(nodes[-1], (ast.Return, ast.Break, ast.Continue))
