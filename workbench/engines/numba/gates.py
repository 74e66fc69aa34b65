"""Gates: machine code between a call in Python and a compiled program, with no frame of Python's in between.

A frame of Python's that C enters takes longer than a small program and Numba's own way in and out together. A gate
looks at the arguments, and at what else was taken for granted, calls the program, sees whether derivatives are finite
and picks what is to be returned. Whatever is not as it should be goes to Python, with nothing done yet that shows.
There is one such function for all programs (`gate_code`), the `__call__` of a class of which each object holds a tuple
in a slot: its gate, which says what to do.

Invariant: what a gate lets through is what Python would have; it holds a reference to every object that it compares or
calls, and an exception that is none of the program's own leaves as it is.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

from workbench.engines import signals
from workbench.engines.numba import cache
from workbench.engines.numba import gate_code as code
from workbench.engines.numba.python_objects import are_laid_out
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
    """What must hold of a value (a kind of `gate_code`) for a call to go through. Of an array: its dtype, the rank, and
    the bits of its shape."""

    place: Place
    kind: int
    expected: Any
    rank: int = -1
    shape: int = 0


@dataclass(frozen=True)
class Datum:
    """What a program takes: where it is found (None: Python finds it); of an array dtype and rank."""

    place: Place | None
    dtype: Any = None
    rank: int = -1


@dataclass(frozen=True)
class Results:
    """What is returned of `count` results of a program, of which those from `derivatives` on must be finite: from the
    first to before the last, as a tuple or the only one, behind the value, perhaps. value_type, gradient_type: what
    makes the value, and the only one, of the program's numbers, where they are not as they should be. in_python: it is
    what `finished` makes of them."""

    count: int
    derivatives: int = 1
    first: int = 1
    end: int = 2
    is_several: bool = False
    value: int | None = None
    value_type: Any = None
    gradient_type: Any = None
    in_python: bool = False

    @property
    def flags(self) -> int:
        """What there is to do."""
        is_all = (self.count, self.value, self.first, self.end) == (2, 0, 1, 2) and not (
            self.is_several or self.value_type or self.gradient_type)
        return sum(flag * bool(holds) for flag, holds in (
            (code.SEVERAL, self.is_several), (code.WITH_VALUE, self.value is not None), (code.ALL, is_all),
            (code.IN_PYTHON, self.in_python), (code.VALUE_MADE, self.value_type),
            (code.GRADIENT_MADE, self.gradient_type)))


@dataclass(frozen=True)
class Gate:
    """What a gate does: conditions, the program, its results.

    holds, pick: what else is to be tested, and how data are found, where that takes Python; enter: how they are found,
    with copies of arrays that the program does not take as they are. They are functions of the tuple of arguments.

    The others are methods of the class, as functions. missed: what calls go to that do not pass, with all arguments.
    The rest take what the gate was made of (see `opened`), and failed: an exception of the program, and the tuple of
    arguments; finished: results and the tuple of arguments, where Python makes something of them; unsettled: likewise,
    where a derivative is not finite, or is no float or array of them."""

    arity: int
    conditions: Sequence[Condition]
    data: Sequence[Datum]
    program: Callable[..., Any]
    results: Results
    missed: Callable[..., Any]
    failed: Callable[..., Any]
    unsettled: Callable[..., Any]
    finished: Callable[..., Any]
    enter: Callable[..., Any]
    holds: Callable[..., Any] | None = None
    pick: Callable[..., Any] | None = None

    def parts(self) -> tuple[Any, ...]:
        """It, as what a slot is to hold (see `opened`)."""
        returned = self.results
        objects: list[Any] = [
            None, None, self.missed, self.failed, self.unsettled, self.finished, self.program, self.holds, self.pick,
            self.enter, returned.value_type, returned.gradient_type, float, Exception, FunctionType, "__code__",
            np.ndarray]
        numbers = [self.arity, len(self.conditions), len(self.data), returned.count, returned.derivatives,
                   returned.first, returned.end, returned.value or 0, self._flags]
        for condition in self.conditions:
            numbers += _record(objects, condition.place, condition.expected, condition.kind, condition.rank,
                               condition.shape)
        for datum in self.data:
            numbers += _record(objects, datum.place, datum.dtype, rank=datum.rank)
        objects[code.PLAN] = struct.pack(f"={len(numbers)}i", *numbers)
        return tuple(objects[1:])

    @property
    def _flags(self) -> int:
        places = [Place(code.ARGUMENT, k) for k in range(self.arity)]
        as_given = self.pick is None and [datum.place for datum in self.data] == places
        return self.results.flags | sum(flag * holds for flag, holds in (
            (code.ASKED, self.holds is not None), (code.PICKED, self.pick is not None), (code.AS_GIVEN, as_given),
            (code.ARRAYS, any(datum.rank >= 0 for datum in self.data))))


def _record(objects: list[Any], place: Place | None, expected: Any, test: int = 0, rank: int = -1,
            shape: int = 0) -> list[int]:
    """A place and what is asked in numbers, with what they are about among the objects."""
    def noted(value: Any) -> int:
        objects.append(value)
        return len(objects) - 1
    place = Place(code.OBJECT, None) if place is None else place
    owner = place.owner if place.kind == code.ARGUMENT else noted(place.owner)
    attribute = {"": code.ITSELF, "__code__": code.CODE}.get(place.attribute)
    return [place.kind, owner, noted(place.key), noted(place.attribute) if attribute is None else attribute, test,
            noted(expected), rank, shape]


def opened(made: Any, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """A gate as a slot holds it. made: what the gate's functions are told that it was made of. (The parts have no
    reference to it, so that it may have them.)"""
    return (made, *parts)


def shut(missed: Callable[..., Any]) -> tuple[Any, ...]:
    """A gate that no call goes through."""
    return opened(None, Gate(-1, (), (), missed, Results(0), missed, missed, missed, missed, missed).parts())


# ---------------------------------------------------------------------- the method
class _Method(ctypes.Structure):
    """PyMethodDef."""

    _fields_ = [("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p)]


_new_method = ctypes.pythonapi.PyDescr_NewMethod
_new_method.restype, _new_method.argtypes = ctypes.py_object, [ctypes.py_object, ctypes.c_void_p]
_ARGUMENTS_AND_KEYWORDS = 3  # METH_VARARGS | METH_KEYWORDS
_guarded: dict[type, tuple[_Method, Any]] = {}  # definitions and their machine code, which live as long as the process


def guard(owner: type, slot: str) -> bool:
    """Let calls of a class's objects go through the gates that they hold in a slot, all of them; before that, its
    `__call__` is Python's. False where Python's objects do not lie as machine code takes them."""
    if owner in _guarded:
        return True
    if not are_laid_out():
        return False
    with global_compiler_lock, signals.postponed():
        if owner not in _guarded:
            name, library = _library(_place_of(owner, slot))
            doc = (owner.__call__.__doc__ or "").encode()
            definition = _Method(b"__call__", library.get_pointer_to_function(name), _ARGUMENTS_AND_KEYWORDS, doc)
            _guarded[owner] = definition, library
            type.__setattr__(owner, "__call__", _new_method(owner, ctypes.addressof(definition)))
    return True


def _place_of(owner: type, slot: str) -> int:
    """How many bytes behind an object's beginning a slot lies."""
    example: Any = object.__new__(owner)
    mark = object()
    setattr(example, slot, mark)
    return next(k for k in range(object.__basicsize__, owner.__basicsize__, 8)
                if ctypes.c_size_t.from_address(id(example) + k).value == id(mark))


@functools.cache
def _library(slot: int) -> tuple[str, Any]:
    """The name and the machine code of the method of classes with their slot there, from the disk where it is."""
    name = f"{code.NAME}_{slot}"
    codegen = cpu_target.target_context.codegen()
    key = cache.key(name, "")
    payload = cache.load(key)
    if payload is not None:
        return name, codegen.unserialize_library(payload)
    library = codegen.create_library(name)
    library.enable_object_caching()
    library.add_ir_module(code.written(library.create_ir_module(name), name, slot))
    library.finalize()
    cache.save(key, dumps(library.serialize_using_object_code()))
    return name, library
