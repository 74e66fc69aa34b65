"""Attributes, subscripts and their assignment, for every kind of value the evaluator knows."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.frontend import (
    arithmetic,
    arrays,
    bare,
    branches,
    composed,
    generators,
    growth,
    indexing,
    iteration,
    library,
    list_operations,
    objects,
    states,
    texts,
    walking,
)
from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import OPERATOR_NAMES, is_dynamic
from workbench.frontend.held import Held
from workbench.frontend.numbers import common_kind, is_python_number, number_kind
from workbench.frontend.paths import class_attribute, is_library
from workbench.frontend.unwinding import NeedStatic, Restart
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    ArrayMethod,
    BoundMethod,
    Choice,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    Partial,
    RandomValue,
    RangeValue,
    Scalar,
    SetValue,
    SuperValue,
    TextValue,
    Variable,
    ZipValue,
    describe,
    is_flat,
    is_static,
)
from workbench.ir import Constant, Kind

MAX_CHOICES = 16
_OF_SETS = {"|": "update", "&": "intersection_update", "-": "difference_update", "^": "symmetric_difference_update"}


def attribute(act: Activation, owner: Any, name: str) -> Any:
    """`owner.name`."""
    t = act.t
    if isinstance(owner, ObjectValue):
        return objects.get(act, owner, name)
    if isinstance(owner, RandomValue):
        return ArrayMethod(owner, name)
    if isinstance(owner, TextValue):
        texts.refuse(t, f"`.{name}`")
    if isinstance(owner, SuperValue):
        return objects.super_attribute(act, owner, name)
    if isinstance(owner, Choice):
        return library.choice_attribute(t, owner, name)
    if isinstance(owner, (Array, Scalar)):
        return library.number_attribute(t, owner, name)
    if isinstance(owner, (ListValue, DynamicList, DictValue, SetValue)):
        return ArrayMethod(owner, name)
    if isinstance(owner, Partial) and name in ("func", "args", "keywords"):
        return owner.function if name == "func" else owner.args if name == "args" else t.new_dict(dict(owner.named))
    if isinstance(owner, type):
        written = objects.class_value(act, owner, name)
        if written is not UNDEFINED:
            return written
        if name == "_make" and hasattr(owner, "_fields"):
            return Partial(made_of, (owner,), {})
    if isinstance(owner, tuple):
        if name == "_replace" and hasattr(owner, "_fields"):
            return Partial(replaced, (owner,), {})
        value = getattr(owner, name) if name in getattr(owner, "_fields", ()) else class_attribute(type(owner), name)
        if isinstance(value, types.FunctionType):
            return BoundMethod(value, owner)
        if isinstance(value, property) and value.fget is not None:
            return act.t.environment.call(act, value.fget, (owner,), {})
        return getattr(owner, name)
    return t.environment.static_attribute(act, owner, name)


def made_of(type_: Any, items: Any) -> Any:
    """`_make` of a named tuple's class."""
    return tuple.__new__(type_, items)


def replaced(owner: Any, **named: Any) -> Any:
    """`_replace` of a named tuple."""
    unknown = set(named) - set(owner._fields)
    if unknown:
        raise ValueError(f"Got unexpected field names: {sorted(unknown)!r}")
    values = [named.get(name, value) for name, value in zip(owner._fields, owner, strict=True)]
    return tuple.__new__(type(owner), values)


def set_attribute(act: Activation, owner: Any, name: str, value: Any) -> None:
    """`owner.name = value`."""
    t = act.t
    if isinstance(owner, SuperValue):
        owner = owner.owner
    if isinstance(owner, (type, types.ModuleType)) and not is_library(getattr(owner, "__module__", owner.__name__)):
        t.environment.assign_outside(owner, name, value)
        return
    if isinstance(owner, tuple) and name in getattr(owner, "_fields", ()):
        raise AttributeError("can't set attribute")
    if not isinstance(owner, ObjectValue):
        t.fail(f"assignment to an attribute of {describe(owner)}", "keep the number in an object of your own class")
    objects.put(act, owner, name, value)


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
        t.environment.call(act, attribute(act, owner, "__delitem__"), (key,), {})
    else:
        raise TypeError(f"{describe(owner)} does not support item deletion")


# ---------------------------------------------------------------------- subscripts
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


def _by_position(act: Activation, values: list[Any], key: Scalar) -> Any:
    """An entry of a sequence of numbers at a run-time position: chosen by comparisons."""
    t = act.t
    numbers = all(number_kind(v) is not None and not isinstance(v, Array) for v in values)
    loops = [index for index, _ in t.open_loops]
    known = any(i in t.static_loops and iteration.depends_on(t, key.value, i) for i in loops)
    if known or not numbers or not values or len(values) > MAX_CHOICES or not any(
            iteration.depends_on(t, key.value, i) for i in loops):
        raise NeedStatic(key, "a position in a sequence", t.span)
    place = indexing.checked_index(t, key, Constant(len(values), Kind.INT))
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


def _as_index(act: Activation, owner: Any, key: OneOf) -> Any:
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
        key = _as_index(act, owner, key)
    if isinstance(owner, Array):
        return indexing.get(t, owner, key)
    if isinstance(owner, Choice):
        return _choice_item(t, owner, key)
    if isinstance(owner, ListValue):
        if isinstance(key, slice):
            return t.new_list([t.read(v) for v in owner.items[_static_slice(act, key)]])
        if _is_run_time(act, key):
            if not owner.items:
                raise IndexError("list index out of range")
            return growth.or_dynamic(t, owner, lambda: _by_position(act, [t.read(v) for v in owner.items], key))
        return t.read(_list_variable(act, owner, key))
    if isinstance(owner, DynamicList):
        return list_operations.item(t, owner, key)
    if isinstance(owner, DictValue):
        name = static_key(act, key)
        if name not in owner.items:
            if owner.default is None:
                raise KeyError(name)
            set_item(act, owner, name, t.environment.call(act, owner.default, (), {}))
        return t.read(owner.items[name])
    if isinstance(owner, tuple):
        if isinstance(key, slice):
            return tuple(owner)[_static_slice(act, key)]
        if _is_run_time(act, key):
            return _by_position(act, list(owner), key)
        return owner[t.static_int(key, "a position in a tuple")]
    if isinstance(owner, ObjectValue):
        if class_attribute(owner.type, "__getitem__") is None:
            raise TypeError(f"'{owner.type.__name__}' object is not subscriptable")
        return act.t.environment.call(act, attribute(act, owner, "__getitem__"), (key,), {})
    if isinstance(owner, RangeValue):
        return _range_item(act, owner, key)
    if isinstance(owner, TextValue):
        texts.refuse(t, "a part")
    if isinstance(owner, Scalar):
        parts = key if isinstance(key, tuple) else (key,)
        if not owner.python and all(p is None or p is Ellipsis for p in parts):
            lengths = [t.integer(1) for p in parts if p is None]
            if not parts:
                return replace(owner, others=frozenset(a for a in owner.others if a.array is None))
            if not lengths:
                return owner
            return bare.shown(t, bare.of(owner), t.new_array(t.emit("full", owner.value, *lengths)))
        if not owner.python:
            raise IndexError("invalid index to scalar variable.")
        raise TypeError(f"'{'int' if owner.kind is Kind.INT else 'float'}' object is not subscriptable")
    meaning = composed.subscript(owner)
    if meaning is not None:
        return t.environment.call(act, meaning, (key,), {})
    if not is_static(key):
        key = t.static_int(key, f"an index into {describe(owner)}")
    return owner[key]


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
    if isinstance(key, OneOf):
        if isinstance(owner, DictValue):
            branches.over_options(t, key, lambda name: set_item(act, owner, name, value))
            return
        key = _as_index(act, owner, key)
    if isinstance(owner, Array):
        indexing.put(t, owner, key, _as_value(act, value))
    elif isinstance(owner, Choice):
        converted = _as_value(act, value)
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
        act.t.environment.call(act, attribute(act, owner, "__setitem__"), (key, value), {})
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


def _as_value(act: Activation, value: Any) -> Any:
    value = arithmetic.arrays_of(act.t, value)
    if isinstance(value, (ListValue, DynamicList, tuple)):
        return act.t.environment.as_array(act.t, value)
    return value


def begin_update(act: Activation, owner: Any, key: Any, op: str, reads_first: bool, site: Any
                 ) -> Callable[[Any], None]:
    """`owner[key] op= ...` up to the operand: gives what finishes it. An element of an array is read before the operand
    is evaluated where that must be (`reads_first`), or has turned out to write the array; else it is added to."""
    t = act.t
    if isinstance(key, OneOf) and not isinstance(owner, DictValue):
        key = _as_index(act, owner, key)
    if not isinstance(owner, (Array, Choice)):
        old = item(act, owner, key)
        held = Held(t, old)

        def replace_entry(operand: Any) -> None:
            held.check()
            set_item(act, owner, key, augmented(act, op, old, operand))
        return replace_entry
    adds = isinstance(owner, Array) and op in ("+", "-") and owner.kind.is_inexact
    if reads_first or not (adds or isinstance(owner, Choice)) or t.decisions.get(("read first", site)):
        return _update_of(act, owner, key, op)
    cells = [array.cell for array in (owner.options if isinstance(owner, Choice) else (owner,))]
    versions = [t.builder.read(cell.slot) for cell in cells]

    def unless_written(operand: Any) -> None:
        if any(t.builder.read(cell.slot) is not version for cell, version in zip(cells, versions, strict=True)):
            raise Restart(("read first", site), True, t.span, "an operand writes the array that it is added to")
        branches.over_choice(t, owner, lambda array: _updated(act, array, key, op, operand)) if isinstance(
            owner, Choice) else _updated(act, owner, key, op, operand)
    return unless_written


def _updated(act: Activation, owner: Array, key: Any, op: str, operand: Any) -> None:
    """`owner[key] op= operand` of an array."""
    t = act.t
    if op not in ("+", "-") or not owner.kind.is_inexact:
        _update_of(act, owner, key, op)(operand)
        return
    number = _as_value(act, operand)
    kind, element = number_kind(number), Scalar(Constant(0, owner.kind), False)
    if kind is not None and common_kind(element, number) is not owner.kind and (
            not kind.is_complex or owner.kind.is_complex):  # NumPy adds in the wider kind
        _update_of(act, owner, key, op)(number)
        return
    if op == "-":
        number = arithmetic.unary(t, "-", number) if is_dynamic(number) else -number
    indexing.put(t, owner, key, number, add=True)


def _update_of(act: Activation, owner: Array | Choice, key: Any, op: str) -> Callable[[Any], None]:
    """Read what is at a key of an array, and give what writes it with an operand."""
    t = act.t
    old = item(act, owner, key)

    def write(operand: Any) -> None:
        made = arithmetic.binary(t, op, old, _as_value(act, operand))

        def put(array: Array) -> None:
            if isinstance(old, (Array, Choice)):
                arrays.require_castable(made, array, arithmetic.UFUNCS[op])
            indexing.put(t, array, key, made)
        if isinstance(owner, Choice):
            branches.over_choice(t, owner, put)
        else:
            put(owner)
    return write


def augmented(act: Activation, op: str, old: Any, operand: Any) -> Any:
    """`old op= operand` for a name or an attribute: arrays and lists are updated in place."""
    if isinstance(old, Scalar) and bare.of(old):
        bare.may_change(act.t, old)
        return bare.changed(act.t, old, act.t.environment.binary(act, op, old, operand))
    if isinstance(old, Array) and op != "@" and not is_flat(old):
        operand = _as_value(act, operand)
        result = arithmetic.binary(act.t, op, old, operand)
        if not isinstance(result, Array) or result.rank != old.rank:
            raise ValueError("non-broadcastable output operand")
        arrays.require_castable(result, old, arithmetic.UFUNCS[op])
        indexing.put(act.t, old, Ellipsis, result)
        return old
    if isinstance(old, Choice):
        branches.over_choice(act.t, old, lambda array: _updated(act, array, Ellipsis, op, operand))
        return old
    if isinstance(old, DictValue) and op == "|":
        library.method(act, old, "update", (operand,), {})
        return old
    if isinstance(old, SetValue) and op in _OF_SETS and isinstance(operand, (SetValue, frozenset)):
        library.method(act, old, _OF_SETS[op], (operand,), {})
        return old
    if isinstance(old, (ListValue, DynamicList)) and op == "+":
        library.method(act, old, "extend", (operand,), {})
        return old
    if isinstance(old, ListValue) and op == "*":
        times = act.t.static_int(operand, "how often a list is repeated")
        if times > 0:
            more = act.t.new_list(iteration.static_items(act, old) * (times - 1))
            library.method(act, old, "extend", (more,), {})
        else:
            library.method(act, old, "clear", (), {})
        return old
    if isinstance(old, ObjectValue):
        method = class_attribute(old.type, f"__i{OPERATOR_NAMES.get(op, op)}__")
        if method is not None:
            return act.t.environment.call(act, BoundMethod(method, old), (operand,), {})
    return act.t.environment.binary(act, op, old, operand)


def contains(act: Activation, container: Any, value: Any) -> Any:
    """`value in container`."""
    t = act.t
    if isinstance(value, OneOf) and isinstance(container, (DictValue, SetValue)) and value.number is None:
        return branches.over_options(t, value, lambda option: contains(act, container, option))
    t.usable(container)
    if isinstance(value, OneOf) and not isinstance(container, (tuple, ListValue)):
        t.usable(value)
    if isinstance(container, DictValue):
        return static_key(act, value) in container.items
    if isinstance(container, TextValue) or isinstance(value, TextValue):
        texts.refuse(t, "`in`")
    if isinstance(container, SetValue):
        return static_key(act, value) in container.values
    if generators.state_of(container) is not None:
        return walking.quantified(act, container, True, lambda entry: _is_same(act, value, entry))
    if isinstance(container, ZipValue):
        container = t.new_list(t.environment.items(act, container))
    if isinstance(container, RangeValue):
        return _in_range(act, container, value)
    if isinstance(container, ListValue):
        entries: Any = [t.read(v) for v in container.items]
    elif isinstance(container, ObjectValue) and class_attribute(container.type, "__contains__") is None:
        entries = t.environment.items(act, container)
    elif isinstance(container, ObjectValue):
        return arithmetic.truth(t, t.environment.call(act, attribute(act, container, "__contains__"), (value,), {}))
    elif isinstance(container, DynamicList):
        growth.give_up(t, container, "`in` a list whose length is known at run time only", "write a loop")
    elif isinstance(container, Array):
        t.fail("`in` an array", "use (a == x).any()")
    else:
        entries = container
    t.usable(*(entries if isinstance(entries, (list, tuple)) else ()))
    if is_static(value) and (not isinstance(entries, (list, tuple)) or all(
            is_static(e) for e in entries)):
        return value in entries
    result: Any = False
    for entry in entries:
        same = _is_same(act, value, entry)
        if same is True:
            return True
        if same is not False:
            result = t.wrap(t.emit("or", t.scalar(result), t.scalar(same)), True)
    return result


def _is_same(act: Activation, value: Any, entry: Any) -> Any:
    """Whether an entry is what is looked for, or equal to it."""
    return entry is value or arithmetic.truth(act.t, act.t.environment.compare(act, "==", value, entry))


def _in_range(act: Activation, container: RangeValue, value: Any) -> Any:
    """`value in range(...)`."""
    t = act.t
    known, kind = iteration.static_range(act, container), number_kind(value)
    if is_static(value) and (known is not None or kind is None):
        return known is not None and value in known
    start, _, step = (t.integer(v, "a range bound") for v in (container.start, container.stop, container.step))
    if kind not in (Kind.INT, Kind.BOOL) or not isinstance(step, Constant):
        t.fail("`in` a range, of a number that may be no integer, or of run-time steps", "compare it with the bounds")
    place = t.emit("floordiv", t.emit("sub", t.scalar(value, Kind.INT), start), step)
    there = t.emit("eq", t.emit("add", start, t.emit("mul", place, step)), t.scalar(value, Kind.INT))
    for test in (t.emit("ge", place, Constant(0, Kind.INT)), t.emit("lt", place, t.environment.trips(act, container))):
        there = t.emit("and", there, test)
    return t.wrap(there, True)
