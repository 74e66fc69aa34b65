"""Making objects: instances of users' classes, dataclasses, named tuples, members of enumerations, exceptions.

Invariant: what a class runs when it is called (`__new__`, `__init__`, `__post_init__`, defaults) is run in Python's
order, and guarded.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from typing import Any

from workbench.frontend import library
from workbench.frontend.activation import Activation
from workbench.frontend.paths import class_attribute
from workbench.frontend.values import ExceptionValue, ObjectValue, ParallelRange, is_static


def make(act: Activation, type_: type, args: tuple[Any, ...], named: dict[str, Any], node: Any) -> Any:
    """`type_(*args, **named)`, called at a node of the syntax."""
    if issubclass(type_, BaseException):
        return ExceptionValue(type_, args, named)
    if issubclass(type_, tuple) and hasattr(type_, "_fields") and "__new__" in vars(type_) and (
            type_.__new__.__code__.co_filename.startswith("<")):
        return _named_tuple(act, type_, args, named)
    if issubclass(type_, enum.Enum):
        return type_(*args, **named)
    if type_.__name__ == "prange" and type_.__module__.startswith("numba"):
        made = act.t.environment.call(act, range, args, named, node)
        return ParallelRange(made.start, made.stop, made.step)
    if type_.__module__.startswith("numba."):
        act.t.fail(f"no derivative rule is known for {type_.__module__}.{type_.__qualname__}", "use lists and dicts")
    maker = class_attribute(type_, "__new__")
    maker = maker.__func__ if isinstance(maker, staticmethod) else maker
    if isinstance(maker, types.FunctionType) and type_.__module__ != "builtins":
        made = act.t.environment.call(act, maker, (type_, *args), named, node)
        if isinstance(made, ObjectValue) and issubclass(made.type, type_) and isinstance(
                type_.__init__, types.FunctionType):
            act.t.environment.call(act, type_.__init__, (made, *args), named, node)
        return made
    if type_.__module__ == "builtins" or not isinstance(getattr(type_, "__init__", None), types.FunctionType):
        if type_.__module__ != "builtins" and not args and not named and type_.__init__ is object.__init__:
            return act.t.new_object(type_, {})
        if is_static(args) and all(is_static(v) for v in named.values()) and library.is_pure(type_):
            return type_(*args, **named)
        act.t.fail(f"no rule is known for making a {type_.__qualname__} of run-time numbers",
                   "write it in terms of arrays and functions with a rule")
    act.t.environment.guard_function(type_.__init__)
    made = act.t.new_object(type_, {})
    if dataclasses.is_dataclass(type_) and vars(type_).get("__init__") is type_.__init__ and (
            type_.__init__.__code__.co_filename == "<string>"):  # made by the decorator
        _fill_dataclass(act, made, args, named)
    else:
        act.t.environment.call(act, type_.__init__, (made, *args), named, node)
    return made


def _named_tuple(act: Activation, type_: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A named tuple that `typing.NamedTuple` or `collections.namedtuple` has made: its `__new__` is generated code."""
    act.t.environment.guard_class(type_)
    fields, defaults = type_._fields, type_._field_defaults
    for name in fields[:len(args)]:
        if name in named:
            raise TypeError(f"{type_.__name__}() got multiple values for argument '{name}'")
    values = dict(zip(fields, args, strict=False))
    values.update(named)
    for name in fields:
        if name not in values:
            if name not in defaults:
                raise TypeError(f"{type_.__name__}() missing required argument '{name}'")
            values[name] = defaults[name]
    if len(args) > len(fields) or set(values) - set(fields):
        raise TypeError(f"{type_.__name__}() got unexpected arguments")
    return tuple.__new__(type_, [values[name] for name in fields])


def _fill_dataclass(act: Activation, made: ObjectValue, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """What the `__init__` does that `dataclass` has made."""
    every = list(made.type.__dataclass_fields__.values())  # type: ignore[attr-defined]
    variables = [f for f in every if f._field_type is dataclasses._FIELD_INITVAR]  # type: ignore[attr-defined]
    fields = [f for f in every if f.init and f._field_type is not dataclasses._FIELD_CLASSVAR]  # type: ignore[attr-defined]
    positional = [f for f in fields if not f.kw_only]
    if len(args) > len(positional):
        raise TypeError(f"{made.type.__name__}.__init__() takes {len(positional) + 1} positional arguments but "
                        f"{len(args) + 1} were given")
    values = {f.name: a for f, a in zip(positional, args, strict=False)}
    for key, value in named.items():
        if key not in {f.name for f in fields} or key in values:
            raise TypeError(f"{made.type.__name__}.__init__() got an unexpected or repeated argument '{key}'")
        values[key] = value
    for field in (f for f in every if f in fields or f in dataclasses.fields(made.type)):
        if field.name not in values:
            if field.default is not dataclasses.MISSING:
                values[field.name] = act.t.environment.internal(field.default, None)
            elif field.default_factory is not dataclasses.MISSING:
                values[field.name] = act.t.environment.call(act, field.default_factory, (), {})
            elif field.init:
                raise TypeError(f"{made.type.__name__}.__init__() missing 1 required positional argument: "
                                f"'{field.name}'")
            else:
                continue
        if field not in variables:
            made.fields[field.name] = act.t.variable(field.name, values[field.name])
    if class_attribute(made.type, "__post_init__") is not None:
        act.t.environment.call_method(act, made, "__post_init__", tuple(values[f.name] for f in variables))
