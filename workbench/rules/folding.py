"""What is known while a program is built: constants are folded, IEEE-safe identities are applied.

Invariants. A folded float is what NumPy gives at run time (transcendental functions are not folded: libraries differ in
the last place). An integer operation whose exact result leaves int64, a division by a constant zero and a conversion
that NumPy leaves undefined are not folded. Identities that hand back an operand are for scalars only: an array result
is always a new value, or two names would share one buffer. `0 * x` and `x + 0.0` are no identities.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.ir import Builder, Constant, Kind, Op, Value
from workbench.rules.primitive import Primitive

Emit = Callable[..., Value]

_EXACT_INT: dict[str, Callable[..., int]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "neg": operator.neg, "abs": abs,
    "square": lambda a: a * a, "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow,
    "lshift": operator.lshift, "rshift": operator.rshift,
}


def constant(number: Any, kind: Kind) -> Constant:
    """A constant of a kind."""
    return Constant(number, kind)


def fold_constants(primitive: Primitive, operands: Sequence[Value], attrs: Mapping[str, Any],
                   kind: Kind) -> Constant | None:
    """The constant result of constant operands, where it is safe to know it now."""
    values: list[Any] = []
    for operand in operands:
        if not isinstance(operand, Constant):
            return None
        values.append(operand.value)
    if kind is Kind.INT and primitive.name in _EXACT_INT:
        return _fold_int(primitive.name, values)
    if primitive.transcendental:
        return None
    if primitive.name == "cast":
        return _fold_cast(values[0], kind)
    if any(v.kind is Kind.INT for v in operands) and kind is Kind.INT and primitive.name == "fmod" and not values[1]:
        return None
    with np.errstate(all="ignore"):
        result = primitive.numpy(*(v.kind.dtype.type(x) for v, x in zip(operands, values, strict=True)), **attrs)
    return Constant(np.asarray(result).item(), kind)


def _fold_int(name: str, values: list[int]) -> Constant | None:
    if name in ("floordiv", "mod") and values[1] == 0:
        return None
    if name in ("lshift", "rshift") and not 0 <= values[1] < 64:
        return None
    if name == "pow" and not 0 <= values[1] < 64 and abs(values[0]) > 1:
        return None
    if name == "pow" and values[1] < 0:
        return None
    result = _EXACT_INT[name](*values)
    return Constant(result, Kind.INT) if -2**63 <= result < 2**63 else None


def _fold_cast(value: Any, kind: Kind) -> Constant | None:
    if kind is Kind.INT:
        if isinstance(value, float) and not (math.isfinite(value) and -2.0**63 <= value < 2.0**63):
            return None
        return Constant(int(value), kind)
    with np.errstate(all="ignore"):
        return Constant(kind.dtype.type(value).item(), kind)


def is_number(value: Value, number: float) -> bool:
    """True for the real constant of this value and this sign of zero."""
    if not isinstance(value, Constant) or isinstance(value.value, (bool, complex)):
        return False
    return bool(value.value == number) and (
        number != 0 or isinstance(value.value, int) or math.copysign(1.0, value.value) == math.copysign(1.0, number))


def simplify(builder: Builder, emit: Emit, name: str, operands: Sequence[Value],
             attrs: Mapping[str, Any]) -> Value | None:
    """A value equal to a *scalar* operation, bit for bit, that costs less; None where there is none."""
    rule = _IDENTITIES.get(name)
    return rule(builder, emit, operands) if rule is not None else None


def _negated(builder: Builder, value: Value) -> Value | None:
    """x where the value is -x."""
    op = builder.definitions.get(value)
    return op.operands[0] if op is not None and op.prim == "neg" else None


def _made_by(builder: Builder, value: Value, prim: str) -> Op | None:
    op = builder.definitions.get(value)
    return op if op is not None and op.prim == prim else None


def _add(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
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


def _sub(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    a, b = operands
    if is_number(b, 0.0):
        return a
    if is_number(a, -0.0):
        return emit(builder, "neg", b)
    if a is b and a.kind is Kind.INT:
        return Constant(0, Kind.INT)
    minus = _negated(builder, b)
    return emit(builder, "add", a, minus) if minus is not None else None


def _mul(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    a, b = operands
    if a.kind.is_complex:  # x*(1+0j) turns inf+0j into inf+nanj
        return None
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


def _div(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
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


def _neg(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    return _negated(builder, operands[0])


def _pow(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
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


def _floordiv(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    return operands[0] if operands[0].kind is Kind.INT and is_number(operands[1], 1) else None


def _mod(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    return Constant(0, Kind.INT) if operands[0].kind is Kind.INT and is_number(operands[1], 1) else None


def _shift(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    return operands[0] if is_number(operands[1], 0) else None


def _idempotent(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    return operands[0] if operands[0] is operands[1] else None


def _compare(same: bool) -> Callable[[Builder, Emit, Sequence[Value]], Value | None]:
    def rule(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
        a, b = operands
        return Constant(same, Kind.BOOL) if a is b and a.kind in (Kind.INT, Kind.BOOL) else None
    return rule


def _lattice(neutral: bool) -> Callable[[Builder, Emit, Sequence[Value]], Value | None]:
    """`and` (neutral True) and `or` (neutral False)."""
    def rule(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
        a, b = operands
        for x, y in ((a, b), (b, a)):
            if isinstance(y, Constant):
                return x if y.value is neutral else y
        return a if a is b else None
    return rule


def _not(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    op = _made_by(builder, operands[0], "not")
    return op.operands[0] if op is not None else None


def _select(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
    c, a, b = operands
    if isinstance(c, Constant):
        return a if c.value else b
    if a is b or a == b:
        return a
    if isinstance(a, Constant) and isinstance(b, Constant) and a.kind is b.kind is Kind.BOOL:
        return c if a.value else emit(builder, "not", c)
    op = _made_by(builder, c, "not")
    return emit(builder, "select", op.operands[0], b, a) if op is not None else None


def _part(position: int) -> Callable[[Builder, Emit, Sequence[Value]], Value | None]:
    def rule(builder: Builder, emit: Emit, operands: Sequence[Value]) -> Value | None:
        op = _made_by(builder, operands[0], "complex")
        return op.operands[position] if op is not None else None
    return rule


_IDENTITIES: dict[str, Callable[[Builder, Emit, Sequence[Value]], Value | None]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "neg": _neg, "pow": _pow, "floordiv": _floordiv, "mod": _mod,
    "lshift": _shift, "rshift": _shift, "minimum": _idempotent, "maximum": _idempotent, "lt": _compare(False),
    "gt": _compare(False), "ne": _compare(False), "le": _compare(True), "ge": _compare(True), "eq": _compare(True),
    "and": _lattice(True), "or": _lattice(False), "not": _not, "select": _select, "real": _part(0), "imag": _part(1),
}
