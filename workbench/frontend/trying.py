"""`try`: exceptions that the program raises and catches become branches.

A check whose exception is caught opens an arm in which the program goes on (`Tracer.divert`); in the other arm control
leaves with a completion of its own. Blocks, arms and loops pass completions on, and the `try` runs what belongs to it.

Invariant: what the program has done before an exception is done, what follows it is not, `finally` always is.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from typing import Any

from workbench.frontend import branches
from workbench.frontend.activation import Activation
from workbench.frontend.branches import DEAD
from workbench.frontend.completions import Mixed, choose, completed, go_on, mixed_completion, possible_codes
from workbench.frontend.paths import class_attribute
from workbench.frontend.texts import Holes
from workbench.frontend.tracer import Catcher
from workbench.frontend.values import Conflict, ExceptionValue
from workbench.ir import Constant, Kind, Value
from workbench.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Handler:
    """An `except`: the classes it takes, what it does with the exception, and whether it looks at it."""

    classes: tuple[type, ...]
    run: Callable[[Any], Any]
    looks: bool


def attempt(act: Activation, classes: list[tuple[type, ...]], body: Callable[[], Any]) -> tuple[Any, Catcher]:
    """Run a piece of program under a `try`: its completion, and where it may have left for a handler."""
    t = act.t
    catcher, mark = Catcher(classes), len(t.pending)
    t.catchers.append(catcher)
    try:
        outcome = branches.guarded(t, body)
        if isinstance(outcome, branches.Leaving):
            outcome = mixed_completion(act, outcome.code, outcome.possible)
        completion = completed(act, mark, outcome)
    finally:
        t.catchers.remove(catcher)
    return completion, catcher


def excepting(act: Activation, body: Callable[[], Any], handlers: Sequence[Handler],
              orelse: Callable[[], Any] | None = None) -> Any:
    """`try` with `except` and `else`."""
    completion, catcher = attempt(act, [h.classes for h in handlers], body)
    if orelse is not None:
        completion = go_on(act, completion, orelse)
    return dispatched(act, completion, catcher, handlers)


def dispatched(act: Activation, completion: Any, catcher: Catcher, handlers: Sequence[Handler]) -> Any:
    """Run the handler of whichever exception control has left by."""
    possible = possible_codes(completion)
    sites = [site for site in catcher.sites if site[0] in possible]
    if not sites:
        return completion
    groups: list[tuple[list[int], Handler, Any]] = []
    for k, handler in enumerate(handlers):
        mine = [(code, exception) for code, which, exception in sites if which == k]
        if handler.looks:
            groups += [([code], handler, exception) for code, exception in mine]
        elif mine:
            groups.append(([code for code, _ in mine], handler, mine[0][1]))
    rest = possible - {site[0] for site in sites}

    def case(position: int) -> Any:
        if position == len(groups):
            return mixed_completion(act, completion.code if isinstance(completion, Mixed) else completion, rest)
        codes, handler, exception = groups[position]
        if not rest and position == len(groups) - 1:
            return handler.run(exception)
        t = act.t
        hit: Value = Constant(False, Kind.BOOL)
        for code in codes:
            hit = t.emit("or", hit, t.emit("eq", t.scalar(completion.code), Constant(code, Kind.INT)))
        return choose(act, t.wrap(hit, True), lambda: handler.run(exception), lambda: case(position + 1))
    return case(0)


def finally_(act: Activation, body: Callable[[], Any], final: Callable[[], Any], harmless: bool) -> Any:
    """`try` with `finally`; one that is harmless is left out where an exception leaves the program."""
    if harmless:
        completion = body()
        return completion if completion is DEAD else go_on(act, final(), lambda: completion)
    completion, catcher = attempt(act, [(BaseException,)], body)
    if completion is DEAD:
        return DEAD
    again = Handler((BaseException,), lambda exception: raised_again(act, exception), True)
    return go_on(act, final(), lambda: dispatched(act, completion, catcher, [again]))


def check(act: Activation, ok: Value, exception: ExceptionValue) -> None:
    """Raise an exception unless `ok`."""
    holes = Holes(act)
    failure = holes.failure(exception)
    branches.check_failure(act.t, ok, failure, holes.numbers, as_caught(act, exception, bool(holes.numbers)))


def raised(act: Activation, exception: Any) -> Any:
    """`raise`: at once where every run of the program comes by, and no number is needed for it."""
    t = act.t
    if isinstance(exception, Conflict):
        t.fail(exception.reason, "raise it where it is caught")
    if isinstance(exception, BaseException):
        exception = ExceptionValue(type(exception), exception.args, {})
    holes = Holes(act)
    failure = holes.failure(exception)
    if t.is_unconditional and not holes.numbers and not t.catches(failure.type):
        raise failure.build(())
    never = Constant(False, Kind.BOOL)
    branches.check_failure(t, never, failure, holes.numbers, as_caught(act, exception, bool(holes.numbers)))
    return DEAD


def raised_again(act: Activation, exception: Any) -> Any:
    """A caught exception that goes on: it is blamed on the line that raised it first."""
    known = act.t.raised_at.get(id(exception))
    if known is not None:
        act.t.builder.span = known[1]
    return raised(act, exception)


def as_caught(act: Activation, exception: ExceptionValue, has_numbers: bool) -> Any:
    """What a handler's name stands for."""
    if has_numbers:
        return Conflict(f"a {exception.type.__name__} with run-time numbers in it, caught and looked at")
    if isinstance(class_attribute(exception.type, "__init__"), types.FunctionType):
        return exception
    return Holes(act).failure(exception).build(())
