"""What operations take, in ns, by the loop that they are in: read off a machine's rates.

What no rate is measured for stands here in shares of what is: an integer's addition takes half of a float's.
"""

from __future__ import annotations

from workbench.cost.machine import Machine
from workbench.ir import Constant, Kind, Op

_FREE = frozenset({"check", "index"})
_BITS = frozenset({"neg", "abs", "copysign"})
_WHOLE = frozenset({"floordiv", "mod"})


class Prices:
    """Times of single operations on a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        r = machine.rate
        self.clock = r("chain", "f64", "mul") / 4  # (a multiplication takes four turns of the clock nearly everywhere)
        self.turn = 0.2 * r("alone", "f64", "copy")
        self.loads = {"along": r("along", "f64", "loads") / 8, "alone": 0.2 * r("alone", "f64", "copy")}
        self.stores = {"along": 0.6 * r("along", "f64", "copy"), "alone": 0.4 * r("alone", "f64", "copy")}
        self.issue = {"along": 0.25 * self.clock / 6, "alone": self.clock / 6}

    def work(self, op: Op, form: str) -> float:
        """How long an operation keeps its unit busy. form: "along" vectors, an element's share; "alone"."""
        result = op.results[0] if op.results else None
        kind = result.kind if result is not None else Kind.BOOL
        width = kind.value
        add = self.machine.rate(form, width, "add")
        if op.prim in _FREE or result is None:
            return add / 4
        if kind is Kind.BOOL or op.prim in _BITS:
            return add / 2
        if kind is Kind.INT:
            return self._whole(op) if op.prim in _WHOLE else add / 3
        if op.prim == "cast":
            return add
        if op.prim == "select":
            return add
        if op.prim == "pow" and isinstance(op.operands[1], Constant):
            return self._power(abs(op.operands[1].value.real), form, width)
        times = 4 if kind.is_complex and op.prim in ("mul", "div") else 2 if kind.is_complex else 1
        return times * self.machine.rate(form, width, op.prim)

    def _power(self, exponent: float, form: str, width: str) -> float:
        """A power that is known: of whole ones LLVM makes products, of a half a root."""
        if exponent == 0.5:
            return self.machine.rate(form, width, "sqrt")
        if exponent != int(exponent) or exponent > 64:
            return self.machine.rate(form, width, "pow")
        return int(exponent).bit_length() * 1.5 * self.machine.rate(form, width, "mul")

    def _whole(self, op: Op) -> float:
        """A division of integers; by one that is known it is a multiplication, or picks bits."""
        divisor = op.operands[1]
        if not isinstance(divisor, Constant):
            return 0.4 * self.machine.rate("chain", "f64", "int")
        known = int(divisor.value.real)
        return self.clock if known & (known - 1) == 0 else 3 * self.clock

    def latency(self, op: Op) -> float:
        """How long what needs the result of an operation waits."""
        chain = self.machine.rate
        if op.prim == "load":
            return 5 * self.clock
        if op.prim in _FREE or not op.results:
            return 0.0
        kind = op.results[0].kind
        if kind is Kind.BOOL:
            floats = bool(op.operands) and op.operands[0].kind.is_inexact
            return 3 * self.clock if floats else self.clock
        if kind is Kind.INT:
            if op.prim in _WHOLE:  # by a number that is known it is a multiplication, with what signs take
                divided = chain("chain", "f64", "int") - 2 * self.clock
                return min(divided, 12 * self.clock) if isinstance(op.operands[1], Constant) else divided
            return {"mul": 3 * self.clock, "cast": 6 * self.clock}.get(op.prim, self.clock)
        if op.prim in _BITS:
            return self.clock
        if op.prim == "select":
            return 2 * self.clock
        if op.prim == "cast":
            return 5 * self.clock
        return chain("chain", kind.value, op.prim)

    def load(self, form: str, size: int, shifted: bool = False) -> float:
        """An element that is read and near. shifted: vectors of it begin anywhere, and half of them lie on two lines of
        the cache (as nearly all do that rates were measured with)."""
        return self.loads[form] * ((1.0 if shifted else 0.6) * size / 8 if form == "along" else 1)

    def store(self, form: str, size: int) -> float:
        """An element that is written and near."""
        return self.stores[form] * (size / 8 if form == "along" else 1)
