"""How long a turn of a loop waits for the one before: the latency of what is handed from turn to turn.

The recurrence is a matrix of longest paths from the numbers handed in to those handed on, in the algebra of max and
plus; a turn takes its largest cycle mean (Cuninghame-Green, *Minimax Algebra*, 1979). Branches are foreseen: what only
decides one is not waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workbench.ir import Block, Op, Value

Latency = Callable[[Op], float]
_NEVER = float("-inf")


def recurrence(inside: tuple[Value, ...], body: Block, handed: tuple[Value, ...], latency: Latency,
               more: Mapping[Op, Op] | None = None) -> float:
    """ns that a turn waits. inside: the values handed in, handed: those handed on; more: loads of what a store of the
    turn before has written, with that store."""
    sources: list[object] = [*inside]
    stored = dict(more or {})
    stores = list(dict.fromkeys(stored.values()))
    sources += stores
    rows: list[list[float]] = []
    for source in sources:
        reached = _reached(source, body, latency, stored)
        rows.append([reached.get(value, _NEVER) for value in handed]
                    + [max((reached.get(v, _NEVER) for v in store.operands[1:2]), default=_NEVER) for store in stores])
    return _cycle_mean(rows)


def _reached(source: object, body: Block, latency: Latency, stored: Mapping[Op, Op]) -> dict[Value, float]:
    """When values are there that depend on a source which is there at 0."""
    times: dict[Value, float] = {}
    if isinstance(source, Value):
        times[source] = 0.0

    def visit(block: Block) -> None:
        for op in block.ops:
            if op in stored and stored[op] is source:
                times[op.results[0]] = 0.0
                continue
            for region in op.regions:
                visit(region)
            if op.prim == "if":
                for k, result in enumerate(op.results):
                    found = [times[region.yields[k]] for region in op.regions if region.yields[k] in times]
                    if found:
                        times[result] = max(found)
                continue
            if op.regions:
                continue
            ready = [times[v] for v in op.operands if v in times and not v.is_array]
            if ready:
                for result in op.results:
                    if not result.is_array:
                        times[result] = max(ready) + latency(op)
    visit(body)
    return times


def _cycle_mean(rows: list[list[float]]) -> float:
    """The largest mean of a cycle."""
    n = len(rows)
    best = 0.0
    power = rows
    for length in range(1, min(n, 8) + 1):
        if length > 1:
            power = [[max((power[i][k] + rows[k][j] for k in range(n)), default=_NEVER) for j in range(n)]
                     for i in range(n)]
        best = max(best, max((power[i][i] / length for i in range(n)), default=0.0))
    return best
