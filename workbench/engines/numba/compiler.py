"""The engine "numba": IR as readable Python, compiled for the CPU, programs kept on the disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.engines.engine import Compiler, Executable, Origin
from workbench.engines.numba.cache import traced_key
from workbench.engines.numba.compile import Compiled, compile_function, recall, remember
from workbench.engines.numba.configuration import Configuration, configuration
from workbench.engines.numba.export import export, export_value
from workbench.ir import Function


class NumbaCompiler(Compiler):
    """Compiles with Numba; see `compile_function`."""

    name = "numba"

    def compile(self, function: Function, *, primal: Function | None = None, exact: int | None = None,
                quiet: bool = False, deterministic: bool = False) -> Executable:
        """See `Compiler`. (Deterministic programs take their elementary functions from the C library.)"""
        return compile_function(function, quiet=quiet, primal=primal, scalar=deterministic, exact=exact)

    def recall(self, origin: Origin) -> Executable | None:
        """The program noted on the disk under its origin, if its machine code is there, too."""
        name = traced_key(origin.program, origin.request)
        return None if name is None else recall(name, origin.files)

    def remember(self, origin: Origin, program: Executable) -> None:
        """Note on the disk how a program was compiled."""
        name = traced_key(origin.program, origin.request)
        if name is not None and isinstance(program, Compiled):
            remember(name, program, origin.files)

    def configuration(self) -> Configuration:
        """Versions, the processor, the disk cache, and where elementary functions come from."""
        return configuration()

    def export(self, primal: Function, adjoint: Function, *, wrt: Sequence[int], outputs: Sequence[int],
               gradients: Sequence[int], examples: Sequence[Any], seeded: bool) -> str:
        """A Python file that needs NumPy and Numba alone, and checks itself when it is run."""
        return export(primal, adjoint, wrt=wrt, outputs=outputs, gradients=gradients, examples=examples, seeded=seeded)

    def export_value(self, function: Function, examples: Sequence[Any], entry: Callable[..., Any]) -> str:
        """As `export`, of a program that is no adjoint."""
        return export_value(function, examples, entry)
