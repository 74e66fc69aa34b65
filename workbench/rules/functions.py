"""The functions that rules are written in: of numbers, arrays and expressions alike.

Invariant: where no operand is an `Expr` they compute with NumPy, in the kinds that the operations of the IR would have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.ir import Constant, Kind
from workbench.rules.emission import emit
from workbench.rules.expr import Expr, apply, builder_of

Shape = tuple[Any, ...]


def _elementwise(name: str) -> Callable[..., Any]:
    def function(*operands: Any) -> Any:
        return apply(name, *operands)
    function.__name__ = name
    function.__doc__ = f"`{name}` of numbers, arrays or expressions."
    return function


sin, cos = _elementwise("sin"), _elementwise("cos")
sinh, cosh = _elementwise("sinh"), _elementwise("cosh")
sqrt = _elementwise("sqrt")
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
