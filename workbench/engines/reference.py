"""The engine "reference": the lowered IR, interpreted. Slow; what the others are held to.

Invariant: a program's results are of the kinds that the IR says, by the reference semantics (`workbench.interpret`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.engines.engine import Compiler, Executable
from workbench.interpret import run
from workbench.ir import Function, print_function, verify
from workbench.passes.silence import silenced
from workbench.records import dataclass


@dataclass(frozen=True)
class InterpretedProgram:
    """A function that is interpreted."""

    function: Function

    @property
    def entry(self) -> Callable[..., Any]:
        """See `Executable`."""
        return self._run

    def _run(self, *args: Any) -> Any:
        results = tuple(run(self.function, args))
        return results if len(results) > 1 else results[0] if results else None

    @property
    def results(self) -> int:
        """How many there are."""
        return len(self.function.results)

    @property
    def source(self) -> str:
        """The IR."""
        return print_function(self.function)

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Nothing: operations know their lines, their text does not."""
        return []

    def translated(self, error: Exception) -> Exception:
        """See `Executable`."""
        span = getattr(error, "span", None)
        if span is not None and not isinstance(error, AssertionError):
            error.__workbench_span__ = span  # type: ignore[attr-defined]
        return error


class Interpreted(Compiler):
    """Has the IR interpreted."""

    name = "reference"

    def compile(self, function: Function, *, primal: Function | None = None, exact: int | None = None,
                quiet: bool = False, deterministic: bool = False) -> Executable:
        """See `Compiler`; every program gives the same bits, whatever may be regrouped."""
        verify(function)
        return InterpretedProgram(silenced(function) if quiet else function)
