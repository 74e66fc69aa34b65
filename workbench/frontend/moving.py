"""Names that stand for another part of an array in each turn of a loop: `prev = H[t]`, `x = x[1:]`, `best = rows[i]`.

Those numbers of such a view that change (indices, starts, lengths) are carried in slots; views of other buffers, or of
other forms, are options of a choice, of which each may move.

Invariant: what such a name shows is a view of the one buffer that Python would show, so that every write through it, or
to the buffer, is seen by both; numbers that are not carried are the same in every turn, and visible outside the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from workbench.frontend import arrays
from workbench.frontend.places import at, lengths, movable, numbers, same_form
from workbench.frontend.tracer import ZERO, Tracer
from workbench.frontend.values import Array, Choice, Scalar, Variable
from workbench.frontend.variables import LogFrame
from workbench.ir import Constant, Kind, Value
from workbench.records import dataclass


@dataclass(eq=False)
class Loop:
    """One loop: a key for decisions, which names may be read after it, and the evaluation of its body. `items`: it is
    over the items of a batch; `promised`: its turns are said to be independent (`numba.prange`);
    `blocks`, `threads`: it is over those of a kernel."""

    key: Any
    live: Callable[[Variable], bool] = lambda variable: True
    items: bool = False
    promised: bool = False
    blocks: bool = False
    threads: bool = False
    started: dict[Variable, Any] = field(default_factory=dict)  # kinds of Python numbers that become NumPy's in it


class Moving:
    """What the end of a loop's body knows of places in buffers from outside the loop."""

    def __init__(self, t: Tracer, loop: Loop, log: LogFrame, depth: int) -> None:
        self.t = t
        self.loop = loop
        self.log = log
        self.depth = depth  # of the builder, outside the loop
        self.level = len(t.frames) - 1  # of variables born outside

    def moving_as(self, array: Array, form: Array) -> Array:
        """A view, those of its numbers in slots that move in this form."""
        array = self.spread(array, form)
        return at(array, numbers(array), form.moving)

    def joint(self, a: Array, b: Array) -> Array | None:
        """The form of two views of an older buffer, in which the numbers move that are not the same in both; None
        where they are of different forms."""
        private = a.cell.private_to
        if a.cell is not b.cell or a.cell.depth > self.level or (private is not None and private[0] is self.loop):
            return None
        a, b = self.spread(a, b), self.spread(b, a)
        if not same_form(a, b):
            return None
        if a is b and not a.steps:
            return a
        moving = a.moving | b.moving
        values = []
        for position, (x, y) in enumerate(zip(numbers(a), numbers(b), strict=True)):
            if position not in moving and (not self.t.same(x, y) or self.recipe(x) is None):
                moving |= {position}
            values.append(ZERO if position in moving else x)
        return at(a, values, moving) if moving <= movable(a) else None

    @staticmethod
    def spread(array: Array, other: Array) -> Array:
        """A whole buffer as a view of all of it, where it is to move with a view."""
        if array.steps or not other.steps:
            return array
        step = arrays.whole(array)
        return Array(array.cell, (step,), array.dims, array.readonly, array.flat)

    def belongs(self, option: Array, form: Array) -> bool:
        """True for a view of this form, which differs in numbers that move only."""
        option = self.spread(option, form)
        return same_form(option, form) and all(k in form.moving or self.t.same(x, y) for k, (x, y) in enumerate(
            zip(numbers(option), numbers(form), strict=True)))

    def forms(self, variable: Variable, options: list[Array]) -> list[Array]:
        """Forms of views from outside the loop of which every one of these is one, in a fixed order."""
        found: list[Array] = []
        for option in options:
            joints = [self.joint(form, option) for form in found]
            place = next((k for k, form in enumerate(found) if joints[k] is not None or same_array(form, option)), None)
            if place is not None:
                found[place] = joints[place] or found[place]
                continue
            form = self.joint(option, option) or option
            if any(self.recipe(v) is None for v in numbers(form)):
                self.t.fail(f"{variable.name!r} stands for views whose forms differ between iterations",
                            "copy into one array instead")
            found.append(form)
        return sorted(found, key=lambda a: (a.cell.number, len(a.steps)))

    def placed(self, table: tuple[Array, ...], value: Any, kept: Choice | None = None) -> Choice:
        """The choice of a table that a value stands for: which form, and where a view of it lies; forms that it does
        not stand for stay where they are (`kept`)."""
        t, given = self.t, options_of(value)
        places = [self.place(option, table) for option in given]
        index: Value = Constant(places[-1], Kind.INT)
        rows = [numbers(option) for option in (kept.options if kept is not None else table)]
        for row, form in zip(rows, table, strict=True) if kept is None else ():
            for position, dim in zip(lengths(form), given[0].dims, strict=True) if form.moving else ():
                if position in form.moving:
                    row[position] = dim  # (so that it differs in shape from none of the others)
        for k in reversed(range(len(given))):
            form, row = table[places[k]], numbers(self.spread(given[k], table[places[k]]))
            if k == len(given) - 1:
                chosen = None
            else:
                chosen = t.emit("eq", t.scalar(value.index), Constant(k, Kind.INT))
                index = t.emit("select", chosen, Constant(places[k], Kind.INT), index)
            for position in sorted(form.moving):
                old = rows[places[k]][position]
                rows[places[k]][position] = row[position] if chosen is None else t.emit(
                    "select", chosen, row[position], old)
        options = tuple(at(form, row, form.moving) if form.moving else form for form, row in zip(
            table, rows, strict=True))
        return Choice(options, Scalar(index, True))

    def place(self, option: Array, table: tuple[Array, ...]) -> int:
        """The form that a view is of; the last one, a buffer of the name's own, for what the body has made."""
        for k, form in enumerate(table):
            if same_array(form, option) or self.belongs(option, form):
                return k
        private = table[-1].cell.private_to
        if private is None or private[0] is not self.loop:
            self.t.fail("a name stands for views whose forms differ between iterations", "copy into one array instead")
        return len(table) - 1

    # ------------------------------------------------------------------ numbers outside of the loop
    def outside_dim(self, dim: Value) -> Value | None:
        """A dimension as a value visible outside the loop."""
        recipe = self.recipe(dim)
        if recipe is None:
            return None
        with self.t.builder.outside(self.depth):
            return self.made_by(recipe)

    def recipe(self, dim: Value) -> Any:
        """How to make a dimension outside the loop: a value that is visible there, or an operation of such; None where
        there is no way."""
        t = self.t
        dim = t.builder.resolve(dim)
        if isinstance(dim, Constant):
            return dim
        frame = t.builder.frames[self.depth]
        inner = {r for op in [*(frame.before or []), *frame.ops] for r in op.results}
        for slot, touch in frame.touched.items():
            if touch.param is dim:
                unchanged = slot.value is not None and t.builder.resolve(slot.value) is dim
                return touch.entry if unchanged else None
        if dim is frame.index:
            return None
        if dim not in inner:
            return dim
        op = t.builder.definitions.get(dim)
        if op is None or op.regions or op.prim in ("load", "mask_count", "index", "call"):
            return None
        operands = [self.recipe(v) for v in op.operands]
        return None if any(v is None for v in operands) else (op.prim, op.attrs, operands)

    def made_by(self, recipe: Any) -> Value:
        """What a recipe says, made here."""
        if isinstance(recipe, Value | Constant):
            return recipe
        prim, attrs, operands = recipe
        return self.t.emit(prim, *[self.made_by(v) for v in operands], **attrs)


def same_array(a: Any, b: Any) -> bool:
    """True for the same view."""
    return a is b or (isinstance(a, Array) and isinstance(b, Array) and a.cell is b.cell and a.steps == b.steps)


def options_of(value: Any) -> tuple[Array, ...]:
    """The arrays that a value may be."""
    return value.options if isinstance(value, Choice) else (value,)
