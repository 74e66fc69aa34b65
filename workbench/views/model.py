"""What a cell view shows, as data: plain strings and numbers that `dataclasses.asdict` turns into JSON.

Nothing here is escaped or drawn; `text` and `html` do that. A part that could not be made is `None` or empty, and
`missing` says which and why: the others are shown all the same.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workbench.records import dataclass


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
    """A line of a program: its number, its text, and the user's line that it stands for."""

    number: int
    text: str
    of: int | None = None


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
class GradientView:
    """Everything a cell view shows of one gradient."""

    title: str
    value: str | None
    gradients: tuple[LeafView, ...] = ()
    source: CodeView | None = None
    adjoint: CodeView | None = None
    operations: tuple[OperationView, ...] = ()
    checks: tuple[CheckView, ...] = ()
    hint: str = ""
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)
