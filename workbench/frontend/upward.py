"""What the parts of the front end ask of the whole, which stands above them: the type of a tracer's `environment`.

Imports run downward, and the meaning of Python goes round in circles: an operator calls a method, which is found as an
attribute, which may be a property, which is called. Each part calls directly what it may import; the rest it asks for
here, of `environment.Environment`. An `act` is an `Activation` (it holds a tracer, and so stands above this module).
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any, Protocol

from workbench.frontend.paths import Guard, Input, Path
from workbench.frontend.values import Array, Choice, ObjectValue, RandomValue, Variable
from workbench.ir import Value


class Upward(Protocol):
    """See the module's text."""

    t: Any  # the tracer whose environment this is

    # ------------------------------------------------------------------ what is known of the program
    inputs: list[Input]  # parameters of the compiled program
    guards: dict[Any, Guard]
    late: dict[Any, Guard]  # of users' rules, which are read when the program is differentiated
    doubtful: set[tuple[str, str]]  # exceptions that the evaluator met on a path of the program
    written: dict[Any, None]  # containers from outside that the program writes
    unassigned: dict[tuple[ObjectValue, str], Variable]  # attributes that objects do not have yet
    recursions: dict[int, Any]  # the passes over recursive functions that are under way
    kept_results: dict[int, dict[Any, Any]]  # of functions under `functools.lru_cache`
    scopes: dict[type, Any]  # of the definitions of classes that the program makes

    def another(self) -> Upward:
        """The environment of an inner program."""

    # ------------------------------------------------------------------ what comes from outside
    def guard(self, path: Path | None, kind: str, expected: Any) -> None:
        """Take a fact for granted, to be checked at each call."""

    def known_size(self, dim: Value) -> int | None:
        """What a dimension is in the call that is specialised for, where it is one of an input. Nothing is guarded."""

    def guard_class(self, type_: type) -> None:
        """Take for granted what a class and its bases are."""

    def guard_function(self, function: Any) -> None:
        """Take a function's code for granted."""

    def guard_lack(self, owner: ObjectValue, name: str) -> None:
        """Take for granted that an object has no attribute of its own with a name."""

    def internal(self, value: Any, path: Path | None) -> Any:
        """A Python object as a value of the evaluator."""

    def default_value(self, function: types.FunctionType, position: Any, value: Any) -> Any:
        """The default value of a parameter."""

    def object_field(self, owner: ObjectValue, name: str) -> Variable | None:
        """The variable of an attribute, taken in on first use."""

    def load_fields(self, owner: ObjectValue) -> None:
        """Take in all attributes of an object."""

    def outer_name(self, act: Any, name: str) -> Any:
        """A name that no scope of the evaluator has: closure cell, global, builtin."""

    def assign_global(self, act: Any, name: str, value: Any) -> None:
        """`name = value` of a global, or of a name of an enclosing function that has returned."""

    def outside_variable(self, owner: Any, name: str) -> Variable | None:
        """What stands for an attribute of a class or module since the program has written it."""

    def assign_outside(self, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value` of a class or module."""

    def static_attribute(self, act: Any, owner: Any, name: str) -> Any:
        """An attribute of an object known while specialising."""

    def note_write(self, owner: Any) -> None:
        """Note that a container was written."""

    def array_written(self, position: int) -> None:
        """An input array is about to be written."""

    def at_least(self, dim: Value, bound: int) -> bool:
        """True when a dimension is the size of an input that is at least `bound` now."""

    def meet(self, a: Value, b: Value) -> None:
        """Two dimensions must be equal."""

    def seeded(self, seed: Any, static: bool) -> RandomValue:
        """A random generator that is made anew at each call."""

    # ------------------------------------------------------------------ what the language means
    def compiled(self, node: Any, function: Any, name: str) -> Any:
        """The closures of a function's definition (`activation.Code`)."""

    def call(self, act: Any, callee: Any, args: tuple[Any, ...], named: dict[str, Any], node: Any = None) -> Any:
        """Call anything."""

    def call_method(self, act: Any, owner: ObjectValue | tuple[Any, ...], name: str, args: tuple[Any, ...]) -> Any:
        """Call a method of an object of a user's class (of a tuple, too)."""

    def run_native(self, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A pure call on static arguments, run while specialising."""

    def copied(self, act: Any, value: Any) -> Any:
        """`copy.deepcopy`."""

    def binary(self, act: Any, op: str, a: Any, b: Any) -> Any:
        """`a op b`."""

    def compare(self, act: Any, op: str, a: Any, b: Any) -> Any:
        """`a op b`, a comparison."""

    def attribute(self, act: Any, owner: Any, name: str) -> Any:
        """`owner.name`."""

    def set_attribute(self, act: Any, owner: Any, name: str, value: Any) -> None:
        """`owner.name = value`."""

    def item(self, act: Any, owner: Any, key: Any) -> Any:
        """`owner[key]`."""

    def set_item(self, act: Any, owner: Any, key: Any, value: Any) -> None:
        """`owner[key] = value`."""

    def key(self, act: Any, value: Any) -> Any:
        """A key of a dict or a member of a set."""

    def contains(self, act: Any, container: Any, value: Any) -> Any:
        """`value in container`."""

    # ------------------------------------------------------------------ arrays
    def read_choice(self, t: Any, choice: Choice) -> Array:
        """The array a choice stands for, copied."""

    def matmul(self, t: Any, a: Any, b: Any) -> Any:
        """`a @ b`."""

    def as_array(self, t: Any, value: Any) -> Any:
        """Lists, tuples and NumPy arrays as arrays of the evaluator."""

    # ------------------------------------------------------------------ what is gone through
    def items(self, act: Any, value: Any) -> list[Any]:
        """All items of something of known length."""

    def trips(self, act: Any, value: Any) -> Value:
        """The number of items of a range, array or zip, at run time."""

    def repeat(self, t: Any, count: Value, key: Any, action: Callable[[Value], Any]) -> None:
        """Do something `count` times at run time; it is given the index."""

    def over_items(self, act: Any, values: Any, key: Any, action: Callable[[Any], Any]) -> None:
        """Do something with each item of anything."""

    def list_of(self, act: Any, values: Any) -> Any:
        """`list(values)`."""

    def running_sum(self, act: Any, values: Any, start: Any) -> Any:
        """`sum(values, start)`."""
