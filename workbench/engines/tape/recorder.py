"""The record of one run: one node per scalar operation, in growing arrays (no object per node).

Node n was made by operation `operations[n]` at `places[n]`, has the value `values[n]`, and depends on the nodes
`sources[starts[n]:starts[n + 1]]` with the local partials `weights[...]`; a source of -1 is a number that is not
active.

Invariant: sources are older than the node, so that one pass over the nodes is a whole sweep.
Method: Griewank & Walther (2008), section 6.1; sweeps over the edges of the linearised graph.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
from array import array
from types import CodeType
from typing import Any

import numpy as np

from workbench.engines.tape.refusal import kept

_HERE = os.path.dirname(__file__)
INACTIVE = -1


class Recorder:
    """What one run records."""

    def __init__(self) -> None:
        self.closed = False  # the run is over
        self.written_as_text = False  # an active number has been printed or formatted
        self.values = array("d")
        self.operations = array("i")
        self.places = array("i")
        self.starts = array("q", [0])
        self.sources = array("q")
        self.weights = array("d")
        self.names: list[str] = []
        self.lines: list[tuple[CodeType, int]] = []
        self._name: dict[str, int] = {}
        self._line: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self.values)

    # ------------------------------------------------------------------ recording
    def leaves(self, values: np.ndarray) -> np.ndarray:
        """Independent variables; gives their nodes, of the shape of the values."""
        first, count = len(self.values), values.size
        self.values.frombytes(np.ascontiguousarray(values, dtype=np.float64).tobytes())
        self.operations.extend([self.name_index("input")] * count)
        self.places.extend([-1] * count)
        self.starts.extend([self.starts[-1]] * count)
        return np.arange(first, first + count).reshape(values.shape)

    def one(self, name: str, value: Any, source: int, weight: Any) -> int:
        """A scalar operation with one active operand."""
        self.sources.append(source)
        self.weights.append(weight)
        return self._finish(name, value)

    def two(self, name: str, value: Any, a: int, weight_a: Any, b: int, weight_b: Any) -> int:
        """A scalar operation with two active operands."""
        self.sources.append(a)
        self.weights.append(weight_a)
        self.sources.append(b)
        self.weights.append(weight_b)
        return self._finish(name, value)

    def _finish(self, name: str, value: Any) -> int:
        if self.closed:
            raise kept()
        node = len(self.values)
        self.values.append(value)
        index = self._name.get(name)
        self.operations.append(self.name_index(name) if index is None else index)
        frame = sys._getframe(3)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
            frame = frame.f_back
        code, line = frame.f_code, frame.f_lineno
        place = self._line.get((id(code), line))  # (hashing a code object takes longer than all the rest)
        self.places.append(self._new_line(code, line) if place is None else place)
        self.starts.append(len(self.sources))
        return node

    def many(self, name: str, values: np.ndarray, sources: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Operations of one kind, all at once: `sources` and `weights` have one row per value."""
        if self.closed:
            raise kept()
        count = values.size
        first, width = len(self.values), sources.shape[1]
        self.values.frombytes(np.ascontiguousarray(values, dtype=np.float64).tobytes())
        self.sources.frombytes(np.ascontiguousarray(sources, dtype=np.int64).tobytes())
        self.weights.frombytes(np.ascontiguousarray(weights, dtype=np.float64).tobytes())
        self.operations.frombytes(np.full(count, self.name_index(name), np.intc).tobytes())
        self.places.frombytes(np.full(count, self.place(), np.intc).tobytes())
        begin = self.starts[-1]
        self.starts.frombytes(np.arange(begin + width, begin + width * count + 1, width, dtype=np.int64).tobytes()
                              if width else np.full(count, begin, np.int64).tobytes())
        return np.arange(first, first + count).reshape(values.shape)

    # ------------------------------------------------------------------ where and what
    def name_index(self, name: str) -> int:
        """The number of an operation's name."""
        index = self._name.get(name)
        if index is None:
            index = self._name[name] = len(self.names)
            self.names.append(name)
        return index

    def _new_line(self, code: CodeType, line: int) -> int:
        place = self._line[id(code), line] = len(self.lines)
        self.lines.append((code, line))  # keeps the code alive, and its id with it
        return place

    def place(self) -> int:
        """The number of the user's line that is running."""
        frame: Any = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
            frame = frame.f_back
        code, line = frame.f_code, frame.f_lineno
        place = self._line.get((id(code), line))
        return self._new_line(code, line) if place is None else place

    # ------------------------------------------------------------------ sweeps
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Starts, sources and weights as NumPy arrays (copies)."""
        return np.array(self.starts), np.array(self.sources, dtype=np.int64), np.array(self.weights, dtype=float)

    def reverse(self, adjoints: np.ndarray) -> np.ndarray:
        """Adjoints of all nodes, from those of the results (changed in place)."""
        _sweeps().reverse(*self.arrays(), adjoints)
        return adjoints

    def forward(self, tangents: np.ndarray) -> np.ndarray:
        """Tangents of all nodes, from those of the leaves (changed in place)."""
        _sweeps().forward(*self.arrays(), tangents)
        return tangents


@functools.cache
def _sweeps() -> Any:
    """The compiled sweeps, imported at the first one: importing Numba takes a third of a second."""
    return importlib.import_module("workbench.engines.tape.sweeps")
