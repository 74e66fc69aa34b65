"""Python's functions that print, or make texts: `print`, `str`, `repr`, `format`."""

from __future__ import annotations

import sys
from typing import Any

from workbench.frontend import texts
from workbench.frontend.activation import Activation
from workbench.frontend.library.registry import handles, implements
from workbench.frontend.values import is_static


@implements(print)
def print_(act: Activation, *args: Any, sep: Any = None, end: Any = None, file: Any = None, flush: Any = False) -> Any:
    """Printed when the program runs."""
    stream = {None: "stdout", id(sys.stdout): "stdout", id(sys.stderr): "stderr"}.get(
        id(file) if file is not None else None)
    if stream is None:
        return act.t.fail("print to a file", "print to sys.stdout, or outside the differentiated function")
    return texts.print_(act, args, sep, end, stream, bool(flush))


@handles(str)
def str_(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`str(x)`."""
    if not args or is_static((args, tuple(named.values()))):
        return str(*args, **named)
    return texts.text(act, args[0], "s")


@implements(repr)
def repr_(act: Activation, obj: Any, /) -> Any:
    """The text that stands for a value in Python."""
    return texts.text(act, obj, "r")


@implements(format)
def format_(act: Activation, value: Any, format_spec: Any = "", /) -> Any:
    """The text of a value in a format."""
    return texts.text(act, value, "", format_spec)
