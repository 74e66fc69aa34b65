"""The mediator: what happens at every call of a program that is being recorded.

Python functions are entered (rewritten, so that their calls are mediated too), functions of numbers with a rule are
recorded, arrays are made so that they can hold active numbers; everything else is Python's own call, and an active
number that reaches C code raises there.
"""

from __future__ import annotations

import abc
import functools
import inspect
import math
import operator
import types
from typing import Any

import numpy as np
import scipy.special

from workbench.engines.tape import composites, statistical
from workbench.engines.tape import functions as numpy_functions
from workbench.engines.tape.array import ActiveArray, fresh, holds_active, is_active, values_of
from workbench.engines.tape.recorder import Recorder
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.rewriting import Helpers, rewritten
from workbench.engines.tape.scalar import ActiveFloat, apply, apply_one, plain
from workbench.rules import by_callable

_NATIVE_PACKAGES = frozenset({"numpy", "scipy", "builtins", "math", "workbench", "numba", "importlib", "typing", "abc",
                              "re", "json", "logging", "warnings", "threading"})
_CREATORS: frozenset[Any] = frozenset({np.zeros, np.ones, np.empty, np.eye, np.identity, np.full})
_FROM_ITEMS = frozenset({np.array, np.asarray, np.ascontiguousarray, np.asanyarray})
_CALLBACK_MODULES = frozenset({"builtins", "functools", "_functools", "itertools", "operator", "_operator",
                               "collections", "_collections"})
_DISTRIBUTIONS = "scipy.stats._distn_infrastructure"
_PLAIN_MAKERS = (object.__new__, object.__init__)
_CACHED = type(functools.lru_cache(lambda: None))
_ROUNDING = frozenset({math.floor, math.ceil, math.trunc})
_TESTS = frozenset({math.isnan, math.isinf, math.isfinite, math.isclose})


class Mediator:
    """Calls on behalf of the program that one recorder records."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        attributes = Attributes(self)
        self.helpers = Helpers(self, attributes, Operators(self), Targets(attributes))
        self.globals: dict[int, dict[str, Any]] = {}  # of the functions entered

    def __call__(self, callee: Any, /, *args: Any, **named: Any) -> Any:
        kind = type(callee)
        if kind is types.FunctionType:
            return self.function(callee, args, named)
        if kind is types.MethodType:
            inner = callee.__func__
            if type(inner) is types.FunctionType:
                return self.function(inner, (callee.__self__, *args), named)
            return callee(*args, **named)
        if kind is types.BuiltinFunctionType or kind is np.ufunc or isinstance(callee, type):
            return self.native(callee, args, named)
        if kind is functools.partial:
            return self(callee.func, *callee.args, *args, **{**callee.keywords, **named})
        dispatcher = getattr(callee, "py_func", None) or (
            callee.__wrapped__ if kind is _CACHED else None)  # what a cache holds is of no use with active numbers
        each = callee.pyfunc if kind is np.vectorize else (
            callee._dispatcher.py_func if kind.__name__ == "DUFunc" else None)  # Numba's `vectorize`
        if each is not None and any(holds_active(a) for a in args):
            return self.vectorized(each, args, named)
        if isinstance(dispatcher, types.FunctionType):
            return self.function(dispatcher, args, named)
        method = inspect.getattr_static(kind, "__call__", None)
        if isinstance(method, types.FunctionType) and not _native_module(kind.__module__):
            return self.function(method, (callee, *args), named)
        return self.native(callee, args, named)

    def function(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Enter a Python function."""
        special = _SPECIAL.get(function)
        if special is not None:
            return special(self, function, args, named)
        if function.__module__ == _DISTRIBUTIONS and any(holds_active(a) for a in (*args[1:], *named.values())):
            return _distribution(self, function, args, named)
        if _native_module(function.__module__ or ""):
            return self.native(function, args, named)
        entered = rewritten(function, self.helpers)
        self.globals[id(function.__globals__)] = function.__globals__
        return (function if entered is None else entered)(*args, **named)

    def vectorized(self, function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A function of numbers, called for each element of its broadcast arguments."""
        if named:
            raise refuse("keywords of a vectorised function on the tape", "pass them by position")
        arrays = [x if isinstance(x, ActiveArray) else numpy_functions.array(np.array, x) if holds_active(x) else
                  np.asarray(x) for x in args]
        shape = np.broadcast_shapes(*(np.shape(values_of(x)) for x in arrays))
        spread = [np.broadcast_to(x, shape) for x in arrays]
        results = [self(function, *(x[where] for x in spread)) for where in np.ndindex(shape)]
        if not shape:
            return self(np.float64, results[0])
        return np.reshape(self(np.array, results), shape)

    def close(self) -> None:
        """End the run: globals that the program has bound to active numbers hold plain ones from here on."""
        self.recorder.closed = True
        for names in self.globals.values():
            for name, value in list(names.items()):
                if isinstance(value, ActiveFloat):
                    names[name] = value.value
                elif isinstance(value, ActiveArray):
                    names[name] = value.values

    # ------------------------------------------------------------------ everything else
    def native(self, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Classes, builtins and library functions."""
        if type(callee).__module__.startswith("workbench.operators") or getattr(
                callee, "__module__", None) == "workbench.api":
            raise refuse("a derivative inside a recorded run", "use the compiler: engine='numba'")
        try:
            special = _SPECIAL.get(callee)
        except TypeError:
            special = None
        if special is not None:
            return special(self, callee, args, named)
        if isinstance(callee, type) and callee.__module__ not in _CALLBACK_MODULES:
            return self.instance(callee, args, named)
        if len(args) == 1 and type(args[0]) is ActiveFloat and not named and is_function_of_numbers(callee):
            return apply_one(by_callable(callee).name, callee, args[0])  # type: ignore[union-attr]
        if any(is_active(a) for a in args):
            primitive = by_callable(callee)
            scalar = getattr(callee, "__module__", None) == "math" or getattr(callee, "__self__", None) is math
            if primitive is not None and primitive.partials is not None and not named and scalar:
                if any(isinstance(a, ActiveArray) for a in args):
                    raise TypeError("only length-1 arrays can be converted to Python scalars")
                return apply(primitive.name, callee, *args)
        if getattr(callee, "__module__", None) in _CALLBACK_MODULES or is_container_method(callee):
            args = tuple(self.callback(a) for a in args)
            named = {key: self.callback(value) for key, value in named.items()}
        return callee(*args, **named)

    def callback(self, x: Any) -> Any:
        """A Python function handed to C code, so that its own calls are mediated."""
        if isinstance(x, functools.partial) or (type(x) in (types.BuiltinFunctionType, np.ufunc) and (
                x in _SPECIAL or by_callable(x) is not None)):
            return functools.partial(self, x)
        if type(x) is types.FunctionType and not _native_module(x.__module__ or ""):
            entered = rewritten(x, self.helpers)
            return x if entered is None else entered
        if type(x) is types.MethodType and type(x.__func__) is types.FunctionType:
            entered = rewritten(x.__func__, self.helpers)
            return x if entered is None else types.MethodType(entered, x.__self__)
        return x

    def instance(self, cls: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """An instance of a class; a constructor written in Python is entered."""
        if type(cls) not in (type, abc.ABCMeta) or _native_module(cls.__module__):
            return cls(*args, **named)
        new, init = (inspect.getattr_static(cls, name, None) for name in ("__new__", "__init__"))
        new = new.__func__ if isinstance(new, staticmethod) else new
        entered = [f for f in (new, init) if isinstance(f, types.FunctionType)
                   and rewritten(f, self.helpers) is not None]
        if not entered or any(f not in entered and f not in _PLAIN_MAKERS for f in (new, init)):
            return cls(*args, **named)
        made = self.function(new, (cls, *args), named) if new in entered else cls.__new__(cls)
        if init in entered and isinstance(made, cls):
            self.function(init, (made, *args), named)
        return made


# ---------------------------------------------------------------------- what Python calls without being told to
_QUICK = frozenset({float, int, bool, ActiveFloat, ActiveArray, np.ndarray, np.float64, str, list, tuple, dict})


class Attributes:
    """`x.name`: a property written in Python is entered."""

    def __init__(self, mediator: Mediator) -> None:
        self.mediator = mediator

    def __call__(self, x: Any, name: str) -> Any:
        kind = type(x)
        if kind in _QUICK or kind is types.ModuleType:
            return getattr(x, name)
        found = inspect.getattr_static(kind, name, None)
        if type(found) is property and isinstance(found.fget, types.FunctionType):
            return self.mediator.function(found.fget, (x,), {})
        if type(found) is functools.cached_property and name not in vars(x):
            vars(x)[name] = value = self.mediator.function(found.func, (x,), {})
            return value
        return getattr(x, name)


class Targets:
    """The `x` of `x.name = v`: a setter written in Python is entered."""

    def __init__(self, attributes: Attributes) -> None:
        self.attributes = attributes

    def __call__(self, x: Any, name: str) -> Any:
        kind = type(x)
        found = inspect.getattr_static(kind, name, None)
        if type(kind.__setattr__) is types.FunctionType:
            return Target(self.attributes, x, lambda *stored: self.attributes.mediator.function(
                kind.__setattr__, (x, *stored), {}))
        if type(found) is property and isinstance(found.fset, types.FunctionType):
            return Target(self.attributes, x, lambda _, value: self.attributes.mediator.function(
                found.fset, (x, value), {}))
        return x


class Target:
    """Stands for an object while one of its attributes is stored (and read before, in `x.name += v`)."""

    def __init__(self, attributes: Attributes, x: Any, store: Any) -> None:
        object.__setattr__(self, "_parts", (attributes, x, store))

    def __getattr__(self, name: str) -> Any:
        attributes, x, _ = self._parts
        return attributes(x, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._parts[2](name, value)


class Operators:
    """`a + b` and its kin: a method of the operand's class that is written in Python is entered."""

    def __init__(self, mediator: Mediator) -> None:
        self.mediator = mediator

    def __call__(self, name: str, a: Any, b: Any) -> Any:
        if type(a) in _QUICK and type(b) in _QUICK:
            return _OPERATORS[name](a, b)
        first, second = (self.method(a, f"__{name}__"), a, b), (self.method(b, f"__r{name}__"), b, a)
        if type(b) is not type(a) and isinstance(b, type(a)):
            first, second = second, first
        for method, x, y in (first, second):
            if method is not None:
                result = self.mediator.function(method, (x, y), {})
                if result is not NotImplemented:
                    return result
        return _OPERATORS[name](a, b)

    def method(self, x: Any, name: str) -> Any:
        """The method, if it is written in Python."""
        found = None if type(x) in _QUICK else getattr(type(x), name, None)
        return found if type(found) is types.FunctionType else None


_OPERATORS = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
              "pow": operator.pow, "mod": operator.mod, "floordiv": operator.floordiv, "matmul": operator.matmul}


def _native_module(name: str) -> bool:
    return name.partition(".")[0] in _NATIVE_PACKAGES


@functools.cache
def is_function_of_numbers(callee: Any) -> bool:
    """True for a function of `math` that a primitive stands for."""
    primitive = by_callable(callee)
    return type(callee) is types.BuiltinFunctionType and primitive is not None and primitive.partials is not None


def is_container_method(callee: Any) -> bool:
    """True for methods of built-in containers (`items.sort(key=...)`)."""
    return isinstance(getattr(callee, "__self__", None), (list, dict, set))


# ---------------------------------------------------------------------- callables with a meaning of their own
def _float(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    (x,) = args if len(args) == 1 else (None,)
    if isinstance(x, ActiveArray):
        callee(x.values)  # refuses more than one element
        x = x.item()
    if isinstance(x, (str, bytes)) and m.recorder.written_as_text:
        raise refuse("a number is read from text after an active one has been written as text: its derivative would be "
                     "lost", "keep the number")
    if not isinstance(x, ActiveFloat):
        return callee(*args, **named)
    value = callee(x.value)
    if value == x.value or value != value:
        return ActiveFloat(value, x.node, x.recorder)
    return ActiveFloat(value, x.recorder.one("cast", value, x.node, 1.0), x.recorder)


def _hash(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if any(holds_active(a) for a in args):
        raise refuse("the hash of an active number has no derivative", "use the number")
    return callee(*args, **named)


def _isinstance(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    x, classes = args
    if isinstance(x, ActiveFloat):
        return callee(x.value, classes)
    return callee(x.values, classes) if isinstance(x, ActiveArray) else callee(x, classes)


def _type(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if len(args) != 1:
        return callee(*args, **named)
    (x,) = args
    return type(x.value) if isinstance(x, ActiveFloat) else np.ndarray if isinstance(x, ActiveArray) else type(x)


def _created(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if callee is np.full and is_active(args[1] if len(args) > 1 else named.get("fill_value")):
        shape, value = args if len(args) > 1 else (args[0], named["fill_value"])
        made = fresh(np.zeros(shape), m.recorder)
        made[...] = value
        return made
    if any(holds_active(a) for a in args):
        raise refuse(f"np.{callee.__name__} of active numbers on the tape", "write it out")
    return fresh(callee(*args, **named), m.recorder)


def _linspace(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not any(is_active(a) for a in (*args, *named.values())):
        return fresh(callee(*args, **named), m.recorder)
    bound = dict(zip(("start", "stop", "num", "endpoint"), args, strict=False)) | named
    if set(bound) - {"start", "stop", "num", "endpoint"}:
        raise refuse("these options of np.linspace with active ends on the tape", "leave them out")
    part = np.linspace(0.0, 1.0, bound.get("num", 50), endpoint=bound.get("endpoint", True))
    return bound["start"] * (1.0 - part) + bound["stop"] * part


def _from_items(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not holds_active(args[0]):
        return fresh(callee(*args, **named), m.recorder)
    dtype = args[1] if len(args) > 1 else named.get("dtype")
    if set(named) - {"dtype", "copy", "ndmin", "order", "subok"}:
        raise refuse(f"the options {sorted(named)} of np.{callee.__name__}", "leave them out")
    copied = callee is np.array and named.get("copy", True)
    made = numpy_functions.array(np.array if copied else np.asarray, args[0], dtype)
    extra = named.get("ndmin", 0) - np.ndim(made)
    return made[(None,) * extra] if extra > 0 else made


def _rounding(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return callee(*(plain(a) for a in args), **{k: plain(v) for k, v in named.items()})


def _fsum(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    items = list(args[0])
    return sum(items) if holds_active(items) else callee(items)


def _pow(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not any(is_active(a) for a in args):
        return callee(*args, **named)
    return apply("pow", callee, *args)


def _log(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if len(args) == 2 and any(is_active(a) for a in args):
        return m(callee, args[0]) / m(callee, args[1])
    return apply("log", callee, *args) if is_active(args[0]) else callee(*args)


def _dist(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    points = [list(p) for p in args] if callee is math.dist else [list(args)]
    if not any(holds_active(p) for p in points):
        return callee(*args)
    items = [a - b for a, b in zip(*points, strict=True)] if len(points) == 2 else points[0]
    held = numpy_functions.array(np.array, items)
    return numpy_functions.functions[np.linalg.norm](held).item()


def _joined(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if holds_active(args[0]):  # lists of active numbers too
        return numpy_functions.functions[callee](*args, **named)
    return callee(*args, **named)


def _where(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    return numpy_functions.functions[callee](*args) if any(holds_active(a) for a in args) else callee(*args, **named)


def _of_list(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A NumPy function of active numbers, or of lists and tuples of them: NumPy's dispatch looks at neither."""
    if any(not isinstance(a, ActiveArray) and holds_active(a) for a in args):
        first = args[0]
        if holds_active(first) and not isinstance(first, ActiveArray):
            first = numpy_functions.array(np.array, first)
        return numpy_functions.functions[callee](first, *args[1:], **named)
    return callee(*args, **named)


def _with_rule(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function whose arguments are not looked at by NumPy's dispatch, or not all of them."""
    if any(holds_active(a) for a in args):
        return numpy_functions.functions[callee](*args, **named)
    return callee(*args, **named)


def _logsumexp(m: Mediator, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    if not any(holds_active(a) for a in (*args, *named.values())):
        return callee(*args, **named)
    if set(named) - {"axis"} or len(args) > 2:
        raise refuse("these options of logsumexp on the tape", "leave them out")
    a = args[0] if isinstance(args[0], ActiveArray) else numpy_functions.array(np.array, args[0])
    return composites.logarithm_of_sum(a, args[1] if len(args) > 1 else named.get("axis"))


def _distribution(m: Mediator, method: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of a distribution of `scipy.stats`: the normal one is written out."""
    formula = composites.NORMAL.get(method.__name__) if type(args[0]).__name__ == "norm_gen" else None
    if formula is None:
        raise refuse(f"no derivative rule is known for the method {method.__name__} of scipy.stats' "
                     f"{getattr(args[0], 'name', 'distribution')}", "write it out")
    return formula(*args[1:], **named)


_SPECIAL: dict[Any, Any] = {
    **dict.fromkeys(numpy_functions.functions, _of_list),
    **statistical.HANDLERS,
    float: _float, np.float64: _float, np.float32: _float, isinstance: _isinstance, hash: _hash, type: _type,
    math.fsum: _fsum,
    np.linspace: _linspace, math.pow: _pow, math.log: _log, math.dist: _dist, math.hypot: _dist, np.where: _where,
    **dict.fromkeys((np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack, np.dstack), _joined),
    **dict.fromkeys((np.interp, np.polyval, np.convolve, np.einsum), _with_rule), scipy.special.logsumexp: _logsumexp,
    **dict.fromkeys(_CREATORS, _created), **dict.fromkeys(_FROM_ITEMS, _from_items),
    **dict.fromkeys(_ROUNDING | _TESTS, _rounding),
}

__all__ = ["Mediator"]
