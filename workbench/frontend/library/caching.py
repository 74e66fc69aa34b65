"""`functools.lru_cache` and `functools.cache`: results for arguments known while specialising are kept, as Python does.

A function called with run-time numbers is called again, and one from outside in each call of the program. Invariant: a
kept result is used only where it is still there (inside the arm or loop where it was made); a function whose calls have
effects that would then be repeated is refused, and so is a write to a result that Python would give again.
"""

from __future__ import annotations

import ast
import functools
import types
from dataclasses import field
from typing import Any

from workbench.frontend import source
from workbench.frontend.activation import Activation
from workbench.frontend.library.registry import handles, handles_instances
from workbench.frontend.values import Array, Closure, DictValue, DynamicList, ListValue, ObjectValue, is_static
from workbench.records import dataclass

_CHANGES = frozenset({"append", "extend", "insert", "pop", "popleft", "appendleft", "remove", "clear", "update", "add",
                      "discard", "setdefault", "popitem", "sort", "reverse", "fill", "put", "send"})


@dataclass(slots=True, eq=False)
class Cached:
    """A function of the program under `lru_cache`; each kept result with the frames that were open then."""

    function: Any
    kept: dict[Any, tuple[Any, tuple[Any, ...]]] = field(default_factory=dict)

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A call of it."""
        return _called(act, self.function, self.kept, args, named, False)


def _called(act: Activation, function: Any, kept: dict[Any, Any], args: tuple[Any, ...], named: dict[str, Any],
            lasting: bool) -> Any:
    """A call; `lasting`: Python keeps its results from one call of the program to the next."""
    t = act.t
    if lasting:
        _refuse_effects(act, function)
    given = (args, tuple(sorted(named.items())))
    key = None
    if is_static(args) and all(is_static(v) for v in named.values()):
        key = (repr([type(v) for v in args]), given)
        try:
            result, frames = kept[key]
        except KeyError:
            pass
        else:
            if len(frames) <= len(t.frames) and all(a is b for a, b in zip(frames, t.frames, strict=False)):
                return result
            _refuse_effects(act, function)
    else:
        _refuse_effects(act, function)
    unrolled = t.unrolled
    mine = frozenset((id(_definition(function)),))
    t.unrolled = unrolled - mine if key is None else unrolled | mine  # (as deep as it goes, if the arguments are known)
    try:
        result = t.environment.call(act, function, args, named)
    finally:
        t.unrolled = unrolled
    if lasting or key is None:
        _keep_from_writes(result)
    if key is not None:
        kept[key] = (result, tuple(t.frames))
    return result


def _keep_from_writes(result: Any) -> None:
    why = "a write to a result of a function under `functools.lru_cache`"
    if isinstance(result, Array):
        result.cell.snapshot = result.cell.snapshot or why
    elif isinstance(result, (ListValue, DynamicList, DictValue, ObjectValue)):
        result.snapshot = result.snapshot or why
    for part in result if isinstance(result, tuple) else ():
        _keep_from_writes(part)


def _definition(function: Any) -> ast.AST:
    return function.node if isinstance(function, Closure) else source.definition_of(function)


def _refuse_effects(act: Activation, function: Any) -> None:
    """A call that Python may answer from its cache is made: it must not show."""
    definition = _definition(function)
    own = {part.id for part in ast.walk(definition) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    if any(_has_effect(part, own) for part in ast.walk(definition)):
        act.t.fail("a function with effects under `functools.lru_cache`", "keep what it does out of it")


def _has_effect(part: ast.AST, own: set[str]) -> bool:
    """True for what may be seen outside: writes, but for elements of what the function has made, and prints."""
    if isinstance(part, (ast.Attribute, ast.Subscript)) and not isinstance(part.ctx, ast.Load):
        return isinstance(part, ast.Attribute) or _root(part) not in own
    if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr in _CHANGES:
        return _root(part.func) not in own
    return isinstance(part, (ast.Global, ast.Nonlocal)) or (isinstance(part, ast.Name) and part.id == "print")


def _root(part: ast.expr) -> str:
    while isinstance(part, (ast.Attribute, ast.Subscript)):
        part = part.value
    return part.id if isinstance(part, ast.Name) else ""


@handles(functools.lru_cache)
def lru_cache(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`@lru_cache`, or `@lru_cache(maxsize)`: how many results are kept is not seen."""
    return Cached(args[0]) if args and isinstance(args[0], (Closure, types.FunctionType)) else _decorator


@handles(functools.cache)
def cache(act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`@cache`."""
    return Cached(args[0])


class _Decorator:
    """What `lru_cache(maxsize)` gives."""

    def inlined(self, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """The function it decorates, its results kept."""
        return Cached(args[0])


_decorator = _Decorator()


@handles_instances(type(functools.cache(len)))
def called(wrapper: Any, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call of a function from outside that is under `lru_cache`."""
    function = wrapper.__wrapped__
    if not isinstance(function, types.FunctionType):
        return act.t.environment.call(act, function, args, named)
    kept = act.t.environment.kept_results.setdefault(id(wrapper), {})
    return _called(act, function, kept, args, named, True)
