"""Lists whose length is known at run time only: `xs.append(v)` in a loop, `[f(x) for x in a]`, a stack that is popped.

Each number of an entry has a growable list of its own (a column), arrays one of all their elements, lists in the list a
dynamic list of all their entries; the length is a variable. A list begins as one of known length; where the program
makes it grow in a loop, tracing starts over with the decision that the list made at this place is dynamic, and with
what its entries are (`layouts`). Where a dynamic list cannot do what the program asks for, it starts over once more,
with the decision that loops are unrolled instead.

Invariant: an entry reads what Python would read. Arrays and containers are copied into the list: a write to one that
was appended, or to one that was read, is refused. (A list that was read is a window: a write to it is one to the list.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from workbench.frontend import arrays, indexing
from workbench.frontend.layouts import (
    Layout,
    Matrix,
    Nested,
    Number,
    Record,
    Same,
    assembled,
    columns,
    joined,
    layout_of,
    parts,
)
from workbench.frontend.tracer import ONE, ZERO, NeedStatic, Restart, Tracer, describe
from workbench.frontend.values import Array, DynamicList, ListValue, ObjectValue, Pool, Scalar, Variable
from workbench.ir import Constant, Kind, Value

MANY = 64  # a list made of more items than these is dynamic although its length is known
UNROLLED = 16  # loops of so few iterations are unrolled where a list grows in them
_LOST = "a write to an array or container that is an entry of a list whose length is known at run time only"


@dataclass(frozen=True, slots=True)
class Static:
    """The decision that a list has a known length, and why."""

    reason: str
    hint: str


def key_of(site: Any) -> Any:
    """The key of the decision about the lists made at a place."""
    return ("list", site)


def decided(t: Tracer, site: Any) -> Layout | None:
    """The layout of the dynamic lists made at a place, None where they have a known length."""
    found = t.decisions.get(key_of(site)) if site is not None else None
    return None if isinstance(found, Static) else found


def is_static(t: Tracer, site: Any) -> bool:
    """True where it was decided that the lists made at a place have a known length."""
    return isinstance(t.decisions.get(key_of(site)), Static)


def known_length(t: Tracer, site: Any, otherwise: str) -> NoReturn:
    """Refuse a list of run-time length: with the reason why its entries must be known, if there is one."""
    decision = t.decisions.get(key_of(site))
    if isinstance(decision, Static):
        t.fail(decision.reason, decision.hint)
    t.fail(otherwise, "use an array")


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


def is_immutable(layout: Layout) -> bool:
    """True where entries cannot be told apart from copies of them."""
    if isinstance(layout, Record):
        return issubclass(layout.type, tuple) and all(is_immutable(e) for e in layout.entries)
    return isinstance(layout, (Number, Same))


def wider(t: Tracer, layout: Layout | None, value: Any) -> Layout | None:
    """A layout that takes one more value; None where there is none."""
    own = layout_of(value, t.read)
    return own if layout is None else joined(layout, own)


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


def become_dynamic(t: Tracer, owner: ListValue, what: str, *values: Any) -> None:
    """A list of known length grows (by `values`) or shrinks in a loop or under a run-time condition: start over with a
    dynamic one, or have the loop unrolled. Gives control back where its length stays known."""
    inner = [frame.kind for frame in t.frames[owner.depth:]]
    if "loop" not in inner and "arm" not in inner:
        return
    few = bool(t.open_loops) and t.static_loops.get(t.open_loops[-1][0], UNROLLED + 1) <= UNROLLED
    decision = t.decisions.get(key_of(owner.site))
    if owner.site is None or isinstance(decision, Static) or (few and "arm" not in inner):
        t.may_restructure(owner, decision.reason if isinstance(decision, Static) else what)
    layout: Layout | None = None
    for entry in [*values, *(t.read(variable) for variable in owner.items)]:
        layout = wider(t, layout, entry)
        if layout is None:
            t.may_restructure(owner, f"{what}, with {describe(entry)} as an entry,")
    if layout is None:
        t.may_restructure(owner, what)
    raise Restart(key_of(owner.site), layout, t.span, what)


def or_dynamic(t: Tracer, owner: ListValue, action: Callable[[], Any], *values: Any) -> Any:
    """Do something with a list of known length at a run-time position; where that cannot be done without unrolling a
    loop of many iterations, start over with a dynamic list (which takes `values` too)."""
    try:
        return action()
    except NeedStatic:
        few = bool(t.open_loops) and t.static_loops.get(t.open_loops[-1][0], UNROLLED + 1) <= UNROLLED
        layout: Layout | None = None
        for entry in [*values, *(t.read(variable) for variable in owner.items)]:
            layout = wider(t, layout, entry)
            if layout is None:
                raise
        if few or owner.site is None or layout is None or is_static(t, owner.site):
            raise
        raise Restart(key_of(owner.site), layout, t.span, "a list is read at a run-time position") from None


def give_up(t: Tracer, owner: DynamicList, reason: str, hint: str = "use an array") -> NoReturn:
    """What the program asks for needs the entries one by one: start over with lists of known length."""
    if owner.site is None or is_static(t, owner.site):
        t.fail(reason, hint)
    raise Restart(key_of(owner.site), Static(reason, hint), t.span, reason)


# ---------------------------------------------------------------------- entries
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
    store(t, owner, place, value, first=True)
    t.assign(owner.length, Scalar(t.emit("add", place, ONE), True))


def store(t: Tracer, owner: DynamicList, place: Value, value: Any, first: bool = False) -> None:
    """Write an entry at a place that is known to be valid (`first`: the list grows by it)."""
    layout = layout_of(value, t.read)
    wider = joined(owner.layout, layout) if layout is not None else None
    if wider is None:
        give_up(t, owner, f"{describe(value)} as an entry of a list whose other entries are of another kind")
    elif wider != owner.layout:
        if owner.site is None:
            t.fail("the entries of a list change their kind in a loop", "give them one type")
        raise Restart(key_of(owner.site), wider, t.span, "the entries of a list change their kind")
    _note(t, owner, value)
    place = _in_pool(t, owner, place)
    leaves = parts(owner.layout, value, t.read)
    for column, slot, sizes, leaf in zip(columns(owner.layout), owner.columns, owner.dims, leaves, strict=True):
        if isinstance(column, Number):
            _put(t, slot, t.scalar(leaf, column.kind), place)
        elif isinstance(column, Matrix):
            _store_array(t, column, slot, sizes, place, leaf, length_of(t, owner))
        else:
            _store_list(t, slot, place, leaf)


def _put(t: Tracer, slot: Any, value: Value, place: Value) -> None:
    """Write an element of a column."""
    t.builder.write(slot, t.emit("store", _held(t, slot), value, place))


def _held(t: Tracer, slot: Any) -> Value:
    held = t.builder.read(slot)
    assert held is not None
    return held


def _in_pool(t: Tracer, owner: DynamicList, place: Value) -> Value:
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
    _put(t, pool.begins, begin, place)
    _put(t, pool.lengths, length, place)


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


def _sizes(t: Tracer, column: Matrix, sizes: tuple[Variable | None, ...]) -> list[Value]:
    dims: list[Value] = []
    for fixed, variable in zip(column.dims, sizes, strict=True):
        dim: Value = Constant(fixed, Kind.INT) if variable is None else t.scalar(t.read(variable))  # type: ignore[arg-type]
        t.nonnegative.add(dim)
        dims.append(dim)
    return dims


def _store_array(t: Tracer, column: Matrix, slot: Any, sizes: tuple[Variable | None, ...], place: Value, array: Array,
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
    _put(t, slot, t.emit("load", flat, index), t.emit("add", start, index))
    t.builder.end_for()


def _product(t: Tracer, dims: Sequence[Value]) -> Value:
    size: Value = ONE
    for dim in dims:
        size = t.emit("mul", size, dim)
    return size


def load(t: Tracer, owner: DynamicList, place: Value) -> Any:
    """The entry at a place that is known to be valid."""
    place = _in_pool(t, owner, place)

    def leaves() -> Iterator[Any]:
        for column, slot, sizes in zip(columns(owner.layout), owner.columns, owner.dims, strict=True):
            if isinstance(slot, Pool):
                yield _window(t, owner, slot, place)
            elif isinstance(column, Number):
                yield t.wrap(t.emit("load", _held(t, slot), place, kept=True), column.python)
            elif isinstance(column, Matrix):
                yield _load_array(t, _held(t, slot), _sizes(t, column, sizes), place)
    return assembled(owner.layout, leaves(), lambda record, items: _container(t, record, items))


def _window(t: Tracer, owner: DynamicList, pool: Pool, place: Value) -> DynamicList:
    """A list that is an entry: what is written to it is written to the pool."""
    begin, length = (t.emit("load", _held(t, slot), place, kept=True) for slot in (pool.begins, pool.lengths))
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


def _copied(t: Tracer, held: Value, start: Value, count: Value) -> Value:
    """`count` elements of a column as an array."""
    empty = t.emit("empty", count, kind=held.kind)
    slot = t.builder.slot(empty.type, empty)
    index = t.builder.begin_for(ZERO, count, 1, "k")
    place = t.emit("add", start, index)
    t.builder.write(slot, t.emit("store", _held(t, slot), t.emit("load", held, place, kept=True), index))
    t.builder.end_for()
    return _held(t, slot)


# ---------------------------------------------------------------------- what programs do with lists
def item(t: Tracer, owner: DynamicList, key: Any) -> Any:
    """`owner[key]`."""
    if isinstance(key, slice):
        return _sliced(t, owner, key)
    return load(t, owner, indexing.checked_index(t, key, length_of(t, owner)))


def set_item(act: Any, owner: DynamicList, key: Any, value: Any) -> None:
    """`owner[key] = value`."""
    t: Tracer = act.t
    if isinstance(key, slice):
        set_slice(act, owner, key, value)
        return
    store(t, owner, indexing.checked_index(t, key, length_of(t, owner)), value)


def _sliced(t: Tracer, owner: DynamicList, key: slice) -> DynamicList:
    part = indexing.slice_range(t, key, length_of(t, owner))
    result = new(t, owner.layout, None)

    def take(index: Value) -> None:
        append(t, result, load(t, owner, t.emit("add", part.start, t.emit("mul", index, part.step))))
    t.environment.repeat(t, part.length, ("slice", owner.site), take)
    return result


def pop(t: Tracer, owner: DynamicList, args: tuple[Any, ...]) -> Any:
    """`owner.pop(place)`: an entry (the last), removed."""
    _may_shrink(t, owner)
    length = length_of(t, owner)
    t.check(t.emit("gt", length, ZERO), "IndexError", "pop from empty list")
    place = indexing.checked_index(t, args[0] if args else -1, length)
    value = load(t, owner, place)
    _close_gap(t, owner, place)
    return value


def remove(t: Tracer, owner: DynamicList, key: Any) -> None:
    """`del owner[key]`."""
    _may_shrink(t, owner)
    if isinstance(key, slice):
        give_up(t, owner, "a slice of a list is deleted whose length is known at run time only")
    _close_gap(t, owner, indexing.checked_index(t, key, length_of(t, owner)))


def _may_shrink(t: Tracer, owner: DynamicList) -> None:
    if owner.begin is not None:
        t.fail("a list shrinks that is itself an entry of a list of run-time length", "use an array")
    if owner.iterated:
        t.fail("a list shrinks while it is iterated over", "iterate over a copy")


def _close_gap(t: Tracer, owner: DynamicList, place: Value) -> None:
    """Move the entries behind a place one down; nothing for the last one."""
    last = t.emit("sub", length_of(t, owner), ONE)
    t.nonnegative.add(last)
    if not t.same(place, last):
        _movable(t, owner)
        behind = t.emit("sub", last, place)
        t.environment.repeat(t, behind, ("gap", t.span), lambda k: store(
            t, owner, t.emit("add", place, k), load(t, owner, t.emit("add", t.emit("add", place, k), ONE))))
    t.assign(owner.length, Scalar(last, True))


def _movable(t: Tracer, owner: DynamicList) -> None:
    if any(isinstance(column, Pool) for column in owner.columns):
        give_up(t, owner, "the order of a list of lists changes at run time")


def insert(t: Tracer, owner: DynamicList, position: Any, value: Any) -> None:
    """`owner.insert(position, value)`: the place is clipped, as Python does."""
    length = length_of(t, owner)
    where = t.integer(position, "a position in a list")
    where = t.emit("select", t.emit("lt", where, ZERO), t.emit("add", where, length), where)
    place = t.emit("minimum", t.emit("maximum", where, ZERO), length)
    t.nonnegative.add(place)
    append(t, owner, value)
    _movable(t, owner)
    behind = t.emit("sub", length, place)

    def move(k: Value) -> None:
        target = t.emit("sub", length, k)
        store(t, owner, target, load(t, owner, t.emit("sub", target, ONE)))
    t.environment.repeat(t, behind, ("insert", t.span), move)
    store(t, owner, place, value)


def reverse(t: Tracer, owner: DynamicList) -> None:
    """`owner.reverse()`."""
    _movable(t, owner)
    length = length_of(t, owner)

    def swap(k: Value) -> None:
        other = t.emit("sub", t.emit("sub", length, ONE), k)
        a, b = load(t, owner, k), load(t, owner, other)
        store(t, owner, k, b)
        store(t, owner, other, a)
    t.environment.repeat(t, t.emit("floordiv", length, Constant(2, Kind.INT)), ("reverse", t.span), swap)


def set_slice(act: Any, owner: DynamicList, key: slice, values: Any) -> None:
    """`owner[a:b] = values`, as many as there are places."""
    t: Tracer = act.t
    part = indexing.slice_range(t, key, length_of(t, owner))
    count = t.variable("$count", Scalar(ZERO, True))
    made = new(t, owner.layout, None)
    t.environment.over_items(act, values, ("slice", t.span), lambda value: append(t, made, value))
    t.assign(count, t.read(made.length))
    t.check(t.emit("eq", t.scalar(t.read(count)), part.length), "DifferentiationError",
            "a slice of a list is replaced by another number of entries")
    t.environment.repeat(t, part.length, ("put", t.span), lambda k: store(
        t, owner, t.emit("add", part.start, t.emit("mul", k, part.step)), load(t, made, k)))


def method(act: Any, owner: DynamicList, name: str, args: tuple[Any, ...]) -> Any:
    """A method of a dynamic list."""
    t: Tracer = act.t
    if name == "append":
        append(t, owner, args[0])
    elif name == "pop":
        return _noted(t, owner, pop(t, owner, args))
    elif name == "copy":
        return _sliced(t, owner, slice(None))
    elif name == "extend":
        extend(act, owner, args[0])
    elif name == "clear":
        _may_shrink(t, owner)
        t.assign(owner.length, Scalar(ZERO, True))
    elif name == "insert":
        insert(t, owner, *args)
    elif name == "reverse":
        reverse(t, owner)
    else:
        give_up(t, owner, f"the method {name!r} of a list whose length is known at run time only")
    return _noted(t, owner, None)


def _noted(t: Tracer, owner: DynamicList, result: Any) -> Any:
    t.environment.note_write(owner)
    return result


def extend(act: Any, owner: DynamicList, values: Any) -> None:
    """`owner.extend(values)`."""
    act.t.environment.over_items(act, values, ("extend", owner.site), lambda entry: append(act.t, owner, entry))


def arrays_of(t: Tracer, owner: DynamicList) -> list[Value]:
    """Each column as an array, with an axis for the entries in front."""
    length, made = length_of(t, owner), []
    begin = _in_pool(t, owner, ZERO)
    for column, slot, sizes in zip(columns(owner.layout), owner.columns, owner.dims, strict=True):
        if isinstance(slot, Pool):
            t.fail("a list of lists of run-time length leaves the differentiated function", "make it an array")
        elif isinstance(column, Matrix):
            dims = _sizes(t, column, sizes)
            size = _product(t, dims)
            flat = _copied(t, _held(t, slot), t.emit("mul", begin, size), t.emit("mul", length, size))
            made.append(t.emit("reshape", flat, length, *dims))
        else:
            made.append(_copied(t, _held(t, slot), begin, length))
    return made


def as_array(t: Tracer, owner: DynamicList) -> Any:
    """`np.array(owner)`: numbers become a vector, arrays (and tuples of numbers) the rows of one."""
    layout, length = owner.layout, length_of(t, owner)
    if isinstance(layout, (Number, Matrix)):
        return t.new_array(arrays_of(t, owner)[0])
    if isinstance(layout, Record) and all(isinstance(e, Number) for e in layout.entries) and layout.names is None:
        return _rows(t, owner, length)
    if isinstance(layout, Nested):
        return _rectangle(t, owner, length)
    return t.fail("an array of a list whose entries are no numbers or arrays", "append numbers or arrays")


def _rectangle(t: Tracer, owner: DynamicList, length: Value) -> Any:
    """Lists of one length as the rows of an array: what stands in the pool, in order."""
    first = t.emit("select", t.emit("gt", length, ZERO), ONE, ZERO)
    width = t.variable("width", Scalar(ZERO, True))
    t.environment.repeat(t, first, ("first", id(owner)), lambda k: t.assign(width, t.read(load(t, owner, k).length)))
    count = t.scalar(t.read(width))
    t.nonnegative.add(count)
    rows = new(t, owner.layout.entry, None)

    def add(k: Value) -> None:
        row = load(t, owner, k)
        t.check(t.emit("eq", length_of(t, row), count), "ValueError",
                "setting an array element with a sequence: the rows differ in length")
        t.environment.repeat(t, count, ("row", id(owner)), lambda j: append(t, rows, load(t, row, j)))
    t.environment.repeat(t, length, ("rows", id(owner)), add)
    flat = as_array(t, rows)
    return t.new_array(t.emit("reshape", arrays.read(t, flat), length, count, *flat.dims[1:]))


def _rows(t: Tracer, owner: DynamicList, length: Value) -> Any:
    """Records of numbers as the rows of a matrix."""
    kinds = [column.kind for column in columns(owner.layout) if isinstance(column, Number)]
    begin = _in_pool(t, owner, ZERO)
    kind = max(kinds, key=lambda k: (k.is_complex, k.is_float, k is Kind.INT, k.itemsize))
    width = Constant(len(kinds), Kind.INT)
    empty = t.emit("empty", length, width, kind=kind)
    slot = t.builder.slot(empty.type, empty)
    index = t.builder.begin_for(ZERO, length, 1, "k")
    for k, column in enumerate(owner.columns):
        value = t.emit("load", _held(t, column), t.emit("add", begin, index), kept=True)
        value = value if value.kind is kind else t.emit("cast", value, kind=kind)
        t.builder.write(slot, t.emit("store", _held(t, slot), value, index, Constant(k, Kind.INT)))
    t.builder.end_for()
    return t.new_array(_held(t, slot))


def static_items(t: Tracer, owner: DynamicList) -> list[Any]:
    """The entries one by one: their number must be known."""
    length = length_of(t, owner)
    if isinstance(length, Constant):
        return [load(t, owner, Constant(k, Kind.INT)) for k in range(int(length.value.real))]
    give_up(t, owner, "a list whose length is known at run time only is taken apart", "loop over it")


def unpacked(t: Tracer, owner: DynamicList, count: int) -> list[Any]:
    """`a, b = owner`."""
    length = length_of(t, owner)
    t.check(t.emit("eq", length, Constant(count, Kind.INT)), "ValueError",
            f"cannot unpack a list into {count} names: its length differs")
    return [load(t, owner, Constant(k, Kind.INT)) for k in range(count)]

