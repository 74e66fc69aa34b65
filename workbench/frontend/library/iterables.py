"""What consumes and makes iterators: `map`, `filter`, `iter`, `next`, `sorted`, itertools, `functools.reduce`."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from workbench.frontend import (
    arithmetic,
    arrays,
    branches,
    dynamic_lists,
    generators,
    growth,
    list_operations,
    walking,
)
from workbench.frontend.activation import Activation
from workbench.frontend.completions import RETURN
from workbench.frontend.composed import iterators
from workbench.frontend.held import Held
from workbench.frontend.layouts import Number
from workbench.frontend.library.arguments import static_option
from workbench.frontend.library.registry import handles
from workbench.frontend.numbers import is_python_number, joint_kind, number_kind
from workbench.frontend.values import (
    END,
    Array,
    Cursor,
    DynamicList,
    Lazy,
    ListValue,
    RangeValue,
    Scalar,
    ZipValue,
    is_static,
)
from workbench.ir import Kind

MAX_SORTED = 16


@handles(itertools.accumulate)
def accumulate(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.accumulate(iterable[, function, initial=None])`: its first item is known where items have places."""
    by_place = isinstance(args[0], (Array, DynamicList)) and named.get("initial") is None
    kept = {k: v for k, v in named.items() if k != "initial" or not by_place}
    return act.t.environment.call(act, iterators.running if by_place else iterators.accumulate, args, kept)


@handles(functools.reduce)
def reduce(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`functools.reduce(function, iterable[, initial])`."""
    t = act.t
    if len(args) == 3:
        return t.environment.call(act, iterators.reduce, args, named)
    function, iterable = args
    items = t.environment.items(act, iterable)
    if not items:
        raise TypeError("reduce() of empty iterable with no initial value")
    total, held = items[0], Held(t, *items)
    for item in items[1:]:
        held.check()
        total = t.environment.call(act, function, (total, item), {})
    return total


# ---------------------------------------------------------------------- of known length
def _combinatoric(make: Any) -> Any:
    """Iterators over arrangements: of positions, as the items may be run-time numbers."""
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        items = t.environment.items(act, args[0])
        rest = [t.static_int(a, "a length") for a in (*args[1:], *named.values()) if a is not None]
        return generators.over(t, [tuple(items[k] for k in places) for places in make(range(len(items)), *rest)])
    return handler


for _make in (itertools.combinations, itertools.permutations, itertools.combinations_with_replacement):
    handles(_make)(_combinatoric(_make))


@handles(itertools.product)
def product(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.product(*iterables, repeat=1)`."""
    pools = [act.t.environment.items(act, a) for a in args]
    times = act.t.static_int(named.get("repeat", 1), "a number of repeats")
    return generators.over(act.t, list(itertools.product(*pools, repeat=times)))


@handles(itertools.zip_longest)
def zip_longest(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.zip_longest(*iterables, fillvalue=None)`."""
    t = act.t
    parts = [a if isinstance(a, Cursor) else walking.iterator(act, a) for a in args]
    fill = t.variable("$fill", named.get("fillvalue"))

    def fetch(k: int) -> Any:
        row = [generators.following(act, part) for part in parts]
        if all(item is END for item in row):
            return END
        return tuple(t.read(fill) if item is END else item for item in row)
    return generators.cursor(t, fetch, lambda: max((generators.left_in(act, part) for part in parts), default=0))


@handles(itertools.pairwise)
def pairwise(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.pairwise(iterable)`."""
    t = act.t
    if isinstance(args[0], Array):
        later, earlier = (t.environment.item(act, args[0], s) for s in (slice(1, None), slice(None, -1)))
        if args[0].rank == 1:  # an element is read once: what is written to it afterwards is not seen
            earlier = t.new_array(t.emit("copy", arrays.read(t, earlier)))
            args[0].cell.shown_by(earlier.cell)
        return ZipValue("zip", (earlier, later), spent=generators.fresh(t))
    return t.environment.call(act, iterators.pairwise, args, named)


@handles(itertools.islice)
def islice(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.islice(iterable, [start,] stop[, step])`."""
    t = act.t
    bounds = slice(*args[1:])
    if isinstance(args[0], Array) and args[0].flat is None:
        return ZipValue("iter", (t.environment.item(act, args[0], bounds),), spent=generators.fresh(t))
    return t.environment.call(act, iterators.islice, (args[0], bounds.start or 0, bounds.stop, bounds.step or 1), {})


@handles(itertools.repeat)
def repeat(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.repeat(value, times)`."""
    t = act.t
    times = args[1] if len(args) > 1 else named.get("times")
    if times is None:
        return ZipValue("endless", (args[0],), ())
    if isinstance(times, Scalar):
        value = args[0]
        return t.environment.call(act, iterators.map_, (_Always(value), RangeValue(0, times, 1)), {})
    return generators.over(t, [args[0]] * t.static_int(times, "a number of repeats"))


class _Always:
    """A function of one value."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The value, whatever the argument."""
        return self.value


@handles(itertools.count)
def count(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.count(start=0, step=1)`, beside something that ends."""
    first = args[0] if args else named.get("start", 0)
    step = args[1] if len(args) > 1 else named.get("step", 1)
    return ZipValue("endless", (), (first, step), generators.fresh(act.t))


@handles(itertools.cycle)
def cycle(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`itertools.cycle(iterable)`, beside something that ends."""
    return ZipValue("endless", tuple(act.t.environment.items(act, args[0])), (), generators.fresh(act.t))


# ---------------------------------------------------------------------- iter, next
@handles(iter)
def iter_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`iter(x)`."""
    if len(args) > 1:
        act.t.fail("iter of a function and a sentinel", "write a loop")
    values = args[0]
    if isinstance(values, (Lazy, Cursor)) or getattr(values, "spent", None) or getattr(values, "flat", None):
        return values
    return walking.iterator(act, values)


@handles(next)
def next_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`next(iterator[, default])`; of a generator its first item, and nothing more."""
    t = act.t
    iterator, *default = args
    if isinstance(iterator, Cursor):
        item = generators.following(act, iterator)
        if item is END and not default:
            raise StopIteration
        return default[0] if item is END else item
    if not isinstance(iterator, Lazy):
        t.fail("next of this iterator", "write a loop")
    found: list[Any] = []
    depth = len(t.frames)

    def take(item: Any) -> int:
        if len(t.frames) != depth:
            t.fail("which item of this generator comes first is known at run time only", "write a loop")
        found.append(item)
        return RETURN
    generators.consume(act, iterator, generators.Sink(take, True))
    if found:
        return found[0]
    if default:
        return default[0]
    raise StopIteration


# ---------------------------------------------------------------------- order
def less(act: Activation, op: str, a: Any, b: Any) -> Any:
    """`a < b` (or `>`) of two values of any kind."""
    return arithmetic.truth(act.t, act.t.environment.compare(act, op, a, b))


def select(act: Activation, condition: Any, a: Any, b: Any) -> Any:
    """`a if condition else b` of two evaluated values."""
    t = act.t
    if not isinstance(condition, Scalar):
        return a if condition else b
    if all(number_kind(v) is not None and not isinstance(v, Array) for v in (a, b)):
        kind, python = joint_kind(a, b), is_python_number(a) and is_python_number(b)
        value = t.emit("select", t.scalar(condition, Kind.BOOL), t.scalar(a, kind), t.scalar(b, kind))
        return t.join(value, python, (a, b))
    return branches.branch(t, condition, lambda: a, lambda: b)


def best(act: Activation, items: list[Any], op: str, key: Any) -> Any:
    """Python's `min` or `max`: the first item that no other beats."""
    def key_of(item: Any) -> Any:
        return act.t.environment.call(act, key, (item,), {}) if key is not None else item
    held = Held(act.t, *items)
    found, best_key = items[0], key_of(items[0])
    for item in items[1:]:
        challenger = key_of(item)
        better = less(act, op, challenger, best_key)
        held.check()
        found = select(act, better, item, found)
        best_key = found if key is None else select(act, better, challenger, best_key)
    return found


def in_order(act: Activation, items: list[Any], key: Any, reverse: Any) -> list[Any]:
    """Python's stable sort; run-time numbers go through a network of comparisons of neighbours."""
    t = act.t
    held = Held(t, *items)
    keys = [held.keep(t.environment.call(act, key, (item,), {})) for item in items] if key is not None else list(items)
    held.check()
    op = ">" if static_option(t, reverse, "reverse") else "<"
    if is_static(tuple(keys)):
        order = sorted(range(len(items)), key=keys.__getitem__, reverse=bool(reverse))
        return [items[k] for k in order]
    if len(items) > MAX_SORTED:
        t.fail(f"a sort of more than {MAX_SORTED} run-time values", "use np.sort of an array")
    items = list(items)
    for turn in range(len(items)):
        for k in range(turn % 2, len(items) - 1, 2):
            swapped = less(act, op, keys[k + 1], keys[k])
            for row in (items, keys) if key is not None else (items,):
                row[k], row[k + 1] = select(act, swapped, row[k + 1], row[k]), select(act, swapped, row[k], row[k + 1])
            if key is None:
                keys = items
    return items


def _numbers_in_order(act: Activation, owner: DynamicList, named: dict[str, Any]) -> DynamicList:
    """The numbers of a dynamic list in order (equal numbers cannot be told apart)."""
    t = act.t
    if named.get("key") is not None or not isinstance(owner.layout, Number):
        growth.give_up(t, owner, "a sort by a key, or of records, in a list whose length is known at run time "
                              "only", "use np.argsort of an array")
    ordered = t.environment.call(act, np.sort, (list_operations.as_array(t, owner),), {})
    if static_option(t, named.get("reverse", False), "reverse"):
        ordered = t.environment.item(act, ordered, slice(None, None, -1))
    return dynamic_lists.from_array(t, arrays.read(t, ordered), owner.site)


@handles(sorted)
def sorted_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`sorted(iterable, key=None, reverse=False)`."""
    values = args[0]
    if isinstance(values, (Lazy, Array)):
        values = act.t.environment.list_of(act, values)
    if isinstance(values, DynamicList):
        return _numbers_in_order(act, values, named)
    items = act.t.environment.items(act, values)
    return act.t.new_list(in_order(act, items, named.get("key"), named.get("reverse", False)))


def total_of(act: Activation, iterator: Lazy, start: Any) -> Any:
    """`sum` over a generator."""
    t = act.t
    total = t.variable("total", start)
    generators.each(act, iterator, lambda item: t.assign(total, t.environment.binary(act, "+", t.read(total), item)))
    return t.read(total)


def sort_list(act: Activation, owner: ListValue | DynamicList, named: dict[str, Any]) -> None:
    """`list.sort`."""
    t = act.t
    if isinstance(owner, DynamicList):
        ordered = _numbers_in_order(act, owner, named)
        t.environment.repeat(t, dynamic_lists.length_of(t, owner), ("sort", t.span), lambda k: dynamic_lists.store(
            t, owner, k, dynamic_lists.load(t, ordered, k)))
        return
    values = in_order(act, [t.read(v) for v in owner.items], named.get("key"), named.get("reverse", False))
    for variable, value in zip(owner.items, values, strict=True):
        t.assign(variable, value)
