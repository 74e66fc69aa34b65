"""Completions: how control left a piece of program, and blocks that go on or stop by it.

A completion is an integer known while specialising (normal, break, continue, return), `Mixed` where it depends on the
data, or `DEAD` after a raise. Invariant: which completions are possible is always known while specialising.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from workbench.frontend import arithmetic, branches
from workbench.frontend.activation import Activation
from workbench.frontend.branches import DEAD
from workbench.frontend.tracer import FIRST_SITE
from workbench.frontend.values import UNDEFINED, Scalar
from workbench.ir import Constant, Kind
from workbench.records import dataclass

NORMAL, BREAK, CONTINUE, RETURN = 0, 1, 2, 3
Statement = Callable[[Activation], Any]


@dataclass(frozen=True, slots=True)
class Mixed:
    """A completion known at run time only, and which ones are possible."""

    code: Scalar
    possible: frozenset[int]

    def is_(self, act: Activation, code: int) -> Any:
        """Whether control left this way."""
        if code not in self.possible:
            return False
        return arithmetic.compare(act.t, "==", self.code, code)


def possible_codes(completion: Any) -> frozenset[int]:
    """The codes that a completion may have."""
    if completion is DEAD:
        return frozenset()
    return completion.possible if isinstance(completion, Mixed) else frozenset({completion})


def mixed_completion(act: Activation, code: Any, possible: frozenset[int]) -> Any:
    """A completion from its code, static where only one is possible."""
    if len(possible) == 1:
        return next(iter(possible))
    return Mixed(code, possible) if isinstance(code, Scalar) else code


def choose(act: Activation, condition: Any, then: Callable[[], Any], orelse: Callable[[], Any]) -> Any:
    """Run one of two pieces of program; the joined completion."""
    if not isinstance(condition, Scalar):
        return then() if condition else orelse()
    seen: list[frozenset[int]] = []

    def arm(side: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            completion = side()
            seen.append(possible_codes(completion))
            return completion.code if isinstance(completion, Mixed) else completion
        return run
    code = branches.branch(act.t, condition, arm(then), arm(orelse))
    return DEAD if code is DEAD else mixed_completion(act, code, frozenset().union(*seen))


def stayed(act: Activation, completion: Any) -> Any:
    """The completion of a call or a generator, control going on where no exception has left it for a handler."""
    raising = frozenset(c for c in possible_codes(completion) if c >= FIRST_SITE)
    if not raising:
        return completion
    t = act.t
    code = completion.code if isinstance(completion, Mixed) else completion
    t.divert(t.emit("lt", t.scalar(code), Constant(FIRST_SITE, Kind.INT)), code, raising)
    return mixed_completion(act, code, completion.possible - raising)


def onward(act: Activation, code: Any, leaving: Iterable[int]) -> Any:
    """The completion of a loop that is left: what goes further than the loop itself."""
    further = frozenset(leaving)
    if not further:
        return NORMAL
    t = act.t
    beyond = t.emit("ge", t.scalar(code), Constant(RETURN, Kind.INT))
    value = t.emit("select", beyond, t.scalar(code), Constant(NORMAL, Kind.INT))
    return mixed_completion(act, t.wrap(value, True), frozenset({NORMAL}) | further)


class If:
    """An `if` statement: it may take over the rest of its block."""

    def __init__(self, test: Callable[[Activation], Any], body: Block, orelse: Block, span: Any,
                 raises: Callable[[Activation, Any], None] | None, raising: Any) -> None:
        self.raising = raising
        self.test, self.body, self.orelse, self.span, self.raises = test, body, orelse, span, raises

    def run(self, act: Activation, rest: Callable[[], Any]) -> tuple[Any, bool]:
        """The completion, and whether the rest of the block has been run."""
        value = self.test(act)
        act.t.builder.span = self.span
        condition = arithmetic.truth(act.t, value)
        if not isinstance(condition, Scalar):
            return (self.body if condition else self.orelse).run(act), False
        if self.raises is not None:
            act.t.builder.span = self.raising
            self.raises(act, act.t.emit("not", act.t.scalar(condition)))
            act.t.builder.span = self.span
            return self.orelse.run(act), False
        def body() -> Any:
            return self.body.run(act)

        def orelse() -> Any:
            return self.orelse.run(act)
        if self.body.exits and self.orelse.exits:
            return choose(act, condition, body, orelse), True
        if self.body.exits:
            return choose(act, condition, body, lambda: go_on(act, orelse(), rest)), True
        if self.orelse.exits:
            return choose(act, condition, lambda: go_on(act, body(), rest), orelse), True
        return choose(act, condition, body, orelse), False


def go_on(act: Activation, completion: Any, rest: Callable[[], Any]) -> Any:
    """Go on with `rest` where the completion is normal."""
    if completion is DEAD:
        return DEAD
    if not isinstance(completion, Mixed):
        return rest() if completion == NORMAL else completion
    left = completion.possible - {NORMAL}
    return choose(act, completion.is_(act, NORMAL), rest, lambda: mixed_completion(act, completion.code, left))


def completed(act: Activation, mark: int, completion: Any) -> Any:
    """The completion of a block, once the arms that its checks have opened are closed."""
    t = act.t
    if len(t.pending) == mark:
        return completion
    possible = possible_codes(completion)
    code = completion.code if isinstance(completion, Mixed) else completion
    outcome = branches.settled(t, mark, code)
    value, left = outcome.value, outcome.code
    if value is UNDEFINED:
        return mixed_completion(act, left, outcome.possible)
    stays = t.emit("eq", t.scalar(left), t.scalar(0))
    joined = t.wrap(t.emit("select", stays, t.scalar(value), t.scalar(left)), True)
    return mixed_completion(act, joined, possible | outcome.possible)


class Block:
    """Statements in order."""

    def __init__(self, statements: Sequence[Statement | If], exits: bool) -> None:
        self.statements = statements
        self.exits = exits

    def run(self, act: Activation, start: int = 0) -> Any:
        """Run from a position; gives the completion."""
        mark = len(act.t.pending)
        return completed(act, mark, self._run(act, start))

    def _run(self, act: Activation, start: int) -> Any:
        position = start
        while position < len(self.statements):
            statement = self.statements[position]
            act.t.in_time()
            following = position + 1
            if isinstance(statement, If):
                completion, done = statement.run(act, lambda: self.run(act, following))  # noqa: B023
                if done:
                    return completion
            else:
                completion = statement(act)
            if completion is DEAD or isinstance(completion, Mixed):
                if completion is DEAD or following == len(self.statements):
                    return completion
                return go_on(act, completion, lambda: self.run(act, following))  # noqa: B023
            if completion != NORMAL:
                return completion
            position = following
        return NORMAL
