"""`for` and `while`: loops at run time, or turn by turn while specialising (`unrolled_loops`).

This is where `break`, `continue` and a `return` inside a loop are lowered. How control leaves a turn is a completion
(`completions`). A loop that is left by nothing but its end is a counted loop, or a conditional one. One that may be
left keeps the completion of its last turn in a variable (`WayOut`) and goes on while that is NORMAL; a `for` is then a
conditional loop, too, with its index carried. `continue` ends a turn like its last statement. What leaves more than the
loop (a return, an exception that is caught further out) goes on behind it, where `else` is run or not.

Invariant: a loop evaluated as one that is not left is never left; where a turn turns out to leave it (an exception that
is caught further out), tracing starts over with that decision (`loops.can_be_left`).
Source: Erosa, Hendren, Taming control flow: a structured approach to eliminating goto statements (1994).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from workbench.frontend import arithmetic, branches, generators, iteration, unrolled_loops
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
    onward,
    possible_codes,
)
from workbench.frontend.liveness import Names
from workbench.frontend.loops import can_be_left, conditional, counted
from workbench.frontend.moving import Loop
from workbench.frontend.tracer import Tracer
from workbench.frontend.unwinding import NeedStatic
from workbench.frontend.values import UNDEFINED, Lazy, ObjectValue, ParallelRange, Scalar, Variable
from workbench.ir import Constant, Kind, Span, Value
from workbench.records import dataclass

MAX_UNROLL = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What the syntax tells of a loop: where it is, which names may be read after it (None: any), whether its body
    leaves it, and whether it yields, so that the consumer of the generator may."""

    place: tuple[int, int]
    live: Names | None
    leaves: bool
    yields: bool

    def opened(self, act: Activation) -> Loop:
        """The loop, in one call of its function."""
        def live(variable: Variable) -> bool:
            if self.live is None or act.scope.names.get(variable.name) is not variable:
                return True
            return variable.name in self.live
        return Loop((act.path, *self.place), live)

    def may_be_left(self, act: Activation, loop: Loop) -> bool:
        """Whether it is evaluated as a loop that can be left before its end."""
        by_consumer = self.yields and act.sink is not None and act.sink.leaves
        return self.leaves or by_consumer or ("left", loop.key) in act.t.decisions


@dataclass(frozen=True, slots=True, eq=False)
class WayOut:
    """How a loop is left: the completion of its last turn, and which completions may go further than the loop."""

    code: Variable
    beyond: set[int] = field(default_factory=set)

    def stays(self, t: Tracer) -> Value:
        """Whether the loop goes on."""
        return t.emit("eq", t.scalar(t.read(self.code)), Constant(NORMAL, Kind.INT))


def way_out(t: Tracer) -> WayOut:
    """The way out of a loop that has not begun."""
    return WayOut(t.variable("$code", Scalar(Constant(NORMAL, Kind.INT), True)))


def turn(act: Activation, loop: Loop, way: WayOut | None, body: Callable[[], Any]) -> None:
    """One turn of a loop: how it ended goes into the way out."""
    t = act.t
    mark = len(t.pending)
    completion = completed(act, mark, body())
    possible = possible_codes(completion) - {NORMAL, CONTINUE}
    if completion is DEAD:
        return
    if way is None:
        if possible:
            can_be_left(t, loop)
        return
    way.beyond.update(possible - {BREAK})
    if isinstance(completion, Mixed):
        going_on = t.scalar(completion.is_(act, CONTINUE), Kind.BOOL)
        value = t.emit("select", going_on, Constant(NORMAL, Kind.INT), t.scalar(completion.code))
        t.assign(way.code, Scalar(value, True))
        return
    if completion == CONTINUE:
        completion = NORMAL
    t.assign(way.code, Scalar(t.scalar(completion, Kind.INT), True))


def after(act: Activation, way: WayOut | None, orelse: Block | None) -> Any:
    """What follows a loop: its `else`, and what leaves it for more than the loop (a return, an exception)."""
    if way is None:
        return orelse.run(act) if orelse is not None else NORMAL
    t = act.t
    value = t.scalar(t.read(way.code))
    completion = onward(act, t.wrap(value, True), way.beyond)
    if orelse is None:
        return completion
    exhausted = t.wrap(t.emit("eq", value, Constant(NORMAL, Kind.INT)), True)
    return choose(act, exhausted, lambda: orelse.run(act), lambda: completion)


# ---------------------------------------------------------------------- while
@dataclass(frozen=True, slots=True, eq=False)
class While:
    """A compiled `while`; `endless`: `while True`, which only exits end."""

    head: Head
    test: Expression
    body: Block
    orelse: Block | None
    span: Span | None
    endless: bool

    def run(self, act: Activation) -> Any:
        """Evaluate it; gives the completion."""
        loop = self.head.opened(act)
        way = way_out(act.t) if self.head.may_be_left(act, loop) else None

        def at_run_time() -> Any:
            conditional(act.t, loop, lambda: self.condition(act, way),
                        lambda: turn(act, loop, way, lambda: self.body.run(act)))
            return after(act, way, self.orelse)
        return unrolled_loops.while_(act, self.test, self.body, self.orelse, self.span, at_run_time, self.endless)

    def condition(self, act: Activation, way: WayOut | None) -> Scalar:
        """Whether there is another turn."""
        t = act.t

        def tested() -> Any:
            t.builder.span = self.span
            return arithmetic.truth(t, self.test(act))
        if way is None:
            return _at_run_time(tested())

        def tested_unless_left() -> Any:
            going = arithmetic.compare(t, "==", t.read(way.code), NORMAL)
            return branches.branch(t, _at_run_time(going), tested, lambda: False)
        return _test_that_may_raise(act, tested_unless_left, way)


def _at_run_time(truth: Any) -> Scalar:
    return truth if isinstance(truth, Scalar) else Scalar(Constant(bool(truth), Kind.BOOL), True)


def _test_that_may_raise(act: Activation, test: Callable[[], Any], way: WayOut) -> Scalar:
    """The condition of a loop; an exception in it that is caught further out ends the loop with its completion."""
    t = act.t
    mark = len(t.pending)
    outcome = branches.settled(t, mark, branches.guarded(t, test))
    if not isinstance(outcome, branches.Leaving):
        return _at_run_time(False if outcome is DEAD else outcome)
    way.beyond.update(outcome.possible)
    stays = t.emit("eq", t.scalar(outcome.code), Constant(NORMAL, Kind.INT))
    held = t.scalar(t.read(way.code))
    t.assign(way.code, Scalar(t.emit("select", stays, held, t.scalar(outcome.code)), True))
    value = t.scalar(False if outcome.value is UNDEFINED else outcome.value, Kind.BOOL)
    return Scalar(t.emit("and", stays, value), True)


# ---------------------------------------------------------------------- for
@dataclass(frozen=True, slots=True, eq=False)
class For:
    """A compiled `for`; `name` is what its counter is called."""

    head: Head
    source: Expression
    target: Target
    body: Block
    orelse: Block | None
    span: Span | None
    name: str

    def run(self, act: Activation) -> Any:
        """Evaluate it; gives the completion."""
        values = self.source(act)
        act.t.builder.span = self.span
        loop = self.head.opened(act)
        leaves = self.head.may_be_left(act, loop)
        if isinstance(values, ObjectValue):
            values = iteration.iterator_of(act, values)
        if isinstance(values, Lazy):
            return self.over_generator(act, values, loop, leaves)
        opened = generators.taken(act, values)
        completion = self.over(act, opened, loop, leaves)
        if opened is not values and not leaves and completion == NORMAL:
            generators.exhausted(act, values)
        return completion

    def over(self, act: Activation, values: Any, loop: Loop, leaves: bool) -> Any:
        """Over what has indices: turn by turn where its items are few and known, or must be known."""
        if iteration.is_unrolled(act, values) or iteration.known_turns(act, values) is not None:
            return unrolled_loops.for_(act, values, self.target, self.body, self.orelse)
        t = act.t
        point, frames = t.builder.checkpoint(), len(t.frames)
        try:
            with iteration.gone_through(values):
                return self.at_run_time(act, values, loop, leaves)
        except NeedStatic as need:
            static = iteration.static_range(act, values)
            depends = any(iteration.depends_on(t, need.scalar.value, i) for i in t.static_loops)
            if static is None or len(static) > MAX_UNROLL or not depends or len(t.frames) != frames:
                raise
            t.builder.rollback(point)
            return unrolled_loops.for_(act, list(static), self.target, self.body, self.orelse)

    def at_run_time(self, act: Activation, values: Any, loop: Loop, leaves: bool) -> Any:
        """A counted loop, or a conditional one where it may be left."""
        indexed = iteration.indexed(act, values)
        if leaves:
            return self.conditionally(act, indexed, loop)
        t = act.t
        lo, hi, step, item = indexed
        static = iteration.static_range(act, values)
        loop.promised = isinstance(values, ParallelRange)

        def once(index: Scalar) -> None:
            if static is not None:
                t.static_loops[index.value] = len(static)
            turn(act, loop, None, lambda: self.bound(act, item(index)))
        counted(t, loop, lo, hi, step, self.name, once)
        return after(act, None, self.orelse)

    def conditionally(self, act: Activation, indexed: iteration.Indexed, loop: Loop) -> Any:
        """A loop that may be left: its index is carried."""
        t = act.t
        lo, hi, step, item = indexed
        way, counter = way_out(t), t.variable("$i", Scalar(lo, True))

        def condition() -> Scalar:
            inside = t.emit("lt" if step == 1 else "gt", t.scalar(t.read(counter)), hi)
            return Scalar(t.emit("and", inside, way.stays(t)), True)

        def once() -> None:
            index = t.read(counter)
            value = t.builder.resolve(index.value)
            if step == 1 and t.is_nonnegative(lo):
                t.nonnegative.add(value)
            turn(act, loop, way, lambda: self.bound(act, item(index)))
            t.assign(counter, Scalar(t.emit("add", value, Constant(step, Kind.INT)), True))
        conditional(t, loop, condition, once)
        return after(act, way, self.orelse)

    def bound(self, act: Activation, item: Any) -> Any:
        """The body, for one item; gives the completion."""
        self.target(act, item)
        return self.body.run(act)

    def over_generator(self, act: Activation, iterator: Lazy, loop: Loop, leaves: bool) -> Any:
        """Over a generator: the body is evaluated where it yields; to leave it is a `return` of the generator."""
        t = act.t
        way = way_out(t) if leaves else None

        def take(item: Any) -> Any:
            mark = len(t.pending)
            completion = completed(act, mark, self.bound(act, item))
            possible = possible_codes(completion) - {NORMAL, CONTINUE}
            if completion is DEAD:
                return DEAD
            if way is None:
                if possible:
                    can_be_left(t, loop)
                return NORMAL
            way.beyond.update(possible - {BREAK})
            if not isinstance(completion, Mixed):
                if not possible:
                    return NORMAL
                t.assign(way.code, Scalar(Constant(completion, Kind.INT), True))
                return RETURN
            going_on = t.scalar(False, Kind.BOOL)
            for other in (NORMAL, CONTINUE):
                going_on = t.emit("or", going_on, t.scalar(completion.is_(act, other), Kind.BOOL))
            code = t.emit("select", going_on, Constant(NORMAL, Kind.INT), t.scalar(completion.code))
            t.assign(way.code, Scalar(code, True))
            if not possible:
                return NORMAL
            value = t.emit("select", going_on, Constant(NORMAL, Kind.INT), Constant(RETURN, Kind.INT))
            return Mixed(Scalar(value, True), frozenset({NORMAL, RETURN}))
        generators.consume(act, iterator, generators.Sink(take, leaves))
        return after(act, way, self.orelse)
