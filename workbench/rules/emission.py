"""`emit`, the typed smart constructor that everything uses to make operations.

It computes the result type from the table, folds what is known, and appends the operation to the builder. Operands of
arithmetic must have equal kind: callers cast. An array result is always a new value (but a `cast` to the same kind,
which hands back its operand: emit `copy` where a new buffer is meant).
"""

from __future__ import annotations

from typing import Any

from workbench.ir import Builder, Constant, Kind, ScalarType, Value
from workbench.rules.folding import fold_constants, simplify
from workbench.rules.primitive import get

# what an operation is for operands of another kind than it is written for
_ON_BOOL = {"bitand": "and", "bitor": "or", "bitxor": "xor", "invert": "not"}


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
    (result,) = emit_all(builder, name, *operands, **attrs)
    return result


def emit_all(builder: Builder, name: str, *operands: Value, **attrs: Any) -> tuple[Value, ...]:
    """As `emit`, for operations with any number of results."""
    values = tuple(builder.resolve(v) for v in operands)
    primitive = get(name)
    if primitive.results > 1:
        return builder.emit(name, values, primitive.result_types(values, attrs), attrs)
    return (_one(builder, name, values, attrs),)


def _one(builder: Builder, name: str, values: tuple[Value, ...], attrs: dict[str, Any]) -> Value:
    if "loose" in attrs:
        with builder.rounding(loose=True):
            return _one(builder, name, values, {key: value for key, value in attrs.items() if key != "loose"})
    other = _for_kind(builder, name, values)
    if isinstance(other, Value):
        return other
    name = other
    primitive = get(name)
    (type_,) = primitive.result_types(values, attrs)
    if name == "cast" and values[0].kind is type_.kind:
        return values[0]
    if primitive.elementwise and isinstance(type_, ScalarType):
        folded: Value | None = fold_constants(primitive, values, attrs, type_.kind)
        if folded is None:
            folded = simplify(builder, emit, name, values, attrs)
        if folded is not None:
            return folded
    return builder.one(name, values, type_, **attrs)


def _for_kind(builder: Builder, name: str, values: tuple[Value, ...]) -> str | Value:
    """The name of the operation for operands of this kind, or the value where it is trivial."""
    kind = values[0].kind if values else Kind.INT
    if kind is Kind.BOOL and name in _ON_BOOL:
        return _ON_BOOL[name]
    if name == "abs" and kind.is_complex:
        return "modulus"
    if kind.is_complex:
        return name
    if name == "fmod" and kind is Kind.INT:
        return _truncated_mod(builder, *values)
    if name == "reciprocal" and kind.is_float:
        return emit(builder, "div", Constant(1, kind), values[0])
    if name in ("real", "conj"):
        return "copy" if values[0].is_array else values[0]
    if name == "imag":
        zero = Constant(0, kind)
        return emit(builder, "full", zero, *values[0].dims) if values[0].is_array else zero
    return name


def _truncated_mod(builder: Builder, a: Value, b: Value) -> Value:
    """The remainder with the sign of a, of integers (Numba's `np.fmod` of them has the sign of b)."""
    zero = Constant(0, Kind.INT)
    floored = emit(builder, "mod", a, b)
    signs = emit(builder, "ne", emit(builder, "lt", a, zero), emit(builder, "lt", b, zero))
    other = emit(builder, "and", emit(builder, "ne", floored, zero), signs)
    return emit(builder, "select", other, emit(builder, "sub", floored, b), floored)


def effect(builder: Builder, name: str, *operands: Value, **attrs: Any) -> None:
    """Append an operation without results (`check`)."""
    get(name).result_types(operands, attrs)
    builder.effect(name, operands, **attrs)
