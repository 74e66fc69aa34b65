"""In which stream work is done, in Numba's simulator with streams that note what they are asked, as lines of JSON.

`python -m tests.engines.cuda.streamed`
"""
from __future__ import annotations

import os

os.environ["NUMBA_ENABLE_CUDASIM"] = "1"  # read when Numba is imported

import json  # noqa: E402
import sys  # noqa: E402
import types  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
from numba import cuda  # noqa: E402
from numba.cuda.simulator.kernel import FakeCUDAKernel  # noqa: E402

import workbench as wb  # noqa: E402

SAID: list[Any] = []


class Stream:
    """A stream, which says what is asked of it."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    def synchronize(self) -> None:
        SAID.append(["the host waits for", self.handle])


class Event:
    """An event."""

    def __init__(self, timing: bool = True) -> None:
        self.at: Any = None

    def record(self, stream: Stream) -> None:
        self.at = stream.handle

    def wait(self, stream: Stream) -> None:
        SAID.append([stream.handle, "waits for", self.at])


class There:
    """An array of another package."""

    def __init__(self, values: np.ndarray, handle: int | None, version: int = 3) -> None:
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.handle = handle
        self.__cuda_array_interface__ = {"shape": values.shape, "typestr": values.dtype.str, "data": (0, False),
                                         "version": version, **({"stream": handle} if version == 3 else {})}


def as_cuda_array(obj: There, sync: bool = True) -> Any:
    """As numba.cuda has it, which would make the host wait."""
    if sync and obj.handle is not None:
        SAID.append(["the host waits for", obj.handle])
    made = cuda.to_device(obj.values)
    made.stream = STREAMS[obj.handle] if obj.handle is not None else 0
    return made


STREAMS = {handle: Stream(handle) for handle in (1, 7, 9)}
DEFAULT = Stream(0)
configured = FakeCUDAKernel.__getitem__


def noted(kernel: Any, configuration: Any) -> Any:
    """A launch, with its stream."""
    SAID.append(["launched in", configuration[2].handle if len(configuration) > 2 else 0])
    return configured(kernel, configuration)


def told(name: str, derivative: Any, *args: Any) -> None:
    """A line of what was said while a derivative was called, and the streams of what it gives."""
    SAID.clear()
    found = derivative(*args)
    streams = [getattr(part.stream, "handle", part.stream) for part in found if hasattr(part, "copy_to_host")]
    print(json.dumps({"name": name, "said": SAID, "streams": streams,
                      "first": float(found[0].copy_to_host()[1]) if streams else float(found[0][1])}), flush=True)


def energy(x, y):
    z = (x * y).reshape(2, 3)
    return np.sum(z * z)


def main() -> None:
    """See the module's text."""
    FakeCUDAKernel.__getitem__ = noted
    cuda.as_cuda_array, cuda.event = as_cuda_array, Event
    cuda.external_stream, cuda.default_stream = STREAMS.__getitem__, lambda: DEFAULT
    gradient = wb.grad(energy, (0, 1), engine="cuda")
    x, y = np.arange(6.0), np.ones(6)
    told("host", gradient, x, y)
    told("one", gradient, There(x, 7), There(y, 7))
    told("two", gradient, There(x, 7), There(y, 9))
    told("none", gradient, There(x, None), There(y, None))
    told("some", gradient, There(x, None), There(y, 9))
    told("mixed", gradient, There(x, 7), y)
    torch = types.ModuleType("torch")
    torch.Tensor = There  # type: ignore[attr-defined]
    torch.cuda = types.SimpleNamespace(  # type: ignore[attr-defined]
        current_stream=lambda device: types.SimpleNamespace(cuda_stream=9))
    There.device = "cuda:0"  # type: ignore[attr-defined]
    sys.modules["torch"] = torch
    told("torch", gradient, There(x, None, 2), There(y, None, 2))


if __name__ == "__main__":
    main()
