"""What the functions of a run can reach: the objects whose classes are to be met, and active numbers."""

from __future__ import annotations

import collections
import functools
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from workbench.engines.tape.active import ACTIVE, bottom, is_constant
from workbench.engines.tape.array import ActiveArray
from workbench.engines.tape.classes import ATOMS, is_native, meet
from workbench.engines.tape.recorder import Recorder
from workbench.engines.tape.remains import kept_of
from workbench.frontend import instance_attributes

_MAX_OBJECTS = 20_000
_SIMPLE = frozenset({float, int, str, bool, complex, bytes, type(None)})  # what is most often held, by the thousands
_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)


class Reach:
    """Meets the classes of the objects that the functions of a run can reach."""

    def __init__(self, mediate: Callable[..., Any]) -> None:
        self.mediate = mediate
        self.known: dict[int, Any] = {}

    def function(self, function: types.FunctionType) -> None:
        """What a function names."""
        for value in named_by(function):
            self.value(value)

    def value(self, value: Any) -> None:
        """An object and what it holds."""
        pending = [value]
        while pending and len(self.known) < _MAX_OBJECTS:
            x = pending.pop()
            if x is None or isinstance(x, ATOMS) or id(x) in self.known:
                continue
            self.known[id(x)] = x
            if isinstance(x, type):
                meet(x, self.mediate)
            elif type(x) not in _FUNCTIONS:
                if not is_native(type(x).__module__):
                    meet(type(x), self.mediate)
                pending.extend(held_by(x))


def named_by(function: types.FunctionType) -> Iterator[Any]:
    """The globals that a function names (those of modules of the user's too), its closure and its defaults."""
    names = function.__globals__
    for code in codes(function.__code__):
        for name in code.co_names:
            value = names.get(name)
            if type(value) is not types.ModuleType:
                yield value
            elif not is_native(value.__name__):
                yield from (vars(value).get(attribute) for attribute in code.co_names)
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # empty
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()


def modules_named_by(function: types.FunctionType) -> Iterator[types.ModuleType]:
    """The modules of the user's that a function names."""
    for code in codes(function.__code__):
        for name in code.co_names:
            value = function.__globals__.get(name)
            if type(value) is types.ModuleType and not is_native(value.__name__):
                yield value


def held_by(x: Any) -> list[Any]:
    """What a container or object holds; of objects of native packages nothing but a derivative's function."""
    if isinstance(x, dict):
        return [v for v in (*x.values(), *x) if type(v) not in _SIMPLE]
    if isinstance(x, (list, tuple, set, frozenset, collections.deque)):
        return [v for v in x if type(v) not in _SIMPLE]
    if isinstance(x, (type, types.ModuleType)):
        return []
    if is_native(type(x).__module__):
        function = getattr(x, "py_func", None) or getattr(x, "function", None)
        return [function] if callable(function) else []
    return [getattr(x, name, None) for name in instance_attributes(x)]


def give_back(roots: Iterator[Any], recorder: Recorder) -> None:
    """After a run: what it has left in containers, classes and objects are the user's numbers and arrays, which no
    later run takes for constants where they were active."""
    pending = list(roots)
    known: dict[int, Any] = {}
    while pending and len(known) < _MAX_OBJECTS:
        x = pending.pop()
        objects = isinstance(x, np.ndarray) and type(x) not in ACTIVE and x.dtype.kind == "O"
        if type(x) in ACTIVE or x is None or (isinstance(x, ATOMS) and not objects) or id(x) in known:
            continue
        known[id(x)] = x
        if isinstance(x, (set, dict)) and any(
                type(key) not in _SIMPLE and _left(key, recorder) is not key for key in x):
            _with_keys(x, recorder)
        for key, value in _entries(x):
            left = _left(value, recorder)
            if left is not value:
                put(x, key, left)
            pending.append(left)
        if type(x) is types.FunctionType:
            pending.extend(x.__closure__ or ())
        elif isinstance(x, (set, dict, list, collections.deque)):  # of a class with attributes
            held = getattr(x, "__dict__", {})
            for name, value in list(held.items()):
                held[name] = _left(value, recorder)
                pending.append(held[name])


def _left(x: Any, recorder: Recorder) -> Any:
    """What takes the place of a value that a run has left somewhere."""
    if type(x) is tuple:
        items = [_left(v, recorder) for v in x]
        return tuple(items) if any(a is not b for a, b in zip(items, x, strict=True)) else x
    if type(x) not in ACTIVE:
        return x
    if x.recorder is not recorder:  # a run inside this one may have left it
        return kept_of(bottom(x)) if recorder.outer is None and x.recorder.closed else x
    if type(x) is ActiveArray and is_constant(x):
        return x.primal
    return kept_of(x.primal) if recorder.outer is None else x


def _with_keys(x: Any, recorder: Recorder) -> None:
    """A set or dictionary with active numbers among its keys."""
    if isinstance(x, set):
        items = [_left(v, recorder) for v in x]
        x.clear()
        x.update(items)
        return
    kind: Any = collections.OrderedDict if isinstance(x, collections.OrderedDict) else dict
    held = [(_left(k, recorder), v) for k, v in x.items()]
    kind.clear(x)
    for key, value in held:
        kind.__setitem__(x, key, value)


def _entries(x: Any) -> list[tuple[Any, Any]]:
    """What an object holds besides plain numbers and texts, by index, key or name."""
    if isinstance(x, dict):
        return [(k, v) for k, v in x.items() if type(v) not in _SIMPLE]
    if isinstance(x, (list, tuple, collections.deque)):
        return [(k, v) for k, v in enumerate(x) if type(v) not in _SIMPLE]
    if isinstance(x, (type, types.ModuleType)):
        home = x.__name__ if isinstance(x, types.ModuleType) else x.__module__  # (modules may have a `__getattr__`)
        return [] if is_native(home) else list(vars(x).items())
    if type(x) is types.FunctionType:
        return list(vars(x).items())
    if isinstance(x, np.ndarray):
        return list(np.ndenumerate(x))
    if type(x) is types.CellType:
        try:
            return [("cell_contents", x.cell_contents)]
        except ValueError:  # empty
            return []
    if type(x) in _FUNCTIONS or is_native(type(x).__module__):
        return []
    return [(name, getattr(x, name, None)) for name in instance_attributes(x)]


def put(x: Any, key: Any, value: Any) -> None:
    """Exchange what a container, class, module or object holds; a tuple keeps what it has."""
    if isinstance(x, dict):
        dict.__setitem__(x, key, value)
    elif isinstance(x, (list, collections.deque)):
        x[key] = value
    elif isinstance(x, type):
        type.__setattr__(x, key, value)
    elif isinstance(x, np.ndarray):
        x[key] = value
    elif isinstance(x, (types.ModuleType, types.FunctionType, types.CellType)):
        setattr(x, key, value)
    elif not isinstance(x, tuple):
        object.__setattr__(x, key, value)


def reaches_active(*values: Any) -> bool:
    """True where an active number can be reached from some objects, through what functions name too."""
    pending = list(values)
    known: dict[int, Any] = {}
    while pending:
        x = pending.pop()
        if type(x) in ACTIVE:
            return True
        if x is None or isinstance(x, ATOMS) or id(x) in known or isinstance(x, (type, types.ModuleType)):
            continue
        if len(known) >= _MAX_OBJECTS:
            return True
        known[id(x)] = x
        if type(x) is types.FunctionType:
            pending.extend(() if is_native(x.__module__) else named_by(x))
        elif type(x) is types.MethodType:
            pending.extend((x.__self__, x.__func__))
        elif type(x) is functools.partial:
            pending.extend((x.func, *x.args, *x.keywords.values()))
        else:
            pending.extend(held_by(x))
    return False


def codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object and those of the functions defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes(constant)
