"""The CPU engine: IR to readable Python source, compiled by Numba.

`emit` writes the program, `compile_function` makes it callable, `recall` finds it on the disk, `export` writes a file
that stands alone, `configuration` says what programs run on."""

from __future__ import annotations

from workbench.engines.numba.cache import traced_key
from workbench.engines.numba.compile import (
    CompilationError,
    Compiled,
    compile_function,
    recall,
    remember,
)
from workbench.engines.numba.configuration import Configuration, configuration
from workbench.engines.numba.emit import Source, emit
from workbench.engines.numba.export import export

__all__ = ["CompilationError", "Compiled", "Configuration", "Source", "compile_function", "configuration", "emit",
           "export", "recall", "remember", "traced_key"]
