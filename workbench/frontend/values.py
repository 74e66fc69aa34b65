"""What the evaluator computes with: ordinary Python objects, and stand-ins for what is numeric or can change.

An ordinary Python object (int, str, function, class, ...) is *static*: known while specialising. The stand-ins are
`Scalar` (a typed IR value), `Array` (a view of a cell that holds an array's current version), and the containers
whose entries are variables: `ListValue`, `DictValue`, `ObjectValue`. Tuples are Python tuples of these.

Invariant: two names hold the same stand-in object exactly where Python would have them share an object.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from workbench.frontend.order import Carried, Order
from workbench.ir import Kind, Slot, Value


class Undefined:
    """What a name holds before it is assigned."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


@dataclass(slots=True, eq=False)
class Bare:
    """An array without axes (see `bare`): why it must not be changed in place, if so, whether it was, and what is bound
    to it."""

    why: str = ""
    changed: bool = False
    holders: set[Any] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a number is on another path: of this kind, Python's own or NumPy's; `loop`: only where that loop makes no
    turn; `array`: an array without axes."""

    kind: Kind
    python: bool
    loop: Any = None
    array: Bare | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A number known at run time. `python` tells Python's own float, int, bool from NumPy's scalars. `others`: what
    it may be as well, where it is joined from several paths (see `numbers`)."""

    value: Value
    python: bool
    others: frozenset[Alternative] = frozenset()

    @property
    def kind(self) -> Kind:
        """Its scalar kind."""
        return self.value.kind


def bare_in(value: Any) -> Iterator[Bare]:
    """The arrays without axes that a number may be, or the numbers in a tuple."""
    if isinstance(value, tuple):
        for entry in value:
            yield from bare_in(entry)
    elif isinstance(value, Scalar):
        yield from (other.array for other in value.others if other.array is not None)


class Cell:
    """A buffer: holds the current version of an array. `origin` is the parameter it came from, if any."""

    __slots__ = ("carried", "chosen", "depth", "external", "generation", "instead_of", "name", "number", "order",
                 "origin", "parts", "private_to", "renamed_by", "rewritten", "shown_elsewhere", "shows", "slot",
                 "snapshot", "source", "stale", "uncertain", "written")

    def __init__(self, slot: Slot, number: int, depth: int, name: str = "", origin: int | None = None) -> None:
        self.slot = slot
        self.number = number
        self.depth = depth
        self.name = name
        self.origin = origin  # the parameter whose very object this is, until the name is rebound in a loop
        self.source = origin
        self.generation = 0
        self.written = False
        self.rewritten = False  # by the program itself; not only by a loop that rebinds its name
        self.external = origin is not None  # writes to it are seen outside the program
        self.renamed_by: object = None
        self.snapshot = ""  # why a write to it would be lost: it is a copy of what other names hold
        self.carried = Carried()
        self.order: Order | None = None  # how Python's array lies None where that is not known
        self.shows: Cell | None = None  # what NumPy has a view of here, or may have: this is a copy
        self.parts: list[Cell] = []  # copies of which NumPy has views of this
        self.chosen: tuple[Cell, ...] = ()  # the buffers that a choice is between, of which this is a copy
        self.stale = ""  # why it must not be read any more: what it is a copy of has been written
        self.shown_elsewhere = ""  # why a write to it might have to be seen in a copy, too
        self.private_to: Any = None  # the loop and the name whose own buffer this is
        self.instead_of: Any = None  # the array that name had before the loop
        self.uncertain: object = None  # the loop that may have replaced what a parameter holds by a copy of it

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
class Array:
    """A view (`steps`, applied in order) of a cell; no steps: the whole buffer. Compared by identity. `moving`: which
    of its numbers a name keeps in slots (`places`)."""

    cell: Cell
    steps: tuple[Affine | Reshape, ...]
    dims: tuple[Value, ...]
    generation: int = 0
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


def is_flat(value: Any) -> bool:
    """True for an `ndarray.flat`."""
    return isinstance(value, Array) and value.flat is not None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of several arrays, chosen by a run-time integer: `c = a if p else b`."""

    options: tuple[Array, ...]
    index: Scalar


@dataclass(slots=True, eq=False)
class Variable:
    """A binding that can change."""

    name: str
    depth: int
    stored: Any = None


@dataclass(slots=True, eq=False)
class ListValue:
    """A Python list of known length; its entries are variables. `site` is where it was made, for a list that may become
    dynamic; `snapshot` says why a write to it would be lost."""

    items: list[Variable]
    depth: int
    generation: int = 0
    site: Any = None
    snapshot: str = ""


@dataclass(slots=True, eq=False)
class DynamicList:
    """A Python list whose length is known at run time only: per number or array of an entry a growable list (a slot),
    and per array whose dimensions are known at run time only these. `layout` describes an entry (`layouts`).
    `iterated` counts the loops over it that are open. An entry that is itself a list is a window on the pool of its
    column: it shares the pool's columns, from `begin` on; `outer` is the list it is an entry of."""

    layout: Any
    columns: list[Slot | Pool]
    dims: list[tuple[Variable | None, ...]]
    length: Variable
    site: Any
    depth: int
    generation: int = 0
    iterated: int = 0
    begin: Variable | None = None
    outer: DynamicList | None = None
    snapshot: str = ""
    windows: list[DynamicList] = field(default_factory=list)  # made of a pool's entries, as long as they are good


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A column of lists: the entries of all of them one after the other, and where each begins and how long it is."""

    entries: DynamicList
    begins: Slot
    lengths: Slot


@dataclass(slots=True, eq=False)
class DictValue:
    """A Python dict with static keys."""

    items: dict[Any, Variable]
    depth: int
    generation: int = 0
    type: type = dict
    default: Any = None  # of a defaultdict: what makes an entry
    snapshot: str = ""


@dataclass(slots=True, eq=False)
class SetValue:
    """A Python set of static things. `original`: it came in from outside."""

    values: set[Any]
    depth: int
    generation: int = 0
    original: bool = False


@dataclass(slots=True, eq=False)
class DequeValue(ListValue):
    """A `collections.deque`."""

    longest: int | None = None


@dataclass(slots=True, eq=False)
class ObjectValue:
    """An instance of a user's class: its attributes are variables. `original` is the object it stands for when it
    came in from outside."""

    type: type
    fields: dict[str, Variable]
    depth: int
    generation: int = 0
    original: Any = None
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value that is there only if `defined` holds (assigned in one arm, or in a loop that may not run)."""

    value: Any
    defined: Scalar
    name: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """What cannot be joined: reading it is an error."""

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function or lambda made by the program that is being evaluated."""

    node: ast.FunctionDef | ast.Lambda
    scope: Any
    defaults: tuple[Variable, ...]
    keyword_defaults: dict[str, Variable]
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod:
    """A function with its first argument."""

    function: Any
    self_value: Any


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """`functools.partial` of run-time numbers."""

    function: Any
    args: tuple[Any, ...]
    named: dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayMethod:
    """A method of an array (or of a scalar), not yet called."""

    owner: Any
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class RangeValue:
    """`range(start, stop, step)`, its bounds static or run-time integers."""

    start: Any
    stop: Any
    step: Any


VIEWS = ("keys", "values", "items")  # kinds of a `ZipValue` that shows a dict


@dataclass(frozen=True, slots=True, eq=False)
class ZipValue:
    """`zip`, `enumerate`, `reversed` or `iter` of things that can be indexed, an endless iterator, or a dict's view.
    `spent` says whether an iterator was gone through; None: it is being gone through, or is a dict's view."""

    kind: str
    parts: tuple[Any, ...]
    start: Any = 0
    spent: Variable | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lazy:
    """An iterator that makes its items when it is consumed, once: a generator, `map`, `filter`. `push(act, sink)` gives
    each item to `sink`, whose completion says whether to go on; `spent` is a variable, true once consumed."""

    push: Any
    spent: Variable


@dataclass(frozen=True, slots=True, eq=False)
class Cursor:
    """An iterator over things known one by one: what reads the item of a place (or gives END), how many there are now,
    and the (static) place of the next."""

    fetch: Callable[[int], Any]
    count: Callable[[], int]
    position: Variable


END: Any = object()  # what a `fetch` gives where there are no more items


@dataclass(frozen=True, slots=True, eq=False)
class CallChoice:
    """One of several functions, chosen by a run-time integer: `f = sin if p else cos`."""

    options: tuple[Any, ...]
    index: Scalar


class Number:
    """Where the number stands among the options of a state."""

    def __repr__(self) -> str:
        return "a number"


NUMBER = Number()


@dataclass(frozen=True, slots=True, eq=False)
class OneOf:
    """A state (`states`): one of several things known while specialising, chosen by a run-time integer. One of the
    options may be NUMBER: then it is `number`."""

    options: tuple[Any, ...]
    index: Scalar
    number: Any = None  # a `Scalar`, or a tuple of such and of tuples


@dataclass(frozen=True, slots=True, eq=False)
class RandomValue:
    """A random generator: the array that is its state (see `rules.random`)."""

    state: Array


@dataclass(frozen=True, slots=True, eq=False)
class FieldValue:
    """A value in a text of run-time numbers (see `rules.text.Field`)."""

    value: Any
    how: str
    spec: str


@dataclass(frozen=True, slots=True, eq=False)
class TextValue:
    """A text of run-time numbers: strings and fields."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExceptionValue:
    """An exception that the program makes; it is built when it is raised. `cause`: False where none is given."""

    type: type
    args: tuple[Any, ...]
    named: dict[str, Any]
    cause: Any = False


@dataclass(frozen=True, slots=True, eq=False)
class SuperValue:
    """`super()`: attributes of `owner` as its class has them behind `after` in the order of resolution."""

    after: type
    owner: Any


_STAND_INS = (Conflict, Scalar, Array, Choice, ListValue, DynamicList, DictValue, ObjectValue, RangeValue, ZipValue,
              Closure, BoundMethod, ArrayMethod, Partial, SetValue, Lazy, Cursor, CallChoice, FieldValue,
              TextValue, ExceptionValue, SuperValue, RandomValue, OneOf)


def is_static(value: Any) -> bool:
    """True when nothing in the value is a stand-in."""
    if isinstance(value, tuple):
        return all(is_static(v) for v in value)
    if isinstance(value, slice):
        return all(is_static(v) for v in (value.start, value.stop, value.step))
    return not isinstance(value, _STAND_INS)


def is_sequence(value: Any) -> bool:
    """True for lists, tuples and strings of the evaluator."""
    return isinstance(value, (ListValue, DynamicList, tuple, str, list))


def static_truth(value: Any) -> bool:
    """Python's truth of anything but a run-time number."""
    if isinstance(value, (ListValue, DictValue)):
        return bool(value.items)
    if isinstance(value, SetValue):
        return bool(value.values)
    if isinstance(value, ZipValue) and value.kind in VIEWS:
        return static_truth(value.parts[0])
    return bool(value)
