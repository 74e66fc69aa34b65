"""What compiled programs do to Python on the way: they print, and raise exceptions of any class with numbers in them.

A program hands over numbers one by one (`give_float`, ...), then says what they are for: `say(key)` prints the text of
a template, `raise Raised(key)` stands for an exception that the caller builds (`raised`). Both go by symbols that the
linker finds in every process, so that machine code is kept on disk; templates are entered under a key made of their
content when a program is compiled or loaded. Invariant: nothing is printed later than the program says it.
"""

from __future__ import annotations

import ctypes
import hashlib
import threading
from collections.abc import Callable
from typing import Any

import llvmlite.binding
import numpy as np
from numba.core import types

from workbench.ir import Function, Kind, Op, callees, walk
from workbench.rules import text
from workbench.rules.random import FUNCTIONS, LAWS, address_of
from workbench.rules.text import Failure, Hole, Template

_texts: dict[int, tuple[Template, str, bool]] = {}
_failures: dict[int, Failure] = {}


class Raised(Exception):
    """Stands in compiled code for an exception that Python builds."""


class _Given(threading.local):
    def __init__(self) -> None:
        self.numbers: list[Any] = []

    def taken(self) -> list[Any]:
        """What has been handed over since the last time."""
        numbers, self.numbers = self.numbers, []
        return numbers


_given = _Given()


def key_of(op: Op) -> int:
    """The key of what a `print` or a `check` with an exception of its own refers to."""
    content = repr(op.attrs.get("failure") or (op.attrs["template"], op.attrs["stream"], op.attrs["flush"]))
    return int.from_bytes(hashlib.sha256(content.encode()).digest()[:6], "big")


def enter(function: Function) -> None:
    """Make known what a program prints and raises."""
    for op in (op for f in (function, *(c.function for c in callees(function))) for op in walk(f.block)):
        if op.prim == "print":
            _texts[key_of(op)] = (op.attrs["template"], op.attrs["stream"], op.attrs["flush"])
        elif op.prim == "check" and op.attrs.get("failure") is not None:
            _failures[key_of(op)] = op.attrs["failure"]


def holes(tree: Any) -> list[Hole]:
    """The holes of a template or an exception, in order."""
    found: dict[int, Hole] = {}

    def visit(part: Any) -> None:
        if isinstance(part, Hole):
            found[part.place] = part
        elif isinstance(part, tuple):
            for entry in part:
                visit(entry)
        else:
            for name in getattr(part, "__slots__", ()) if type(part).__module__ == text.__name__ else ():
                visit(getattr(part, name))
    visit(tree)
    return [found[k] for k in sorted(found)]


def _numbers(tree: Any) -> list[Any]:
    """The numbers handed over, as values of the kinds that the holes have; arrays are copied from where they lie."""
    found = holes(tree)
    count = sum(1 + max(hole.rank, 0) + (hole.rank < 0 and hole.kind.is_complex) for hole in found)
    taken = _given.taken()
    given = iter(taken[len(taken) - count:])  # (before them may be some of a program that was interrupted)
    values: list[Any] = []
    for hole in found:
        if hole.rank >= 0:
            values.append(_array(hole, next(given), [next(given) for _ in range(hole.rank)]))
        elif hole.kind.is_complex:
            values.append(complex(next(given), next(given)))
        else:
            values.append(bool(next(given)) if hole.kind is Kind.BOOL else next(given))
    return values


def _array(hole: Hole, address: int, shape: list[int]) -> Any:
    dtype = hole.kind.dtype
    size = int(np.prod(shape)) * dtype.itemsize
    return np.frombuffer(ctypes.string_at(address, size), dtype).reshape(shape).copy()


def raised(error: Raised) -> BaseException:
    """The exception that a compiled program stands for."""
    failure = _failures[error.args[0]]
    return failure.build(_numbers(failure))


# ---------------------------------------------------------------------- what programs call
def _give(number: Any) -> None:
    _given.numbers.append(number)


def _say(key: int) -> None:
    template, stream, flush = _texts[key]
    text.say(template.text(_numbers(template)), stream, flush)


def _external(name: str, function: Callable[..., None], argument: Any, kind: Any) -> Any:
    def entered(number: Any) -> int:
        try:
            function(number)
        except KeyboardInterrupt:  # cannot leave through machine code, which is told
            return 1
        return 0
    callback = ctypes.CFUNCTYPE(ctypes.c_int32, argument)(entered)
    _kept.append(callback)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    llvmlite.binding.add_symbol(f"workbench_{name}", address)
    return types.ExternalFunction(f"workbench_{name}", types.int32(kind))


def _drawing(name: str) -> Any:
    """NumPy's function of a law."""
    law = LAWS[name]
    llvmlite.binding.add_symbol(f"workbench_{law.symbol}", address_of(name))
    return types.ExternalFunction(f"workbench_{law.symbol}", _MACHINE[law.kind](
        types.intp, *(_MACHINE[k] for k in law.params)))


_MACHINE: dict[Kind, Any] = {Kind.F64: types.float64, Kind.F32: types.float32, Kind.INT: types.int64}
_kept: list[Any] = []
EXTERNALS: dict[str, Any] = {
    "give_float": _external("give_float", _give, ctypes.c_double, types.float64),
    "give_int": _external("give_int", _give, ctypes.c_int64, types.int64),
    "say": _external("say", _say, ctypes.c_int64, types.int64),
    "Raised": Raised,
    **{LAWS[name].symbol: _drawing(name) for name in FUNCTIONS},
}
