"""Loops evaluated turn by turn while specialising: over things that are known, or as a last resort (`unrolling`).

Where a turn leaves the loop by a run-time condition, the turns after it are evaluated in the arm in which it does not.

Invariant: what a turn does stands before what the next one does, so nothing needs to be joined or carried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.frontend import arithmetic, unrolling, walking
from workbench.frontend.activation import Activation
from workbench.frontend.branches import DEAD
from workbench.frontend.compiler import Expression, Target
from workbench.frontend.completions import (
    BREAK,
    CONTINUE,
    NORMAL,
    RETURN,
    Block,
    Mixed,
    choose,
    completed,
    mixed_completion,
    onward,
)
from workbench.frontend.values import END
from workbench.frontend.variables import LogFrame
from workbench.ir import Kind, Span


def _goes_on(act: Activation, completion: Mixed) -> tuple[Any, frozenset[int]]:
    """Whether there is another turn, and by which completions the loop may be left."""
    t = act.t
    more = t.emit("or", t.scalar(completion.is_(act, NORMAL), Kind.BOOL),
                  t.scalar(completion.is_(act, CONTINUE), Kind.BOOL))
    return t.wrap(more, True), completion.possible - {NORMAL, CONTINUE}


def _is_final(completion: Any) -> bool:
    """True where control certainly leaves more than the loop."""
    return completion is DEAD or (not isinstance(completion, Mixed) and completion >= RETURN)


def for_(act: Activation, values: Any, target: Target, body: Block, orelse: Block | None) -> Any:
    """A `for` over things known while specialising; gives the completion."""
    completion = _turns(act, values, target, body)
    if _is_final(completion):
        return completion
    if isinstance(completion, Mixed):
        rest = onward(act, completion.code, completion.possible - {NORMAL, BREAK})
        if orelse is None:
            return rest
        return choose(act, completion.is_(act, NORMAL), lambda: orelse.run(act), lambda: rest)
    return orelse.run(act) if completion != BREAK and orelse is not None else NORMAL


def _turns(act: Activation, values: Any, target: Target, body: Block) -> Any:
    """All turns; NORMAL where the loop came to its end, BREAK where it did not."""
    t = act.t
    fetch, span = walking.live(act, values), t.builder.span

    def run_from(k: int) -> Any:
        while True:
            t.builder.span = span
            mark = len(t.pending)
            item = fetch(k)
            if item is END:
                return completed(act, mark, NORMAL)
            target(act, item)
            completion = completed(act, mark, body.run(act))
            k += 1
            if _is_final(completion) or completion == BREAK:
                return completion
            if isinstance(completion, Mixed):
                mixed, following = completion, k
                more, left = _goes_on(act, mixed)
                if left:
                    return choose(act, more, lambda: run_from(following),  # noqa: B023
                                  lambda: mixed_completion(act, mixed.code, left))  # noqa: B023
    return run_from(0)


def while_(act: Activation, test: Expression, body: Block, orelse: Block | None, span: Span | None,
           at_run_time: Callable[[], Any], endless: bool) -> Any:
    """A `while`, as far as its condition is known while specialising: none of it where that is true from the start,
    unless loops are unrolled as a last resort; then the rest at run time. `endless`: one that only exits end, which
    must then be known, too."""
    t = act.t
    while True:
        foreseen = _foreseen(act, test, span)
        if foreseen is False:
            test(act)
            return orelse.run(act) if orelse is not None else NORMAL
        if foreseen is not True or not unrolling.wanted(t):
            return at_run_time()
        unrolling.turn(t)
        mark = len(t.pending)
        test(act)
        completion = completed(act, mark, body.run(act))
        if _is_final(completion):
            return completion
        if completion == BREAK:
            return NORMAL
        if isinstance(completion, Mixed):
            more, left = _goes_on(act, completion)
            code = completion.code
            if left:
                def rest() -> Any:
                    return at_run_time() if endless else while_(act, test, body, orelse, span, at_run_time, endless)
                return choose(act, more, rest, lambda: onward(act, code, left - {BREAK}))  # noqa: B023


def _foreseen(act: Activation, test: Expression, span: Span | None) -> Any:
    """What the condition of a `while` would be, without evaluating it."""
    t = act.t
    point, depth, mark = t.builder.checkpoint(), len(t.frames), len(t.pending)
    t.builder.begin_arm()
    t.frames.append(LogFrame("arm"))  # (a trial: what the condition assigns is undone)
    try:
        value = test(act)
        t.builder.span = span
        return arithmetic.truth(t, value)
    finally:
        while len(t.frames) > depth:
            t.frames.pop().restore()
        t.builder.rollback(point)
        del t.pending[mark:]
