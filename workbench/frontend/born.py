"""Names that a loop's body assigns first: what they hold in a later turn, and after the loop.

A number is carried from a placeholder on, with a flag that says whether a turn has assigned it; of an array the last
turn's is copied out, of a view of an older one its place. A name that is not read after the loop is not carried.

Invariant: what no turn has assigned is never read: reading it is Python's error (`Maybe`).
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import arrays, layout, states
from workbench.frontend.numbers import is_python_number, number_kind
from workbench.frontend.places import at, movable, numbers
from workbench.frontend.rebinding import Rebinding
from workbench.frontend.tracer import ZERO
from workbench.frontend.values import (
    RECORDS,
    ROWS,
    UNDEFINED,
    Array,
    Cell,
    Choice,
    Conflict,
    Container,
    DynamicList,
    Maybe,
    OneOf,
    Pool,
    Scalar,
    Variable,
    describe,
    is_static,
    parts_of,
    record_of,
)
from workbench.frontend.variables import (
    Leaf,
    load_tree,
    rebuild,
    store_tree,
)
from workbench.ir import Constant, Kind, Slot


class Born(Rebinding):
    """What the end of a loop's body does about names that were not bound before it."""

    def unstarted(self, variable: Variable, new: Any) -> Maybe | None:
        """What a name holds in the first turn that the body may read before it assigns it: a number that is not there
        yet. None where it holds nothing at the beginning of any turn."""
        if variable not in self.log.reads or variable.name.startswith("$") or isinstance(new, Conflict):
            return None
        value = new.value if isinstance(new, Maybe) else new
        kind = number_kind(value)
        if kind is None or isinstance(value, Array):
            if self.log.reads[variable] is UNDEFINED:
                self.t.fail(f"{variable.name!r} is read in this loop, in the turn after it was assigned to "
                            f"{describe(value)}", "assign it before the loop")
            return None
        return Maybe(Scalar(Constant(0, kind), is_python_number(value)), Scalar(Constant(False, Kind.BOOL), True),
                     variable.name)

    def born(self, variable: Variable, new: Any) -> None:
        """A name first assigned in the body: what it holds after the loop."""
        loose = variable.name.startswith("$")
        if not loose and not self.loop.live(variable):
            self.restore.append((variable, Conflict(f"{variable.name!r} was assigned in a loop only")))
            return
        given = self.t.scalar(new.defined if isinstance(new, Maybe) else True, Kind.BOOL)
        self.carried_if = given if isinstance(new, Maybe) and self.is_kept(new.value) else None
        carried = self.carry_out(new, variable.name)
        if carried is None:
            self.carried_if = None
            reason = f"{variable.name!r}, assigned in a loop to {describe(new)}, is not available after it"
            self.restore.append((variable, Conflict(reason)))
            return
        flag = None if loose else self.carry_scalar(Constant(False, Kind.BOOL), given, f"has_{variable.name}")
        self.carried_if = None
        if loose:
            self.restore.append((variable, lambda: store_tree(self.t.builder, carried(), variable.name)))
            return

        def stored() -> Any:
            defined = Scalar(self.t.builder.read(flag), True)  # type: ignore[arg-type]
            return store_tree(self.t.builder, Maybe(carried(), defined, variable.name), variable.name)
        self.restore.append((variable, stored))

    def is_kept(self, value: Any) -> bool:
        """True for what is carried as numbers: a turn that does not assign it leaves what an earlier one did."""
        if isinstance(value, tuple):
            return all(map(self.is_kept, value))
        if isinstance(value, ROWS):
            return self.is_kept(parts_of(value))
        return isinstance(value, Scalar) or (isinstance(value, OneOf) and states.is_older(value, self.level)) or (
            isinstance(value, Array) and value.cell.depth <= self.level) or is_static(value)

    def carry_out(self, value: Any, name: str) -> Any:
        """A thunk that gives, after the loop, the value of its last iteration; None where that is not possible."""
        t = self.t
        if isinstance(value, Maybe):
            return self.carry_out(value.value, name)
        if isinstance(value, Scalar):
            slot = self.carry_scalar(Constant(0, value.kind), t.builder.resolve(value.value), name)
            return lambda: load_tree(Leaf(slot, value.python, value.others), t.builder.read)
        if isinstance(value, OneOf):
            if not states.is_older(value, self.level):
                return None
            index = self.carry_out(value.index, f"{name}_index")
            number = self.carry_out(value.number, name) if value.number is not None else None
            return lambda: OneOf(value.options, index(), number() if number is not None else None)
        if isinstance(value, tuple):
            parts = [self.carry_out(v, f"{name}{i}") for i, v in enumerate(value)]
            if any(p is None for p in parts):
                return None
            return lambda: rebuild(value, [p() for p in parts])
        if isinstance(value, RECORDS):
            made = self.carry_out(parts_of(value), name)
            return None if made is None else lambda: record_of(type(value), made())
        if isinstance(value, Array):
            if value.cell.depth <= self.level:
                return self.carry_view(value, name)
            return self.carry_array(value, name)
        if isinstance(value, DynamicList) and value.depth > self.level:
            return self.carry_list(value, name)
        if isinstance(value, (Choice, Conflict)) or (isinstance(value, Container) and value.depth > self.level):
            return None
        return lambda: value

    def carry_view(self, view: Array, name: str) -> Any:
        """A view of an older buffer: its numbers as they were in the last iteration."""
        older = [self.outside_dim(v) for v in numbers(view)]
        if {k for k, v in enumerate(older) if v is None} - movable(view):
            return None
        slots = {k: self.carry_scalar(ZERO, v, f"{name}_at") for k, v in enumerate(numbers(view)) if older[k] is None}

        def after() -> Array:
            if not view.steps:
                return view
            places = [v if v is not None else self.t.builder.read(slots[k]) for k, v in enumerate(older)]
            return at(view, places, frozenset())  # type: ignore[arg-type]
        return after

    def carry_array(self, array: Array, name: str) -> Any:
        """An array of the body: the last turn's, in a buffer from outside the loop."""
        t = self.t
        for steps, made in self.born_of.get(array.cell, ()):
            if steps == array.steps:
                return lambda: made
        outside = [self.outside_dim(d) for d in array.dims]
        dims = [d for d in outside if d is not None]
        if len(dims) < len(outside):
            return None
        with t.builder.outside(self.depth):
            start = t.emit("empty", *dims, kind=array.kind)
        value = arrays.read(t, array)
        if array.steps:
            value = t.emit("copy", value)
        value = t.emit("reshape", value, *dims) if tuple(value.dims) != tuple(dims) else value
        slot = t.builder.slot(start.type, start, name, depth=self.depth)
        cell = Cell(slot, len(t.cells), self.level, name)
        cell.order = layout.order(t, array)
        t.builder.write(slot, self.leaving(array, cell, value))
        t.cells.append(cell)
        made = Array(cell, (), tuple(dims), readonly=array.readonly)
        self.born_of.setdefault(array.cell, []).append((array.steps, made))
        return lambda: made

    def carry_list(self, made: DynamicList, name: str) -> Any:
        """A dynamic list of the last iteration."""
        t, depth = self.t, self.depth
        pools = [c for c in made.columns if isinstance(c, Pool)]
        if pools or (made.begin is not None and any(c.depth > depth for c in made.columns if isinstance(c, Slot))):
            return None
        slots: list[Any] = []
        for column in made.columns if made.begin is None else ():
            assert isinstance(column, Slot)
            with t.builder.outside(depth):
                start = t.emit("list", kind=column.type.kind)
            slot = t.builder.slot(start.type, start, name, depth=depth)
            t.builder.write(slot, t.builder.read(column))
            slots.append(slot)

        def number(variable: Variable) -> Variable:
            slot = self.carry_scalar(Constant(0, Kind.INT), t.scalar(t.read(variable)), variable.name)
            carried = Variable(variable.name, self.level, UNDEFINED)
            carried.stored = Leaf(slot, True)
            return carried
        if made.begin is not None:  # a window on what is older than the loop
            carried = DynamicList(made.layout, made.columns, made.dims, number(made.length), None, self.level,
                                  begin=number(made.begin), outer=made.outer)
            return lambda: carried
        dims = [tuple(number(v) if v is not None else None for v in sizes) for sizes in made.dims]
        carried = DynamicList(made.layout, slots, dims, number(made.length), None, self.level)
        return lambda: carried
