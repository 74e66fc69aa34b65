"""Subscripts of every kind of value: `x[k]`, `x[k] = v`, `del x[k]`.

Invariant: a position or key that is known at run time only is checked as Python checks it, or what it would decide (the
structure of a container, which name is meant) is made static first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import (
    arithmetic,
    arrays,
    bare,
    branches,
    composed,
    growth,
    indexing,
    iteration,
    launches,
    list_operations,
    states,
    texts,
)
from workbench.frontend.activation import Activation
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    Choice,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    RangeValue,
    Scalar,
    SetValue,
    TextValue,
    Variable,
    describe,
    is_static,
)
from workbench.ir import Constant, Kind

MAX_CHOICES = 16  # entries among which a run-time position chooses by comparisons


def static_key(act: Activation, key: Any) -> Any:
    """A dictionary key, which must be known while specialising."""
    act.t.usable(key)
    if isinstance(key, Scalar):
        return act.t.static_int(key, "a dictionary key")
    if isinstance(key, (Array, ListValue, DynamicList, DictValue, SetValue)):
        raise TypeError(f"unhashable type: {describe(key)}")
    if isinstance(key, TextValue):
        texts.refuse(act.t, "a key made")
    if isinstance(key, tuple):
        return tuple.__new__(type(key), [static_key(act, k) for k in key])
    if isinstance(key, ObjectValue) and class_attribute(key.type, "__eq__") is not object.__eq__:
        act.t.fail(f"a {key.type.__name__} as a key, whose equality is the program's", "use a number or a string")
    return key


def dict_items(act: Activation, value: Any) -> list[tuple[Any, Variable]]:
    """The entries of a dict."""
    if isinstance(value, dict):
        value = act.t.new_dict(value)
    if not isinstance(value, DictValue):
        raise TypeError(f"argument after ** must be a mapping, not {describe(value)}")
    return list(value.items.items())


def _by_position(act: Activation, values: list[Any], key: Scalar, sort: str) -> Any:
    """An entry of a sequence of numbers, or of objects, at a run-time position: chosen by comparisons; where its loops
    might be unrolled instead, so that the position is known, or an argument pinned, that comes first."""
    t = act.t
    numbers = all(number_kind(v) is not None and not isinstance(v, Array) for v in values)
    things = all(isinstance(v, ObjectValue) for v in values) and len(set(map(id, values))) == len(values)
    instead = ("one of", t.span) if (numbers or things) and 0 < len(values) <= MAX_CHOICES else None
    loops = [index for index, _ in t.open_loops]
    known = any(i in t.static_loops and iteration.depends_on(t, key.value, i) for i in loops)
    chosen = instead is not None and (t.decisions.get(instead) is not None or (numbers and not known and any(
        iteration.depends_on(t, key.value, i) for i in loops)))
    if not chosen:
        raise NeedStatic(key, "a position in a sequence", t.span, instead)
    place = indexing.checked_index(t, key, Constant(len(values), Kind.INT), f"{sort} index out of range")
    if things:
        return OneOf(tuple(values), Scalar(place, True))
    kind = common_kind(*values)
    python = all(is_python_number(v) for v in values)
    result = t.scalar(values[-1], kind)
    for k in range(len(values) - 2, -1, -1):
        result = t.emit("select", t.emit("eq", place, Constant(k, Kind.INT)), t.scalar(values[k], kind), result)
    return Scalar(result, python)


def _is_run_time(act: Activation, key: Any) -> bool:
    return isinstance(key, Scalar) and not isinstance(act.t.builder.resolve(key.value), Constant)


def _list_variable(act: Activation, owner: ListValue, key: Any) -> Variable:
    position = act.t.static_int(key, "a position in a list")
    try:
        return owner.items[position]
    except IndexError:
        raise IndexError("list index out of range") from None


def as_index(act: Activation, owner: Any, key: OneOf) -> Any:
    """A state as an index: the number that it must be (None would make an axis of an array)."""
    if isinstance(owner, (Array, Choice)):
        return states.settled(act.t, key, "an index is None here, which adds an axis", "DifferentiationError")
    if not isinstance(owner, (ListValue, DynamicList, tuple)):
        act.t.usable(key)
    kind = "tuple" if isinstance(owner, tuple) else "list"
    return states.settled(act.t, key, f"{kind} indices must be integers or slices, not NoneType")


def item(act: Activation, owner: Any, key: Any) -> Any:
    """`owner[key]`."""
    t = act.t
    if isinstance(key, OneOf):
        if isinstance(owner, DictValue):
            return branches.over_options(t, key, lambda name: item(act, owner, name))
        key = as_index(act, owner, key)
    if isinstance(owner, Array):
        return indexing.get(t, owner, key)
    if isinstance(owner, Choice):
        return _choice_item(t, owner, key)
    if isinstance(owner, (ListValue, tuple)):
        return _sequence_item(act, owner, key)
    if isinstance(owner, DynamicList):
        return list_operations.item(t, owner, key)
    if isinstance(owner, DictValue):
        return _dict_item(act, owner, key)
    if isinstance(owner, ObjectValue):
        if class_attribute(owner.type, "__getitem__") is None:
            raise TypeError(f"'{owner.type.__name__}' object is not subscriptable")
        return t.environment.call_method(act, owner, "__getitem__", (key,))
    if isinstance(owner, RangeValue):
        return _range_item(act, owner, key)
    if isinstance(owner, TextValue):
        texts.refuse(t, "a part")
    if isinstance(owner, Scalar):
        return _number_item(t, owner, key)
    if launches.kernel_function(owner) is not None:
        return launches.configured(act, owner, key)
    meaning = composed.subscript(owner)
    if meaning is not None:
        return t.environment.call(act, meaning, (key,), {})
    if not is_static(key):
        key = t.static_int(key, f"an index into {describe(owner)}")
    return owner[key]


def _sequence_item(act: Activation, owner: ListValue | tuple[Any, ...], key: Any) -> Any:
    """An entry or a part of a list or a tuple."""
    t = act.t
    if isinstance(owner, tuple):
        if isinstance(key, slice):
            return tuple(owner)[_static_slice(act, key)]
        if _is_run_time(act, key):
            return _by_position(act, list(owner), key, "tuple")
        return owner[t.static_int(key, "a position in a tuple")]
    if isinstance(key, slice):
        return t.new_list([t.read(v) for v in owner.items[_static_slice(act, key)]])
    if _is_run_time(act, key):
        if not owner.items:
            raise IndexError("list index out of range")
        return growth.or_dynamic(t, owner, lambda: _by_position(act, [t.read(v) for v in owner.items], key, "list"))
    return t.read(_list_variable(act, owner, key))


def _dict_item(act: Activation, owner: DictValue, key: Any) -> Any:
    """An entry of a dict: of one with a default, made where there is none."""
    name = static_key(act, key)
    if name not in owner.items:
        if owner.default is None:
            raise KeyError(name)
        set_item(act, owner, name, act.t.environment.call(act, owner.default, (), {}))
    return act.t.read(owner.items[name])


def _number_item(t: Tracer, owner: Scalar, key: Any) -> Any:
    """A subscript of a number: NumPy's have `[...]`, `[()]` and `[None]`."""
    parts = key if isinstance(key, tuple) else (key,)
    if owner.python:
        raise TypeError(f"'{'int' if owner.kind is Kind.INT else 'float'}' object is not subscriptable")
    if not all(p is None or p is Ellipsis for p in parts):
        raise IndexError("invalid index to scalar variable.")
    if not parts:
        return replace(owner, others=frozenset(a for a in owner.others if a.array is None))
    lengths = [t.integer(1) for p in parts if p is None]
    if not lengths:
        return owner
    return bare.shown(t, bare.of(owner), t.new_array(t.emit("full", owner.value, *lengths)))


def _range_item(act: Activation, owner: RangeValue, key: Any) -> Any:
    """An entry of a range, or a part of one that is known while specialising."""
    t = act.t
    if isinstance(key, slice):
        known = iteration.static_range(act, owner)
        if known is None:
            t.fail("a part of a range with run-time bounds", "write the bounds of the part into a range of its own")
        part = known[_static_slice(act, key)]
        return RangeValue(part.start, part.stop, part.step)
    _, count, _, entry = iteration.indexed(act, owner, normalised=True)
    return t.wrap(t.scalar(entry(Scalar(indexing.checked_index(t, key, count), True))), True)


def _choice_item(t: Any, owner: Choice, key: Any) -> Any:
    """A subscript of one of several arrays: a choice of views, or the element or copy of the one it is."""
    parts = key if isinstance(key, tuple) else (key,)
    rank = owner.options[0].rank - sum(not (p is None or p is Ellipsis or isinstance(p, slice)) for p in parts)
    basic = all(p is None or p is Ellipsis or isinstance(p, slice) or number_kind(p) is Kind.INT for p in parts)
    if basic and (rank > 0 or Ellipsis in parts):
        if not all(isinstance(p, slice) or p is None or p is Ellipsis for p in parts):
            for option in owner.options[1:]:
                for a, b in zip(owner.options[0].dims, option.dims, strict=True):
                    arrays.require_alike(t, a, b)
        return Choice(tuple(indexing.get(t, option, key) for option in owner.options), owner.index)
    return branches.over_choice(t, owner, lambda array: indexing.get(t, array, key))


def _static_slice(act: Activation, key: slice) -> slice:
    return slice(*(None if v is None else act.t.static_int(v, "a slice bound") for v in
                   (key.start, key.stop, key.step)))


def set_item(act: Activation, owner: Any, key: Any, value: Any) -> None:
    """`owner[key] = value`."""
    t = act.t
    t.usable(owner)
    if isinstance(key, OneOf):
        if isinstance(owner, DictValue):
            branches.over_options(t, key, lambda name: set_item(act, owner, name, value))
            return
        key = as_index(act, owner, key)
    if isinstance(owner, Array):
        indexing.put(t, owner, key, as_value(act, value))
    elif isinstance(owner, Choice):
        converted = as_value(act, value)
        branches.over_choice(t, owner, lambda array: indexing.put(t, array, key, converted))
    elif isinstance(owner, ListValue):
        t.environment.note_write(owner)
        if isinstance(key, slice):
            _set_slice(act, owner, _static_slice(act, key), t.environment.items(act, value))
        elif _is_run_time(act, key):
            growth.or_dynamic(t, owner, lambda: t.assign(_list_variable(act, owner, key), value), value)
        else:
            t.assign(_list_variable(act, owner, key), value)
    elif isinstance(owner, DynamicList):
        t.environment.note_write(owner)
        list_operations.set_item(act, owner, key, value)
    elif isinstance(owner, DictValue):
        name = static_key(act, key)
        if name not in owner.items:
            owner.items[name] = Variable(f"{name}", owner.depth, UNDEFINED)
            if any(frame.kind != "function" for frame in t.frames[owner.depth:]):
                del owner.items[name]
                t.fail("a new key of a dict under a run-time condition or in a loop", "make the key beforehand")
        t.environment.note_write(owner)
        t.assign(owner.items[name], value)
    elif isinstance(owner, ObjectValue):
        t.environment.call_method(act, owner, "__setitem__", (key, value))
    elif isinstance(owner, np.ndarray):
        t.fail(f"a write into an array of {owner.dtype}", "convert it to float64 before")
    elif bare.of(owner):
        t.fail("a write into an array without axes", "bind the name to the new number")
    else:
        raise TypeError(f"{describe(owner)} does not support item assignment")


def _set_slice(act: Activation, owner: ListValue, where: slice, values: list[Any]) -> None:
    """`owner[a:b] = values`."""
    t = act.t
    old = owner.items[where]
    if len(old) == len(values):
        for variable, value in zip(old, values, strict=True):
            t.assign(variable, value)
        return
    t.may_restructure(owner, "a slice of a list changes its length")
    made = [t.variable("entry", value) for value in values]
    for variable in made:
        variable.depth = owner.depth
    owner.items[where] = made


def delete_item(act: Activation, owner: Any, key: Any) -> None:
    """`del owner[key]`."""
    t = act.t
    if isinstance(owner, ListValue):
        growth.become_dynamic(t, owner, "an entry of a list is deleted")
        if isinstance(key, slice):
            del owner.items[_static_slice(act, key)]
        else:
            owner.items.remove(_list_variable(act, owner, key))
        t.environment.note_write(owner)
    elif isinstance(owner, DynamicList):
        list_operations.remove(t, owner, key)
        t.environment.note_write(owner)
    elif isinstance(owner, DictValue):
        t.may_restructure(owner, "a key is deleted")
        del owner.items[static_key(act, key)]
        t.environment.note_write(owner)
    elif isinstance(owner, ObjectValue):
        t.environment.call_method(act, owner, "__delitem__", (key,))
    else:
        raise TypeError(f"{describe(owner)} does not support item deletion")


def as_value(act: Activation, value: Any) -> Any:
    value = arithmetic.arrays_of(act.t, value)
    if isinstance(value, (ListValue, DynamicList, tuple)):
        return act.t.environment.as_array(act.t, value)
    return value
