"""Python's `min`, `max`, `sorted` and `list.sort`: of known items by comparisons, of others in loops."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays, branches, dynamic_lists, growth, list_operations
from workbench.frontend.activation import Activation
from workbench.frontend.composed import iterators
from workbench.frontend.growth import MANY
from workbench.frontend.held import Held
from workbench.frontend.layouts import Number
from workbench.frontend.library.arguments import static_option
from workbench.frontend.library.operands import as_operand
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.numbers import is_python_number, joint_kind, number_kind
from workbench.frontend.values import Array, Choice, DynamicList, Lazy, ListValue, RangeValue, Scalar, is_static
from workbench.ir import Constant, Kind

MAX_SORTED = 16


# ---------------------------------------------------------------------- comparisons

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


# ---------------------------------------------------------------------- extrema
def _extremum(op: str, name: str) -> Any:
    def handler(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        t = act.t
        if len(args) == 1 and isinstance(args[0], Lazy):
            args = (t.environment.list_of(act, args[0]),)
        if len(args) == 1 and isinstance(args[0], Choice):
            args = (t.environment.read_choice(t, args[0]),)
        if len(args) > 1 and "default" in named:
            raise TypeError(f"Cannot specify a default for {name}() with multiple positional arguments")
        if len(args) > 1:
            items = list(args)
        elif _is_long(act, args[0]) and (
                named.get("key") is not None or "default" in named or isinstance(args[0], RangeValue) or (
                isinstance(args[0], DynamicList) and not isinstance(args[0].layout, Number))):
            return _by_key(act, args[0], name, named)
        elif named.get("key") is not None or "default" in named:
            items = t.environment.items(act, args[0])
        elif isinstance(args[0], DynamicList):
            found = _over_array(act, as_operand(t, args[0]), op, name)
            return args[0].layout.scalar(found.value) if isinstance(args[0].layout, Number) else found
        elif isinstance(args[0], Array):
            return _over_array(act, args[0], op, name)
        else:
            items = t.environment.items(act, args[0])
        if not items:
            if "default" in named:
                return named["default"]
            raise ValueError(f"{name}() arg is an empty sequence")
        return _best(act, items, op, named.get("key"))
    return handler


def _is_long(act: Activation, values: Any) -> bool:
    """True for items that are looped over at run time: they are too many, or it is not known how many they are."""
    if isinstance(values, DynamicList):
        return True
    if not isinstance(values, (Array, RangeValue)) or (isinstance(values, Array) and not values.dims):
        return False
    count = act.t.environment.trips(act, values)
    return not isinstance(count, Constant) or count.value.real > MANY


def _by_key(act: Activation, values: Any, name: str, named: dict[str, Any]) -> Any:
    """`max` or `min` with a key or a default, in a loop at run time."""
    t = act.t
    recipe = iterators.greatest if name == "max" else iterators.least
    some = t.emit("gt", t.environment.trips(act, values), Constant(0, Kind.INT))
    key = named.get("key")

    def chosen() -> Any:
        return t.environment.call(act, recipe, (values, iterators.itself if key is None else key), {})
    if "default" in named:
        return branches.branch(t, Scalar(some, True), chosen, lambda: named["default"])
    t.check(some, "ValueError", f"{name}() arg is an empty sequence")
    return chosen()


def _over_array(act: Activation, array: Array, op: str, name: str) -> Any:
    """The element that Python's loop over a vector would select."""
    t = act.t
    if array.rank != 1:
        raise ValueError("The truth value of an array with more than one element is ambiguous. Use a.any() or a.all()")
    t.check(t.emit("gt", array.dims[0], Constant(0, Kind.INT)), "ValueError", f"{name}() arg is an empty sequence")
    place = t.emit("argmin" if op == "<" else "argmax", arrays.read(t, array), axis=None)
    return Scalar(t.emit("load", arrays.read(t, array), place), False)


def _best(act: Activation, items: list[Any], op: str, key: Any) -> Any:
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


handles(min)(_extremum("<", "min"))
handles(max)(_extremum(">", "max"))


# ---------------------------------------------------------------------- sorting
@implements(sorted)
def sorted_(act: Activation, iterable: Any, /, *, key: Any = None, reverse: Any = False) -> Any:
    """The items in order."""
    values = iterable
    if isinstance(values, (Lazy, Array)):
        values = act.t.environment.list_of(act, values)
    if isinstance(values, DynamicList):
        return _numbers_in_order(act, values, key, reverse)
    items = act.t.environment.items(act, values)
    return act.t.new_list(in_order(act, items, key, reverse))


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


def _numbers_in_order(act: Activation, owner: DynamicList, key: Any, reverse: Any) -> DynamicList:
    """The numbers of a dynamic list in order (equal numbers cannot be told apart)."""
    t = act.t
    if key is not None or not isinstance(owner.layout, Number):
        growth.give_up(t, owner, "a sort by a key, or of records, in a list whose length is known at run time "
                              "only", "use np.argsort of an array")
    ordered = t.environment.call(act, np.sort, (list_operations.as_array(t, owner),), {})
    if static_option(t, reverse, "reverse"):
        ordered = t.environment.item(act, ordered, slice(None, None, -1))
    return dynamic_lists.from_array(t, arrays.read(t, ordered), owner.site)


def sort_list(act: Activation, owner: ListValue | DynamicList, *, key: Any = None, reverse: Any = False) -> None:
    """`list.sort`."""
    t = act.t
    if isinstance(owner, DynamicList):
        ordered = _numbers_in_order(act, owner, key, reverse)
        t.environment.repeat(t, dynamic_lists.length_of(t, owner), ("sort", t.span), lambda k: dynamic_lists.store(
            t, owner, k, dynamic_lists.load(t, ordered, k)))
        return
    values = in_order(act, [t.read(v) for v in owner.items], key, reverse)
    for variable, value in zip(owner.items, values, strict=True):
        t.assign(variable, value)
