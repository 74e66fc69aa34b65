"""Overloaded operands: the same rule runs on numbers, on NumPy arrays, and on IR.

An `Expr` stands for an IR value; arithmetic on it emits operations. Its value may be a thunk, called at first use, so
that running a rule finds what it needs of the primal. The functions here (`sin(e)`, `where(c, a, b)`, `sum_(e, axes)`)
compute with NumPy where no operand is an `Expr`.

Kinds: Python numbers take the kind of the `Expr` they meet; integers and bools meet floats as that float; a real
meets a complex as complex of the wider precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import Builder, Constant, Kind, Type, Value, promote
from workbench.rules.emission import emit, emit_all
from workbench.rules.primitive import get

Shape = tuple[Any, ...]


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
        return transpose(self, tuple(reversed(range(self.rank))))

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
        return apply("neg", self)

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
        return apply("invert", self)

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
        return promote(kind, Kind.C64) if kind.is_inexact else Kind.C128
    if kind is Kind.INT and any(isinstance(v, (float, np.floating)) for v in operands):
        return Kind.F64
    if kind is Kind.BOOL and any(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in operands):
        return Kind.INT
    return kind


def _join(kinds: set[Kind]) -> Kind:
    inexact = [k for k in kinds if k.is_inexact]
    return promote(*(inexact or kinds))


def _elementwise(name: str) -> Callable[..., Any]:
    def function(*operands: Any) -> Any:
        return apply(name, *operands)
    function.__name__ = name
    function.__doc__ = f"`{name}` of numbers, arrays or expressions."
    return function


sin, cos, tan = _elementwise("sin"), _elementwise("cos"), _elementwise("tan")
sinh, cosh, tanh = _elementwise("sinh"), _elementwise("cosh"), _elementwise("tanh")
sqrt, square = _elementwise("sqrt"), _elementwise("square")
exp, exp2, log = _elementwise("exp"), _elementwise("exp2"), _elementwise("log")
sign, trunc, rint = _elementwise("sign"), _elementwise("trunc"), _elementwise("rint")
floordiv, copysign, ldexp = _elementwise("floordiv"), _elementwise("copysign"), _elementwise("ldexp")
digamma, polygamma = _elementwise("digamma"), _elementwise("polygamma")
isnan, power, logical_not = _elementwise("isnan"), _elementwise("pow"), _elementwise("not")


def where(condition: Any, a: Any, b: Any) -> Any:
    """a where the condition holds, else b."""
    if isinstance(condition, (bool, np.bool_)) and builder_of((a, b)) is not None:
        return a if condition else b
    return apply("select", condition, a, b)


# ---------------------------------------------------------------------- kinds
def kind_of_value(x: Any) -> Kind:
    """The kind of an expression, array or number."""
    if isinstance(x, Expr):
        return x.kind
    dtype = _dtype(x)
    return next(k for k in Kind if k.dtype == dtype)


def _dtype(x: Any) -> np.dtype[Any]:
    found = getattr(x, "dtype", None)  # (what stands for an array has one, but is none)
    return np.asarray(x).dtype if found is None else found


def astype(x: Any, kind: Kind) -> Any:
    """x with another kind. A complex value becomes real by its real part."""
    if type(x) in (bool, int, float, complex):  # (NumPy's float64 is a float too)
        return x
    if kind_of_value(x).is_complex and not kind.is_complex:
        x = real(x)
    return x if kind_of_value(x) is kind else apply("cast", x, kind=kind)


def constant_like(x: Any, number: float) -> Any:
    """The number with the kind of x (rank 0)."""
    if isinstance(x, Expr):
        return Expr(x.builder, Constant(number, x.kind))
    return _dtype(x).type(number)


def real(x: Any) -> Any:
    """Real part (x itself where it is real)."""
    return apply("real", x) if kind_of_value(x).is_complex else x


def imag(x: Any) -> Any:
    """Imaginary part of a complex value."""
    return apply("imag", x)


def conj(x: Any) -> Any:
    """Conjugate (x itself where it is real)."""
    return apply("conj", x) if kind_of_value(x).is_complex else x


def complex_(re: Any, im: Any) -> Any:
    """re + i im."""
    return apply("complex", re, im)


# ---------------------------------------------------------------------- shapes
def shape(x: Any) -> Shape:
    """Dimensions: IR values, or integers of an array; () of a scalar."""
    return x.dims if isinstance(x, Expr) else np.shape(x)


def _is_one(dim: Any) -> bool:
    return bool(dim.value == 1) if isinstance(dim, Constant) else isinstance(dim, int) and dim == 1


def one_dim(x: Any) -> Any:
    """A dimension of 1, as `shape(x)` would hold it."""
    return Constant(1, Kind.INT) if isinstance(x, Expr) else 1


def reshape(x: Any, dims: Shape) -> Any:
    """x with other dimensions, in row-major order."""
    if isinstance(x, Expr):
        return x if x.dims == dims else Expr(x.builder, emit(x.builder, "reshape", x.value, *dims))
    return np.reshape(x, dims)


def broadcast_to(x: Any, dims: Shape) -> Any:
    """x repeated to these dimensions (a scalar fills them)."""
    if not isinstance(x, Expr):
        return np.array(np.broadcast_to(x, dims))
    if x.dims == dims:
        return x
    return Expr(x.builder, emit(x.builder, "broadcast" if x.dims else "full", x.value, *dims))


def filled(x: Any, y: Any) -> Any:
    """x repeated to the shape of y."""
    dims = shape(y)
    return x if shape(x) == dims or not dims else broadcast_to(x, dims)


def merge_leading(x: Any, count: int) -> Any:
    """x with its first `count` axes made one."""
    if count == 1:
        return x
    dims = shape(x)
    if not isinstance(x, Expr):
        return np.reshape(x, (math.prod(dims[:count]), *dims[count:]))
    size = dims[0]
    for dim in dims[1:count]:
        size = emit(x.builder, "mul", size, dim)
    return reshape(x, (size, *dims[count:]))


def transpose(x: Any, perm: tuple[int, ...]) -> Any:
    """Axes permuted: axis k of the result is axis perm[k] of x."""
    if perm == tuple(range(len(perm))):
        return x
    return apply("transpose", x, perm=perm)


def swap_last(x: Any) -> Any:
    """The last two axes swapped."""
    rank = len(shape(x))
    return transpose(x, (*range(rank - 2), rank - 1, rank - 2))


def sum_(x: Any, axes: tuple[int, ...]) -> Any:
    """Sum over axes (x itself where there are none)."""
    return apply("sum", x, axes=axes) if axes else x


def expand(x: Any, axes: tuple[int, ...], dims: Shape) -> Any:
    """x, from which `axes` were reduced, repeated over them to `dims`."""
    return broadcast_to(keep(x, axes, dims), dims)


def keep(x: Any, axes: tuple[int, ...], dims: Shape) -> Any:
    """x, from which `axes` were reduced, with those axes back at length 1 (a scalar stays one): it broadcasts."""
    if len(axes) == len(dims):
        return x
    return reshape(x, tuple(one_dim(x) if k in axes else d for k, d in enumerate(dims)))


def sum_to(x: Any, dims: Shape) -> Any:
    """The adjoint of broadcasting `dims` to the shape of x: sums over what was repeated."""
    found = shape(x)
    lead = len(found) - len(dims)
    axes = tuple(range(lead)) + tuple(
        lead + k for k, d in enumerate(dims) if _is_one(d) and not _is_one(found[lead + k]))
    if not axes:
        return x
    summed = sum_(x, axes)
    if len(shape(summed)) == len(dims):
        return summed
    return reshape(summed, dims) if shape(summed) else broadcast_to(summed, dims)


def matmul(a: Any, b: Any) -> Any:
    """Matrix product."""
    return apply("matmul", a, b)
