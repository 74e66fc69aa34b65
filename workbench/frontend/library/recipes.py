"""`map`, `filter`, itertools and functools in plain Python, as their documentation writes them.

The front end reads these functions in place of the originals: what they do with run-time numbers follows.
"""
# mypy: disable-error-code="no-untyped-def"

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


def reduce(function, iterable, value):
    for item in iterable:
        value = function(value, item)
    return value
