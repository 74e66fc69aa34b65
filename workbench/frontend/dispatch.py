"""Operators of any two values: `a + b`, `a < b`, `a is b`, `a in b`. Which part of the front end knows what it means.

Invariant: methods of users' classes are asked in Python's order, a subclass's reflected method first.
Source: the Python language reference, section 3.3 (Data model, special method names).
"""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

import numpy as np

from workbench.frontend import (
    access,
    arithmetic,
    branches,
    calls,
    generators,
    iteration,
    membership,
    prompt,
    sequences,
    states,
    texts,
)
from workbench.frontend.activation import Activation
from workbench.frontend.arithmetic import OPERATOR_NAMES, STATIC_BINARY, is_dynamic
from workbench.frontend.library import containers
from workbench.frontend.numbers import number_kind
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import (
    Array,
    ArrayMethod,
    BoundMethod,
    CallChoice,
    Choice,
    Closure,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    RangeValue,
    Record,
    Scalar,
    SetValue,
    TextValue,
    describe,
    is_flat,
    is_static,
)
from workbench.ir import Kind

_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def binary(act: Activation, op: str, a: Any, b: Any) -> Any:
    """`a op b` for any two values."""
    if states.objects_of(a):
        return branches.over_options(act.t, a, lambda option: binary(act, op, option, b))
    if states.objects_of(b):
        return branches.over_options(act.t, b, lambda option: binary(act, op, a, option))
    if isinstance(a, OneOf) or isinstance(b, OneOf):
        if isinstance(a, ObjectValue) or isinstance(b, ObjectValue):  # (its method may take a state)
            return _operator_method(act, op, a, b)
        a, b = _settled(act, op, a, b)
    act.t.usable(a, b)
    if op == "%" and isinstance(a, (str, bytes)) and is_static(b):
        return a % b
    if isinstance(a, (str, TextValue)) and not is_static((a, b)):
        if op == "%" and isinstance(a, str):
            return texts.interpolated(act, a, b)
        if op == "+" and texts.is_text(b):
            return texts.joined([a, b])
    if isinstance(a, TextValue) or isinstance(b, TextValue):
        texts.refuse(act.t, f"`{op}`")
    if isinstance(a, ObjectValue) or isinstance(b, ObjectValue):
        return _operator_method(act, op, a, b)
    if (type(a) is not tuple and isinstance(a, tuple)) or (type(b) is not tuple and isinstance(b, tuple)):
        found = _method_result(act, op, a, b)
        if found is not NotImplemented:
            return found
    if is_flat(a) or is_flat(b):
        _check_flat(op, a, b)
    if is_dynamic(a) or is_dynamic(b):
        if not sequences.is_sequence(a) and not sequences.is_sequence(b):
            return arithmetic.binary(act.t, op, a, b)
        if is_dynamic(a) and is_dynamic(b):
            return arithmetic.binary(act.t, op, a, b)
    if any(isinstance(v, (ListValue, DynamicList, tuple, RangeValue)) for v in (a, b)):
        return sequences.operator(act, op, a, b)
    if isinstance(a, SetValue) or isinstance(b, SetValue):
        return containers.set_operator(act, op, a, b)
    if isinstance(a, DictValue) and isinstance(b, DictValue) and op in ("==", "!="):
        return _equal_dicts(act, op, a, b)
    if isinstance(a, DictValue) and isinstance(b, DictValue) and op == "|":
        merged = {k: act.t.read(v) for d in (a, b) for k, v in d.items.items()}
        return act.t.new_dict(merged)
    if op in ("==", "!="):
        _refuse_unknown(act, a, b)
    prompt.operator(act.t, op, a, b)
    return STATIC_BINARY[op](a, b)


def _refuse_unknown(act: Activation, *operands: Any) -> None:
    """Refuse equality where it does not follow from what things are to the evaluator: which may make anew what is one
    object, or has an equality of its own, to Python."""
    alike = len(set(map(type, operands))) == 1
    unknown = (slice, Record) if alike else (slice, BoundMethod, ArrayMethod, CallChoice)
    for value in operands:
        if isinstance(value, unknown) and not is_static(value):
            act.t.fail(f"a comparison of {describe(value)}", "compare what it is made of")


def _settled(act: Activation, op: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Two operands, one of them a state that must be a number here."""
    for value, other in ((a, b), (b, a)):
        if isinstance(value, OneOf) and not (isinstance(other, OneOf) or states.is_number(other)):
            act.t.usable(value)

    def message(first: str, second: str) -> str:
        if op in ("<", "<=", ">", ">="):
            return f"'{op}' not supported between instances of '{first}' and '{second}'"
        return f"unsupported operand type(s) for {op}: '{first}' and '{second}'"
    names = [states.name_of_number(v) for v in (a, b)]
    if isinstance(a, OneOf) and isinstance(b, OneOf):
        states.not_both_none(act.t, a, b, message("NoneType", "NoneType"))
    return (states.settled(act.t, a, message("NoneType", names[1])),
            states.settled(act.t, b, message(names[0], "NoneType")))


def comparison(act: Activation, op: ast.cmpop, a: Any, b: Any) -> Any:
    """A single comparison."""
    act.t.certain(a)
    act.t.certain(b)
    if isinstance(op, (ast.Is, ast.IsNot)):
        same = identical(act, a, b)
        return same if isinstance(op, ast.Is) else arithmetic.opposite(act.t, same)
    if isinstance(op, (ast.In, ast.NotIn)):
        found = membership.contains(act, b, a)
        return found if isinstance(op, ast.In) else arithmetic.opposite(act.t, found)
    return compare(act, _COMPARE[type(op)], a, b)


def identical(act: Activation, a: Any, b: Any) -> Any:
    """`a is b`. Of run-time numbers only Python's truth values are known to be one object each; what is made anew
    whenever it is read (tuples, entries of dynamic lists, one of several arrays) cannot be told apart from its like."""
    t = act.t
    if a is b and not isinstance(a, Scalar):
        return True
    if isinstance(a, OneOf) or isinstance(b, OneOf):
        return states.equal(t, a, b, True)
    if a is None or b is None:
        return False
    if generators.state_of(a) is not None or generators.state_of(b) is not None:
        return generators.state_of(a) is generators.state_of(b)
    truths = [isinstance(v, bool) or (isinstance(v, Scalar) and v.python and v.kind is Kind.BOOL) for v in (a, b)]
    if isinstance(a, Scalar) or isinstance(b, Scalar):
        if all(truths):
            return arithmetic.compare(t, "==", a, b)
        if any(truths) or any(number_kind(v) is None for v in (a, b)):
            return False
        t.fail("whether two run-time numbers are one object", "compare them by `==`")
    for v, other in ((a, b), (b, a)):
        unsure = isinstance(v, (Choice, CallChoice, tuple, Record)) or bool(getattr(v, "snapshot", "")) or (
            isinstance(v, DynamicList) and v.begin is not None) or (isinstance(v, Array) and bool(v.moving))
        if unsure and (isinstance(other, (Choice, CallChoice)) or _alike(v, other)):
            t.fail("whether two things that are chosen or read at run time are one object", "compare what they hold")
    return False


def _alike(a: Any, b: Any) -> bool:
    """True where two values could be one object."""
    if isinstance(a, Choice):
        return isinstance(b, Array)
    if isinstance(a, CallChoice):
        return callable(b) or isinstance(b, (Closure, BoundMethod))
    return type(a) is type(b)


def _check_flat(op: str, *operands: Any) -> None:
    """An `ndarray.flat` has comparisons, and takes part in the operators of arrays and of NumPy's numbers."""
    if OPERATOR_NAMES[op] not in _REFLECTED and not any(
            isinstance(v, (np.ndarray, np.generic)) or (isinstance(v, Array) and not is_flat(v))
            or (isinstance(v, Scalar) and not v.python) for v in operands):
        raise TypeError(f"unsupported operand types for {op}: 'numpy.flatiter' and another that is not an array")


def compare(act: Activation, name: str, a: Any, b: Any) -> Any:
    """`a < b` and the like."""
    if name in ("==", "!=") and (isinstance(a, OneOf) or isinstance(b, OneOf)):
        same = states.equal(act.t, a, b, False)
        return same if name == "==" else arithmetic.opposite(act.t, same)
    state = generators.state_of(a) or generators.state_of(b)
    if state is not None and name in ("==", "!="):
        return (generators.state_of(a) is generators.state_of(b)) == (name == "==")
    if name in ("==", "!=") and (iteration.is_view(a) or iteration.is_view(b)):
        act.t.fail("a comparison of a dict's keys, values or items", "compare lists of them")
    return binary(act, name, a, b)


def _equal_dicts(act: Activation, op: str, a: DictValue, b: DictValue) -> Any:
    if set(a.items) != set(b.items):
        return op == "!="
    sides = [tuple(act.t.read(d.items[k]) for k in a.items) for d in (a, b)]
    return sequences.operator(act, op, *sides)


def _operator_method(act: Activation, op: str, a: Any, b: Any) -> Any:
    """A user's class with `__add__` and the like."""
    name = OPERATOR_NAMES[op]
    if isinstance(a, ObjectValue) and _is_generated(a.type, f"__{name}__" if name != "ne" else "__eq__"):
        if not isinstance(b, ObjectValue) or b.type is not a.type:
            if op in ("==", "!="):
                return op == "!="
            raise TypeError(f"'{op}' not supported between instances of '{a.type.__name__}' and another type")
        return sequences.operator(act, op, *(tuple(
            access.attribute(act, v, f.name) for f in dataclasses.fields(a.type) if f.compare) for v in (a, b)))
    if op == "!=" and class_attribute(getattr(a, "type", object), "__ne__") is object.__ne__:
        return arithmetic.opposite(act.t, arithmetic.truth(act.t, _operator_method(act, "==", a, b)))
    found = _method_result(act, op, a, b)
    if found is not NotImplemented:
        return found
    if op in ("==", "!="):
        same = identical(act, a, b)
        return same if op == "==" else arithmetic.opposite(act.t, same)
    raise TypeError(f"unsupported operand type(s) for {op}")


def _method_result(act: Activation, op: str, a: Any, b: Any) -> Any:
    """What the methods for an operator of a user's classes give (subclasses of tuple among them); NotImplemented where
    there are none."""
    name = OPERATOR_NAMES[op]
    reflected = f"__{_REFLECTED.get(name, f'r{name}')}__"
    types_ = [v.type if isinstance(v, ObjectValue) else type(v) for v in (a, b)]
    order = [(a, b, types_[0], f"__{name}__"), (b, a, types_[1], reflected)]
    if types_[0] is types_[1] and name not in _REFLECTED:
        order.pop()  # (Python asks no reflected method of the left operand's own class)
    inherited = class_attribute(types_[0], reflected) is class_attribute(types_[1], reflected)
    if types_[0] is not types_[1] and issubclass(types_[1], types_[0]) and (name in _REFLECTED or not inherited):
        order.reverse()  # the class that is derived from the other's is asked first
    for owner, other, type_, method in order:
        if not isinstance(owner, (ObjectValue, tuple)):
            continue
        found = class_attribute(type_, method)
        if found is not None and found is not getattr(tuple if issubclass(type_, tuple) else object, method, None):
            result = calls.call(act, access.attribute(act, owner, method), (other,), {})
            if result is not NotImplemented:
                return result
    return NotImplemented


def _is_generated(type_: type, name: str) -> bool:
    """True for a comparison that `dataclass` has made."""
    code = getattr(class_attribute(type_, name), "__code__", None)
    return dataclasses.is_dataclass(type_) and getattr(code, "co_filename", "") == "<string>"
