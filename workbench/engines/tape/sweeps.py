"""The two sweeps over the edges of a tape, compiled."""

from __future__ import annotations

from typing import Any

from numba import njit, types

SIGNATURE = (*[types.Array(kind, 1, "C") for kind in (types.int64, types.int64, types.float64, types.float64)],
             types.int64, types.int64)


@njit
def reverse(starts: Any, sources: Any, weights: Any, adjoints: Any, first: int, stop: int) -> None:
    """Add the adjoint of each node from `stop` back to `first` to those of its sources. A zero adjoint annihilates an
    infinite partial."""
    for node in range(stop - 1, first - 1, -1):
        bar = adjoints[node]
        if bar != 0.0:
            for edge in range(starts[node], starts[node + 1]):
                if sources[edge] >= 0:
                    adjoints[sources[edge]] += bar * weights[edge]


@njit
def forward(starts: Any, sources: Any, weights: Any, tangents: Any, first: int, stop: int) -> None:
    """Add up the tangent of each node from `first` to `stop` from those of its sources. A zero tangent annihilates an
    infinite partial."""
    for node in range(first, stop):
        for edge in range(starts[node], starts[node + 1]):
            if sources[edge] >= 0 and tangents[sources[edge]] != 0.0:
                tangents[node] += tangents[sources[edge]] * weights[edge]
