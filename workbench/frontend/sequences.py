"""Operators of lists, tuples and ranges: one after the other, repeated, compared.

Invariant: sequences are compared as Python does: by their lengths, and by the first entries that differ.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend import arithmetic, dynamic_lists, growth, list_operations, prompt
from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import STATIC_BINARY
from workbench.frontend.iteration import site_here, static_items
from workbench.frontend.tracer import ONE, ZERO
from workbench.frontend.values import Array, DequeValue, DynamicList, ListValue, RangeValue, Scalar, describe, is_static
from workbench.ir import Constant, Kind, Value

_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
_SEQUENCES = (ListValue, DynamicList, tuple)


def is_sequence(value: Any) -> bool:
    """True for lists, tuples and strings."""
    return isinstance(value, (ListValue, DynamicList, tuple, str, list))


def operator(act: Activation, op: str, a: Any, b: Any) -> Any:
    """`+`, `*` and comparisons of which one operand at least is a list or a tuple, or of two ranges."""
    if isinstance(a, Array) or isinstance(b, Array):
        a, b = (act.t.environment.as_array(act.t, v) if isinstance(v, _SEQUENCES) else v for v in (a, b))
        return arithmetic.binary(act.t, op, a, b)
    if op in _COMPARISONS:
        return _compared(act, op, a, b)
    if isinstance(a, DequeValue) or isinstance(b, DequeValue):
        act.t.fail(f"`{op}` of a deque", "use its methods")
    if op == "+":
        return _concatenated(act, a, b)
    if op == "*":
        sequence, count = (a, b) if isinstance(a, _SEQUENCES) else (b, a)
        if isinstance(sequence, DynamicList):
            growth.give_up(act.t, sequence, "a list of run-time length is repeated")
        if not isinstance(count, _SEQUENCES) and not isinstance(sequence, RangeValue):
            return _repeated(act, sequence, count)
    raise _unsupported(op, a, b)


def _unsupported(op: str, a: Any, b: Any) -> TypeError:
    return TypeError(f"unsupported operand type(s) for {op}: {describe(a)} and {describe(b)}")


def _concatenated(act: Activation, a: Any, b: Any) -> Any:
    """`a + b` of two lists or two tuples."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        return tuple(a) + tuple(b)
    if not all(isinstance(v, (ListValue, DynamicList)) for v in (a, b)):
        raise _unsupported("+", a, b)
    if isinstance(a, ListValue) and isinstance(b, ListValue):
        return act.t.new_list([*static_items(act, a), *static_items(act, b)])
    first = a if isinstance(a, DynamicList) else b
    made = dynamic_lists.new(act.t, first.layout, first.site)
    for part in (a, b):
        list_operations.extend(act, made, part)
    return made


def _repeated(act: Activation, sequence: ListValue | tuple[Any, ...], count: Any) -> Any:
    """`[0.0] * n`: of run-time length where `n` is a run-time number."""
    if isinstance(sequence, ListValue) and isinstance(count, Scalar):
        return _repeated_at_run_time(act, sequence, count)
    items, times = static_items(act, sequence), act.t.static_int(count, "how often a list is repeated")
    prompt.operator(act.t, "*", items, times)
    items = items * times
    return act.t.new_list(items) if isinstance(sequence, ListValue) else tuple(items)


def _repeated_at_run_time(act: Activation, sequence: ListValue, count: Scalar) -> DynamicList:
    t, site = act.t, site_here(act)
    items = static_items(act, sequence)
    layout = growth.decided(t, site)
    for entry in items:
        layout = growth.wider(t, layout, entry)
    if layout is None or not growth.is_immutable(layout):
        t.fail("this list, repeated a number of times that is known at run time only", "use an array")
    made = dynamic_lists.new(t, layout, site)

    def once(index: Value) -> None:
        for entry in items:
            dynamic_lists.append(t, made, entry)
    t.environment.repeat(t, t.emit("maximum", t.integer(count), ZERO), site, once)
    return made


def _compared(act: Activation, op: str, a: Any, b: Any) -> Any:
    """`a == b` or `a < b` of sequences of one type; those of two types are not equal, and have no order."""
    if isinstance(a, DynamicList) or isinstance(b, DynamicList):
        act.t.fail("a comparison of lists whose length is known at run time only", "compare their entries")
    if isinstance(a, RangeValue) and isinstance(b, RangeValue) and op in ("==", "!="):
        return _negated(act, _equal_ranges(act, a, b), op == "!=")
    if not any(isinstance(a, kind) and isinstance(b, kind) for kind in (tuple, ListValue)) or (
            isinstance(a, DequeValue) != isinstance(b, DequeValue)):
        if op in ("==", "!="):
            return op == "!="
        raise _unsupported(op, a, b)
    first, second = static_items(act, a), static_items(act, b)
    if is_static((*first, *second)):
        return STATIC_BINARY[op](first, second)
    if any(isinstance(v, Array) for v in (*first, *second)):
        act.t.fail("a comparison of sequences of arrays", "compare their entries")
    if op in ("==", "!="):
        return _negated(act, _equal(act, first, second), op == "!=")
    return _ordered(act, op, first, second)


def _negated(act: Activation, found: Any, wanted: bool) -> Any:
    """The truth of `not found` if that is wanted, else of `found`."""
    if not wanted:
        return found
    return act.t.wrap(act.t.emit("not", act.t.scalar(found)), True) if isinstance(found, Scalar) else not found


def _equal(act: Activation, a: list[Any], b: list[Any]) -> Any:
    if len(a) != len(b):
        return False
    t = act.t
    value: Value = Constant(True, Kind.BOOL)
    for x, y in zip(a, b, strict=True):
        same = arithmetic.truth(t, t.environment.compare(act, "==", x, y))
        value = t.emit("and", value, t.scalar(same, Kind.BOOL))
    return t.wrap(value, True)


def _equal_ranges(act: Activation, a: RangeValue, b: RangeValue) -> Any:
    """Whether two ranges have the same numbers: as many, the same first one if there is one, then the same steps."""
    t = act.t
    trips, others = t.environment.trips(act, a), t.environment.trips(act, b)
    first, step = (t.emit("eq", t.integer(x), t.integer(y)) for x, y in ((a.start, b.start), (a.step, b.step)))
    one = t.emit("or", t.emit("eq", trips, ONE), step)
    numbers = t.emit("or", t.emit("eq", trips, ZERO), t.emit("and", first, one))
    return t.wrap(t.emit("and", t.emit("eq", trips, others), numbers), True)


def _ordered(act: Activation, op: str, a: list[Any], b: list[Any]) -> Any:
    """The order of two sequences: that of the first entries that differ, else of their lengths."""
    t = act.t
    result: Any = STATIC_BINARY[op](len(a), len(b))
    for x, y in reversed(list(zip(a, b, strict=False))):
        same = arithmetic.truth(t, t.environment.compare(act, "==", x, y))
        if same is True:
            continue
        inner = arithmetic.truth(t, t.environment.compare(act, op, x, y))
        if same is False:
            result = inner
            continue
        test, first, rest = (t.scalar(v, Kind.BOOL) for v in (same, inner, result))
        result = t.wrap(t.emit("or", t.emit("and", t.emit("not", test), first), t.emit("and", test, rest)), True)
    return result
