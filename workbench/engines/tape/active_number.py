"""What active numbers are besides their arithmetic: the number that they stand for to all that has no derivative, a
refusal to what would drop it.

Invariant: what writes one as text says so (`texts`).
"""

from __future__ import annotations

import dis
import fractions
import functools
import inspect
import types
from types import FrameType
from typing import Any

import numpy as np

from workbench.engines.tape.active import NUMBERS, bottom
from workbench.engines.tape.late import late
from workbench.engines.tape.recorder import Recorder
from workbench.engines.tape.refusal import refuse
from workbench.ir import DifferentiationError


class ActiveNumber:
    """A number that depends on the independent variables; what floats and complex numbers have in common."""

    __slots__ = ("node", "primal", "recorder")
    __iter__ = None  # (with `__getitem__` alone it would seem to have elements)
    __array_ufunc__: Any  # set where arrays are known
    __array_function__: Any

    def __init__(self, value: Any, node: int, recorder: Recorder) -> None:
        self.primal = value
        self.node = node
        self.recorder = recorder

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """As of the number: `isinstance` and patterns take it for one."""
        return self.primal.__class__

    def __pos__(self) -> Any:
        return self

    def __hash__(self) -> int:
        return hashed(self)

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __complex__(self) -> complex:
        raise handed()

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise refuse("an active number is stored in an array that the tape does not know",
                     "make the array inside the differentiated function (a copy will do)")

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce__(self) -> Any:
        raise refuse("an active number is pickled", "take its value out of the differentiated function first")

    # ------------------------------------------------------------------ as text
    def __repr__(self) -> str:
        self.recorder.written_as_text = True
        return repr(self.primal)

    def __str__(self) -> str:
        self.recorder.written_as_text = True
        return str(self.primal)

    def __format__(self, spec: str) -> str:
        self.recorder.written_as_text = True
        return format(self.primal, spec)

    # ------------------------------------------------------------------ what NumPy's scalars have
    def __getattr__(self, name: str) -> Any:
        return unknown_attribute(self, name)

    def __getitem__(self, key: Any) -> Any:
        return subscripted(self, key)


def handed() -> DifferentiationError:
    """What is raised where C code asks for a plain number."""
    return refuse("an active number is handed to code outside of Python, which would drop its derivative",
                  "use a function with a rule")


def is_formatting(frame: FrameType) -> bool:
    """True where a frame of Python is at a `%`, which asks for a float where its left operand is a text."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at] == _BINARY_OP and code[at + 1] in _REMAINDERS


_BINARY_OP = dis.opmap["BINARY_OP"]
_REMAINDERS = frozenset(k for k, (_, sign) in enumerate(dis._nb_ops) if sign in ("%", "%="))  # type: ignore[attr-defined]


def plain(x: Any) -> Any:
    """The number that an active one stands for (an outer recorder's, perhaps); anything else as it is."""
    return x.primal if type(x) in NUMBERS else x


def hashed(x: Any) -> int:
    """The hash of the value. Two active numbers that are equal and not the same cannot both be keys: which is found
    would decide the derivative."""
    code = hash(x.primal)
    if x.recorder.keys.setdefault(code, x.node) != x.node:
        raise refuse("two active numbers that happen to be equal are used as keys (of a dictionary, set or cache)",
                     "use keys that are no active numbers")
    return code


def unknown_attribute(x: Any, name: str) -> Any:
    """An attribute of a number that has no meaning of its own here."""
    value = x.primal
    while type(value) in NUMBERS:
        value = value.primal
    if name.startswith("_") or not hasattr(value, name):
        raise AttributeError(f"'{type(value).__name__}' object has no attribute {name!r}")
    if name in ("shape", "ndim", "size", "dtype", "itemsize", "nbytes"):
        return getattr(value, name)
    if issubclass(type(value), np.generic):
        return _as_scalar(getattr(late.as_array(x), name))
    raise refuse(f"the tape does not know the attribute {name!r} of a number", "write it out")


def _as_scalar(x: Any) -> Any:
    """What a scalar of NumPy gives where an array without dimensions gives this: a scalar again."""
    if isinstance(x, np.ndarray):
        return x if x.ndim else x[()]
    return (lambda *args, **named: _as_scalar(x(*args, **named))) if callable(x) else x


def subscripted(x: Any, key: Any) -> Any:
    """`x[()]`, `x[...]`, `x[None]`: of a scalar of NumPy."""
    value = bottom(x)
    value[key]  # raises where the program does
    return late.as_array(x)[key]


def in_python(x: Any, *names: str) -> bool:
    """True for an object whose class has one of these methods, written in Python."""
    return not isinstance(x, fractions.Fraction) and any(
        type(inspect.getattr_static(type(x), name, None)) in _METHODS for name in names)


_METHODS = (types.FunctionType, staticmethod, functools.partialmethod)


def bare(x: Any) -> Any:
    """A number as Python's own, through all recorders."""
    if type(x) in NUMBERS:
        return type(x)(bare(x.primal), x.node, x.recorder)
    return x.item() if isinstance(x, np.generic) else x


def asked_first(x: Any) -> bool:
    """True for an object whose operators NumPy asks before its own."""
    return hasattr(type(x), "__array_ufunc__") or getattr(x, "__array_priority__", -1.0) > 0
