"""The functions as machine code: compiled on first use, kept on disk, and bound to their names in the process.

Programs name them by symbols, so that programs kept on disk can be loaded in any process: `ready` goes before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

from workbench.engines.numba import cache
from workbench.engines.numba.vector_math.definitions import Kernel, definition, widths

_ready: dict[Kernel, Any] = {}  # their libraries: the code lives as long as they do


_JITCodeLibrary: Any = JITCodeLibrary  # (without annotations)


class StraightLibrary(_JITCodeLibrary):  # type: ignore[misc]
    """A library whose code is generated as it is written: straight lines, in which LLVM's passes find little."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        return


def ready(kernels: Iterable[Kernel]) -> None:
    """Have functions in memory under their names."""
    wanted = [kernel for kernel in kernels if kernel not in _ready]
    if not wanted:
        return
    codegen = cpu_target.target_context.codegen()
    with global_compiler_lock:
        for kernel in wanted:
            library = _library(codegen, kernel)
            for width in (1, *widths(kernel.element)):
                title = kernel.title(width)
                binding.add_symbol(title, library.get_pointer_to_function(title))
            _ready[kernel] = library


def _library(codegen: Any, kernel: Kernel) -> Any:
    text = definition(kernel)
    key = cache.key(text, kernel.title())
    payload = cache.load(key)
    if payload is not None:
        return codegen.unserialize_library(payload)
    library = StraightLibrary(codegen, kernel.title())
    library.enable_object_caching()
    module = binding.parse_assembly(text)
    module.name = kernel.title()
    library.add_llvm_module(module)
    library.finalize()
    cache.save(key, dumps(library.serialize_using_object_code()))
    return library
