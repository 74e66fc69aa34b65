"""The mediator: what happens at every call of a program that is being recorded.

Python functions are entered (rewritten, so that their calls are mediated too), functions of numbers with a rule are
recorded, NumPy's functions meet `functions` and `programs`; everything else is Python's own call. An active number that
reaches C code raises there, and where C code raises another error of its own, it is asked whether plain numbers would
have done.
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape import classes
from workbench.engines.tape.active import ACTIVE, bottom, holds_active
from workbench.engines.tape.array import ActiveArray
from workbench.engines.tape.c_code import CALLBACK_MODULES, callback, calls_back, gives_float, is_math, protected
from workbench.engines.tape.classes import CACHED
from workbench.engines.tape.late import late
from workbench.engines.tape.meanings import special
from workbench.engines.tape.numpy_calls import array_method, call_of_numpy, vectorized
from workbench.engines.tape.operations import apply, apply_one
from workbench.engines.tape.reach import Reach, give_back, modules_named_by, named_by, reaches_active
from workbench.engines.tape.recorder import Recorder, current, operation
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.remains import KEPT, outside
from workbench.engines.tape.rewriting import MEDIATE, rewritten
from workbench.engines.tape.scalar import ActiveFloat
from workbench.engines.tape.texts import checked_text
from workbench.frontend.source import made_codes
from workbench.rules import by_callable

_OF_ITEMS = (math.fsum, math.prod, math.dist)
_DISTRIBUTIONS = "scipy.stats._distn_infrastructure"
_IN_THREADS = ("to_thread", "run_in_executor")  # of asyncio, which is not imported for their sake
_DESCRIPTORS = (types.WrapperDescriptorType, types.MethodDescriptorType)
_COMPARED = frozenset({"__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"})
_NEW_ARRAY = np.ndarray.__new__
_NUMBERS = (int, float, complex, np.number)
_getframe = sys._getframe


class Run:
    """What the mediator knows of one run besides its record."""

    def __init__(self) -> None:
        self.entered: dict[int, tuple[Any, Any]] = {}  # by identity: the function, what is called instead
        self.globals: dict[int, dict[str, Any]] = {}  # of the functions entered
        self.reach = Reach(mediate)

    def enter(self, function: types.FunctionType) -> Any:
        """A function of the program, rewritten."""
        if str(function.__module__).startswith("workbench.engines.tape"):  # a method of an array: it is not kept
            return function
        if classes.is_native(function.__module__):
            made: Any = functools.partial(_native, function)
        else:
            self.reach.function(function)
            self.globals[id(function.__globals__)] = function.__globals__
            made = rewritten(function, mediate) or function
        self.entered[id(function)] = (function, made)
        return made

    def close(self, recorder: Recorder) -> None:
        """Globals that the program has bound to active numbers hold plain ones from here on; what it has left elsewhere
        is of no use to a later run."""
        functions = [f for f, _ in self.entered.values() if type(f) is types.FunctionType
                     and not classes.is_native(f.__module__)]
        for names in (*self.globals.values(), *(vars(m) for f in functions for m in modules_named_by(f))):
            for name, value in list(names.items()):
                if type(value) in ACTIVE and value.recorder is recorder:
                    names[name] = value.primal
        named = (v for f in functions for v in (f, *named_by(f)))
        give_back(itertools.chain(named, list(self.reach.known.values())), recorder)


@late.provides
def mediate(callee: Any, /, *args: Any, **named: Any) -> Any:
    """A call of the program."""
    kind = type(callee)
    if kind is types.BuiltinFunctionType:
        if len(args) == 1 and type(args[0]) is ActiveFloat and not named:
            primitive = _of_number(callee)
            if primitive is not None:
                return apply_one(*primitive, callee, args[0])
        return native(callee, args, named)
    if kind is types.FunctionType:
        return _function(callee, args, named)
    if kind is types.MethodType:
        if type(callee.__func__) is types.FunctionType:
            return _function(callee.__func__, (callee.__self__, *args), named)
        if type(callee.__func__) is CACHED or getattr(
                type(callee.__func__), "recorded", None) is not None:  # with a rule of its own, or checkpointed
            return mediate(callee.__func__, callee.__self__, *args, **named)
        return native(callee, args, named)
    if kind is functools.partial:
        return mediate(callee.func, *callee.args, *args, **{**callee.keywords, **named})
    if callee is MEDIATE:
        return _own(args[0])
    return native(callee, args, named)


def _own(x: Any) -> Any:
    """What a function sees of its own names, or of a text that it evaluates."""
    if isinstance(x, dict):
        return {k: v for k, v in x.items() if k != MEDIATE} if MEDIATE in x else x
    return checked_text(x)


def _function(function: types.FunctionType, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Enter a Python function."""
    if id(function.__code__) in made_codes:
        return function(*args, **named)
    recorder = current()
    known = recorder.run.entered.get(id(function)) if recorder is not None else None
    if known is None:
        handler = special.get(function)
        if handler is not None:
            return handler(function, args, named)
        primitive = by_callable(function)
        if primitive is not None and primitive.partials is not None and not named and all(
                type(a) is ActiveFloat or isinstance(a, (int, float)) for a in args):  # (of arrays it is entered)
            return apply(primitive.name, function, *args)
        if recorder is None:
            return function(*args, **named)
    made = recorder.run.enter(function) if known is None else known[1]
    values = recorder.values
    first = len(values)
    try:
        return made(*args, **named)
    finally:
        stop = len(values)
        if stop > first and id(function) in recorder.run.entered:  # (methods of arrays are not: they hold their array)
            caller = _getframe(2)
            recorder.calls.append((first, stop, function, caller.f_code, caller.f_lasti))


def _native(callee: Any, *args: Any, **named: Any) -> Any:
    if callee.__name__ in _IN_THREADS and callee.__module__.startswith("asyncio"):
        return special[_IN_THREADS](callee, args, named)
    if callee.__module__ == _DISTRIBUTIONS and any(holds_active(a) for a in (*args[1:], *named.values())):
        return special[_DISTRIBUTIONS](callee, args, named)
    return native(callee, args, named)


def native(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Classes, builtins, objects that can be called, and library functions."""
    if is_math(callee) and callee not in _OF_ITEMS:
        own = f"__{callee.__name__}__"  # (`__floor__`, `__ceil__`, `__trunc__`)
        args = tuple(mediate(float, a) if gives_float(a) and not hasattr(type(a), own) else a for a in args)
    try:
        handler = special.get(callee)
    except TypeError:
        handler = None
    if any(type(a) in KEPT for a in args) and (handler is not None or is_math(callee)):
        outside()
    if handler is not None:
        return handler(callee, args, named)
    if type(callee).__module__.startswith("numba.cuda") and current() is not None:
        raise refuse("the tape does not record kernels of a GPU", "use engine='numba' or engine='cuda'")
    if type(callee) in _DESCRIPTORS and callee.__objclass__ in (float, complex, np.ndarray) and any(
            type(a) in ACTIVE for a in args):
        return _unbound(callee.__name__, args, named)
    if (callee is np.ndarray or callee is _NEW_ARRAY) and any(type(a) is ActiveArray for a in (*args, *named.values())):
        raise refuse("an array is made on the memory of another, which the tape would not see", "use a view or a copy")
    owner = getattr(callee, "__self__", None)
    made = callee if isinstance(callee, type) else owner
    if isinstance(made, type) and issubclass(made, _NUMBERS):  # (or its `__new__`)
        args = tuple(checked_text(a) for a in args)
    if isinstance(callee, type):
        if current() is not None:
            classes.meet(callee, mediate)
        if callee.__module__ not in CALLBACK_MODULES and callee.__module__ != "builtins":
            return protected(callee, args, named)
    return _by_home(callee, owner, args, named)


def _by_home(callee: Any, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of what has no meaning of its own, by where it comes from; owner: whose method it is, if it is one."""
    module = getattr(callee, "__module__", None)
    if not isinstance(module, str):  # a class may call something else so
        module = str(type(callee).__module__ or "")
    if type(owner) in KEPT:
        outside()
    if type(owner) is np.ndarray or isinstance(owner, (np.random.Generator, np.random.RandomState)):
        return array_method(callee, owner, args, named)
    if module.startswith(("numpy", "scipy")) or type(callee) is np.ufunc or isinstance(owner, np.ufunc):
        return call_of_numpy(callee, args, named)
    if module.startswith("workbench.engines.tape"):
        return callee(*args, **named)
    if module.startswith("workbench.") or type(callee).__module__.startswith("workbench."):
        return _operator(callee, args, named)
    wrapped = _wrapped(callee)
    if wrapped is not None:
        return wrapped(args, named)
    if current() is not None and not isinstance(callee, types.BuiltinFunctionType):
        classes.meet(type(callee), mediate)
    if not named and is_math(callee) and any(type(a) in ACTIVE for a in args):
        primitive = by_callable(callee)
        if primitive is not None and primitive.partials is not None:
            if any(type(x) is ActiveArray for x in args):
                callee(*(bottom(x) for x in args))  # refuses more than one element
            return apply(primitive.name, callee, *(a.item() if type(a) is ActiveArray else a for a in args))
    if calls_back(callee, module, owner):
        args = tuple(callback(a) for a in args)
        named = {key: callback(value) for key, value in named.items()}
    return protected(callee, args, named)


def _unbound(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of floats, complex numbers or arrays, taken from their class: `float.__mul__(x, y)`."""
    first, *others = args
    if name in _COMPARED:
        return getattr(first, name)(bottom(others[0]))
    if type(first) in ACTIVE:
        return first if name in ("__float__", "__complex__") else getattr(first, name)(*others, **named)
    if not (name.startswith("__") and len(others) == 1) or name.startswith("__r"):
        raise refuse(f"an active number is handed to {name}, which would drop its derivative", "use the operator")
    return getattr(others[0], f"__r{name[2:]}")(first)


def _operator(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A derivative inside a recorded run: recorded where an active number can reach it."""
    if not reaches_active(callee, args, named):
        return callee(*args, **named)
    if getattr(callee, "__name__", "") in ("grad", "value_and_grad"):  # these make the derivative only
        return callee(*args, **named)
    recorded = getattr(type(callee), "recorded", None)
    if recorded is None:
        raise refuse(f"{getattr(callee, '__name__', callee)} inside a recorded run", "use wb.grad, wb.jvp or wb.vjp")
    return recorded(callee, *args, **named)


def _wrapped(callee: Any) -> Any:
    """How an object is called that stands for a Python function: a Numba dispatcher, a cache; None for others."""
    inner = getattr(callee, "py_func", None)
    if type(callee).__name__ == "DUFunc":  # Numba's `vectorize`
        each = callee._dispatcher.py_func
        return lambda args, named: vectorized(each, args, named) if any(
            holds_active(a) for a in args) else callee(*args, **named)
    if type(inner) is types.FunctionType:
        return lambda args, named: _function(inner, args, named) if any(
            holds_active(a) for a in (*args, *named.values())) else callee(*args, **named)
    if type(callee) is not CACHED:
        return None

    def cached(args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A cache of this run, which tells active numbers apart that are equal."""
        recorder = current()
        if recorder is None:
            return callee(*args, **named)
        key = (id(callee), *(_key(a) for a in args), *((k, _key(v)) for k, v in sorted(named.items())))
        hash(key)
        if key not in recorder.memo:
            inner: Any = callee.__wrapped__
            recorder.memo[key] = (mediate(inner, *args, **named), callee)
        return recorder.memo[key][0]
    return cached


def _key(x: Any) -> Any:
    if type(x) in ACTIVE and type(x) is not ActiveArray:
        return id(x.recorder), x.node
    return tuple(_key(v) for v in x) if type(x) is tuple else x


@functools.cache
def _of_number(callee: Any) -> tuple[str, int] | None:
    """The primitive that a function of `math` stands for, where nothing else is to be heeded."""
    if callee in special:
        return None
    primitive = by_callable(callee)
    if primitive is None or primitive.partials is None or not is_math(callee):
        return None
    return primitive.name, operation(primitive.name)


def call_function(recorder: Recorder, function: Callable[..., Any], args: tuple[Any, ...],
                  named: dict[str, Any]) -> Any:
    """Run a program under a recorder."""
    recorder.run = Run()
    classes.begin()
    recorder.open()
    try:
        for x in (function, *args, *named.values()):
            recorder.run.reach.value(x)
        return mediate(function, *args, **named)
    finally:
        recorder.close()
        classes.end()


