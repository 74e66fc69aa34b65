"""Overloaded operands: the same rule runs on numbers, on NumPy arrays, and on IR.

An `Expr` stands for an IR value; arithmetic on it emits operations. Its value may be a thunk, called at first use, so
that running a rule finds what it needs of the primal. `apply` computes with NumPy where no operand is an `Expr`;
`workbench.rules.functions` are the functions that rules are written in.

Kinds: Python numbers take the kind of the `Expr` they meet; integers and bools meet floats as that float; a real
meets a complex as complex of the wider precision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import Builder, Constant, Kind, Type, Value, promote
from workbench.rules.emission import emit, emit_all
from workbench.rules.primitive import get


class Expr:
    """An operand that emits IR. `.value` gives the IR value (calling the thunk if there is one). `known` finds what a
    primitive of this operand alone is, where the program has computed it."""

    __slots__ = ("_type", "_value", "builder", "known", "remembered")
    __array_ufunc__ = None  # a NumPy scalar on the left leaves the operation to us

    def __init__(self, builder: Builder, value: Value | Callable[[], Value], type_: Type | None = None,
                 known: Callable[[str], Value | None] | None = None) -> None:
        self.builder = builder
        self._value = value
        self._type = type_
        self.known = known
        self.remembered: dict[str, Any] = {}

    @property
    def value(self) -> Value:
        """The IR value."""
        if not isinstance(self._value, Value):
            self._value = self._value()
        return self.builder.resolve(self._value)

    @property
    def type(self) -> Type:
        """The type (known without the value where it was given)."""
        return self._type if self._type is not None else self.value.type

    @property
    def kind(self) -> Kind:
        """Scalar or element kind."""
        return self.type.kind

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return self.type.rank

    @property
    def dims(self) -> tuple[Value, ...]:
        """Dimensions."""
        return self.type.dims

    @property
    def T(self) -> Expr:
        """Transposed."""
        return self if self.rank < 2 else _of_one("transpose", self, perm=tuple(reversed(range(self.rank))))

    def __repr__(self) -> str:
        return f"Expr({'thunk' if not isinstance(self._value, Value) else self._value!r})"

    def __add__(self, other: Any) -> Any:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _binary("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _binary("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _binary("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _binary("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _binary("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _binary("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _binary("div", other, self)

    def __pow__(self, other: Any) -> Any:
        return _binary("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _binary("pow", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _binary("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _binary("floordiv", other, self)

    def __mod__(self, other: Any) -> Any:
        return _binary("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _binary("mod", other, self)

    def __matmul__(self, other: Any) -> Any:
        return _binary("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _binary("matmul", other, self)

    def __neg__(self) -> Expr:
        return _of_one("neg", self)

    def __lt__(self, other: Any) -> Any:
        return _binary("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return _binary("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return _binary("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return _binary("ge", self, other)

    def __eq__(self, other: object) -> Any:
        return _binary("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return _binary("ne", self, other)

    __hash__ = None  # type: ignore[assignment]

    def __and__(self, other: Any) -> Any:
        return _binary("bitand", self, other)

    def __or__(self, other: Any) -> Any:
        return _binary("bitor", self, other)

    def __xor__(self, other: Any) -> Any:
        return _binary("bitxor", self, other)

    def __invert__(self) -> Expr:
        return _of_one("invert", self)

    def __bool__(self) -> bool:
        raise TypeError("the truth of an IR value is not known here: use where()")


# ---------------------------------------------------------------------- applying primitives
def apply(name: str, *operands: Any, **attrs: Any) -> Any:
    """A primitive on mixed operands: emitted where one is an `Expr`, else computed with NumPy."""
    builder = builder_of(operands)
    if builder is None:
        return get(name).numpy(*operands, **attrs)
    if len(operands) == 1 and operands[0].known is not None and not attrs:
        found = operands[0].known(name)
        if found is not None:
            return Expr(builder, found)
    return Expr(builder, emit(builder, name, *_lift(builder, name, operands), **attrs))


def apply_all(name: str, *operands: Any, **attrs: Any) -> tuple[Any, ...]:
    """A primitive with several results on mixed operands."""
    builder = builder_of(operands)
    if builder is None:
        found: tuple[Any, ...] = get(name).numpy(*operands, **attrs)
        return found
    return tuple(Expr(builder, v) for v in emit_all(builder, name, *_lift(builder, name, operands), **attrs))


def once(x: Any, key: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, made once for an expression: what the cotangents of several operands share."""
    if not isinstance(x, Expr):
        return make()
    if key not in x.remembered:
        x.remembered[key] = make()
    return x.remembered[key]


def builder_of(operands: Sequence[Any]) -> Builder | None:
    """The builder of the first `Expr` among the operands."""
    return next((v.builder for v in operands if isinstance(v, Expr)), None)


def _of_one(name: str, x: Expr, **attrs: Any) -> Expr:
    found: Expr = apply(name, x, **attrs)
    return found


def _binary(name: str, a: Any, b: Any) -> Any:
    if not all(isinstance(v, (Expr, bool, int, float, complex, np.generic)) for v in (a, b)):
        return NotImplemented
    return apply(name, a, b)


def _lift(builder: Builder, name: str, operands: Sequence[Any]) -> list[Value]:
    """IR values of one kind: numbers become constants, kinds are joined; where integers or truth values are meant, they
    stay."""
    primitive = get(name)
    whole = [primitive.is_whole(position) for position in range(len(operands))]
    given = [v for v in operands if isinstance(v, Expr)]
    inexact = any(v.kind.is_inexact for v in given)
    kind = _common(operands, {v.kind for v, stays in zip(operands, whole, strict=True)
                              if isinstance(v, Expr) and not stays} or {v.kind for v in given})
    values: list[Value] = []
    for position, (operand, stays) in enumerate(zip(operands, whole, strict=True)):
        if not isinstance(operand, Expr):
            number = Kind.INT if primitive.takes(position, Kind.INT) else Kind.BOOL
            values.append(Constant(operand, number if stays else kind))
        elif stays or operand.kind is kind or (
                operand.kind is Kind.INT and inexact and position in primitive.integral):
            values.append(operand.value)
        else:
            values.append(emit(builder, "cast", operand.value, kind=kind))
    return values


def _common(operands: Sequence[Any], kinds: set[Kind]) -> Kind:
    """The kind that expressions of some kinds and numbers meet in."""
    kind = _join(kinds)
    if any(isinstance(v, (complex, np.complexfloating)) for v in operands):
        return kind.complex
    if kind is Kind.INT and any(isinstance(v, (float, np.floating)) for v in operands):
        return Kind.F64
    if kind is Kind.BOOL and any(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in operands):
        return Kind.INT
    return kind


def _join(kinds: set[Kind]) -> Kind:
    inexact = [k for k in kinds if k.is_inexact]
    return promote(*(inexact or kinds))
