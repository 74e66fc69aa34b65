"""What programs go through: ranges, `zip` and the like, dicts' views, generators, iterators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from workbench.frontend.values.containers import Variable
from workbench.frontend.values.stand_in import Record, StandIn
from workbench.records import dataclass

END: Any = object()  # what a `fetch` gives where there are no more items
VIEWS = ("keys", "values", "items")  # kinds of a `ZipValue` that shows a dict


@dataclass(frozen=True, slots=True, eq=False)
class RangeValue(Record):
    """`range(start, stop, step)`, its bounds static or run-time integers."""

    called: ClassVar[str] = "a range"

    start: Any
    stop: Any
    step: Any


@dataclass(frozen=True, slots=True, eq=False)
class ParallelRange(RangeValue):
    """`numba.prange`: a range, with the promise that the turns of a loop over it are independent."""


ROWS = (RangeValue, slice)  # records of numbers alone, which are joined part by part, as tuples are


@dataclass(frozen=True, slots=True, eq=False)
class ZipValue(Record):
    """`zip`, `enumerate`, `reversed` or `iter` of things that can be indexed, an endless iterator, or a dict's view.
    `spent` says whether an iterator was gone through; None: it is being gone through, or is a dict's view."""

    kind: str
    parts: tuple[Any, ...]
    start: Any = 0
    spent: Variable | None = None

    def words(self) -> str:
        """What it is called in errors."""
        return "a view of a dict" if self.kind in VIEWS else "an iterator"


@dataclass(frozen=True, slots=True, eq=False)
class Lazy(StandIn):
    """An iterator that makes its items when it is consumed, once: a generator, `map`, `filter`. `push(act, sink)` gives
    each item to `sink`, whose completion says whether to go on; `spent` is a variable, true once consumed; `type` is
    its type, where that is known."""

    called: ClassVar[str] = "an iterator"

    push: Any
    spent: Variable
    type: type | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Cursor(StandIn):
    """An iterator over things known one by one: what reads the item of a place (or gives END), how many there are now,
    and the (static) place of the next."""

    called: ClassVar[str] = "an iterator"

    fetch: Callable[[int], Any]
    count: Callable[[], int]
    position: Variable
