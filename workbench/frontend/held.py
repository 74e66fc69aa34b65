"""Values that are held while other parts of a program are evaluated: operands, arguments, what is iterated over.

A loop that is evaluated meanwhile may rename the array or container that a value refers to (`Tracer.rename`). A
variable notices that when it is read; a value that no variable holds is looked at here.

Invariant: no value is used once what it refers to has another name; the loop then makes its names choices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.frontend.tracer import Tracer
from workbench.frontend.values import RECORDS, Array, Choice, Container, parts_of


def targets(value: Any) -> Iterator[Any]:
    """The buffers and containers that a value refers to itself (not what is in containers: that is in variables)."""
    if isinstance(value, Array):
        yield value.cell
    elif isinstance(value, Container):
        yield value
    elif isinstance(value, Choice):
        for option in value.options:
            yield option.cell
    elif isinstance(value, tuple):
        for part in value:
            yield from targets(part)
    elif isinstance(value, RECORDS):
        yield from targets(parts_of(value))


class Held:
    """Values on which a program goes on working after something else was evaluated."""

    __slots__ = ("marks", "t")

    def __init__(self, t: Tracer, *values: Any) -> None:
        self.t = t
        self.marks: list[tuple[Any, int]] = []
        for value in values:
            self.keep(value)

    def keep(self, value: Any) -> Any:
        """Hold one more; gives it."""
        self.marks += ((target, target.generation) for target in targets(value))
        return value

    def check(self) -> None:
        """Before the values are used: start over, or refuse, where one of them has another name by now."""
        for target, generation in self.marks:
            if target.generation != generation:
                self.t.refuse_renamed(target, "what is held here")
