"""The CPU engine: IR to readable Python source, compiled by Numba.

`emit` writes the program, `compile_function` makes it callable, `export` writes a file that stands alone."""

from __future__ import annotations

from workbench.engines.numba.compile import CompilationError, Compiled, compile_function
from workbench.engines.numba.emit import Source, emit
from workbench.engines.numba.export import export

__all__ = ["CompilationError", "Compiled", "Source", "compile_function", "emit", "export"]
