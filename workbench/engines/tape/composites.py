"""NumPy functions that the front end does not take, written out in others: they need no partials of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special

from workbench.engines.tape.array import ACTIVE, ActiveArray, bottom, from_items, functions, holds_active
from workbench.engines.tape.elementwise import array_ufunc, elementwise
from workbench.engines.tape.programs import structured, written_out
from workbench.engines.tape.refusal import refuse


def implements(*callables: Any) -> Any:
    """Register how NumPy functions are written out."""
    def register(handler: Any) -> Any:
        written_out.update(dict.fromkeys(callables, handler))
        return handler
    return register


def _sum(a: Any, axis: Any) -> Any:
    return structured(np.sum, (a,), {"axis": axis})


@implements(np.einsum)
def _einsum(subscripts: Any, *operands: Any, **options: Any) -> Any:
    """Every operand with all the letters as axes, multiplied, and summed over those that the result lacks."""
    if not isinstance(subscripts, str) or "." in subscripts or options:
        raise refuse("this form of np.einsum on the tape", "write letters for all axes, and no options")
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    letters = sorted(set(left) - {","})
    if not arrow:
        out = "".join(c for c in letters if left.count(c) == 1)
    if len(terms) != len(operands) or set(out) - set(letters) or len(set(out)) != len(out):
        raise ValueError("einstein sum subscripts do not fit the operands")
    order = [*out, *(c for c in letters if c not in out)]
    product: Any = None
    for term, operand in zip(terms, operands, strict=True):
        spread = _spread(term, operand, order)
        product = spread if product is None else elementwise(np.multiply, (product, spread))
    summed = tuple(range(len(out), len(order)))
    return _sum(product, summed) if summed else product


def _spread(term: str, operand: Any, order: list[str]) -> Any:
    """An operand with its axes in the order of all letters, new ones of length 1 for those that it lacks."""
    unique = [c for c in order if c in term]
    operand = from_items(operand) if holds_active(operand) else np.asarray(operand)
    if operand.ndim != len(term):
        raise ValueError("einstein sum subscripts do not fit the operands")
    places = tuple(slice(None) if c in term else None for c in order)

    def moved(part: np.ndarray) -> Any:
        return np.einsum(f"{term}->{''.join(unique)}", part)[places]  # a view: a diagonal, transposed
    return operand.like(moved) if type(operand) is ActiveArray else moved(operand)


@implements(np.median)
def _median(a: Any, axis: Any = None) -> Any:
    if axis is not None:
        raise refuse("np.median along an axis on the tape", "loop over the axis")
    ordered = functions[np.sort](a.reshape(-1))
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) * 0.5


@implements(np.interp)
def _interp(x: Any, xp: Any, fp: Any, **options: Any) -> Any:
    """Piecewise linear; constant outside, with derivative 0 there by x."""
    if options:
        raise refuse(f"the options {sorted(options)} of np.interp on the tape", "leave them out")
    places, ends = bottom(x), bottom(xp)
    fp, knots = (from_items(z) if holds_active(z) else np.asarray(z, dtype=float) for z in (fp, xp))
    k = np.clip(np.searchsorted(ends, places, side="right") - 1, 0, len(np.asarray(ends)) - 2)
    inside = (places >= np.min(ends)) & (places <= np.max(ends))
    slope = (fp[k + 1] - fp[k]) / (knots[k + 1] - knots[k])
    line = fp[k] + slope * (x - knots[k])
    border = np.where(places < np.min(ends), 0, len(np.asarray(ends)) - 1)
    return functions[np.where](inside, line, fp[border]) if np.ndim(inside) else line if inside else fp[int(border)]


@implements(np.trapezoid)
def _trapezoid(y: Any, x: Any = None, dx: float = 1.0) -> Any:
    if np.ndim(bottom(y)) != 1:
        raise refuse("np.trapezoid of more than one axis on the tape", "loop over the others")
    steps = dx if x is None else x[1:] - x[:-1]
    return _sum((y[1:] + y[:-1]) * steps * 0.5, None)


@implements(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    result: Any = x * 0.0
    for k in range(len(p)):
        result = result * x + p[k]
    return result


@implements(np.convolve)
def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    first, second = (z if type(z) is ActiveArray else np.asarray(z) for z in (a, v))
    if mode not in ("full", "same", "valid") or not len(first) or not len(second):
        raise ValueError("np.convolve takes full, same or valid, and no empty arrays")
    if len(second) > len(first):
        first, second = second, first
    n, m = len(first), len(second)
    table = functions[np.reshape](array_ufunc(np.multiply, "outer", (first, second), {}), -1)
    start, stop = {"full": (0, n + m - 1), "same": ((m - 1) // 2, (m - 1) // 2 + n), "valid": (m - 1, n)}[mode]
    sums = []
    for k in range(start, stop):
        rows = np.arange(max(0, k - m + 1), min(n, k + 1))
        sums.append(_sum(table[rows * m + (k - rows)], None))
    return functions[np.stack](sums)


@implements(scipy.special.logsumexp)
def _logarithm_of_sum(a: Any, axis: Any = None, **options: Any) -> Any:
    """log(sum(exp(a))), shifted by the largest."""
    if options:
        raise refuse("these options of logsumexp on the tape", "leave them out")
    peak = np.max(bottom(a), axis=axis, keepdims=True)
    peak = np.where(np.isfinite(peak), peak, 0.0)
    total = elementwise(np.log, (_sum(elementwise(np.exp, (a - peak,)), axis),))
    shape = np.shape(bottom(total))
    return total + (peak.reshape(shape) if shape else float(peak.reshape(-1)[0]))


# ---------------------------------------------------------------------- the normal distribution of scipy.stats
_ROOT_2PI = math.sqrt(2.0 * math.pi)


def _normal(formula: Any) -> Any:
    def handler(x: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
        if not np.all(bottom(scale) > 0):
            raise refuse("a normal distribution whose scale is not positive", "check the scale beforehand")
        centred = (x if type(x) in ACTIVE else np.asarray(x)) - loc
        return formula(centred / scale, scale)
    return handler


def _apply(ufunc: Any, x: Any) -> Any:
    return elementwise(ufunc, (x,)) if type(x) in ACTIVE else ufunc(x)


NORMAL = {
    "pdf": _normal(lambda z, scale: _apply(np.exp, z * z * -0.5) / (scale * _ROOT_2PI)),
    "logpdf": _normal(lambda z, scale: z * z * -0.5 - _apply(np.log, scale * _ROOT_2PI)),
    "cdf": _normal(lambda z, scale: _apply(scipy.special.erfc, z * -math.sqrt(0.5)) * 0.5),
    "sf": _normal(lambda z, scale: _apply(scipy.special.erfc, z * math.sqrt(0.5)) * 0.5),
}
