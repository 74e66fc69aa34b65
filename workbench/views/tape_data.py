"""What the view of a tape shows, as plain data and arrays: read off the record, never written to it."""

from __future__ import annotations

import inspect
import linecache
import os
from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np

from workbench.engines.tape.active import bottom
from workbench.engines.tape.columns import Columns, columns
from workbench.engines.tape.edges import operand_nodes, rows_of, scalar_edges
from workbench.engines.tape.groups import groups
from workbench.engines.tape.tape import Tape
from workbench.records import dataclass
from workbench.views.highlight import marks_of
from workbench.views.places import cell_files

#: Rows of structured operations are written out as edges where a tape has no more than so many, and numbers in them.
MOST_ROWS, MOST_ENTRIES = 2000, 1_000_000


@dataclass(frozen=True)
class SourceView:
    """A function's source. path: its file; at: how people know it; marks: for each line, (start, stop, class) of what
    is coloured."""

    name: str
    path: str
    at: str
    first: int
    lines: tuple[str, ...]
    marks: tuple[tuple[tuple[int, int, str], ...], ...]


def file_name(path: str) -> str:
    """A file as people know it."""
    return cell_files().get(path) or os.path.basename(path)


def line_text(path: str, line: int) -> str:
    """A line of a program's source, empty where there is none."""
    return linecache.getline(path, line).strip() if line else ""


class TapeData:
    """The arrays of a tape, each made when it is first asked for."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self._columns: Columns | None = None
        self._edges: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    @property
    def columns(self) -> Columns:
        """Operations, values, places."""
        if self._columns is None:
            self._columns = columns(self.tape.recorder)
        return self._columns

    @property
    def is_whole(self) -> bool:
        """True where the rows of structured operations are among the edges."""
        blocks = self.tape.recorder.blocks
        rows = [b.stop - b.first for b in blocks]
        return sum(rows) <= MOST_ROWS and sum(n * sum(part.nodes.size for part in b.operands) for n, b in zip(
            rows, blocks, strict=True)) <= MOST_ENTRIES

    @property
    def edges(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Starts, sources and partials of all nodes; structured operations have none where they are too large."""
        if self._edges is None:
            starts, sources, weights = scalar_edges(self.tape.recorder)
            blocks = self.tape.recorder.blocks
            if blocks and self.is_whole:
                counts, at = np.diff(starts), 0
                parts: list[tuple[np.ndarray, np.ndarray]] = []
                for block in blocks:
                    parts.append((sources[at:starts[block.first]], weights[at:starts[block.first]]))
                    at = int(starts[block.first])
                    for k, row in enumerate(rows_of(block, range(block.first, block.stop)), block.first):
                        counts[k] = len(row[0])
                        parts.append(row)
                parts.append((sources[at:], weights[at:]))
                starts = np.concatenate(([0], np.cumsum(counts)))
                sources, weights = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
            self._edges = starts, sources, weights
        return self._edges

    def adjoints(self) -> np.ndarray:
        """As the tape's sweep has left them."""
        found = self.tape.adjoints
        return np.array([float(bottom(x)) for x in found] if isinstance(found, list) else bottom(found), dtype=float)

    def seeds(self) -> np.ndarray:
        """The adjoints with which the reverse sweep begins."""
        found = self.tape.seeded()
        return np.array([float(bottom(x)) for x in found] if isinstance(found, list) else bottom(found), dtype=float)

    def window(self, first: int, stop: int) -> dict[str, np.ndarray]:
        """Everything about the nodes of a range; `starts` count from the range's first edge."""
        c, (starts, sources, weights) = self.columns, self.edges
        low, high = int(starts[first]), int(starts[stop])
        return {
            "operation": c.operations[first:stop].astype(np.int16), "place": c.place[first:stop].astype(np.int32),
            "value": c.values[first:stop], "adjoint": self.adjoints()[first:stop], "seed": self.seeds()[first:stop],
            "starts": (starts[first:stop + 1] - low).astype(np.int32), "sources": sources[low:high].astype(np.int32),
            "weights": weights[low:high],
        }

    def blocks(self) -> dict[str, np.ndarray]:
        """The structured operations: their nodes, and what they take."""
        found = self.tape.recorder.blocks
        operands = [operand_nodes(block) for block in found]
        return {
            "first": np.array([b.first for b in found], dtype=np.int32),
            "stop": np.array([b.stop for b in found], dtype=np.int32),
            "starts": np.concatenate(([0], np.cumsum([len(nodes) for nodes in operands]))).astype(np.int32),
            "operands": np.concatenate([np.empty(0, np.int64), *operands]).astype(np.int32),
        }

    def groups(self) -> dict[str, Any]:
        """The nodes by call, loop, turn and array."""
        found = groups(self.tape.recorder, self.columns)
        return {"labels": found.labels, **{name: getattr(found, name).astype(np.int32) for name in (
            "first", "stop", "depth", "kind", "label", "number")}}

    def row(self, node: int) -> dict[str, Any]:
        """The inputs of one node and its partials by them."""
        found = self.tape[node]
        return {"inputs": np.array(found.inputs, dtype=np.int32),
                "partials": np.array([bottom(p) for p in found.partials], dtype=float)}

    def adjoints_at(self, position: int) -> np.ndarray:
        """The adjoints where a reverse sweep stands before a node."""
        tape = self.tape
        if tape.recorder.outer is not None:
            raise ValueError("a tape inside another is swept by the other's program")
        found = tape.seeded()
        tape.recorder.reverse(found, position)
        return np.array(found, dtype=float)

    # ------------------------------------------------------------------ the program
    def sources(self) -> list[SourceView]:
        """The functions whose operations are on the tape, each once, with their source."""
        found: dict[tuple[str, int], SourceView] = {}
        c = self.columns
        codes = [c.codes[k] for k in np.unique(c.code[c.place > 0])]
        for code in sorted(codes, key=lambda code: (code.co_filename, code.co_firstlineno)):
            outer = [s for s in found.values() if s.path == code.co_filename
                     and s.first <= code.co_firstlineno < s.first + len(s.lines)]
            if not outer and (made := _source(code)) is not None:
                found[code.co_filename, made.first] = made
        return list(found.values())

    def lines(self) -> list[Mapping[str, Any]]:
        """`by_line`, with the text of each line."""
        return [{**row, "text": line_text(row["file"], row["line"])} for row in self.tape.by_line()]


def _source(code: CodeType) -> SourceView | None:
    lines = linecache.getlines(code.co_filename)
    if code.co_name == "<module>" or not 0 < code.co_firstlineno <= len(lines):
        return None
    try:
        block = inspect.getblock(lines[code.co_firstlineno - 1:])
    except (SyntaxError, IndentationError):
        block = lines[code.co_firstlineno - 1:code.co_firstlineno]
    last = max((line for _, _, line in code.co_lines() if line), default=code.co_firstlineno)
    if code.co_firstlineno + len(block) <= last:
        block = lines[code.co_firstlineno - 1:last]
    text = [line.rstrip("\n") for line in block]
    marks = marks_of(text)
    return SourceView(code.co_name, code.co_filename, file_name(code.co_filename), code.co_firstlineno, tuple(text),
                      tuple(tuple(marks.get(k, ())) for k in range(1, len(text) + 1)))
