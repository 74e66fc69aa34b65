"""What only a run can know, found by a run: the parameters of a program's counts on given data.

Invariant: the numbers are exact fractions (mean turns of a loop, the share of visits in which a branch is taken), so
that counts with them are exactly what that run does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.cost.counting import Parameter
from workbench.cost.formula import Number
from workbench.interpret import Interpreter, Values, bind
from workbench.ir import Function, Op
from workbench.rules import Growable


class _Watching(Values):
    """The reference semantics, with a note of every loop and branch."""

    def __init__(self) -> None:
        self.visits: dict[Op, int] = {}
        self.turns: dict[Op, int] = {}
        self.made: dict[Op, int] = {}
        self.lists: dict[Op, list[Growable]] = {}

    def truth(self, value: Any, op: Op) -> bool:
        """Note which way it goes. (A `while` has ended a visit where its condition is false.)"""
        went = super().truth(value, op)
        self.turns[op] = self.turns.get(op, 0) + went
        if op.prim != "while" or not went:
            self.visits[op] = self.visits.get(op, 0) + 1
        return went

    def trips(self, lo: Any, hi: Any, step: int, op: Op) -> Iterable[Any]:
        """Note how many there are."""
        turns = list(super().trips(lo, hi, step, op))
        self.visits[op] = self.visits.get(op, 0) + 1
        self.turns[op] = self.turns.get(op, 0) + len(turns)
        return turns

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """Note integers, sizes are among them, and lists."""
        results = super().apply(op, operands)
        if len(results) == 1 and isinstance(results[0], np.integer):
            self.made[op] = int(results[0])
        if op.prim == "list":
            self.lists.setdefault(op, []).append(results[0])
        return results


def sampled(function: Function, args: Sequence[Any], parameters: Iterable[Parameter]) -> Mapping[str, Number]:
    """The values of parameters, by name, in a run of the program on flat arguments; which may be written.

    A loop or branch that the run does not come to has the value 0. Raises what the program raises."""
    watching = _Watching()
    Interpreter(watching).call(function, bind(function, args))
    return {parameter.symbol.name: _value(parameter, watching) for parameter in parameters}


def _value(parameter: Parameter, watching: _Watching) -> Number:
    op = parameter.op
    if parameter.kind == "size":
        return watching.made.get(op, 0)
    if parameter.kind == "length":
        lists = watching.lists.get(op, [])
        return Fraction(sum(map(len, lists)), len(lists)) if lists else 0
    visits = watching.visits.get(op, 0)
    return Fraction(watching.turns.get(op, 0), visits) if visits else 0
