"""A `while` that counts becomes a `for`: `while k < n: ...; k += 1` has as many turns as are known when it begins.

So its residuals are arrays of exact size, indices into arrays can be proved valid, and loops around it can be
interchanged with it.

Invariant: the condition does nothing but compare a carried integer, which advances by 1 or -1 in every turn, with a
number from outside of the loop.
"""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Block, Constant, Function, Kind, Op, Value, definitions, normal_form, walk
from workbench.passes.base import Pass
from workbench.passes.item_loops import is_formula
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass

_AHEAD = {"lt": (1, False), "le": (1, True), "gt": (-1, False), "ge": (-1, True)}  # counter op bound: step, inclusive
_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


@dataclass(frozen=True)
class Counting(Pass):
    """Makes loops that count counted loops."""

    name: ClassVar[str] = "counting"

    def __call__(self, function: Function) -> Function:
        """The function with counted loops."""
        if not any(op.prim == "while" for op in walk(function.block)):
            return function
        made = _Counter()
        rebuilt = made.run(function)
        return rebuilt if made.found else function


@dataclass(frozen=True, slots=True)
class _Count:
    """What a loop counts: the carried position, where it ends, the step, whether the end is a turn too."""

    position: int
    bound: Value
    step: int
    inclusive: bool


class _Counter(Rebuilder):
    def before(self, function: Function) -> None:
        """Note what makes each value."""
        self.makers = definitions(function)
        self.found = False

    def copy_while(self, op: Op) -> None:
        """Rebuild a conditional loop, as a counted one where it is one."""
        count = self.count(op)
        if count is None:
            super().copy_while(op)
            return
        self.found = True
        before, after = op.regions
        others = [k for k in range(len(before.params)) if k != count.position]
        first, last = self.get(op.operands[count.position]), self.get(count.bound)
        if count.inclusive:
            last = self.emit("add", last, Constant(count.step, Kind.INT))
        with self.frame("for") as frame:
            params = tuple(self.param(before.params[k]) for k in (count.position, *others))
            self.ops(before)
            self.ops(after)
            block = Block(params, tuple(frame.ops), tuple(self.get(after.yields[k]) for k in others))
        operands = first, last, *(self.get(op.operands[k]) for k in others)
        self.finish(op, operands, (block,), [op.results[k] for k in others], prim="for", attrs={"step": count.step})
        self.bind(op.results[count.position],
                  self.emit("maximum" if count.step == 1 else "minimum", first, last))

    def count(self, op: Op) -> _Count | None:
        """What a loop counts, None where it does not."""
        before, after = op.regions
        test = self.makers.get(before.yields[0])
        if test is None or test not in before.ops or test.prim not in _AHEAD or before.yields[1:] != before.params:
            return None
        if not all(is_formula(inner) for inner in before.ops):
            return None
        inside = set(before.params) | {r for block in op.regions for inner in walk(block) for r in inner.results}
        a, b = test.operands
        for counter, bound, prim in ((a, b, test.prim), (b, a, _TURNED[test.prim])):
            if counter in before.params and counter.kind is Kind.INT and bound.kind is Kind.INT and bound not in inside:
                position = before.params.index(counter)
                step, inclusive = _AHEAD[prim]
                advance = normal_form(after.yields[position], self.makers.get) - normal_form(counter, self.makers.get)
                if advance.constant == step:
                    return _Count(position, bound, step, inclusive)
        return None
