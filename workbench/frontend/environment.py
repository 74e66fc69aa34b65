"""What the evaluator's parts ask of the whole: names from outside, calls, operators, compiled code of functions.

The parts below (`arithmetic`, `library`, `access`, ...) know nothing of each other's upper layers; they reach them
through the tracer's environment, which is this object.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.frontend import (
    access,
    branches,
    calls,
    dispatch,
    gathering,
    iteration,
    list_operations,
    loops,
    membership,
    statements,
    subscripts,
)
from workbench.frontend.activation import Activation, Code, outside
from workbench.frontend.library import creation, linear
from workbench.frontend.outer_names import OuterNames
from workbench.frontend.source import Definition
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Choice, DynamicList, ObjectValue, SetValue
from workbench.ir import Value


class Environment(OuterNames):
    """See the module's text. `recursions` are the passes over recursive functions that are under way."""

    def __init__(self) -> None:
        super().__init__()
        self.recursions: dict[int, Any] = {}
        self.kept_results: dict[int, dict[Any, Any]] = {}  # of functions under `functools.lru_cache`
        self.scopes: dict[type, Any] = {}  # of the definitions of classes that the program makes

    def another(self) -> Environment:
        """The environment of an inner program."""
        return Environment()

    def compiled(self, node: Definition, function: Any, name: str) -> Code:
        """The closures of a function's definition."""
        return statements.code_of(node, function, name)

    # ------------------------------------------------------------------ what the language means
    def read_choice(self, t: Tracer, choice: Choice) -> Array:
        """The array a choice stands for, copied."""
        return branches.read_choice(t, choice)

    def matmul(self, t: Tracer, a: Any, b: Any) -> Any:
        """`a @ b`."""
        return linear.matmul(t, a, b)

    def as_array(self, t: Tracer, value: Any) -> Any:
        """Lists, tuples and NumPy arrays as arrays of the evaluator."""
        if isinstance(value, np.ndarray):
            return self.internal(value, None)
        if isinstance(value, DynamicList):
            return list_operations.as_array(t, value)
        act = outside(t)
        return creation.from_nested(t, value, lambda v: iteration.static_items(act, v))

    def binary(self, act: Activation, op: str, a: Any, b: Any) -> Any:
        """`a op b`."""
        return dispatch.binary(act, op, a, b)

    def compare(self, act: Activation, op: str, a: Any, b: Any) -> Any:
        """`a op b`, a comparison."""
        return dispatch.compare(act, op, a, b)

    def call(self, act: Activation, callee: Any, args: tuple[Any, ...], named: dict[str, Any], node: Any = None) -> Any:
        """Call anything."""
        return calls.call(act, callee, args, named, node)

    def call_method(self, act: Activation, owner: ObjectValue | tuple[Any, ...], name: str, args: tuple[Any, ...]
                    ) -> Any:
        """Call a method of an object of a user's class (of a tuple, too)."""
        return calls.call(act, access.attribute(act, owner, name), args, {})

    def attribute(self, act: Activation, owner: Any, name: str) -> Any:
        """`owner.name`."""
        return access.attribute(act, owner, name)

    def set_attribute(self, act: Activation, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value`."""
        access.set_attribute(act, owner, name, value)

    def key(self, act: Activation, value: Any) -> Any:
        """A key of a dict or a member of a set."""
        return subscripts.static_key(act, value)

    def contains(self, act: Activation, container: Any, value: Any) -> Any:
        """`value in container`."""
        return membership.contains(act, container, value)

    def copied(self, act: Activation, value: Any) -> Any:
        """`copy.deepcopy`."""
        return calls.call(act, copy.deepcopy, (value,), {})

    def item(self, act: Activation, owner: Any, key: Any) -> Any:
        """`owner[key]`."""
        return subscripts.item(act, owner, key)

    def set_item(self, act: Activation, owner: Any, key: Any, value: Any) -> None:
        """`owner[key] = value`."""
        subscripts.set_item(act, owner, key, value)

    # ------------------------------------------------------------------ what is gone through
    def items(self, act: Activation, value: Any) -> list[Any]:
        """All items of something of known length."""
        if isinstance(value, Choice):
            value = branches.read_choice(act.t, value)
        return iteration.static_items(act, value)

    def trips(self, act: Activation, value: Any) -> Value:
        """The number of items of a range, array or zip, at run time."""
        _, count, _, _ = iteration.indexed(act, value, normalised=True)
        return count

    def repeat(self, t: Tracer, count: Value, key: Any, action: Callable[[Value], Any]) -> None:
        """Do something `count` times at run time; it is given the index."""
        loops.repeated(t, count, key, action)

    def over_items(self, act: Activation, values: Any, key: Any, action: Callable[[Any], Any]) -> None:
        """Do something with each item of anything."""
        gathering.over_items(act, values, key, action)

    def list_of(self, act: Activation, values: Any) -> Any:
        """`list(values)`."""
        return gathering.list_of(act, values)

    def running_sum(self, act: Activation, values: Any, start: Any) -> Any:
        """`sum(values, start)`."""
        return gathering.running_sum(act, values, start)

    def run_native(self, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A pure call on static arguments, run while specialising."""
        return self.taken_in(callee(*args, **named))

    def taken_in(self, value: Any) -> Any:
        """A fresh result of a native call: containers that may be written are the evaluator's."""
        if type(value) is list:
            return self.t.new_list([self.taken_in(v) for v in value])
        if type(value) is dict:
            return self.t.new_dict({k: self.taken_in(v) for k, v in value.items()})
        if type(value) is set:
            return SetValue(value, len(self.t.frames))
        return value
