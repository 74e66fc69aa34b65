"""What the builder holds while it builds: variables, and regions that are open.

Invariant: a frame knows, of each slot that was touched in it, what the slot held outside; so closing or dropping a
region can put that back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from workbench.ir.core import Op, Span, Value
from workbench.ir.types import Type
from workbench.records import dataclass


class Slot:
    """A mutable variable that holds one IR value, or None (a cotangent not yet touched: a symbolic zero).

    `default` makes, with the builder, what stands for None where a region needs a value (a zero of the type)."""

    __slots__ = ("default", "depth", "name", "type", "value")

    def __init__(self, type_: Type, value: Value | None, depth: int, name: str = "",
                 default: Callable[[Any], Value] | None = None) -> None:
        self.type = type_
        self.value = value
        self.depth = depth
        self.name = name
        self.default = default


@dataclass(slots=True)
class Touch:
    """What a region does to a slot: the value outside, the loop's parameter, and the value where `before` ended."""

    entry: Value | None
    param: Value | None
    middle: Value | None = None


@dataclass(slots=True, eq=False)
class Frame:
    """An open region: the function's body, a loop's, or one arm of an `if`."""

    kind: str  # "function" | "for" | "while" | "arm"
    ops: list[Op] = field(default_factory=list)
    before: list[Op] | None = None
    numbers: dict[Any, Value] = field(default_factory=dict)
    touched: dict[Slot, Touch] = field(default_factory=dict)
    index: Value | None = None
    condition: Value | None = None
    head: tuple[Value, ...] = ()
    attrs: Mapping[str, Any] = field(default_factory=dict)
    span: Span | None = None

    @property
    def is_loop(self) -> bool:
        """True for `for` and `while`."""
        return self.kind in ("for", "while")


@dataclass(slots=True)
class Arm:
    """A closed arm of an `if`: its operations and what each touched slot held at its start and end."""

    ops: list[Op]
    entry: dict[Slot, Value | None]
    final: dict[Slot, Value | None]


@dataclass(slots=True)
class Checkpoint:
    """A point to roll back to: the innermost frame's length and the number of open frames."""

    depth: int
    length: int
    before: bool
    numbers: dict[Any, Value]
