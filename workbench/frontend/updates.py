"""`x op= y` of names, attributes and subscripts: arrays and containers are changed in place, as every name sees it.

Invariant: what is updated is read before the operand is evaluated, as in Python; an element of an array is added to
without having been read where nothing can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.frontend import arithmetic, arrays, bare, branches, indexing, iteration, library, subscripts
from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import OPERATOR_NAMES, is_dynamic
from workbench.frontend.held import Held
from workbench.frontend.numbers import common_kind, number_kind
from workbench.frontend.paths import class_attribute
from workbench.frontend.unwinding import Restart
from workbench.frontend.values import (
    Array,
    BoundMethod,
    Choice,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    Scalar,
    SetValue,
    is_flat,
)
from workbench.ir import Constant

_OF_SETS = {"|": "update", "&": "intersection_update", "-": "difference_update", "^": "symmetric_difference_update"}


def begin_update(act: Activation, owner: Any, key: Any, op: str, reads_first: bool, site: Any
                 ) -> Callable[[Any], None]:
    """`owner[key] op= ...` up to the operand: gives what finishes it. An element of an array is read before the operand
    is evaluated where that must be (`reads_first`), or has turned out to write the array; else it is added to."""
    t = act.t
    t.usable(owner)
    if isinstance(key, OneOf) and not isinstance(owner, DictValue):
        key = subscripts.as_index(act, owner, key)
    if not isinstance(owner, (Array, Choice)):
        old = subscripts.item(act, owner, key)
        held = Held(t, old)

        def replace_entry(operand: Any) -> None:
            held.check()
            subscripts.set_item(act, owner, key, augmented(act, op, old, operand))
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
    number = subscripts.as_value(act, operand)
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
    old = subscripts.item(act, owner, key)

    def write(operand: Any) -> None:
        made = arithmetic.binary(t, op, old, subscripts.as_value(act, operand))

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
        operand = subscripts.as_value(act, operand)
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
