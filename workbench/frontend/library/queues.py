"""`bisect` and `heapq`, whose functions are C, in plain Python as their modules write them.

The front end reads these functions in place of the originals. Invariant: entries are compared and moved as the
originals do it, so that equal ones end in the same places.
Source: the standard library's `bisect.py` and `heapq.py`.
"""
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations


def bisect_right(a, x, lo=0, hi=None, *, key=None):
    if lo < 0:
        raise ValueError("lo must be non-negative")
    if hi is None:
        hi = len(a)
    while lo < hi:
        middle = (lo + hi) // 2
        entry = a[middle] if key is None else key(a[middle])
        if x < entry:
            hi = middle
        else:
            lo = middle + 1
    return lo


def bisect_left(a, x, lo=0, hi=None, *, key=None):
    if lo < 0:
        raise ValueError("lo must be non-negative")
    if hi is None:
        hi = len(a)
    while lo < hi:
        middle = (lo + hi) // 2
        entry = a[middle] if key is None else key(a[middle])
        if entry < x:
            lo = middle + 1
        else:
            hi = middle
    return lo


def insort_right(a, x, lo=0, hi=None, *, key=None):
    a.insert(bisect_right(a, x if key is None else key(x), lo, hi, key=key), x)


def insort_left(a, x, lo=0, hi=None, *, key=None):
    a.insert(bisect_left(a, x if key is None else key(x), lo, hi, key=key), x)


def heappush(heap, item):
    heap.append(item)
    _up(heap, 0, len(heap) - 1)


def heappop(heap):
    last = heap.pop()
    if len(heap) > 0:
        first = heap[0]
        heap[0] = last
        _down(heap, 0)
        return first
    return last


def heapreplace(heap, item):
    first = heap[0]
    heap[0] = item
    _down(heap, 0)
    return first


def heappushpop(heap, item):
    if len(heap) > 0 and heap[0] < item:
        item, heap[0] = heap[0], item
        _down(heap, 0)
    return item


def heapify(heap):
    for position in reversed(range(len(heap) // 2)):
        _down(heap, position)


def _up(heap, start, position):
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


def _down(heap, position):
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


def smallest(n, iterable, key=None):
    return sorted(iterable, key=key)[:max(n, 0)]


def largest(n, iterable, key=None):
    return sorted(iterable, key=key, reverse=True)[:max(n, 0)]
