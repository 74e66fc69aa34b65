"""Kernels of the user's own (`@cuda.jit`) and their launches, as loops over threads.

`names`: what of `numba.cuda` programs name; `uniform`, `liveness`, `trees`, `between`, `phases`: a kernel's syntax
between barriers; `launching`: the loops; `meanings`: the members of `numba.cuda`; `races`, `accesses`, `facts`: the
proof that the order of the threads does not matter.
"""

from __future__ import annotations

from workbench.frontend.launches import meanings
from workbench.frontend.launches.launching import configured, launched
from workbench.frontend.launches.names import (
    Configured,
    CudaName,
    attribute,
    configured_outside,
    is_device_function,
    kernel_function,
    known_name,
)
from workbench.frontend.launches.races import prove
from workbench.frontend.threads import Launches

__all__ = ["Configured", "CudaName", "Launches", "attribute", "configured", "configured_outside",
           "is_device_function", "kernel_function", "known_name", "launched", "meanings", "prove"]
