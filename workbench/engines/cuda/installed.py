"""What of CUDA is here: the package, the simulator, a device. Nothing is imported before it is asked for."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

from workbench.ir import DifferentiationError

EXTRA = "pip install 'ad-workbench[cuda]'"


def is_simulated() -> bool:
    """Whether kernels run in Numba's simulator, on the CPU."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def is_installed() -> bool:
    """Whether there is something that compiles kernels."""
    return importlib.util.find_spec("numba_cuda") is not None or is_simulated()


def need_device() -> None:
    """Raises DifferentiationError, which names what is missing, where no kernel can run."""
    if is_simulated():
        return
    if not is_installed():
        raise DifferentiationError("engine='cuda' needs numba-cuda, which is not installed", None, EXTRA)
    try:
        available = device_module().is_available()
    except Exception as error:  # (a driver that is half there fails in many ways)
        raise DifferentiationError(f"engine='cuda' found no usable driver: {error}", None,
                                   "install NVIDIA's driver, or use engine='numba'") from None
    if not available:
        raise DifferentiationError(
            "engine='cuda' found no NVIDIA GPU or no driver for it", None,
            "use engine='numba'; wb.compile_cuda shows the code without a device, NUMBA_ENABLE_CUDASIM=1 simulates one")


def device_module() -> Any:
    """Numba's module of CUDA."""
    return importlib.import_module("numba.cuda")


def functions() -> Any:
    """What runs on the host (`device`), which imports Numba's module."""
    return importlib.import_module("workbench.engines.cuda.device")
