"""`with`: context managers known while specialising, of users' classes, generators under `contextlib.contextmanager`.

Invariant: what a manager does on the way out is done however control leaves the body; a manager that could swallow an
exception is refused.
"""

from __future__ import annotations

import ast
import contextlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.frontend import access, calls, generators, source, trying
from workbench.frontend.activation import Activation
from workbench.frontend.branches import DEAD
from workbench.frontend.completions import NORMAL, Mixed, mixed_completion, possible_codes
from workbench.frontend.held import Held
from workbench.frontend.library.registry import handles
from workbench.frontend.paths import class_attribute
from workbench.frontend.tracer import FIRST_SITE
from workbench.frontend.values import Lazy, ObjectValue, Partial, Scalar, describe
from workbench.ir import Constant, Kind


class Plain:
    """A manager without effect on numbers: it gives a value to the `as` name."""

    def __init__(self, value: Any) -> None:
        self.value = value


@handles(np.errstate)
def errstate(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`np.errstate(...)`: compiled code warns of nothing; raising is refused."""
    if "raise" in (*args, *named.values()) or "call" in named:
        act.t.fail("np.errstate that raises", "check for it")
    return Partial(Plain, (None,), {})


@handles(contextlib.nullcontext)
def nullcontext(act: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """`contextlib.nullcontext(value=None)`."""
    return Partial(Plain, args or (named.get("enter_result"),), {})


def entered(act: Activation, manager: Any, inside: Callable[[Any], Any]) -> Any:
    """Run the body inside a manager; the completion."""
    if isinstance(manager, Partial) and manager.function is Plain:
        return inside(manager.args[0])
    if isinstance(manager, Lazy):
        return _around_yield(act, manager, inside)
    if isinstance(manager, ObjectValue) and manager.type is contextlib.suppress:
        taken = act.t.read(manager.fields["_exceptions"])
        return trying.excepting(act, lambda: inside(None), [trying.Handler(taken, lambda exception: NORMAL, False)])
    if isinstance(manager, ObjectValue):
        return _object(act, manager, inside)
    if isinstance(manager, (np.errstate, contextlib.nullcontext)):
        return inside(getattr(manager, "enter_result", None))
    return act.t.fail(f"`with` {describe(manager)}", "leave it out of the differentiated function")


def _object(act: Activation, manager: ObjectValue, inside: Callable[[Any], Any]) -> Any:
    """`__enter__`, the body, `__exit__(None, None, None)`."""
    leave = class_attribute(manager.type, "__exit__")
    if not isinstance(leave, types.FunctionType) or class_attribute(manager.type, "__enter__") is None:
        raise TypeError(f"'{manager.type.__name__}' object does not support the context manager protocol")
    if _may_swallow(leave):
        act.t.fail(f"`with` a {manager.type.__name__}, whose `__exit__` may swallow exceptions",
                   "return nothing from `__exit__`")
    if act.t.catchers and _looks_at_exceptions(leave):
        act.t.fail(f"`with` a {manager.type.__name__}, whose `__exit__` looks at the exception, inside `try`",
                   "catch the exception inside")
    held = Held(act.t, manager)
    completion = inside(act.t.environment.call_method(act, manager, "__enter__", ()))
    if completion is not DEAD:
        held.check()
        calls.call(act, access.attribute(act, manager, "__exit__"), (None, None, None), {})
    return completion


def _looks_at_exceptions(function: types.FunctionType) -> bool:
    node = source.definition_of(function)
    names = {a.arg for a in node.args.args[1:]} | ({node.args.vararg.arg} if node.args.vararg else set())
    return any(isinstance(n, ast.Name) and n.id in names for n in ast.walk(node))


def _may_swallow(function: types.FunctionType) -> bool:
    returned = [n.value for n in ast.walk(source.definition_of(function)) if isinstance(n, ast.Return)]
    return not all(v is None or (isinstance(v, ast.Constant) and not v.value) for v in returned)


def _around_yield(act: Activation, manager: Lazy, inside: Callable[[Any], Any]) -> Any:
    """A generator under `contextmanager`: the body is evaluated where it yields, and it then goes on to its end."""
    t = act.t
    entries: list[Any] = []
    code = t.variable("$with", Scalar(Constant(NORMAL, Kind.INT), True))
    depth = len(t.frames)

    def take(value: Any) -> Any:
        if len(t.frames) != depth:
            t.fail("a context manager that yields under a run-time condition or in a loop", "yield once")
        completion = inside(value)
        if any(code >= FIRST_SITE for code in possible_codes(completion)):
            t.fail("an exception inside `with` that is caught outside of it", "catch it inside")
        entries.append(completion)
        if completion is DEAD:
            return DEAD
        t.assign(code, completion.code if isinstance(completion, Mixed) else Scalar(
            Constant(completion, Kind.INT), True))
        return NORMAL
    generators.consume(act, manager, generators.Sink(take))
    if len(entries) != 1:
        raise RuntimeError("generator didn't yield" if not entries else "generator didn't stop")
    (completion,) = entries
    if completion is DEAD or not isinstance(completion, Mixed):
        return completion
    return mixed_completion(act, t.read(code), completion.possible)


