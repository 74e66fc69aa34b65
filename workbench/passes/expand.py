"""Operations that engines need not know, written out: `index` as a check and a selection, `square` as a product."""

from __future__ import annotations

from typing import ClassVar

from workbench.ir import Constant, Function, Kind, Op, walk
from workbench.passes.base import Pass
from workbench.passes.bounds import OUTSIDE
from workbench.passes.rebuild import Rebuilder
from workbench.records import dataclass


@dataclass(frozen=True)
class Expand(Pass):
    """Writes out `index` and `square`."""

    name: ClassVar[str] = "expand"

    def __call__(self, function: Function) -> Function:
        """The function in simpler operations."""
        if not any(op.prim in ("index", "square") for op in walk(function.block)):
            return function
        return _Expander().run(function)


class _Expander(Rebuilder):
    def op(self, op: Op) -> None:
        """Write out one operation."""
        if op.prim == "index":
            e, n = self.all(op.operands)
            negative = self.emit("lt", e, Constant(0, Kind.INT))
            if op.attrs.get("checked"):
                ok = self.emit("and", self.emit("ge", e, self.emit("neg", n)), self.emit("lt", e, n))
                if not (isinstance(ok, Constant) and ok.value):
                    self.raw("check", (ok,), (), {"exception": "IndexError", "message": OUTSIDE})
            self.bind(op.result, self.emit("select", negative, self.emit("add", e, n), e))
        elif op.prim == "square" and not op.result.is_array:
            x = self.get(op.operands[0])
            self.bind(op.result, self.emit("mul", x, x))
        else:
            self.copy(op)
