"""What programs call: functions that they make themselves, and functions with some of their arguments."""

from __future__ import annotations

import ast
from typing import Any, ClassVar

from workbench.frontend.values.containers import Variable
from workbench.frontend.values.scalars import Scalar
from workbench.frontend.values.stand_in import Record, StandIn, describe
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Closure(StandIn):
    """A function or lambda made by the program that is being evaluated."""

    node: ast.FunctionDef | ast.Lambda
    scope: Any
    defaults: tuple[Variable, ...]
    keyword_defaults: dict[str, Variable]
    name: str

    def words(self) -> str:
        """What it is called in errors."""
        return "a lambda" if self.name == "<lambda>" else f"the function {self.name.split('.')[-1]}"


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod(Record):
    """A function with its first argument."""

    function: Any
    self_value: Any

    def words(self) -> str:
        """What it is called in errors."""
        return f"the method {getattr(self.function, '__name__', '')} of {describe(self.self_value)}"


@dataclass(frozen=True, slots=True, eq=False)
class Partial(Record):
    """`functools.partial` of run-time numbers."""

    called: ClassVar[str] = "a functools.partial"

    function: Any
    args: tuple[Any, ...]
    named: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayMethod(Record):
    """A method of a value of the evaluator (an array, a number, a list, a dict, a generator), not yet called."""

    owner: Any
    name: str

    def words(self) -> str:
        """What it is called in errors."""
        return f"the method {self.name} of {describe(self.owner)}"


@dataclass(frozen=True, slots=True, eq=False)
class CallChoice(Record):
    """One of several functions, chosen by a run-time integer: `f = sin if p else cos`."""

    called: ClassVar[str] = "one of several functions"

    options: tuple[Any, ...]
    index: Scalar


@dataclass(frozen=True, slots=True, eq=False)
class SuperValue(Record):
    """`super()`: attributes of `owner` as its class has them behind `after` in the order of resolution."""

    after: type
    owner: Any

    def words(self) -> str:
        """What it is called in errors."""
        return f"`super()` of {describe(self.owner)}"
