"""The last resort before a refusal: loops whose number of turns is known are unrolled, even for the sizes of one call.

A program is traced for every size first. Where that is refused, it is traced with its loops unrolled wherever their
turns are known; where that is refused too, with the sizes of its small arrays and its small integers taken as they are
in this call (they are guarded). What is then static (positions, lengths, types that change from turn to turn, which
branch is taken) is Python's own at that time. A program that all of this refuses is refused for the first reason.

Invariant: an attempt is given up where it becomes long: `MAX_TURNS` turns of loops, `MAX_OPS` operations.
"""

from __future__ import annotations

from typing import Any

from workbench.frontend.tracer import Tracer

UNROLL = "unroll"  # decisions of a tracing
FIX = "fix sizes"
ATTEMPTS: tuple[dict[Any, Any], ...] = ({}, {UNROLL: True}, {UNROLL: True, FIX: True})
MAX_SIZE = 64  # of a dimension or integer that may be fixed
MAX_TURNS = 1500
MAX_OPS = 3000


def wanted(t: Tracer) -> bool:
    """True where loops of known length are to be unrolled."""
    return UNROLL in t.decisions


def turn(t: Tracer) -> None:
    """One more turn of a loop that is unrolled only because nothing else was left."""
    t.turns += 1
    if t.turns > MAX_TURNS or len(t.builder.definitions) > MAX_OPS:
        t.fail("a loop of too many turns to be unrolled", "use an array")
