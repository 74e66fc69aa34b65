"""Branches on run-time conditions: both arms are evaluated, what they change is joined."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.frontend import arithmetic, arrays
from workbench.frontend.joins import Join
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import Diverted, NeedStatic, Restart, Unreachable, Widen
from workbench.frontend.values import (
    NUMBER,
    UNDEFINED,
    Array,
    Choice,
    Conflict,
    Container,
    ExceptionValue,
    Maybe,
    OneOf,
    Scalar,
    Variable,
)
from workbench.frontend.variables import LogFrame, StaleReference, load_tree, references
from workbench.ir import Constant, DifferentiationError, Kind, Value
from workbench.ir.slots import Arm
from workbench.records import dataclass
from workbench.rules.text import Failure, told

CONTROL = (DifferentiationError, NeedStatic, Restart, Widen)


class Dead:
    """The result of an arm that raised: control does not go on from there."""


DEAD = Dead()


@dataclass(frozen=True, slots=True)
class Leaving:
    """The result of a piece of program that an exception which is caught further out may leave: its value, and the
    completion (0 where it is not left)."""

    value: Any
    code: Any
    possible: frozenset[int]


def guarded(t: Tracer, action: Callable[[], Any]) -> Any:
    """Do something; an exception of the user's program is raised at once where nothing run-time leads here, and
    where the program would raise it otherwise (then the result is DEAD); one that it catches gives `Leaving`."""
    depth, level, mark = t.builder.depth, len(t.frames), len(t.pending)
    try:
        return action()
    except Diverted as diverted:
        _unwind(t, depth, level, mark)
        return Leaving(UNDEFINED, diverted.code, diverted.possible)
    except CONTROL:
        raise
    except Exception as error:
        _unwind(t, depth, level, mark)
        if isinstance(error, Unreachable):
            return DEAD
        if t.catches(type(error)):
            code = t.site(type(error), error)
            return Leaving(UNDEFINED, code, frozenset({code}))
        if t.is_unconditional:
            if not hasattr(error, "__workbench_span__"):
                error.__workbench_span__ = t.span  # type: ignore[attr-defined]
            raise
        t.environment.doubtful.add(told(error))
        check_failure(t, Constant(False, Kind.BOOL), Failure(type(error), error.args))
        return DEAD


def _unwind(t: Tracer, depth: int, level: int, mark: int) -> None:
    """Give up the regions that are open since; not the arms in which the program goes on after a check."""
    if len(t.pending) > mark:
        depth, level = t.pending[-1].depth, t.pending[-1].level
    while len(t.frames) > level:
        t.frames.pop().restore()
    while t.builder.depth > depth:
        for slot, touch in t.builder.frames.pop().touched.items():
            slot.value = touch.entry


def check_failure(t: Tracer, ok: Value, failure: Failure, numbers: Sequence[Value] = (),
                  exception: Any = None) -> None:
    """Emit a check that raises an exception of any kind (`exception`: as the evaluator has it)."""
    name, args = failure.type.__name__, failure.args
    known = getattr(builtins, name, None) is failure.type or failure.type is np.linalg.LinAlgError
    plain = known and issubclass(failure.type, Exception) and not failure.named and failure.cause is False
    if t.catches(failure.type) and not (isinstance(ok, Constant) and ok.value):
        code = t.site(failure.type, exception or ExceptionValue(failure.type, failure.args, {}))
        t.divert(ok, code, frozenset({code}))
        return
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
    sides = []
    for side in (then, orelse):
        log, mark = _open(t), len(t.pending)
        sides.append(_shut(t, log, settled(t, mark, guarded(t, side))))
    if not any(isinstance(side.outcome, Leaving) for side in sides):
        return _joined(t, test, sides[0], sides[1], loose)
    return _leave(t, test, sides[0], sides[1])


@dataclass(slots=True)
class _Side:
    arm: Arm
    log: LogFrame
    final: dict[Variable, Any]
    outcome: Any


def _open(t: Tracer) -> LogFrame:
    t.builder.begin_arm()
    log = LogFrame("arm")
    t.frames.append(log)
    return log


def _shut(t: Tracer, log: LogFrame, outcome: Any) -> _Side:
    final = {v: _load(t, v.stored) for v in log.entry}
    arm = t.builder.end_arm()
    t.frames.pop()
    log.restore()
    return _Side(arm, log, final, outcome)


def _joined(t: Tracer, test: Value, first: _Side, second: _Side, loose: bool) -> Any:
    """Close an `if` of two arms: what they change, and their results, joined."""
    sides = (first, second)
    dead = (first.outcome is DEAD, second.outcome is DEAD)
    written = [side.log.written for side in sides if side.outcome is not DEAD]
    sure = set.intersection(*written) if written else set()
    t.frames[-1].written.update(sure)
    join = Join(t, (first.arm, second.arm), dead)
    changed: list[tuple[Variable, Any]] = []
    held = [(v, [_side(t, v, side) for side in sides]) for v in dict.fromkeys([*first.final, *second.final])]
    for variable, values in sorted(held, key=lambda pair: _by_itself(pair[1])):
        changed.append((variable, join.values(values[0], values[1], loose=variable.name.startswith("$"))))
    for target in dict.fromkeys([*first.log.renamed, *second.log.renamed]):
        for _ in range(max(side.log.renamed.count(target) for side in sides)):
            t.rename(target)  # what the arms renamed stays renamed
    finish = join.values(first.outcome, second.outcome, loose) if not all(dead) else None
    results = t.builder.end_if(test, first.arm, second.arm, join.pairs)
    for variable, make in changed:
        value = make(results)
        t.assign(variable, _named(value, variable.name), surely=variable in sure)
    outcome = finish(results) if finish is not None else DEAD
    join.link()
    return outcome


def _by_itself(values: Sequence[Any]) -> bool:
    """True for a container that one arm alone gives a name: it comes after those that are joined with others."""
    return any(v is UNDEFINED for v in values) and any(isinstance(v, (Container, Maybe)) for v in values)


# ---------------------------------------------------------------------- arms that stay open after a check
def settled(t: Tracer, mark: int, outcome: Any) -> Any:
    """Close the arms opened since: the outcome, `Leaving` where control may have left."""
    while len(t.pending) > mark:
        pending = t.pending.pop()
        inner = outcome if isinstance(outcome, Leaving) else Leaving(outcome, 0, frozenset())
        going = DEAD if outcome is DEAD else (inner.value, inner.code)
        first = _shut(t, pending.log, going)
        second = _shut(t, _open(t), (UNDEFINED, pending.code))
        value, code = _joined(t, t.builder.resolve(pending.ok), first, second, True)
        outcome = Leaving(value, code, inner.possible | pending.possible)
    return outcome


def _leave(t: Tracer, test: Value, first: _Side, second: _Side) -> Any:
    """Join two arms of which some may be left; go on where none was."""
    possible: frozenset[int] = frozenset()
    for side in (first, second):
        if isinstance(side.outcome, Leaving):
            possible |= side.outcome.possible
            side.outcome = (side.outcome.value, side.outcome.code)
        elif side.outcome is not DEAD:
            side.outcome = (side.outcome, 0)
    value, code = _joined(t, test, first, second, True)
    return gone_on(t, Leaving(value, code, possible))


def gone_on(t: Tracer, outcome: Any) -> Any:
    """The value of an outcome, control going on where it was not left."""
    if not isinstance(outcome, Leaving):
        return outcome
    stays = arithmetic.truth(t, arithmetic.compare(t, "==", outcome.code, 0)) if isinstance(
        outcome.code, Scalar) else outcome.code == 0
    t.divert(t.scalar(stays, Kind.BOOL), outcome.code, outcome.possible)
    return outcome.value


def _named(value: Any, name: str) -> Any:
    return Maybe(value.value, value.defined, name) if isinstance(value, Maybe) else value


def _load(t: Tracer, stored: Any) -> Any:
    try:
        return load_tree(stored, t.builder.read)
    except StaleReference as stale:
        return _stale(t, stale.target)


def _side(t: Tracer, variable: Variable, side: _Side) -> Any:
    if variable in side.final:
        return side.final[variable]
    for reference in references(variable.stored):  # generations are as they were before the arms
        if getattr(reference.target, "cell", reference.target) in side.log.renamed:
            return _stale(t, reference.target)
    final = side.arm.final
    try:
        return load_tree(variable.stored, lambda slot: final[slot] if slot in final else t.builder.read(slot))
    except StaleReference as stale:
        return _stale(t, stale.target)


def _stale(t: Tracer, target: Any) -> Any:
    """What a name holds that refers to what a loop in an arm has given to other names."""
    loop = getattr(getattr(target, "cell", target), "renamed_by", None)
    if loop is not None and loop not in t.decisions:
        raise Restart(loop, "choice", t.span, "an alias of a renamed array is used")
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


def over_options(t: Tracer, state: OneOf, action: Callable[[Any], Any]) -> Any:
    """Do something with whichever of its options a state is: a case split."""
    def case(position: int) -> Any:
        option = state.options[position]
        value = state.number if option is NUMBER else option
        if position == len(state.options) - 1:
            return action(value)
        hit = arithmetic.compare(t, "==", state.index, position)
        return branch(t, hit, lambda: action(value), lambda: case(position + 1))
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
    result.cell.chosen = tuple(option.cell for option in choice.options)
    result.cell.snapshot = "a write through a view of one of several arrays, chosen by a run-time condition"
    return result
