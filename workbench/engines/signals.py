"""Interrupts that wait: while another's compiler changes its own registries, SIGINT is kept until it has done so.

Numba is not made to be left in the middle: a KeyboardInterrupt while it fills its registries leaves it without them for
the rest of the process. Inside `postponed` the signal is remembered; `now` lets it through where it does no harm.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_waiting: list[tuple[Any, tuple[Any, ...]]] = []  # handlers and what they are to be given


@contextmanager
def postponed() -> Iterator[None]:
    """SIGINT waits for the end of the block (in the main thread: others get no signals)."""
    handler: Any = signal.getsignal(signal.SIGINT)
    if not callable(handler) or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        signal.signal(signal.SIGINT, lambda *given: _waiting.append((handler, given)))
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        now()


def now() -> None:
    """Run the handlers that wait, in the main thread."""
    if _waiting and threading.current_thread() is threading.main_thread():
        found = _waiting[:]
        _waiting.clear()
        for handler, given in found:
            handler(*given)
