"""Arrays that lie on a device (CuPy's, Numba's, PyTorch's: whatever has `__cuda_array_interface__`) as arguments.

For all that asks for shape and dtype a stand-in is the argument: an array of that shape over one element. The program
gets the array itself, and what it gives stays on the device.

Invariant: no element of a stand-in is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.engines.cuda.installed import device_module, functions
from workbench.engines.cuda.streams import on_stream
from workbench.ir import DifferentiationError


class _Memory(bytearray):
    """The one element of a stand-in, which knows what it stands for."""

    source: Any = None


def is_on_device(value: Any) -> bool:
    """Whether something is an array on a device (or one of Numba's simulator)."""
    return not isinstance(value, np.ndarray) and (
        hasattr(value, "__cuda_array_interface__") or type(value).__name__ == "FakeCUDAArray")


def stand_in(value: Any) -> Any:
    """A stand-in for an array on a device; everything else as it is."""
    if not is_on_device(value):
        return value
    dtype = np.dtype(str(value.dtype).removeprefix("torch."))
    memory = _Memory(dtype.itemsize)
    memory.source = value
    return np.ndarray(tuple(value.shape), dtype, memory, 0, (0,) * len(value.shape))


def is_stand_in(value: Any) -> bool:
    """Whether an argument stands for an array on a device."""
    return isinstance(value, np.ndarray) and isinstance(value.base, _Memory)


def itself(value: Any) -> Any:
    """What a stand-in stands for; everything else as it is."""
    return value.base.source if is_stand_in(value) else value


def as_numba(value: Any) -> Any:
    """The array as kernels take it, which nobody has waited for (`streams`). Raises DifferentiationError where its
    elements do not lie in row-major order."""
    device = device_module()
    source = itself(value)
    array = source if type(source).__name__ == "FakeCUDAArray" else device.as_cuda_array(source, sync=False)
    if not array.is_c_contiguous():
        raise DifferentiationError("an array on the device whose elements are not in row-major order", None,
                                   "pass a contiguous copy of it")
    return array


def is_finite_there(array: Any) -> bool:
    """Whether no element of an array on the device is infinite or NaN: counted there."""
    with on_stream(getattr(array, "stream", 0)):
        return array.dtype.kind != "f" or bool(functions().count_not_finite(array) == 0)
