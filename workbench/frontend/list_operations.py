"""What programs do with dynamic lists: subscripts, `append`, `pop` and the other methods, arrays of them.

Invariant: a list that is iterated over, or that is itself an entry of a list, changes its entries only, not its length.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import arrays, indexing
from workbench.frontend.dynamic_lists import append, arrays_of, in_pool, length_of, load, new, store
from workbench.frontend.growth import give_up
from workbench.frontend.layouts import Matrix, Nested, Number, Record, columns
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import DynamicList, Pool, Scalar
from workbench.ir import Constant, Kind, Slot, Value


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
    begin = in_pool(t, owner, ZERO)
    kind = max(kinds, key=lambda k: (k.is_complex, k.is_float, k is Kind.INT, k.itemsize))
    width = Constant(len(kinds), Kind.INT)
    empty = t.emit("empty", length, width, kind=kind)
    slot = t.builder.slot(empty.type, empty)
    index = t.builder.begin_for(ZERO, length, 1, "k")
    for k, column in enumerate(owner.columns):
        assert isinstance(column, Slot)
        value = t.emit("load", t.builder.held(column), t.emit("add", begin, index), kept=True)
        value = value if value.kind is kind else t.emit("cast", value, kind=kind)
        t.builder.write(slot, t.emit("store", t.builder.held(slot), value, index, Constant(k, Kind.INT)))
    t.builder.end_for()
    return t.new_array(t.builder.held(slot))


def static_items(t: Tracer, owner: DynamicList) -> list[Any]:
    """The entries one by one: their number must be known."""
    length = length_of(t, owner)
    if not isinstance(length, Constant):
        give_up(t, owner, "a list whose length is known at run time only is taken apart", "loop over it")
    return [load(t, owner, Constant(k, Kind.INT)) for k in range(int(length.value.real))]


def unpacked(t: Tracer, owner: DynamicList, count: int) -> list[Any]:
    """`a, b = owner`."""
    length = length_of(t, owner)
    t.check(t.emit("eq", length, Constant(count, Kind.INT)), "ValueError",
            f"cannot unpack a list into {count} names: its length differs")
    return [load(t, owner, Constant(k, Kind.INT)) for k in range(count)]
