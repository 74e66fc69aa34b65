"""Other calls of a traced program: guards must fail, or the traced program must still be right.

A helper is redefined, an integer is another, arrays are longer, a float is a NumPy float32: where all guards hold, the
program that was traced before is run on the new arguments, by the interpreter, beside plain Python.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from tests.corpus.structure import copy_arguments
from tests.fuzz.interpreted import inputs, output, traced
from tests.programs.calling import close
from workbench.interpret import run
from workbench.ir import DifferentiationError
from workbench.operators.calling import guard_function

Outcome = tuple[Any, Any]


def weakness(function: Any, module: ModuleType, arguments: Callable[[], tuple[Any, ...]],
             tolerance: float) -> str:
    """How a call slips through the guards although the traced program is wrong for it; "" where none does."""
    program = traced(function, arguments())
    holds = guard_function(program.guards, len(arguments()))
    if not holds(arguments()):
        return "the guards fail for the arguments that were traced"
    for name in [name for name in vars(module) if name.startswith("helper_")]:
        old = vars(module)[name]
        setattr(module, name, lambda *args, old=old, **named: 0.25 * old(*args, **named))
        try:
            wrong = _compare(program, holds, function, arguments(), tolerance)
        finally:
            setattr(module, name, old)
        if wrong:
            return f"{name} redefined: {wrong}"
    for what, args in _others(arguments()):
        wrong = _compare(program, holds, function, args, tolerance)
        if wrong:
            return f"{what}: {wrong}"
    return ""


def _others(args: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    def changed(change: Callable[[Any], Any]) -> tuple[Any, ...]:
        return tuple(change(arg) for arg in copy_arguments(args))

    yield "other integers", changed(lambda arg: arg + 1 if type(arg) is int else arg)
    yield "longer arrays", changed(lambda arg: np.append(arg, arg.dtype.type(1)) if isinstance(arg, np.ndarray)
                                   and arg.ndim == 1 and arg.dtype.kind == "f" else arg)
    first = next((k for k, arg in enumerate(args) if isinstance(arg, np.ndarray) and arg.ndim == 1), None)
    if first is not None:
        longer = np.append(args[first], args[first].dtype.type(1))
        yield "one longer array", (*copy_arguments(args[:first]), longer, *copy_arguments(args[first + 1:]))
    yield "other numbers", changed(lambda arg: 0.7 * arg if type(arg) is float else arg)
    yield "float32", changed(lambda arg: np.float32(arg) if type(arg) is float else arg)


def _compare(program: Any, holds: Callable[[Any], bool], function: Any, args: tuple[Any, ...],
             tolerance: float) -> str:
    if not holds(args):
        return ""
    wanted = _outcome(lambda own: function(*own), args)
    found = _outcome(lambda own: output(program, run(program.function, inputs(program, own))), args)
    if found[0] is DifferentiationError:
        return ""  # refused where it runs
    if wanted[0] is not found[0]:
        return f"plain Python gives {wanted}, the traced program {found}"
    if wanted[0] is None and not close(np.asarray(found[1], float), np.asarray(wanted[1], float), tolerance):
        return f"plain Python gives {wanted[1]!r}, the traced program {found[1]!r}"
    return ""


def _outcome(call: Callable[[Any], Any], args: tuple[Any, ...]) -> Outcome:
    """The type of the error that a call raises, or its value."""
    try:
        with np.errstate(all="ignore"):
            return None, call(copy_arguments(args))
    except Exception as error:
        return type(error), str(error)
