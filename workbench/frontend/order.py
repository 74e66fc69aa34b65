"""The order of an array's axes in memory: an abstract domain, and how NumPy combines orders of what it computes with.

An `Order` says of the array that Python has (ours are always by rows) which axis steps over which: a key per axis,
larger ones for axes that step less far; None for an axis that does not step at all (of length 1, or repeated). What is
not known has no `Order` (None). Orders only say less as a loop is evaluated again (`joined`): this comes to an end.

Invariant: what is known is what NumPy does, whatever the sizes. Source: NumPy's `npyiter_find_best_axis_ordering`
(numpy/_core/src/multiarray/nditer_constr.c) for order "K" of several operands, `PyArray_CreateMultiSortedStridePerm`
(numpy/_core/src/multiarray/shape.c) for those put one after the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Any

from workbench.records import dataclass

Keys = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """How an argument lies, which is guarded where it decides something."""

    path: Any
    found: Any


@dataclass(slots=True, eq=False)
class Carried:
    """What the order of a buffer follows from that a loop fills anew: more may be found when the loop ends."""

    given: set[Given | Carried] = field(default_factory=set)
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """How an array lies: `keys` of its axes; `unit`, the step of the innermost one in elements where each axis steps
    over the next as a whole (1: without gaps), 0 where some axis certainly does not, None where that is not known;
    `given`, what it follows from."""

    keys: Keys
    unit: int | None = 1
    given: frozenset[Given | Carried] = field(default=frozenset(), compare=False)

    @property
    def is_ascending(self) -> bool:
        """True where no axis steps over one before it."""
        return all(a < b for a, b in itertools.pairwise(k for k in self.keys if k is not None))

    @property
    def is_descending(self) -> bool:
        """True where no axis steps over one after it."""
        return all(a > b for a, b in itertools.pairwise(k for k in self.keys if k is not None))


def by_rows(rank: int) -> Order:
    """NumPy's order "C"."""
    return Order(tuple(range(rank)))


def by_columns(rank: int) -> Order:
    """NumPy's order "F"."""
    return Order(tuple(reversed(range(rank))))


def ranked(keys: Sequence[Any]) -> Keys:
    """Keys of any kind, as the ranks that they have among themselves."""
    ranks = {key: rank for rank, key in enumerate(sorted(k for k in keys if k is not None))}
    return tuple(None if k is None else ranks[k] for k in keys)


def joined(orders: Iterable[Order | None]) -> Order | None:
    """How an array lies that is one of several."""
    first, *rest = orders
    for other in rest:
        if first is None or other is None or first.keys != other.keys:
            return None
        first = Order(first.keys, first.unit if first.unit == other.unit else None, first.given | other.given)
    return first


def kept(order: Order | None, loose: Sequence[int] = ()) -> Order | None:
    """The order of a copy "K": `loose` are axes that may have length 1 (a repeated axis is not followed)."""
    if order is None or any(k is None and axis not in loose for axis, k in enumerate(order.keys)):
        return None
    return Order(_filled(order.keys), 1, order.given)


def _filled(keys: Keys) -> Keys:
    """Keys with a place for axes of length 1, wherever it is."""
    known = [k for k in keys if k is not None]
    free = itertools.count(max(known, default=-1) + 1)
    return tuple(next(free) if k is None else k for k in keys)


def combined(operands: Sequence[Order | None], rank: int, loose: Sequence[int] = (), shown: int | None = None
             ) -> Order | None:
    """The order "K" of what is computed of several arrays, their axes aligned at the last. `loose` are axes that may
    have length 1; only the first `shown` axes are there in the result, the others are summed over."""
    shown = rank if shown is None else shown
    if shown < 2:
        return by_rows(shown)
    aligned = [None if o is None else (None,) * (rank - len(o.keys)) + o.keys for o in operands]
    given = frozenset(g for o in operands if o is not None for g in o.given)
    if all(o is not None and o.is_ascending for o in operands):
        return Order(tuple(range(shown)), 1, given)
    whole = _sorted_axes(aligned, rank)
    if whole is None:
        return None
    for size in range(1, len(loose) + 1):
        for single in itertools.combinations(loose, size):
            fewer = [None if keys is None else tuple(None if k in single else key for k, key in enumerate(keys))
                     for keys in aligned]
            found = _sorted_axes(fewer, rank)
            relevant = [a for a in whole if a not in single and a < shown]
            if found is None or [a for a in found if a in relevant] != relevant:
                return None
    axes = [a for a in whole if a < shown]
    return Order(tuple(axes.index(a) for a in range(shown)), 1, given)


def concatenated(operands: Sequence[Order | None], rank: int, loose: Sequence[int] = ()) -> Order | None:
    """The order of arrays of one rank that are put one after the other (`loose`: see `combined`)."""
    given = frozenset(g for o in operands if o is not None for g in o.given)
    if all(o is not None and o.is_ascending for o in operands):
        return Order(tuple(range(rank)), 1, given)
    axes = None if loose else _sorted_axes([None if o is None else o.keys for o in operands], rank, False)
    return None if axes is None else Order(tuple(axes.index(a) for a in range(rank)), 1, given)


def _sorted_axes(operands: Sequence[Keys | None], rank: int, from_last: bool = True) -> list[int] | None:
    """NumPy's insertion sort: axes from the one that steps furthest to the one that steps least (`from_last`: the sort
    begins with the last axis)."""
    axes = list(reversed(range(rank))) if from_last else list(range(rank))
    for place in range(1, rank):
        to = place
        for k in range(place - 1, -1, -1):
            swap = _swaps(operands, *((axes[place], axes[k]) if from_last else (axes[k], axes[place])))
            if swap is None:
                return None
            if swap is True:
                to = k
            elif swap is False:
                break
        axes.insert(to, axes.pop(place))
    return axes[::-1] if from_last else axes


def _swaps(operands: Sequence[Keys | None], axis: int, other: int) -> bool | str | None:
    """Whether an axis goes before another, as all operands have it; "either" where none says so, None: not known."""
    swap: bool | str = "either"
    for keys in operands:
        first, second = (None, None) if keys is None else (keys[axis], keys[other])
        if first is not None and second is not None:
            if second > first:
                return False  # of operands that disagree, those by rows win
            swap = True
    return None if any(keys is None for keys in operands) else swap
