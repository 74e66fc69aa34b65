"""`bisect` and `heapq`, whose functions are C, in plain Python as their modules write them.

Invariant: entries are compared and moved as the originals do it, so that equal ones end in the same places.
Source: the standard library's `bisect.py` and `heapq.py`.
"""

from __future__ import annotations

import bisect
import heapq
from typing import Any

from workbench.frontend.composed.registry import composes


# ---------------------------------------------------------------------- sorted lists
def _end(a: Any, lo: int, hi: int | None) -> int:
    """Where a search ends."""
    if lo < 0:
        raise ValueError("lo must be non-negative")
    return len(a) if hi is None else hi


@composes(bisect.bisect_right)
def bisect_right(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> int:
    """The place behind entries that are equal."""
    hi = _end(a, lo, hi)
    while lo < hi:
        middle = (lo + hi) // 2
        entry = a[middle] if key is None else key(a[middle])
        if x < entry:
            hi = middle
        else:
            lo = middle + 1
    return lo


@composes(bisect.bisect_left)
def bisect_left(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> int:
    """The place before entries that are equal."""
    hi = _end(a, lo, hi)
    while lo < hi:
        middle = (lo + hi) // 2
        entry = a[middle] if key is None else key(a[middle])
        if entry < x:
            lo = middle + 1
        else:
            hi = middle
    return lo


@composes(bisect.insort_right)
def insort_right(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> None:
    """Inserted behind entries that are equal."""
    a.insert(bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)


@composes(bisect.insort_left)
def insort_left(a: Any, x: Any, lo: int = 0, hi: int | None = None, *, key: Any = None) -> None:
    """Inserted before entries that are equal."""
    a.insert(bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)


# ---------------------------------------------------------------------- heaps
@composes(heapq.heappush)
def heappush(heap: Any, item: Any) -> None:
    """An entry more."""
    heap.append(item)
    _up(heap, 0, len(heap) - 1)


@composes(heapq.heappop)
def heappop(heap: Any) -> Any:
    """The least entry, taken out."""
    last = heap.pop()
    if len(heap) > 0:
        first = heap[0]
        heap[0] = last
        _down(heap, 0)
        return first
    return last


@composes(heapq.heapreplace)
def heapreplace(heap: Any, item: Any) -> Any:
    """The least entry, in whose place another comes."""
    first = heap[0]
    heap[0] = item
    _down(heap, 0)
    return first


@composes(heapq.heappushpop)
def heappushpop(heap: Any, item: Any) -> Any:
    """The least of the entries and another."""
    if len(heap) > 0 and heap[0] < item:
        item, heap[0] = heap[0], item
        _down(heap, 0)
    return item


@composes(heapq.heapify)
def heapify(heap: Any) -> None:
    """A list made a heap."""
    for position in reversed(range(len(heap) // 2)):
        _down(heap, position)


def _up(heap: Any, start: int, position: int) -> None:
    """An entry moved towards the root, until its parent is no larger."""
    item = heap[position]
    moving = True
    while moving and position > start:
        parent = (position - 1) >> 1
        if item < heap[parent]:
            heap[position] = heap[parent]
            position = parent
        else:
            moving = False
    heap[position] = item


def _down(heap: Any, position: int) -> None:
    """An entry moved to a leaf along the lesser children, and up from there."""
    end, start, item = len(heap), position, heap[position]
    child = 2 * position + 1
    while child < end:
        right = child + 1
        if right < end and not heap[child] < heap[right]:
            child = right
        heap[position] = heap[child]
        position = child
        child = 2 * position + 1
    heap[position] = item
    _up(heap, start, position)


@composes(heapq.nsmallest)
def nsmallest(n: int, iterable: Any, key: Any = None) -> Any:
    """The least entries, in order."""
    return sorted(iterable, key=key)[:max(n, 0)]


@composes(heapq.nlargest)
def nlargest(n: int, iterable: Any, key: Any = None) -> Any:
    """The greatest entries, in order."""
    return sorted(iterable, key=key, reverse=True)[:max(n, 0)]
