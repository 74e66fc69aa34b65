"""Making containers: lists, tuples, dicts, sets of what is known, `defaultdict`, `OrderedDict`, `deque`."""

from __future__ import annotations

import collections
from typing import Any

from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import STATIC_BINARY
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.values import DictValue, ListValue, SetValue, is_static

# ---------------------------------------------------------------------- lists, tuples, dicts

@implements(list)
def list_(act: Activation, iterable: Any = (), /) -> Any:
    """A list of the items."""
    return act.t.environment.list_of(act, iterable)


@implements(tuple)
def tuple_(act: Activation, iterable: Any = (), /) -> Any:
    """A tuple of the items."""
    return tuple(act.t.environment.items(act, iterable))


@handles(dict)
def dict_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dict`."""
    t = act.t
    entries: dict[Any, Any] = {}
    if args and isinstance(args[0], DictValue):
        entries.update({k: t.read(v) for k, v in args[0].items.items()})
    elif args:
        entries.update(tuple(t.environment.items(act, pair)) for pair in t.environment.items(act, args[0]))
    return t.new_dict({**entries, **named})


@implements(dict.fromkeys)
def from_keys(act: Activation, iterable: Any, value: Any = None, /) -> Any:
    """A dict of keys that have one value."""
    t = act.t
    return t.new_dict({t.environment.key(act, k): value for k in t.environment.items(act, iterable)})


@implements(slice)
def slice_(act: Activation, *bounds: Any) -> Any:
    """A slice."""
    return slice(*bounds)


# ---------------------------------------------------------------------- sets
def static_members(act: Activation, value: Any) -> set[Any]:
    """The items of anything, as a set."""
    members = value.values if isinstance(value, SetValue) else act.t.environment.items(act, value)
    keys = [act.t.environment.key(act, m) for m in members]
    return set(keys)


@implements(set)
def set_(act: Activation, iterable: Any = (), /) -> Any:
    """A set of the items."""
    return SetValue(static_members(act, iterable), len(act.t.frames))


@implements(frozenset)
def frozenset_(act: Activation, iterable: Any = (), /) -> Any:
    """A frozenset of the items."""
    return frozenset(static_members(act, iterable))


def set_operator(act: Activation, op: str, a: Any, b: Any) -> Any:
    """`a | b`, `a <= b` and the like."""
    sides = [v.values if isinstance(v, SetValue) else v for v in (a, b)]
    result = STATIC_BINARY[op](*sides)
    return SetValue(result, len(act.t.frames)) if isinstance(result, set) else result


# ---------------------------------------------------------------------- collections
@handles(collections.defaultdict)
def defaultdict(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`defaultdict(factory, ...)`."""
    entries = act.t.environment.call(act, dict, args[1:], named)
    entries.type = collections.defaultdict
    entries.default = args[0] if args else None
    return entries


@handles(collections.OrderedDict)
def ordered_dict(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`OrderedDict(...)`."""
    entries = act.t.environment.call(act, dict, args, named)
    entries.type = collections.OrderedDict
    return entries


@implements(collections.deque)
def deque(act: Activation, iterable: Any = (), maxlen: Any = None) -> Any:
    """A list that takes items at both ends."""
    t = act.t
    longest = None if maxlen is None else t.static_int(maxlen, "the length of a deque")
    items = t.environment.items(act, iterable)
    kept = items if longest is None else items[max(len(items) - longest, 0):]
    return t.new_deque(kept, longest)


# ---------------------------------------------------------------------- taken apart
def plain_form(act: Activation, value: Any) -> Any:
    """A container whose entries are all static as Python's own; NotImplemented where it holds run-time numbers."""
    t = act.t
    if is_static(value):
        return value
    if isinstance(value, SetValue):
        return set(value.values)
    if isinstance(value, DictValue):
        entries = {k: plain_form(act, t.read(v)) for k, v in value.items.items()}
        return NotImplemented if any(v is NotImplemented for v in entries.values()) else entries
    if isinstance(value, (ListValue, tuple)):
        items = [plain_form(act, v) for v in (t.environment.items(act, value))]
        if any(v is NotImplemented for v in items):
            return NotImplemented
        return items if isinstance(value, ListValue) else tuple(items)
    return NotImplemented
