"""Shapes: reshape, transpose, broadcast, copies, and cumulative sums and products.

`cumsum` and `cumprod` have attrs `axis` and `reverse` (from the end; False where it is left out).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import ArrayType, Kind, Op, Value
from workbench.rules.costs import memory as costs
from workbench.rules.expr import apply
from workbench.rules.functions import broadcast_to, conj, reshape, shape, sum_, sum_to, transpose
from workbench.rules.loops import exclusive_product, products_tangent, recurrence
from workbench.rules.primitive import ANY, NUMBER, Attrs, Primitive, Sample, Types, register
from workbench.rules.primitives.memory import duplicate
from workbench.rules.samples import draw
from workbench.rules.typing import array, dimension


# ---------------------------------------------------------------------- reshape
def _reshape_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    dims = tuple(dimension(d) for d in operands[1:])
    if not dims:
        raise TypeError("reshape to a scalar: load the element")
    return (ArrayType(array(operands[0], "reshape").kind, dims),)


def _reshape_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = reshape(f_bar, shape of x)`."""
    return reshape(y_bar, shape(xs[0])) if k == 0 else None


def _reshape_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return reshape(tangents[0], shape(y))


def _reshape_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((2, 3), (6,)), ((6,), (3, 2)), ((2, 3), (3, 2)), ((1,), (1, 1)), ((0, 2), (0,)), ((2, 2, 2), (4, 2))]
    return [Sample((draw(rng, kind, a), *b)) for a, b in cases]


register(Primitive("reshape", lambda a, *dims: np.reshape(a, dims), _reshape_types,
                   cost=costs.copied, kinds=(ANY, frozenset({Kind.INT})),
                   vjp=_reshape_vjp, jvp=_reshape_jvp, samples=_reshape_samples))


# ---------------------------------------------------------------------- transpose
def _transpose_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_, perm = array(operands[0], "transpose"), attrs["perm"]
    if sorted(perm) != list(range(type_.rank)):
        raise TypeError(f"transpose by {perm} of rank {type_.rank}")
    return (ArrayType(type_.kind, tuple(type_.dims[k] for k in perm)),)


def _transpose_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = transpose(f_bar, inverse permutation)`."""
    return transpose(y_bar, tuple(int(p) for p in np.argsort(op.attrs["perm"])))


def _transpose_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return transpose(tangents[0], op.attrs["perm"])


def _transpose_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    cases = [((2, 3), (1, 0)), ((2, 3, 4), (1, 2, 0)), ((2, 3, 4), (2, 1, 0)), ((1, 2), (1, 0)), ((0, 2), (1, 0)),
             ((3,), (0,))]
    return [Sample((draw(rng, kind, a),), {"perm": perm}) for a, perm in cases]


register(Primitive("transpose", lambda a, perm: np.transpose(a, perm), _transpose_types, 1, vjp=_transpose_vjp,
                   jvp=_transpose_jvp, samples=_transpose_samples))


# ---------------------------------------------------------------------- broadcast, copy, full
def _broadcast_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_, dims = array(operands[0], "broadcast"), tuple(dimension(d) for d in operands[1:])
    if len(dims) < type_.rank:
        raise TypeError(f"broadcast of rank {type_.rank} to rank {len(dims)}")
    return (ArrayType(type_.kind, dims),)


def _broadcast_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = sum of f_bar over the axes that were repeated`."""
    return sum_to(y_bar, shape(xs[0])) if k == 0 else None


def _broadcast_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return broadcast_to(tangents[0], shape(y))


def _broadcast_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((3,), (2, 3)), ((2, 1), (2, 3)), ((1,), (4,)), ((1, 1), (2, 3)), ((3,), (3,)), ((1,), (0,)),
        ((2, 1, 3), (4, 2, 2, 3))]
    return [Sample((draw(rng, kind, a), *b)) for a, b in cases]


register(Primitive("broadcast", lambda a, *dims: np.broadcast_to(a, dims), _broadcast_types,
                   kinds=(ANY, frozenset({Kind.INT})), vjp=_broadcast_vjp, jvp=_broadcast_jvp,
                   samples=_broadcast_samples))


def _copy_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    return (array(operands[0], "copy"),)


def _identity_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar`."""
    return y_bar


def _identity_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return tangents[0]


def _copy_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((draw(rng, kind, dims),)) for dims in ((3,), (2, 2), (0,), (1,))]


register(Primitive("copy", duplicate, _copy_types, 1, cost=costs.copied, vjp=_identity_vjp, jvp=_identity_jvp,
                   samples=_copy_samples))


def _full_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    if operands[0].is_array or len(operands) < 2:
        raise TypeError("full takes a scalar and dimensions")
    return (ArrayType(operands[0].kind, tuple(dimension(d) for d in operands[1:])),)


def _full_numpy(value: Any, *dims: int) -> Any:
    return np.full(dims, value, np.result_type(value))


def _full_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = sum(f_bar)`."""
    return sum_(y_bar, tuple(range(len(shape(y_bar))))) if k == 0 else None


def _full_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return broadcast_to(tangents[0], shape(y))


def _full_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [Sample((draw(rng, kind, ())[()], *dims)) for dims in ((3,), (2, 2), (0,), (1,))]


register(Primitive("full", _full_numpy, _full_types, cost=costs.filled,
                   kinds=(ANY, frozenset({Kind.INT})), vjp=_full_vjp, jvp=_full_jvp,
                   samples=_full_samples))


# ---------------------------------------------------------------------- cumulative
def _cumulative_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_ = array(operands[0], "cumsum")
    if type_.kind not in NUMBER or not 0 <= attrs["axis"] < type_.rank:
        raise TypeError(f"cumsum of {type_} over axis {attrs['axis']}")
    return (type_,)


def _cumulative(ufunc: Any) -> Any:
    def evaluate(a: Any, axis: int, reverse: bool = False) -> Any:
        if reverse:
            return np.flip(ufunc.accumulate(np.flip(a, axis), axis, a.dtype), axis)
        return ufunc.accumulate(a, axis, a.dtype)
    return evaluate


def _cumsum_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = cumsum(f_bar) from the other end`."""
    return apply("cumsum", y_bar, axis=op.attrs["axis"], reverse=not op.attrs.get("reverse", False))


def _cumsum_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return apply("cumsum", tangents[0], **op.attrs)


def _leading(x: Any, axis: int) -> Any:
    """The axis swapped with the first (its own inverse)."""
    perm = list(range(len(shape(x))))
    perm[0], perm[axis] = perm[axis], perm[0]
    return transpose(x, tuple(perm))


def _cumprod_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar[i] = conj(p[i - 1]) r[i], with r[i] = f_bar[i] + conj(x[i + 1]) r[i + 1] and p the products`."""
    axis, reverse = op.attrs["axis"], op.attrs.get("reverse", False)
    x, bar = _leading(conj(xs[0]), axis), _leading(y_bar, axis)
    return _leading(exclusive_product(x, reverse) * recurrence(x, bar, not reverse), axis)


def _cumprod_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    axis, reverse = op.attrs["axis"], op.attrs.get("reverse", False)
    return _leading(products_tangent(_leading(xs[0], axis), _leading(tangents[0], axis), reverse), axis)


def _cumulative_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    cases = [((4,), 0, False), ((4,), 0, True), ((2, 3), 0, False), ((2, 3), 1, False), ((2, 3), 1, True),
             ((1,), 0, False), ((0,), 0, False), ((2, 3, 2), 1, False)]
    return [Sample((draw(rng, kind, dims),), {"axis": axis, "reverse": reverse}) for dims, axis, reverse in cases]


register(Primitive("cumsum", _cumulative(np.add), _cumulative_types, 1, kinds=(NUMBER,), callables=(np.cumsum,),
                   vjp=_cumsum_vjp, jvp=_cumsum_jvp, flops=1, samples=_cumulative_samples))
register(Primitive("cumprod", _cumulative(np.multiply), _cumulative_types, 1, kinds=(NUMBER,), callables=(np.cumprod,),
                   vjp=_cumprod_vjp, jvp=_cumprod_jvp, flops=1, samples=_cumulative_samples))
