"""Attributes of users' objects and classes: properties, descriptors, `super()`, `__getattr__`, `vars`.

Invariant: what is written to a class or a module is read back by everything that follows, and written to it once, when
the program has run.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from typing import Any

from workbench.frontend import branches
from workbench.frontend.activation import Activation
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import (
    UNDEFINED,
    BoundMethod,
    Closure,
    DictValue,
    ObjectValue,
    Partial,
    SuperValue,
    Variable,
    describe,
)
from workbench.frontend.variables import StoredMaybe, load_tree


def get(act: Activation, owner: ObjectValue, name: str) -> Any:
    """`owner.name`."""
    t = act.t
    if name == "__class__":
        return owner.type
    if name == "__dict__":
        return fields_of(act, owner)
    descriptor = class_attribute(owner.type, name)
    if isinstance(descriptor, property):
        return _through_property(act, descriptor, owner, name)
    variable = t.environment.object_field(owner, name)
    if variable is not None:
        if isinstance(variable.stored, StoredMaybe) and _is_of_class(act, owner, name, descriptor):
            t.note_read(variable)
            own = load_tree(variable.stored, t.builder.read)
            return branches.branch(t, own.defined, lambda: own.value, lambda: _of_class(act, owner, name, descriptor))
        value = t.read(variable, f"'{owner.type.__name__}' object has no attribute '{name}'")
        if value is not UNDEFINED:
            return value
    return _of_class(act, owner, name, descriptor)


def _is_of_class(act: Activation, owner: ObjectValue, name: str, descriptor: Any) -> bool:
    """True for an attribute that an object's class has, too."""
    slot = isinstance(descriptor, types.MemberDescriptorType)
    return (descriptor is not None and not slot) or _has_class_attribute(act, owner.type, name)


def _of_class(act: Activation, owner: ObjectValue, name: str, descriptor: Any) -> Any:
    """An attribute that an object does not have itself."""
    t = act.t
    t.environment.guard_lack(owner, name)
    t.note_read(_unassigned(act, owner, name))  # a loop that goes on to assign it must know that it was asked for
    written = class_value(act, owner.type, name)
    if written is not UNDEFINED:
        made = isinstance(written, (types.FunctionType, Closure))
        return bound(act, written, owner, owner.type, name) if made else written
    if descriptor is None:
        fallback = class_attribute(owner.type, "__getattr__")
        if isinstance(fallback, types.FunctionType):
            return t.environment.call(act, fallback, (owner, name), {})
        raise AttributeError(f"'{owner.type.__name__}' object has no attribute '{name}'")
    if isinstance(descriptor, functools.cached_property):
        value = t.environment.call(act, descriptor.func, (owner,), {})
        _store(act, owner, name, value)
        return value
    if isinstance(descriptor, types.MemberDescriptorType):
        raise AttributeError(f"'{owner.type.__name__}' object has no attribute '{name}'")
    return bound(act, descriptor, owner, owner.type, name)


def _unassigned(act: Activation, owner: ObjectValue, name: str) -> Variable:
    """The variable of an attribute that an object does not have yet."""
    found: Variable = act.t.environment.unassigned.setdefault((owner, name), Variable(name, owner.depth, UNDEFINED))
    return found


def presence(act: Activation, owner: Any, name: str) -> Any:
    """Whether an object has an attribute of its own, where that is known at run time only; else None."""
    if not isinstance(owner, ObjectValue) or class_attribute(owner.type, name) is not None:
        return None
    variable = act.t.environment.object_field(owner, name)
    if variable is None or not isinstance(variable.stored, StoredMaybe):
        return None
    act.t.note_read(variable)
    return load_tree(variable.stored, act.t.builder.read).defined


def _through_property(act: Activation, descriptor: property, owner: Any, name: str) -> Any:
    if descriptor.fget is None:
        raise AttributeError(f"unreadable attribute {name!r}")
    return act.t.environment.call(act, descriptor.fget, (owner,), {})


def bound(act: Activation, descriptor: Any, owner: Any, type_: type, name: str) -> Any:
    """What a class's attribute is when it is reached through an object."""
    if isinstance(descriptor, (types.FunctionType, Closure)):
        return BoundMethod(descriptor, owner)
    if isinstance(descriptor, functools.partialmethod):
        return Partial(descriptor.func, (owner, *descriptor.args), dict(descriptor.keywords))
    if isinstance(descriptor, staticmethod):
        return descriptor.__func__
    if isinstance(descriptor, classmethod):
        return BoundMethod(descriptor.__func__, type_)
    if hasattr(type(descriptor), "inlined"):  # a method with a rule of its own, or checkpointed
        return BoundMethod(descriptor, owner)
    getter = class_attribute(type(descriptor), "__get__") if descriptor is not None else None
    if isinstance(getter, types.FunctionType):
        holder = act.t.environment.internal(descriptor, None)
        return act.t.environment.call(act, getter, (holder, owner, type_), {})
    wrapped = getattr(descriptor, "__wrapped__", None)
    if isinstance(wrapped, types.FunctionType) and callable(descriptor):  # a method under functools.lru_cache
        return BoundMethod(descriptor, owner)
    return act.t.environment.static_attribute(act, type_, name)


def put(act: Activation, owner: ObjectValue, name: str, value: Any) -> None:
    """`owner.name = value`."""
    descriptor = class_attribute(owner.type, name)
    if isinstance(descriptor, property):
        if descriptor.fset is None:
            raise AttributeError(f"property {name!r} of {owner.type.__name__!r} object has no setter")
        act.t.environment.call(act, descriptor.fset, (owner, value), {})
        return
    setter = class_attribute(owner.type, "__setattr__")
    parameters = getattr(owner.type, "__dataclass_params__", None)
    if parameters is not None and parameters.frozen:
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
    if isinstance(setter, types.FunctionType):
        act.t.environment.call(act, setter, (owner, name, value), {})
        return
    setter = class_attribute(type(descriptor), "__set__") if descriptor is not None else None
    if isinstance(setter, types.FunctionType):
        holder = act.t.environment.internal(descriptor, None)
        act.t.environment.call(act, setter, (holder, owner, value), {})
        return
    _store(act, owner, name, value)


def _store(act: Activation, owner: ObjectValue, name: str, value: Any) -> None:
    t = act.t
    variable = t.environment.object_field(owner, name)
    if variable is None:
        slot = isinstance(class_attribute(owner.type, name), types.MemberDescriptorType)
        if not owner.type.__dictoffset__ and not slot:
            raise AttributeError(f"'{owner.type.__name__}' object has no attribute '{name}'")
        owner.fields[name] = variable = _unassigned(act, owner, name)
    t.environment.note_write(owner)
    t.assign(variable, value)


def store(act: Activation, owner: Any, name: str, value: Any) -> None:
    """`object.__setattr__(owner, name, value)`: past the class's own `__setattr__` and frozen fields."""
    if not isinstance(owner, ObjectValue):
        act.t.fail(f"assignment to an attribute of {describe(owner)}", "keep the number in an object of your own class")
    _store(act, owner, name, value)


def fields_of(act: Activation, owner: ObjectValue) -> DictValue:
    """`vars(owner)`: its attributes as a dict, which is the same dict."""
    act.t.environment.load_fields(owner)
    return DictValue(owner.fields, owner.depth, owner.generation)


# ---------------------------------------------------------------------- super
def super_of(act: Activation, args: tuple[Any, ...]) -> SuperValue:
    """`super()` in a method, or `super(Class, self)`."""
    if args:
        return SuperValue(args[0], args[1])
    scope, node = act.scope, act.node
    first = [*node.args.posonlyargs, *node.args.args] if node is not None else []
    cell = scope.find("__class__")
    if cell is not None:
        after = act.t.read(cell)
    else:
        after = act.t.environment.outer_name(act, "__class__")
    if not first:
        raise RuntimeError("super(): no arguments")
    return SuperValue(after, act.t.read(scope.names[first[0].arg]))


def super_attribute(act: Activation, found: SuperValue, name: str) -> Any:
    """`super().name`."""
    owner = found.owner
    type_ = owner.type if isinstance(owner, ObjectValue) else owner if isinstance(owner, type) else type(owner)
    order = type_.__mro__
    for base in order[order.index(found.after) + 1:]:
        if name not in vars(base):
            continue
        descriptor = vars(base)[name]
        if isinstance(descriptor, property):
            return _through_property(act, descriptor, owner, name)
        if base is object and name == "__init__":
            return Partial(_nothing, (), {})
        if base is object and name == "__new__":
            return Partial(new_object, (), {})
        if base is object and name == "__setattr__":
            return Partial(store_by_name, (owner,), {})
        if isinstance(owner, type) and isinstance(descriptor, types.FunctionType):
            return descriptor
        return bound(act, descriptor, owner, base if not isinstance(descriptor, classmethod) else type_, name)
    raise AttributeError(f"'super' object has no attribute '{name}'")


class _Native:
    """A function of the evaluator that programs call by the name of one of Python's."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def inlined(self, act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """What it gives."""
        return self.run(act, *args, **named)


_nothing = _Native(lambda act, *args, **named: None)
new_object = _Native(lambda act, type_, *args, **named: act.t.new_object(type_, {}))
store_by_name = _Native(store)


# ---------------------------------------------------------------------- named tuples
def _made_of(act: Any, type_: Any, items: Any) -> Any:
    values = act.t.environment.items(act, items)
    if len(values) != len(type_._fields):
        raise TypeError(f"Expected {len(type_._fields)} arguments, got {len(values)}")
    return tuple.__new__(type_, values)


def _replaced(act: Any, owner: Any, **named: Any) -> Any:
    unknown = set(named) - set(owner._fields)
    if unknown:
        raise ValueError(f"Got unexpected field names: {sorted(unknown)!r}")
    values = [named.get(name, value) for name, value in zip(owner._fields, owner, strict=True)]
    return tuple.__new__(type(owner), values)


made_of = _Native(_made_of)  # `_make` of a class
replaced = _Native(_replaced)  # `_replace`


# ---------------------------------------------------------------------- classes and modules
def _has_class_attribute(act: Activation, type_: type, name: str) -> bool:
    return any(act.t.environment.outside_variable(base, name) is not None for base in type_.__mro__)


def class_value(act: Activation, type_: type, name: str) -> Any:
    """What the program has written to a class attribute, seen from a class; UNDEFINED where it has written nothing."""
    for base in type_.__mro__:
        variable = act.t.environment.outside_variable(base, name)
        if variable is not None and isinstance(variable.stored, StoredMaybe):
            act.t.fail(f"{name!r} of a class, which is set on one path only", "set it beforehand")
        value = act.t.read(variable) if variable is not None else UNDEFINED
        if value is not UNDEFINED:
            return value
        if name in vars(base):
            break
    return UNDEFINED
