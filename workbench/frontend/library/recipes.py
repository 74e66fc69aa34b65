"""`map`, `filter`, itertools and functools in plain Python, as their documentation writes them.

The front end reads these functions in place of the originals: what they do with run-time numbers follows.
"""
# mypy: disable-error-code="no-untyped-def,assignment"

from __future__ import annotations


def map_(function, *iterables):
    if len(iterables) == 1:
        for item in iterables[0]:
            yield function(item)
    else:
        for group in zip(*iterables, strict=False):
            yield function(*group)


def filter_(function, iterable):
    for item in iterable:
        if item if function is None else function(item):
            yield item


def filterfalse(function, iterable):
    for item in iterable:
        if not (item if function is None else function(item)):
            yield item


def starmap(function, iterable):
    for group in iterable:
        yield function(*group)


def chain(*iterables):
    for iterable in iterables:
        for item in iterable:  # noqa: UP028
            yield item


def chain_from_iterable(iterables):
    for iterable in iterables:
        for item in iterable:  # noqa: UP028
            yield item


def takewhile(predicate, iterable):
    for item in iterable:
        if not predicate(item):
            break
        yield item


def dropwhile(predicate, iterable):
    dropping = True
    for item in iterable:
        if dropping and predicate(item):
            continue
        dropping = False
        yield item


def compress(data, selectors):
    for item, kept in zip(data, selectors, strict=False):
        if kept:
            yield item


def pairwise(iterable):
    held = ()
    for item in iterable:
        if held:
            yield held[0], item
        held = (item,)


def islice(iterable, start, stop, step):
    k = 0
    if stop is None or stop > 0:
        for item in iterable:
            if k >= start and (k - start) % step == 0:
                yield item
            k += 1
            if stop is not None and k >= stop:
                break


def accumulate(iterable, func=None, *, initial=None):
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


def running(items, func=None):
    if len(items) > 0:
        total = items[0]
        yield total
        for k in range(1, len(items)):
            total = total + items[k] if func is None else func(total, items[k])
            yield total


def greatest(items, key):
    found = items[0]
    held = key(found)
    for k in range(1, len(items)):
        item = items[k]
        challenger = key(item)
        if challenger > held:
            found, held = item, challenger
    return found


def least(items, key):
    found = items[0]
    held = key(found)
    for k in range(1, len(items)):
        item = items[k]
        challenger = key(item)
        if challenger < held:
            found, held = item, challenger
    return found


def itself(item):
    return item


def reduce(function, iterable, value):
    for item in iterable:
        value = function(value, item)
    return value


def items_of(keys, owner):
    return owner[keys[0]] if len(keys) == 1 else tuple([owner[key] for key in keys])


def attribute_of(name, owner):
    for part in name.split("."):
        owner = getattr(owner, part)
    return owner


def attributes_of(names, owner):
    if len(names) == 1:
        return attribute_of(names[0], owner)
    return tuple([attribute_of(name, owner) for name in names])


def method_of(call, named, owner):
    name, *args = call
    return getattr(owner, name)(*args, **dict(named))
