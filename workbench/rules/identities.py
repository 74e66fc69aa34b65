"""IEEE-safe identities: a value equal to a *scalar* operation, bit for bit, that costs less; None where there is none.

Entries of the table name theirs (`Primitive.simpler`). Identities that hand back an operand are for scalars only: an
array result is always a new value, or two names would share one buffer. `0 * x` and `x + 0.0` are no identities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from workbench.ir import Builder, Constant, Kind, Op, Value
from workbench.rules.emission import emit

Identity = Callable[[Builder, Sequence[Value]], Value | None]


def is_number(value: Value, number: float) -> bool:
    """True for the real constant of this value and this sign of zero."""
    if not isinstance(value, Constant) or isinstance(value.value, (bool, complex)):
        return False
    return bool(value.value == number) and (
        number != 0 or isinstance(value.value, int) or math.copysign(1.0, value.value) == math.copysign(1.0, number))


def _negated(builder: Builder, value: Value) -> Value | None:
    """x where the value is -x."""
    op = builder.definitions.get(value)
    return op.operands[0] if op is not None and op.prim == "neg" else None


def _made_by(builder: Builder, value: Value, prim: str) -> Op | None:
    op = builder.definitions.get(value)
    return op if op is not None and op.prim == prim else None


def add(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a + -0.0 = a; a + -b = a - b."""
    a, b = operands
    if is_number(a, -0.0):
        return b
    if is_number(b, -0.0):
        return a
    minus = _negated(builder, b)
    if minus is not None:
        return emit(builder, "sub", a, minus)
    minus = _negated(builder, a)
    return emit(builder, "sub", b, minus) if minus is not None else None


def sub(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a - 0.0 = a; -0.0 - b = -b; a - a = 0 of integers; a - -b = a + b."""
    a, b = operands
    if is_number(b, 0.0):
        return a
    if is_number(a, -0.0):
        return emit(builder, "neg", b)
    if a is b and a.kind is Kind.INT:
        return Constant(0, Kind.INT)
    minus = _negated(builder, b)
    return emit(builder, "add", a, minus) if minus is not None else None


def mul(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a * 1 = a; a * -1 = -a; -a * b = -(a * b); a * 0 = 0 of integers."""
    a, b = operands
    if a.kind.is_complex:  # x*(1+0j) turns inf+0j into inf+nanj
        return None
    if isinstance(a, Constant) or isinstance(b, Constant):
        for x, y in ((a, b), (b, a)):
            if is_number(y, 1.0):
                return x
            if is_number(y, -1.0):
                return emit(builder, "neg", x)
            if x.kind is Kind.INT and is_number(y, 0):
                return y
    for x, y in ((a, b), (b, a)):
        minus = _negated(builder, x)
        if minus is not None:
            return emit(builder, "neg", emit(builder, "mul", *((minus, y) if x is a else (y, minus))))
    return None


def div(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a / 1 = a; a / -1 = -a; -a / b = -(a / b)."""
    a, b = operands
    if a.kind.is_complex:
        return None
    if is_number(b, 1.0):
        return a
    if is_number(b, -1.0):
        return emit(builder, "neg", a)
    minus = _negated(builder, a)
    if minus is not None:
        return emit(builder, "neg", emit(builder, "div", minus, b))
    return None


def neg(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """--a = a."""
    return _negated(builder, operands[0])


def power(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a ** 1 = a; a ** 2 = a * a, as NumPy squares; a ** 0 = 1."""
    a, b = operands
    if not isinstance(b, Constant) or a.kind.is_complex:
        return None
    if b.value == 1:
        return a
    if b.value == 2:  # NumPy squares too
        return emit(builder, "mul", a, a)
    if b.value == 0:
        return Constant(1, a.kind)
    return None


def floordiv(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a // 1 = a of integers."""
    return operands[0] if operands[0].kind is Kind.INT and is_number(operands[1], 1) else None


def mod(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a % 1 = 0 of integers."""
    return Constant(0, Kind.INT) if operands[0].kind is Kind.INT and is_number(operands[1], 1) else None


def shift(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """a << 0 = a."""
    return operands[0] if is_number(operands[1], 0) else None


def idempotent(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """min(a, a) = a."""
    return operands[0] if operands[0] is operands[1] else None


def compare(same: bool) -> Identity:
    """A comparison of an integer or truth value with itself."""
    def rule(builder: Builder, operands: Sequence[Value]) -> Value | None:
        a, b = operands
        return Constant(same, Kind.BOOL) if a is b and a.kind in (Kind.INT, Kind.BOOL) else None
    return rule


def lattice(neutral: bool) -> Identity:
    """`and` (neutral True) and `or` (neutral False)."""
    def rule(builder: Builder, operands: Sequence[Value]) -> Value | None:
        a, b = operands
        for x, y in ((a, b), (b, a)):
            if isinstance(y, Constant):
                return x if y.value is neutral else y
        return a if a is b else None
    return rule


def not_(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """not not a = a."""
    op = _made_by(builder, operands[0], "not")
    return op.operands[0] if op is not None else None


def select(builder: Builder, operands: Sequence[Value]) -> Value | None:
    """One of the two where it is known which, or they are one; of truth values, the condition."""
    c, a, b = operands
    if isinstance(c, Constant):
        return a if c.value else b
    if a is b or a == b:
        return a
    if isinstance(a, Constant) and isinstance(b, Constant) and a.kind is b.kind is Kind.BOOL:
        return c if a.value else emit(builder, "not", c)
    op = _made_by(builder, c, "not")
    return emit(builder, "select", op.operands[0], b, a) if op is not None else None


def part(position: int) -> Identity:
    """The real (0) or imaginary (1) part of what was made of parts."""
    def rule(builder: Builder, operands: Sequence[Value]) -> Value | None:
        op = _made_by(builder, operands[0], "complex")
        return op.operands[position] if op is not None else None
    return rule
