"""What is computed while specialising, natively, where somebody waits for the answer: only what is done at once.

Invariant: without a deadline (`ir.deadline`) nothing is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from workbench.frontend.tracer import Tracer
from workbench.ir import Overdue

MAX_BITS = 1 << 20  # of an integer
MAX_ITEMS = 1 << 20  # of a list or a text, and of a range that is gone through
_GROWING = (math.factorial, math.comb, math.perm, pow)  # integers that are much longer than their arguments
_MAX_GROWN = 20_000


def operator(t: Tracer, op: str, a: Any, b: Any) -> None:
    """Refuse `a op b` of plain values where it is no work of a moment."""
    if t.deadline is None:
        return
    if op == "*":
        for items, count in ((a, b), (b, a)):
            if isinstance(count, int) and hasattr(items, "__len__") and len(items) * count > MAX_ITEMS:
                _refuse(t, f"{len(items) * count:,} entries")
    if not isinstance(a, int) or not isinstance(b, int):
        return
    bits = {"**": a.bit_length() * b if abs(a) > 1 else 0, "<<": a.bit_length() + b,
            "*": a.bit_length() + b.bit_length()}.get(op, 0)
    if bits > MAX_BITS:
        _refuse(t, f"an integer of {bits:,} bits")


def call(t: Tracer, callee: Any, args: Iterable[Any]) -> None:
    """Refuse a call with plain arguments where it is no work of a moment."""
    if t.deadline is None:
        return
    for value in args:
        if isinstance(value, range) and len(value) > MAX_ITEMS:
            _refuse(t, f"{len(value):,} entries")
        if isinstance(value, int) and abs(value) > _MAX_GROWN and callee in _GROWING:
            _refuse(t, f"an integer made of {value:,}")


def _refuse(t: Tracer, what: str) -> None:
    raise Overdue(f"{what}, computed while the program is analysed", t.span, "smaller numbers")
