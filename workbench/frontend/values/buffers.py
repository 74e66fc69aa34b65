"""Arrays: buffers that hold their current version, and views of them.

A view is the steps that lead to it from the whole buffer, so that what is written to the buffer is seen through it.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

from workbench.frontend.order import Carried, Order
from workbench.frontend.values.containers import Variable
from workbench.frontend.values.scalars import Scalar
from workbench.frontend.values.stand_in import Record, StandIn
from workbench.ir import Kind, Slot, Value
from workbench.records import dataclass


@dataclass(slots=True, eq=False)
class Cell:
    """A buffer: `slot` holds the current version of an array. `depth`: how many frames were open when it was made."""

    slot: Slot
    number: int
    depth: int
    name: str = ""
    origin: int | None = None  # the parameter whose very object this is, until the name is rebound in a loop
    source: int | None = field(init=False)  # the parameter it came from, if any
    external: bool = field(init=False)  # writes to it are seen outside the program
    generation: int = 0
    # what has been done with it
    written: bool = False
    rewritten: bool = False  # by the program itself; not only by a loop that rebinds its name
    renamed_by: object = None  # the loop that did so last
    # how it lies in memory
    order: Order | None = None  # as Python has it; None where that is not known
    carried: Carried = field(default_factory=Carried)
    # what it is a copy of, where NumPy has a view
    shows: Cell | None = None  # of which NumPy has a view here, or may have
    parts: list[Cell] = field(default_factory=list)  # copies of which NumPy has views of this
    chosen: tuple[Cell, ...] = ()  # the buffers that a choice is between, of which this is a copy
    # why something must not be done
    snapshot: str = ""  # why a write to it would be lost: it is a copy of what other names hold
    shown_elsewhere: str = ""  # why a write to it might have to be seen in a copy, too
    stale: str = ""  # why it must not be read any more: what it is a copy of has been written
    # what a loop has made of it
    private_to: Any = None  # the loop and the name whose own buffer this is
    instead_of: Any = None  # the array that name had before the loop
    uncertain: object = None  # the loop that may have replaced what a parameter holds by a copy of it

    def __post_init__(self) -> None:
        self.source = self.origin
        self.external = self.origin is not None

    def inherit(self, cell: Cell) -> None:
        """What must not be done with a buffer must not be done with this one, which takes what is in it."""
        self.snapshot = self.snapshot or cell.snapshot
        self.stale = self.stale or cell.stale
        self.shown_elsewhere = self.shown_elsewhere or cell.shown_elsewhere

    @property
    def owners(self) -> list[Cell]:
        """The buffers of which NumPy has a view here."""
        return [owner for owner in (self.shows, *self.chosen) if owner is not None and self in owner.parts]

    def shown_by(self, copy: Cell) -> None:
        """Note a copy of which NumPy has a view: of this, or of what this is a copy of itself."""
        copy.shows = self
        for cell in (self, *self.chosen):
            cell.parts.append(copy)

    @property
    def dims(self) -> tuple[Value, ...]:
        """Dimensions of the buffer."""
        return self.slot.type.dims

    @property
    def kind(self) -> Kind:
        """Kind of the elements."""
        return self.slot.type.kind


@dataclass(frozen=True, slots=True)
class Fixed:
    """A base axis seen at one index."""

    index: Value


@dataclass(frozen=True, slots=True)
class Range:
    """A base axis seen at start, start + step, ... (length of them)."""

    start: Value
    length: Value
    step: Value


@dataclass(frozen=True, slots=True)
class Affine:
    """A view: per base axis `Fixed` or `Range`; `axes` names for each axis of the view its base axis, or None
    where it is new (length 1)."""

    base: tuple[Fixed | Range, ...]
    axes: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Reshape:
    """A view of a contiguous array with another shape."""

    dims: tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Array(StandIn):
    """A view (`steps`, applied in order) of a cell; no steps: the whole buffer. Compared by identity. `moving`: which
    of its numbers a name keeps in slots (`places`)."""

    cell: Cell
    steps: tuple[Affine | Reshape, ...]
    dims: tuple[Value, ...]
    readonly: bool = False
    flat: Variable | None = None  # of an `ndarray.flat` (subscripts of it are copies): whether it was gone through
    moving: frozenset[int] = frozenset()

    @property
    def kind(self) -> Kind:
        """Kind of the elements."""
        return self.cell.kind

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.dims)

    def words(self) -> str:
        """What it is called in errors."""
        return f"a {self.kind.value} array of {self.rank} dimension{'s' * (self.rank != 1)}"


def is_flat(value: Any) -> bool:
    """True for an `ndarray.flat`."""
    return isinstance(value, Array) and value.flat is not None


@dataclass(frozen=True, slots=True, eq=False)
class Choice(StandIn):
    """One of several arrays, chosen by a run-time integer: `c = a if p else b`."""

    called: ClassVar[str] = "one of several arrays"

    options: tuple[Array, ...]
    index: Scalar


@dataclass(frozen=True, slots=True, eq=False)
class RandomValue(Record):
    """A random generator: the array that is its state (see `rules.random`)."""

    called: ClassVar[str] = "a random generator"

    state: Array
