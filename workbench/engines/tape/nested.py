"""The recorder of a run inside another: its values, partials and adjoints may be active numbers of the outer one.

So the reverse sweep of the inner run is recorded by the outer: that is a derivative differentiated again, to any order.
"""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, bottom
from workbench.engines.tape.array import fresh
from workbench.engines.tape.recorder import Recorder, current, pull_back, push_forward


def new_recorder() -> Recorder:
    """A recorder for a run that begins now."""
    return Recorder() if current() is None else NestedRecorder()


class NestedRecorder(Recorder):
    """Values and weights are objects; the sweeps are Python's, on numbers of the outer recorder."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[Any] = []
        self.weights: list[Any] = []
        self.has_arrays = False  # nodes are looked up by arrays of indices

    def leaves(self, values: Any) -> np.ndarray:
        """As of the outermost recorder."""
        self.has_arrays = True
        return super().leaves(values)

    def extend_values(self, values: Any) -> None:
        """Append the plain values of an array."""
        plain = np.ascontiguousarray(bottom(values)).reshape(-1)
        self.values.extend((plain.view(plain.real.dtype) if plain.dtype.kind == "c" else plain).tolist())

    def many(self, name: str, values: np.ndarray, sources: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """As of the outermost recorder, into lists."""
        self.has_arrays = True
        own, self.weights = self.weights, array("d")  # type: ignore[assignment]
        try:
            return super().many(name, values, sources, weights)
        finally:
            own.extend(self.weights)
            self.weights = own

    def zeros(self) -> Any:
        """A number per node, which may become active ones of the outer recorder."""
        return fresh(np.zeros(len(self)), self.outer) if self.blocks or self.has_arrays else [0.0] * len(self)

    def reverse(self, adjoints: Any, first: int = 0) -> Any:
        """Adjoints of all nodes, from those of the results (changed in place): always of the whole tape."""
        if first:
            raise ValueError("the sweep of a tape inside another is not left half way")
        stop = len(self)
        for block in reversed(self.blocks):
            self._back(adjoints, block.stop, stop)
            pull_back(block, adjoints)
            stop = block.first
        self._back(adjoints, 0, stop)
        return adjoints

    def _back(self, adjoints: Any, first: int, stop: int) -> None:
        starts, sources, weights = self.starts, self.sources, self.weights
        for node in range(stop - 1, first - 1, -1):
            begin, end = starts[node], starts[node + 1]
            if begin == end:
                continue
            bar = adjoints[node]
            if type(bar) not in ACTIVE and bar == 0.0:
                continue
            for edge in range(begin, end):
                source = sources[edge]
                if source >= 0:
                    adjoints[source] = adjoints[source] + _scaled(bar, weights[edge])

    def forward(self, tangents: Any) -> Any:
        """Tangents of all nodes, from those of the leaves (changed in place)."""
        first = 0
        for block in self.blocks:
            self._ahead(tangents, first, block.first)
            push_forward(block, tangents)
            first = block.stop
        self._ahead(tangents, first, len(self))
        return tangents

    def _ahead(self, tangents: Any, first: int, stop: int) -> None:
        starts, sources, weights = self.starts, self.sources, self.weights
        for node in range(first, stop):
            for edge in range(starts[node], starts[node + 1]):
                dot = tangents[sources[edge]] if sources[edge] >= 0 else 0.0
                if type(dot) in ACTIVE or dot != 0.0:
                    tangents[node] = tangents[node] + _scaled(dot, weights[edge])


def _scaled(bar: Any, weight: Any) -> Any:
    """The product; a zero annihilates an infinite partial, whatever the zero's own derivative is."""
    if bar == 0.0 and not np.isfinite(bottom(weight)):
        return bar * 0.0
    return bar * weight
