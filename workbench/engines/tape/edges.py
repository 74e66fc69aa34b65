"""What the nodes of a structured operation depend on, and by how much: rows of its Jacobian.

A block has no edges on the tape; a node's row is what `pull` gives for the cotangent that is one in this node.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.engines.tape.active import bottom
from workbench.engines.tape.recorder import Block, Part, Recorder, scattered


def operand_nodes(block: Block) -> np.ndarray:
    """The nodes that a structured operation takes, each once, oldest first."""
    found = [np.empty(0, np.int64)]
    for part in block.operands:
        nodes = part.nodes.reshape(-1)
        nodes = nodes[nodes >= 0]
        found += [nodes, nodes + 1] if part.is_complex else [nodes]
    return np.unique(np.concatenate(found))


def rows_of(block: Block, indices: Iterator[int] | range) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """For some nodes of a block the inputs with a partial that is not zero, and the partials."""
    nodes = operand_nodes(block)
    parts = [Part(np.where(part.nodes >= 0, np.searchsorted(nodes, part.nodes), -1), part.dtype)
             for part in block.operands]
    for index in indices:
        row = np.zeros(len(nodes))
        bars = block.pull([_unit(part, index) for part in block.results])
        for part, bar in zip(parts, bars, strict=True):
            if bar is not None:
                scattered(part, row, bottom(bar))
        found = np.flatnonzero(row)
        yield nodes[found], row[found]


def _unit(part: Part, index: int) -> np.ndarray:
    """The cotangent of a result of a block that is one in a node and zero elsewhere."""
    made = (part.nodes == index).astype(part.dtype)
    if part.is_complex:
        made = made + 1j * (part.nodes + 1 == index)
    return made if part.nodes.ndim else made.reshape(())[()]  # type: ignore[no-any-return]


def scalar_edges(recorder: Recorder) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges of the scalar operations without those from constants: starts (one more than nodes), sources, partials."""
    starts, sources = np.array(recorder.starts, dtype=np.int64), np.array(recorder.sources, dtype=np.int64)
    weights = np.array([bottom(w) for w in recorder.weights] if isinstance(recorder.weights, list)
                       else recorder.weights, dtype=float)
    active = sources >= 0
    if active.all():
        return starts, sources, weights
    before = np.concatenate(([0], np.cumsum(active)))
    return before[starts], sources[active], weights[active]
