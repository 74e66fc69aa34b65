"""Kernels as text: the one place that knows that they are typed for readers and untyped for the compiler.

The compiler types a kernel anew for each kind of operands; so `Array` and `Number` are of any kind.
"""

from __future__ import annotations

import ast
import dis
import inspect
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

import numpy.typing as npt

from workbench.rules.foreign import Foreign

Array = npt.NDArray[Any]
Number = Any  # an element of an array: real or complex

Kernel = Callable[..., Any]


def source_of(kernel: Kernel) -> list[str]:
    """The lines that define a kernel, without types and without remarks for checkers."""
    lines = inspect.getsource(kernel).rstrip().split("\n")
    (defined,) = ast.parse("\n".join(lines)).body
    assert isinstance(defined, ast.FunctionDef)
    body = lines[defined.body[0].lineno - 1:]
    params = ", ".join(arg.arg for arg in defined.args.args)
    return [f"def {defined.name}({params}):", *(line.split("  # type:")[0] for line in body)]


def with_called(kernel: Kernel) -> Iterator[Kernel]:
    """A kernel, and before it those that it calls."""
    if not isinstance(kernel, Foreign):
        for called in _called(kernel):
            yield from with_called(called)
    yield kernel


def _called(kernel: Kernel) -> Iterator[Kernel]:
    names = dict.fromkeys(i.argval for i in dis.get_instructions(kernel) if i.opname == "LOAD_GLOBAL")
    for name in names:
        found = kernel.__globals__.get(name)
        if isinstance(found, FunctionType) and found is not kernel:
            yield found
