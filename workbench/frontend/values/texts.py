"""Texts of run-time numbers, and exceptions with such texts or numbers."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.frontend.values.stand_in import Record
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class FieldValue(Record):
    """A value in a text of run-time numbers (see `rules.text.Field`)."""

    called: ClassVar[str] = "a text of run-time numbers"

    value: Any
    how: str
    spec: str


@dataclass(frozen=True, slots=True, eq=False)
class TextValue(Record):
    """A text of run-time numbers: strings and fields."""

    called: ClassVar[str] = "a text of run-time numbers"

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ExceptionValue(Record):
    """An exception that the program makes; it is built when it is raised. `cause`: False where none is given."""

    type: type
    args: tuple[Any, ...]
    named: dict[str, Any]
    cause: Any = False

    def words(self) -> str:
        """What it is called in errors."""
        return f"a {self.type.__name__}"
