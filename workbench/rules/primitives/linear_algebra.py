"""Matrix products of ranks 1 and 2, and batched ones of equal rank (batch dimensions equal, or 1).

`turned`: which operands have their last two axes exchanged. Programs that are about to be emitted have such products
alone: the library reads a matrix by columns as well as by rows.

Source: Giles (2008), section 2.2.1; the adjoint conjugates, for the complex inner product.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.ir import ArrayType, Kind, Op, Value
from workbench.rules.costs import matrices as costs
from workbench.rules.functions import conj, matmul, one_dim, reshape, shape, sum_to, swap_last
from workbench.rules.primitive import NUMBER, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import draw
from workbench.rules.typing import array, broadcast_dims, shaped


def _product(a: Any, b: Any, turned: tuple[bool, bool] = (False, False)) -> Any:
    return np.matmul(*(np.swapaxes(v, -1, -2) if t else v for v, t in zip((a, b), turned, strict=True)))


def _types(operands: Sequence[Value], attrs: Attrs) -> Types:
    a, b = (_turned(array(v, "matmul")) if t else array(v, "matmul")
            for v, t in zip(operands, attrs.get("turned", (False, False)), strict=True))
    if a.kind is not b.kind or a.kind not in NUMBER:
        raise TypeError(f"matmul of {a.kind.value} and {b.kind.value}")
    if a.rank <= 2 and b.rank <= 2:
        return (shaped(a.kind, a.dims[:-1] + b.dims[-1:] * (b.rank - 1)),)
    if a.rank != b.rank:
        raise TypeError(f"matmul of ranks {a.rank} and {b.rank}: give both the same batch axes")
    return (shaped(a.kind, (*broadcast_dims([a.dims[:-2], b.dims[:-2]]), a.dims[-2], b.dims[-1])),)


def _turned(type_: ArrayType) -> ArrayType:
    *lead, m, n = type_.dims
    return ArrayType(type_.kind, (*lead, n, m))


def _outer(a: Any, b: Any) -> Any:
    """Column a times row b."""
    return reshape(a, (*shape(a), one_dim(a))) * reshape(b, (one_dim(b), *shape(b)))


def _vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar y^H; y_bar = x^H f_bar`."""
    a, b = xs
    ranks = (len(shape(a)), len(shape(b)))
    if ranks == (1, 1):
        return y_bar * conj(b if k == 0 else a)
    if ranks == (1, 2):
        return matmul(conj(b), y_bar) if k == 0 else _outer(conj(a), y_bar)
    if ranks == (2, 1):
        return _outer(y_bar, conj(b)) if k == 0 else matmul(y_bar, conj(a))
    if k == 0:
        return sum_to(matmul(y_bar, swap_last(conj(b))), shape(a))
    return sum_to(matmul(swap_last(conj(a)), y_bar), shape(b))


def _jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    parts = [matmul(tangents[0], xs[1])] if tangents[0] is not None else []
    if tangents[1] is not None:
        parts.append(matmul(xs[0], tangents[1]))
    return parts[0] if len(parts) == 1 else parts[0] + parts[1]


def _samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((2, 3, 2), (2, 2, 3)), ((1, 3, 2), (4, 2, 3)),
        ((1, 1), (1, 1)), ((2, 0), (0, 3)), ((0, 2), (2, 3)), ((1,), (1,)), ((0,), (0,)), ((2, 2, 1, 3), (1, 2, 3, 2)),
    ]
    return [Sample((draw(rng, kind, a), draw(rng, kind, b))) for a, b in shapes]


register(Primitive("matmul", _product, _types, 2, kinds=(NUMBER,),
                   callables=(np.matmul, operator.matmul, operator.imatmul), vjp=_vjp, jvp=_jvp, flops=2,
                   cost=costs.product, samples=_samples))
