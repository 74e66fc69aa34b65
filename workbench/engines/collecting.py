"""The collector of cycles waits while a program is specialised.

Tracing, transforming and compiling make some hundred thousand small objects, nearly all in use until they are done or
freed by their counts; the collector would go through them, and all that the kernel holds, again and again: a third of
the time of a first call.

Invariant: outside of the blocks the collector is as the user has set it.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_waiting: list[bool] = []  # whether it was on, for each block that is open in any thread


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection of cycles during the block (nested blocks and other threads' ones included)."""
    with _lock:
        _waiting.append(gc.isenabled())
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            was_on = _waiting.pop(0)  # (the first to begin knows; it hands that on to those still at work)
            if _waiting:
                _waiting[0] = was_on
            elif was_on:
                gc.enable()
