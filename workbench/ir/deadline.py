"""How long the analysis of a program may take: a deadline that those set who wait for an answer.

Whoever analyses programs that nobody has run yet (an editor, at each key) does so `within` so many seconds. The front
end, passes, transforms and counts ask now and then whether the time is over (`in_time`), and raise `Overdue` then.

Invariant: a deadline holds in its thread (context) alone; without one nothing is refused that would not be otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from workbench.ir.core import Span
from workbench.ir.errors import DifferentiationError


class Overdue(DifferentiationError):
    """The analysis was not done in time, or nobody waits for it any more."""


class Stopped(Overdue):
    """Nobody waits for the analysis any more."""


class Deadline:
    """When an analysis has to be done: so many seconds from now, and not later than `outer`."""

    def __init__(self, seconds: float, outer: Deadline | None = None) -> None:
        self.seconds = seconds
        self._outer = outer
        self._end = time.monotonic() + seconds

    def stop(self) -> None:
        """Have the analysis end now: nobody waits for its answer any more. From any thread."""
        self._end = 0.0

    def checked(self, span: Span | None) -> None:
        """Raise Overdue, at this line, where the time is over."""
        if time.monotonic() > self._end:
            if not self._end:
                raise Stopped("the analysis was stopped", span)
            raise Overdue(f"the analysis was not done in {self.seconds:g} s when it was here", span,
                          "fewer turns of loops, or calls, that are evaluated one by one")
        if self._outer is not None:
            self._outer.checked(span)


_DEADLINE: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """Have all analysis inside, in this thread, done in so many seconds, or raise `Overdue` (a DifferentiationError).

    What is computed while specialising and cannot be interrupted (integers of millions of digits, lists of millions of
    entries) is refused at once, too. A deadline inside of another one does not lengthen that.
    Gives the `Deadline`, whose `stop` ends the work from another thread.

    >>> import workbench as wb
    >>> def fibonacci(n):
    ...     return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
    >>> try:
    ...     with within(0.1):
    ...         wb.cost(lambda x: x * fibonacci(40), 2.0)
    ... except Overdue as error:
    ...     print(error.reason)
    the analysis was not done in 0.1 s when it was here
    """
    deadline = Deadline(seconds, _DEADLINE.get())
    token = _DEADLINE.set(deadline)
    try:
        yield deadline
    finally:
        _DEADLINE.reset(token)


def deadline() -> Deadline | None:
    """The deadline of this thread, if there is one."""
    return _DEADLINE.get()


def in_time(span: Span | None) -> None:
    """Raise Overdue, at this line, where there is a deadline and it is over."""
    current = _DEADLINE.get()
    if current is not None:
        current.checked(span)
