"""Where programs get these functions: after Numba's lowering, in place of the C library's.

A program says `math.exp(x)`, and Numba declares `llvm.exp.f64`: the declaration is renamed before LLVM optimises, and
what is called by that name is ours.

Invariant: what is written is what Python would run; only the last bits of a function's values differ from the C
library's, and they are the same wherever a program's value and its derivative compute the same thing (`choice`).
"""

from __future__ import annotations

import os
import platform
from functools import cache
from typing import Any

from llvmlite import binding
from numba.core.codegen import JITCodeLibrary

from workbench.engines.numba.vector_math.definitions import BY_SPELLING, BY_TITLE, KEEPER, Kernel, declarations
from workbench.engines.numba.vector_math.machine_code import ready

#: the environment variable that, set to 0, leaves everything to the C library
SWITCH = "WORKBENCH_VECTOR_MATH"
OLDEST_LLVM = 19


@cache
def obstacle() -> str:
    """Why this machine cannot have these functions; nothing where it can."""
    fused = platform.machine().lower() in ("aarch64", "arm64") or binding.get_host_cpu_features().get("fma")
    if not fused:
        return "the processor has no fused multiply-add, which they are made of"
    return "" if binding.llvm_version_info[0] >= OLDEST_LLVM else f"LLVM is older than {OLDEST_LLVM}"


def in_use() -> bool:
    """True where programs compiled now get these functions (see `SWITCH`)."""
    return not obstacle() and os.environ.get(SWITCH) != "0"


@cache
def bitcode(kernels: frozenset[Kernel]) -> bytes:
    """The declarations of some functions, parsed."""
    return bytes(binding.parse_assembly(declarations(sorted(kernels, key=Kernel.title))).as_bitcode())


_JITCodeLibrary: Any = JITCodeLibrary  # (without annotations)


class VectorLibrary(_JITCodeLibrary):  # type: ignore[misc]
    """A library whose elementary functions are ours, but for those `left` to the C library.

    `kernels`: those that its machine code names, once it is finalised."""

    _final_module: Any

    def __init__(self, codegen: Any, name: str, left: frozenset[str]) -> None:
        super().__init__(codegen, name)
        self.left = left
        self.kernels: frozenset[Kernel] = frozenset()

    def _optimize_functions(self, ll_module: Any) -> None:
        """Then what was lowered calls ours. (What is linked later keeps what it calls: Numba's own functions those of
        the C library. A name that there is twice would be changed by LLVM.)"""
        self._first_passes(ll_module)
        taken = {function.name for function in ll_module.functions}
        for function in list(ll_module.functions):
            kernel = BY_SPELLING.get(function.name) if function.is_declaration else None
            if kernel is not None and kernel.name not in self.left and kernel.title() not in taken:
                function.name = kernel.title()
                taken.add(kernel.title())

    def _first_passes(self, ll_module: Any) -> None:
        super()._optimize_functions(ll_module)

    def _last_passes(self) -> None:
        super()._optimize_final_module()

    def _optimize_final_module(self) -> None:
        program = self._final_module
        self.kernels = frozenset(filter(None, (BY_TITLE.get(f.name) for f in program.functions)))
        if not self.kernels:
            self._last_passes()
            return
        ready(self.kernels)
        # what is declared first is what keeps its attributes: the program is linked into the declarations
        module = self._final_module = binding.parse_bitcode(bitcode(self.kernels))
        module.name, module.triple, module.data_layout = program.name, program.triple, program.data_layout
        module.link_in(program)
        self._last_passes()
        self._final_module.get_global_variable(KEEPER).linkage = "internal"
        _, builder = self._codegen._module_pass_manager()
        manager = binding.create_new_module_pass_manager()
        manager.add_global_dead_code_eliminate_pass()
        manager.run(self._final_module, builder)


def titles(result: Any) -> tuple[str, ...]:
    """The names of our functions that a compile result calls."""
    return tuple(sorted(kernel.title() for kernel in getattr(result.library, "kernels", ())))
