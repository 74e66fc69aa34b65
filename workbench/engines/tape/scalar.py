"""`ActiveFloat` and `ActiveComplex`: numbers whose operations are recorded.

They compute with the number that they stand for (Python's own, NumPy's scalar, or an active number of an outer
recorder), so that values, warnings and exceptions are those of the program itself. What would drop the derivative
(`float(x)` inside C code) raises.

Invariant: an operation is recorded by the innermost recorder among its operands; a number of an outer one is a constant
to it.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, COMPLEX, NUMBERS, PLAIN, bottom
from workbench.engines.tape.active_number import (
    ActiveNumber,
    asked_first,
    bare,
    handed,
    in_python,
    is_formatting,
    plain,
    unknown_attribute,
)
from workbench.engines.tape.late import late
from workbench.engines.tape.partials import on_floats
from workbench.engines.tape.recorder import operation

_PYTHON = (float, int)
_ADD, _SUB, _MUL, _DIV, _POW, _NEG = (operation(name) for name in ("add", "sub", "mul", "div", "pow", "neg"))


class ActiveFloat(ActiveNumber):
    """A float that depends on the independent variables."""

    __slots__ = ()

    # ------------------------------------------------------------------ arithmetic, its partials written out for speed
    def __add__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            value = self.primal + other.primal
            return ActiveFloat(value, r.two(_ADD, value, self.node, 1.0, other.node, 1.0), r)
        if kind in PLAIN:
            value = self.primal + other
            return ActiveFloat(value, r.one(_ADD, value, self.node, 1.0), r)
        return late.with_other("add", operator.add, self, other, other)

    def __radd__(self, other: Any) -> Any:
        if type(other) in PLAIN:
            r = self.recorder
            value = other + self.primal
            return ActiveFloat(value, r.one(_ADD, value, self.node, 1.0), r)
        return late.with_other("add", operator.add, other, self, other)

    def __sub__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            value = self.primal - other.primal
            return ActiveFloat(value, r.two(_SUB, value, self.node, 1.0, other.node, -1.0), r)
        if kind in PLAIN:
            value = self.primal - other
            return ActiveFloat(value, r.one(_SUB, value, self.node, 1.0), r)
        return late.with_other("sub", operator.sub, self, other, other)

    def __rsub__(self, other: Any) -> Any:
        if type(other) in PLAIN:
            r = self.recorder
            value = other - self.primal
            return ActiveFloat(value, r.one(_SUB, value, self.node, -1.0), r)
        return late.with_other("sub", operator.sub, other, self, other)

    def __mul__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            a, b = self.primal, other.primal
            value = a * b
            return ActiveFloat(value, r.two(_MUL, value, self.node, b, other.node, a), r)
        if kind in PLAIN:
            value = self.primal * other
            return ActiveFloat(value, r.one(_MUL, value, self.node, other), r)
        return late.with_other("mul", operator.mul, self, other, other)

    def __rmul__(self, other: Any) -> Any:
        if type(other) in PLAIN:
            r = self.recorder
            value = other * self.primal
            return ActiveFloat(value, r.one(_MUL, value, self.node, other), r)
        return late.with_other("mul", operator.mul, other, self, other)

    def __truediv__(self, other: Any) -> Any:
        kind, r = type(other), self.recorder
        if kind is ActiveFloat and other.recorder is r:
            b = other.primal
            value = self.primal / b
            if b != 0:
                if type(b) is float:
                    return ActiveFloat(value, r.two(_DIV, value, self.node, 1.0 / b, other.node, -value / b), r)
                weight = 1.0 / bare(b)  # (Python's floats have no warnings of their own)
                return ActiveFloat(value, r.two(_DIV, value, self.node, weight, other.node, -bare(value) / bare(b)), r)
        elif kind in PLAIN:
            value = self.primal / other
            if other != 0:
                return ActiveFloat(value, r.one(_DIV, value, self.node, 1.0 / bare(other)), r)
        return late.with_other("div", operator.truediv, self, other, other)

    def __rtruediv__(self, other: Any) -> Any:
        b, r = self.primal, self.recorder
        if type(other) in PLAIN and b != 0:
            value = other / b
            return ActiveFloat(value, r.one(_DIV, value, self.node, -bare(value) / bare(b)), r)
        return late.with_other("div", operator.truediv, other, self, other)

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        if type(other) in _PYTHON and type(self.primal) is float and modulus is None:
            value, r = self.primal**other, self.recorder
            if type(value) is float:
                weight = on_floats("pow", 0)(value, self.primal, other)
                return ActiveFloat(value, r.one(_POW, value, self.node, weight), r)
        return NotImplemented if modulus is not None else late.with_other("pow", operator.pow, self, other, other)

    def __rpow__(self, other: Any) -> Any:
        return late.with_other("pow", operator.pow, other, self, other)

    def __mod__(self, other: Any) -> Any:
        return late.with_other("mod", operator.mod, self, other, other)

    def __rmod__(self, other: Any) -> Any:
        return late.with_other("mod", operator.mod, other, self, other)

    def __floordiv__(self, other: Any) -> Any:
        if type(other) in SCALARS:
            return self.primal // plain(other)  # piecewise constant
        return late.with_other("floordiv", operator.floordiv, self, other, other)

    def __rfloordiv__(self, other: Any) -> Any:
        if type(other) in SCALARS:
            return plain(other) // self.primal
        return late.with_other("floordiv", operator.floordiv, other, self, other)

    def __divmod__(self, other: Any) -> Any:
        if type(other) not in SCALARS:
            return late.with_other("divmod", divmod, self, other, other)
        divmod(self.primal, plain(other))  # has its own words for a zero divisor
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        if type(other) not in SCALARS:
            return late.with_other("divmod", divmod, other, self, other)
        divmod(plain(other), self.primal)
        return other // self, other % self

    def __neg__(self) -> ActiveFloat:
        value = -self.primal
        return ActiveFloat(value, self.recorder.one(_NEG, value, self.node, -1.0), self.recorder)

    def __abs__(self) -> Any:
        return late.apply("abs", operator.abs, self)

    # ------------------------------------------------------------------ what has no derivative, or a zero one
    def __int__(self) -> int:
        return int(self.primal)  # piecewise constant, as the four below

    def __trunc__(self) -> Any:
        return math.trunc(self.primal)

    def __floor__(self) -> Any:
        return math.floor(self.primal)

    def __ceil__(self) -> Any:
        return math.ceil(self.primal)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.primal) if digits is None else round(self.primal, digits)

    def __float__(self) -> float:
        if is_formatting(sys._getframe(1)):
            self.recorder.written_as_text = True
            return float(bottom(self))
        raise handed()

    # ------------------------------------------------------------------ what floats have
    @property
    def real(self) -> ActiveFloat:
        """Itself."""
        return self

    @property
    def imag(self) -> Any:
        """Zero, of the number's own type."""
        return self.primal.imag

    def conjugate(self) -> ActiveFloat:
        """Itself."""
        return self

    def is_integer(self) -> bool:
        """As of the float."""
        return bool(self.primal.is_integer())

    def item(self, *where: Any) -> ActiveFloat:
        """As a Python number."""
        if where:
            unknown_attribute(self, "item")(*where)  # (raises where NumPy does)
        return self if type(self.primal) is float else ActiveFloat(bare(self.primal), self.node, self.recorder)


class ActiveComplex(ActiveNumber):
    """A complex number that depends on the independent variables: `node` is that of its real part, the next one that of
    its imaginary part."""

    __slots__ = ()

    def __neg__(self) -> Any:
        return late.apply("neg", operator.neg, self)

    def __abs__(self) -> Any:
        return late.apply("modulus", operator.abs, self)

    @property
    def real(self) -> ActiveFloat:
        """The real part."""
        return ActiveFloat(self.primal.real, self.node, self.recorder)

    @property
    def imag(self) -> ActiveFloat:
        """The imaginary part."""
        return ActiveFloat(self.primal.imag, self.node + 1, self.recorder)

    def conjugate(self) -> Any:
        """The conjugate."""
        return late.apply("conj", lambda z: z.conjugate(), self)

    conj = conjugate

    def item(self) -> ActiveComplex:
        """As a Python number."""
        return self if type(self.primal) is complex else ActiveComplex(bare(self.primal), self.node, self.recorder)


NUMBERS.update((ActiveFloat, ActiveComplex))
ACTIVE.update(NUMBERS)
SCALARS = PLAIN | COMPLEX | NUMBERS


def _complex_operators() -> None:
    for name, rule, compute in (("add", "add", operator.add), ("sub", "sub", operator.sub),
                                ("mul", "mul", operator.mul), ("truediv", "div", operator.truediv),
                                ("pow", "pow", operator.pow)):
        def left(self: Any, other: Any, rule: str = rule, compute: Any = compute) -> Any:
            return late.with_other(rule, compute, self, other, other)

        def right(self: Any, other: Any, rule: str = rule, compute: Any = compute) -> Any:
            return late.with_other(rule, compute, other, self, other)
        setattr(ActiveComplex, f"__{name}__", left)
        setattr(ActiveComplex, f"__r{name}__", right)


_complex_operators()


def _comparisons() -> None:
    """Comparisons of the values; a class of the program's, asked where the number does not know it, gets the active
    number."""
    def compared(name: str, reflected: str, compute: Callable[[Any, Any], Any]) -> Any:
        def method(self: Any, other: Any) -> Any:
            primal = self.primal
            if type(other) in SCALARS:
                return compute(primal, plain(other))
            if isinstance(primal, np.generic):  # NumPy hands its scalar on as Python's
                return compute(bare(self), other) if in_python(other, reflected) and not asked_first(other) else (
                    compute(primal, other))
            found = getattr(primal, name)(other)
            if found is not NotImplemented or in_python(other, reflected):
                return found
            return compute(primal, other)
        return method
    sides = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
    for name, reflected in sides.items():
        method = compared(f"__{name}__", f"__{reflected}__", getattr(operator, name))
        setattr(ActiveFloat, f"__{name}__", method)
        if name in ("eq", "ne"):
            setattr(ActiveComplex, f"__{name}__", method)


_comparisons()


# ---------------------------------------------------------------------- numbers


