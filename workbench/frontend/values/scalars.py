"""Numbers, and what a number is on other paths; what is there on some paths only, or is one thing on each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any

from workbench.frontend.values.stand_in import Record, StandIn, describe
from workbench.ir import Kind, Value
from workbench.records import dataclass


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
class Scalar(StandIn):
    """A number known at run time. `python` tells Python's own float, int, bool from NumPy's scalars. `others`: what
    it may be as well, where it is joined from several paths (see `frontend.numbers`)."""

    value: Value
    python: bool
    others: frozenset[Alternative] = frozenset()

    @property
    def kind(self) -> Kind:
        """Its scalar kind."""
        return self.value.kind

    def words(self) -> str:
        """What it is called in errors."""
        return f"a run-time {self.kind.value} number"


def bare_in(value: Any) -> Iterator[Bare]:
    """The arrays without axes that a number may be, or the numbers in a tuple."""
    if isinstance(value, tuple):
        for entry in value:
            yield from bare_in(entry)
    elif isinstance(value, Scalar):
        yield from (other.array for other in value.others if other.array is not None)


class Undefined:
    """What a name holds before it is assigned."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()


@dataclass(frozen=True, slots=True)
class Maybe(StandIn):
    """A value that is there only if `defined` holds (assigned in one arm, or in a loop that may not run)."""

    value: Any
    defined: Scalar
    name: str

    def words(self) -> str:
        """What it is called in errors."""
        return describe(self.value)


@dataclass(frozen=True, slots=True)
class Conflict(StandIn):
    """What cannot be joined: reading it is an error."""

    reason: str
    hint: str = ("give it one type on both paths (a number in place of a text or None), or do on each path what needs "
                 "it")

    def words(self) -> str:
        """What it is called in errors."""
        return f"one of two things ({self.reason})"


class Number:
    """Where the number stands among the options of a state."""

    def __repr__(self) -> str:
        return "a number"


NUMBER = Number()


@dataclass(frozen=True, slots=True, eq=False)
class OneOf(Record):
    """A state (`states`): one of several things known while specialising, chosen by a run-time integer. One of the
    options may be NUMBER: then it is `number`."""

    options: tuple[Any, ...]
    index: Scalar
    number: Any = None  # a `Scalar`, or a tuple of such and of tuples

    def words(self) -> str:
        """What it is called in errors."""
        first, *_, last = [self.number if option is NUMBER else option for option in self.options]
        return f"{describe(first)} on one path and {describe(last)} on the other of a run-time condition"
