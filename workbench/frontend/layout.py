"""How a view lies in its buffer: strides as polynomials of the dimensions, and what NumPy reshapes without a copy.

Axes of length 1 have no stride that matters. Source: NumPy's `_attempt_nocopy_reshape` (numpy/_core/src/multiarray/
shape.c): a group of neighbouring axes can be given another shape where each steps over the next as a whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from workbench.frontend.tracer import ONE, Tracer
from workbench.frontend.values import Affine, Array, Range
from workbench.ir import Value
from workbench.ir.dims import Polynomial

Strides = list[Polynomial]
_UNIT = Polynomial.of(1)


def _shifted(t: Tracer, found: Polynomial) -> Polynomial | None:
    """The polynomial in how much longer than 2 the arguments' axes are (specialised: never 1; where one is 0 there are
    no elements to speak of); None where it has other atoms."""
    total = Polynomial({})
    for monomial, coefficient in found.terms.items():
        term = Polynomial.of(coefficient)
        for atom, power in monomial:
            if not isinstance(atom, Value) or atom not in t.builder.shape_params:
                return None
            for _ in range(power):
                term = term * (Polynomial.of(2) + Polynomial.atom(atom))
        total = total + term
    return total


def _never_zero(t: Tracer, found: Polynomial) -> bool:
    """True for a polynomial that is not 0 at any sizes, provably."""
    shifted = _shifted(t, found)
    if shifted is None or not shifted.terms.get(frozenset()):
        return False
    return len({coefficient > 0 for coefficient in shifted.terms.values()}) == 1


def may_be_one(t: Tracer, dim: Value) -> bool:
    """False for a length that is certainly not 1 (or of an array without elements)."""
    return not _never_zero(t, t.polynomial(dim) + Polynomial.of(-1))


def _row_major(t: Tracer, dims: Sequence[Value], unit: Polynomial = _UNIT) -> Strides:
    found: Strides = []
    for dim in reversed(dims):
        found.insert(0, unit)
        unit = unit * t.polynomial(dim)
    return found


def _of_buffer(t: Tracer, array: Array) -> Strides | None:
    """Strides of the buffer that Python sees: our own copy of an argument is always by rows."""
    cell, dims = array.cell, array.cell.dims
    if cell.mixed or not t.asks_order:
        return None
    if sum(t.builder.resolve(d) != ONE for d in dims) > 1 and cell.source is None and not (
            cell.by_rows and t.environment.all_by_rows()):
        return None
    if t.is_inside:
        cell.trusted = True
        t.trusts_rows = t.trusts_rows or cell.source is None
    order = "C" if cell.source is None else t.environment.layout(cell.source)
    if order == "C":
        return _row_major(t, dims)
    if order == "F":
        return _row_major(t, dims[::-1])[::-1]
    if sum(t.builder.resolve(d) != ONE for d in dims) != 1:
        return None
    return [Polynomial.of(2)] * len(dims)  # one axis, its elements apart: by how much does not matter


def strides(t: Tracer, array: Array) -> Strides | None:
    """Steps in elements along each axis of a view; None where they are not known."""
    dims: Sequence[Value] = array.cell.dims
    found = _of_buffer(t, array)
    for step in array.steps:
        if found is None:
            return None
        if isinstance(step, Affine):
            scaled = {k: stride * t.polynomial(b.step)
                      for k, (b, stride) in enumerate(zip(step.base, found, strict=True)) if isinstance(b, Range)}
            lengths = {k: b.length for k, b in enumerate(step.base) if isinstance(b, Range)}
            found = [Polynomial({}) if axis is None else scaled[axis] for axis in step.axes]
            dims = [ONE if axis is None else lengths[axis] for axis in step.axes]
        else:
            found = _regrouped(t, dims, found, step.dims)[1]
            dims = step.dims
    return found


def _merges(t: Tracer, dims: Sequence[Value], found: Strides) -> bool | None:
    """Whether each axis steps over the next as a whole; None where sizes decide that are not known yet."""
    answer: bool | None = True
    for (outer, stride), (dim, inner) in itertools.pairwise(zip(dims, found, strict=True)):
        gap = stride - inner * t.polynomial(dim)
        if gap.constant == 0:
            continue
        if _never_zero(t, gap) and not may_be_one(t, outer) and not may_be_one(t, dim):
            return False
        answer = None
    return answer


def _regrouped(t: Tracer, dims: Sequence[Value], found: Strides, wanted: Sequence[Value]) -> tuple[
        bool | None, Strides | None]:
    """Whether a view can take another shape as it lies, and its strides then."""
    old = [(d, s) for d, s in zip(dims, found, strict=True) if t.builder.resolve(d) != ONE]
    new = [d for d in wanted if t.builder.resolve(d) != ONE]
    head = 0
    while head < min(len(old), len(new)) and t.same(old[head][0], new[head]):
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and t.same(old[-1 - tail][0], new[-1 - tail]):
        tail += 1
    group, wished = old[head:len(old) - tail], new[head:len(new) - tail]
    possible = _merges(t, [d for d, _ in group], [s for _, s in group])
    if possible is False and len(wished) > 1:
        possible = None  # smaller groups may do
    if not possible:
        return possible, None
    unit = group[-1][1] if group else _UNIT
    taken = [s for _, s in old[:head]] + _row_major(t, wished, unit) + [s for _, s in old[len(old) - tail:]]
    places = iter(taken)
    return True, [Polynomial({}) if t.builder.resolve(d) == ONE else next(places) for d in wanted]


def reshapes(t: Tracer, array: Array, dims: Sequence[Value]) -> bool | None:
    """True where NumPy gives a view for this shape, False where it copies, None where run-time sizes decide."""
    found = strides(t, array)
    return None if found is None else _regrouped(t, array.dims, found, dims)[0]


def is_contiguous(t: Tracer, array: Array) -> bool | None:
    """Whether the elements of a view lie in order and without gaps; None where run-time sizes decide."""
    found = strides(t, array)
    if found is None:
        return None
    axes = [(d, s) for d, s in zip(array.dims, found, strict=True) if t.builder.resolve(d) != ONE]
    if not axes:
        return True
    merged = _merges(t, [d for d, _ in axes], [s for _, s in axes])
    unit = (axes[-1][1] - _UNIT).constant
    if merged is False or (unit != 0 and not may_be_one(t, axes[-1][0])):
        return False
    return True if merged and unit == 0 else None
