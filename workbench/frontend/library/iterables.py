"""What consumes and makes iterators: `map`, `filter`, `iter`, `next`, `sorted`, itertools, `functools.reduce`."""

from __future__ import annotations

import functools
import itertools
from typing import Any

from workbench.frontend import (
    arrays,
    generators,
    walking,
)
from workbench.frontend.activation import Activation
from workbench.frontend.completions import RETURN
from workbench.frontend.composed import iterators
from workbench.frontend.held import Held
from workbench.frontend.library.registry import handles
from workbench.frontend.values import (
    END,
    Array,
    Cursor,
    DynamicList,
    Lazy,
    RangeValue,
    Scalar,
    ZipValue,
)


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
