"""When a compiled program gives arrays back: where Numba deletes the variables of an emitted function.

Numba counts references. A variable's is given up behind the last statement of a basic block that names it, where no
block behind needs it; where the block's successors differ in that, where those begin that do not. A variable that is
bound again in the same block keeps its array until then; but where every path from the beginning comes by, outside of
loops, a name that is bound again is another variable (here too: `x.1` behind `x`).

What an array's variable is deleted behind is done with it (`borrowing`): nothing is given up later than here.

The function is read as its text. Its blocks are those of the bytecode, as far as that matters: a conditional expression
begins one, too.

Source: `numba.core.analysis.compute_live_map`, `compute_dead_maps`; `numba.core.postproc`; of names,
`numba.core.interpreter.Interpreter.store`, `numba.core.controlflow`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from workbench.frontend.syntax import every_node
from workbench.records import dataclass


@dataclass(slots=True, eq=False)
class Step:
    """A statement without those inside of it. reads, binds: the variables of arrays that it names; `released`: those
    that are deleted behind it."""

    node: ast.stmt
    line: int
    names: list[ast.Name]
    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    released: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Entry:
    """Where a basic block begins, and the variables that are deleted there."""

    steps: list[Step] = field(default_factory=list)
    behind: list[Entry] = field(default_factory=list)
    released: set[str] = field(default_factory=set)
    live: set[str] = field(default_factory=set)

    def binds(self) -> set[str]:
        """The variables that its steps bind."""
        return {name for step in self.steps for name in step.binds}

    def needs(self) -> set[str]:
        """The variables that are read before they are bound."""
        needed: set[str] = set()
        bound: set[str] = set()
        for step in self.steps:
            needed |= step.reads - bound
            bound |= step.binds
        return needed


@dataclass(slots=True, eq=False)
class Branch:
    """`if`: the test, and what is done where it holds and where it does not."""

    step: Step
    then: list[Part]
    orelse: list[Part]


@dataclass(slots=True, eq=False)
class Loop:
    """`for` or `while`: each turn begins with `head` (the test of a `while` is its only step) and goes on with `body`;
    `orelse` is done where it ends without a `break`."""

    node: ast.For | ast.While
    line: int
    head: list[Part]
    body: list[Part]
    orelse: list[Part]

    @property
    def is_endless(self) -> bool:
        """Whether it is left by `break` alone."""
        return isinstance(self.node, ast.While) and isinstance(self.node.test, ast.Constant)


@dataclass(slots=True, eq=False)
class Leave:
    """`break`, `continue`, `return` or `raise`; the step of the latter two."""

    kind: str
    step: Step | None = None


Part = Step | Entry | Branch | Loop | Leave


def released(definition: ast.FunctionDef, arrays: Iterable[str]) -> list[Part]:
    """The parts of a function in order, with the variables of arrays that are deleted at each.

    Names of the definition are changed to those of variables."""
    reader = _Reader(frozenset(arrays))
    start = reader.entry()
    parts: list[Part] = [start]
    reader.block(definition.body, start, parts)
    _rename(reader, {arg.arg for arg in definition.args.args})
    _flow(reader.entries)
    for entry in reader.entries:
        _release(entry)
    return parts


_CHOOSING = (ast.IfExp, ast.BoolOp)
_BRANCHING = (ast.Call, ast.Subscript, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


class _Reader:
    """Reads statements into parts and basic blocks."""

    def __init__(self, arrays: frozenset[str]) -> None:
        self.arrays = arrays
        self.entries: list[Entry] = []
        self.steps: list[tuple[Step, Entry]] = []  # in the order of the text, with their blocks
        self.heads: list[Entry] = []  # of loops
        self.around: list[tuple[Entry, Entry]] = []  # per open loop: where `continue` and `break` go

    def entry(self, *before: Entry | None) -> Entry:
        """A new basic block, behind others."""
        made = Entry()
        self.entries.append(made)
        for other in before:
            if other is not None:
                other.behind.append(made)
        return made

    def step(self, statement: ast.stmt, nodes: Iterable[ast.AST], entry: Entry) -> Step:
        """A statement's step, at the end of a block; all nodes of it that are looked at."""
        found = [node for node in nodes if isinstance(node, ast.Name) and node.id in self.arrays]
        made = Step(statement, statement.lineno, found)
        entry.steps.append(made)
        self.steps.append((made, entry))
        return made

    def block(self, body: list[ast.stmt], entry: Entry | None, parts: list[Part]) -> Entry | None:
        """Statements behind the beginning of a block; the block that they end in, None where they leave."""
        for statement in body:
            if entry is None:
                return None
            read = _READERS.get(type(statement), _Reader.plain)
            entry = read(self, statement, entry, parts)
        return entry

    def plain(self, statement: ast.stmt, entry: Entry, parts: list[Part]) -> Entry | None:
        """A statement without others inside."""
        nodes = every_node(statement)
        if any(isinstance(node, _CHOOSING) and not _is_simple(node) for node in nodes):
            entry = self.entry(entry)
            parts.append(entry)
        parts.append(self.step(statement, nodes, entry))
        return entry

    def if_(self, statement: ast.If, entry: Entry, parts: list[Part]) -> Entry | None:
        """A branch."""
        step = self.step(statement, every_node(statement.test), entry)
        arms: list[list[Part]] = []
        ends: list[Entry | None] = []
        for body in (statement.body, statement.orelse):
            arm: list[Part] = []
            end: Entry | None = entry
            if body:
                start = self.entry(entry)
                arm.append(start)
                end = self.block(body, start, arm)
            arms.append(arm)
            ends.append(end)
        parts.append(Branch(step, *arms))
        return self._behind(ends, parts)

    def _behind(self, ends: list[Entry | None], parts: list[Part]) -> Entry | None:
        if all(end is None for end in ends):
            return None
        after = self.entry(*ends)
        parts.append(after)
        return after

    def loop(self, statement: ast.For | ast.While, entry: Entry, parts: list[Part]) -> Entry | None:
        """A loop."""
        if isinstance(statement, ast.For):
            parts.append(self.step(statement, every_node(statement.iter), entry))
        head, after = self.entry(entry), Entry()
        self.heads.append(head)
        first: list[Part] = [head]
        if isinstance(statement, ast.While):
            first.append(self.step(statement, every_node(statement.test), head))
        start = self.entry(head)
        body: list[Part] = [start]
        self.around.append((head, after))
        end = self.block(statement.body, start, body)
        self.around.pop()
        if end is not None:
            end.behind.append(head)
        orelse: list[Part] = []
        made = Loop(statement, statement.lineno, first, body, orelse)
        if not made.is_endless:
            last: Entry | None = head
            if statement.orelse:
                begun = self.entry(head)
                orelse.append(begun)
                last = self.block(statement.orelse, begun, orelse)
            if last is not None:
                last.behind.append(after)
        self.entries.append(after)
        parts += [made, after]
        return after

    def leave(self, statement: ast.stmt, entry: Entry, parts: list[Part]) -> Entry | None:
        """`return`, `raise`, `break` or `continue`."""
        if isinstance(statement, ast.Return | ast.Raise):
            kind = "return" if isinstance(statement, ast.Return) else "raise"
            parts.append(Leave(kind, self.step(statement, every_node(statement), entry)))
            return None
        back, on = self.around[-1]
        entry.behind.append(on if isinstance(statement, ast.Break) else back)
        parts.append(Leave("break" if isinstance(statement, ast.Break) else "continue"))
        return None


_READERS: dict[type[ast.stmt], Callable[..., Entry | None]] = {
    ast.If: _Reader.if_, ast.For: _Reader.loop, ast.While: _Reader.loop,
    ast.Return: _Reader.leave, ast.Raise: _Reader.leave, ast.Break: _Reader.leave, ast.Continue: _Reader.leave}


def _is_simple(node: ast.AST) -> bool:
    """Whether LLVM evaluates all arms, without a branch."""
    return not any(isinstance(part, _BRANCHING) for part in every_node(node))


def _rename(reader: _Reader, params: set[str]) -> None:
    """Give names that are bound again the names of other variables, where they are."""
    always = _on_all_paths(reader.entries) - _in_loops(reader)
    bound, versions = set(params), dict[str, int]()
    for step, entry in reader.steps:
        reads = [name for name in step.names if isinstance(name.ctx, ast.Load)]
        binds = [name for name in step.names if isinstance(name.ctx, ast.Store)]
        for name in reads:
            name.id = _version(name.id, versions)
        for name in binds:
            if id(entry) in always and name.id in bound:
                versions[name.id] = versions.get(name.id, 0) + 1
            bound.add(name.id)
            name.id = _version(name.id, versions)
        step.reads, step.binds = frozenset(n.id for n in reads), frozenset(n.id for n in binds)


def _version(name: str, versions: dict[str, int]) -> str:
    return f"{name}.{versions[name]}" if name in versions else name


def _on_all_paths(entries: list[Entry]) -> set[int]:
    """The blocks without which no end is reached from the beginning."""
    path = _path_to_an_end(entries[0])
    if not path:
        return {id(entry) for entry in entries}
    place = {id(entry): k for k, entry in enumerate(path)}
    found: set[int] = set()
    seen: set[int] = set()
    farthest = 0  # along the path, what is reached by going around
    for k, entry in enumerate(path):
        if k >= farthest:
            found.add(id(entry))
        ahead = list(entry.behind)
        while ahead:
            other = ahead.pop()
            if id(other) in place:
                farthest = max(farthest, place[id(other)])
            elif id(other) not in seen:
                seen.add(id(other))
                farthest = max(farthest, 0 if other.behind else len(path))
                ahead += other.behind
    return found


def _path_to_an_end(start: Entry) -> list[Entry]:
    """The blocks on some path from the beginning to an end; none where there is no end."""
    before: dict[int, Entry | None] = {id(start): None}
    ahead = [start]
    while ahead:
        entry = ahead.pop()
        if not entry.behind:
            path = [entry]
            while (last := before[id(path[-1])]) is not None:
                path.append(last)
            return path[::-1]
        for other in entry.behind:
            if id(other) not in before:
                before[id(other)] = entry
                ahead.append(other)
    return []


def _in_loops(reader: _Reader) -> set[int]:
    """The blocks from which a turn of a loop around them can end."""
    before: dict[int, list[Entry]] = {}
    for entry in reader.entries:
        for other in entry.behind:
            before.setdefault(id(other), []).append(entry)
    place = {id(entry): k for k, entry in enumerate(reader.entries)}
    found: set[int] = set()
    for head in reader.heads:
        body = {id(head)}
        ahead = [entry for entry in before.get(id(head), []) if place[id(entry)] > place[id(head)]]
        while ahead:
            entry = ahead.pop()
            if id(entry) not in body:
                body.add(id(entry))
                ahead += before.get(id(entry), [])
        found |= body
    return found


def _flow(entries: list[Entry]) -> None:
    """Which variables are needed where each block begins."""
    binds = {id(entry): entry.binds() for entry in entries}
    for entry in entries:
        entry.live = entry.needs()
    changed = True
    while changed:
        changed = False
        for entry in reversed(entries):
            size = len(entry.live)
            for other in entry.behind:
                entry.live |= other.live - binds[id(entry)]
            changed = changed or len(entry.live) > size


def _release(entry: Entry) -> None:
    """Note where what a block holds is deleted."""
    here = entry.live | entry.binds()
    needed = {name for other in entry.behind for name in other.live}
    if entry.steps and isinstance(entry.steps[-1].node, ast.Return):
        needed |= entry.steps[-1].reads
    ending = here - needed
    for other in entry.behind:
        other.released |= (here - ending) - (other.live | other.binds())
    for step in reversed(entry.steps):
        step.released = ending & (step.reads | step.binds)
        ending -= step.released


def steps_of(parts: Iterable[Part]) -> Iterator[Step]:
    """All steps among parts."""
    for part in parts:
        if isinstance(part, Step):
            yield part
        elif isinstance(part, Branch):
            yield part.step
            yield from steps_of([*part.then, *part.orelse])
        elif isinstance(part, Loop):
            yield from steps_of([*part.head, *part.body, *part.orelse])
        elif isinstance(part, Leave) and part.step is not None:
            yield part.step
