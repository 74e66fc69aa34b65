"""`emit`, the typed smart constructor that everything uses to make operations.

It computes the result type from the table, folds what is known, and appends the operation to the builder. Operands of
arithmetic must have equal kind: callers cast. An array result is always a new value (but a `cast` to the same kind,
which hands back its operand: emit `copy` where a new buffer is meant).
"""

from __future__ import annotations

from typing import Any

from workbench.ir import Builder, ScalarType, Value
from workbench.rules.folding import fold_constants
from workbench.rules.primitive import Primitive, get


def emit(builder: Builder, name: str, *operands: Value, **attrs: Any) -> Value:
    """Append the operation `name`, or find a value that equals it; gives its result.

    operands: IR values; attrs: the operation's attributes (`axes=`, `kind=`, `perm=`, `fixed=`, ...).
    Raises KeyError for an unknown primitive, TypeError for operands that it does not take, ValueError for constant
    dimensions that do not broadcast.

    >>> from workbench.ir import Builder, Constant, Kind, ScalarType, print_function
    >>> b = Builder("f")
    >>> x = b.param(ScalarType(Kind.F64), "x")
    >>> y = emit(b, "mul", emit(b, "sin", x), Constant(1.0, Kind.F64))
    >>> print(print_function(b.finish([y])))
    func f(x: f64):
      t.0: f64 = sin(x)
      return t.0
    """
    primitive = get(name)
    if primitive.results > 1:
        raise ValueError(f"{name} has {primitive.results} results")
    return _one(builder, primitive, builder.resolved(operands), attrs)


def emit_all(builder: Builder, name: str, *operands: Value, **attrs: Any) -> tuple[Value, ...]:
    """As `emit`, for operations with any number of results."""
    values = builder.resolved(operands)
    primitive = get(name)
    if primitive.results > 1:
        return builder.emit(name, values, primitive.result_types(values, attrs), attrs)
    return (_one(builder, primitive, values, attrs),)


def _one(builder: Builder, primitive: Primitive, values: tuple[Value, ...], attrs: dict[str, Any]) -> Value:
    if "loose" in attrs:
        rest = {key: value for key, value in attrs.items() if key != "loose"}
        if builder.loose:
            return _one(builder, primitive, values, rest)
        with builder.rounding(loose=True):
            return _one(builder, primitive, values, rest)
    if primitive.instead is not None:
        other = primitive.instead(builder, values, attrs)
        if isinstance(other, Value):
            return other
        primitive = get(other) if other is not None else primitive
    (type_,) = primitive.result_types(values, attrs)
    if primitive.elementwise and type(type_) is ScalarType:
        known: Value | None = fold_constants(primitive, values, attrs, type_.kind)
        if known is None and primitive.simpler is not None:
            known = primitive.simpler(builder, values)
        if known is not None:
            return known
    return builder.emit(primitive.name, values, (type_,), attrs)[0]


def effect(builder: Builder, name: str, *operands: Value, **attrs: Any) -> None:
    """Append an operation without results (`check`)."""
    get(name).result_types(operands, attrs)
    builder.effect(name, operands, **attrs)
