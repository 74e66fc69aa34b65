"""Python's functions of objects: `isinstance`, `type`, attributes, `super`, copies, `functools.partial`."""

from __future__ import annotations

import copy as copying
import functools
from collections.abc import Callable
from typing import Any

from workbench.frontend import branches, generators, list_operations, objects, python_types
from workbench.frontend.activation import Activation
from workbench.frontend.library import creation
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import (
    Array,
    ArrayMethod,
    BoundMethod,
    Choice,
    Closure,
    DequeValue,
    DictValue,
    DynamicList,
    ListValue,
    ObjectValue,
    OneOf,
    Partial,
    RandomValue,
    SetValue,
    describe,
    is_static,
)

# ---------------------------------------------------------------------- types

@implements(isinstance)
def isinstance_(act: Activation, obj: Any, class_or_tuple: Any, /) -> Any:
    """Whether a value is an instance of (one of) these classes."""
    if isinstance(obj, OneOf):
        return branches.over_options(act.t, obj, lambda option: is_instance(act.t, option, class_or_tuple))
    return is_instance(act.t, obj, class_or_tuple)


def is_instance(t: Tracer, value: Any, classes: Any) -> bool:
    """Whether a value is an instance of (one of) these classes, on every path that it came by."""
    return bool(python_types.of_all(t, value, lambda type_: issubclass(type_, classes),
                                    "whether this is an instance of a class"))


def type_of(t: Tracer, value: Any) -> type:
    """The Python type that a value of the evaluator has."""
    return python_types.of_all(t, value, lambda type_: type_, "the type of this")  # type: ignore[no-any-return]


@implements(type)
def type_(act: Activation, object: Any, /) -> Any:
    """The type of a value."""
    return type_of(act.t, object)


@implements(callable)
def callable_(act: Activation, obj: Any, /) -> Any:
    """Whether a value can be called."""
    if isinstance(obj, ObjectValue):
        return any("__call__" in vars(base) for base in obj.type.__mro__)
    return isinstance(obj, (Closure, BoundMethod, ArrayMethod, Partial)) or (is_static(obj) and callable(obj))


# ---------------------------------------------------------------------- attributes
@implements(hasattr)
def hasattr_(act: Activation, obj: Any, name: Any, /) -> Any:
    """Whether there is an attribute."""
    if isinstance(obj, OneOf):
        return branches.over_options(act.t, obj, lambda option: hasattr_(act, option, name))
    present = objects.presence(act, obj, name)
    if present is None:
        present = python_types.has_attribute(act.t, obj, name)
    if present is not None:
        return present
    try:
        act.t.environment.attribute(act, obj, name)
    except AttributeError:
        return False
    return True


@implements(getattr)
def getattr_(act: Activation, obj: Any, name: Any, /, *default: Any) -> Any:
    """An attribute, or what is given for the case that there is none."""
    environment = act.t.environment
    if isinstance(obj, OneOf):
        return branches.over_options(act.t, obj, lambda option: getattr_(act, option, name, *default))
    present = objects.presence(act, obj, name) if default else None
    if present is not None:
        return branches.branch(act.t, present, lambda: environment.attribute(act, obj, name), lambda: default[0])
    try:
        return environment.attribute(act, obj, name)
    except AttributeError:
        if default:
            return default[0]
        raise


@implements(setattr)
def setattr_(act: Activation, obj: Any, name: Any, value: Any, /) -> None:
    """An attribute written."""
    act.t.environment.set_attribute(act, obj, name, value)


@handles(super)
def super_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`super()`."""
    return objects.super_of(act, args)


@implements(vars)
def vars_(act: Activation, *object: Any) -> Any:
    """The attributes of a user's object."""
    if not object or not isinstance(object[0], ObjectValue):
        act.t.fail("vars of this", "name the attributes")
    return objects.fields_of(act, object[0])


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


# ---------------------------------------------------------------------- functions and copies
@handles(functools.partial)
def partial(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`functools.partial`."""
    return Partial(args[0], tuple(args[1:]), dict(named))


@implements(functools.update_wrapper)
def update_wrapper(act: Activation, wrapper: Any, wrapped: Any, assigned: Any = functools.WRAPPER_ASSIGNMENTS,
                   updated: Any = functools.WRAPPER_UPDATES) -> Any:
    """A function that goes by another's name and text, none of which is numeric."""
    if not isinstance(wrapper, Closure):
        act.t.fail(f"functools.update_wrapper of {describe(wrapper)}", "wrap a function that is made here")
    return wrapper


@implements(copying.copy)
def copy_(act: Activation, x: Any) -> Any:
    """A copy, of the same entries."""
    return _copied(act, x, lambda item: item)


@implements(copying.deepcopy)
def deepcopy(act: Activation, x: Any) -> Any:
    """A copy, of copies of the entries."""
    return _deeply(act, x, {})


def _deeply(act: Activation, value: Any, memo: dict[int, Any]) -> Any:
    """A copy of a value and of its entries; what goes by two names is copied once."""
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [_deeply(act, v, memo) for v in value])
    if id(value) not in memo:
        memo[id(value)] = value, _copied(act, value, lambda item: _deeply(act, item, memo))
    return memo[id(value)][1]


def _copied(act: Activation, value: Any, inner: Callable[[Any], Any]) -> Any:
    t = act.t
    if isinstance(value, Choice):
        value = t.environment.read_choice(t, value)
    if isinstance(value, Array):
        return creation.copied(t, value, "K")
    if isinstance(value, DynamicList):
        return list_operations.method(act, value, "copy", ())
    if isinstance(value, DequeValue):
        return t.new_deque([inner(t.read(v)) for v in value.items], value.longest)
    if isinstance(value, ListValue):
        return t.new_list([inner(t.read(v)) for v in value.items])
    if isinstance(value, SetValue):
        return SetValue(set(value.values), len(t.frames))
    if isinstance(value, DictValue):
        return t.new_dict({k: inner(t.read(v)) for k, v in value.items.items()}, type_=value.type,
                          default=value.default)
    if isinstance(value, ObjectValue):
        t.environment.load_fields(value)
        return t.new_object(value.type, {k: inner(t.read(v)) for k, v in value.fields.items()})
    if isinstance(value, RandomValue) or generators.state_of(value) is not None:
        t.fail(f"a copy of {describe(value)}", "make another one")
    return value
