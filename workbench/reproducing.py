"""A failing check as a script that needs nothing but the workbench: the function, what it names, the call.

Invariant: a script is given only where all of it can be written; else the reason is.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from workbench.engines.tape.refusal import is_users
from workbench.frontend import python_function
from workbench.operators.rules import Rule

MOST_ELEMENTS = 400  # of an array that is written out


class Unwritable(Exception):
    """Something that a script cannot say."""


def script(f: Any, args: tuple[Any, ...], options: str) -> str:
    """`wb.check(f, *args, options)` as a script, or a line that says why there is none."""
    try:
        written = _Script()
        name = written.function(f)
        call = ", ".join([name, *map(text_of, args), options])
    except Unwritable as error:
        return f"# no script to paste: {error}"
    lines = ["from numpy import inf, nan", "import numpy as np", "import workbench as wb", *written.lines, "",
             f"print(wb.check({call}))"]
    return "\n".join(lines)


def text_of(x: Any) -> str:
    """An argument as Python. Raises Unwritable."""
    if isinstance(x, np.ndarray) and x.size <= MOST_ELEMENTS and x.dtype.kind in "biufc":
        return f"np.array({x.tolist()!r}, dtype=np.{x.dtype.name})" + (".reshape" + repr(x.shape) if not x.size else "")
    if isinstance(x, np.generic) and x.dtype.kind in "biufc":
        return f"np.{x.dtype.name}({x.item()!r})"
    if x is None or type(x) in (bool, int, float, complex, str):
        return repr(x)
    if type(x) is list:
        return f"[{', '.join(map(text_of, x))}]"
    if type(x) is tuple:
        return f"({''.join(text_of(v) + ', ' for v in x)})"
    if type(x) is dict:
        return "{" + ", ".join(f"{text_of(k)}: {text_of(v)}" for k, v in x.items()) + "}"
    raise Unwritable(f"an argument or number from outside is {type(x).__name__}")


class _Script:
    """Definitions, each after what it names."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._done: dict[str, Any] = {}

    def function(self, f: Any) -> str:
        """Define a function; its name."""
        target = python_function(f.function if isinstance(f, Rule) else f)
        name = getattr(target, "__name__", "")
        if not isinstance(target, FunctionType) or not name.isidentifier():
            raise Unwritable(f"{name or f!r} is no function with a name of its own")
        self.define(name, f)
        return name

    def define(self, name: str, value: Any) -> None:
        """Let a name stand for a value."""
        if name in self._done:
            if self._done[name] is not value:
                raise Unwritable(f"{name!r} has two meanings")
            return
        self._done[name] = value
        if isinstance(value, ModuleType):
            self.lines.append(f"import {value.__name__} as {name}")
        elif isinstance(value, Rule):
            self._source(python_function(value.function))
            for rule in (value.jvp_rule, value.forward, value.vjp_rule):
                if rule is not None:
                    self._source(rule)
        elif isinstance(value, FunctionType) and is_users(value.__code__.co_filename):
            self._source(value)
        elif isinstance(value, np.ufunc):
            self.lines.append(f"from numpy import {value.__name__} as {name}")
        elif callable(value) and getattr(value, "__module__", None) and not is_users(_file_of(value)):
            self.lines.append(f"from {value.__module__} import {value.__name__} as {name}")
        else:
            self.lines.append(f"{name} = {text_of(value)}")

    def _source(self, function: Any) -> None:
        try:
            source = textwrap.dedent(inspect.getsource(function))
            tree = ast.parse(source)
        except (OSError, SyntaxError):
            raise Unwritable(f"the source of {function.__name__} is not to be had") from None
        if not isinstance(tree.body[0], ast.FunctionDef):
            raise Unwritable("it is a lambda: give it a name with `def`")
        for name, value in _named(function, tree):
            self.define(name, value)
        self.lines += ["", "", source.rstrip("\n")]


def _file_of(value: Any) -> str:
    """Where a function or class is written; "<built-in>" where nowhere in Python."""
    try:
        return inspect.getfile(value)
    except TypeError:
        return "<built-in>"


def _named(function: Any, tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """What a function's source names that is outside of it."""
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    own = {a.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for a in (
        *node.posonlyargs, *node.args, *node.kwonlyargs)} | set(function.__code__.co_varnames)
    for name in dict.fromkeys(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)):
        if name in cells:
            yield name, cells[name].cell_contents
        elif name not in own and name in function.__globals__ and not hasattr(builtins, name):
            yield name, function.__globals__[name]
