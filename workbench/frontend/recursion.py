"""Functions that call themselves at run time: traced once by themselves, called by the program (`call` operations).

A function whose calls of itself depend on run-time numbers cannot be unrolled: tracing starts over with the decision
that it is recursive. Its body is then traced on parameters of its own, again and again until nothing changes: in the
first pass a call of itself is taken never to return, so that the other paths say what the function gives; later passes
call it with that result, with kinds that take all calls, and with the hidden inputs and written arrays found so far.

Invariant: a compiled recursion as deep as Python's limit raises RecursionError, as Python does.
Its derivatives are made in `transforms`: `joint`, where nothing has to be kept, else `stacks`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from workbench.frontend.activation import Activation, Scope
from workbench.frontend.paths import Path
from workbench.frontend.recursive_bodies import Pass
from workbench.frontend.recursive_calls import Shape, Unfit, call_itself, plain, varying
from workbench.frontend.unwinding import Restart
from workbench.ir import DifferentiationError

MAX_PASSES = 10
MAX_UNROLLED = 16  # levels of a function in itself, and run-time conditions, before it is taken to be recursive
MAX_ENTERED = 64  # calls of a function in itself, under run-time conditions, before it is tried whether it may be
MAX_CALLS = 2000  # calls of a function in itself, under run-time conditions, that are traced at all
PERHAPS = "perhaps"  # the decision to try; taken back where the function is not fit for it


def may_unroll(act: Activation, node: ast.AST, name: str) -> None:
    """Before a function is entered: start over where it calls itself again and again under run-time conditions (those
    of branches, and whether a loop makes a turn)."""
    t = act.t
    levels = sum(where[2] == id(node) for where in act.path)
    conditions = sum(frame.kind in ("arm", "loop") for frame in t.frames)
    if not levels or not conditions:
        return
    entered = t.entered[id(node)] = t.entered.get(id(node), 0) + 1
    if entered > MAX_CALLS:
        t.fail(f"{name} calls itself more than {MAX_CALLS:,} times under run-time conditions", "write it as a loop")
    if id(node) in t.unrolled:
        return
    sure = min(levels, conditions) >= MAX_UNROLLED
    if (sure or entered > MAX_ENTERED) and t.decisions.get(("recursive", id(node))) is None:
        raise Restart(("recursive", id(node)), True if sure else PERHAPS, t.span, f"{name} calls itself at run time")


def enter(act: Activation, node: ast.FunctionDef | ast.Lambda, bound: dict[str, Any], function: Any, name: str,
          parent: Scope | None, run: Callable[..., Any]) -> Any:
    """Call a function that was found to be recursive. `run(act, bound, parent)` evaluates its body."""
    if act.t.catchers:
        act.t.fail("a recursive call inside `try`", "catch exceptions outside of it")
    bound = {k: plain(act.t, v) for k, v in bound.items()}
    environment = act.t.environment
    key = id(node)
    level = environment.recursions.get(key)
    try:
        if level is not None:
            return call_itself(act, level, bound)
        if environment.recursions:
            act.t.fail(f"{name} and another recursive function call each other", "write them as one function")
        return _call_first(act, node, bound, function, name, parent, run)
    except (Unfit, DifferentiationError) as error:
        if act.t.decisions.get(("recursive", key)) == PERHAPS:
            raise Restart(("recursive", key), False, act.t.span, f"{name} is unrolled") from None
        if isinstance(error, DifferentiationError):
            raise
        raise DifferentiationError(str(error), act.t.span, "write it as a loop") from None


# ---------------------------------------------------------------------- the first call
def _call_first(act: Activation, node: ast.FunctionDef | ast.Lambda, bound: dict[str, Any], function: Any, name: str,
                parent: Scope | None, run: Callable[..., Any]) -> Any:
    t = act.t
    params = tuple((k, layout) for k, v in bound.items() if (layout := varying(v, t)) is not None)
    shape = Shape(params)
    paths: tuple[Path, ...] = ()
    for _ in range(MAX_PASSES):
        traced = Pass(act, node, shape, paths, bound, function, name, parent, run)
        found = traced.shape()
        if found == shape:
            return traced.call(bound)
        shape, paths = found, tuple(item.path for item in traced.environment.inputs)
    raise Unfit(f"what {name} takes and gives does not settle")
