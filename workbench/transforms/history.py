"""Loads whose element is never overwritten afterwards: the final version of the array still holds it.

The history array `x[t+1] = f(x[t])` is the common case: nothing is kept for it. From the loaded version on, every later
update of the chain, in this iteration and in later ones, must provably miss the element.

Invariant: indices are compared as integer polynomials (`ir.dims`); what cannot be proved is taken to hit.
"""

from __future__ import annotations

from workbench.ir import Block, Op, Polynomial, Value, consumed_operands, normal_form, walk
from workbench.ir.ops import CONSUMING
from workbench.records import dataclass
from workbench.transforms.structure import Loop, Structure


@dataclass(frozen=True, slots=True)
class _Use:
    """A consuming use of an array version: by an operation, as initial value `position` of a loop (`op`), or as yield
    `position` of a block of `op`; a call may do anything to it."""

    op: Op
    kind: str  # "update" | "call" | "init" | "yield"
    position: int = 0


class HistoryReads:
    """Finds for a load the array version at the function's top that still holds its element."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self._uses: dict[Value, list[_Use]] = {}
        self._found: dict[Value, Value | None] = {}
        self._updates: dict[Value, list[Op] | None] = {}
        self._forms: dict[Value, Polynomial] = {}
        self._origins: dict[Value, Value] = {}
        for op in walk(structure.function.block):
            self._note(op)

    def _note(self, op: Op) -> None:
        if op.prim in CONSUMING:
            self._use(op.operands[0], _Use(op, "update"))
        elif op.prim == "call":
            for value in consumed_operands(op):
                self._use(value, _Use(op, "call"))
        for position, value in enumerate(op.operands[2:] if op.prim == "for" else op.operands):
            if op.prim in ("for", "while"):
                self._use(value, _Use(op, "init", position))
        for block in op.regions:
            skip = 1 if op.prim == "while" and block is op.regions[0] else 0
            for position, value in enumerate(block.yields[skip:]):
                self._use(value, _Use(op, "yield", position))

    def _use(self, value: Value, use: _Use) -> None:
        if value.is_array:
            self._uses.setdefault(value, []).append(use)

    # ------------------------------------------------------------------ the question
    def find(self, value: Value) -> Value | None:
        """The final version that holds the loaded element, for the result of a `load` from a version that is
        overwritten; None where there is none, or the value is no such load."""
        if value not in self._found:
            op = self.structure.definitions.get(value)
            final = None
            if op is not None and op.prim == "load" and op.operands[0] in self.structure.consumed:
                final = self._follow(op.operands[0], op)
            self._found[value] = final
        return self._found[value]

    def _follow(self, version: Value, load: Op) -> Value | None:
        """The final version that a version leads to on all ways, all updates on them missing the loaded element: one of
        the open region of the load, and there when its adjoint runs."""
        finals: set[Value] = set()
        pending, seen = [version], {version}
        while pending:
            reached = pending.pop()
            uses = self._uses.get(reached, [])
            if not uses:
                finals.add(reached)
            for use in uses:
                following = self._next(use, load)
                if following is None:
                    return None
                if following not in seen:
                    seen.add(following)
                    pending.append(following)
        if len(finals) != 1:
            return None
        (final,) = finals
        home, reader = self.structure.home[final], self.structure.home[load.results[0]]
        is_there = home in reader.chain and reader.around in home.chain  # (when the adjoint of an open region runs)
        return final if is_there else None

    def _next(self, use: _Use, load: Op) -> Value | None:
        op = use.op
        if use.kind == "update":
            return op.result if self._misses(op, load, None) else None
        if use.kind == "call":
            return None
        if op.prim == "if":
            return op.results[use.position] if self._same_buffer(op, use.position) else None
        if op.prim == "while":
            return None
        updates = self._chain(op.regions[0], use.position)
        if updates is None:
            return None
        later = self.structure.loops[op] if use.kind == "yield" else None
        return op.results[use.position] if all(self._misses(u, load, later) for u in updates) else None

    def _chain(self, body: Block, position: int) -> list[Op] | None:
        """All updates in a loop body of the chain that it carries at a position; None where the chain changes place,
        is carried by a `while`, or is updated otherwise than by single elements."""
        param = body.params[1 + position]
        if param not in self._updates:
            self._updates[param] = self._walk(body, param, position)
        return self._updates[param]

    def _walk(self, body: Block, param: Value, position: int) -> list[Op] | None:
        updates: list[Op] = []
        pending, seen, closed = [param], {param}, False
        while pending:
            for use in self._uses.get(pending.pop(), []):
                op = use.op
                if use.kind == "update":
                    updates.append(op)
                    following = op.result
                elif use.kind == "call" or op.prim == "while" or (
                        op.prim == "if" and not self._same_buffer(op, use.position)):
                    return None
                elif use.kind == "yield" and op.regions[0] is body:
                    if use.position != position:
                        return None
                    closed = True
                    continue
                else:
                    if use.kind == "init":
                        inner = self._chain(op.regions[0], use.position)
                        if inner is None:
                            return None
                        updates += inner
                    following = op.results[use.position]
                if following not in seen:
                    seen.add(following)
                    pending.append(following)
        return updates if closed else None

    def _same_buffer(self, op: Op, position: int) -> bool:
        """True where all arms of a conditional yield versions of one buffer."""
        return len({self._origin(region.yields[position]) for region in op.regions}) == 1

    def _origin(self, version: Value) -> Value:
        """The first version of a buffer that a version can be traced back to."""
        if not self._origins:  # in program order: each is found from those before it, however long the program
            self._origins = {version: version}
            for made in self.structure.definitions:
                if made.is_array:
                    self._origins[made] = self._traced_back(made)
        return self._origins.get(version, version)

    def _traced_back(self, version: Value) -> Value:
        op = self.structure.definitions[version]
        if op.prim in CONSUMING:
            return self._origin(op.operands[0])
        if op.prim == "if":
            position = op.results.index(version)
            return self._origin(op.regions[0].yields[position]) if self._same_buffer(op, position) else version
        if op.prim == "for":
            position = op.results.index(version)
            closed = self._chain(op.regions[0], position) is not None
            return self._origin(op.operands[2 + position]) if closed else version
        return version

    # ------------------------------------------------------------------ indices
    def _misses(self, update: Op, load: Op, later: Loop | None) -> bool:
        """True where an update never writes the loaded element: in the same iteration as the load, or in every later
        iteration of the loop `later`."""
        if update.prim not in ("store", "accum"):
            return False
        pairs = zip(update.operands[2:], load.operands[1:], strict=True)
        return any(self._apart(a, b, later) for a, b in pairs)

    def _apart(self, written: Value, read: Value, later: Loop | None) -> bool:
        a, b = self._form(written), self._form(read)
        gap = (a - b).constant
        if gap is None:
            return False
        if later is None:
            return gap != 0
        stride = self._stride(a, later)
        if stride is None:
            return False
        stride *= int(later.op.attrs["step"])
        return gap != 0 if stride == 0 else gap > -stride if stride > 0 else gap < -stride

    def _form(self, index: Value) -> Polynomial:
        if index not in self._forms:
            self._forms[index] = normal_form(index, self.structure.definitions.get)
        return self._forms[index]

    def _stride(self, index: Polynomial, loop: Loop) -> int | None:
        """By how much an index moves per iteration of a loop, where everything else in it stays the same."""
        counter = loop.body.params[0]
        stride = 0
        for monomial, coefficient in index.terms.items():
            for atom, power in monomial:
                if atom is counter:
                    if power != 1 or len(monomial) != 1:
                        return None
                    stride = coefficient
                elif not isinstance(atom, Value) or self._varies(atom, loop):
                    return None
        return stride

    def _varies(self, atom: Value, loop: Loop) -> bool:
        return any(region.loop is loop for region in self.structure.home[atom].chain)
