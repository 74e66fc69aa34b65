"""NumPy functions that the front end does not take, written out in others: they need no partials of their own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy

from workbench.engines.tape.active import ACTIVE, bottom, holds_active
from workbench.engines.tape.array import ActiveArray, from_items
from workbench.engines.tape.elementwise import elementwise
from workbench.engines.tape.meanings import writes_out
from workbench.engines.tape.programs import by_numpy, structured
from workbench.engines.tape.refusal import refuse


def _sum(a: Any, axis: Any) -> Any:
    return structured(np.sum, (a,), {"axis": axis})


@writes_out(np.einsum)
def _einsum(subscripts: Any, *operands: Any, **options: Any) -> Any:
    """Every operand with all the letters as axes, multiplied, and summed over those that the result lacks."""
    if not isinstance(subscripts, str) or set(options) - {"optimize"}:
        raise refuse("this form of np.einsum on the tape", "write letters for all axes, and no options")
    operands = tuple(from_items(x) if holds_active(x) else np.asarray(x) for x in operands)
    terms, out = _letters(subscripts.replace(" ", ""), [x.ndim for x in operands])
    letters = sorted({c for term in terms for c in term})
    order = [*out, *(c for c in letters if c not in out)]
    product: Any = None
    for term, operand in zip(terms, operands, strict=True):
        spread = _spread(term, operand, order)
        product = spread if product is None else elementwise(np.multiply, (product, spread))
    summed = tuple(range(len(out), len(order)))
    return _sum(product, summed) if summed else product


def _letters(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The letters of the operands' axes and of the result's, capital ones for an ellipsis."""
    left, arrow, out = subscripts.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ValueError("einstein sum subscripts do not fit the operands")
    unused = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in subscripts]
    widths = [rank - len(term) + 3 for term, rank in zip(terms, ranks, strict=True) if "..." in term]
    rest = "".join(unused[:max(widths, default=0)])
    if not arrow:
        out = rest + "".join(sorted(c for c in set(left) - set(",.") if left.count(c) == 1))
    made = [term.replace("...", rest[len(rest) - (rank - len(term) + 3):] if rank - len(term) + 3 else "")
            for term, rank in zip(terms, ranks, strict=True)]
    out = out.replace("...", rest)
    if set(out) - set("".join(made)) or len(set(out)) != len(out):
        raise ValueError("einstein sum subscripts do not fit the operands")
    return made, out


def _spread(term: str, operand: Any, order: list[str]) -> Any:
    """An operand with its axes in the order of all letters, new ones of length 1 for those that it lacks."""
    unique = [c for c in order if c in term]
    if operand.ndim != len(term):
        raise ValueError("einstein sum subscripts do not fit the operands")
    places = tuple(slice(None) if c in term else None for c in order)

    def moved(part: np.ndarray) -> Any:
        return np.einsum(f"{term}->{''.join(unique)}", part)[places]  # a view: a diagonal, transposed
    return operand.like(moved) if type(operand) is ActiveArray else moved(operand)


@writes_out(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """A product of matrices, of the summed axes by the others."""
    a, b = (from_items(x) if holds_active(x) else np.asarray(x) for x in (a, b))
    first, second = axes if isinstance(axes, (list, tuple)) else (range(a.ndim - axes, a.ndim), range(axes))
    summed = [[k % x.ndim for k in ([given] if isinstance(given, int) else given)]
              for x, given in ((a, first), (b, second))]
    rest = [[k for k in range(x.ndim) if k not in gone] for x, gone in ((a, summed[0]), (b, summed[1]))]
    width = math.prod(a.shape[k] for k in summed[0])
    left = by_numpy(np.transpose, a, (*rest[0], *summed[0])).reshape(-1, width)
    right = by_numpy(np.transpose, b, (*summed[1], *rest[1])).reshape(width, -1)
    shape = (*(a.shape[k] for k in rest[0]), *(b.shape[k] for k in rest[1]))
    result = by_numpy(np.matmul, left, right).reshape(shape)
    return result if shape else result[()]


@writes_out(np.kron)
def _kron(a: Any, b: Any) -> Any:
    """All products of elements, the second array's inside."""
    a, b = (from_items(x) if holds_active(x) else np.asarray(x) for x in (a, b))
    rank = max(a.ndim, b.ndim)
    a, b = (x.reshape((1,) * (rank - x.ndim) + x.shape) for x in (a, b))
    spread = [x.reshape(tuple(n for d in x.shape for n in ((d, 1) if x is a else (1, d)))) for x in (a, b)]
    return elementwise(np.multiply, spread).reshape(tuple(m * n for m, n in zip(a.shape, b.shape, strict=True)))


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
