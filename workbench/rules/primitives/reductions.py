"""Reductions over axes: sum, prod, max, min, any, all, argmax, argmin. (attrs `axes`: sorted, non-negative; the reduced
axes vanish, and the result is a scalar where they are all.)

`max` and `min` split a tie equally. `prod` is right with zeros, to any order: its derivative is made of exclusive
products, not of a quotient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import Kind, Op, Value
from workbench.rules.functions import (
    conj,
    constant_like,
    expand,
    keep,
    merge_leading,
    reshape,
    shape,
    sum_,
    transpose,
    where,
)
from workbench.rules.loops import exclusive_product
from workbench.rules.primitive import BOOL, NUMBER, REAL, Attrs, Primitive, Sample, Types, register
from workbench.rules.samples import draw
from workbench.rules.typing import array, shaped

Axes = tuple[int, ...]


def _types(name: str, kinds: frozenset[Kind], result: Kind | None = None) -> Callable[..., Types]:
    def rule(operands: Sequence[Value], attrs: Attrs) -> Types:
        type_ = array(operands[0], name)
        axes = attrs["axes"]
        if type_.kind not in kinds:
            raise TypeError(f"{name} does not take {type_.kind.value}")
        if not axes or list(axes) != sorted(set(axes)) or not 0 <= axes[0] <= axes[-1] < type_.rank:
            raise TypeError(f"{name} over axes {axes} of rank {type_.rank}")
        return (shaped(result or type_.kind, tuple(d for k, d in enumerate(type_.dims) if k not in axes)),)
    return rule


def _reduction(ufunc: Any) -> Callable[..., Any]:
    def evaluate(a: Any, axes: Axes) -> Any:
        return ufunc(a, axis=axes)
    return evaluate


def _extremum(ufunc: Any, lowest: bool) -> Callable[..., Any]:
    """Of nothing, what is joined with any element without changing it (whoever emits it checks that there is one)."""
    def evaluate(a: Any, axes: Axes) -> Any:
        if np.size(a):
            return ufunc(a, axis=axes)
        kind = np.asarray(a).dtype
        if kind.kind == "f":
            return ufunc(a, axis=axes, initial=-np.inf if lowest else np.inf)
        limits = (False, True) if kind.kind == "b" else (np.iinfo(kind).min, np.iinfo(kind).max)
        return ufunc(a, axis=axes, initial=limits[not lowest])
    return evaluate


def _sum(a: Any, axes: Axes) -> Any:
    return np.sum(a, axis=axes, dtype=a.dtype)


def _prod(a: Any, axes: Axes) -> Any:
    return np.prod(a, axis=axes, dtype=a.dtype)


def samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    """Arrays of ranks 1 to 3 and the ways to reduce them; sizes 0 and 1 too (where there is something to reduce)."""
    shapes: list[tuple[tuple[int, ...], Axes]] = [
        ((4,), (0,)), ((1,), (0,)), ((2, 3), (0,)), ((2, 3), (1,)), ((2, 3), (0, 1)), ((2, 3, 2), (0, 2)),
        ((2, 1, 2), (1,)), ((3, 0), (0,)),
    ]
    return [Sample((draw(rng, kind, dims),), {"axes": axes}) for dims, axes in shapes]


def _with_empty(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    return [*samples(rng, kind), Sample((draw(rng, kind, (0,)),), {"axes": (0,)})]


# ---------------------------------------------------------------------- sum
def _sum_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = broadcast(f_bar)`."""
    return expand(y_bar, op.attrs["axes"], shape(xs[0]))


def _sum_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    return sum_(tangents[0], op.attrs["axes"])


register(Primitive("sum", _sum, _types("sum", NUMBER), 1, kinds=(NUMBER,), callables=(np.sum,), vjp=_sum_vjp,
                   jvp=_sum_jvp, flops=1, samples=_with_empty))


# ---------------------------------------------------------------------- prod
def _others(x: Any, axes: Axes) -> Any:
    """For each element, the product of the others it is multiplied with (of the shape of x)."""
    dims = shape(x)
    rest = tuple(k for k in range(len(dims)) if k not in axes)
    moved = transpose(x, axes + rest)
    rows = merge_leading(moved, len(axes))
    product = exclusive_product(rows, False) * exclusive_product(rows, True)
    back = reshape(product, tuple(dims[k] for k in axes + rest)) if len(axes) > 1 else product
    return transpose(back, tuple(int(k) for k in np.argsort(axes + rest)))


def _prod_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar * conj(product of the other elements)`."""
    axes = op.attrs["axes"]
    return keep(y_bar, axes, shape(xs[0])) * conj(_others(xs[0], axes))


def _prod_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    axes = op.attrs["axes"]
    return sum_(tangents[0] * _others(xs[0], axes), axes)


register(Primitive("prod", _prod, _types("prod", NUMBER), 1, kinds=(NUMBER,), callables=(np.prod,), vjp=_prod_vjp,
                   jvp=_prod_jvp, flops=1, samples=_with_empty))


# ---------------------------------------------------------------------- max, min
def _winners(x: Any, y: Any, axes: Axes) -> tuple[Any, Any]:
    """Where an element equals the extremum, and how many do (in the kind of x)."""
    wins = x == keep(y, axes, shape(x))
    return wins, sum_(where(wins, constant_like(x, 1.0), constant_like(x, 0.0)), axes)


def _extremum_vjp(op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """`x_bar = f_bar / (number of ties) where x = f, else 0`."""
    axes, dims = op.attrs["axes"], shape(xs[0])
    wins, count = _winners(xs[0], y, axes)
    return where(wins, keep(y_bar / count, axes, dims), 0.0)


def _extremum_jvp(op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    axes, dims = op.attrs["axes"], shape(xs[0])
    wins, count = _winners(xs[0], y, axes)
    return sum_(where(wins, tangents[0] / keep(count, axes, dims), 0.0), axes)  # of nothing: 0


for _name, _function in (("max", np.max), ("min", np.min)):  # np.amax and np.amin are the same objects
    register(Primitive(_name, _extremum(_function, _name == "max"), _types(_name, REAL | BOOL), 1, kinds=(REAL | BOOL,),
                       callables=(_function,), vjp=_extremum_vjp, jvp=_extremum_jvp, flops=1, analytic=False,
                       samples=samples))

# ---------------------------------------------------------------------- truth
register(Primitive("any", _reduction(np.any), _types("any", BOOL, Kind.BOOL), 1, kinds=(BOOL,), callables=(np.any,),
                   analytic=False, samples=_with_empty))
register(Primitive("all", _reduction(np.all), _types("all", BOOL, Kind.BOOL), 1, kinds=(BOOL,), callables=(np.all,),
                   analytic=False, samples=_with_empty))


# ---------------------------------------------------------------------- positions
def _arg_types(operands: Sequence[Value], attrs: Attrs) -> Types:
    type_, axis = array(operands[0], "argmax"), attrs["axis"]
    if type_.kind not in REAL | BOOL:
        raise TypeError(f"argmax does not take {type_.kind.value}")
    if axis is not None and not 0 <= axis < type_.rank:
        raise TypeError(f"argmax over axis {axis} of rank {type_.rank}")
    return (shaped(Kind.INT, () if axis is None else tuple(d for k, d in enumerate(type_.dims) if k != axis)),)


def _arg_samples(rng: np.random.Generator, kind: Kind) -> list[Sample]:
    cases: list[tuple[tuple[int, ...], int | None]] = [((4,), None), ((4,), 0), ((2, 3), None), ((2, 3), 1), ((1,), 0)]
    return [Sample((draw(rng, kind, dims),), {"axis": axis}) for dims, axis in cases]


register(Primitive("argmax", np.argmax, _arg_types, 1, kinds=(REAL | BOOL,), callables=(np.argmax,), flops=1,
                   analytic=False, samples=_arg_samples))
register(Primitive("argmin", np.argmin, _arg_types, 1, kinds=(REAL | BOOL,), callables=(np.argmin,), flops=1,
                   analytic=False, samples=_arg_samples))
