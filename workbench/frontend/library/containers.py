"""Sets of static things, `defaultdict`, `OrderedDict`, `deque`, and what the operator module and dataclasses make."""

from __future__ import annotations

import collections
import dataclasses
import operator
from collections.abc import Callable
from typing import Any

from workbench.frontend import objects
from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import STATIC_BINARY
from workbench.frontend.composed import iterators
from workbench.frontend.library.registry import handles
from workbench.frontend.values import (
    DequeValue,
    DictValue,
    ListValue,
    ObjectValue,
    Partial,
    SetValue,
    is_static,
)


# ---------------------------------------------------------------------- sets
def static_members(act: Activation, value: Any) -> set[Any]:
    """The items of anything, as a set."""
    members = value.values if isinstance(value, SetValue) else act.t.environment.items(act, value)
    keys = [act.t.environment.key(act, m) for m in members]
    return set(keys)


@handles(set)
def set_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`set(iterable)`."""
    return SetValue(static_members(act, args[0]) if args else set(), len(act.t.frames))


@handles(frozenset)
def frozenset_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`frozenset(iterable)`."""
    return frozenset(static_members(act, args[0])) if args else frozenset()


_CHANGING = frozenset({"add", "discard", "remove", "update", "clear", "pop", "difference_update",
                       "intersection_update", "symmetric_difference_update"})


def set_method(act: Activation, owner: SetValue, name: str, args: tuple[Any, ...]) -> Any:
    """A method of a set."""
    t = act.t
    members = name not in ("add", "discard", "remove", "pop")
    plain = [static_members(act, a) if members else t.environment.key(act, a) for a in args]
    if name in _CHANGING:
        if owner.original:
            t.fail("a set from outside is changed", "return a new one")
        t.may_restructure(owner, "a set is changed")
    result = getattr(owner.values, name)(*plain)
    return SetValue(result, len(t.frames)) if isinstance(result, set) else result


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


@handles(dict.fromkeys)
def from_keys(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dict.fromkeys(keys, value=None)`."""
    t = act.t
    value = args[1] if len(args) > 1 else None
    return t.new_dict({t.environment.key(act, k): value for k in t.environment.items(act, args[0])})


@handles(collections.deque)
def deque(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`deque(iterable=(), maxlen=None)`."""
    t = act.t
    longest = named.get("maxlen", args[1] if len(args) > 1 else None)
    if longest is not None:
        longest = t.static_int(longest, "the length of a deque")
    items = t.environment.items(act, args[0]) if args else []
    kept = items if longest is None else items[max(len(items) - longest, 0):]
    return DequeValue([t.variable("entry", v) for v in kept], len(t.frames), longest=longest)


def deque_method(act: Activation, owner: DequeValue, name: str, args: tuple[Any, ...]) -> Any:
    """A method of a deque. One that is full and takes an item shifts the others: it keeps its length."""
    t = act.t
    if name in ("append", "appendleft") and owner.longest is not None and len(owner.items) == owner.longest:
        values = [t.read(v) for v in owner.items]
        shifted = [*values[1:], args[0]] if name == "append" else [args[0], *values[:-1]]
        for variable, value in zip(owner.items, shifted[:len(values)], strict=True):
            t.assign(variable, value)
    elif name == "rotate":
        values = [t.read(v) for v in owner.items]
        n = t.static_int(args[0], "a number of places") if args else 1
        for k, variable in enumerate(owner.items):
            t.assign(variable, values[(k - n) % len(values)])
    elif name in ("appendleft", "append"):
        t.may_restructure(owner, "a deque grows")
        made = t.variable("entry", args[0])
        made.depth = owner.depth
        owner.items.insert(0 if name == "appendleft" else len(owner.items), made)
    elif name == "popleft":
        t.may_restructure(owner, "a deque shrinks")
        if not owner.items:
            raise IndexError("pop from an empty deque")
        return t.read(owner.items.pop(0))
    elif name in ("extend", "extendleft"):
        for item in t.environment.items(act, args[0]):
            deque_method(act, owner, "append" if name == "extend" else "appendleft", (item,))
    elif name in ("pop", "clear", "reverse", "count", "index", "copy"):
        if name == "copy":
            return DequeValue([t.variable("entry", t.read(v)) for v in owner.items], len(t.frames),
                              longest=owner.longest)
        return NotImplemented
    else:
        t.fail(f"the deque method {name!r}", "use a list")
    return None


# ---------------------------------------------------------------------- operator
def _getter(recipe: Callable[..., Any]) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        return Partial(recipe, (args, *([tuple(named.items())] if recipe is iterators.method_of else [])), {})
    return handler


handles(operator.itemgetter)(_getter(iterators.items_of))
handles(operator.attrgetter)(_getter(iterators.attributes_of))
handles(operator.methodcaller)(_getter(iterators.method_of))


def getter_of(callee: Any) -> Any:
    """An `itemgetter` and the like that was made outside, as the evaluator's."""
    kind, args = callee.__reduce__()[:2]
    if kind is operator.itemgetter:
        return Partial(iterators.items_of, (args,), {})
    if kind is operator.attrgetter:
        return Partial(iterators.attributes_of, (args,), {})
    return Partial(iterators.method_of, (args, ()), {})


_BINARY = {operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=", operator.eq: "==",
           operator.ne: "!=", operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/",
           operator.floordiv: "//", operator.mod: "%", operator.pow: "**", operator.matmul: "@",
           operator.and_: "&", operator.or_: "|", operator.xor: "^", operator.concat: "+"}


def _binary(op: str) -> Any:
    if op in ("<", "<=", ">", ">=", "==", "!="):
        return lambda act, args, named: act.t.environment.compare(act, op, *args)
    return lambda act, args, named: act.t.environment.binary(act, op, *args)


for _function, _op in _BINARY.items():
    handles(_function)(_binary(_op))


@handles(operator.getitem)
def getitem(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`operator.getitem(a, k)`."""
    return act.t.environment.item(act, *args)


@handles(operator.setitem)
def setitem(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`operator.setitem(a, k, v)`."""
    act.t.environment.set_item(act, *args)


@handles(operator.contains)
def contains(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`operator.contains(a, v)`."""
    return act.t.environment.contains(act, *args)


# ---------------------------------------------------------------------- objects and dataclasses
@handles(super)
def super_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`super()`."""
    return objects.super_of(act, args)


@handles(vars)
def vars_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`vars(x)` of a user's object."""
    if not args or not isinstance(args[0], ObjectValue):
        act.t.fail("vars of this", "name the attributes")
    return objects.fields_of(act, args[0])


@handles(object.__setattr__)
def object_setattr(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`object.__setattr__(x, name, value)`."""
    objects.store(act, *args)


@handles(object.__new__)
def object_new(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`object.__new__(cls)`."""
    return act.t.new_object(args[0], {})


@handles(tuple.__new__)
def tuple_new(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`tuple.__new__(cls, items)`."""
    return tuple.__new__(args[0], act.t.environment.items(act, args[1]) if len(args) > 1 else ())


@handles(dataclasses.fields)
def dataclass_fields(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dataclasses.fields(x)`."""
    (value,) = args
    return dataclasses.fields(value.type if isinstance(value, ObjectValue) else value)


@handles(dataclasses.is_dataclass)
def is_dataclass(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dataclasses.is_dataclass(x)`."""
    (value,) = args
    return dataclasses.is_dataclass(value.type if isinstance(value, ObjectValue) else value)


def _unfolded(act: Activation, value: Any, as_dict: bool) -> Any:
    t = act.t
    if isinstance(value, ObjectValue) and dataclasses.is_dataclass(value.type):
        t.environment.load_fields(value)
        entries = {f.name: _unfolded(act, t.read(value.fields[f.name]), as_dict)
                   for f in dataclasses.fields(value.type)}
        return t.new_dict(entries) if as_dict else tuple(entries.values())
    if isinstance(value, ListValue):
        return t.new_list([_unfolded(act, t.read(v), as_dict) for v in value.items])
    if isinstance(value, DictValue):
        return t.new_dict({k: _unfolded(act, t.read(v), as_dict) for k, v in value.items.items()}, type_=value.type)
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [_unfolded(act, v, as_dict) for v in value])
    return t.environment.copied(act, value)


@handles(dataclasses.asdict)
def asdict(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dataclasses.asdict(x)`."""
    if named:
        act.t.fail("dataclasses.asdict with a factory", "make the dict yourself")
    return _unfolded(act, args[0], True)


@handles(dataclasses.astuple)
def astuple(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`dataclasses.astuple(x)`."""
    if named:
        act.t.fail("dataclasses.astuple with a factory", "make the tuple yourself")
    return _unfolded(act, args[0], False)


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


