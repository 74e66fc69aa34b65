"""Where functions stand, as people say it: in a file, or in a cell of a notebook.

The kernel extension registers the names of cells. Of a function that a cell defines the whole cell is shown, since its
helpers stand there too.
"""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Mapping
from typing import Any

#: From the names of files to what people call them.
Names = Callable[[], Mapping[str, str]]
_NAMES: list[Names] = []


def register(names: Names | None) -> None:
    """Have files called by other names from now on; None: by their own."""
    _NAMES[:] = [] if names is None else [names]


def cell_files() -> dict[str, str]:
    """What files are called that have another name, by their own."""
    return {filename: name for names in _NAMES for filename, name in names().items()}


def last_parts() -> dict[str, str]:
    """The same by the last part of a file's name, as emitted programs have it."""
    return {filename.rsplit("/", 1)[-1]: name for filename, name in cell_files().items()}


def source_and_place(function: Any) -> tuple[Callable[[], tuple[str, int]], str]:
    """(a maker of the source and the number of its first line, where it stands)."""
    code = getattr(inspect.unwrap(getattr(function, "py_func", function)), "__code__", None)
    filename = code.co_filename if code is not None else ""
    name = cell_files().get(filename)
    if name is None:
        return lambda: function_source(function), filename
    return lambda: without_blank_ends("".join(linecache.getlines(filename))), name


def function_source(function: Any) -> tuple[str, int]:
    """(source text, first line number) of a function or of what it wraps; raises OSError where there is none."""
    lines, first = inspect.getsourcelines(inspect.unwrap(getattr(function, "py_func", function)))
    return "".join(lines), first


def without_blank_ends(text: str) -> tuple[str, int]:
    """A text without the empty lines around it, and the number of its first line."""
    start = text.lstrip("\n")
    return start.rstrip(), len(text) - len(start) + 1
