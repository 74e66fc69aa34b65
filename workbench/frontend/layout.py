"""How a view lies in its buffer: the order of its axes, strides as polynomials of the dimensions, and what NumPy gives
another shape without a copy.

Axes of length 1 have no stride that matters; a stride that is not known is None. Source: NumPy's
`_attempt_nocopy_reshape` (numpy/_core/src/multiarray/shape.c): a group of neighbouring axes can be given another shape
where each steps over the next as a whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.frontend.order import Carried, Given, Order, by_columns, by_rows, combined, joined, kept, ranked
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.unwinding import NeedStatic
from workbench.frontend.values import Affine, Array, Cell, Range, Scalar
from workbench.ir import Constant, Value
from workbench.ir.dims import Polynomial
from workbench.records import dataclass

Strides = list[Polynomial | None]
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


def is_one(t: Tracer, dim: Value, what: str) -> bool:
    """Whether a length is 1, where `what` depends on it: decided while specialising, and guarded."""
    dim = t.builder.resolve(dim)
    if isinstance(dim, Constant):
        return dim == ONE
    if not may_be_one(t, dim):
        return False
    found = t.polynomial(dim)
    atoms = [m for m in found.terms if m]
    if len(atoms) == 1 and found.terms[atoms[0]] == 1 and [power for _, power in atoms[0]] == [1]:
        (atom, _), = atoms[0]
        if isinstance(atom, Value) and t.environment.at_least(atom, 2 - found.terms.get(frozenset(), 0)):
            return False
    raise NeedStatic(Scalar(dim, True), what, t.span)


def _row_major(t: Tracer, dims: Sequence[Value], unit: Polynomial | None = _UNIT) -> Strides:
    found: Strides = []
    for dim in reversed(dims):
        found.insert(0, unit)
        unit = None if unit is None else unit * t.polynomial(dim)
    return found


# ---------------------------------------------------------------------- the order of the axes
def order(t: Tracer, array: Array) -> Order | None:
    """How a view lies, as Python has it: axes of length 1 have no key; None where it is not known."""
    cell = array.cell
    several = [k for k, d in enumerate(array.dims) if t.builder.resolve(d) != ONE]
    if cell.order is None:
        return None if len(several) > 1 else Order(tuple(0 if k in several else None for k in range(array.rank)), None)
    keys: list[Any] = [None if k is None else (k,) for k in cell.order.keys]
    dims: Sequence[Value] = cell.dims
    unit = cell.order.unit
    for step in array.steps:
        if isinstance(step, Affine):
            unit = unit if _is_rearranged(t, dims, step) else None
            lengths = {k: b.length for k, b in enumerate(step.base) if isinstance(b, Range)}
            keys = [None if axis is None else keys[axis] for axis in step.axes]
            dims = [ONE if axis is None else lengths[axis] for axis in step.axes]
        else:
            regrouped = _keys_regrouped(t, dims, keys, step.dims)
            if regrouped is None:
                return None
            keys, dims = regrouped, step.dims
    keys = [k if axis in several else None for axis, k in enumerate(keys)]
    given = cell.order.given | {cell.carried} if cell.depth < len(t.frames) else cell.order.given
    return Order(ranked(keys), unit, given)


def refill(t: Tracer, cell: Cell, array: Array) -> None:
    """A loop has its buffer hold another array in the next iteration: it may lie as either does."""
    before, found = order(t, Array(cell, (), cell.dims)), order(t, array)
    after = joined((before, found))
    if after != before:
        cell.order = after
    if after is not None and found is not None:
        cell.carried.given |= found.given - {cell.carried}
        if cell.carried.decided:
            decide(t, found.given)


def _is_rearranged(t: Tracer, dims: Sequence[Value], step: Affine) -> bool:
    """True for a view of everything, its axes in whatever order."""
    return all(isinstance(b, Range) and b.start == ZERO and b.step == ONE and t.same(b.length, d)
               for b, d in zip(step.base, dims, strict=True))


def loose_axes(t: Tracer, dims: Sequence[Value]) -> list[int]:
    """Axes whose length may be 1, which is not known while specialising."""
    return [k for k, d in enumerate(dims) if t.builder.resolve(d) != ONE and may_be_one(t, d)]


def single_axes(t: Tracer, dims: Sequence[Value]) -> list[int]:
    """Axes of length 1."""
    return [k for k, d in enumerate(dims) if t.builder.resolve(d) == ONE]


def combined_order(t: Tracer, operands: Sequence[Any], dims: Sequence[Value], shown: int | None = None) -> Order | None:
    """How NumPy lays out what it computes element by element (see `order.combined`)."""
    arrays = [v for v in operands if isinstance(v, Array)]
    return combined([order(t, a) for a in arrays], len(dims), loose_axes(t, dims), shown)


def reduced_order(t: Tracer, array: Array, axes: Sequence[int], keepdims: bool) -> Order | None:
    """How NumPy lays out a reduction over axes: as the others lie. (Copies of arrays without elements lie by rows.)"""
    found = order(t, array)
    if found is None:
        return None
    left = [None if k in axes else key for k, key in enumerate(found.keys) if keepdims or k not in axes]
    if not found.is_ascending and sum(key is not None for key in left) > 1 and not all(
            _has_elements(t, dim) for dim in array.dims):
        return None
    return kept(Order(ranked(left), 1, found.given), range(len(left)))


def _has_elements(t: Tracer, dim: Value) -> bool:
    dim = t.builder.resolve(dim)
    return bool(dim.value.real > 0) if isinstance(dim, Constant) else t.environment.at_least(dim, 1)


def repeated_order(t: Tracer, value: Any, dims: Sequence[Value]) -> Order | None:
    """How an array lies that is broadcast, which NumPy has a view of: axes that repeat it do not step."""
    found = order(t, value) if isinstance(value, Array) else Order(())
    if found is None or len(found.keys) > len(dims):
        return None
    return Order((None,) * (len(dims) - len(found.keys)) + found.keys, None, found.given)


def order_asked(t: Tracer, asked: Any, model: Array | None, rank: int) -> Order | None:
    """The order that an option `order=` asks for, of an array like `model`."""
    if asked == "F":
        return by_columns(rank)
    if asked in ("K", "A") and model is not None and rank == model.rank:
        found = kept(order(t, model), single_axes(t, model.dims))
        if asked == "K" or found is None or found.is_ascending:
            return found
        own = order(t, model)
        unit = None if own is None or loose_axes(t, model.dims) else own.unit
        return None if unit is None else by_columns(rank) if found.is_descending and unit == 1 else by_rows(rank)
    return by_rows(rank)


def laid(array: Any, found: Order | None) -> Any:
    """A fresh array that is known to lie so (a scalar, which NumPy has for an array without axes, as it is)."""
    if isinstance(array, Array):
        array.cell.order = found
    return array


def order_of_part(t: Tracer, array: Array) -> Order | None:
    """How the real or imaginary part of a complex array lies, which NumPy has a view of."""
    found = order(t, array)
    return None if found is None else Order(found.keys, 2 * found.unit if found.unit else found.unit, found.given)


# ---------------------------------------------------------------------- strides
def _of_buffer(t: Tracer, cell: Cell) -> Strides:
    """Strides of the buffer that Python sees: our own copy of an argument is always by rows."""
    known, rank = cell.order, len(cell.dims)
    if known is None or not known.unit:
        return [None] * rank
    places = sorted((k, axis) for axis, k in enumerate(known.keys) if k is not None)
    inner = _row_major(t, [cell.dims[axis] for _, axis in places], Polynomial.of(known.unit))
    found: Strides = [Polynomial({})] * rank
    for (_, axis), stride in zip(places, inner, strict=True):
        found[axis] = stride
    return found


def strides(t: Tracer, array: Array) -> Strides:
    """Steps in elements along each axis of a view; None where they are not known."""
    dims: Sequence[Value] = array.cell.dims
    found = _of_buffer(t, array.cell)
    for step in array.steps:
        if isinstance(step, Affine):
            scaled: dict[int, Polynomial | None] = {}
            for k, (b, stride) in enumerate(zip(step.base, found, strict=True)):
                if isinstance(b, Range):
                    scaled[k] = None if stride is None else stride * t.polynomial(b.step)
            lengths = {k: b.length for k, b in enumerate(step.base) if isinstance(b, Range)}
            found = [Polynomial({}) if axis is None else scaled[axis] for axis in step.axes]
            dims = [ONE if axis is None else lengths[axis] for axis in step.axes]
        else:
            found = _regrouped(t, dims, found, step.dims)[1] or [None] * len(step.dims)
            dims = step.dims
    return found


def _merges(t: Tracer, dims: Sequence[Value], found: Strides) -> bool | None:
    """Whether each axis steps over the next as a whole; None where sizes decide that are not known yet."""
    answer: bool | None = True
    for (outer, stride), (dim, inner) in itertools.pairwise(zip(dims, found, strict=True)):
        if stride is None or inner is None:
            answer = None
            continue
        gap = stride - inner * t.polynomial(dim)
        if gap.constant == 0:
            continue
        if _never_zero(t, gap) and not may_be_one(t, outer) and not may_be_one(t, dim):
            return False
        answer = None
    return answer


@dataclass(frozen=True)
class _Group:
    """The axes that another shape changes, and what they become; those before and after stay as they are."""

    head: int
    tail: int
    old: list[int]  # axes of another length than 1
    wished: list[Value]


def _changed(t: Tracer, dims: Sequence[Value], wanted: Sequence[Value]) -> _Group:
    old = [k for k, d in enumerate(dims) if t.builder.resolve(d) != ONE]
    new = [d for d in wanted if t.builder.resolve(d) != ONE]
    head = 0
    while head < min(len(old), len(new)) and t.same(dims[old[head]], new[head]):
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and t.same(dims[old[-1 - tail]], new[-1 - tail]):
        tail += 1
    return _Group(head, tail, old, new[head:len(new) - tail])


def _spread(t: Tracer, wanted: Sequence[Value], taken: Sequence[Any], none: Any) -> list[Any]:
    places = iter(taken)
    return [none if t.builder.resolve(d) == ONE else next(places) for d in wanted]


def _regrouped(t: Tracer, dims: Sequence[Value], found: Strides, wanted: Sequence[Value]) -> tuple[
        bool | None, Strides | None]:
    """Whether a view can take another shape as it lies, and its strides then."""
    change = _changed(t, dims, wanted)
    old, wished, end = change.old, change.wished, len(change.old) - change.tail
    group = old[change.head:end]
    possible = _merges(t, [dims[k] for k in group], [found[k] for k in group])
    if possible is False and len(wished) > 1:
        possible = None  # smaller groups may do
    if not possible:
        return possible, None
    unit = found[group[-1]] if group else _UNIT
    taken = [*(found[k] for k in old[:change.head]), *_row_major(t, wished, unit), *(found[k] for k in old[end:])]
    return True, _spread(t, wanted, taken, Polynomial({}))


def _keys_regrouped(t: Tracer, dims: Sequence[Value], keys: Sequence[Any], wanted: Sequence[Value]
                    ) -> list[Any] | None:
    """Keys of a view in another shape: the axes that it changed were one after the other in memory."""
    change = _changed(t, dims, wanted)
    old, end = change.old, len(change.old) - change.tail
    first = next((keys[k] for k in old[change.head:end] if keys[k] is not None), None)
    if first is None:
        return None if change.wished else _spread(t, wanted, [keys[k] for k in old], None)
    made = [(*first, k) for k in range(len(change.wished))]
    return _spread(t, wanted, [*(keys[k] for k in old[:change.head]), *made, *(keys[k] for k in old[end:])], None)


def decide(t: Tracer, given: Iterable[Given | Carried]) -> None:
    """How arguments lie decides something: it is guarded."""
    for fact in given:
        if isinstance(fact, Given):
            t.environment.guard(fact.path, "layout", fact.found)
        elif not fact.decided:
            fact.decided = True
            decide(t, fact.given)


def _decides(t: Tracer, array: Array) -> None:
    found = order(t, array)
    if found is not None:
        decide(t, found.given)


def _is_split(t: Tracer, array: Array) -> bool:
    """True for an array of two axes that certainly do not step over one another as a whole."""
    found = order(t, array)
    return found is not None and found.unit == 0 and sum(k is not None for k in found.keys) == 2


def reshapes(t: Tracer, array: Array, dims: Sequence[Value]) -> bool | None:
    """True where NumPy gives a view for this shape, False where it copies, None where that is not known."""
    change = _changed(t, array.dims, dims)
    if len(change.old) - change.tail > change.head:
        _decides(t, array)
    possible = _regrouped(t, array.dims, strides(t, array), dims)[0]
    if possible is None and change.head == change.tail == 0 and len(change.wished) == 1 and _is_split(t, array):
        return False
    return possible


def is_contiguous(t: Tracer, array: Array) -> bool | None:
    """Whether the elements of a view lie in order and without gaps, which decides something; None where that is not
    known."""
    _decides(t, array)
    return has_no_gaps(t, array)


def has_no_gaps(t: Tracer, array: Array) -> bool | None:
    """`is_contiguous`, where it decides nothing."""
    axes = [(d, s) for d, s in zip(array.dims, strides(t, array), strict=True) if t.builder.resolve(d) != ONE]
    if not axes:
        return True
    known = order(t, array)
    if known is not None and known.unit == 0:
        return False
    merged = _merges(t, [d for d, _ in axes], [s for _, s in axes])
    dim, inner = axes[-1]
    if merged is False or (inner is not None and _never_zero(t, inner - _UNIT) and not may_be_one(t, dim)):
        return False
    return True if merged and inner is not None and (inner - _UNIT).constant == 0 else None
