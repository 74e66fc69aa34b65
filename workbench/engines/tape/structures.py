"""Arguments and results of a recorded run: structures with active numbers inside, and back.

Containers are copied on the way in and their changes written back at every exit, so that the program's writes into its
arguments happen once, as without the tape; arrays keep their memory.
"""

from __future__ import annotations

import collections
import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape.array import ActiveArray, fresh
from workbench.engines.tape.recorder import Recorder
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.scalar import ActiveFloat


def is_instance(x: Any) -> bool:
    """True for an object of a class written in Python, with its attributes in a dictionary."""
    return hasattr(x, "__dict__") and not isinstance(x, type) and not callable(x) and type(x).__module__ not in (
        "builtins", "numpy", "types")


def hides_floats(x: Any) -> bool:
    """True for what may hold numbers that cannot be made active: sets, queues, objects with slots, complex numbers."""
    slots = hasattr(type(x), "__slots__") and type(x).__module__ not in ("builtins", "numpy", "types")
    return slots or isinstance(x, (set, frozenset, collections.deque, complex, np.complexfloating))


def share_memory(a: np.ndarray, b: np.ndarray) -> bool:
    """True where two arrays have an element in common, or where that is too hard to find out."""
    try:
        return bool(np.shares_memory(a, b, max_work=10_000))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


def rebuilt_tuple(model: tuple[Any, ...], items: list[Any]) -> tuple[Any, ...]:
    """A tuple of the model's own type."""
    return tuple.__new__(type(model), items)


class Arguments:
    """The arguments of a run, made active."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.back: list[Callable[[], None]] = []
        self.known: dict[int, Any] = {}
        self.arrays: list[ActiveArray] = []
        self.before: list[np.ndarray] = []

    def active(self, x: Any, wrt: bool) -> Any:
        """An argument with its floats as independent variables (`wrt`) or as they are."""
        if isinstance(x, (float, np.floating)):
            if not wrt:
                return x
            return ActiveFloat(x, int(self.recorder.leaves(np.asarray(float(x)))), self.recorder)
        if isinstance(x, np.ndarray):
            return self.array(x, wrt)
        if isinstance(x, tuple):
            return rebuilt_tuple(x, [self.active(v, wrt) for v in x])
        if isinstance(x, (list, dict)) or is_instance(x):
            if id(x) not in self.known:
                self.container(x, wrt)
            return self.known[id(x)]
        if wrt and hides_floats(x):
            raise refuse(f"the floats in an argument of type {type(x).__name__}",
                         "pass them in a list, dict or dataclass")
        return x

    def array(self, x: np.ndarray, wrt: bool) -> Any:
        """An array, its memory shared with the user's."""
        if x.dtype.kind != "f":
            if wrt and x.dtype.kind in "cO":
                raise refuse(f"a derivative by an array of {x.dtype}", "use the compiler: engine='numba'")
            return x
        if type(x) is not np.ndarray:  # another class, another meaning of `*`
            raise refuse(f"an argument of type {type(x).__name__}", "pass a plain array")
        made = ActiveArray(x, self.recorder.leaves(x), self.recorder) if wrt else fresh(x, self.recorder)
        for other in self.arrays:
            if share_memory(other.values, x):
                other.nodes.flags.writeable = made.nodes.flags.writeable = False  # a write would be seen by one only
        self.arrays.append(made)
        self.before.append(x.copy())
        return made

    def container(self, x: Any, wrt: bool) -> None:
        """A list, dictionary or object: a copy, and what writes its changes back."""
        made = copy.copy(x)
        self.known[id(x)] = made
        if isinstance(x, list):
            made[:] = [self.active(v, wrt) for v in x]
            before = list(made)
            self.back.append(lambda: self.list_back(x, made, before))
            return
        held, target = (made, x) if isinstance(x, dict) else (made.__dict__, x.__dict__)
        for key, value in list(held.items()):
            held[key] = self.active(value, wrt)
        first = dict(held)
        self.back.append(lambda: self.dict_back(target, held, first))

    def list_back(self, target: list[Any], made: list[Any], before: list[Any]) -> None:
        if len(made) != len(before) or any(a is not b for a, b in zip(made, before, strict=True)):
            target[:] = [target[k] if k < len(before) and k < len(target) and v is before[k] else inactive(v)
                         for k, v in enumerate(made)]

    def dict_back(self, target: dict[Any, Any], made: dict[Any, Any], before: dict[Any, Any]) -> None:
        for key in [k for k in target if k not in made]:
            del target[key]
        for key, value in made.items():
            if key not in before or value is not before[key]:
                target[key] = inactive(value)

    def restore(self) -> None:
        """Give the user's arrays what they held before the run."""
        for array, values in zip(self.arrays, self.before, strict=True):
            if array.values.flags.writeable:
                array.values[...] = values

    def write_back(self) -> None:
        """Give the user's containers what the program has left in them."""
        for action in self.back:
            action()


def inactive(x: Any) -> Any:
    """A result as the program itself would have given it."""
    if isinstance(x, ActiveFloat):
        return x.value
    if isinstance(x, ActiveArray):
        return x.values
    if isinstance(x, tuple):
        return rebuilt_tuple(x, [inactive(v) for v in x])
    if isinstance(x, list):
        return [inactive(v) for v in x]
    if type(x) is dict:
        return {key: inactive(value) for key, value in x.items()}
    if is_instance(x):
        for key, value in list(vars(x).items()):
            if isinstance(value, (ActiveFloat, ActiveArray, list, tuple, dict)):
                vars(x)[key] = inactive(value)
    return x


def matched(active: Any, user: Any, adjoints: np.ndarray) -> Any:
    """The derivative of an argument: its structure, with the numbers of its nodes; None where it holds no float."""
    if isinstance(active, ActiveFloat):
        number = adjoints[active.node]
        return float(number) if type(user) is float else type(user)(number)
    if isinstance(active, np.ndarray) and active.dtype.kind == "i":  # the nodes of an array, as they were at the start
        return adjoints[active].astype(user.dtype) if active.size else np.zeros(user.shape, user.dtype)
    if isinstance(active, tuple):
        return rebuilt_tuple(active, [matched(a, u, adjoints) for a, u in zip(active, user, strict=True)])
    if isinstance(active, list):
        return [matched(a, u, adjoints) for a, u in zip(active, user, strict=True)]
    if isinstance(active, dict):
        return {key: matched(a, user[key], adjoints) for key, a in active.items()}
    if isinstance(active, Fields):
        made = copy.copy(active.model)
        for key, value in active.fields.items():
            vars(made)[key] = matched(value, vars(active.model)[key], adjoints)
        return made
    return None


class Fields:
    """The leaves of an object."""

    def __init__(self, model: Any, fields: dict[str, Any]) -> None:
        self.model = model
        self.fields = fields


def leaves_of(x: Any, user: Any) -> Any:
    """The structure of an active argument before the run: its numbers, and the nodes of its arrays."""
    if isinstance(x, ActiveArray):
        return x.nodes.copy()
    if isinstance(x, tuple):
        return rebuilt_tuple(x, [leaves_of(v, u) for v, u in zip(x, user, strict=True)])
    if isinstance(x, list):
        return [leaves_of(v, u) for v, u in zip(x, user, strict=True)]
    if isinstance(x, dict):
        return {key: leaves_of(value, user[key]) for key, value in x.items()}
    if is_instance(x) and not isinstance(x, ActiveFloat):
        return Fields(copy.copy(user), {key: leaves_of(value, vars(user)[key]) for key, value in vars(x).items()})
    return x if isinstance(x, ActiveFloat) else None


def numbers(leaves: Any) -> list[np.ndarray]:
    """The nodes in a structure of leaves, in order."""
    if isinstance(leaves, ActiveFloat):
        return [np.array([leaves.node])]
    if isinstance(leaves, np.ndarray):
        return [leaves.reshape(-1)]
    if isinstance(leaves, (tuple, list)):
        return [n for v in leaves for n in numbers(v)]
    if isinstance(leaves, dict):
        return [n for v in leaves.values() for n in numbers(v)]
    return numbers(leaves.fields) if isinstance(leaves, Fields) else []
