"""Attributes of every kind of value, and assignments to them."""

from __future__ import annotations

import types
from typing import Any

from workbench.frontend import branches, launches, library, objects, python_types, states, texts
from workbench.frontend.activation import Activation
from workbench.frontend.paths import class_attribute, is_library
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
    Scalar,
    SetValue,
    StandIn,
    SuperValue,
    TextValue,
    describe,
)


def attribute(act: Activation, owner: Any, name: str) -> Any:
    """`owner.name`."""
    t = act.t
    if isinstance(owner, ObjectValue):
        return objects.get(act, owner, name)
    if isinstance(owner, OneOf):
        if not states.objects_of(owner):
            t.usable(owner)
        return branches.over_options(t, owner, lambda option: attribute(act, option, name))
    if isinstance(owner, StandIn):
        python_types.require_attribute(t, owner, name)
        if name == "__class__":
            return python_types.of_all(t, owner, lambda type_: type_, "the class of this")
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
            return Partial(objects.made_of, (owner,), {})
    if isinstance(owner, tuple):
        if name == "_replace" and hasattr(owner, "_fields"):
            return Partial(objects.replaced, (owner,), {})
        value = getattr(owner, name) if name in getattr(owner, "_fields", ()) else class_attribute(type(owner), name)
        if isinstance(value, types.FunctionType):
            return BoundMethod(value, owner)
        if isinstance(value, property) and value.fget is not None:
            return act.t.environment.call(act, value.fget, (owner,), {})
        return getattr(owner, name)
    of_cuda = launches.attribute(owner, name)
    if of_cuda is not None:
        return launches.meanings.member(act, of_cuda)
    return t.environment.static_attribute(act, owner, name)


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
    if isinstance(owner, OneOf) and states.objects_of(owner):
        branches.over_options(t, owner, lambda option: set_attribute(act, option, name, value))
        return
    if owner is None:
        raise AttributeError(f"'NoneType' object has no attribute {name!r}")
    if not isinstance(owner, ObjectValue):
        t.fail(f"assignment to an attribute of {describe(owner)}", "keep the number in an object of your own class")
    objects.put(act, owner, name, value)
