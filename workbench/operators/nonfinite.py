"""An infinite or NaN derivative of a finite value: found by looking at the results, located by an effect-free replay.

The replay interprets the derivative's program on copies of the inputs and stops at the first operation that makes a
non-finite number out of finite ones. Invariant: at most one warning per call; nothing is recomputed unless there is
something to warn of, and of one specialisation not without end: who calls it in a loop with a NaN would wait for a
replay in every turn.
"""

from __future__ import annotations

import cmath
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.engines.cuda.arrays import is_finite_there, is_on_device
from workbench.interpret import Interpreter, Values, bind
from workbench.ir import Function, Op

MAX_OPERATIONS = 200_000  # of one replay
ALL_OPERATIONS = 400_000  # of all replays of a specialisation


class _Found(Exception):
    def __init__(self, op: Op | None) -> None:
        super().__init__()
        self.op = op


class _Watch(Values):
    """Values, and a look at each result."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.done = 0

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        if op.prim == "print":
            return ()
        self.done += 1
        if self.done > self.most:
            raise _Found(None)
        finite = op.prim != "empty" and all(_is_finite(v) for v in operands)
        results = super().apply(op, operands)
        if finite and not all(_is_finite(v) for v in results):
            raise _Found(op)
        return results


def _is_finite(value: Any) -> bool:
    if isinstance(value, (float, complex)):  # (most of what a replay looks at)
        return cmath.isfinite(value)
    if type(value) is np.ndarray:
        return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())
    if is_on_device(value):
        return is_finite_there(value)
    array = np.asarray(value) if isinstance(value, (np.ndarray, np.generic)) else None
    return array is None or array.dtype.kind not in "fc" or bool(np.all(np.isfinite(array)))


def is_finite(values: Sequence[Any]) -> bool:
    """True when no number is infinite or NaN."""
    return all(_is_finite(v) for v in values)


class Replays:
    """Warnings of one specialisation's calls, and what may be spent on finding places for them."""

    def __init__(self) -> None:
        self._left = ALL_OPERATIONS
        self._last: Op | None = None

    def warn(self, function: Function, name: str, data: Sequence[Any]) -> None:
        """Warn that a derivative is not finite, naming the operation and the line that made it so."""
        self.said(f"the derivative of {name} is infinite or NaN although its value is finite", function, data)

    def said(self, message: str, function: Function, data: Sequence[Any]) -> None:
        """Warn with a message, to which the operation and the line are added; those of an earlier call where this one's
        would take too long to find."""
        if data and self._left > 0:
            watch = _Watch(min(MAX_OPERATIONS, self._left))
            self._last = locate(function, data, watch) or self._last
            self._left -= watch.done
        op = self._last if data else None
        if op is not None and op.span is not None:
            warnings.warn_explicit(f"{message}: `{op.prim}` at line {op.span.line}", RuntimeWarning, op.span.filename,
                                   op.span.line)
        else:
            warnings.warn(message, RuntimeWarning, stacklevel=5)


def locate(function: Function, data: Sequence[Any], watch: _Watch) -> Op | None:
    """The first operation that makes a non-finite number out of finite ones; None where the replay is too long."""
    copies = [np.array(v) if isinstance(v, np.ndarray) else v for v in data]
    try:
        Interpreter(watch).call(function, bind(function, copies))
    except _Found as found:
        return found.op
    return None
