"""How large everything is that a program makes, how often its loops turn, which way its branches go: what the course of
its memory is read off, as formulas.

It is the counter's walk (`counting`), which counts nothing here. A size inside loops is a formula in their indices.
Where data decide it, the elements of the largest array that the operation makes are a parameter, `elements(line 7)`; so
are those that a growable list has room for in the end beyond its first 64, `beyond(line 7)`, and those that it takes
for a moment while it grows beside that room, `growing(line 7)`.

Invariant: no size is a mean: memory asks for what is largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any

from workbench.cost.counting import INDEX, OPEN, Counter, Env, Parameter
from workbench.cost.formula import ROOM, Formula, Symbol, floordiv, maximum, minimum, of
from workbench.cost.work import Work
from workbench.engines.numba.folding import is_growable
from workbench.interpret import Values
from workbench.ir import Function, Kind, Op, Value, callees, walk
from workbench.ir.ops import CONSUMING
from workbench.records import dataclass
from workbench.rules import Growable, get


@dataclass(slots=True)
class Known:
    """What is known of one function in one call.

    sizes: the bytes of each result (0 of a number); workspace: what an operation holds beside them while it runs;
    lists: the bytes that a list has in the end, and the most while it grows; turns: each loop's index and turns;
    shares: of each branch how often its first arm is taken; calls: what is known of the functions that are called."""

    sizes: dict[Op, tuple[Formula, ...]] = field(default_factory=dict)
    workspace: dict[Op, Formula] = field(default_factory=dict)
    lists: dict[Op, tuple[Formula, Formula]] = field(default_factory=dict)
    turns: dict[Op, tuple[Symbol, Formula]] = field(default_factory=dict)
    shares: dict[Op, Formula] = field(default_factory=dict)
    calls: dict[Op, Known] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Extent:
    """An array that a rule of workspace is asked about: its lengths as formulas, and an element's bytes."""

    dims: tuple[Formula, ...]
    itemsize: int
    larger: Any = maximum
    smaller: Any = minimum
    quotient: Any = floordiv


class Sizes(Counter):
    """Walks a program; see the module's text."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.known = Known()

    def op(self, op: Op, env: Env, work: Work) -> None:
        """Note what an operation makes."""
        if op.prim in ("for", "while", "if", "call"):
            super().op(op, env, work)
            return
        if not self.dry:
            self._note(op, env)
        for value in op.results:
            if not value.is_array and value.kind in (Kind.INT, Kind.BOOL):
                env[value] = self._result(op, value, env)

    def _note(self, op: Op, env: Env) -> None:
        if op.prim in CONSUMING:
            return
        arrays = [v for v in op.results if v.is_array]
        if arrays:
            self.known.sizes[op] = tuple(self._bytes(v, op, env) if v.is_array else of(0) for v in op.results)
        if op.prim == "list":
            room = self.parameter("beyond", op) + ROOM
            most = room + self.parameter("growing", op)
            self.known.lists[op] = (room * _itemsize(arrays[0]), most * _itemsize(arrays[0]))
        rule = None if op.prim in _WITHOUT_RULE else get(op.prim).workspace
        if rule is not None:
            self.known.workspace[op] = of(rule(*(self._extent(v, op, env) for v in op.operands)))

    def _bytes(self, value: Value, op: Op, env: Env) -> Formula:
        if op.prim == "list":
            return of(ROOM * _itemsize(value))
        total = of(_itemsize(value))
        for dim in value.dims:
            length = self.value(dim, env)
            if length is None or self._varies(length):
                return self.parameter("elements", op) * _itemsize(value)
            total = total * length
        return total

    def _extent(self, value: Value, op: Op, env: Env) -> Extent:
        dims = []
        for dim in value.dims:
            length = self.value(dim, env)
            dims.append(self.parameter("elements", op) if length is None or self._varies(length) else length)
        return Extent(tuple(dims), _itemsize(value))

    def _varies(self, formula: Formula) -> bool:
        """Whether a number depends on a carried integer that is not known. (What depends on a loop is largest in one of
        its turns, whatever is around it.)"""
        return any(s.name.startswith(OPEN) for s in formula.symbols)

    # ------------------------------------------------------------------ control flow
    def _for(self, op: Op, env: Env, work: Work) -> None:
        lo, hi = (self.value(v, env) for v in op.operands[:2])
        turns = None if lo is None or hi is None else (
            self._extremum("maximum", (hi - lo) * op.attrs["step"], of(0), env))
        if turns is None or self._varies(turns):
            turns = self.parameter("trips", op)
        self.known.turns[op] = (Symbol(f"{INDEX}{len(self.indices)}"), turns)
        super()._for(op, env, work)

    def _while(self, op: Op, env: Env, work: Work) -> None:
        self.known.turns[op] = (Symbol(f"{INDEX}none"), self.parameter("trips", op))
        super()._while(op, env, work)

    def _if(self, op: Op, env: Env, work: Work) -> None:
        condition = self.value(op.operands[0], env)
        self.known.shares[op] = self.parameter("taken", op) if condition is None or self._varies(condition) else (
            condition)
        super()._if(op, env, work)

    def _call(self, op: Op, env: Env, work: Work) -> None:
        outer, self.known = self.known, Known()
        outer.calls[op] = self.known
        super()._call(op, env, work)
        self.known = outer

    def parameters_of(self, formulas: Sequence[Formula]) -> list[Parameter]:
        """What only a run can know, as far as formulas depend on it."""
        symbols = {s for formula in formulas for s in formula.symbols}
        return [parameter for named, parameter in self.parameters.items() if named in symbols]


_WITHOUT_RULE = frozenset({"load", "store"})


def _itemsize(value: Value) -> int:
    return value.kind.dtype.itemsize


# ---------------------------------------------------------------------- what a run knows
class WatchingSizes(Values):
    """A run that notes the largest arrays and lists."""

    def __init__(self, function: Function) -> None:
        self.beside = _together(function)
        self.latest: dict[Op, Growable] = {}  # that each of these stored into
        self.elements: dict[Op, int] = {}
        self.rooms: dict[Op, tuple[int, int]] = {}  # in the end, at most
        self._lists: dict[int, tuple[Op, Growable, int]] = {}  # with their room

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """Note what is made, and lists that grow."""
        if op.prim in ("store", "accum") and isinstance(operands[0], Growable):
            self.latest[op] = operands[0]
            for other in self.beside.get(op, (op,)):
                if other in self.latest:
                    self._grow(self.latest[other], int(operands[2]))
        results = super().apply(op, operands)
        for result in results:
            if op.prim == "list":
                self._lists[id(result)] = (op, result, ROOM)
                self._note(op, ROOM, ROOM)
            elif op.prim == "copy" and isinstance(result, Growable):
                made, _, room = self._lists[id(operands[0])]
                self._lists[id(result)] = made, result, room
            elif hasattr(result, "size"):
                self.elements[op] = max(self.elements.get(op, 0), int(result.size))
        return results

    def _grow(self, held: Growable, k: int) -> None:
        op, _, room = self._lists[id(held)]
        if k >= room:
            longer = room + k + 1
            self._note(op, longer, longer + (ROOM if room == ROOM else 0))  # (the first room is copied)
            self._lists[id(held)] = (op, held, longer)

    def _note(self, op: Op, room: int, most: int) -> None:
        before = self.rooms.get(op, (0, 0))
        self.rooms[op] = (max(before[0], room), max(before[1], most))

    def value(self, parameter: Parameter) -> int:
        """What a parameter of the kinds in `LARGEST` is."""
        if parameter.kind == "elements":
            return self.elements.get(parameter.op, 0)
        room, most = self.rooms.get(parameter.op, (ROOM, ROOM))
        return room - ROOM if parameter.kind == "beyond" else most - room


def _together(function: Function) -> dict[Op, list[Op]]:
    """The stores into lists for which a `while` makes room at once: each of them lets all lists grow."""
    found: dict[Op, list[Op]] = {}
    for part in (function, *(callee.function for callee in callees(function))):
        for loop in walk(part.block):
            if loop.prim == "while":
                params = set(loop.regions[0].params)
                stores = [op for region in loop.regions for op in region.ops if op.prim == "store"
                          and is_growable(op.operands[0]) and {op.operands[0], op.operands[2]} <= params]
                for op in stores:
                    found[op] = [other for other in stores if other.operands[2] is op.operands[2]]
    return found


LARGEST = ("elements", "beyond", "growing")
