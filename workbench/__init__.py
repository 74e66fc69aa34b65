"""Gradients of ordinary numeric Python functions, compiled, with the adjoint program to read.

`import workbench as wb` knows nothing of Jupyter; `%load_ext workbench` brings in the kernel extension.
"""

from __future__ import annotations

import gc
from typing import Any

_enabled = gc.isenabled()
gc.disable()  # all that importing makes stays: looking for garbage among it took a quarter of the time
try:
    from workbench.api import grad, jvp, linearize, show_config, tape, value_and_grad, vjp, vmap
    from workbench.composed import curl, diag_hessian, divergence, hessian, hvp, jacobian, laplacian
    from workbench.cost.machine import calibrate
    from workbench.cost.spec import spec
    from workbench.custom import check, checkpoint, hook, microscope, rule, stop_gradient
    from workbench.estimating import estimate_laplacian
    from workbench.expanding import taylor
    from workbench.for_gpus import compile_cuda
    from workbench.ir import DifferentiationError
    from workbench.pricing import complexity, cost, measure, sweep
    from workbench.showing import show
finally:
    if _enabled:
        gc.enable()

__version__ = "0.1.0.dev0"

__all__ = [
    "DifferentiationError", "calibrate", "check", "checkpoint", "compile_cuda", "complexity", "cost", "curl",
    "diag_hessian", "divergence", "estimate_laplacian", "grad", "hessian", "hook", "hvp", "jacobian", "jvp",
    "laplacian", "linearize", "measure", "microscope", "rule", "show", "show_config", "spec", "stop_gradient",
    "sweep", "tape", "taylor", "value_and_grad", "vjp", "vmap",
]


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext workbench` calls: the kernel extension takes over, imported only now."""
    from workbench_jupyter import load_ipython_extension as load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """What `%unload_ext workbench` calls."""
    from workbench_jupyter import unload_ipython_extension as unload

    unload(shell)
