"""The CPU engine: IR to readable Python source, compiled by Numba.

`NumbaCompiler` is the engine. `emit` writes the program, `compile_function` makes it callable, `export` writes a file
that stands alone, `configuration` says what programs run on."""

from __future__ import annotations

from workbench.engines.numba.compile import CompilationError, Compiled, compile_function
from workbench.engines.numba.compiler import NumbaCompiler
from workbench.engines.numba.configuration import Configuration, configuration
from workbench.engines.numba.emit import Source, emit
from workbench.engines.numba.export import export

__all__ = ["CompilationError", "Compiled", "Configuration", "NumbaCompiler", "Source", "compile_function",
           "configuration", "emit", "export"]
