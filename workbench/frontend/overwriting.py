"""Assignments of a part of an array to another part of it: where NumPy reads everything before it writes.

NumPy copies the part that is read first, unless both are vectors whose steps have the same sign: then it goes from one
element to the next, beginning at the end where the part that is read begins before the one that is written. Source:
`PyArray_AssignArray` and `raw_array_assign_array` (numpy/_core/src/multiarray/array_assign_array.c).

Invariant: True only where that gives the same, for arrays that lie reversed in memory too.
"""

from __future__ import annotations

from workbench.frontend import layout
from workbench.frontend.tracer import ONE, ZERO, Tracer
from workbench.frontend.values import Affine, Array, Fixed, Range
from workbench.ir import Value


def reads_first(t: Tracer, written: Array, read: Array) -> bool:
    """Whether elements of one buffer, assigned to others, are all read as they were before, provably."""
    if written.rank != 1 or not read.rank or read.dims[-1] == ONE:
        return True
    steps = layout.strides(t, written)[0], layout.strides(t, read)[-1]
    if steps[0] is not None and steps[1] is not None and (steps[0] - steps[1]).constant == 0:
        return True
    to, source = _one_step(written), _one_step(read)
    if to is None or source is None:
        return False
    (d,), (s,) = ([k for k, b in enumerate(step.base) if isinstance(b, Range)] for step in (to, source))
    if d != s:
        return _meet_in_step(t, to, source, d, s)
    if any(_differ(t, a.index, b.index) for a, b in zip(to.base, source.base, strict=True)
           if isinstance(a, Fixed) and isinstance(b, Fixed)):
        return True
    return _in_order(t, to.base[d], source.base[s])


def meet(t: Tracer, a: Array, b: Array) -> bool:
    """Whether two views of one buffer may have elements in common: not where an index tells them apart."""
    if a.cell is not b.cell:
        return False
    first, second = (v.steps[0] if v.steps else None for v in (a, b))
    return not (isinstance(first, Affine) and isinstance(second, Affine) and any(
        isinstance(p, Fixed) and isinstance(q, Fixed) and _differ(t, p.index, q.index)
        for p, q in zip(first.base, second.base, strict=True)))


def _one_step(array: Array) -> Affine | None:
    """A vector as a range along one axis of its buffer; None where it is another view."""
    if not array.steps:
        return Affine(tuple(Range(ZERO, d, ONE) for d in array.dims), (0,)) if array.rank == 1 else None
    step = array.steps[0]
    one = len(array.steps) == 1 and isinstance(step, Affine) and sum(isinstance(b, Range) for b in step.base) == 1
    return step if one and isinstance(step, Affine) else None


def _gap(t: Tracer, a: Value, b: Value) -> int | None:
    """a - b, where it is known."""
    found = (t.polynomial(a) - t.polynomial(b)).constant
    return None if found is None else int(found)


def _differ(t: Tracer, a: Value, b: Value) -> bool:
    return _gap(t, a, b) not in (0, None)


def _meet_in_step(t: Tracer, to: Affine, source: Affine, d: int, s: int) -> bool:
    """A row and a column of which both the first elements and the indices are the same: the element that they share
    is read when it is written (`a[k] = a[:, k]`)."""
    row, column, along, down = to.base[s], source.base[d], to.base[d], source.base[s]
    if not (isinstance(row, Fixed) and isinstance(column, Fixed) and isinstance(along, Range)
            and isinstance(down, Range)):
        return False
    return t.same(row.index, column.index) and t.same(along.start, down.start) and t.same(along.step, down.step)


def _in_order(t: Tracer, to: Fixed | Range, source: Fixed | Range) -> bool:
    assert isinstance(to, Range) and isinstance(source, Range)
    if t.same(to.step, source.step):
        return True
    steps = [_gap(t, r.step, ZERO) for r in (to, source)]
    if None in steps or not steps[0] or not steps[1]:
        return False
    d, s = steps[0], steps[1]
    if d * s < 0:
        return True
    ahead = _gap(t, source.start, to.start)  # how far what is read begins after what is written
    if ahead is None:
        return False
    ahead = ahead if d > 0 else -ahead
    return ahead >= 0 if abs(s) > abs(d) else ahead < 0
