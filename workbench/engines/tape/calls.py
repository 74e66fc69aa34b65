"""The mediator: what happens at every call of a program that is being recorded.

Python functions are entered (rewritten, so that their calls are mediated too), functions of numbers with a rule are
recorded, NumPy's functions meet `functions` and `programs`; everything else is Python's own call. An active number that
reaches C code raises there, and where C code raises another error of its own, it is asked whether plain numbers would
have done.
"""

from __future__ import annotations

import copy
import functools
import inspect
import itertools
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.engines.tape import classes
from workbench.engines.tape.active import ACTIVE, NUMBERS, PLAIN, actives, bottom, holds_active, is_constant
from workbench.engines.tape.active_number import bare
from workbench.engines.tape.array import ActiveArray, from_items, laid_as
from workbench.engines.tape.classes import CACHED
from workbench.engines.tape.elementwise import call_numpy, overrides
from workbench.engines.tape.functions import made_here
from workbench.engines.tape.late import late
from workbench.engines.tape.meanings import special
from workbench.engines.tape.operations import apply, apply_one
from workbench.engines.tape.reach import Reach, give_back, modules_named_by, named_by, reaches_active
from workbench.engines.tape.recorder import Recorder, current, operation
from workbench.engines.tape.refusal import refuse
from workbench.engines.tape.remains import KEPT, outside
from workbench.engines.tape.rewriting import MEDIATE, rewritten
from workbench.engines.tape.scalar import ActiveFloat
from workbench.engines.tape.texts import checked_text, holds_text
from workbench.frontend.source import made_codes
from workbench.ir import DifferentiationError
from workbench.rules import by_callable

_CALLBACK_MODULES = frozenset({"functools", "_functools", "itertools", "operator", "_operator", "collections",
                               "_collections", "heapq", "_heapq", "bisect", "_bisect", "threading"})
_CALLING = frozenset({sorted, max, min, map, filter, iter, property, classmethod, staticmethod})  # what they are given
_CALLING_METHODS = frozenset({"sort", "sub", "subn", "run"})  # of builtin objects: they call what they are given
_READERS = (np.loadtxt, np.genfromtxt)
_OF_ITEMS = (math.fsum, math.prod, math.dist)
_DISTRIBUTIONS = "scipy.stats._distn_infrastructure"
_IN_THREADS = ("to_thread", "run_in_executor")  # of asyncio, which is not imported for their sake
_DISTRIBUTED = frozenset({"normal", "uniform", "exponential", "lognormal", "laplace", "logistic", "gumbel", "gamma",
                          "beta", "poisson", "binomial", "triangular", "weibull", "rayleigh", "chisquare"})
_DESCRIPTORS = (types.WrapperDescriptorType, types.MethodDescriptorType)
_COMPARED = frozenset({"__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"})
_NEW_ARRAY = np.ndarray.__new__
_NUMBERS = (int, float, complex, np.number)


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
    if known is not None:
        return known[1](*args, **named)
    handler = special.get(function)
    if handler is not None:
        return handler(function, args, named)
    primitive = by_callable(function)
    if primitive is not None and primitive.partials is not None and not named and all(
            type(a) is ActiveFloat or isinstance(a, (int, float)) for a in args):  # (of arrays it is entered)
        return apply(primitive.name, function, *args)
    return (function if recorder is None else recorder.run.enter(function))(*args, **named)


def _native(callee: Any, *args: Any, **named: Any) -> Any:
    if callee.__name__ in _IN_THREADS and callee.__module__.startswith("asyncio"):
        return special[_IN_THREADS](callee, args, named)
    if callee.__module__ == _DISTRIBUTIONS and any(holds_active(a) for a in (*args[1:], *named.values())):
        return special[_DISTRIBUTIONS](callee, args, named)
    return native(callee, args, named)


def native(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Classes, builtins, objects that can be called, and library functions."""
    if _is_math(callee) and callee not in _OF_ITEMS:
        own = f"__{callee.__name__}__"  # (`__floor__`, `__ceil__`, `__trunc__`)
        args = tuple(mediate(float, a) if gives_float(a) and not hasattr(type(a), own) else a for a in args)
    try:
        handler = special.get(callee)
    except TypeError:
        handler = None
    if any(type(a) in KEPT for a in args) and (handler is not None or _is_math(callee)):
        outside()
    if handler is not None:
        return handler(callee, args, named)
    if type(callee) in _DESCRIPTORS and callee.__objclass__ in (float, complex, np.ndarray) and any(
            type(a) in ACTIVE for a in args):
        return _unbound(callee.__name__, args, named)
    if (callee is np.ndarray or callee is _NEW_ARRAY) and any(type(a) is ActiveArray for a in (*args, *named.values())):
        raise refuse("an array is made on the memory of another, which the tape would not see", "use a view or a copy")
    owner = getattr(callee, "__self__", None)
    made = callee if isinstance(callee, type) else owner
    if isinstance(made, type) and issubclass(made, _NUMBERS):  # (or its `__new__`)
        args = tuple(checked_text(a) for a in args)
    recorder = current()
    if isinstance(callee, type):
        if recorder is not None:
            classes.meet(callee, mediate)
        if callee.__module__ not in _CALLBACK_MODULES and callee.__module__ != "builtins":
            return _protected(callee, args, named)
    module = getattr(callee, "__module__", None)
    if not isinstance(module, str):  # a class may call something else so
        module = str(type(callee).__module__ or "")
    if type(owner) in KEPT:
        outside()
    if type(owner) is np.ndarray or isinstance(owner, (np.random.Generator, np.random.RandomState)):
        return _array_method(callee, owner, args, named)
    if module.startswith(("numpy", "scipy")) or type(callee) is np.ufunc or isinstance(owner, np.ufunc):
        return _numpy(callee, args, named)
    if module.startswith("workbench.engines.tape"):
        return callee(*args, **named)
    if module.startswith("workbench.") or type(callee).__module__.startswith("workbench."):
        return _operator(callee, args, named)
    wrapped = _wrapped(callee)
    if wrapped is not None:
        return wrapped(args, named)
    if recorder is not None and not isinstance(callee, types.BuiltinFunctionType):
        classes.meet(type(callee), mediate)
    if args and not named and _is_math(callee):
        primitive = by_callable(callee) if any(type(a) in ACTIVE for a in args) else None
        if primitive is not None and primitive.partials is not None:
            if any(type(x) is ActiveArray for x in args):
                callee(*(bottom(x) for x in args))  # refuses more than one element
            return apply(primitive.name, callee, *(a.item() if type(a) is ActiveArray else a for a in args))
    if _calls_back(callee, module, owner):
        args = tuple(callback(a) for a in args)
        named = {key: callback(value) for key, value in named.items()}
    return _protected(callee, args, named)


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


def _calls_back(callee: Any, module: str, owner: Any) -> bool:
    """True for C code that calls functions it is given (others keep them, or compare them)."""
    if owner is not None and type(owner) is not types.ModuleType:
        return getattr(callee, "__name__", "") in _CALLING_METHODS
    if module == "builtins":
        return callee in _CALLING
    return module in _CALLBACK_MODULES and callee is not functools.partial


def _is_math(callee: Any) -> bool:
    return type(callee) is types.BuiltinFunctionType and callee.__self__ is math


def gives_float(x: Any) -> bool:
    """True for an object whose class defines `__float__` in Python."""
    return type(x) not in PLAIN and type(inspect.getattr_static(type(x), "__float__", None)) is types.FunctionType and (
        type(x) not in ACTIVE)


def _protected(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
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
        if any(holds_active(mediate(float, a)) for a in given if gives_float(a)):
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


def _numpy(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function of NumPy or SciPy; its new arrays may hold active numbers later."""
    if type(callee) is np.ufunc:
        named = {k: v for k, v in named.items() if v is not None}  # (defaults that it takes as given otherwise)
    args = tuple(as_array_of(a) for a in args)
    given = (*args, *named.values())
    if any(overrides(a) for a in args):
        return callee(*args, **named)
    if str(callee.__module__ if hasattr(callee, "__module__") else "").startswith("numpy.testing"):
        return callee(*bottom(args), **bottom(named))
    if holds_active(given):
        if isinstance(callee, np.ufunc) or isinstance(getattr(callee, "__self__", None), np.ufunc):
            return callee(*(_as_operand(a) for a in args), **named)
        if type(callee) is np.vectorize:
            return _by_vectorize(callee, args, named)
        if isinstance(callee, type) or not hasattr(callee, "__name__"):
            return _protected(callee, args, named)
        return call_numpy(callee, args, named)
    result = callee(*(a if isinstance(a, type) else callback(a) for a in args), **named)
    if callee in _READERS:
        checked_text(str(result))
    if type(result) is np.ndarray and result.base is None and not any(result is a for a in given):
        return made_here(result)
    return result


def as_array_of(x: Any) -> Any:
    """An object whose class gives an array (`__array__`), which is active: that array; anything else as it is."""
    if type(x) in ACTIVE or isinstance(x, (np.ndarray, np.generic, type)) or not hasattr(type(x), "__array__") or (
            overrides(x)):
        return x
    made = mediate(type(x).__array__, x) if type(type(x).__array__) is types.FunctionType else x
    return made if type(made) is ActiveArray else x


def _as_operand(x: Any) -> Any:
    """A list with active numbers as an array, so that NumPy's dispatch sees it."""
    return from_items(x) if type(x) not in ACTIVE and holds_active(x) else x


def _vectorized(function: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A function of numbers, called for each element of its broadcast arguments."""
    if named:
        raise refuse("keywords of a vectorised function on the tape", "pass them by position")
    arrays = [_as_operand(a) if holds_active(a) else np.asarray(a) for a in args]
    shape = np.broadcast_shapes(*(np.shape(bottom(a)) for a in arrays))
    spread = [a if type(a) in NUMBERS else np.broadcast_to(a, shape) for a in arrays]
    made = [mediate(function, *(a if type(a) in NUMBERS else a[where] for a in spread)) for where in np.ndindex(shape)]
    if not shape:
        return mediate(np.float64, made[0])
    lying = functools.reduce(np.bitwise_or, [np.zeros_like(bottom(a), bool) for a in spread])  # as of a ufunc
    result = mediate(np.array, made).reshape(shape)
    return result.like(lambda part: laid_as(lying, part)) if type(result) is ActiveArray else laid_as(lying, result)


def _by_vectorize(vectorised: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.vectorize`: the function gets Python's numbers; the first results decide what the others are made, where that
    is not given."""
    if vectorised.signature is not None:
        raise refuse("np.vectorize with a signature on the tape", "write it as a loop")
    places = [k for k in range(len(args)) if k not in vectorised.excluded]
    names = [k for k in named if k not in vectorised.excluded]

    def each(items: list[Any]) -> Any:
        given, by_name = list(args), {**named, **dict(zip(names, items[len(places):], strict=True))}
        for k, item in zip(places, items, strict=False):
            given[k] = item
        return mediate(vectorised.pyfunc, *given, **by_name)
    items = [*(args[k] for k in places), *(named[k] for k in names)]
    arrays = [_as_operand(a) if holds_active(a) else np.asarray(a) for a in items]
    shape, kinds = np.broadcast_shapes(*(np.shape(bottom(a)) for a in arrays)), vectorised.otypes
    several = kinds is not None and len(kinds) > 1
    if kinds is None:
        if any(np.size(bottom(a)) == 0 for a in arrays):
            raise ValueError("cannot call `vectorize` on size 0 inputs unless `otypes` is set")
        first = each([a if type(a) in NUMBERS else a[(0,) * a.ndim] for a in arrays])
        several = isinstance(first, tuple)
        kinds = [np.asarray(bottom(v)).dtype for v in (first if several else (first,))]
    cached = [first] if vectorised.otypes is None and vectorised.cache else []
    spread = [a if type(a) in NUMBERS else np.broadcast_to(a, shape) for a in arrays]
    lying = functools.reduce(np.bitwise_or, [np.zeros_like(bottom(a), bool) for a in spread])  # as of a ufunc
    turns = np.nditer(lying, ["multi_index", "zerosize_ok"], order="K")
    results = {}
    for where in (turns.multi_index for _ in turns):
        results[where] = cached.pop() if cached else each(
            [bare(a if type(a) in NUMBERS else a[where]) for a in spread])
    made = [results[where] for where in np.ndindex(shape)]
    columns = [[v[k] for v in made] for k in range(len(kinds))] if several else [made]
    found = tuple(_of_kind(column, np.dtype(kind), lying) for column, kind in zip(columns, kinds, strict=True))
    return found if several else found[0]


def _of_kind(items: list[Any], kind: Any, lying: Any) -> Any:
    """Numbers as an array of some kind that lies as another does."""
    if not holds_active(items) or kind.kind in "iub":
        result: Any = np.array([None, *bottom(items)], dtype=object)[1:].astype(kind)
        return made_here(laid_as(lying, result.reshape(lying.shape)))
    made = mediate(np.array, items, kind).reshape(lying.shape)
    return made.like(lambda part: laid_as(lying, part))


def _array_method(callee: Any, owner: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of an array that is not active, or a draw: its new arrays may hold active numbers later."""
    if any(holds_active(a) for a in (*args, *named.values())) and type(owner) is np.ndarray:
        function = getattr(np, callee.__name__, None)
        if callable(function):
            return call_numpy(function, (owner, *args), named)
    if args and holds_active(args[0]) and getattr(callee, "__name__", "") in ("choice", "permutation"):
        items = _as_operand(args[0])  # the same draws, of places
        place = 4 if callee.__name__ == "choice" else 1
        along = named.get("axis", args[place] if len(args) > place else 0)
        if type(items) is ActiveArray and not along and not holds_active((args[1:], named)):
            return items[callee(len(items), *args[1:], **{k: v for k, v in named.items() if k != "axis"})]
    name = getattr(callee, "__name__", "")
    if name == "shuffle" and args and type(args[0]) is ActiveArray and type(owner) is not np.ndarray and args[0].ndim:
        axis = named.get("axis", args[1] if len(args) > 1 else 0)
        places = np.arange(args[0].shape[axis])
        callee(places)  # the same draws, of places
        args[0][...] = call_numpy(np.take, (args[0], places, axis), {})
        return None
    if type(owner) is not np.ndarray and name in _DISTRIBUTED and holds_active((args, named)):
        raise refuse(f"numbers are drawn by {name}, whose parameters are active",
                     "draw standard numbers and scale them: mean + deviation * rng.standard_normal()")
    result = _protected(callee, args, named)
    if type(owner) is np.ndarray and holds_text(owner) and np.asarray(result).dtype.kind in "fc":
        checked_text(owner)
    drawn = type(owner) is not np.ndarray  # (its base, if it has one, is new too)
    if type(result) is np.ndarray and result is not owner and (drawn or result.base is None):
        return made_here(result)
    return result


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
        return lambda args, named: _vectorized(each, args, named) if any(
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
    if primitive is None or primitive.partials is None or not _is_math(callee):
        return None
    return primitive.name, operation(primitive.name)


def callback(x: Any) -> Any:
    """A Python function handed to C code, so that its own calls are mediated."""
    kind = type(x)
    if kind is functools.partial or kind is CACHED or (kind in (types.BuiltinFunctionType, np.ufunc, type) and (
            x in special or by_callable(x) is not None)):
        return functools.partial(mediate, x)
    recorder = current()
    if recorder is None:
        return x
    if kind is types.FunctionType and id(x.__code__) not in made_codes and not classes.is_native(x.__module__):
        known = recorder.run.entered.get(id(x))
        return recorder.run.enter(x) if known is None else known[1]
    if kind is types.MethodType:
        classes.meet(x.__self__ if isinstance(x.__self__, type) else type(x.__self__), mediate)
        if type(x.__func__) is types.FunctionType and id(x.__func__.__code__) not in made_codes:
            return types.MethodType(callback(x.__func__), x.__self__)
    return x


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


