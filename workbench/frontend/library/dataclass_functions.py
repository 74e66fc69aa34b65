"""Functions of dataclasses: `replace`, `fields`, `asdict`, `astuple`."""

from __future__ import annotations

import dataclasses
from typing import Any

from workbench.frontend import python_types
from workbench.frontend.activation import Activation
from workbench.frontend.library.arguments import refuse
from workbench.frontend.library.registry import implements
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import DictValue, ListValue, ObjectValue


@implements(dataclasses.replace)
def replace(act: Activation, obj: Any, /, **changes: Any) -> Any:
    """Another object, some of its fields changed."""
    t = act.t
    if not isinstance(obj, ObjectValue):
        raise TypeError("replace() should be called on dataclass instances")
    t.environment.load_fields(obj)
    values = {f.name: t.read(obj.fields[f.name]) for f in dataclasses.fields(obj.type) if f.init}
    return t.environment.call(act, obj.type, (), {**values, **changes})


@implements(dataclasses.fields)
def fields(act: Activation, class_or_instance: Any) -> Any:
    """The fields."""
    class_ = class_or_instance.type if isinstance(class_or_instance, ObjectValue) else class_or_instance
    return dataclasses.fields(class_ if _is_dataclass(act.t, class_) else object)


@implements(dataclasses.is_dataclass)
def is_dataclass(act: Activation, obj: Any) -> Any:
    """Whether a class, or that of an object, is a dataclass."""
    return _is_dataclass(act.t, obj)


def _is_dataclass(t: Tracer, value: Any) -> bool:
    """Whether this is a dataclass, or an instance of one."""
    return dataclasses.is_dataclass(value) if isinstance(value, type) else bool(python_types.of_all(
        t, value, dataclasses.is_dataclass, "whether this is an instance of a dataclass"))


@implements(dataclasses.asdict)
def asdict(act: Activation, obj: Any, *, dict_factory: Any = None) -> Any:
    """The fields by name, those of fields too."""
    refuse(act.t, "dataclasses.asdict", dict_factory=(dict_factory, None))
    _need_instance(act.t, "asdict", obj)
    return _unfolded(act, obj, True)


@implements(dataclasses.astuple)
def astuple(act: Activation, obj: Any, *, tuple_factory: Any = None) -> Any:
    """The fields in order, those of fields too."""
    refuse(act.t, "dataclasses.astuple", tuple_factory=(tuple_factory, None))
    _need_instance(act.t, "astuple", obj)
    return _unfolded(act, obj, False)


def _need_instance(t: Tracer, name: str, obj: Any) -> None:
    if isinstance(obj, type) or not _is_dataclass(t, obj):
        raise TypeError(f"{name}() should be called on dataclass instances")


def _unfolded(act: Activation, value: Any, as_dict: bool) -> Any:
    t = act.t
    if isinstance(value, ObjectValue) and dataclasses.is_dataclass(value.type):
        t.environment.load_fields(value)
        entries = {f.name: _unfolded(act, t.read(value.fields[f.name]), as_dict)
                   for f in dataclasses.fields(value.type)}
        return t.new_dict(entries) if as_dict else tuple(entries.values())
    if isinstance(value, ListValue):
        return t.new_list([_unfolded(act, t.read(v), as_dict) for v in value.items])
    if isinstance(value, DictValue):
        return t.new_dict({k: _unfolded(act, t.read(v), as_dict) for k, v in value.items.items()}, type_=value.type)
    if isinstance(value, tuple):
        return tuple.__new__(type(value), [_unfolded(act, v, as_dict) for v in value])
    return t.environment.copied(act, value)
