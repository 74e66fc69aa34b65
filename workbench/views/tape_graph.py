"""The graph of a small tape as SVG: layers by the longest path from the inputs, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workbench.engines.tape.tape import Node

MOST_NODES = 60
SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "pow": "^", "input": "in"}
_WIDTH, _HEIGHT, _ACROSS, _DOWN = 74, 30, 104, 40


def layers_of(nodes: Sequence[Node]) -> list[int]:
    """The layer of each node: one more than the highest among its inputs."""
    layer: list[int] = []
    for node in nodes:
        layer.append(1 + max((layer[k] for k in node.inputs), default=-1))
    return layer


def places_of(nodes: Sequence[Node]) -> list[tuple[float, float]]:
    """Where each node is drawn (its centre): within a layer in the order of the means of their inputs."""
    layer = layers_of(nodes)
    ranks = [0.0] * len(nodes)
    for at in range(max(layer, default=-1) + 1):
        mine = [k for k in range(len(nodes)) if layer[k] == at]
        means = {k: sum(ranks[i] for i in nodes[k].inputs) / len(nodes[k].inputs) if nodes[k].inputs else float(k)
                 for k in mine}
        for rank, k in enumerate(sorted(mine, key=lambda k: (means[k], k))):
            ranks[k] = rank - (len(mine) - 1) / 2
    low = min(ranks, default=0.0)
    return [(_WIDTH / 2 + 8 + at * _ACROSS, _HEIGHT / 2 + 8 + (rank - low) * _DOWN)
            for at, rank in zip(layer, ranks, strict=True)]


def graph_svg(nodes: Sequence[Node], swept: bool) -> str:
    """The whole graph; adjoints are written where they are known."""
    places = places_of(nodes)
    width = max((x for x, _ in places), default=0) + _WIDTH / 2 + 8
    height = max((y for _, y in places), default=0) + _HEIGHT / 2 + 8
    parts = []
    for node, (x, y) in zip(nodes, places, strict=True):
        for source in node.inputs:
            a, b = places[source]
            start, end = a + _WIDTH / 2, x - _WIDTH / 2
            bend = max((end - start) / 2, 12)
            parts.append(f'<path class="wb-edge" d="M{start:g} {b:g}C{start + bend:g} {b:g} {end - bend:g} {y:g} '
                         f'{end:g} {y:g}"/>')
    for node, (x, y) in zip(nodes, places, strict=True):
        symbol = SYMBOLS.get(node.operation, node.operation)
        below = f"{node.adjoint:.3g}" if swept else f"{node.value:.3g}"
        where = f", line {node.line}" if node.line else ""
        title = f"node {node.index}: {node.operation}{where}, value {node.value:.6g}, adjoint {node.adjoint:.6g}"
        kind = " wb-input" if node.operation == "input" else ""
        parts.append(
            f'<g class="wb-node{kind}"><title>{escape(title)}</title><rect x="{x - _WIDTH / 2:g}" '
            f'y="{y - _HEIGHT / 2:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/><text x="{x:g}" y="{y - 2:g}">'
            f'{escape(symbol if len(symbol) < 11 else symbol[:9] + "…")}</text><text class="wb-small" x="{x:g}" '
            f'y="{y + 11:g}">{escape(below)}</text></g>')
    label = f"graph of {len(nodes)} recorded operations, inputs to the left"
    return (f'<svg class="wb-graph" role="img" aria-label="{escape(label)}" width="{width:g}" height="{height:g}" '
            f'viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>')
