"""Store or recompute: how each primal value that the reverse sweep requires will be had.

Values made in the function's own block are simply there. For each loop body (innermost first, the arms in it flattened)
a minimum cut chooses which values are kept per iteration; the rest is computed again in the reverse iteration, or read
again from arrays that are never overwritten. What that takes from outside becomes required there. Every choice is noted
with its reason (`Plan.report`, `transforms.vjp.plan_of`).

Invariant: every required value is available by exactly one of: kept, read from an array version that stays, computed
from available ones, an iteration counter, a constant.

Source: Moses et al., "Scalable automatic differentiation of multiple parallel paradigms" (SC 2022), min-cut caching;
Griewank & Walther, Evaluating Derivatives (2008), chapter 5.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import field

from workbench.ir import ArrayType, Constant, Polynomial, Span, Value, normal_form
from workbench.ir.ops import CONSUMING
from workbench.records import dataclass
from workbench.rules import get
from workbench.transforms.history import HistoryReads
from workbench.transforms.mincut import CutGraph
from workbench.transforms.reasons import (
    AGAIN,
    CARRIED,
    COPIED,
    COSTLY,
    COUNT,
    COUNTED,
    GROWING,
    HEAVY,
    INSTEAD,
    KEPT,
    ONCE,
    OVERWRITTEN,
    READ,
    THERE,
    VERSION,
    WHOLE,
    Choice,
    Row,
    Wish,
    report,
    rows,
)
from workbench.transforms.structure import Loop, Structure

_CHEAP = frozenset({"reshape", "transpose", "broadcast", "slice", "gather", "full", "copy", "iota", "index", "cast",
                    "real", "imag", "conj", "complex", "mask_count", "mask_index"})
_AXIS = 1024  # an array axis counts as this many elements
_AGAIN = 4  # how much less it costs to keep what some loop around does not change
_SLACK = 16  # trips and a dimension that differ by no more than this are taken to be alike

_Cut = tuple[list[Value], list[Value], dict[Value, Choice]]


@dataclass(slots=True)
class Plan:
    """kept: values stored in every iteration (or taken arm), in order; copied: array versions at the top that are
    copied before they are overwritten; history: loads that read the final version of their chain; counted: the `while`
    loops whose iterations are counted; choices: how each value that is needed is had, and why; asked_at: which
    derivatives ask for a value."""

    structure: Structure
    kept: list[Value] = field(default_factory=list)
    copied: set[Value] = field(default_factory=set)
    history: dict[Value, Value] = field(default_factory=dict)
    counted: set[Loop] = field(default_factory=set)
    choices: dict[Value, Choice] = field(default_factory=dict)
    asked_at: dict[Value, tuple[Wish, ...]] = field(default_factory=dict)
    _users: dict[Value, list[Value]] | None = None

    @property
    def users(self) -> dict[Value, list[Value]]:
        """What is computed, read or shaped by each value in the reverse sweep."""
        if self._users is None:
            self._users = {}
            for user, choice in self.choices.items():
                for value in dict.fromkeys((*choice.inputs, *user.dims)):
                    self._users.setdefault(value, []).append(user)
        return self._users

    def needs(self, value: Value) -> tuple[Wish, ...]:
        """Which derivatives need a value: those that ask for it, or for what is computed or read again from it."""
        found: dict[Wish, None] = {}
        pending, seen = [value], {value}
        while pending:
            needed = pending.pop()
            found.update(dict.fromkeys(self.asked_at.get(needed, ())))
            fresh = [v for v in self.users.get(needed, ()) if v not in seen]
            pending += fresh
            seen.update(fresh)
        return tuple(found)

    def made_at(self, value: Value) -> Span | None:
        """Where a value is made: by its operation, a carried one by what a turn of its loop leaves in it."""
        seen: set[Value] = set()
        while value not in seen and value not in self.structure.definitions:
            seen.add(value)
            loop = next((loop for loop in self.structure.loops.values() if value in (loop.base, loop.trips)), None)
            if loop is not None:
                return loop.op.span
            region = self.structure.home.get(value)
            op = region.op if region is not None else None
            if region is None or op is None or value not in region.block.params:
                return None
            place = region.block.params.index(value)
            if op.prim == "for" and place > 0:
                value = op.regions[0].yields[place - 1]
            elif op.prim == "while":
                before, after = op.regions
                value = after.yields[place] if region.block is before else before.yields[place + 1]
            else:
                return op.span
        made = self.structure.definitions.get(value)
        return made.span if made is not None else self.structure.function.span

    def rows(self) -> list[Row]:
        """All choices, in the order in which the values are made."""
        return rows(self.choices, list(self.structure.home), self.structure.definitions)

    def report(self) -> str:
        """All choices as a table: line, value, how it is had, what keeping it costs, why."""
        return report(self.rows())


class Planner:
    """Makes the plan of one function for a set of required values.

    `stacked`: what iterations keep waits on stacks (it has no place in lists), and lists cannot be read again."""

    def __init__(self, structure: Structure, stacked: bool = False) -> None:
        self.stacked = stacked
        self.structure = structure
        self.plan = Plan(structure)
        self.required: dict[Loop | None, dict[Value, None]] = {}
        self.reads = HistoryReads(structure)
        # what the program itself does not compute
        self._noted = {loop.base: "where its loop goes on in lists" for loop in structure.loops.values()}
        self._noted.update((loop.trips, "how often its loop ran") for loop in structure.loops.values() if loop.trips)

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
            self._require_top(value)
            return
        wanted = self.required.setdefault(self.structure.loop_of(value), {})
        if value not in wanted:
            wanted[value] = None
            for dim in value.dims:
                self.require(dim)

    def _require_top(self, value: Value) -> None:
        if self._passing(value):
            self.plan.copied.add(value)
            self.plan.choices[value] = Choice(COPIED, "overwritten later", self._capacity(value, None),
                                               kind=OVERWRITTEN)
        elif self.structure.home[value] is self.structure.top:
            self.plan.choices[value] = Choice(THERE, "made outside of all loops and arms")
        else:
            self.plan.choices[value] = Choice(THERE, "its adjoint comes in the turn that makes it")

    # ------------------------------------------------------------------ one body
    def _unit(self, unit: Loop | None) -> None:
        done: set[Value] = set()
        while True:
            wanted = [v for v in self.required.get(unit, ()) if v not in done]
            if not wanted:
                return
            wanted = list(self.required[unit])
            kept, outside, choices = self._cut(unit, wanted)
            done = set(wanted)
            for value in kept:  # a kept array needs its dimensions to be read back
                for dim in value.dims:
                    self.require(dim)
            if set(self.required[unit]) == done:
                break
        self.plan.kept += kept
        self.plan.choices.update(choices)
        for value in outside:
            self.require(value)
        if kept and unit is not None and unit.outer is not None and not (
                self.stacked or self.structure.is_regular(unit)):
            self.require(unit.base)

    def _cut(self, unit: Loop | None, wanted: Sequence[Value]) -> _Cut:
        """Values to keep in this body, values required outside it, and how all values are had."""
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
                 sources: dict[Value, tuple[Value, ...]]) -> _Cut:
        choices: dict[Value, Choice] = {}
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
                    kind, why = self._obstacle(value) or (INSTEAD, "to keep {} instead would cost as much or more")
                    choices[value] = Choice(KEPT, why, self._capacity(value, unit), sources[value], kind)
                else:
                    outside[value] = None  # a copy of an array of an enclosing body
                continue
            final = self._final(value, unit)
            if final is not None:
                self.plan.history[value] = final
            if self._at_home(value, unit):
                choices[value] = self._again(value, unit, final, sources[value])
            for v in sources[value]:
                if self._inside(v, unit):
                    pending.append(v)
                elif not isinstance(v, Constant):
                    outside[v] = None
        return [v for v in self.structure.home if v in kept], list(outside), choices

    def _again(self, value: Value, unit: Loop | None, final: Value | None, sources: tuple[Value, ...]) -> Choice:
        """How a value is had that is not kept."""
        if value in self.structure.indices:
            return Choice(COUNTED, "the index of its loop")
        if unit is not None and value in unit.induction:
            how, why, shown = COUNTED, f"advances by {unit.induction[value][1]} in every turn, from {{}}", sources
        elif final is not None:
            how, why, shown = READ, "nothing is written to this element of {} afterwards", (final,)
        elif self.structure.definitions[value].prim == "load":
            how, why, shown = READ, "{} is there as it was", sources[:1]
        else:
            how, why, shown = AGAIN, "from {}", sources
        return Choice(how, why, None, shown, inputs=sources)

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
        if op is None or self._obstacle(value) is not None:
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

    def _obstacle(self, value: Value) -> tuple[str, str] | None:
        """Why a value cannot, or is not to be computed again: its kind, and a sentence; None where it is cheap to."""
        op = self.structure.definitions.get(value)
        if op is None:
            if value in self._noted:
                return COUNT, self._noted[value]
            return CARRIED, "carried from turn to turn: no operation gives it"
        if op.regions:
            return WHOLE, f"what a {op.prim} gives would take all of it again"
        if op.prim in CONSUMING:
            return VERSION, f"what {op.prim} gives is an array at one time of many"
        if op.prim in ("empty", "list", "call"):
            return ONCE, f"{op.prim} is not done twice"
        if op.prim == "load":
            array = op.operands[0]
            growable = isinstance(array.type, ArrayType) and array.type.growable
            again = not growable or (not self.stacked and self.structure.is_stable(array))
            return None if again else (GROWING, "the list that it is read from goes on changing")
        if op.prim in _CHEAP:
            return None
        primitive = get(op.prim)
        if not primitive.elementwise:
            return HEAVY, f"{op.prim} takes more than one operation an element"
        if primitive.transcendental:
            return COSTLY, f"{op.prim} costs more than to store and load a number"
        return None
