"""Programs that say what they allocate for: emitted as ever, with calls of the counting allocator around the lines
that make an array of a role that counts (`roles.py`).

Invariant: apart from these calls the program is the one that is emitted otherwise.
"""
from __future__ import annotations

import contextlib
import ctypes
import importlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

from llvmlite import binding
from numba.core import types

from workbench.cost.roles import RESIDUAL, SCRATCH, roles
from workbench.engines.numba import outlet
from workbench.ir import Function, Op

emitting = importlib.import_module("workbench.engines.numba.emit")  # (the package hands on the function of this name)
compiling = importlib.import_module("workbench.engines.numba.compile")


class Marks:
    """The variables of marked programs, by number from 1: (program, name, role)."""

    def __init__(self) -> None:
        self.variables: list[tuple[str, str, str]] = [("", "", "")]

    def number(self, program: str, name: str, role: str) -> int:
        """The number of a variable."""
        self.variables.append((program, name, role))
        return len(self.variables) - 1


@contextlib.contextmanager
def marked(marks: Marks) -> Iterator[None]:
    """Within this context programs are emitted with marks. The counting allocator must be loaded."""
    main: dict[Function, int | None] = {}
    emit = compiling.emit

    class Marking(emitting.Writer):
        def op(self, op: Op) -> None:
            if not hasattr(self, "roles"):
                self.roles = roles(self.function, main.get(self.function))
            role = self.roles.get(op, SCRATCH)
            if role == SCRATCH:
                super().op(op)
                return
            self.line(f"allot({marks.number(self.title, self.names(op.results[0]), role)})")
            super().op(op)
            self.line("allot(0)")

        def line(self, text: str, op: Op | None = None) -> None:
            grown = text.split(" = grow")[0] if " = grow" in text else ""
            if grown:
                super().line(f"grown({marks.number(self.title, grown, RESIDUAL)})")
            super().line(text, op)
            if grown:
                super().line("allot(0)")

    def emit_marked(function: Function, *args: Any, **named: Any) -> Any:
        main[function] = named.get("exact")
        return emit(function, *args, **named)

    library = ctypes.CDLL(None)
    external = {}
    for name in ("allot", "grown"):
        binding.add_symbol(f"workbench_{name}", ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
        external[name] = types.ExternalFunction(f"workbench_{name}", types.int32(types.int64))
    with (mock.patch.object(emitting, "Writer", Marking), mock.patch.object(compiling, "emit", emit_marked),
          mock.patch.dict(outlet.EXTERNALS, external)):
        yield
