"""Where residuals are held: exactly sized arrays indexed by iteration, or growing lists with a cursor.

Inside a nest whose trip counts are all known when its outermost loop is entered, a value has an array with an axis per
loop with which it varies (the iterations of the others store it again). Elsewhere (`while`, or trip counts that vary)
its values are appended to a list: each execution of the loop begins where the one before ended (its base, itself a
residual of the enclosing body). An array of varying size is appended element by element; a residual of its own says
where it begins. Values of arms that are in no loop are variables.

What the body of a loop in one pass keeps is kept for an iteration: it has no axis for that loop, and the room for it is
made before the loop where its size is known there.

Invariant: a residual is written once per execution of the region of its value, and read with the same index: what is
there then has the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

from workbench.ir import ArrayType, Builder, Constant, Kind, Op, ScalarType, Slot, Type, Value, is_length
from workbench.records import dataclass
from workbench.rules import emit
from workbench.transforms.structure import Loop, Region, Structure

ZERO, ONE, MINUS = (Constant(n, Kind.INT) for n in (0, 1, -1))
INT = ScalarType(Kind.INT)


def whole(dims: Sequence[Value]) -> list[Value]:
    """Starts, lengths and steps of a box that is the whole array."""
    return [ZERO] * len(dims) + list(dims) + [ONE] * len(dims)


def open_elements(builder: Builder, dims: Sequence[Value]) -> list[Value]:
    """Open a nest of loops over all elements; gives the indices."""
    return [builder.begin_for(ZERO, dim, 1, "k") for dim in dims]


def close_elements(builder: Builder, dims: Sequence[Value]) -> None:
    """Close that nest."""
    for _ in dims:
        builder.end_for()


def append(builder: Builder, elements: Slot, length: Slot, value: Value) -> None:
    """Append a number, or the elements of an array, to a growable list of which `length` elements are in use."""
    indices = open_elements(builder, value.dims)
    element = emit(builder, "load", value, *indices) if value.is_array else value
    place = builder.held(length)
    builder.write(elements, emit(builder, "store", builder.held(elements), element, place))
    builder.write(length, emit(builder, "add", place, ONE))
    close_elements(builder, value.dims)


def array_at(builder: Builder, elements: Value, begin: Value, kind: Kind, dims: Sequence[Value],
             name: str = "") -> Value:
    """The array whose elements begin at a place of a list."""
    made = emit(builder, "empty", *dims, kind=kind)
    array = builder.slot(made.type, made, name)
    indices = open_elements(builder, dims)
    place: Value = ZERO
    for index, dim in zip(indices, dims, strict=True):
        place = emit(builder, "add", emit(builder, "mul", place, dim), index)
    element = emit(builder, "load", elements, emit(builder, "add", begin, place), kept=True)
    builder.write(array, emit(builder, "store", builder.held(array), element, *indices))
    close_elements(builder, dims)
    return builder.held(array)


@dataclass(slots=True)
class Flat:
    """A residual array of varying size: a list of elements and where each array begins in it."""

    elements: Slot
    length: Slot
    begins: Slot


@dataclass(slots=True)
class Position:
    """Where a sweep is in a loop: its index (`for`) or iteration (`while`), where a `for` starts, and the place in the
    loop's lists where this execution begins, if that is not 0."""

    counter: Value
    start: Value = ZERO
    base: Value | None = None


@dataclass(slots=True)
class Residuals:
    """The residuals of one plan. `top` gives the copy of a value made at the top of the program."""

    builder: Builder
    structure: Structure
    kept: Sequence[Value]
    top: Callable[[Value], Value]
    slots: dict[Value, Slot | Flat] = field(default_factory=dict)
    hoisted: dict[Value, Value] = field(default_factory=dict)
    final: dict[Slot, Value] = field(default_factory=dict)
    cursors: dict[Loop, Slot] = field(default_factory=dict)
    by_op: dict[Op, list[Value]] = field(default_factory=dict)
    room: dict[Value, Slot] = field(default_factory=dict)
    lengths: set[Value] = field(default_factory=set)  # dimensions of the arrays that are there

    def __post_init__(self) -> None:
        self.lengths.update(self.structure.function.shape_params)
        for value in self.kept:
            self.by_op.setdefault(self.structure.top_op[value], []).append(value)

    # ------------------------------------------------------------------ making room
    def allocate(self, op: Op) -> None:
        """Make room for all that is kept inside an operation at the top."""
        for value in self.by_op.get(op, ()):
            loop = self.structure.loop_of(value)
            name = f"{value.name}_kept" if value.name else "kept"
            if not self.structure.is_regular(loop) and loop is not None:
                self._cursor(loop)
            held = self.room.get(value) or self._main(value, loop, name)
            if not value.is_array or self.structure.is_exact(value):
                self.slots[value] = held
            else:
                length = self._variable(INT, ZERO, "length")
                axes = loop.nest if loop is not None else ()
                self.slots[value] = Flat(held, length, self._scalar(loop, axes, Kind.INT, "begins"))
        self.lengths.update(d for r in op.results if self.structure.home[r] is self.structure.top for d in r.dims)

    def make_room(self, op: Op) -> None:
        """Make room for what the body of a loop in one pass and the loops in it keep, before the loop, where its
        size is known there."""
        for value in self.kept:
            loop = self.structure.loop_of(value)
            if loop is None or value in self.room or not self._is_inside(value, op):
                continue
            sizes = [*value.dims, *(v for outer in loop.nest for v in outer.op.operands[:2])]
            exact = self.structure.is_exact(value) if value.is_array else self.structure.is_regular(loop)
            if not exact or not any(self._is_inside(v, op) for v in sizes):
                self.room[value] = self._main(value, loop, f"{value.name}_kept" if value.name else "kept")

    def _is_inside(self, value: Value, op: Op) -> bool:
        return not isinstance(value, Constant) and any(region.op is op for region in self.structure.home[value].chain)

    def _main(self, value: Value, loop: Loop | None, name: str) -> Slot:
        """Room for a value (for its elements, where its size varies)."""
        if not value.is_array:
            return self._scalar(loop, self.structure.axes(value), value.kind, name)
        if self.structure.is_exact(value):
            return self._array(self.structure.axes(value), value.kind, [self._length(d) for d in value.dims], name)
        return self._list(value.kind, name)

    def _cursor(self, loop: Loop) -> None:
        if loop.outer is not None and loop not in self.cursors:
            self.cursors[loop] = self._variable(INT, ZERO, "cursor")

    def _variable(self, type_: Type, value: Value, name: str) -> Slot:
        return self.builder.slot(type_, value, name)

    def _scalar(self, loop: Loop | None, axes: Sequence[Loop], kind: Kind, name: str) -> Slot:
        if not self.structure.is_regular(loop):
            return self._list(kind, name)
        if axes:
            return self._array(axes, kind, [], name)
        return self._variable(ScalarType(kind), Constant(0, kind), name)

    def _list(self, kind: Kind, name: str) -> Slot:
        value = emit(self.builder, "list", kind=kind)
        return self._variable(value.type, value, name)

    def _array(self, axes: Sequence[Loop], kind: Kind, dims: Sequence[Value], name: str) -> Slot:
        trips = [self.trips(loop, self.hoist) for loop in axes]
        value = emit(self.builder, "empty", *trips, *dims, kind=kind)
        return self._variable(value.type, value, name)

    def trips(self, loop: Loop, get: Callable[[Value], Value]) -> Value:
        """The number of iterations of a `for`, whose bounds are given by `get`."""
        lo, hi = (get(v) for v in loop.op.operands[:2])
        span = (hi, lo) if loop.op.attrs["step"] == 1 else (lo, hi)
        return emit(self.builder, "maximum", emit(self.builder, "sub", *span), ZERO)

    def hoist(self, value: Value) -> Value:
        """An integer of the program, computed at the top."""
        if self.structure.is_top(value):
            return self.top(value)
        if value not in self.hoisted:
            op = self.structure.definitions[value]
            self.hoisted[value] = emit(self.builder, op.prim, *(self.hoist(v) for v in op.operands), **op.attrs)
        return self.builder.resolve(self.hoisted[value])

    def _length(self, dim: Value) -> Value:
        """A dimension, computed at the top. It may be negative where no array is made."""
        length = self.hoist(dim)
        if is_length(dim, self.lengths, self.structure.definitions.get):
            return length
        return emit(self.builder, "maximum", length, ZERO)

    def freeze(self, region: Region) -> None:
        """The forward sweep of an open region is over: from now on its residuals are only read."""
        for value, held in self.slots.items():
            if self.structure.home[value].around is not region:
                continue
            for slot in (held.elements, held.begins) if isinstance(held, Flat) else (held,):
                self.final[slot] = self.read(slot)

    # ------------------------------------------------------------------ writing and reading
    def keep(self, value: Value, copy: Value, positions: dict[Loop, Position], consumed: bool) -> None:
        """Store a value of the forward sweep."""
        slot = self.slots[value]
        loop = self.structure.loop_of(value)
        if isinstance(slot, Flat):
            place = self._indices(loop, loop.nest if loop is not None else (), positions)
            self._keep_scalar(slot.begins, self.read(slot.length), place)
            append(self.builder, slot.elements, slot.length, copy)
        elif not copy.is_array:
            self._keep_scalar(slot, copy, self._indices(loop, self.structure.axes(value), positions))
        elif loop is None:
            copy = emit(self.builder, "copy", copy) if consumed else copy
            self.builder.write(slot, self._shaped(copy, slot.type.dims))
        else:
            box, fixed = self._box(value, positions, copy.dims)
            self.builder.write(slot, emit(self.builder, "slice_store", self.read(slot), copy, *box, fixed=fixed))

    def _keep_scalar(self, slot: Slot, copy: Value, indices: Sequence[Value]) -> None:
        if indices:
            copy = emit(self.builder, "store", self.read(slot), copy, *indices)
        self.builder.write(slot, copy)

    def fetch(self, value: Value, dims: Sequence[Value], positions: dict[Loop, Position]) -> Value:
        """Read a residual in the reverse sweep; `dims` are its dimensions there."""
        slot = self.slots[value]
        loop = self.structure.loop_of(value)
        if isinstance(slot, Flat):
            place = self._indices(loop, loop.nest if loop is not None else (), positions)
            begin = self._fetch_scalar(slot.begins, place)
            return array_at(self.builder, self.read(slot.elements), begin, value.kind, dims)
        if not value.is_array:
            return self._fetch_scalar(slot, self._indices(loop, self.structure.axes(value), positions))
        if loop is None:
            return self._shaped(self.read(slot), dims)
        box, fixed = self._box(value, positions, dims)
        return emit(self.builder, "slice", self.read(slot), *box, fixed=fixed)

    def _shaped(self, array: Value, dims: Sequence[Value]) -> Value:
        """The array with these dimensions, which are its own under other names."""
        same = all(a == b for a, b in zip(array.dims, dims, strict=True))
        return array if same else emit(self.builder, "reshape", array, *dims)

    def _fetch_scalar(self, slot: Slot, indices: Sequence[Value]) -> Value:
        held = self.read(slot)
        if not indices:
            return held
        attrs = {"kept": True} if isinstance(held.type, ArrayType) and held.type.growable else {}
        return emit(self.builder, "load", held, *indices, **attrs)

    # ------------------------------------------------------------------ positions
    def read(self, slot: Slot) -> Value:
        """What a residual's variable holds."""
        value = self.final.get(slot) or self.builder.read(slot)
        if value is None:
            raise ValueError(f"residual {slot.name!r} has no value")
        return value

    def _indices(self, loop: Loop | None, axes: Sequence[Loop], positions: dict[Loop, Position]) -> list[Value]:
        """Index of an iteration: one per axis in an exact nest, else the place in a list."""
        if loop is None:
            return []
        if self.structure.is_regular(loop):
            return [self.iteration(outer, positions) for outer in axes]
        base, place = positions[loop].base, self.iteration(loop, positions)
        return [emit(self.builder, "add", base, place) if base is not None else place]

    def iteration(self, loop: Loop, positions: dict[Loop, Position]) -> Value:
        """Iterations of a loop before this one."""
        counter = positions[loop].counter
        if loop.op.prim == "while":
            return counter
        lo = positions[loop].start
        return emit(self.builder, "sub", *((counter, lo) if loop.op.attrs["step"] == 1 else (lo, counter)))

    def _box(self, value: Value, positions: dict[Loop, Position],
             dims: Sequence[Value]) -> tuple[list[Value], tuple[bool, ...]]:
        indices = self._indices(self.structure.loop_of(value), self.structure.axes(value), positions)
        return [*indices, *[ZERO] * len(dims), *dims, *[ONE] * len(dims)], (True,) * len(indices) + (False,) * len(dims)
