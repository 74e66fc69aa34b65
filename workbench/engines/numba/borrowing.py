"""Arguments are borrowed: a compiled function does not count its own references to them.

Numba has each function count a reference to every array that it is given and give it up at the end. Where all paths
return, its optimiser removes the pair; where one raises, it cannot, and in a small function that calls itself counting
costs more than all the rest. The caller keeps what it passes until the call is over, so nothing needs to be counted.
(Where an exception leaves a function, Numba gives nothing up: a reference that was not counted is not lost either.)

Invariant: only a variable that is the argument on all paths is left out; what is bound to another array, or bound from
it, has its references counted as ever.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from numba.core import ir as numba_ir
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import BaseNativeLowering

_Lower: Any = Lower  # (without annotations)


class BorrowingLower(_Lower):  # type: ignore[misc]
    """Numba's lowering, without counted references for arguments."""

    def init(self) -> None:
        """Find the variables that are arguments and nothing else."""
        super().init()
        assigned = [s for block in self.func_ir.blocks.values() for s in block.find_insts(numba_ir.Assign)]
        times = Counter(s.target.name for s in assigned)
        self.borrowed = {s.target.name for s in assigned
                         if isinstance(s.value, numba_ir.Arg) and times[s.target.name] == 1}
        self.taking = False

    def lower_assign(self, ty: Any, inst: Any) -> Any:
        """Lower an assignment."""
        self.taking = isinstance(inst.value, numba_ir.Arg) and inst.target.name in self.borrowed
        try:
            return super().lower_assign(ty, inst)
        finally:
            self.taking = False

    def incref(self, typ: Any, val: Any) -> None:
        """Count a reference."""
        if not self.taking:
            super().incref(typ, val)

    def delvar(self, name: str) -> None:
        """Give up a variable's reference."""
        if name not in self.borrowed:
            super().delvar(name)


@register_pass(mutates_CFG=True, analysis_only=False)
class BorrowingLowering(BaseNativeLowering):
    """Numba's native lowering with borrowed arguments."""

    _name = "workbench_native_lowering"  # type: ignore[assignment]

    @property
    def lowering_class(self) -> type[Lower]:
        """What lowers."""
        return BorrowingLower
