"""What a kernel would raise: it notes the number of the turn and of the check, and the host raises after it."""

from __future__ import annotations

import builtins

import numpy as np

from workbench.ir import DifferentiationError, Op

#: So many checks a program has at most: what is noted is the turn's number times this, and the check's.
FAILURES = 1024


class Problem(Exception):
    """Something is to be raised, as a kernel noted. check: the number of the check; turn: that of the turn."""

    def __init__(self, noted: int) -> None:
        super().__init__(f"check {noted % FAILURES} of turn {noted // FAILURES}")
        self.check = noted % FAILURES
        self.turn = noted // FAILURES


def raised(op: Op, turn: int) -> Exception:
    """The exception that a check raises. (Numbers that belong to its message stay on the device.)"""
    if op.attrs["exception"] == "DifferentiationError":
        return DifferentiationError(f"{op.attrs['message']} (turn {turn})", op.span, "use range, or engine='numba'")
    name, message = op.attrs["exception"], op.attrs.get("message", "") or f"in turn {turn} of a kernel"
    kind = np.linalg.LinAlgError if name == "LinAlgError" else getattr(builtins, name, RuntimeError)
    made: Exception = kind(message)
    return made
