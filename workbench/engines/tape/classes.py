"""Methods that Python calls without being told to (`a[k]`, `a < b`, `with a`, a property): entered too.

While a run is open, the methods, properties and descriptors of the classes that it meets are replaced by rewritten
ones, which do the same where nothing is active; the last open run puts the old ones back. A class that is not
met costs no wrong derivative: an active number that reaches its C calls is refused there.

Invariant: when no run is open, every class is as it was.
"""

from __future__ import annotations

import functools
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.frontend.source import made_codes

NATIVE_PACKAGES = frozenset({
    "IPython", "_pytest", "_weakrefset", "abc", "ast", "asyncio", "builtins", "copyreg", "dis", "enum", "importlib",
    "inspect", "ipykernel", "json", "linecache", "llvmlite", "logging", "math", "numba", "numpy", "pluggy", "pytest",
    "re", "scipy", "threading", "tokenize", "tornado", "traitlets", "typing", "warnings", "weakref", "workbench",
    "workbench_jupyter", "zmq"})
ATOMS = (int, float, complex, str, bytes, bool, type(None), np.ndarray, np.generic, range, types.CodeType)
_SKIPPED = frozenset({"__class__", "__del__", "__getattribute__", "__dict__", "__weakref__", "__doc__", "__module__"})

CACHED = type(functools.lru_cache(lambda: None))

_lock = threading.RLock()
_open = 0
_depth = 0  # the recursion limit of the program itself
_replaced: list[tuple[type, str, Any, Any]] = []  # class, name, what it was, what it is
_seen: dict[int, type] = {}


def is_native(name: Any) -> bool:
    """True for modules whose functions run as they are. (A class may call something else its `__module__`.)"""
    return isinstance(name, str) and name.partition(".")[0] in NATIVE_PACKAGES


def begin() -> None:
    """A run opens. A mediated call has three frames where the program's own has one."""
    global _open, _depth
    with _lock:
        if not _open:
            _depth = sys.getrecursionlimit()
            sys.setrecursionlimit(4 * _depth)
        _open += 1


def end() -> None:
    """A run closes; after the last one all classes are as they were."""
    global _open
    with _lock:
        _open -= 1
        if _open:
            return
        if sys.getrecursionlimit() == 4 * _depth:
            sys.setrecursionlimit(_depth)
        for cls, name, before, now in reversed(_replaced):
            if vars(cls).get(name) is now:
                type.__setattr__(cls, name, before)
        _replaced.clear()
        _seen.clear()


def meet(cls: type, mediate: Callable[..., Any]) -> None:
    """A class is used: its special methods and those of its bases are entered from here on."""
    if id(cls) in _seen:
        return
    with _lock:
        for base in [*cls.__mro__, *type(cls).__mro__]:  # type: ignore[misc]
            if id(base) in _seen:
                continue
            _seen[id(base)] = base
            if not base.__flags__ & (1 << 9) or is_native(base.__module__):  # made in C
                continue
            for name, value in list(vars(base).items()):
                made = _entered(name, value, mediate)
                if made is not None:
                    _replaced.append((base, name, value, made))  # first, so that an interrupt finds it
                    try:
                        type.__setattr__(base, name, made)
                    except (TypeError, AttributeError):
                        _replaced.pop()


def _entered(name: str, value: Any, mediate: Callable[..., Any]) -> Any:
    """What takes the place of an attribute of a class, None where it stays."""
    kind = type(value)
    if name in _SKIPPED:
        return None
    if kind is types.FunctionType or (kind is CACHED and name.startswith("__")):
        return _function(value, mediate)
    if kind is property:
        old = (value.fget, value.fset, value.fdel)
        new = [f if f is None else _function(f, mediate) or f for f in old]
        return None if tuple(new) == old else property(new[0], new[1], new[2], value.__doc__)
    if kind in (classmethod, staticmethod):
        inner = _function(value.__func__, mediate)
        return None if inner is None else kind(inner)
    if kind is functools.cached_property:
        function = _function(value.func, mediate)
        if function is None:
            return None
        made = functools.cached_property(function)
        made.attrname = value.attrname
        return made
    if not isinstance(value, ATOMS) and not callable(value) and hasattr(kind, "__get__"):  # a descriptor of the user's
        meet(kind, mediate)
    return None


def _function(function: Any, mediate: Callable[..., Any]) -> Any:
    """A function that is mediated; None for one that is already, or is no Python function."""
    if type(function) not in (types.FunctionType, CACHED) or is_native(function.__module__):
        return None
    if type(function) is types.FunctionType and id(function.__code__) in made_codes:
        return None

    def mediated(*args: Any, **named: Any) -> Any:
        return mediate(function, *args, **named)
    functools.update_wrapper(mediated, function)
    made_codes[id(mediated.__code__)] = mediated.__code__
    return mediated
