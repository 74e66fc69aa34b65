"""`x in y`, of every kind of value.

Invariant: entries are compared one after the other, by identity and then by equality, as Python does.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import arithmetic, branches, generators, growth, iteration, subscripts, texts, walking
from workbench.frontend.activation import Activation
from workbench.frontend.numbers import number_kind
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import (
    Array,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    RangeValue,
    SetValue,
    TextValue,
    ZipValue,
    is_static,
)
from workbench.ir import Constant, Kind


def contains(act: Activation, container: Any, value: Any) -> Any:
    """`value in container`."""
    t = act.t
    if isinstance(value, OneOf) and isinstance(container, (DictValue, SetValue)) and value.number is None:
        return branches.over_options(t, value, lambda option: contains(act, container, option))
    t.usable(container)
    if isinstance(value, OneOf) and not isinstance(container, (tuple, ListValue)):
        t.usable(value)
    if isinstance(container, DictValue):
        return subscripts.static_key(act, value) in container.items
    if isinstance(container, TextValue) or isinstance(value, TextValue):
        texts.refuse(t, "`in`")
    if isinstance(container, SetValue):
        return subscripts.static_key(act, value) in container.values
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
        return arithmetic.truth(t, t.environment.call_method(act, container, "__contains__", (value,)))
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
