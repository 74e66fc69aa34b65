"""The nodes of a tape by function call, by loop and turn, by whole array: groups of neighbours, nested.

Calls are recorded. Turns are not (that would cost time at every turn): a new one is seen where the instruction of a
node stands before that of the node made before it, in a loop that both are in. So a turn that records nothing is not
counted, and neighbouring turns of an outer loop that records nothing by itself count as turns of the inner one.
A generator is left at every value that it yields, which is why it is a group of its own each time and has no turns.

Invariant: every group is a range of at least two nodes; two groups are nested or apart.
"""

from __future__ import annotations

import dis
import inspect
from types import CodeType
from typing import Any

import numpy as np

from workbench.engines.tape.columns import Columns, columns
from workbench.engines.tape.loops import Loop, around, loops_in
from workbench.engines.tape.recorder import INPUT, NAMES, Recorder, lines_of
from workbench.engines.tape.refusal import INNER
from workbench.records import dataclass

CALL, LOOP, TURN, ARRAY = 0, 1, 2, 3
_SUMS = frozenset({"add", "mul"})  # what `sum` and `prod` do many times in one instruction
_SINGLE = frozenset(dis.opmap[name] for name in ("BINARY_OP", "UNARY_NEGATIVE"))  # one operation of numbers each
_MOST_INPUTS = 8  # more that are no array, one after the other, are a group
_RESUMED = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


@dataclass(frozen=True, eq=False)
class Groups:
    """Outer groups before those in them. first, stop: their nodes; depth: how many they are in; kind: CALL, LOOP, TURN
    or ARRAY; label: an index into labels (a function's name, a loop's text, an operation); number: which turn it is,
    counted from one, zero for other kinds."""

    labels: list[str]
    first: np.ndarray
    stop: np.ndarray
    depth: np.ndarray
    kind: np.ndarray
    label: np.ndarray
    number: np.ndarray


@dataclass(eq=False, slots=True)
class _Site:
    """An instruction that makes nodes: the code it is in, its loops; several: it may make one node after the other."""

    code: int
    offset: int
    line: int
    loops: tuple[Loop, ...]
    several: bool


class _Frame:
    """A function that is being gone through. loops: those that are open, each with its group and that of its turn."""

    __slots__ = ("code", "group", "last", "loops")

    def __init__(self, code: int, group: int) -> None:
        self.code, self.group = code, group
        self.last: _Site | None = None
        self.loops: list[tuple[Loop, int, int]] = []


class _Sites:
    """What is known of the instructions of a run."""

    def __init__(self, recorder: Recorder, at: Columns) -> None:
        self.entered = {key: getattr(made, "__code__", None) for key, (_, made) in (
            recorder.run.entered if recorder.run is not None else {}).items()}
        self.codes = list(at.codes)  # those of nodes, and of functions that only call others
        self.indices = {id(code): k for k, code in enumerate(self.codes)}
        for code in self.entered.values():
            if code is not None:
                self._add(code)
        self.loops: dict[str, list[Loop]] = {}
        self.known: dict[tuple[int, int], _Site] = {}

    def _add(self, code: CodeType) -> None:
        if id(code) not in self.indices:
            self.indices[id(code)] = len(self.codes)
            self.codes.append(code)
        for inner in code.co_consts:
            if isinstance(inner, CodeType):
                self._add(inner)

    def at(self, code: int, offset: int) -> _Site:
        """An instruction."""
        found = self.known.get((code, offset))
        if found is None:
            made_in = self.codes[code]
            name, line = made_in.co_filename, lines_of(made_in).get(offset, 0)
            if name not in self.loops:
                self.loops[name] = loops_in(name)
            loops = () if made_in.co_flags & _RESUMED else around(self.loops[name], made_in, line)
            found = _Site(code, offset, line, loops, made_in.co_code[offset] not in _SINGLE)
            self.known[code, offset] = found
        return found

    def calls(self, recorder: Recorder) -> list[tuple[int, int, int, int, int, str]]:
        """Calls of the program's functions, outer ones first: first and last node, code, where from (code or -1,
        instruction), name."""
        order = sorted(range(len(recorder.calls)), key=lambda k: (
            recorder.calls[k][0], -recorder.calls[k][1], -k))  # (what ends later is noted later)
        made = []
        for k in order:
            first, stop, callee, caller, offset = recorder.calls[k]
            code = self.entered[id(callee)]
            if code is not None and not code.co_filename.startswith(INNER):
                made.append((first, stop, self.indices[id(code)], self.indices.get(id(caller), -1), offset,
                             callee.__name__))
        return made


class _Builder:
    """Goes through the nodes once."""

    def __init__(self, recorder: Recorder, at: Columns) -> None:
        self.names = at.names
        self.sites = _Sites(recorder, at)
        self.rows: list[list[int]] = []  # first, stop, depth, kind, label, number
        self.only: set[int] = set()  # turns that are their loop's only one
        self.labels: dict[str, int] = {}
        self.depth = 0
        self.frames = [_Frame(-1, -1)]
        self.recorded = [0]  # which of the frames are recorded calls
        self.operation = -1

    # ------------------------------------------------------------------ groups
    def begin(self, first: int, kind: int, label: str, number: int = 0) -> int:
        self.rows.append([first, -1, self.depth, kind, self.labels.setdefault(label, len(self.labels)), number])
        self.depth += 1
        return len(self.rows) - 1

    def end(self, group: int, stop: int) -> None:
        if group >= 0:
            self.rows[group][1] = stop
            self.depth -= 1

    def close_loops(self, frame: _Frame, keep: int, stop: int) -> None:
        while len(frame.loops) > keep:
            _, group, turn = frame.loops.pop()
            if self.rows[turn][5] == 1:
                self.only.add(turn)
            self.end(turn, stop)
            self.end(group, stop)

    def leave(self, down_to: int, stop: int) -> None:
        """Frames beyond so many are left."""
        while len(self.frames) > down_to:
            frame = self.frames.pop()
            self.close_loops(frame, 0, stop)
            self.end(frame.group, stop)

    # ------------------------------------------------------------------ the walk
    def place(self, node: int, site: _Site, operation: int) -> None:
        """An operation or a call: open and close what it shows to have begun and ended."""
        frame = self.frames[-1]
        if frame.code != site.code:
            frame = self.frame_of(node, site)
        last, frame.last = frame.last, site
        if not site.loops and not frame.loops:
            return
        common = 0
        for (loop, _, _), mine in zip(frame.loops, site.loops, strict=False):
            if loop is not mine and loop != mine:
                break
            common += 1
        self.close_loops(frame, common, node)
        if common and last is not None and self.again(last, site, frame.loops[-1][0], operation):
            loop, group, turn = frame.loops[-1]
            self.end(turn, node)
            frame.loops[-1] = loop, group, self.begin(node, TURN, loop.text, self.rows[turn][5] + 1)
        for loop in site.loops[common:]:
            group = self.begin(node, LOOP, loop.text)
            frame.loops.append((loop, group, self.begin(node, TURN, loop.text, 1)))

    def again(self, last: _Site, site: _Site, loop: Loop, operation: int) -> bool:
        """True where a new turn has begun between two instructions of the loop."""
        if site is last:
            return operation < 0 or not site.several or (
                operation == self.operation and self.names[operation] not in _SUMS)
        if site.line == last.line:
            return site.offset < last.offset
        return site.line < last.line and (site.offset < last.offset or (loop.tested and site.line == loop.line))

    def frame_of(self, node: int, site: _Site) -> _Frame:
        """The frame of an instruction that no recorded call has just led to: one further out that Python has gone back
        to, else a new one (of a comprehension, or of a method that Python calls by itself)."""
        low = self.recorded[-1]
        for k in range(len(self.frames) - 1, low - 1, -1):
            if self.frames[k].code in (site.code, -1):
                self.leave(k + 1, node)
                self.frames[k].code = site.code
                return self.frames[k]
        code = self.sites.codes[site.code]
        self.frames.append(_Frame(site.code, self.begin(node, CALL, code.co_name)))
        return self.frames[-1]

    def run(self, recorder: Recorder, at: Columns) -> None:
        """All nodes."""
        batches = np.array(recorder.batches, dtype=np.int64).reshape(-1, 2)
        after = dict(batches[np.argsort(batches[:, 0], kind="stable")].tolist())
        calls = self.sites.calls(recorder)
        stops = [len(at.values) + 1]
        starts = [c[0] for c in calls] + stops
        operations, code, instructions = at.operations.tolist(), at.code.tolist(), at.instructions.tolist()
        inputs = self.names.index(NAMES[INPUT]) if NAMES[INPUT] in self.names else -1
        place, known = self.place, self.sites.known
        call, node, count = 0, 0, len(at.values)
        while node < count:
            while stops[-1] <= node:
                stops.pop()
                self.leave(self.recorded.pop(), node)
            while starts[call] <= node:
                self.enter(calls[call])
                stops.append(calls[call][1])
                call += 1
            operation = operations[node]
            if operation != inputs:
                site = known.get((code[node], instructions[node]))
                place(node, site or self.sites.at(code[node], instructions[node]), operation)
                self.operation = operation
            size = after.get(node, 1)
            if operation == inputs and size == 1:
                while node + size < count and operations[node + size] == inputs and node + size not in after:
                    size += 1
                size = size if size > _MOST_INPUTS else 1
            if size > 2:
                self.end(self.begin(node, ARRAY, self.names[operation]), node + size)
            node += size
        self.leave(0, count)

    def enter(self, call: tuple[int, int, int, int, int, str]) -> None:
        """A recorded call begins."""
        first, _, code, caller, offset, name = call
        if caller >= 0 and len(self.recorded) > 1:
            self.place(first, self.sites.at(caller, offset), -1)
        self.recorded.append(len(self.frames))
        self.frames.append(_Frame(code, self.begin(first, CALL, name)))


def groups(recorder: Recorder, at: Columns | None = None) -> Groups:
    """The groups of a tape; at: its columns, where they are known."""
    found = columns(recorder) if at is None else at
    builder = _Builder(recorder, found)
    builder.run(recorder, found)
    kept: list[Any] = []
    around_it: list[int] = []  # depths of the groups that a row is in, of those that are kept
    for k, row in enumerate(builder.rows):
        while around_it and around_it[-1] >= row[2]:
            around_it.pop()
        if row[1] - row[0] > 1 and k not in builder.only:
            kept.append((row[0], row[1], len(around_it), *row[3:]))
            around_it.append(row[2])
    data = np.array(kept, dtype=np.int64).reshape(-1, 6)
    return Groups(list(builder.labels), *(data[:, k] for k in range(6)))
