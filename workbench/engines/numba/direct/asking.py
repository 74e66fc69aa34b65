"""Where loops ask for pending signals: `interrupts` says why and how; here its rules are applied to the program's text.

Invariant: a loop asks as often as it would if Numba's front end had made it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numba.core import cgutils, types

from workbench.engines.numba.direct.code import Code
from workbench.engines.numba.growing import COMPILED
from workbench.engines.numba.interrupts import CALL, OFTEN, PERIOD, SLOW, asked
from workbench.engines.numba.releases import Branch, Loop, Part
from workbench.records import dataclass


@dataclass(frozen=True, slots=True)
class Manner:
    """How a loop asks. form: "counted" turn by turn, a "nest" of quick ones, "quick" (alone: in pieces); turns: what a
    turn counts; around: the loop that it is in."""

    form: str
    turns: int
    around: Loop | None


def manners(parts: Iterable[Part], callee: Callable[[ast.Call], Any]) -> dict[Loop, Manner]:
    """How the loops of a function ask."""
    found: dict[Loop, Manner] = {}
    for loop in _loops(parts):
        _judge(loop, None, callee, found)
    return found


def _loops(parts: Iterable[Part]) -> Iterator[Loop]:
    """The outermost loops among parts."""
    for part in parts:
        if isinstance(part, Branch):
            yield from _loops([*part.then, *part.orelse])
        elif isinstance(part, Loop):
            yield part
            yield from _loops(part.orelse)


def _judge(loop: Loop, around: Loop | None, callee: Callable[[ast.Call], Any], found: dict[Loop, Manner]) -> str:
    forms = {_judge(inner, loop, callee, found) for inner in _loops(loop.body)}
    turned: list[ast.AST] = [*loop.node.body, *([loop.node.test] if isinstance(loop.node, ast.While) else [])]
    turn = max((weight(callee(node)) for part in turned for node in ast.walk(part) if isinstance(node, ast.Call)),
               default=0)
    if isinstance(loop.node, ast.While) or turn >= SLOW or forms - {"quick"} or (forms and (turn or around is None)):
        form = "counted"
    else:
        form = "nest" if forms else "quick"
    found[loop] = Manner(form, SLOW if "nest" in forms else max(turn, 1), around)
    return form


def weight(function: Any) -> int:
    """How many turns a call may take without asking (None: a method's). See `interrupts`."""
    if isinstance(function, type | np.ufunc) or getattr(function, "__module__", None) in (math.__name__, "builtins"):
        return 0
    own = getattr(function, "py_func", None)
    if own is None:
        return SLOW
    return 0 if any(own.__code__ is f.__code__ for pair in COMPILED.items() for f in pair) else CALL


class Asking:
    """Asks, in one function."""

    def __init__(self, code: Code) -> None:
        self.code = code
        # how many turns are left until it asks
        self.left = cgutils.alloca_once_value(code.builder, code.context.get_constant(types.int64, PERIOD))

    def now(self) -> None:
        """Ask at once."""
        asked(self.code.context, self.code.builder)

    def count(self, turns: int) -> None:
        """So many turns less; at zero, ask and begin again."""
        builder, left = self.code.builder, self.left
        number = builder.load(left)
        less = builder.sub(number, number.type(turns))
        builder.store(less, left)
        with cgutils.if_unlikely(builder, builder.icmp_signed("<=", less, less.type(0))):
            self.now()
            builder.store(less.type(PERIOD), left)

    def count_range(self, count: Any) -> None:
        """The turns of a loop inside less, as far as they matter; the loop around asks."""
        builder, left = self.code.builder, self.left
        most = count.type(PERIOD)
        size = builder.select(builder.icmp_signed("<", count, most), count, most)
        builder.store(builder.sub(builder.load(left), size), left)

    def often(self, count: Any) -> None:
        """Ask when the number of turns that are left is one of a series."""
        builder = self.code.builder
        last = count.type(OFTEN - 1)
        with cgutils.if_unlikely(builder, builder.icmp_signed("==", builder.and_(count, last), last)):
            asked(self.code.context, builder, gently=True)
