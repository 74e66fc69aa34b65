"""Call mediation: what happens at every call, whoever is called.

Python functions are entered, library functions with a rule become operations, classes are instantiated, pure calls on
static arguments run natively; anything else given run-time numbers is refused by name.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
import operator
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from workbench.frontend import (
    access,
    arithmetic,
    bare,
    branches,
    classes,
    completions,
    generators,
    instances,
    launches,
    library,
    prompt,
    python_types,
    recursion,
    source,
    states,
    texts,
)
from workbench.frontend.activation import Activation, Scope, entered
from workbench.frontend.branches import DEAD
from workbench.frontend.paths import Path, class_attribute, is_library
from workbench.frontend.unwinding import Unreachable
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    ArrayMethod,
    BoundMethod,
    CallChoice,
    Closure,
    ObjectValue,
    OneOf,
    Partial,
    Scalar,
    StandIn,
    describe,
    is_static,
)
from workbench.ir import DifferentiationError, Span

MAX_DEPTH = 120
_OF_NUMBERS = (abs, min, max, float, int, round, pow)
_NOT_A_NUMBER = "must be real number, not NoneType"
_OF_STATES = (isinstance, hasattr, getattr, setattr)  # what takes whatever is its first argument
_MANAGER = contextlib.contextmanager(lambda: iter(())).__code__  # of every function under `contextmanager`


def call(act: Activation, callee: Any, args: tuple[Any, ...], named: dict[str, Any], node: Any = None) -> Any:
    """Call anything."""
    act.t.usable(callee)
    launch = callee if isinstance(callee, launches.Configured) else launches.configured_outside(callee)
    if launch is not None:
        return _launched(act, launch, args, named)
    if isinstance(callee, StandIn):
        return _call_stand_in(act, callee, args, named, node)
    callee = launches.known_name(callee) or _in_kernel(act, callee)
    if any(isinstance(v, OneOf) for v in (*args, *named.values())) and not (
            _is_entered(callee) or any(callee is f for f in _OF_STATES)):
        args, named = _settled(act, callee, args, named)
    inlined = getattr(type(callee), "inlined", None)
    if inlined is not None:  # a derivative: its program is put here
        return inlined(callee, act, args, named)
    callee = source.python_function(callee)
    handler = library.lookup(callee)
    if handler is not None:
        return _by_rule(act, handler, callee, args, named)
    if isinstance(callee, types.MethodType):
        if isinstance(callee.__func__, types.FunctionType):  # (what has a rule of its own guards that)
            act.t.environment.guard_function(callee.__func__)
        owner = act.t.environment.internal(callee.__self__, None)
        return call(act, callee.__func__, (owner, *args), named, node)
    if isinstance(callee, type):
        return instances.make(act, callee, args, named, node)
    found = _natively(act, callee, args, named)
    if found is not NotImplemented:
        return found
    inner = _looked_through(act, callee, args, named)
    if inner is not None:
        return call(act, *inner, node)
    if isinstance(callee, types.FunctionType):
        act.t.environment.guard_function(callee)
        if is_library(callee.__module__) and not is_library(act.globals.get("__name__")):
            return _enter_library(act, callee, args, named, node)
        return _enter_function(act, callee, args, named, node)
    if not callable(callee):
        raise TypeError(f"{describe(callee)} is not callable")
    unwrapped = getattr(callee, "__wrapped__", None)
    if isinstance(unwrapped, types.FunctionType) and type(callee).__module__ != "numpy" and (
            type(callee).__name__ != "GUFunc"):  # (the Python function inside writes its result into an argument)
        return call(act, unwrapped, args, named, node)
    module = getattr(callee, "__module__", None) or type(callee).__module__
    name = f"{module}.{getattr(callee, '__name__', None) or type(callee).__qualname__}"
    raise DifferentiationError(f"no derivative rule is known for {name.removeprefix('builtins.')}", act.t.span,
                               "use a function with a rule")


def _call_stand_in(act: Activation, callee: StandIn, args: tuple[Any, ...], named: dict[str, Any], node: Any) -> Any:
    """Call what the program has made itself, or what has some of its arguments."""
    if isinstance(callee, Closure):
        return _enter_closure(act, callee, args, named, node)
    if isinstance(callee, BoundMethod):
        return call(act, callee.function, (callee.self_value, *args), named, node)
    if isinstance(callee, Partial):
        return call(act, callee.function, (*callee.args, *args), {**callee.named, **named}, node)
    if isinstance(callee, CallChoice):
        return _one_of(act, callee, args, named, node)
    if isinstance(callee, ArrayMethod):
        act.t.usable(*args, *named.values())
        found = _shown(call_method(act, callee.owner, callee.name, args, named))
        return bare.of_method(act.t, callee.owner, callee.name, len(args) + len(named), found)
    if isinstance(callee, ObjectValue):
        if class_attribute(callee.type, "__call__") is None:
            raise TypeError(f"'{callee.type.__name__}' object is not callable")
        return call(act, access.attribute(act, callee, "__call__"), args, named, node)
    raise TypeError(f"{describe(callee)} is not callable")


def _in_kernel(act: Activation, callee: Any) -> Any:
    """The Python function of what `@cuda.jit` has made, which other kernels call; anything else as it is."""
    function = launches.kernel_function(callee)
    if function is None:
        return callee
    if act.t.launches.now is None and not launches.is_device_function(callee):
        act.t.fail(f"the kernel {function.__name__} is called without a launch shape", "write k[blocks, threads](...)")
    return function


def _launched(act: Activation, launch: launches.Configured, args: tuple[Any, ...], named: dict[str, Any]) -> None:
    """Launch a kernel of the user's own."""
    def run(act: Activation, node: ast.FunctionDef, args: tuple[Any, ...], function: types.FunctionType) -> Any:
        bound = _bind(function.__name__, node.args, (), {}, args, {})
        return _run(act, node, bound, None, function, function.__qualname__, None)
    launches.launched(act, launch, args, named, run)


def _by_rule(act: Activation, handler: Any, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Call a library function whose meaning is known."""
    if any(callee is f for f in _OF_STATES):
        act.t.certain(args[0] if args else None)
    else:
        act.t.usable(*args, *named.values())
    prompt.call(act.t, callee, args)
    before = len(act.t.cells)
    args, named = library.arguments.positioned(callee, args, named)
    found = handler(act, args, named)
    library.orders.lay(act.t, callee, args, named, found, before)
    return bare.given(act.t, callee, args, named, _shown(found))


def _natively(act: Activation, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What is an operation of the program, or is called while specialising; NotImplemented for what must be entered."""
    primitive = library.primitive(callee)
    if primitive is not None and not is_static(args):
        return library.apply_primitive(act, primitive, callee, args, named)
    if library.is_pure(callee):
        plain = library.containers.plain_form(act, args)
        plain_named = {k: library.containers.plain_form(act, v) for k, v in named.items()}
        if plain is not NotImplemented and NotImplemented not in plain_named.values():
            prompt.call(act.t, callee, (*plain, *plain_named.values()))
            return act.t.environment.run_native(callee, plain, plain_named)
    if getattr(callee, "__name__", "") == "literal_unroll" and callee.__module__.startswith("numba"):
        return args[0]
    owner = getattr(callee, "__self__", None)
    if isinstance(owner, str) and not isinstance(callee, type):
        if callee.__name__ == "format":
            return texts.formatted(act, owner, args, named)
        if callee.__name__ == "join":
            pieces = act.t.environment.items(act, args[0])
            return texts.joined([p for k, piece in enumerate(pieces) for p in ((owner, piece) if k else (piece,))])
    return NotImplemented


def _looked_through(act: Activation, callee: Any, args: tuple[Any, ...], named: dict[str, Any]
                    ) -> tuple[Any, tuple[Any, ...], dict[str, Any]] | None:
    """What is called, and with what, where an object of the standard library stands before it; else None."""
    if isinstance(callee, functools.partial):
        where = Path(("dict", {"partial": callee}, "partial"))
        given = act.t.environment.internal(callee.args, where.attribute("args"))
        extra = {k: act.t.environment.internal(v, where.attribute("keywords").item(k))
                 for k, v in callee.keywords.items()}
        return callee.func, (*given, *args), {**extra, **named}
    if isinstance(callee, (operator.itemgetter, operator.attrgetter, operator.methodcaller)):
        return library.operators.getter_of(callee), args, named
    if not isinstance(callee, types.FunctionType):
        return None
    if callee.__code__ is _MANAGER:
        return callee.__wrapped__, args, named  # type: ignore[attr-defined]
    if hasattr(callee, "registry") and hasattr(callee, "dispatch"):
        chosen = python_types.of_all(act.t, args[0], callee.dispatch, "the function for an argument of this type")
        return chosen, args, named
    return None


def _is_entered(callee: Any) -> bool:
    """True for what is Python that the evaluator enters: states are passed to it as they are."""
    callee = source.python_function(callee)
    if library.lookup(callee) is not None or (isinstance(callee, type) and is_library(callee.__module__)):
        return False
    return isinstance(callee, (types.FunctionType, types.MethodType, functools.partial, type, ObjectValue))


def _settled(act: Activation, callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Arguments of a function of numbers, which must be numbers; what other functions make of a state is not known."""
    of_numbers = isinstance(callee, np.ufunc) or any(callee is f for f in _OF_NUMBERS)
    if of_numbers or getattr(callee, "__module__", "") == "math":
        args = tuple(states.settled(act.t, v, _NOT_A_NUMBER) for v in args)
        named = {k: states.settled(act.t, v, _NOT_A_NUMBER) for k, v in named.items()}
    act.t.usable(*args, *named.values())
    return args, named


def _shown(found: Any) -> Any:
    """What a library function gives. Where that is the copy that stands for one of several arrays, NumPy has a view."""
    for array in found if isinstance(found, tuple) else (found,):
        if isinstance(array, Array) and array.cell.chosen and array.cell.shows is None:
            for cell in array.cell.chosen:
                cell.shown_by(array.cell)
    return found


def _one_of(act: Activation, choice: CallChoice, args: tuple[Any, ...], named: dict[str, Any], node: Any) -> Any:
    """Call one of several functions: a case split."""
    def case(position: int) -> Any:
        def chosen() -> Any:
            return call(act, choice.options[position], args, named, node)
        if position == len(choice.options) - 1:
            return chosen()
        hit = arithmetic.truth(act.t, arithmetic.compare(act.t, "==", choice.index, position))
        if not isinstance(hit, Scalar):
            return chosen() if hit else case(position + 1)
        return branches.branch(act.t, hit, chosen, lambda: case(position + 1))
    return case(0)


def call_method(act: Activation, owner: Any, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A method of an array, scalar, list or dict."""
    return library.method(act, owner, name, args, named)


# ---------------------------------------------------------------------- entering functions
def _enter_closure(act: Activation, closure: Closure, args: tuple[Any, ...], named: dict[str, Any], node: Any) -> Any:
    scope = closure.scope
    defaults = tuple(functools.partial(act.t.read, v) for v in closure.defaults)
    keyword_defaults = {k: functools.partial(act.t.read, v) for k, v in closure.keyword_defaults.items()}
    bound = _bind(closure.name, closure.node.args, defaults, keyword_defaults, args, named)
    return _run(act, closure.node, bound, scope, scope.function, closure.name, node)


def _enter_library(act: Activation, function: types.FunctionType, args: tuple[Any, ...], named: dict[str, Any],
                   node: Any) -> Any:
    """Enter a function of the standard library, NumPy, SciPy or Numba: a refusal inside is told at the user's line."""
    span = act.t.span
    name = f"{function.__module__}.{function.__qualname__}"
    if name.startswith("numba.") and not name.startswith("numba.misc.special."):  # (prange, literal_unroll)
        act.t.fail(f"no derivative rule is known for {name}", "use lists, dicts and NumPy's functions")
    try:
        return _enter_function(act, function, args, named, node)
    except DifferentiationError as error:
        if error.filename is None or span is None or error.filename == span.filename:
            raise
        where = f"{error.filename}:{error.lineno}"
        raise DifferentiationError(f"{name} cannot be compiled: {error.reason} ({where})", span,
                                   "use a function with a rule") from None


def _enter_function(act: Activation, function: types.FunctionType, args: tuple[Any, ...], named: dict[str, Any],
                    node: Any) -> Any:
    span = act.t.span
    try:
        return _entered(act, function, args, named, node)
    except DifferentiationError as error:
        raise error.called_at(span)  # noqa: B904  (the error itself)


def _entered(act: Activation, function: types.FunctionType, args: tuple[Any, ...], named: dict[str, Any],
             node: Any) -> Any:
    definition = source.definition_of(function)
    if function.__code__.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
        span = Span(function.__code__.co_filename, definition.lineno, function=function.__qualname__)
        raise DifferentiationError(f"{function.__name__} is a coroutine", span, "return a list or an array")
    environment = act.t.environment
    defaults = tuple(functools.partial(environment.default_value, function, k, v)
                     for k, v in enumerate(function.__defaults__ or ()))
    keyword_defaults = {k: functools.partial(environment.default_value, function, k, v)
                        for k, v in (function.__kwdefaults__ or {}).items()}
    bound = _bind(function.__name__, definition.args, defaults, keyword_defaults, args, named)
    around = classes.scope_of(act.t, function)
    if around is not None:
        return _run(act, definition, bound, around, around.function, function.__qualname__, node)
    return _run(act, definition, bound, None, function, function.__qualname__, node)


def _run(act: Activation, node: ast.FunctionDef | ast.Lambda, bound: dict[str, Any], parent: Scope | None,
         function: Any, name: str, site: Any) -> Any:
    recursive = act.t.decisions.get(("recursive", id(node))) and id(node) not in act.t.unrolled
    if recursive and not generators.is_generator(node):
        def body(root: Activation, values: dict[str, Any], scope: Scope | None) -> Any:
            return _evaluate(root, node, values, scope, function, name, site)
        return recursion.enter(act, node, bound, function, name, parent, body)
    recursion.may_unroll(act, node, name)
    return _evaluate(act, node, bound, parent, function, name, site)


def _evaluate(act: Activation, node: ast.FunctionDef | ast.Lambda, bound: dict[str, Any], parent: Scope | None,
              function: Any, name: str, site: Any) -> Any:
    """The function's body, with its parameters bound."""
    t = act.t
    t.in_time()
    if len(act.path) >= MAX_DEPTH:
        t.fail(f"{name} calls itself too deeply to be unrolled", "write it as a loop")
    return_span = t.span
    code = t.environment.compiled(node, function, name)
    scope = Scope({n: t.variable(n) for n in code.local_names}, parent, function)
    for key, value in bound.items():
        t.assign(scope.names[key], t.new_dict(value) if type(value) is dict else value)
    where = (getattr(site, "lineno", 0), getattr(site, "col_offset", 0), id(node))
    if code.is_generator:
        return generators.suspended(act, code, scope, node, where, name, function)
    inner = entered(act, code, scope, node, where, name, function)
    result = code.run(inner)
    t.builder.span = return_span
    if not code.has_inner:
        bare.left(t, scope.names.values())
    return result


def _bind(name: str, spec: ast.arguments, defaults: tuple[Callable[[], Any], ...],
          keyword_defaults: Mapping[str, Callable[[], Any]], args: tuple[Any, ...],
          named: dict[str, Any]) -> dict[str, Any]:
    """Arguments to parameters, as Python binds them; a default is asked for where nothing is given."""
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    only = {a.arg for a in spec.posonlyargs}
    bound: dict[str, Any] = dict(zip(positional, args, strict=False))
    extra = args[len(positional):]
    if extra and spec.vararg is None:
        raise TypeError(f"{name}() takes {len(positional)} positional arguments but {len(args)} were given")
    if spec.vararg is not None:
        bound[spec.vararg.arg] = tuple(extra)
    rest: dict[str, Any] = {}
    keyword_names = {*positional, *(a.arg for a in spec.kwonlyargs)} - only
    for key, value in named.items():
        if key in keyword_names:
            if key in bound:
                raise TypeError(f"{name}() got multiple values for argument '{key}'")
            bound[key] = value
        elif spec.kwarg is not None:
            rest[key] = value
        else:
            raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
    first_default = len(positional) - len(defaults)
    for k, key in enumerate(positional):
        if key not in bound and k >= first_default:
            bound[key] = defaults[k - first_default]()
    for key, default in keyword_defaults.items():
        if key not in bound:
            bound[key] = default()
    if spec.kwarg is not None:
        bound[spec.kwarg.arg] = rest
    missing = [k for k in (*positional, *(a.arg for a in spec.kwonlyargs)) if k not in bound]
    if missing:
        listed = " and ".join(f"'{m}'" for m in missing)
        raise TypeError(f"{name}() missing {len(missing)} required positional argument{'s' * (len(missing) > 1)}: "
                        f"{listed}")
    return bound


def finish(act: Activation, completion: Any) -> Any:
    """The value of a call whose body has completed."""
    t = act.t
    if completion is DEAD:
        raise Unreachable
    completion = completions.stayed(act, completion)
    value = t.read(act.result)
    if isinstance(completion, int) and completion == 0:
        return None
    if value is UNDEFINED or value is None:
        return None
    if not isinstance(completion, int):
        returned = t.emit("ne", t.scalar(completion.code), t.scalar(0))
        t.check(returned, "DifferentiationError", f"{act.name} returned None on this path and a value on another")
    return value


def decorated(act: Activation, decorator: Any, function: Closure) -> Any:
    """A nested function's decorator: Numba's are looked through, others are called."""
    module = getattr(decorator, "__module__", "") or ""
    if module.startswith("numba"):
        return function
    return call(act, decorator, (function,), {})
