"""From partial derivatives to the two modes: what a partial contributes to a cotangent or a tangent.

A zero cotangent (tangent) annihilates an infinite or NaN partial of a primitive marked singular.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.ir import Constant, Op
from workbench.rules.expr import Expr, apply
from workbench.rules.functions import (
    astype,
    conj,
    constant_like,
    filled,
    kind_of_value,
    logical_not,
    shape,
    sum_to,
    where,
)
from workbench.rules.primitive import Partial, Primitive, Unknown


def cotangent(primitive: Primitive, op: Op, xs: Sequence[Any], y: Any, y_bar: Any, k: int) -> Any:
    """The contribution of `y_bar` to the cotangent of operand k, for any primitive: of operand k's shape and kind,
    None where it is zero. (It may be `y_bar` itself.) Of several results, `y` and `y_bar` are tuples."""
    if primitive.results > 1:
        if not kind_of_value(xs[k]).is_inexact or all(bar is None for bar in y_bar):
            return None
        return (primitive.vjp or _unknown(primitive, "reverse"))(op, xs, y, y_bar, k)
    if not (kind_of_value(xs[k]).is_inexact and kind_of_value(y).is_inexact):
        return None
    if primitive.vjp is not None:
        return primitive.vjp(op, xs, y, y_bar, k)
    return pull(primitive, k, y_bar, y, xs)


def tangent(primitive: Primitive, op: Op, xs: Sequence[Any], y: Any, tangents: Sequence[Any]) -> Any:
    """The tangent of the result, for any primitive: of its shape and kind, None where it is zero.

    tangents: one per operand, None for zero. Of several results, `y` and what is given are tuples."""
    if primitive.results > 1:
        if all(t is None for t in tangents):
            return (None,) * primitive.results
        return (primitive.jvp or _unknown(primitive, "forward"))(op, xs, y, tangents)
    if not kind_of_value(y).is_inexact or all(t is None for t in tangents):
        return None
    if primitive.jvp is not None:
        return primitive.jvp(op, xs, y, tangents)
    return push(primitive, y, xs, tangents)


def pull(primitive: Primitive, k: int, y_bar: Any, y: Any, xs: Sequence[Any]) -> Any:
    """The contribution of `y_bar` to the cotangent of operand k of an elementwise primitive, of operand k's shape and
    kind; None where the partial is zero. (It may be `y_bar` itself.)"""
    partials = stated(primitive, "reverse", y, xs)
    partial = partials[k] if partials else None
    if partial is None:
        return None
    factor = conj(partial(y, *xs))
    return sum_to(scaled(primitive, y_bar, factor, kind_of_value(xs[k])), shape(xs[k]))


def push(primitive: Primitive, y: Any, xs: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The tangent of an elementwise primitive's result, of its shape and kind; None where it is zero.
    (It may be one of the tangents itself.)"""
    partials = stated(primitive, "forward", y, xs)
    total: Any = None
    for partial, tangent in zip(partials, tangents, strict=True) if partials else ():
        if partial is None or tangent is None:
            continue
        part = scaled(primitive, tangent, partial(y, *xs), kind_of_value(y))
        total = part if total is None else total + part
    return None if total is None else filled(total, y)


def stated(primitive: Primitive, mode: str, y: Any, xs: Sequence[Any]) -> tuple[Partial | None, ...]:
    """The partials of a primitive without a rule of its own in this mode; without any, its derivative is not known.

    Raises DifferentiationError then, at the line of the operation: it is never zero."""
    if primitive.partials is None:
        Unknown(f"no derivative of {primitive.name} is known in {mode} mode")(y, *xs)
    return primitive.partials


def _unknown(primitive: Primitive, mode: str) -> Callable[..., Any]:
    """A rule of a primitive with several results that has none in this mode: it refuses."""
    def refused(op: Op, xs: Sequence[Any], ys: Sequence[Any], *given: Any) -> Any:
        stated(primitive, mode, None, xs)
        raise AssertionError(f"{primitive.name} has several results, and partials")
    return refused


def scaled(primitive: Primitive, bar: Any, factor: Any, kind: Any) -> Any:
    """bar * factor, without the multiplication by 1 or -1."""
    if type(factor) in (int, float):
        return bar if factor == 1.0 else -bar if factor == -1.0 else bar * factor
    if primitive.singular and not _is_finite_constant(factor):
        # the factor is masked, not the product: where a cotangent is zero its own derivative need not be
        infinite = (bar == 0) & logical_not(apply("isfinite", factor))
        factor = where(infinite, constant_like(factor, 0.0), factor)
    return astype(astype(bar, kind) * factor, kind)


def _is_finite_constant(factor: Any) -> bool:
    return isinstance(factor, Expr) and isinstance(factor.value, Constant) and bool(np.isfinite(factor.value.value))
