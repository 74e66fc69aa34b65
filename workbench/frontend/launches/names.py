"""What programs call kernels by: the names of `numba.cuda`, kernels, and launches.

Nothing here imports `numba.cuda`: what a program uses of it has been imported by the program. Under the simulator
most names exist while a kernel runs only, so they are known by name: an attribute of the module is a `CudaName`.
"""

from __future__ import annotations

import sys
import types
from typing import Any

from workbench.frontend.values.stand_in import Record
from workbench.records import dataclass

MODULE = "numba.cuda"
#: What stands for a member of `numba.cuda` in programs; of anything else of it, what the module has is taken.
NAMES = frozenset({
    "threadIdx", "blockIdx", "blockDim", "gridDim", "warpsize", "laneid", "grid", "gridsize", "syncthreads", "shared",
    "local", "const", "atomic", "to_device", "device_array", "device_array_like", "synchronize", "as_cuda_array",
    "syncthreads_count", "syncthreads_and", "syncthreads_or", "syncwarp", "threadfence", "threadfence_block",
    "threadfence_system", "shfl_sync", "shfl_up_sync", "shfl_down_sync", "shfl_xor_sync", "all_sync", "any_sync",
    "ballot_sync", "activemask", "selp", "fma", "cg", "stream", "default_stream", "pinned_array", "mapped_array",
    "managed_array", "pinned", "cbrt", "popc", "brev", "clz", "ffs", "nanosleep", "lanemask_lt", "external_stream",
})


@dataclass(frozen=True, slots=True)
class CudaName:
    """A member of `numba.cuda`, by its dotted name: `threadIdx.x`, `shared.array`."""

    path: str

    @property
    def __name__(self) -> str:
        return f"cuda.{self.path}"

    def member(self, name: str) -> CudaName:
        """An attribute of it."""
        return CudaName(f"{self.path}.{name}")

    def __call__(self, *args: Any, **named: Any) -> Any:
        raise TypeError(f"{self.__name__} is called in a traced program only")


@dataclass(frozen=True, slots=True, eq=False)
class Configured(Record):
    """A kernel with its launch shape: `k[blocks, threads]`. shared: bytes of `cuda.shared.array(0, ...)`."""

    function: Any
    blocks: tuple[Any, ...]
    threads: tuple[Any, ...]
    shared: Any = 0

    def words(self) -> str:
        """What it is called in errors."""
        return f"the kernel {self.function.__name__} with a launch shape"


def attribute(owner: Any, name: str) -> CudaName | None:
    """What an attribute of `numba.cuda`, or of a member of it, stands for."""
    if isinstance(owner, types.ModuleType):
        return CudaName(name) if owner.__name__ == MODULE and name in NAMES else None
    known = known_name(owner)
    return None if known is None else known.member(name)


def known_name(value: Any) -> CudaName | None:
    """What stands for a member of `numba.cuda` that a program has imported from there."""
    if isinstance(value, CudaName):
        return value
    module = sys.modules.get(MODULE)
    if module is None or not _is_of_cuda(value):
        return None
    for name in NAMES:
        if vars(module).get(name) is value:
            return CudaName(name)
    for whole in ("shared", "local", "const", "atomic"):
        for name, part in vars(vars(module).get(whole, object)).items() if whole in vars(module) else ():
            if part is value or getattr(part, "__func__", None) is value:
                return CudaName(f"{whole}.{name}")
    return None


def _is_of_cuda(value: Any) -> bool:
    """Whether something was surely made by `numba.cuda`: nothing of the program is asked for an attribute here."""
    own = type(value).__module__
    if isinstance(value, (type, types.FunctionType)) or own in ("numba.cuda.extending", "numba.core.extending"):
        own = getattr(value, "__module__", None) or own
    return isinstance(own, str) and own.startswith(("numba.cuda", "numba.core.extending"))


# ---------------------------------------------------------------------- kernels
def kernel_function(value: Any) -> types.FunctionType | None:
    """The Python function of what `@cuda.jit` has made (numba-cuda's dispatcher, or the simulator's); else None."""
    kind = type(value)
    if not kind.__module__.startswith("numba.cuda"):
        return None
    inner = {"CUDADispatcher": "py_func", "FakeCUDAKernel": "fn"}.get(kind.__name__)
    found = getattr(value, inner, None) if inner is not None else None
    return found if isinstance(found, types.FunctionType) else None


def is_device_function(kernel: Any) -> bool:
    """Whether a kernel object was made by `@cuda.jit(device=True)`."""
    options = getattr(kernel, "targetoptions", None) or {}
    return bool(getattr(kernel, "_device", False) or options.get("device", False))


def configured_outside(value: Any) -> Configured | None:
    """A launch `k[blocks, threads]` that was made outside of the program; else None."""
    kind = type(value)
    if kind.__module__.startswith("numba.cuda"):
        if kind.__name__ == "_LaunchConfiguration":
            function = kernel_function(value.dispatcher)
            if function is not None and not value.stream:
                return Configured(function, tuple(value.griddim), tuple(value.blockdim), value.sharedmem)
        if kind.__name__ == "FakeCUDAKernel" and value.grid_dim is not None:
            return Configured(value.fn, tuple(value.grid_dim), tuple(value.block_dim), value.dynshared_size)
    return None
