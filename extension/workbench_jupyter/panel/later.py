"""Answers that take a while are worked out in a thread of their own, until a newer edit makes them vain.

The collector of cycles waits while answers are worked out, and a moment longer: it would go through all that the kernel
holds just when an answer is to be sent.

Invariant: one thread, which is not there before it is needed, and waits without a timeout while nothing is asked.
"""

from __future__ import annotations

import math
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import copy_context

from workbench.engines.collecting import uncollected
from workbench.ir import Deadline, within

#: Seconds after the last answer until the collector works again.
REST = 0.1


class Later:
    """What is done later, in order, and can be given up."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._deadline: Deadline | None = None
        self._turn = 0
        self._at_work = 0
        self._collector = ExitStack()  # not empty while it waits
        self._waits = self._is_closed = False

    def put(self, job: Callable[[], None]) -> None:
        """Have something done in the context of the caller. When it is given up, what asks for deadlines ends."""
        context, turn = copy_context(), self._turn

        def done() -> None:
            with within(math.inf) as self._deadline:
                if turn != self._turn:  # given up before it began
                    self._deadline.stop()
                job()
            self._deadline = None
        self._wake(lambda: context.run(done))

    def give_up(self) -> None:
        """Nobody waits any more for what was put here."""
        self._turn += 1
        deadline = self._deadline
        if deadline is not None:
            deadline.stop()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """An answer is worked out, in any thread: the collector waits."""
        with self._lock:
            self._at_work += 1
            if not self._waits:
                self._collector.enter_context(uncollected())
                self._waits = True
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
            self._wake(None)

    def close(self) -> None:
        """End the thread, once what it does is done."""
        self.give_up()
        self._is_closed = True
        self._wake(None)

    # ------------------------------------------------------------------ the thread
    def _wake(self, job: Callable[[], None] | None) -> None:
        self._jobs.put(job)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="workbench-panel", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._is_closed:
            try:
                job = self._jobs.get(timeout=REST if self._waits else None)
            except queue.Empty:
                self._rest()
                continue
            if job is not None:
                job()
        self._rest()

    def _rest(self) -> None:
        """Let the collector work again, if no answer is worked out."""
        with self._lock:
            if not self._at_work:
                self._collector.close()
                self._waits = False
