"""A call of a mapped function in a traced program: one loop over the items, each result stored in its row.

Where the results go is known when the body has been evaluated: the buffers are made in front of the loop then, of sizes
that do not depend on the item.

Invariant: an item is a view of the argument. What is not mapped cannot be written; a structure of which parts are
mapped is made anew for each item.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.frontend import arrays, indexing
from workbench.frontend.activation import Activation
from workbench.frontend.composed.applying import agreed
from workbench.frontend.iteration import site_here
from workbench.frontend.layout import laid
from workbench.frontend.library.containers import plain_form
from workbench.frontend.loops import counted
from workbench.frontend.moving import Loop
from workbench.frontend.numbers import number_kind
from workbench.frontend.order import by_rows
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import (
    Array,
    Cell,
    Choice,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    Scalar,
    describe,
    is_static,
)
from workbench.ir import Constant, Slot, Value
from workbench.operators.axes import EMPTY, NOTHING_MAPPED, UNEQUAL, Parts, normalised, of_arguments
from workbench.operators.containers import Keys, container_type, made, opened
from workbench.records import dataclass
from workbench.rules import get

_WRITTEN = "a write to an argument that is not mapped, of a function under vmap"


@dataclass(frozen=True, slots=True, eq=False)
class _Axis:
    """An array of which each item is a row along an axis."""

    array: Array
    axis: int


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """Where a number or array of the results is stored, and the axis of the items in what is given back."""

    slot: Slot
    axis: int | None
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """A container of columns."""

    model: Any
    keys: Keys
    children: list[Any]


class MappedLoop:
    """One call of a mapped function; or (where there is none) another loop over items, by `repeat`."""

    def __init__(self, act: Activation, mapped: Any = None) -> None:
        self.act = act
        self.t: Tracer = act.t
        self.mapped = mapped
        if self.t.span is None and mapped is not None:
            self.t.builder.span = mapped.span
        self.parts = Parts(self.children, self.container)
        self.whole = Parts(self.children, lambda value, keys, made: _Made(value, keys, made))
        self.sizes: list[Value] = []
        self.count: Value = ZERO
        self.borrowed: list[tuple[Value, Value]] = []  # parameters of the loop that sizes were taken of, and entries
        self.results: Any = None
        self.locks: list[tuple[Any, str]] = []
        self.items_last = False  # results are stored with the axis of the items behind all others

    def axes(self, given: Any) -> Any:
        """`in_axes` or `out_axes` as plain Python's."""
        plain = plain_form(self.act, given)
        if plain is NotImplemented:
            self.t.fail("axes of vmap that are computed at run time", "write them as constants")
        return plain

    # ------------------------------------------------------------------ structures of the evaluator
    def children(self, value: Any) -> tuple[Keys, list[Any]] | None:
        """The keys and parts of a container."""
        if isinstance(value, _Made):
            return value.keys, value.children
        found = opened(self.t, value)
        return None if found is None else (found.keys, found.parts)

    def container(self, model: Any, keys: Keys, parts: list[Any]) -> Any:
        """A container like another one."""
        return made(self.t, container_type(model.model if isinstance(model, _Made) else model), keys, parts)

    # ------------------------------------------------------------------ the loop
    def call(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The results, stacked."""
        try:
            self.loop(args, named)
        finally:
            for owner, before in reversed(self.locks):
                owner.snapshot = before
        return self.gathered()

    def gathered(self) -> Any:
        """The results of the loop, stacked."""
        return self.parts.mapped(self.results, 0, "the result", lambda column, axis, name: self.stacked(column))

    def loop(self, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Evaluate the loop."""
        t, act = self.t, self.act
        axes = of_arguments(self.axes(self.mapped.in_axes), len(args))
        given = [self.taken(v, a, f"argument {k}") for k, (v, a) in enumerate(zip(args, axes, strict=True))]
        extra = {key: self.taken(v, 0, f"argument {key!r}") for key, v in named.items()}
        if not self.sizes:
            raise ValueError(NOTHING_MAPPED)
        count = self.sizes[0]
        for size in self.sizes[1:]:
            arrays.require_same(t, count, size, UNEQUAL)
        if count == ZERO:
            raise ValueError(EMPTY)
        t.check(t.emit("gt", count, ZERO), "ValueError", EMPTY)

        def of_item(index: Scalar) -> Any:
            items = tuple(self.item(v, index) for v in given)
            return t.environment.call(act, self.mapped.function, items,
                                      {key: self.item(v, index) for key, v in extra.items()})
        self.repeat(count, of_item, self.axes(self.mapped.out_axes), ("vmap",))

    def repeat(self, count: Value, of_item: Callable[[Scalar], Any], out_axes: Any, key: tuple[Any, ...]) -> None:
        """The loop over `count` items, which stores what `of_item` gives for each; `key` tells loops of one call
        apart."""
        t, act = self.t, self.act
        self.count = count
        depth = t.builder.depth

        def body(index: Scalar) -> None:
            self.borrowed.clear()
            result = of_item(index)
            k = t.scalar(index)
            self.results = self.whole.mapped(result, out_axes, "the result",
                                             lambda value, axis, name: self.store(value, axis, name, k, depth))
        site = (*key, len(t.open_loops), act.path, site_here(act))
        counted(t, Loop(site, lambda variable: True, items=True), ZERO, count, 1, "k", body)
        for param, entry in self.borrowed:
            if t.builder.resolve(param) is not t.builder.resolve(entry):
                self.refuse_size("what the function returns")

    def taken(self, value: Any, axes: Any, name: str) -> Any:
        """An argument with its mapped arrays marked, and what is not mapped locked."""
        def leaf(part: Any, axis: int | None, where: str) -> Any:
            if isinstance(part, Choice):
                part = self.t.environment.read_choice(self.t, part)
            if axis is not None and isinstance(part, DynamicList):
                self.t.fail("a list of run-time length as a mapped argument", "use an array")
            if axis is None or number_kind(part) is None:
                return self.locked(part)
            place = normalised(axis, part.rank if isinstance(part, Array) else 0, where)
            self.sizes.append(self.t.builder.resolve(part.dims[place]))
            return _Axis(part, place)
        return self.settled(self.whole.mapped(value, axes, name, leaf))

    def settled(self, value: Any) -> Any:
        """A container of which nothing is mapped is passed on itself, and cannot be written."""
        if not isinstance(value, _Made):
            return value
        children = [self.settled(c) for c in value.children]
        if any(isinstance(c, (_Axis, _Made)) for c in children):
            return _Made(value.model, value.keys, children)
        return self.locked(value.model)

    def locked(self, value: Any) -> Any:
        """What is not mapped: until the loop is over, writes to it are refused."""
        owner = value.cell if isinstance(value, Array) else value
        if isinstance(owner, (Cell, ListValue, DictValue, ObjectValue, DynamicList)):
            self.locks.append((owner, owner.snapshot))
            owner.snapshot = owner.snapshot or _WRITTEN
        return value

    def item(self, value: Any, k: Scalar) -> Any:
        """What the function gets for item k."""
        if isinstance(value, _Axis):
            return indexing.get(self.t, value.array, (*[slice(None)] * value.axis, k))
        if isinstance(value, _Made):
            return self.container(value, value.keys, [self.item(v, k) for v in value.children])
        return value

    # ------------------------------------------------------------------ results
    def store(self, value: Any, axis: int | None, name: str, k: Value, depth: int) -> Any:
        """Store a number or array of a result in its row; gives the column."""
        t = self.t
        if isinstance(value, Choice):
            value = t.environment.read_choice(t, value)
        kind = number_kind(value)
        if kind is None:
            if value is None:
                return None
            shown = repr(value) if is_static(value) else describe(value)
            raise TypeError(f"vmap: {name} is {shown}; a mapped function returns numbers and arrays")
        row = arrays.read(t, value) if isinstance(value, Array) else t.scalar(value, kind)
        dims = [self.outside(dim, name, depth) for dim in row.dims]
        if axis is not None:
            axis = normalised(axis, len(dims) + 1, name)
        of_item = [(k, True, self.count)]
        of_row = [(ZERO, False, dim) for dim in dims]
        axes = (*of_row, *of_item) if self.items_last else (*of_item, *of_row)
        with t.builder.outside(depth):
            whole = t.emit("empty", *(size for _, _, size in axes), kind=kind)
            slot = t.builder.slot(whole.type, whole, row.name)
        held = t.builder.held(slot)
        if row.is_array:
            box = [*(place for place, _, _ in axes), *row.dims, *[ONE] * len(dims)]
            made = t.emit("slice_store", held, row, *box, fixed=tuple(is_fixed for _, is_fixed, _ in axes))
        else:
            made = t.emit("store", held, row, k)
        t.builder.write(slot, made)
        return _Column(slot, axis, name)

    def outside(self, value: Value, name: str, depth: int) -> Value:
        """A size as a value of the block around the loop."""
        t = self.t
        value = t.builder.resolve(value)
        if isinstance(value, Constant):
            return value
        inner = t.builder.frames[depth:]
        for frame in inner:
            if value is frame.index:
                self.refuse_size(name)
            for touch in frame.touched.values():
                if value is touch.param and touch.entry is not None:
                    self.borrowed.append((value, touch.entry))
                    return self.outside(touch.entry, name, depth)
        op = t.builder.definitions.get(value)
        if op is None or not any(op in ops for frame in inner for ops in (frame.ops, frame.before or ())):
            return value
        if op.regions or op.prim in ("load", "call") or not get(op.prim).elementwise:
            self.refuse_size(name)
        operands = [self.outside(v, name, depth) for v in op.operands]
        with t.builder.outside(depth):
            return t.builder.one(op.prim, operands, value.type, value.name, **op.attrs)

    def refuse_size(self, name: str) -> None:
        """Raise where a size may depend on the item."""
        self.t.fail(f"vmap: the shape of {name} is computed from the item, and may differ from item to item",
                    "return arrays of one shape, or loop over the items")

    def stacked(self, column: _Column | None) -> Any:
        """What is given back of a column."""
        if column is None:
            return None
        t, act = self.t, self.act
        value = t.builder.held(column.slot)
        array = laid(t.new_array(value), by_rows(value.rank))
        if column.axis is None:
            return t.environment.call(act, agreed, (array,), {})
        if column.axis == 0:
            return array
        order = [*range(1, column.axis + 1), 0, *range(column.axis + 1, value.rank)]
        return arrays.transposed(t, array, order)
