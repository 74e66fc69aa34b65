"""The two sweeps over the edges of a tape, compiled."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit
def reverse(starts: Any, sources: Any, weights: Any, adjoints: Any) -> None:
    """Add each node's adjoint to those of its sources. A zero adjoint annihilates an infinite partial."""
    for node in range(adjoints.size - 1, -1, -1):
        bar = adjoints[node]
        if bar != 0.0:
            for edge in range(starts[node], starts[node + 1]):
                if sources[edge] >= 0:
                    adjoints[sources[edge]] += bar * weights[edge]


@njit
def forward(starts: Any, sources: Any, weights: Any, tangents: Any) -> None:
    """Add up each node's tangent from those of its sources. A zero tangent annihilates an infinite partial."""
    for node in range(tangents.size):
        for edge in range(starts[node], starts[node + 1]):
            if sources[edge] >= 0 and tangents[sources[edge]] != 0.0:
                tangents[node] += tangents[sources[edge]] * weights[edge]
