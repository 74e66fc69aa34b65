"""Which elements the turns of loops touch, where that takes more than a look at one index: what conditions and bounds
say of any two turns at once (`workbench.frontend.launches.races`, which proves the same of users' kernels).

Invariant: what is not proved is not said.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

from workbench.engines.cuda.free import free_values
from workbench.frontend.launches.accesses import Access, Found, found_in
from workbench.frontend.launches.races import Meetings, distinct
from workbench.frontend.threads import Dealt, Launch, Launches
from workbench.ir import Block, Function, Op, Value, walk

#: So many accesses of one array are looked at, not more.
MOST = 40


class _Makers(dict[Value, Op]):
    """What makes each value, inside of the loops and around them."""

    def __init__(self, known: Mapping[Value, Op], maker: Callable[[Value], Op | None]) -> None:
        super().__init__(known)
        self.maker = maker

    def get(self, value: Value, default: Op | None = None) -> Op | None:  # type: ignore[override]
        """The operation."""
        return super().get(value) or self.maker(value) or default


class Turns:
    """The turns of a nest of loops."""

    def __init__(self, loops: Sequence[Op], maker: Callable[[Value], Op | None]) -> None:
        whole = loops[0]
        launch = Launch("", None, (), (), 0)
        dealt = {op.regions[0].params[0]: Dealt(launch, "item", axis) for axis, op in enumerate(loops)}
        function = Function("turns", Block(free_values(whole), (whole,), ()))
        self.found: Found = found_in(function, Launches(loops=dealt))
        self.found.makers = _Makers(self.found.makers, maker)
        self.accesses = distinct(self.found.accesses.get(launch, []))
        dims = {d for op in (whole, *walk(whole.regions[0])) for v in (*op.operands, *op.results) for d in v.dims}
        self.meetings = Meetings(self.found, launch, lambda v: v in dims)

    def additions(self, root: Value, partners: Mapping[Op, Op]) -> set[Op] | None:
        """The operations on an array that are additions which several turns may do to one element; None where turns
        may meet in another way. partners: of a store that adds, the load, and the other way round."""
        here = [a for a in self.accesses if self.found.root(a.root) is self.found.root(root)]
        if len(here) > MOST or any(a.where is None for a in here):
            return None
        added: set[Op] = set()
        for a, b in itertools.combinations_with_replacement(here, 2):
            if (a.writes or b.writes) and self.meetings.may_meet(a, b):
                if not all(op.prim == "accum" or op in partners for op in (a.op, b.op)):
                    return None
                added.update(self._pair(a, partners), self._pair(b, partners))
        return added

    @staticmethod
    def _pair(access: Access, partners: Mapping[Op, Op]) -> list[Op]:
        return [access.op, *([partners[access.op]] if access.op in partners else [])]
