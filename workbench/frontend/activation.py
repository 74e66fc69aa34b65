"""Where names live while a function is evaluated: scopes of variables, and the evaluation's own facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from workbench.frontend.source import Definition
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Variable
from workbench.records import dataclass


@dataclass(slots=True, eq=False)
class Scope:
    """Local names of one call, chained to the scopes it was defined in. `function` is the Python function whose
    closure cells and globals are the outermost scope."""

    names: dict[str, Variable]
    parent: Scope | None
    function: Any

    def find(self, name: str) -> Variable | None:
        """The variable of a name in this scope or an enclosing one."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None


@dataclass(slots=True, eq=False)
class Activation:
    """One call in progress."""

    t: Tracer
    scope: Scope
    result: Variable  # what it returns
    node: Definition | None = None
    path: tuple[Any, ...] = ()  # the calls that lead to it, from the outermost
    name: str = ""
    globals: dict[str, Any] = field(default_factory=dict)
    global_names: frozenset[str] = frozenset()
    sink: Any = None  # of a generator: what its consumer does with an item


@dataclass(frozen=True, slots=True, eq=False)
class Code:
    """A function compiled to closures; whether it is a generator's, and whether there are functions in it."""

    local_names: tuple[str, ...]
    global_names: frozenset[str]
    run: Callable[[Activation], Any]
    is_generator: bool
    has_inner: bool


def outside(t: Tracer, function: Any = None) -> Activation:
    """What calls the outermost function: an activation of no function itself. `function`: whose globals it sees."""
    return Activation(t, Scope({}, None, function), t.variable("$result"))


def entered(caller: Activation, code: Code, scope: Scope, node: Definition, where: Any, name: str, function: Any,
            sink: Any = None) -> Activation:
    """The activation of a function that is called (of a generator: gone through) from another."""
    t = caller.t
    return Activation(t, scope, t.variable("$result"), node, (*caller.path, where), name, function.__globals__,
                      code.global_names, sink)
