"""Work that takes a while, told to whoever wants to know.

What takes long (compiling, measuring a machine, measured sweeps) opens a `Work` and steps through it; observers of the
context that it runs in are told when it begins, at each step, and when it ends, be it by an exception. Threads that
nobody observes (the compiler's warm-up) tell nobody.

Invariant: an observer's exception never reaches the work: that goes on untold. (An interrupt does reach it.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from workbench.records import dataclass


@dataclass(eq=False)
class Work:
    """What is done, in words; how much of it (`done`, in all `of`); how many seconds all of it is expected to take
    (None: nobody knows); whether it is over."""

    what: str
    done: float
    of: float
    seconds: float | None
    over: bool = False


Observer = Callable[[Work], None]
_OBSERVERS: ContextVar[tuple[Observer, ...]] = ContextVar("observers", default=())


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Have an observer told of all work inside.

    >>> seen = []
    >>> with observed(lambda work: seen.append((work.what, work.done, work.over))):
    ...     with working("counting", of=2) as step:
    ...         step()
    >>> seen
    [('counting', 0.0, False), ('counting', 1.0, False), ('counting', 1.0, True)]
    """
    token = _OBSERVERS.set((*_OBSERVERS.get(), observer))
    try:
        yield
    finally:
        _OBSERVERS.reset(token)


def observe(observer: Observer) -> None:
    """Have an observer told of all work from here on in this context."""
    if observer not in _OBSERVERS.get():
        _OBSERVERS.set((*_OBSERVERS.get(), observer))


def ignore(observer: Observer) -> None:
    """Take back what `observe` did."""
    _OBSERVERS.set(tuple(known for known in _OBSERVERS.get() if known != observer))


@contextmanager
def working(what: str, of: float = 1.0, seconds: float | None = None) -> Iterator[Callable[..., None]]:
    """Do work of so many steps, that is expected to take so many seconds; what is given says that a step (or so many
    of them) is done."""
    observers = _OBSERVERS.get()
    work = Work(what, 0.0, of, seconds)

    def step(count: float = 1.0) -> None:
        work.done = min(work.done + count, work.of)
        _tell(observers, work)
    try:
        _tell(observers, work)
        yield step
    finally:
        work.over = True
        _tell(observers, work)


def _tell(observers: tuple[Observer, ...], work: Work) -> None:
    for observer in observers:
        try:
            observer(work)
        except Exception:  # (whatever a display raises: the work is what matters)
            continue


__all__ = ["Observer", "Work", "ignore", "observe", "observed", "working"]
