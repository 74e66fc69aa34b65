"""Refusals of the tape: a DifferentiationError at the user's line that is running."""

from __future__ import annotations

import os
import sys
from typing import Any

from workbench.ir import DifferentiationError, Span

_HERE = os.path.dirname(__file__)


def user_span() -> Span | None:
    """The innermost line that is neither the tape's own nor NumPy's."""
    frame: Any = sys._getframe(1)
    while frame is not None and (frame.f_code.co_filename.startswith(_HERE) or frame.f_globals.get(
            "__name__", "").partition(".")[0] in ("numpy", "scipy")):
        frame = frame.f_back
    if frame is None:
        return None
    positions = list(frame.f_code.co_positions())[frame.f_lasti // 2]
    column, end = positions[2] or 0, positions[3] or 0
    return Span(frame.f_code.co_filename, frame.f_lineno, column, end, frame.f_code.co_name)


def kept() -> DifferentiationError:
    """What the use of a number from an earlier run raises: its derivative is gone with that run."""
    return refuse("a number kept from an earlier recorded run is used (by a cache or a global container?)",
                  "clear what keeps it between the calls")


def refuse(reason: str, hint: str = "") -> DifferentiationError:
    """The error to raise."""
    return DifferentiationError(reason, user_span(), hint)
