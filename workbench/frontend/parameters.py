"""Parameters of the compiled function, and what its calls take for granted.

Invariant: what is made for something from outside stands at the function's first line (`at_top`), wherever it is met.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from workbench.frontend.paths import Guard, Input, Path
from workbench.frontend.tracer import Tracer
from workbench.ir import Kind, Value


class Parameters:
    """Collects parameters and guards."""

    argument_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.t: Tracer = None  # type: ignore[assignment]
        self.inputs: list[Input] = []
        self.guards: dict[Any, Guard] = {}
        self.late: dict[Any, Guard] = {}  # those of rules, which are read when the program is differentiated
        self.known: dict[int, Any] = {}
        self.keep: list[Any] = []

    def guard(self, path: Path | None, kind: str, expected: Any) -> None:
        """Take a fact for granted, to be checked at each call."""
        if path is not None and path.root[0] != "object":
            self.guards.setdefault((path.key, kind), Guard(path, kind, expected))

    @contextmanager
    def at_top(self) -> Iterator[None]:
        """Make slots and variables as if at the function's first line."""
        t = self.t
        inner = t.frames[1:]
        del t.frames[1:]
        with t.builder.outside(1):
            try:
                yield
            finally:
                t.frames.extend(inner)

    def name_of(self, path: Path) -> str:
        """What a parameter is called."""
        if path.steps[:1] == (("attribute", "__defaults__"),):
            code, values = path.root[1]["f"].__code__, path.root[1]["f"].__defaults__
            return str(code.co_varnames[code.co_argcount - len(values) + path.steps[1][1]])
        for _, key in reversed(path.steps):
            if isinstance(key, str) and key.isidentifier():
                return key
        if path.root[0] == "arg":
            base = self.argument_names[path.root[1]]
            return "_".join([base, *(str(k) for _, k in path.steps if isinstance(k, int))])
        return str(path.root[2]) if path.root[0] == "dict" else "hidden"

    def register(self, path: Path, kind: Kind, rank: int, python: bool, value: Value) -> int:
        """Note a parameter; gives its position."""
        position = len(self.inputs)
        self.inputs.append(Input(path, kind, rank, python, position, value))
        return position
