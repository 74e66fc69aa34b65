"""The collector of cycles waits while a program is specialised.

Tracing, transforming and compiling make some hundred thousand small objects, nearly all in use until they are done or
freed by their counts; the collector would go through them, and all that the kernel holds, again and again: a third of
the time of a first call.

Invariant: outside of the blocks the collector is as the user has set it; so it is in processes forked meanwhile.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_waiting: list[bool] = []  # whether it was on, for each block that is open in any thread


def _begin_anew() -> None:
    """In a process that was forked: the threads that had the collector wait are not there."""
    was_on = _waiting[:1] == [True]
    _waiting.clear()
    if was_on:
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


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
            was_on = bool(_waiting) and _waiting.pop(0)  # (the first to begin knows; it tells those still at work)
            if _waiting:
                _waiting[0] = was_on
            elif was_on:
                gc.enable()
