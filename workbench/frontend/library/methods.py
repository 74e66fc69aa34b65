"""Methods of what is not a user's object, by the kind of its owner."""

from __future__ import annotations

from typing import Any

from workbench.frontend import list_operations
from workbench.frontend.activation import Activation
from workbench.frontend.library import array_methods, container_methods, random
from workbench.frontend.library.builtin_ordering import sort_list
from workbench.frontend.values import Choice, DequeValue, DictValue, DynamicList, ListValue, RandomValue, SetValue


def method(act: Activation, owner: Any, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a method."""
    if isinstance(owner, RandomValue):
        return random.method(act, owner, name, args, named)
    if isinstance(owner, SetValue):
        return container_methods.set_method(act, owner, name, args)
    if isinstance(owner, DequeValue):
        found = container_methods.deque_method(act, owner, name, args)
        if found is not NotImplemented:
            return found
    if isinstance(owner, ListValue):
        return container_methods.list_method(act, owner, name, args, named)
    if isinstance(owner, DynamicList):
        if name == "sort":
            act.t.environment.note_write(owner)
            return sort_list(act, owner, **named)
        return list_operations.method(act, owner, name, args)
    if isinstance(owner, DictValue):
        return container_methods.dict_method(act, owner, name, args, named)
    if isinstance(owner, Choice):
        return array_methods.choice_method(act, owner, name, args, named)
    return array_methods.number_method(act, owner, name, args, named)
