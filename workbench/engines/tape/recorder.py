"""The record of one run: one node per scalar operation, in growing arrays (no object per node).

Node n was made by operation `operations[n]` at instruction `instructions[n]` of the code `codes[n]`, has the value
`values[n]`, and depends on the nodes `sources[starts[n]:starts[n + 1]]` with the local partials `weights[...]`; a
source of -1 is a number that is not active. A complex number has two nodes, its real part and after it its imaginary
one. A structured operation (a product of matrices, a reduction, a decomposition) is a `Block`: its nodes have no edges,
it pulls and pushes all at once.

Invariant: sources are older than the node, so that one pass over the nodes is a whole sweep.
Method: Griewank & Walther (2008), section 6.1; sweeps over the edges of the linearised graph.
"""

from __future__ import annotations

import functools
import importlib
import math
import sys
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from workbench.engines import signals
from workbench.engines.tape.refusal import INNER, kept, open_runs
from workbench.records import dataclass

INACTIVE = -1
NAMES: list[str] = []  # of the operations, of all runs
_numbers: dict[str, int] = {}
_getframe = sys._getframe
_local = threading.local()


def operation(name: str) -> int:
    """The number of an operation."""
    number = _numbers.get(name)
    if number is None:
        number = _numbers[name] = len(NAMES)
        NAMES.append(name)
    return number


INPUT = operation("input")


def current() -> Any:
    """The innermost open recorder of this thread, None where there is none."""
    return getattr(_local, "recorder", None)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """An operand or result of a block: its nodes, what kind its numbers are."""

    nodes: np.ndarray
    dtype: Any

    @property
    def is_complex(self) -> bool:
        """True where every number has a second node."""
        return bool(self.dtype.kind == "c")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A structured operation: nodes `first` to `stop`; `pull` turns cotangents of the results into those of the
    operands, `push` tangents of the operands into those of the results (None stands for zero)."""

    first: int
    stop: int
    operands: tuple[Part, ...]
    results: tuple[Part, ...]
    pull: Callable[[list[Any]], Sequence[Any]]
    push: Callable[[list[Any]], Sequence[Any]]


class Recorder:
    """What one run records."""

    def __init__(self) -> None:
        self.outer = current()
        self.level: int = self.outer.level + 1 if self.outer is not None else 1
        self.thread = threading.get_ident()
        self.closed = False  # the run is over
        self.written_as_text = False  # an active number has been printed or formatted
        self.refusals: list[Exception] = []
        self.values: Any = array("d")
        self.operations = array("i")
        self.codes = array("q")
        self.instructions = array("i")
        self.starts = array("q", [0])
        self.sources = array("q")
        self.weights: Any = array("d")
        self.blocks: list[Block] = []
        self.batches = array("q")  # nodes that one instruction made together: the first, and how many
        self.calls: list[tuple[int, int, Any, CodeType, int]] = []  # first node, stop, function, where from
        self.keys: dict[int, int] = {}  # nodes of the active numbers that were hashed, by hash
        self.imaginary: dict[int, tuple[Any, list[Any]]] = {}  # nodes of complex arrays, and (weakly) of their parts
        self.shown: dict[int, Any] = {}  # arrays of nodes whose values code outside of Python may read
        self.memo: dict[Any, Any] = {}  # results of the program's caches
        self.run: Any = None  # what the mediator knows of the run
        self.alive: dict[int, CodeType] = {}
        self.code: CodeType | None = None  # where the last node was made
        self._lines: dict[int, dict[int, int]] = {}

    def open(self) -> None:
        """Begin: this thread's numbers are recorded here."""
        _local.recorder = self
        open_runs.append(self)

    def close(self) -> None:
        """End."""
        self.closed = True
        _local.recorder = self.outer
        open_runs.remove(self)

    def __len__(self) -> int:
        return len(self.values)

    # ------------------------------------------------------------------ recording
    def leaves(self, values: Any) -> np.ndarray:
        """Independent variables; gives their nodes, of the shape of the values."""
        return self._without_edges(INPUT, values)

    def _without_edges(self, number: int, values: Any) -> np.ndarray:
        first, count = len(self.values), values.size * (2 if values.dtype.kind == "c" else 1)
        self.extend_values(values)
        self._many(number, count)
        self.starts.extend(self.starts[-1:] * count)
        return nodes_from(first, values)

    def extend_values(self, values: Any) -> None:
        """Append the values of an array (the parts of complex ones one after the other)."""
        kind = np.complex128 if values.dtype.kind == "c" else np.float64
        self.values.frombytes(np.ascontiguousarray(values, dtype=kind).tobytes())

    def one(self, number: int, value: Any, source: int, weight: Any) -> int:
        """A scalar operation with one active operand."""
        if self.closed:
            raise kept()
        sources = self.sources
        sources.append(source)
        self.weights.append(weight)
        return self._node(number, value, len(sources))

    def two(self, number: int, value: Any, a: int, weight_a: Any, b: int, weight_b: Any) -> int:
        """A scalar operation with two active operands."""
        if self.closed:
            raise kept()
        sources, weights = self.sources, self.weights
        sources.append(a)
        sources.append(b)
        weights.append(weight_a)
        weights.append(weight_b)
        return self._node(number, value, len(sources))

    def _node(self, number: int, value: Any, end: int) -> int:
        """Enter a node of a scalar operation of the program's; its edges are those until `end`."""
        frame = _getframe(3)
        code = frame.f_code
        if code is not self.code:
            frame = self._user(frame)
            code = frame.f_code
        values = self.values
        node = len(values)
        values.append(value)
        self.operations.append(number)
        self.codes.append(id(code))
        self.instructions.append(frame.f_lasti)
        self.starts.append(end)
        return node

    def any_number(self, number: int, value: Any, edges: Iterable[tuple[int, Any]]) -> int:
        """A scalar operation with any number of active operands."""
        if self.closed:
            raise kept()
        frame = self._user(_getframe(1))
        node = len(self.values)
        self.values.append(value)
        self.operations.append(number)
        self.codes.append(id(frame.f_code))
        self.instructions.append(frame.f_lasti)
        for source, weight in edges:
            self.sources.append(source)
            self.weights.append(weight)
        self.starts.append(len(self.sources))
        return node

    def many(self, name: str, values: np.ndarray, sources: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Operations of one kind, all at once: `sources` and `weights` have one row per node."""
        if self.closed:
            raise kept()
        first, (count, width) = len(self.values), sources.shape
        self.extend_values(values)
        self.sources.frombytes(np.ascontiguousarray(sources, dtype=np.int64).tobytes())
        self.weights.frombytes(np.ascontiguousarray(weights, dtype=np.float64).tobytes())
        self._many(operation(name), count)
        begin = self.starts[-1]
        self.starts.frombytes(np.arange(begin + width, begin + width * count + 1, width, dtype=np.int64).tobytes()
                              if width else np.full(count, begin, np.int64).tobytes())
        return nodes_from(first, values)

    def structured(self, name: str, values: Sequence[Any], operands: Sequence[Part], pull: Any,
                   push: Any) -> list[np.ndarray]:
        """A structured operation with one or several results; gives their nodes."""
        if self.closed:
            raise kept()
        first, number = len(self.values), operation(name)
        nodes = [self._without_edges(number, v) for v in values]
        results = tuple(Part(n.copy(), v.dtype) for n, v in zip(nodes, values, strict=True))
        self.blocks.append(Block(first, len(self.values), tuple(operands), results, pull, push))
        return nodes

    def _many(self, number: int, count: int) -> None:
        frame = self._user(_getframe(2))
        if count > 1:
            self.batches.extend((len(self.operations), count))
        self.operations.extend(array("i", (number,)) * count)
        self.codes.extend(array("q", (id(frame.f_code),)) * count)
        self.instructions.extend(array("i", (frame.f_lasti,)) * count)

    # ------------------------------------------------------------------ where
    def _user(self, frame: FrameType) -> FrameType:
        """The innermost frame that is the program's; its code is kept alive, and its id with it."""
        while frame.f_code.co_filename.startswith(INNER) and frame.f_back is not None:
            frame = frame.f_back
        self.code = frame.f_code
        self.alive[id(frame.f_code)] = frame.f_code
        return frame

    def place(self, node: int) -> tuple[str, int]:
        """File and line of a node; ("", 0) of an independent variable."""
        code = self.alive[self.codes[node]]
        if self.operations[node] == INPUT:
            return "", 0
        lines = self._lines.get(id(code))
        if lines is None:
            lines = self._lines[id(code)] = lines_of(code)
        return code.co_filename, lines.get(self.instructions[node], 0)

    def block_of(self, node: int) -> Block | None:
        """The structured operation that made a node, if one did."""
        low, high = 0, len(self.blocks)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.blocks[middle].stop <= node else (low, middle)
        found = self.blocks[low] if low < len(self.blocks) else None
        return found if found is not None and found.first <= node else None

    # ------------------------------------------------------------------ sweeps
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Starts, sources and weights as NumPy arrays (copies)."""
        return np.array(self.starts), np.array(self.sources, dtype=np.int64), np.array(self.weights, dtype=float)

    def zeros(self) -> Any:
        """A number per node: what the sweeps change."""
        return np.zeros(len(self))

    def reverse(self, adjoints: Any, first: int = 0) -> Any:
        """Adjoints of all nodes, from those of the results (changed in place), swept down to a node and with it."""
        edges, stop = self.arrays(), len(self)
        for block in reversed(self.blocks):
            if stop <= first or block.stop <= first:
                break
            _sweep("reverse")(*edges, adjoints, block.stop, stop)
            if block.first < first:
                for node in range(block.stop - 1, first - 1, -1):
                    pull_back(block, adjoints, node)
                return adjoints
            pull_back(block, adjoints)
            stop = block.first
        _sweep("reverse")(*edges, adjoints, first, max(first, stop))
        return adjoints

    def forward(self, tangents: Any) -> Any:
        """Tangents of all nodes, from those of the leaves (changed in place)."""
        edges, first = self.arrays(), 0
        for block in self.blocks:
            _sweep("forward")(*edges, tangents, first, block.first)
            push_forward(block, tangents)
            first = block.stop
        _sweep("forward")(*edges, tangents, first, len(self))
        return tangents


def lines_of(code: CodeType) -> dict[int, int]:
    """The line of each instruction."""
    lines: dict[int, int] = {}
    for start, stop, line in code.co_lines():
        lines.update(dict.fromkeys(range(start, stop, 2), line or 0))
    return lines


# ---------------------------------------------------------------------- nodes of arrays
def nodes_from(first: int, values: Any) -> np.ndarray:
    """Consecutive nodes for an array, two per number where it is complex; laid out in memory as the values are, so that
    what is a view of the values is one of the nodes."""
    step = 2 if values.dtype.kind == "c" else 1
    size = math.prod(values.shape)
    nodes = np.arange(first, first + step * size, step, dtype=np.int64).reshape(values.shape)
    if values.ndim < 2 or values.flags.c_contiguous:
        return nodes
    while not isinstance(values, np.ndarray) or type(values) is not np.ndarray:
        values = values.primal
    made = np.empty_like(values, dtype=np.int64)
    made[...] = nodes
    return made


def gathered(part: Part, numbers: Any) -> Any:
    """The numbers of some nodes, of the part's kind; zero where a node is not active."""
    if not part.nodes.ndim:
        return _gathered_one(int(part.nodes), part, numbers)
    if not len(numbers):  # a run that recorded nothing
        return np.zeros(part.nodes.shape, part.dtype)

    def of(nodes: np.ndarray) -> Any:
        found = nodes >= 0
        if found.all():
            return numbers[nodes.reshape(-1)].reshape(nodes.shape)
        flat = np.where(found, nodes, 0).reshape(-1)
        return (numbers[flat] * found.reshape(-1)).reshape(nodes.shape)
    real = of(part.nodes)
    if not part.is_complex:
        return real.astype(part.dtype)
    other = of(np.where(part.nodes >= 0, part.nodes + 1, INACTIVE))
    return (real + 1j * other).astype(part.dtype)


def _gathered_one(node: int, part: Part, numbers: Any) -> Any:
    if node < 0:
        return part.dtype.type(0)
    number = numbers[node] + 1j * numbers[node + 1] if part.is_complex else numbers[node]
    return part.dtype.type(number) if issubclass(type(number), np.generic) else number


def scattered(part: Part, numbers: Any, amounts: Any) -> None:
    """Add amounts to the numbers of some nodes."""
    if not part.nodes.ndim:
        node, amount = int(part.nodes), amounts.reshape(-1)[0] if amounts.__class__ is np.ndarray else amounts
        if node >= 0:
            numbers[node] = numbers[node] + (amount.real if part.is_complex else amount)
        if node >= 0 and part.is_complex:
            numbers[node + 1] = numbers[node + 1] + amount.imag
        return
    found = part.nodes.reshape(-1) >= 0
    nodes = part.nodes.reshape(-1)[found]
    if nodes.size:
        amounts = np.broadcast_to(amounts, part.nodes.shape).reshape(-1)[found]
        np.add.at(numbers, nodes, amounts.real if part.is_complex else amounts)
    if nodes.size and part.is_complex:
        np.add.at(numbers, nodes + 1, amounts.imag)


def pull_back(block: Block, adjoints: Any, only: int = -1) -> None:
    """One structured operation of the reverse sweep; or one node of it alone."""
    if is_zero(adjoints[block.first:block.stop] if only < 0 else adjoints[only:only + 1]):
        return
    given = adjoints
    if only >= 0:
        given = np.zeros(len(adjoints))
        given[only] = adjoints[only]
    bars = block.pull([gathered(part, given) for part in block.results])
    for part, bar in zip(block.operands, bars, strict=True):
        if bar is not None:
            scattered(part, adjoints, bar)


def push_forward(block: Block, tangents: Any) -> None:
    """One structured operation of the forward sweep."""
    dots = block.push([gathered(part, tangents) for part in block.operands])
    for part, dot in zip(block.results, dots, strict=True):
        if dot is not None:
            scattered(part, tangents, dot)


def is_zero(numbers: Any) -> bool:
    """True where all numbers are zero, and not active under an outer recorder."""
    while type(numbers) is not np.ndarray:
        if np.any(numbers.nodes >= 0):
            return False
        numbers = numbers.primal
    return not numbers.any()


@functools.cache
def _sweep(name: str) -> Any:
    """A compiled sweep, imported at the first one: importing Numba takes a third of a second."""
    with signals.postponed():
        module = importlib.import_module("workbench.engines.tape.sweeps")
        sweep = getattr(module, name)
        sweep.compile(module.SIGNATURE)
    return sweep
