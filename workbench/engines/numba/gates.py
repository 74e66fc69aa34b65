"""Gates: machine code between a call in Python and a compiled program, with no frame of Python's in between.

A frame of Python's that C enters takes longer than a small program and Numba's own way in and out together. A gate
looks at the arguments, and at what else was taken for granted, calls the program, sees whether derivatives are finite
and picks what is to be returned. Whatever is not as it should be goes to Python, with nothing done yet that shows.
There is one such function for all programs (`gate_code`); a gate is a built-in method, of a tuple that says what to do.

Invariant: what a gate lets through is what Python would have; it holds a reference to every object that it compares or
calls, and an exception that is none of the program's own leaves as it is.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

from workbench.engines import signals
from workbench.engines.numba import cache
from workbench.engines.numba import gate_code as code
from workbench.records import dataclass


@dataclass(frozen=True)
class Place:
    """Where a value is found in each call: the position of an argument, a dictionary and a key, a cell, an object
    itself (kinds of `gate_code`); `attribute`: of what is there, this one."""

    kind: int
    owner: Any
    key: str = ""
    attribute: str = ""


@dataclass(frozen=True)
class Condition:
    """What must hold of a value (a kind of `gate_code`) for a call to go through."""

    place: Place
    kind: int
    expected: Any


@dataclass(frozen=True)
class Results:
    """What is returned of `count` results of a program: the derivatives, from the first to before the last, as a tuple
    or the only one, behind the value, perhaps. `in_python`: what `settled` makes of them."""

    count: int
    first: int = 0
    end: int = 0
    is_several: bool = False
    value: int | None = None
    in_python: bool = False

    @property
    def numbers(self) -> tuple[int, ...]:
        """It in numbers."""
        is_all = (self.count, self.value, self.first, self.end, self.is_several) == (2, 0, 1, 2, False)
        flags = (code.SEVERAL * self.is_several | code.WITH_VALUE * (self.value is not None) | code.ALL * is_all
                 | code.IN_PYTHON * self.in_python)
        return self.count, self.first, self.end, self.value or 0, flags


@dataclass(frozen=True)
class Gate:
    """What a gate does: tests, the program, its results.

    data: where what the program takes is found (None: its arguments are those of the call). holds, pick: what else is
    to be tested, and how data are found, where that takes Python: functions of the tuple of arguments. missed: what
    calls go to that do not pass, with all arguments; failed: of an exception of the program and the tuple of arguments;
    settled: of the results and the tuple of arguments, where a derivative is not a finite float."""

    arity: int
    tests: Sequence[Condition]
    program: Callable[..., Any]
    results: Results
    missed: Callable[..., Any]
    failed: Callable[..., Any]
    settled: Callable[..., Any]
    data: Sequence[Place] | None = None
    holds: Callable[..., Any] | None = None
    pick: Callable[..., Any] | None = None

    def made(self) -> Callable[..., Any] | None:
        """It, as something to be called; None where Python's objects are not laid out as machine code takes them."""
        if (object.__basicsize__, tuple.__itemsize__, float.__basicsize__) != (16, 8, 24):
            return None
        objects: list[Any] = [None, self.missed, self.failed, self.settled, self.program, self.holds, self.pick, float,
                              Exception, FunctionType, "__code__"]
        inputs = code.PICKED if self.pick is not None else code.AS_GIVEN if self.data is None else len(self.data)
        *returned, flags = self.results.numbers
        numbers = [self.arity, len(self.tests), inputs, *returned, flags | code.ASKED * (self.holds is not None)]
        for test in self.tests:
            numbers += _record(test.place, objects, test.kind, test.expected)
        for place in self.data or ():
            numbers += _record(place, objects)
        objects[code.PLAN] = struct.pack(f"={len(numbers)}i", *numbers)
        made: Callable[..., Any] = _new_builtin(ctypes.addressof(_method()), tuple(objects), None)
        return made


def _record(place: Place, objects: list[Any], test: int = 0, expected: Any = None) -> list[int]:
    """A place and a test in numbers, with what they are about among the objects."""
    def noted(value: Any) -> int:
        objects.append(value)
        return len(objects) - 1
    owner = place.owner if place.kind == code.ARGUMENT else noted(place.owner)
    attribute = {"": code.ITSELF, "__code__": code.CODE}.get(place.attribute)
    return [place.kind, owner, noted(place.key), noted(place.attribute) if attribute is None else attribute, test,
            noted(expected)]


# ---------------------------------------------------------------------- Python's side
class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p)]


_new_builtin = ctypes.pythonapi.PyCFunction_NewEx
_new_builtin.restype, _new_builtin.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
_ARGUMENTS_AND_KEYWORDS = 3  # METH_VARARGS | METH_KEYWORDS


_shared: list[tuple[_Method, Any]] = []  # the definition of all gates and its machine code, while the process lives


def _method() -> _Method:
    """What all gates are methods by."""
    with global_compiler_lock, signals.postponed():
        if not _shared:
            library = _library()
            _shared.append((_Method(b"__call__", library.get_pointer_to_function(code.NAME), _ARGUMENTS_AND_KEYWORDS,
                                    b"The derivative at these arguments."), library))
        return _shared[0][0]


def _library() -> Any:
    """The machine code, from the disk where it is."""
    codegen = cpu_target.target_context.codegen()
    key = cache.key(code.NAME, "")
    payload = cache.load(key)
    if payload is not None:
        return codegen.unserialize_library(payload)
    library = codegen.create_library(code.NAME)
    library.enable_object_caching()
    library.add_ir_module(code.written(library.create_ir_module(code.NAME)))
    library.finalize()
    cache.save(key, dumps(library.serialize_using_object_code()))
    return library
