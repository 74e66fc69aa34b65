"""Where names live while a function is evaluated: scopes of variables, and the evaluation's own facts."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Variable


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
    node: ast.AST
    path: tuple[Any, ...]
    result: Variable
    filename: str
    name: str
    globals: dict[str, Any]
    global_names: frozenset[str] = field(default_factory=frozenset)
    sink: Any = None  # of a generator: what its consumer does with an item
