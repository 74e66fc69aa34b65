"""Programs that are to be looked at: written as the Numba engine writes them, and not compiled.

Invariant: `source` is the text that a call would have compiled.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from workbench.engines.engine import Compiler, Executable
from workbench.engines.numba import Source, emit
from workbench.engines.numba.export import export
from workbench.engines.reference import InterpretedProgram
from workbench.ir import Function, verify
from workbench.passes.silence import silenced


class WrittenProgram(InterpretedProgram):
    """A program with its emitted source; whoever calls it has it interpreted."""

    def __init__(self, function: Function, quiet: bool, exact: int | None) -> None:
        super().__init__(silenced(function) if quiet else function)
        self._written = functools.cache(lambda: emit(function, quiet=quiet, exact=exact))

    @property
    def emitted(self) -> Source:
        """What would be compiled."""
        return self._written()

    @property
    def source(self) -> str:
        """The emitted Python source."""
        return self.emitted.text

    @property
    def source_map(self) -> list[tuple[int, int]]:
        """Pairs (emitted line, user's line)."""
        return self.emitted.source_map


class Written(Compiler):
    """Writes programs, when their text is asked for."""

    name = "written"

    def compile(self, function: Function, *, primal: Function | None = None, exact: int | None = None,
                quiet: bool = False, deterministic: bool = False) -> Executable:
        """See `Compiler`."""
        verify(function)
        return WrittenProgram(function, quiet, exact)

    def export(self, primal: Function, adjoint: Function, *, wrt: Sequence[int], outputs: Sequence[int],
               gradients: Sequence[int], examples: Sequence[Any], seeded: bool) -> str:
        """The file that Numba's engine writes."""
        return export(primal, adjoint, wrt=wrt, outputs=outputs, gradients=gradients, examples=examples, seeded=seeded)
