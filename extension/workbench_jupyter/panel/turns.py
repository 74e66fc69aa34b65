"""A cell that computes in Python waits a moment while an edit is answered.

Python runs one thread at a time, in turns of 5 ms: beside a cell that computes, an answer takes twice its time, and so
much longer for each thread that hands its message on. The cell loses the time of the answer anyway. So its thread is
told to wait for it, by the handler of a signal that nobody uses: Python calls it between two instructions, and no
process sends it (system calls are not interrupted). What does not run Python (a long call of NumPy) goes on beside.

Invariant: the cell waits no longer than `LONGEST` for an answer; an interrupt of the kernel ends the waiting; where
there is no such signal, as elsewhere than on Linux, nobody waits.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: So many seconds the cell waits at most.
LONGEST = 0.2
#: So many seconds it lets the thread that sends the answer go first.
SENT = 0.002


class Turns:
    """Whose turn it is. Made in the main thread; elsewhere nobody waits."""

    def __init__(self) -> None:
        self._signal = _free() if threading.current_thread() is threading.main_thread() else None
        self._answered = threading.Event()
        self._answered.set()
        self._is_waiting = False
        if self._signal is not None:
            signal.signal(self._signal, self._wait)

    def close(self) -> None:
        """Nobody is told to wait any more."""
        if self._signal is not None and threading.current_thread() is threading.main_thread():
            signal.signal(self._signal, signal.SIG_DFL)
            self._signal = None

    @contextmanager
    def ours(self) -> Iterator[None]:
        """An answer is worked out in this thread, and the main thread waits for it if it computes."""
        if self._signal is None or threading.current_thread() is threading.main_thread():
            yield
            return
        self._answered.clear()
        _thread.interrupt_main(self._signal)  # type: ignore[arg-type]
        try:
            yield
        finally:
            if self._is_waiting:
                time.sleep(SENT)
            self._answered.set()

    def _wait(self, *_: Any) -> None:
        self._is_waiting = True
        try:
            self._answered.wait(LONGEST)
        finally:
            self._is_waiting = False


def _free() -> int | None:
    """A signal that nobody uses."""
    last = getattr(signal, "SIGRTMAX", 0)
    return next((number for number in range(last - 1, last - 9, -1)
                 if number > 0 and signal.getsignal(number) == signal.SIG_DFL), None) if last else None
