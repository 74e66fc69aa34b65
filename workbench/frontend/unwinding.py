"""How the evaluator leaves what it is doing: exceptions of its own, which no program catches.

`Restart` and `NeedStatic` end the tracing, which starts over with one more decision (`trace`); `Widen` ends one
evaluation of a loop's body, which is evaluated again (`loops`); `Diverted` and `Unreachable` end a statement
(`branches.guarded`).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from workbench.frontend.values import Scalar, Variable
from workbench.ir import Span
from workbench.records import dataclass


class NeedStatic(Exception):
    """A run-time integer is needed while specialising (an axis, a position in a tuple). `instead`: the key of what is
    to be decided where it cannot be known."""

    def __init__(self, scalar: Scalar, reason: str, span: Span | None, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead
        self.scalar = scalar
        self.reason = reason
        self.span = span


class Restart(Exception):
    """Tracing starts over with one more decision made (an aliasing mode for a loop, a pinned argument)."""

    def __init__(self, key: Any, decision: Any, span: Span | None, reason: str) -> None:
        super().__init__(reason)
        self.key = key
        self.decision = decision
        self.span = span
        self.reason = reason
        self.outwards = 0  # how many programs further out it is that starts over


class Diverted(Exception):
    """Unwinds to the statement: an exception is raised here that the program catches. `code` is the completion."""

    def __init__(self, code: Any, possible: frozenset[int]) -> None:
        super().__init__("diverted")
        self.code = code
        self.possible = possible


@dataclass
class Widen(Exception):
    """Variables that must hold more general values on entry to a loop."""

    changes: list[tuple[Variable, Any]] = field(default_factory=list)


class Unreachable(Exception):
    """Unwinds to the statement after a call that always raises."""
