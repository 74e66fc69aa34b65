"""A loop over something known while specialising, item by item: what the body changes is seen, as in Python.

Invariant: an item is read when its turn comes, never before: a list may grow, shrink or change while it is iterated; a
dict or a set that changes its size raises as Python does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from workbench.frontend import arithmetic, generators, indexing, iteration, unrolling
from workbench.frontend.activation import Activation
from workbench.frontend.completions import NORMAL, RETURN, choose
from workbench.frontend.held import Held
from workbench.frontend.values import (
    END,
    VIEWS,
    Array,
    Choice,
    Conflict,
    Cursor,
    DequeValue,
    DictValue,
    Lazy,
    ListValue,
    Scalar,
    SetValue,
    ZipValue,
)
from workbench.frontend.variables import rebuild
from workbench.ir import Constant, Kind

Fetch = Callable[[int], Any]


def live(act: Activation, values: Any) -> Fetch:
    """What gives item k when its turn comes (asked in order), or END."""
    fetch, held = _fetching(act, values), Held(act.t, values)

    def current(k: int) -> Any:
        item = fetch(k)
        if item is not END:
            held.check()
        return item
    return current if held.marks else fetch


def _fetching(act: Activation, values: Any) -> Fetch:
    if isinstance(values, DequeValue):
        return _checked(values.items, "deque mutated during iteration",
                        lambda k: act.t.read(values.items[k]), lambda: len(values.items))
    if isinstance(values, ListValue):
        return lambda k: act.t.read(values.items[k]) if k < len(values.items) else END
    if isinstance(values, Cursor):
        return lambda k: generators.following(act, values)
    if isinstance(values, SetValue):
        members = list(values.values)
        return _checked(values.values, "Set changed size during iteration", lambda k: members[k], lambda: len(members))
    if isinstance(values, DictValue):
        return _over_dict(act, values, "keys")
    if isinstance(values, ZipValue) and values.kind in VIEWS:
        return _over_dict(act, values.parts[0], values.kind)
    if isinstance(values, ZipValue) and values.kind in ("zip", "enumerate") and not iteration.is_endless(values):
        return _together(act, values)
    if isinstance(values, ZipValue) and values.kind == "reversed" and isinstance(values.parts[0], ListValue):
        entries = values.parts[0].items
        first = len(entries) - 1
        return lambda k: act.t.read(entries[first - k]) if 0 <= first - k < len(entries) else END
    if isinstance(values, (Array, Choice)):
        return _over_array(act, values)
    turns = iteration.known_turns(act, values)
    if turns is not None:
        return _by_position(act, values, turns)
    items = iteration.static_items(act, values)
    return lambda k: items[k] if k < len(items) else END


def iterator(act: Activation, values: Any) -> Any:
    """`iter` of anything that is not an iterator itself."""
    t = act.t
    if isinstance(values, (Array, Choice)):
        length = len(iteration.static_places(act, values))
        return generators.cursor(t, _over_array(act, values), lambda: length)
    if isinstance(values, (ListValue, DictValue, SetValue)) or iteration.is_view(values):
        return generators.cursor(t, live(act, values), lambda: iteration.length_of(act, values) or 0)
    return generators.over(t, iteration.static_items(act, values))


def _over_array(act: Activation, values: Array | Choice) -> Fetch:
    length = len(iteration.static_places(act, values))
    held = act.t.variable("$iterated", values)  # a variable: a loop may rename it
    return lambda k: act.t.environment.item(act, act.t.read(held), k) if k < length else END


def _by_position(act: Activation, values: Any, turns: int) -> Fetch:
    """The items of a loop that is unrolled as a last resort."""
    lo, _, step, item = iteration.indexed(act, values)
    first = act.t.static_int(act.t.wrap(lo, True), "where a loop begins")

    def fetch(k: int) -> Any:
        if k >= turns:
            return END
        unrolling.turn(act.t)
        return _known(act, item(Scalar(Constant(first + step * k, Kind.INT), True)))
    return fetch


def _known(act: Activation, item: Any) -> Any:
    """An item with its constants as numbers known while specialising."""
    if isinstance(item, tuple):
        return rebuild(item, [_known(act, v) for v in item])
    return act.t.wrap(act.t.scalar(item), item.python) if isinstance(item, Scalar) else item


def _checked(held: Any, message: str, fetch: Fetch, count: Callable[[], int]) -> Fetch:
    size = len(held)

    def checked(k: int) -> Any:
        if len(held) != size:
            raise RuntimeError(message)
        return fetch(k) if k < count() else END
    return checked


def _over_dict(act: Activation, owner: DictValue, kind: str) -> Fetch:
    keys = list(owner.items)

    def fetch(k: int) -> Any:
        if keys[k] not in owner.items:
            raise RuntimeError("dictionary keys changed during iteration")
        return iteration.dict_entry(act, owner, keys[k], kind)
    return _checked(owner.items, "dictionary changed size during iteration", fetch, lambda: len(keys))


def _together(act: Activation, values: ZipValue) -> Fetch:
    """`zip` or `enumerate`, at least one part of known length."""
    count, known = iteration.zip_count(act, values)
    fetches = [_part(act, part) for part in values.parts]

    def fetch(k: int) -> Any:
        row = []
        for part in fetches:
            item = part(k) if known or k < count else END
            if item is END:
                if not known and all(f(k) is not END for f, p in zip(fetches, values.parts, strict=True) if _moves(p)):
                    act.t.fail("a list that grows beside an array of run-time length", "loop over its indices")
                return END
            row.append(item)
        return (k + values.start, row[0]) if values.kind == "enumerate" else tuple(row)
    return fetch


def _moves(part: Any) -> bool:
    """True for what may change its length while it is iterated."""
    return isinstance(part, (ListValue, DictValue, SetValue)) or (
        isinstance(part, ZipValue) and any(_moves(p) for p in part.parts))


def _part(act: Activation, part: Any) -> Fetch:
    if iteration.is_endless(part):
        return lambda k: iteration.endless_item(act, part, k)
    length = iteration.length_of(act, part)
    if isinstance(part, Array):
        return lambda k: indexing.get(act.t, part, k) if length is None or k < length else END
    if length is None and not iteration.is_nested(act, part):
        return lambda k: iteration.first_items(act, part, k + 1)[k]
    return live(act, part)


def items(act: Activation, values: Any) -> Iterator[Any]:
    """The items, each read when its turn comes."""
    fetch, k = live(act, generators.taken(act, values)), 0
    while (item := fetch(k)) is not END:
        yield item
        k += 1
    generators.exhausted(act, values)


def quantified(act: Activation, values: Any, stop: bool, test: Callable[[Any], Any] = lambda item: item) -> Any:
    """Whether a test holds for an item of an iterator (`stop` true), or for all of them. It is gone on with from behind
    the item that settles it, where that is known while specialising; else it is not gone on with."""
    t = act.t
    if isinstance(values, Lazy):
        return _quantified_lazily(act, values, stop, test)
    if isinstance(values, Cursor):
        return _quantified(act, iter(lambda: generators.following(act, values), END), stop, test, lambda: t.assign(
            values.position, Conflict("how far an iterator has come, in which a run-time number was looked for")))
    opened = generators.taken(act, values)
    result = _quantified(act, iter(iteration.static_items(act, opened)), stop, test, lambda: None)
    if result is (not stop):
        generators.exhausted(act, values)
    return result


def _quantified(act: Activation, items: Iterator[Any], stop: bool, test: Callable[[Any], Any],
                lost: Callable[[], None]) -> Any:
    """The same of items known one by one; `lost`: how many of them Python would take turns out at run time."""
    t = act.t
    result: Any = not stop
    for item in items:
        holds = arithmetic.truth(t, test(item))
        if not isinstance(holds, Scalar):
            if bool(holds) is not stop:
                continue
            if isinstance(result, Scalar):
                lost()
            return stop
        result = t.wrap(t.emit("or" if stop else "and", t.scalar(result, Kind.BOOL), t.scalar(holds)), True)
    if isinstance(result, Scalar):
        lost()
    return result


def _quantified_lazily(act: Activation, iterator: Lazy, stop: bool, test: Callable[[Any], Any]) -> Any:
    t = act.t
    found = t.variable("found", not stop)

    def take(item: Any) -> Any:
        holds = arithmetic.truth(t, test(item))
        if not isinstance(holds, Scalar):
            if holds is not stop:
                return NORMAL
            t.assign(found, stop)
            return RETURN
        t.assign(found, Scalar(holds.value, True))
        leaves = holds if stop else t.wrap(t.emit("not", t.scalar(holds)), True)
        return choose(act, leaves, lambda: RETURN, lambda: NORMAL)
    generators.consume(act, iterator, generators.Sink(take, True))
    return t.read(found)
