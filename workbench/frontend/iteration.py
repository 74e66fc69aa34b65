"""What can be iterated: things known while specialising are unrolled, ranges and arrays are looped over.

What is iterated is seen in two ways: as items that are known one by one (`static_items`), and as a number of turns with
what gives the item of an index (`indexed`). `walking` reads items when their turn comes.

Invariant: an iterator gives each item once, whichever way it is gone through, and is known to be spent afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from workbench.frontend import (
    arithmetic,
    arrays,
    dynamic_lists,
    generators,
    list_operations,
    prompt,
    texts,
    unrolling,
)
from workbench.frontend.activation import Activation
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import (
    END,
    VIEWS,
    Array,
    Choice,
    Cursor,
    DictValue,
    DynamicList,
    Lazy,
    ListValue,
    ObjectValue,
    RangeValue,
    Scalar,
    SetValue,
    TextValue,
    ZipValue,
    describe,
)
from workbench.ir import Constant, Kind, Value


def static_range(act: Activation, values: Any) -> range | None:
    """A `range` whose bounds are known while specialising."""
    if isinstance(values, ZipValue) and values.kind == "reversed":
        inner = static_range(act, values.parts[0])
        return inner[::-1] if inner is not None else None
    if not isinstance(values, RangeValue):
        return None
    numbers = []
    for bound in (values.start, values.stop, values.step):
        value = act.t.integer(bound, "a range bound")
        if not isinstance(value, Constant):
            return None
        numbers.append(int(value.value.real))
    return range(*numbers)


def length_of(act: Activation, values: Any) -> int | None:
    """The number of items known while specialising, else None."""
    if isinstance(values, Choice):
        return length_of(act, values.options[0])
    if isinstance(values, Array):
        dim = act.t.builder.resolve(values.dims[0]) if values.dims else None
        return int(dim.value.real) if isinstance(dim, Constant) else None
    if isinstance(values, DynamicList):
        return None
    if isinstance(values, RangeValue):
        static = static_range(act, values)
        return len(static) if static is not None else None
    if isinstance(values, (ListValue, DictValue)):
        return len(values.items)
    if isinstance(values, ObjectValue):
        return len(static_items(act, values))
    if isinstance(values, Lazy):
        act.t.fail("a generator beside other things in `zip`", "make it a list")
    if isinstance(values, Cursor):
        return generators.left_in(act, values)
    if is_endless(values):
        return None
    if isinstance(values, ZipValue):
        lengths = [length_of(act, p) for p in values.parts if not is_endless(p)]
        return None if None in lengths else min((n for n in lengths if n is not None), default=0)
    return len(values)


def unrolled(act: Activation, values: Any) -> list[Any] | None:
    """The items, where the loop is to be unrolled while specialising; None for a loop at run time."""
    return static_items(act, values) if is_unrolled(act, values) else None


def is_unrolled(act: Activation, values: Any) -> bool:
    """True where a loop over something is unrolled while specialising."""
    if isinstance(values, (RangeValue, Array, Choice, DynamicList)):
        return False
    if is_endless(values):
        act.t.fail("a loop over an endless iterator", "zip it with what ends, or write a `while`")
    if isinstance(values, ZipValue):
        return any(not is_endless(p) and is_unrolled(act, p) for p in values.parts)
    if isinstance(values, TextValue):
        act.t.fail("a loop over a text made of run-time numbers", "leave it out")
    if isinstance(values, Scalar) or (not hasattr(values, "__iter__") and not isinstance(
            values, (ListValue, DictValue, SetValue, Cursor, Lazy, ObjectValue))):
        raise TypeError(f"{describe(values)} is not iterable")
    return True


def known_turns(act: Activation, values: Any) -> int | None:
    """The number of turns of a loop that would run at run time, where it is to be unrolled as a last resort."""
    if not unrolling.wanted(act.t) or isinstance(values, Lazy) or is_endless(values) or is_unrolled(act, values):
        return None
    return length_of(act, values)


def is_view(values: Any) -> bool:
    """True for a dict's keys, values or items."""
    return isinstance(values, ZipValue) and values.kind in VIEWS


def dict_entry(act: Activation, owner: DictValue, key: Any, kind: str) -> Any:
    """What a dict's view shows of one entry."""
    if kind == "keys":
        return key
    value = act.t.read(owner.items[key])
    return value if kind == "values" else (key, value)


def is_endless(values: Any) -> bool:
    """True for `itertools.count`, `cycle` and `repeat` without a number of times."""
    return isinstance(values, ZipValue) and values.kind == "endless"


def endless_item(act: Activation, values: ZipValue, index: Any) -> Any:
    """An item of such an iterator."""
    t = act.t
    if values.start:
        first, step = values.start
        return t.environment.binary(act, "+", first, t.environment.binary(act, "*", index, step))
    if len(values.parts) == 1:
        return values.parts[0]
    return t.environment.item(act, values.parts, t.environment.binary(act, "%", index, len(values.parts)))


def static_items(act: Activation, values: Any) -> list[Any]:
    """All items of something whose length is known while specialising."""
    t = act.t
    opened = generators.taken(act, values)
    if opened is not values:
        items = static_items(act, opened)
        generators.exhausted(act, values)
        return items
    if isinstance(values, ListValue):
        return [t.read(v) for v in values.items]
    if isinstance(values, DynamicList):
        return list_operations.static_items(t, values)
    if isinstance(values, DictValue):
        return list(values.items)
    if isinstance(values, SetValue):
        return list(values.values)
    if isinstance(values, RangeValue):
        static = static_range(act, values)
        if static is None:
            t.fail("a range with run-time bounds where its items must be known", "loop over it with `for`")
        prompt.call(t, list, (static,))
        return list(static)
    if isinstance(values, (Array, Choice)):
        return [t.environment.item(act, values, k) for k in static_places(act, values)]
    if isinstance(values, ZipValue):
        return _zip_items(act, values)
    if isinstance(values, Lazy):
        return generators.items(act, values)
    if isinstance(values, Cursor):
        return list(iter(lambda: generators.following(act, values), END))
    if isinstance(values, TextValue):
        texts.refuse(t, "the letters")
    if isinstance(values, ObjectValue):
        return static_items(act, iterator_of(act, values))
    if isinstance(values, Scalar):
        raise TypeError(f"{describe(values)} is not iterable")
    return list(values)


def static_places(act: Activation, values: Array | Choice) -> range:
    """The indices of an array whose length is to be known while specialising."""
    return range(act.t.static_int(act.t.dim(_length(act, values)), "the length of an array that is unpacked"))


def _length(act: Activation, values: Array | Choice) -> Value:
    """The length of an array, or the one that all of a choice have."""
    first, *others = values.options if isinstance(values, Choice) else (values,)
    if not first.dims:
        raise TypeError("iteration over a 0-d array")
    for other in others:
        arrays.require_alike(act.t, first.dims[0], other.dims[0])
    return first.dims[0]


def iterator_of(act: Activation, owner: ObjectValue) -> Any:
    """What a user's object gives when it is iterated."""
    t = act.t
    if class_attribute(owner.type, "__iter__") is not None:
        made = t.environment.call_method(act, owner, "__iter__", ())
        if isinstance(made, ObjectValue):
            t.fail(f"a {made.type.__name__} with `__next__`", "write `__iter__` as a generator")
        return made
    if class_attribute(owner.type, "__getitem__") is None:
        raise TypeError(f"'{owner.type.__name__}' object is not iterable")
    if class_attribute(owner.type, "__len__") is None:
        t.fail("iteration by `__getitem__` until it raises", "write `__iter__`")
    n = t.static_int(t.environment.call_method(act, owner, "__len__", ()), "the length of what is iterated")
    return tuple(t.environment.item(act, owner, k) for k in range(n))


def _zip_items(act: Activation, values: ZipValue) -> list[Any]:
    if values.kind in VIEWS:
        return [dict_entry(act, values.parts[0], key, values.kind) for key in values.parts[0].items]
    if values.kind == "reversed":
        return static_items(act, values.parts[0])[::-1]
    if is_endless(values) or all(is_endless(p) for p in values.parts):
        act.t.fail("all items of an endless iterator", "zip it with what ends")
    count, _ = zip_count(act, values)
    if any(isinstance(part, Cursor) for part in values.parts):  # (one iterator may be several of the parts)
        rows = _interleaved(act, values.parts, count)
    else:
        columns = [first_items(act, part, count) for part in values.parts]
        rows = [tuple(column[k] for column in columns) for k in range(count)]
    if values.kind == "enumerate":
        return [(k + values.start, row[0]) for k, row in enumerate(rows)]
    return rows


def _interleaved(act: Activation, parts: tuple[Any, ...], count: int) -> list[tuple[Any, ...]]:
    """Rows of items, each iterator asked for one when its turn comes."""
    columns = [None if isinstance(part, Cursor) else first_items(act, part, count) for part in parts]
    rows: list[tuple[Any, ...]] = []
    while True:
        row: list[Any] = []
        for part, column in zip(parts, columns, strict=True):
            if column is None:
                row.append(generators.following(act, part))
            else:
                row.append(column[len(rows)] if len(rows) < len(column) else END)
            if row[-1] is END:
                return rows
        rows.append(tuple(row))


def zip_count(act: Activation, values: ZipValue) -> tuple[int, bool]:
    """How many items parts of known length allow, and whether all are known."""
    lengths = [zip_count(act, p)[0] if is_nested(act, p) else length_of(act, p) for p in values.parts]
    if all(n is None for n in lengths):
        trips = [act.t.wrap(_trips(act, part), True) for part in values.parts if not is_endless(part)]
        return min(act.t.static_int(n, "the number of items that are gone through one by one") for n in trips), False
    known = [n for n in lengths if n is not None]
    if len(known) < len(lengths):
        # an array of run-time length beside things of known length: it must be at least as long
        for part, n in zip(values.parts, lengths, strict=True):
            if n is None and not is_endless(part):
                have = _trips(act, part)
                act.t.check(act.t.emit("ge", have, Constant(min(known), Kind.INT)), "DifferentiationError",
                            "an array is shorter than what it is zipped with")
    endless = all(is_endless(p) for p, n in zip(values.parts, lengths, strict=True) if n is None)
    return min(known), endless


def is_nested(act: Activation, part: Any) -> bool:
    """True for `zip` or `enumerate` of which some part has a known length."""
    return isinstance(part, ZipValue) and part.kind in ("zip", "enumerate") and not is_endless(part) and (
        part.spent is None and is_unrolled(act, part))


def first_items(act: Activation, part: Any, count: int) -> list[Any]:
    if is_endless(part):
        return [endless_item(act, part, k) for k in range(count)]
    if isinstance(part, (Array, Choice)):
        return [act.t.environment.item(act, part, k) for k in range(count)]
    if isinstance(part, DynamicList):
        return [dynamic_lists.load(act.t, part, Constant(k, Kind.INT)) for k in range(count)]
    if length_of(act, part) is None and (isinstance(part, RangeValue) or (
            isinstance(part, ZipValue) and part.spent is None and not is_unrolled(act, part))):
        _, _, _, item = indexed(act, part, normalised=True)
        return [item(Scalar(Constant(k, Kind.INT), True)) for k in range(count)]
    return static_items(act, part)[:count]


def unpacked(act: Activation, value: Any, count: int | None) -> list[Any]:
    """Items for an assignment to several targets."""
    opened = generators.taken(act, value)
    if opened is not value:
        items = unpacked(act, opened, count)
        generators.exhausted(act, value)
        return items
    if isinstance(value, (Array, Choice)) and count is not None:
        dim = act.t.builder.resolve(_length(act, value))
        if not isinstance(dim, Constant):
            act.t.environment.meet(dim, Constant(count, Kind.INT))
            act.t.check(act.t.emit("eq", dim, Constant(count, Kind.INT)), "ValueError",
                        f"cannot unpack an array into {count} names: its length differs")
            return [act.t.environment.item(act, value, k) for k in range(count)]
    if isinstance(value, DynamicList) and count is not None:
        return list_operations.unpacked(act.t, value, count)
    iterables = (ListValue, DynamicList, DictValue, SetValue, Array, Choice, RangeValue, ZipValue, Lazy, Cursor,
                 ObjectValue)
    if isinstance(value, Scalar) or not (hasattr(value, "__iter__") or isinstance(value, iterables)):
        raise TypeError(f"cannot unpack non-iterable {describe(value)}")
    items = static_items(act, value)
    if count is not None and len(items) != count:
        if len(items) > count:
            raise ValueError(f"too many values to unpack (expected {count})")
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(items)})")
    return items


# ---------------------------------------------------------------------- loops at run time
Indexed = tuple[Value, Value, int, Callable[[Scalar], Any]]


def indexed(act: Activation, values: Any, normalised: bool = False) -> Indexed:
    """How to loop at run time: lower bound, upper bound, step (1 or -1), and the item of an index."""
    t = act.t
    if isinstance(values, RangeValue):
        start, stop, step = (t.integer(v, "a range bound") for v in (values.start, values.stop, values.step))
        if isinstance(step, Constant) and abs(step.value.real) == 1 and not normalised:
            return start, stop, int(step.value.real), _itself
        trips = _range_trips(t, start, stop, step)
        return ZERO, trips, 1, lambda i: Scalar(t.emit("add", start, t.emit("mul", t.scalar(i), step)), True)
    if isinstance(values, (Array, Choice)):
        iterated = t.variable("$iterated", values)  # a variable: the loop may rename what it iterates over
        return ZERO, _length(act, values), 1, lambda i: t.environment.item(act, t.read(iterated), i)
    if isinstance(values, DynamicList):
        listed = t.variable("$iterated", values)
        return ZERO, dynamic_lists.length_of(t, values), 1, lambda i: dynamic_lists.load(t, t.read(listed), t.scalar(i))
    if isinstance(values, ZipValue) and values.kind == "reversed":
        inner = values.parts[0]
        if isinstance(inner, RangeValue) and not normalised:
            lo, hi, direction, item = indexed(act, inner)
            if direction == 1:
                return t.emit("sub", hi, ONE), t.emit("sub", lo, ONE), -1, item
        _, trips, _, item = indexed(act, inner, normalised=True)
        last = t.emit("sub", trips, ONE)
        return ZERO, trips, 1, lambda i: item(Scalar(t.emit("sub", last, t.scalar(i)), True))
    if isinstance(values, ZipValue):
        ending = [p for p in values.parts if not is_endless(p)]
        if not ending:
            t.fail("a loop over an endless iterator", "zip it with what ends, or write a `while`")
        parts = [indexed(act, p, normalised=True) for p in ending]
        trips = parts[0][1]
        for part in parts[1:]:
            if not t.same(trips, part[1]):
                trips = t.emit("minimum", trips, part[1])
        if values.kind == "enumerate":
            start, item = values.start, parts[0][3]
            return ZERO, trips, 1, lambda i: (_plus(t, i, start), item(i))
        known = {id(p): part[3] for p, part in zip(ending, parts, strict=True)}
        return ZERO, trips, 1, lambda i: tuple(
            endless_item(act, p, i) if is_endless(p) else known[id(p)](i) for p in values.parts)
    raise TypeError(f"{describe(values)} is not iterable")


def _itself(index: Scalar) -> Scalar:
    return index


def _trips(act: Activation, values: Any) -> Value:
    lo, hi, _, _ = indexed(act, values, normalised=True)
    return hi if lo == ZERO else act.t.emit("sub", hi, lo)


def _plus(t: Tracer, index: Scalar, start: Any) -> Any:
    return index if start == 0 and not isinstance(start, Scalar) else arithmetic.binary(t, "+", index, start)


def _range_trips(t: Tracer, start: Value, stop: Value, step: Value) -> Value:
    t.check(t.emit("ne", step, ZERO), "ValueError", "range() arg 3 must not be zero")
    up = t.emit("sub", stop, start)
    if isinstance(step, Constant):
        size: Value = Constant(abs(int(step.value.real)), Kind.INT)
        span = up if step.value.real > 0 else t.emit("neg", up)
    else:
        positive = t.emit("gt", step, ZERO)
        size = t.emit("select", positive, step, t.emit("neg", step))
        span = t.emit("select", positive, up, t.emit("neg", up))
    rounded = t.emit("add", span, t.emit("sub", size, ONE))
    trips = t.emit("floordiv", rounded, size)
    return trips if t.is_nonnegative(trips) else t.emit("maximum", trips, ZERO)


def depends_on(t: Tracer, value: Value, index: Value) -> bool:
    """True when a value is computed from a loop index."""
    pending, seen = [t.builder.resolve(value)], set()
    while pending:
        current = pending.pop()
        if current is index:
            return True
        if current in seen:
            continue
        seen.add(current)
        op = t.builder.definitions.get(current)
        if op is not None:
            pending.extend(t.builder.resolve(v) for v in op.operands)
    return False


@contextmanager
def gone_through(values: Any) -> Iterator[None]:
    """A loop over `values` is open: dynamic lists among them must not grow or shrink meanwhile."""
    lists = _dynamic_parts(values)
    for one in lists:
        one.iterated += 1
    try:
        yield
    finally:
        for one in lists:
            one.iterated -= 1


def _dynamic_parts(values: Any) -> list[DynamicList]:
    """The dynamic lists that a loop over `values` goes through."""
    if isinstance(values, ZipValue):
        return [found for part in values.parts for found in _dynamic_parts(part)]
    return [values] if isinstance(values, DynamicList) else []


def site_here(act: Activation) -> Any:
    """The place of a list that an operator makes."""
    span = act.t.span
    return (act.path, "operator", span.line, span.column) if span is not None else None
