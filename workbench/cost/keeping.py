"""What the plan of a reverse sweep keeps, in bytes, as formulas in the dimensions.

The program is the one that is differentiated, before lowering. Exactly sized residuals have an axis for each loop in
whose turns the value differs; the others are lists, as long as its body ran often.

Invariant: a formula is what the numbers themselves take, at the end of the forward sweep; lists have more room than
that, which `memory` counts. (Inside of what is in one pass: what one turn of it keeps.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.cost.counting import NOWHERE, Counter, Env, arguments
from workbench.cost.formula import Formula, maximum, of
from workbench.cost.work import Amounts, Work
from workbench.ir import Block, Function, Op, Value
from workbench.transforms.plan import Plan
from workbench.transforms.structure import Loop


def kept_bytes(function: Function, plan: Plan, values: Sequence[Value], dims: Mapping[tuple[int, int], Formula],
               integers: Mapping[int, Formula]) -> dict[Value, Formula]:
    """The bytes that values of a program take, kept as the plan says. What only a run can know is in parameters of
    such names as `trips(line 7)`; where there are none for it, the value is left out. dims, integers: as of
    `counting.count`."""
    wanted = {v: f"@{k}" for k, v in enumerate(values)}
    counter = _Keeping(function, plan, wanted)
    work = counter.block(function.block, arguments(function, dims, integers))
    listed = {v: work.amounts.get((NOWHERE, name)) for v, name in wanted.items()}
    return {v: size for v in wanted if (size := counter.exact.get(v) or listed[v]) is not None}


class _Keeping(Counter):
    """Follows integers alone. `exact`: the bytes of what is no list."""

    def __init__(self, function: Function, plan: Plan, wanted: Mapping[Value, str]) -> None:
        super().__init__(function)
        self.plan = plan
        self.wanted = wanted
        self.exact: dict[Value, Formula] = {}
        self.watch = self._look

    def _once(self, op: Op, env: Env, work: Work) -> None:
        """What operations do is not counted."""

    def _look(self, block: Block, env: Env) -> Amounts:
        if self.dry:
            return {}
        structure, found = self.plan.structure, dict[str, Formula | int]()
        for value, name in self.wanted.items():
            if structure.home[value].block is not block:
                continue
            size: Formula | None = of(value.kind.itemsize)
            for dim in value.dims:
                size = self._times(size, self.value(dim, env))
            if size is None:
                continue
            if not structure.is_exact(value):
                found[name] = size
                continue
            for loop in structure.axes(value):
                size = self._times(size, self._trips(loop, env))
            if size is not None:
                self.exact[value] = size
        return found

    def _times(self, size: Formula | None, by: Formula | None) -> Formula | None:
        return None if size is None or by is None else size * by

    def _trips(self, loop: Loop, env: Env) -> Formula | None:
        lo, hi = (self.value(v, env) for v in loop.op.operands[:2])
        return None if lo is None or hi is None else maximum((hi - lo) * loop.op.attrs["step"], of(0))
