"""Refusals of the tape: a DifferentiationError at the user's line that is running.

Invariant: a refusal cannot be swallowed. Whoever catches it (a bare `except` of the program, a thread), the run that it
belongs to is refused at its end.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy

from workbench.ir import DifferentiationError, Span

HERE = os.path.dirname(__file__)
_RUN = os.path.join(HERE, "tape.py")  # its frames begin runs
_OWN = os.path.dirname(os.path.dirname(HERE)) + os.sep
_SITE = tuple({sysconfig.get_path("purelib") + os.sep, sysconfig.get_path("platlib") + os.sep})
_STANDARD = sysconfig.get_path("stdlib") + os.sep
INNER = (HERE, os.path.dirname(np.__file__), os.path.dirname(scipy.__file__),  # never the user's code
         os.path.join(os.path.dirname(os.path.dirname(np.__file__)), "numba", ""))

open_runs: list[Any] = []  # recorders of all threads


def is_users(filename: str) -> bool:
    """True for code that is neither the workbench's, nor NumPy's, nor the standard library's."""
    if filename.startswith(_SITE):
        return not filename.startswith(INNER)
    return not filename.startswith((_OWN, _STANDARD, "<frozen"))


def _users(frame: Any) -> Any:
    while frame is not None and not is_users(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def user_span() -> Span | None:
    """The innermost line of the user's (or of a library that is no part of Python); where this thread has none, of the
    thread that records."""
    frame = _users(sys._getframe(1))
    if frame is None and open_runs:
        frame = _users(sys._current_frames().get(open_runs[-1].thread))
    return None if frame is None else _span_of(frame)


def _callers() -> Iterator[Span]:
    """The user's lines that are running in this run, from the inside out."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename != _RUN:
        if is_users(frame.f_code.co_filename):
            yield _span_of(frame)
        frame = frame.f_back  # type: ignore[assignment]


def _span_of(frame: Any) -> Span:
    positions = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    column, end = positions[2] or 0, positions[3] or 0
    return Span(frame.f_code.co_filename, frame.f_lineno, column, end, frame.f_code.co_name)


def kept() -> DifferentiationError:
    """What the use of a number from an earlier run raises: its derivative is gone with that run."""
    return refuse("a number kept from an earlier recorded run is used (by a cache or a global container?)",
                  "clear what keeps it between the calls")


def refuse(reason: str, hint: str = "", span: Span | None = None) -> DifferentiationError:
    """The error to raise, at the line that is running or another; the open runs of this thread remember it (of all
    threads, where this one has none)."""
    error = DifferentiationError(reason, span or user_span(), hint)
    for caller in _callers():
        error.called_at(caller)
    mine = [run for run in open_runs if run.thread == threading.get_ident()]
    for run in mine or list(open_runs):
        run.refusals.append(error)
    return error


def at_line(error: DifferentiationError) -> DifferentiationError:
    """A refusal of the rule table, at the user's line."""
    return error if error.lineno is not None else refuse(error.reason, error.hint)
