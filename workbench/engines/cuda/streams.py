"""In which stream a call's work is done: that of the arrays that it is given, so that whoever made them need not wait.

`__cuda_array_interface__` (version 3) says in which stream an array is being worked on; PyTorch's tensors, which do not
say it, are those of its current stream. The call launches, copies and makes its arrays there, and what it gives says so
in turn. Where arrays name several streams, the first is taken, and waits for what the others have to do until then. No
device is waited for as a whole, and the host waits only where it needs numbers.

Source: Numba, "CUDA Array Interface (Version 3)", section "Synchronization".
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from workbench.engines.cuda.installed import device_module

#: The stream of the call that runs; 0 is CUDA's default one.
CURRENT: ContextVar[Any] = ContextVar("stream", default=0)


@contextmanager
def on_stream(stream: Any) -> Iterator[None]:
    """Work in a stream inside."""
    token = CURRENT.set(stream)
    try:
        yield
    finally:
        CURRENT.reset(token)


def handle_of(source: Any) -> int:
    """The number of the stream that an array is worked on in; 0 where it names none."""
    interface = getattr(source, "__cuda_array_interface__", None) or {}
    if interface.get("stream") is not None:
        return int(interface["stream"])
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(source, torch.Tensor):
        return int(torch.cuda.current_stream(source.device).cuda_stream)
    return 0


@contextmanager
def joined(sources: Sequence[Any]) -> Iterator[Any]:
    """Work inside in the first stream that one of these arrays names (CUDA's default one where none does). It waits for
    what the streams of the others, among them the default one, have to do until then; they wait for it in the end."""
    cuda = device_module()
    handles = list(dict.fromkeys(map(handle_of, sources)))
    first = next(filter(None, handles), 0)
    if not first:
        yield 0
        return
    stream = cuda.external_stream(first)
    others = [cuda.external_stream(handle) if handle else cuda.default_stream()
              for handle in handles if handle != first]
    for other in others:
        _after(cuda, other, stream)
    try:
        with on_stream(stream):
            yield stream
    finally:
        for other in others:
            _after(cuda, stream, other)


def _after(cuda: Any, earlier: Any, later: Any) -> None:
    """What a stream will be given from now on waits for what another one has been given."""
    event = cuda.event(timing=False)
    event.record(earlier)
    event.wait(later)
