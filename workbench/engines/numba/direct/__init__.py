"""Emitted programs straight to LLVM, without Numba's front end.

Most of what a first gradient took was Numba's reading of bytecode, inferring types and lowering, of which emitted
programs need little: they are type-stable and use a small part of Python. Here the source that is shown is read as its
syntax tree, once, and each operation is written as Numba would lower it (`code`). What LLVM gets is the same arithmetic
in the same order, with the same references (`variables`) and the same questions for signals (`asking`).

Invariant: the compiled program is the source; what is not known here (`NotDirect`) is left to Numba's front end.
"""

from workbench.engines.numba.direct.code import NotDirect
from workbench.engines.numba.direct.compiling import TREE, DirectCompiler

__all__ = ["TREE", "DirectCompiler", "NotDirect"]
