"""`map`, `filter`, itertools, functools and operator in plain Python, as their documentation writes them: what they do
with run-time numbers follows. Those without a callable are what handlers of `frontend.library` enter.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from workbench.frontend.composed.registry import composes


@composes(map)
def map_(function: Any, *iterables: Any) -> Iterator[Any]:
    """A function of items, one by one."""
    if len(iterables) == 1:
        for item in iterables[0]:
            yield function(item)
    else:
        for group in zip(*iterables, strict=False):
            yield function(*group)


@composes(filter)
def filter_(function: Any, iterable: Any) -> Iterator[Any]:
    """The items that pass a test."""
    for item in iterable:
        if item if function is None else function(item):
            yield item


@composes(itertools.filterfalse)
def filterfalse(function: Any, iterable: Any) -> Iterator[Any]:
    """The items that do not pass a test."""
    for item in iterable:
        if not (item if function is None else function(item)):
            yield item


@composes(itertools.starmap)
def starmap(function: Any, iterable: Any) -> Iterator[Any]:
    """A function of groups of arguments."""
    for group in iterable:
        yield function(*group)


@composes(itertools.chain)
def chain(*iterables: Any) -> Iterator[Any]:
    """The items of one iterable after the other."""
    for iterable in iterables:
        for item in iterable:  # noqa: UP028
            yield item


@composes(itertools.chain.from_iterable)
def chain_from_iterable(iterables: Any) -> Iterator[Any]:
    """The items of one iterable after the other."""
    for iterable in iterables:
        for item in iterable:  # noqa: UP028
            yield item


@composes(itertools.takewhile)
def takewhile(predicate: Any, iterable: Any) -> Iterator[Any]:
    """The items before the first that fails a test."""
    for item in iterable:
        if not predicate(item):
            break
        yield item


@composes(itertools.dropwhile)
def dropwhile(predicate: Any, iterable: Any) -> Iterator[Any]:
    """The items from the first that fails a test."""
    dropping = True
    for item in iterable:
        if dropping and predicate(item):
            continue
        dropping = False
        yield item


@composes(itertools.compress)
def compress(data: Any, selectors: Any) -> Iterator[Any]:
    """The items beside which a true one stands."""
    for item, kept in zip(data, selectors, strict=False):
        if kept:
            yield item


def pairwise(iterable: Any) -> Iterator[Any]:
    """Neighbours: `itertools.pairwise`."""
    held: tuple[Any, ...] = ()
    for item in iterable:
        if held:
            yield held[0], item
        held = (item,)


def islice(iterable: Any, start: Any, stop: Any, step: Any) -> Iterator[Any]:
    """`itertools.islice`, its bounds spelt out."""
    k = 0
    if stop is None or stop > 0:
        for item in iterable:
            if k >= start and (k - start) % step == 0:
                yield item
            k += 1
            if stop is not None and k >= stop:
                break


def accumulate(iterable: Any, func: Any = None, *, initial: Any = None) -> Iterator[Any]:
    """`itertools.accumulate`."""
    total = initial
    started = initial is not None
    if started:
        yield total
    for item in iterable:
        if not started:
            total = item
            started = True
        elif func is None:
            total = total + item
        else:
            total = func(total, item)
        yield total


def running(items: Any, func: Any = None) -> Iterator[Any]:
    """`itertools.accumulate` of items that have places: the first is known."""
    if len(items) > 0:
        total = items[0]
        yield total
        for k in range(1, len(items)):
            total = total + items[k] if func is None else func(total, items[k])
            yield total


def greatest(items: Any, key: Any) -> Any:
    """`max` by a key, of at least one item."""
    found = items[0]
    held = key(found)
    for k in range(1, len(items)):
        item = items[k]
        challenger = key(item)
        if challenger > held:
            found, held = item, challenger
    return found


def least(items: Any, key: Any) -> Any:
    """`min` by a key, of at least one item."""
    found = items[0]
    held = key(found)
    for k in range(1, len(items)):
        item = items[k]
        challenger = key(item)
        if challenger < held:
            found, held = item, challenger
    return found


def itself(item: Any) -> Any:
    """The item: the key where none is given."""
    return item


def reduce(function: Any, iterable: Any, value: Any) -> Any:
    """`functools.reduce` from a first value."""
    for item in iterable:
        value = function(value, item)
    return value


def items_of(keys: Any, owner: Any) -> Any:
    """What `operator.itemgetter(*keys)` gets."""
    return owner[keys[0]] if len(keys) == 1 else tuple([owner[key] for key in keys])


def attribute_of(name: Any, owner: Any) -> Any:
    """An attribute of an attribute, and so on."""
    for part in name.split("."):
        owner = getattr(owner, part)
    return owner


def attributes_of(names: Any, owner: Any) -> Any:
    """What `operator.attrgetter(*names)` gets."""
    if len(names) == 1:
        return attribute_of(names[0], owner)
    return tuple([attribute_of(name, owner) for name in names])


def method_of(call: Any, named: Any, owner: Any) -> Any:
    """What `operator.methodcaller` calls."""
    name, *args = call
    return getattr(owner, name)(*args, **dict(named))
