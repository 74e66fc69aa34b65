"""What only a run can know, found by a run: the parameters of a program's counts on given data.

Invariant: the numbers are exact fractions (mean turns of a loop, the share of visits in which a branch is taken), so
that counts with them are exactly what that run does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from workbench.cost.counting import Parameter
from workbench.cost.emitted import Emitted, emitted_of
from workbench.cost.evaluation import evaluate
from workbench.cost.formula import ROOM, Number, Symbol
from workbench.interpret import Interpreter, Values, bind
from workbench.ir import Callee, Function, Kind, Op, Value, callee_of
from workbench.rules import Growable


class _Watching(Values):
    """The reference semantics, with a note of every loop, branch, arm, size and list. seen, added: how often, and what
    adds up, by kind of parameter and operation."""

    def __init__(self, parts: Iterable[Emitted], parameters: Iterable[Parameter]) -> None:
        self.seen: Counter[tuple[str, Op]] = Counter()
        self.added: Counter[tuple[str, Op]] = Counter()
        self.made: dict[Op, int] = {}
        self.lists: dict[int, tuple[Growable, Op]] = {}
        self.room: Counter[int] = Counter()
        self.parts = list(parts)
        self.arms = {op: arms for part in self.parts for op, arms in part.arms.items()}
        self.moved = {op for part in self.parts for op in part.moved}
        self.went: dict[Op, bool] = {}
        self.checked = {op for part in self.parts for op in part.checked}
        self.means: dict[Op, list[Parameter]] = {}
        for parameter in parameters:
            if parameter.kind in ("mean", "measured"):
                self.means.setdefault(parameter.op, []).append(parameter)
        self.sums: Counter[Symbol] = Counter()

    def _note(self, kind: str, op: Op, amount: int) -> None:
        self.seen[kind, op] += 1
        self.added[kind, op] += amount

    def truth(self, value: Any, op: Op) -> bool:
        """Note which way it goes. (A `while` has ended a visit where its condition is false.)"""
        went = super().truth(value, op)
        if op.prim == "while":
            self.added["trips", op] += went
            self.seen["trips", op] += not went
        else:
            self._note("taken", op, went)
        return went

    def trips(self, lo: Any, hi: Any, step: int, op: Op) -> Iterable[Any]:
        """Note how many there are."""
        turns = list(super().trips(lo, hi, step, op))
        self._note("trips", op, len(turns))
        return turns

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        """Note arms, integers (sizes are among them), lists, and the sizes of what is made."""
        if op in self.arms:
            self.went[op] = bool(operands[0])
            if op not in self.moved:
                self._arms(op)
        if op.prim in ("load", "store", "accum") and isinstance(operands[0], Growable):
            self._in_list(op, operands)
        for parameter in self.means.get(op, ()):
            if parameter.measure is not None:
                self.sums[parameter.symbol] += int(parameter.measure(*operands))
        results = super().apply(op, operands)
        if len(results) == 1 and isinstance(results[0], np.integer):
            self.made[op] = int(results[0])
        if op.prim == "list":
            self.lists[id(results[0])] = results[0], op
            self.room[id(results[0])] = ROOM
        if op in self.means:
            self._sizes(op, operands, results)
        return results

    def _arms(self, op: Op) -> None:
        """An arm was taken, and in it others."""
        went = self.went[op]
        self._note("taken", op, went)
        for inner in self.arms[op][0 if went else 1]:
            if inner in self.arms:
                self._arms(inner)

    def _in_list(self, op: Op, operands: Sequence[Any]) -> None:
        place, known = int(operands[-1]), id(operands[0])
        if op.prim == "load":
            if op in self.checked:
                self._note("there", op, place < self.room[known])
        elif place >= self.room[known]:
            self.room[known] += place + 1

    def _sizes(self, op: Op, operands: Sequence[Any], results: Sequence[Any]) -> None:
        """The lengths of the axes of arrays, and integers, that an operation takes and gives."""
        sizes: dict[Value, int] = {}
        for value, held in zip((*op.operands, *op.results), (*operands, *results), strict=True):
            if value.is_array and isinstance(held, np.ndarray):
                sizes.update(zip(value.dims, map(int, held.shape), strict=True))
            elif value.kind is Kind.INT and not value.is_array:
                sizes[value] = int(held)
        for parameter in self.means[op]:
            if parameter.of is not None:
                self.sums[parameter.symbol] += evaluate(parameter.of, {s.name: sizes[dim] for s, dim in parameter.dims})
        self.seen["mean", op] += 1


class _Calling(Interpreter):
    """Counts how often a function that calls itself is entered: for the call from outside, as the counter has it."""

    def __init__(self, watching: _Watching) -> None:
        super().__init__(watching)
        self.watching = watching
        self.inside: list[tuple[Callee, Op]] = []  # what the counter would be in

    def _call(self, op: Op, env: dict[Value, Any]) -> Sequence[Any]:
        callee, before = callee_of(op), self.inside
        known = next((k for k, (entered, _) in enumerate(before) if entered is callee), None)
        if known is None:
            self.watching.seen["calls", op] += 1
            self.inside = [*before, (callee, op)]
        else:
            self.inside = before[:known + 1]
        self.watching.added["calls", self.inside[-1][1]] += 1
        results = super()._call(op, env)
        self.inside = before
        return results


def sampled(function: Function, args: Sequence[Any], parameters: Iterable[Parameter]) -> Mapping[str, Number]:
    """The values of parameters, by name, in a run of the program on flat arguments; which may be written.

    A loop or branch that the run does not come to has the value 0. Raises what the program raises."""
    wanted = list(parameters)
    watching = _Watching(emitted_of(function).values(), wanted)
    _Calling(watching).call(function, bind(function, args))
    for known, (_, op) in watching.lists.items():
        watching.seen["room", op] += 1
        watching.added["room", op] += watching.room[known]
    return {parameter.symbol.name: _value(parameter, watching) for parameter in wanted}


def _value(parameter: Parameter, watching: _Watching) -> Number:
    op = parameter.op
    if parameter.kind == "size":
        return watching.made.get(op, 0)
    if parameter.kind in ("mean", "measured"):
        seen, added = watching.seen["mean", op], watching.sums[parameter.symbol]
    else:
        seen, added = watching.seen[parameter.kind, op], watching.added[parameter.kind, op]
    return Fraction(added, seen) if seen else 0
