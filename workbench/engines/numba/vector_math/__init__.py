"""Elementary functions that loops are vectorised around, for processors with fused multiply-add.

`lanes` is what they are written in; `exponential` and its neighbours are doubles, `single` is floats; `definitions` is
LLVM text, `machine_code` what runs; `library` puts them into programs, `choice` says where."""

from __future__ import annotations

from workbench.engines.numba.vector_math.choice import SLOWER_ALONE, left_to_libm
from workbench.engines.numba.vector_math.definitions import (
    BOUNDS,
    BY_TITLE,
    KERNELS,
    SINGLE_BOUND,
    Kernel,
    lanes,
)
from workbench.engines.numba.vector_math.library import SWITCH, VectorLibrary, in_use, obstacle, titles
from workbench.engines.numba.vector_math.machine_code import ready

__all__ = ["BOUNDS", "BY_TITLE", "KERNELS", "SINGLE_BOUND", "SLOWER_ALONE", "SWITCH", "Kernel", "VectorLibrary",
           "in_use", "lanes", "left_to_libm", "obstacle", "ready", "titles"]
