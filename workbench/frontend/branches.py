"""Branches on run-time conditions: both arms are evaluated, what they change is joined."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays
from workbench.frontend.joins import Join
from workbench.frontend.tracer import NeedStatic, Restart, Tracer, Widen
from workbench.frontend.values import Array, Choice, Conflict, Maybe, Scalar, Variable
from workbench.frontend.variables import LogFrame, StaleReference, load_tree
from workbench.ir import Constant, DifferentiationError, Kind, Value
from workbench.ir.builder import Arm
from workbench.rules.text import Failure

CONTROL = (DifferentiationError, NeedStatic, Restart, Widen)


class Dead:
    """The result of an arm that raised: control does not go on from there."""


DEAD = Dead()


class Unreachable(Exception):
    """Unwinds to the statement after a call that always raises."""


def guarded(t: Tracer, action: Callable[[], Any]) -> Any:
    """Do something; an exception of the user's program is raised at once where nothing run-time leads here, and
    where the program would raise it otherwise (then the result is DEAD)."""
    builder_depth, log_depth = t.builder.depth, len(t.frames)
    try:
        return action()
    except CONTROL:
        raise
    except Exception as error:
        while len(t.frames) > log_depth:
            t.frames.pop().restore()
        while t.builder.depth > builder_depth:
            for slot, touch in t.builder.frames.pop().touched.items():
                slot.value = touch.entry
        if isinstance(error, Unreachable):
            return DEAD
        if t.is_unconditional:
            if not hasattr(error, "__workbench_span__"):
                error.__workbench_span__ = t.span  # type: ignore[attr-defined]
            raise
        check_failure(t, Constant(False, Kind.BOOL), Failure(type(error), error.args))
        return DEAD


def check_failure(t: Tracer, ok: Value, failure: Failure, numbers: Sequence[Value] = ()) -> None:
    """Emit a check that raises an exception of any kind."""
    name, args = failure.type.__name__, failure.args
    known = getattr(builtins, name, None) is failure.type or failure.type is np.linalg.LinAlgError
    plain = known and issubclass(failure.type, Exception) and not failure.named and failure.cause is False
    if plain and not numbers and (args == () or (len(args) == 1 and type(args[0]) is str and args[0])):
        t.check(ok, name, args[0] if args else "")
        return
    if isinstance(ok, Constant) and ok.value:
        return
    t.builder.effect("check", [ok, *numbers], exception=name if plain else "RuntimeError", message="", failure=failure)


def branch(t: Tracer, condition: Scalar, then: Callable[[], Any], orelse: Callable[[], Any],
           loose: bool = False) -> Any:
    """Evaluate `then` or `orelse` by a run-time condition; the joined result of the two (DEAD if both raised)."""
    test = t.scalar(condition, Kind.BOOL)
    if isinstance(test, Constant):
        return then() if test.value else orelse()
    arms: list[Arm] = []
    logs: list[LogFrame] = []
    finals: list[dict[Variable, Any]] = []
    outcomes: list[Any] = []
    for side in (then, orelse):
        t.builder.begin_arm()
        log = LogFrame("arm")
        t.frames.append(log)
        outcomes.append(guarded(t, side))
        finals.append({v: _load(t, v.stored) for v in log.entry})
        arms.append(t.builder.end_arm())
        t.frames.pop()
        log.restore()
        logs.append(log)
    dead = tuple(outcome is DEAD for outcome in outcomes)
    sure = [log.written for log, outcome in zip(logs, outcomes, strict=True) if outcome is not DEAD]
    t.frames[-1].written.update(set.intersection(*sure) if sure else ())
    join = Join(t, (arms[0], arms[1]), (dead[0], dead[1]))
    changed: list[tuple[Variable, Any]] = []
    for variable in dict.fromkeys([*finals[0], *finals[1]]):
        sides = [_side(t, variable, final, arm) for final, arm in zip(finals, arms, strict=True)]
        changed.append((variable, join.values(sides[0], sides[1], loose=variable.name.startswith("$"))))
    for target in dict.fromkeys([*logs[0].renamed, *logs[1].renamed]):
        for _ in range(max(log.renamed.count(target) for log in logs)):
            t.rename(target)  # what the arms renamed stays renamed
    finish = join.values(outcomes[0], outcomes[1], loose) if not all(dead) else None
    results = t.builder.end_if(test, arms[0], arms[1], join.pairs)
    for variable, make in changed:
        value = make(results)
        t.assign(variable, _named(value, variable.name))
    return finish(results) if finish is not None else DEAD


def _named(value: Any, name: str) -> Any:
    return Maybe(value.value, value.defined, name) if isinstance(value, Maybe) else value


def _load(t: Tracer, stored: Any) -> Any:
    try:
        return load_tree(stored, t.builder.read)
    except StaleReference:
        return Conflict("an array or container that a loop has rebound under other names")


def _side(t: Tracer, variable: Variable, final: dict[Variable, Any], arm: Arm) -> Any:
    if variable in final:
        return final[variable]
    try:
        return load_tree(variable.stored, lambda slot: arm.final[slot] if slot in arm.final else t.builder.read(slot))
    except StaleReference:
        return Conflict("an array or container that a loop has rebound under other names")


def over_choice(t: Tracer, choice: Choice, action: Callable[[Array], Any]) -> Any:
    """Do something with whichever array the choice stands for: a case split."""
    def case(position: int) -> Any:
        if position == len(choice.options) - 1:
            return action(choice.options[position])
        hit = arithmetic.compare(t, "==", choice.index, position)
        if not isinstance(hit, Scalar):
            return action(choice.options[position]) if hit else case(position + 1)
        return branch(t, hit, lambda: action(choice.options[position]), lambda: case(position + 1))
    return case(0)


def read_choice(t: Tracer, choice: Choice) -> Array:
    """The array a choice stands for, copied."""
    dims = choice.options[0].dims

    def copied(array: Array) -> Array:
        value = arrays.read(t, array)
        if tuple(value.dims) != tuple(dims) and len(value.dims) == len(dims):
            value = t.emit("reshape", value, *dims)
        return t.new_array(t.emit("copy", value))  # type: ignore[no-any-return]
    for option in choice.options[1:]:
        for a, b in zip(choice.options[0].dims, option.dims, strict=False):
            arrays.require_alike(t, a, b)
    result = over_choice(t, choice, copied)
    if not isinstance(result, Array):
        t.fail("arrays of different shapes chosen by a run-time condition", "make them one shape")
    result.cell.snapshot = "a write through a view of one of several arrays, chosen by a run-time condition"
    return result
