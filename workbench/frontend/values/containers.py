"""Variables, and the containers whose entries they are: lists, dicts, sets, objects of users' classes.

Invariant: a container is one object for all names that hold it, as in Python; `generation` counts how often a loop has
renamed it, so that references made before are known to be stale.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

from workbench.frontend.values.stand_in import StandIn
from workbench.ir import Slot
from workbench.records import dataclass


@dataclass(slots=True, eq=False)
class Variable:
    """A binding that can change."""

    name: str
    depth: int
    stored: Any = None


class Container(StandIn):
    """What several names can hold as one object, with entries that are variables."""

    __slots__ = ()
    depth: int
    generation: int


@dataclass(slots=True, eq=False)
class ListValue(Container):
    """A Python list of known length. `site` is where it was made, for a list that may become dynamic; `snapshot` says
    why a write to it would be lost."""

    called: ClassVar[str] = "a list"

    items: list[Variable]
    depth: int
    generation: int = 0
    site: Any = None
    snapshot: str = ""


@dataclass(slots=True, eq=False)
class DequeValue(ListValue):
    """A `collections.deque`."""

    called: ClassVar[str] = "a deque"

    longest: int | None = None


@dataclass(slots=True, eq=False)
class DynamicList(Container):
    """A Python list whose length is known at run time only: per number or array of an entry a growable list (a slot),
    and per array whose dimensions are known at run time only these. `layout` describes an entry (`layouts`).
    `iterated` counts the loops over it that are open. An entry that is itself a list is a window on the pool of its
    column: it shares the pool's columns, from `begin` on; `outer` is the list it is an entry of."""

    called: ClassVar[str] = "a list"

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
class DictValue(Container):
    """A Python dict with static keys."""

    called: ClassVar[str] = "a dict"

    items: dict[Any, Variable]
    depth: int
    generation: int = 0
    type: type = dict
    default: Any = None  # of a defaultdict: what makes an entry
    snapshot: str = ""


@dataclass(slots=True, eq=False)
class ObjectValue(Container):
    """An instance of a user's class: its attributes are variables. `original` is the object it stands for when it
    came in from outside."""

    type: type
    fields: dict[str, Variable]
    depth: int
    generation: int = 0
    original: Any = None
    snapshot: str = ""

    def words(self) -> str:
        """What it is called in errors."""
        return f"a {self.type.__name__}"


@dataclass(slots=True, eq=False)
class SetValue(StandIn):
    """A Python set of static things, which no loop renames. `original`: it came in from outside."""

    called: ClassVar[str] = "a set"

    values: set[Any]
    depth: int
    original: bool = False
