"""What a cell view shows, as data: plain strings and numbers that `dataclasses.asdict` turns into JSON.

Nothing here is escaped or drawn; `text` and `html` do that. A part that could not be made is `None` or empty, and
`missing` says which and why: the others are shown all the same.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.records import dataclass
from workbench.views.kept import KeptView


@dataclass(frozen=True)
class LeafView:
    """One leaf of a gradient: its path, kind and numbers; `samples` is what a small drawing shows."""

    path: str
    kind: str
    text: str
    norm: float | None
    samples: tuple[tuple[float, ...], ...] = ()


@dataclass(frozen=True)
class LineView:
    """A line of a program: its number, its text, and the user's line that it stands for. where: a line of another file
    that it stands for, as `helper.py:7`."""

    number: int
    text: str
    of: int | None = None
    where: str = ""


@dataclass(frozen=True)
class CodeView:
    """A program with a title; `at` says where it stands."""

    title: str
    at: str
    lines: tuple[LineView, ...]


@dataclass(frozen=True)
class OperationView:
    """How often the derivative's program holds an operation, and how many of these stand in loops."""

    name: str
    count: int
    in_loops: int


@dataclass(frozen=True)
class CheckView:
    """The result of one check of a gradient: in how many digits two ways of computing agreed."""

    name: str
    digits: float
    passed: bool
    detail: str


@dataclass(frozen=True)
class NoteView:
    """What is to be said at a line of the user's: that it is not compiled, and why. file: of the line; empty: the shown
    one."""

    line: int | None
    file: str
    text: str

    def is_at(self, code: CodeView | None) -> bool:
        """Whether its line is among those shown."""
        return code is not None and not self.file and any(line.number == self.line for line in code.lines)

    @property
    def alone(self) -> str:
        """With its place, where it does not stand at its line."""
        place = "" if self.line is None else f"{self.file}:{self.line}: " if self.file else f"line {self.line}: "
        return place + self.text


@dataclass(frozen=True)
class GradientView:
    """Everything a cell view shows of one gradient. ir: the program that is differentiated; kept: what waits for the
    reverse sweep; notes: why there is no adjoint, at its line."""

    title: str
    value: str | None
    gradients: tuple[LeafView, ...] = ()
    source: CodeView | None = None
    ir: CodeView | None = None
    adjoint: CodeView | None = None
    kept: tuple[KeptView, ...] = ()
    notes: tuple[NoteView, ...] = ()
    operations: tuple[OperationView, ...] = ()
    checks: tuple[CheckView, ...] = ()
    hint: str = ""
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        data = asdict(self)
        for kept, told in zip(self.kept, data["kept"], strict=True):
            told.update(mark=kept.mark, place=kept.place, size=kept.size, title=kept.title)
        return data
