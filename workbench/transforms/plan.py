"""Store or recompute: how each primal value that the reverse sweep requires will be had.

Values made in the function's own block are simply there. For each loop body (innermost first, the arms in it flattened)
a minimum cut chooses which values are kept per iteration; the rest is computed again in the reverse iteration, or read
again from arrays that are never overwritten. What that takes from outside becomes required there.

Invariant: every required value is available by exactly one of: kept, read from an array version that stays, computed
from available ones, an iteration counter, a constant.

Source: Moses et al., "Scalable automatic differentiation of multiple parallel paradigms" (SC 2022), min-cut caching;
Griewank & Walther, Evaluating Derivatives (2008), chapter 5.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from workbench.ir import ArrayType, Constant, Op, Polynomial, Value, normal_form
from workbench.ir.ops import CONSUMING
from workbench.rules import get
from workbench.transforms.history import HistoryReads
from workbench.transforms.mincut import CutGraph
from workbench.transforms.structure import Loop, Structure

_CHEAP = frozenset({"reshape", "transpose", "broadcast", "slice", "gather", "full", "copy", "iota", "index", "cast",
                    "real", "imag", "conj", "complex", "mask_count", "mask_index"})
_AXIS = 1024  # an array axis counts as this many elements
_AGAIN = 4  # how much less it costs to keep what some loop around does not change
_SLACK = 16  # trips and a dimension that differ by no more than this are taken to be alike


@dataclass(slots=True)
class Plan:
    """kept: values stored in every iteration (or taken arm), in order; copied: array versions at the top that are
    copied before they are overwritten; history: loads that read the final version of their chain; counted: the `while`
    loops whose iterations are counted."""

    kept: list[Value] = field(default_factory=list)
    copied: set[Value] = field(default_factory=set)
    history: dict[Value, Value] = field(default_factory=dict)
    counted: set[Loop] = field(default_factory=set)


class Planner:
    """Makes the plan of one function for a set of required values.

    `stacked`: what iterations keep waits on stacks (it has no place in lists), and lists cannot be read again."""

    def __init__(self, structure: Structure, stacked: bool = False) -> None:
        self.stacked = stacked
        self.structure = structure
        self.plan = Plan()
        self.required: dict[Loop | None, dict[Value, None]] = {}
        self.reads = HistoryReads(structure)

    def run(self, required: Collection[Value]) -> Plan:
        """The plan."""
        for value in required:
            self.require(value)
        self.plan.counted = {loop for loop in self.structure.loops.values() if loop.trips in set(required)}
        loops = sorted(self.structure.loops.values(), key=lambda loop: -len(loop.nest))
        for unit in (*loops, None):
            self._unit(unit)
        return self.plan

    def require(self, value: Value) -> None:
        """Note that the reverse sweep needs a value (in the body where it is made)."""
        if isinstance(value, Constant):
            return
        if self.structure.is_top(value):
            if value.is_array and value in self.structure.consumed:
                self.plan.copied.add(value)
            return
        wanted = self.required.setdefault(self.structure.loop_of(value), {})
        if value not in wanted:
            wanted[value] = None
            for dim in value.dims:
                self.require(dim)

    # ------------------------------------------------------------------ one body
    def _unit(self, unit: Loop | None) -> None:
        done: set[Value] = set()
        while True:
            wanted = [v for v in self.required.get(unit, ()) if v not in done]
            if not wanted:
                return
            wanted = list(self.required[unit])
            kept, outside = self._cut(unit, wanted)
            done = set(wanted)
            for value in kept:  # a kept array needs its dimensions to be read back
                for dim in value.dims:
                    self.require(dim)
            if set(self.required[unit]) == done:
                break
        self.plan.kept += kept
        for value in outside:
            self.require(value)
        if kept and unit is not None and unit.outer is not None and not (
                self.stacked or self.structure.is_regular(unit)):
            self.require(unit.base)

    def _cut(self, unit: Loop | None, wanted: Sequence[Value]) -> tuple[list[Value], list[Value]]:
        """Values to keep in this body, and values required outside it."""
        graph = CutGraph()
        sources: dict[Value, tuple[Value, ...]] = {}
        pending = list(reversed(wanted))
        while pending:
            value = pending.pop()
            if value in sources:
                continue
            graph.vertex(value, self._capacity(value, unit))
            inputs = self._inputs(value, unit)
            sources[value] = inputs or ()
            if inputs is None:
                graph.start(value)
            pending.extend(v for v in sources[value] if self._inside(v, unit))
        for value, inputs_ in sources.items():
            for v in inputs_:
                if self._inside(v, unit):
                    graph.edge(v, value)
        for value in wanted:
            graph.end(value)
        cut = {v for v in graph.cut() if isinstance(v, Value)}
        return self._collect(unit, wanted, cut, sources)

    def _collect(self, unit: Loop | None, wanted: Sequence[Value], cut: set[Value],
                 sources: dict[Value, tuple[Value, ...]]) -> tuple[list[Value], list[Value]]:
        kept: dict[Value, None] = {}
        outside: dict[Value, None] = {}
        seen: set[Value] = set()
        pending = list(reversed(wanted))
        while pending:
            value = pending.pop()
            if value in seen:
                continue
            seen.add(value)
            if value in cut:
                if self._at_home(value, unit):
                    kept[value] = None
                else:
                    outside[value] = None  # a copy of an array of an enclosing body
                continue
            final = self._final(value, unit)
            if final is not None:
                self.plan.history[value] = final
            for v in sources[value]:
                if self._inside(v, unit):
                    pending.append(v)
                elif not isinstance(v, Constant):
                    outside[v] = None
        return [v for v in self.structure.home if v in kept], list(outside)

    def _at_home(self, value: Value, unit: Loop | None) -> bool:
        return not self.structure.is_top(value) and self.structure.loop_of(value) is unit

    def _inside(self, value: Value, unit: Loop | None) -> bool:
        """True for vertices of this body's graph: its own values, and passing array versions of enclosing bodies."""
        if isinstance(value, Constant):
            return False
        return self._at_home(value, unit) or self._passing(value)

    def _passing(self, value: Value) -> bool:
        """An array version that is overwritten later: to be read again it must be copied where it is made."""
        return value.is_array and value in self.structure.consumed

    # ------------------------------------------------------------------ vertices
    def _capacity(self, value: Value, unit: Loop | None) -> int:
        size = value.kind.itemsize
        if self._at_home(value, unit):
            varies = unit is None or not self.structure.is_regular(unit) or self.structure.axes(value) == unit.nest
            return size * int(_AXIS ** value.rank) if varies else max(1, size // _AGAIN)
        if unit is None:
            return size * int(_AXIS ** value.rank)
        home = self.structure.home[value].loop
        loops = [loop for loop in unit.nest if home is None or len(loop.nest) > len(home.nest)]
        if self.structure.is_top(value):
            return size // 2 if len(loops) >= value.rank else size * int(_AXIS ** (value.rank - len(loops)))
        return size if self._alike(value, loops) else size * int(_AXIS ** value.rank)

    def _alike(self, array: Value, loops: Sequence[Loop]) -> bool:
        """True where a nest runs over about as many iterations as the array has elements."""
        trips = [self._trips(loop) for loop in loops]
        for dim in array.dims:
            length = normal_form(dim, self.structure.definitions.get)
            for trip in trips:
                gap = (trip - length).constant if trip is not None else None
                if gap is not None and abs(gap) <= _SLACK:
                    trips.remove(trip)
                    break
            else:
                return False
        return True

    def _trips(self, loop: Loop) -> Polynomial | None:
        if loop.op.prim != "for":
            return None
        lo, hi = (normal_form(v, self.structure.definitions.get) for v in loop.op.operands[:2])
        return hi - lo if loop.op.attrs["step"] == 1 else lo - hi

    def _inputs(self, value: Value, unit: Loop | None) -> tuple[Value, ...] | None:
        """What a value is computed from again; None where it cannot be."""
        if not self._at_home(value, unit):
            return None
        if unit is not None and value in unit.induction:
            return (unit.induction[value][0],)
        if value in self.structure.indices:
            return ()
        op = self.structure.definitions.get(value)
        if op is None or not self.recomputable(op):
            return None
        final = self._final(value, unit)
        if final is not None:
            return (final, *op.operands[1:])
        return op.operands

    def _final(self, value: Value, unit: Loop | None) -> Value | None:
        """The array that a loaded element can be read from again: one that is there, or one of an enclosing body that
        is as large as the loops between are long (it is kept, then, instead of the elements)."""
        final = self.reads.find(value)
        if final is None or self.structure.is_top(final):
            return final
        home = self.structure.home[final].loop
        nest = unit.nest if unit is not None else ()
        between = [loop for loop in nest if home is None or len(loop.nest) > len(home.nest)]
        return final if self._alike(final, between) else None

    def recomputable(self, op: Op) -> bool:
        """True for operations that are cheap to run again."""
        if op.regions or op.prim in CONSUMING or op.prim in ("empty", "list", "call"):
            return False
        if op.prim == "load":
            array = op.operands[0]
            growable = isinstance(array.type, ArrayType) and array.type.growable
            return not growable or (not self.stacked and self.structure.is_stable(array))
        if op.prim in _CHEAP:
            return True
        primitive = get(op.prim)
        return primitive.elementwise and not primitive.transcendental
