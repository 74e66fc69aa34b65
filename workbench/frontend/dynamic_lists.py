"""Lists whose length is known at run time only: how their entries are held.

Each number of an entry has a growable list of its own (a column), arrays one of all their elements, lists in the list a
dynamic list of all their entries (a pool); the length is a variable. Which lists are dynamic is decided in `growth`,
what programs do with them is in `list_operations`.

Invariant: an entry reads what Python would read. Arrays and containers are copied into the list: a write to one that
was appended, or to one that was read, is refused. (A list that was read is a window: a write to it is one to the list.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from workbench.frontend import arrays, bare
from workbench.frontend.growth import decided, give_up, key_of
from workbench.frontend.layouts import (
    Layout,
    Matrix,
    Nested,
    Number,
    Record,
    assembled,
    columns,
    joined,
    layout_of,
    parts,
)
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import Array, DynamicList, ListValue, ObjectValue, Pool, Scalar, Variable, describe
from workbench.ir import Constant, Kind, Value

_LOST = "a write to an array or container that is an entry of a list whose length is known at run time only"


def new(t: Tracer, layout: Layout, site: Any) -> DynamicList:
    """An empty dynamic list."""
    slots: list[Any] = []
    dims: list[tuple[Variable | None, ...]] = []
    for column in columns(layout):
        if isinstance(column, Nested):
            slots.append(Pool(new(t, column.entry, None), _growable(t, Kind.INT), _growable(t, Kind.INT)))
        else:
            slots.append(_growable(t, column.kind))
        sizes = column.dims if isinstance(column, Matrix) else ()
        dims.append(tuple(t.variable("size", Scalar(ZERO, True)) if n is None else None for n in sizes))
    length = t.variable("length", Scalar(ZERO, True))
    return DynamicList(layout, slots, dims, length, site, len(t.frames))


def _growable(t: Tracer, kind: Kind) -> Any:
    value = t.emit("list", kind=kind)
    return t.builder.slot(value.type, value)


def made(t: Tracer, values: list[Any], site: Any) -> ListValue | DynamicList:
    """A list of these entries: dynamic if that was decided for the place."""
    layout = decided(t, site)
    if layout is None:
        return t.new_list(values, site=site)
    result = new(t, layout, site)
    for value in values:
        append(t, result, value)
    return result


def filled(t: Tracer, site: Any, fill: Callable[[Callable[[Any], None]], None]) -> ListValue | DynamicList:
    """A list filled by `fill(add)`; empty, of known length, where nothing is added whatever the numbers are."""
    layout = decided(t, site)
    result = new(t, layout, site) if layout is not None else None

    def add(value: Any) -> None:
        if result is not None:
            append(t, result, value)
            return
        own = layout_of(value, t.read)
        if own is None:
            t.fail(f"a list of run-time length with {describe(value)} as an entry", "use an array")
        raise Restart(key_of(site), own, t.span, "a list of run-time length is made")
    fill(add)
    return result if result is not None else t.new_list([], site=site)


def from_array(t: Tracer, array: Value, site: Any) -> DynamicList:
    """A list of the elements of a vector, as Python's own numbers."""
    result = new(t, decided(t, site) or Number(array.kind, True), site)
    t.environment.repeat(t, array.dims[0], ("from", site),
                         lambda k: append(t, result, Scalar(t.emit("load", array, k), True)))
    return result


def length_of(t: Tracer, owner: DynamicList) -> Value:
    """The number of entries."""
    value = t.scalar(t.read(owner.length))
    t.nonnegative.add(value)
    return value


def append(t: Tracer, owner: DynamicList, value: Any) -> None:
    """`owner.append(value)`."""
    if owner.begin is not None:
        t.fail("a list grows that is itself an entry of a list of run-time length",
               "build the row before it is appended")
    if owner.iterated:
        t.fail("a list grows while it is iterated over", "iterate over a copy")
    place = length_of(t, owner)
    store(t, owner, place, value)
    t.assign(owner.length, Scalar(t.emit("add", place, ONE), True))


def store(t: Tracer, owner: DynamicList, place: Value, value: Any) -> None:
    """Write an entry at a place that is known to be valid, or is the next."""
    layout = layout_of(value, t.read)
    wider = joined(owner.layout, layout) if layout is not None else None
    if wider is None:
        give_up(t, owner, f"{describe(value)} as an entry of a list whose other entries are of another kind")
    elif wider != owner.layout:
        if owner.site is None:
            t.fail("the entries of a list change their kind in a loop", "give them one type")
        raise Restart(key_of(owner.site), wider, t.span, "the entries of a list change their kind")
    _note(t, owner, value)
    place = in_pool(t, owner, place)
    leaves = parts(owner.layout, value, t.read)
    for column, slot, sizes, leaf in zip(columns(owner.layout), owner.columns, owner.dims, leaves, strict=True):
        if isinstance(column, Number):
            put(t, slot, t.scalar(leaf, column.kind), place)
        elif isinstance(column, Matrix):
            _store_array(t, slot, sizes, place, leaf, length_of(t, owner))
        else:
            _store_list(t, slot, place, leaf)


def put(t: Tracer, slot: Any, value: Value, place: Value) -> None:
    """Write an element of a column."""
    t.builder.write(slot, t.emit("store", t.builder.held(slot), value, place))


def in_pool(t: Tracer, owner: DynamicList, place: Value) -> Value:
    """The place of an entry in the columns."""
    return place if owner.begin is None else t.emit("add", t.scalar(t.read(owner.begin)), place)


def _store_list(t: Tracer, pool: Any, place: Value, values: DynamicList | ListValue) -> None:
    """Append the entries of a list to a pool, and note where they are."""
    begin = length_of(t, pool.entries)
    if isinstance(values, ListValue):
        for variable in values.items:
            append(t, pool.entries, t.read(variable))
        length: Value = Constant(len(values.items), Kind.INT)
    else:
        length = length_of(t, values)
        t.environment.repeat(t, length, ("row", id(pool)), lambda k: append(t, pool.entries, load(t, values, k)))
    put(t, pool.begins, begin, place)
    put(t, pool.lengths, length, place)


def _note(t: Tracer, owner: DynamicList, value: Any) -> None:
    """A copy of the value goes into the list: later writes to the value are refused."""
    loops = [k for k, frame in enumerate(t.frames) if frame.kind == "loop"]
    if isinstance(value, Array):
        value.cell.snapshot = _LOST
        t.listed[value.cell] = None
    elif isinstance(value, (ListValue, ObjectValue, DynamicList)):
        if isinstance(value, DynamicList) and (value.snapshot or value.begin is not None):
            give_up(t, owner, "a list becomes an entry of another twice", "put a copy there (`.copy()`)")
        if loops and value.depth <= loops[-1] and loops[-1] >= owner.depth:
            give_up(t, owner, f"{describe(value)} made outside of the loop becomes an entry of a list in it")
        value.snapshot = _LOST
        if isinstance(value, DynamicList):
            return
        variables = value.items if isinstance(value, ListValue) else list(value.fields.values())
        for variable in variables:
            _note(t, owner, t.read(variable))
    elif isinstance(value, tuple):
        for item in value:
            _note(t, owner, item)
    elif isinstance(value, Scalar):
        bare.held(t, value)


def _sizes(t: Tracer, column: Matrix, sizes: tuple[Variable | None, ...]) -> list[Value]:
    dims: list[Value] = []
    for fixed, variable in zip(column.dims, sizes, strict=True):
        dim: Value = Constant(fixed, Kind.INT) if variable is None else t.scalar(t.read(variable))  # type: ignore[arg-type]
        t.nonnegative.add(dim)
        dims.append(dim)
    return dims


def _store_array(t: Tracer, slot: Any, sizes: tuple[Variable | None, ...], place: Value, array: Array,
                 length: Value) -> None:
    """Copy an array's elements to its place in a column; all arrays of a column have one shape, without axes of 1 that
    would broadcast unseen."""
    for variable, dim in zip(sizes, array.dims, strict=True):
        if variable is None:
            continue
        empty = t.emit("eq", length, ZERO)
        same = t.emit("eq", t.scalar(t.read(variable)), dim)
        t.check(t.emit("or", empty, same), "DifferentiationError", "the arrays in a list differ in shape")
        t.check(t.emit("ne", dim, ONE), "DifferentiationError", "an array in a list has an axis of length 1")
        t.assign(variable, Scalar(dim, True))
    value = arrays.read(t, array)
    size = _product(t, array.dims)
    flat = value if value.rank == 1 else t.emit("reshape", value, size)
    start = t.emit("mul", place, size)
    index = t.builder.begin_for(ZERO, size, 1, "k")
    put(t, slot, t.emit("load", flat, index), t.emit("add", start, index))
    t.builder.end_for()


def _product(t: Tracer, dims: Sequence[Value]) -> Value:
    size: Value = ONE
    for dim in dims:
        size = t.emit("mul", size, dim)
    return size


def load(t: Tracer, owner: DynamicList, place: Value) -> Any:
    """The entry at a place that is known to be valid."""
    place = in_pool(t, owner, place)

    def leaves() -> Iterator[Any]:
        for column, slot, sizes in zip(columns(owner.layout), owner.columns, owner.dims, strict=True):
            if isinstance(slot, Pool):
                yield _window(t, owner, slot, place)
            elif isinstance(column, Number):
                yield column.scalar(t.emit("load", t.builder.held(slot), place, kept=True))
            elif isinstance(column, Matrix):
                yield _load_array(t, t.builder.held(slot), _sizes(t, column, sizes), place)
    return assembled(owner.layout, leaves(), lambda record, items: _container(t, record, items))


def _window(t: Tracer, owner: DynamicList, pool: Pool, place: Value) -> DynamicList:
    """A list that is an entry: what is written to it is written to the pool."""
    begin, length = (t.emit("load", t.builder.held(slot), place, kept=True) for slot in (pool.begins, pool.lengths))
    for value in (begin, length):
        t.nonnegative.add(value)
    entries = pool.entries
    first, count = (t.variable(name, Scalar(v, True)) for name, v in (("begin", begin), ("length", length)))
    window = DynamicList(entries.layout, entries.columns, entries.dims, count, None, len(t.frames), begin=first,
                         outer=owner)
    entries.windows.append(window)
    return window


def move(t: Tracer, old: DynamicList, new: DynamicList) -> None:
    """Give a list, which a loop rebinds, what the new one holds; references to it and windows on it are stale then."""
    for mine, theirs in zip(old.columns, new.columns, strict=True):
        if isinstance(mine, Pool):
            assert isinstance(theirs, Pool)
            move(t, mine.entries, theirs.entries)
            for a, b in ((mine.begins, theirs.begins), (mine.lengths, theirs.lengths)):
                t.builder.write(a, t.builder.read(b))
        else:
            assert not isinstance(theirs, Pool)
            t.builder.write(mine, t.builder.read(theirs))
    for mine_dims, their_dims in zip(old.dims, new.dims, strict=True):
        for size, other in zip(mine_dims, their_dims, strict=True):
            if size is not None and other is not None:
                t.assign(size, t.read(other))
    t.assign(old.length, t.read(new.length))
    for window in old.windows:
        t.rename(window)
    t.rename(old)


def _container(t: Tracer, record: Record, items: list[Any]) -> Any:
    made: Any
    if record.type is list:
        made = t.new_list(items)
    else:
        made = t.new_object(record.type, dict(zip(record.names or (), items, strict=True)))
    made.snapshot = _LOST
    return made


def _load_array(t: Tracer, held: Value, dims: list[Value], place: Value) -> Any:
    size = _product(t, dims)
    flat = _copied(t, held, t.emit("mul", place, size), size)
    array = t.new_array(flat if len(dims) == 1 else t.emit("reshape", flat, *dims))
    array.cell.snapshot = _LOST
    return array


def _copied(t: Tracer, column: Value, start: Value, count: Value) -> Value:
    """`count` elements of a column as an array."""
    empty = t.emit("empty", count, kind=column.kind)
    slot = t.builder.slot(empty.type, empty)
    index = t.builder.begin_for(ZERO, count, 1, "k")
    place = t.emit("add", start, index)
    t.builder.write(slot, t.emit("store", t.builder.held(slot), t.emit("load", column, place, kept=True), index))
    t.builder.end_for()
    return t.builder.held(slot)


def arrays_of(t: Tracer, owner: DynamicList) -> list[Value]:
    """Each column as an array, with an axis for the entries in front."""
    length, made = length_of(t, owner), []
    begin = in_pool(t, owner, ZERO)
    for column, slot, sizes in zip(columns(owner.layout), owner.columns, owner.dims, strict=True):
        if isinstance(slot, Pool):
            t.fail("a list of lists of run-time length leaves the differentiated function", "make it an array")
        elif isinstance(column, Matrix):
            dims = _sizes(t, column, sizes)
            size = _product(t, dims)
            flat = _copied(t, t.builder.held(slot), t.emit("mul", begin, size), t.emit("mul", length, size))
            made.append(t.emit("reshape", flat, length, *dims))
        else:
            made.append(_copied(t, t.builder.held(slot), begin, length))
    return made


# ---------------------------------------------------------------------- arrays whose shape is known afterwards only
def elements(t: Tracer, array: Value) -> Value:
    """An array's elements as a growable list, whose type says nothing of its size."""
    size = _product(t, array.dims)
    flat = array if array.rank == 1 else t.emit("reshape", array, size)
    slot = _growable(t, array.kind)
    index = t.builder.begin_for(ZERO, size, 1, "k")
    put(t, slot, t.emit("load", flat, index), index)
    t.builder.end_for()
    return t.builder.held(slot)


def array_of(t: Tracer, dims: Sequence[Value], listed: Value) -> Any:
    """The array whose elements a growable list holds."""
    t.nonnegative.update(dims)
    flat = _copied(t, listed, ZERO, _product(t, dims))
    return t.new_array(flat if len(dims) == 1 else t.emit("reshape", flat, *dims))
