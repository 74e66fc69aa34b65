"""Calls of C code: what it is given, and what its exceptions mean.

An active number that reaches C code raises there. Where C code raises another error of its own, it is asked whether
plain numbers would have done; then it is a refusal.
"""

from __future__ import annotations

import copy
import functools
import inspect
import math
import types
from typing import Any

import numpy as np

from workbench.engines.tape import classes
from workbench.engines.tape.active import ACTIVE, PLAIN, actives, bottom, holds_active, is_constant
from workbench.engines.tape.array import ActiveArray
from workbench.engines.tape.classes import CACHED
from workbench.engines.tape.late import late
from workbench.engines.tape.meanings import special
from workbench.engines.tape.recorder import current
from workbench.engines.tape.refusal import refuse
from workbench.frontend.source import made_codes
from workbench.ir import DifferentiationError
from workbench.rules import by_callable

CALLBACK_MODULES = frozenset({"functools", "_functools", "itertools", "operator", "_operator", "collections",
                               "_collections", "heapq", "_heapq", "bisect", "_bisect", "threading"})
_CALLING = frozenset({sorted, max, min, map, filter, iter, property, classmethod, staticmethod})  # what they are given
_CALLING_METHODS = frozenset({"sort", "sub", "subn", "run"})  # of builtin objects: they call what they are given


def calls_back(callee: Any, module: str, owner: Any) -> bool:
    """True for C code that calls functions it is given (others keep them, or compare them)."""
    if owner is not None and type(owner) is not types.ModuleType:
        return getattr(callee, "__name__", "") in _CALLING_METHODS
    if module == "builtins":
        return callee in _CALLING
    return module in CALLBACK_MODULES and callee is not functools.partial


def is_math(callee: Any) -> bool:
    return type(callee) is types.BuiltinFunctionType and callee.__self__ is math


def gives_float(x: Any) -> bool:
    """True for an object whose class defines `__float__` in Python."""
    return type(x) not in PLAIN and type(inspect.getattr_static(type(x), "__float__", None)) is types.FunctionType and (
        type(x) not in ACTIVE)


def protected(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of C code. Where it raises because of active numbers, and would not have with plain ones, that is a
    refusal."""
    try:
        return callee(*args, **named)
    except DifferentiationError:
        raise
    except Exception as error:
        recorder = current()
        if recorder is not None and recorder.refusals:  # NumPy has words of its own for what `__float__` raises
            raise recorder.refusals[-1] from error
        given = (*args, *named.values())
        if any(holds_active(late.mediate(float, a)) for a in given if gives_float(a)):
            raise refuse("the active number that __float__ gives is handed to code outside of Python, which would drop "
                         "its derivative", "use a function with a rule") from error
        if all(is_constant(a) for a in actives(given)) and type(error) is TypeError and any(
                type(a) is ActiveArray for a in given):
            return callee(*(np.asarray(a) if type(a) is ActiveArray else a for a in args), **named)
        if _is_python(callee) or not any(holds_active(a) for a in given) or any(
                callable(a) and not holds_active(a) for a in given):
            raise
        if _fails_on_numbers(callee, args, named):  # so the program itself would have failed here
            raise error from None
        name = getattr(callee, "__name__", callee)
        raise refuse(f"an active number is handed to {name}, which would drop its derivative",
                     "use a function with a rule") from error


def _fails_on_numbers(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """True where a call of C code raises on plain numbers, too; tried on copies of what it may change."""
    given = (tuple(bottom(a) for a in args), {k: bottom(v) for k, v in named.items()})
    owner = getattr(callee, "__self__", None)
    bound = type(callee) is types.BuiltinFunctionType and owner is not None and not isinstance(
        owner, (type, types.ModuleType))
    try:
        given, owner = copy.deepcopy((given, owner if bound else None))
    except Exception:  # not to be copied: it is tried as it is
        bound = False
    try:
        (getattr(owner, callee.__name__) if bound else callee)(*given[0], **given[1])
    except Exception:
        return True
    return False


def _is_python(callee: Any) -> bool:
    """True for a class or an object whose calls run Python code of the program."""
    if isinstance(callee, type):
        return any(type(vars(base).get(name)) in (types.FunctionType, staticmethod) for base in callee.__mro__
                   for name in ("__init__", "__new__"))
    return type(inspect.getattr_static(type(callee), "__call__", None)) is types.FunctionType


def callback(x: Any) -> Any:
    """A Python function handed to C code, so that its own calls are mediated."""
    kind = type(x)
    if kind is functools.partial or kind is CACHED or (kind in (types.BuiltinFunctionType, np.ufunc, type) and (
            x in special or by_callable(x) is not None)):
        return functools.partial(late.mediate, x)
    recorder = current()
    if recorder is None:
        return x
    if kind is types.FunctionType and id(x.__code__) not in made_codes and not classes.is_native(x.__module__):
        known = recorder.run.entered.get(id(x))
        return recorder.run.enter(x) if known is None else known[1]
    if kind is types.MethodType:
        classes.meet(x.__self__ if isinstance(x.__self__, type) else type(x.__self__), late.mediate)
        if type(x.__func__) is types.FunctionType and id(x.__func__.__code__) not in made_codes:
            return types.MethodType(callback(x.__func__), x.__self__)
    return x
