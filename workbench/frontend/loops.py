"""Loops with run-time trip counts: the body is evaluated once, and again only where a static value turned dynamic.

Invariant: an abandoned evaluation leaves no trace: operations, slots and variables are as before it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from workbench.frontend.moving import Loop
from workbench.frontend.numbers import KNOWS_TURN, MADE_A_TURN
from workbench.frontend.settling import Settle
from workbench.frontend.tracer import ZERO, Tracer
from workbench.frontend.unwinding import Restart, Widen
from workbench.frontend.values import Scalar
from workbench.frontend.variables import LogFrame
from workbench.ir import Constant, Kind, Value
from workbench.ir.ops import MARKS
from workbench.ir.slots import Checkpoint

MAX_ATTEMPTS = 40


def counted(t: Tracer, loop: Loop, lo: Value, hi: Value, step: int, name: str, body: Callable[[Scalar], None]) -> None:
    """`for i in range(lo, hi, step)`, step 1 or -1."""
    def run() -> None:
        index = t.builder.begin_for(lo, hi, step, name, [mark for mark in MARKS if getattr(loop, mark)])
        t.open_loops.append((index, len(t.frames)))
        if t.is_nonnegative(lo if step == 1 else t.emit("add", hi, Constant(1, Kind.INT))):
            t.nonnegative.add(index)
        mark = len(t.pending)
        body(Scalar(index, True))
        _must_stay(t, loop, mark)
        t.open_loops.pop()
    _attempts(t, loop, run, t.builder.end_for)
    if loop.started:
        _turned(t, loop, t.emit("lt", lo, hi) if step == 1 else t.emit("gt", lo, hi))


def repeated(t: Tracer, count: Value, key: Any, action: Callable[[Value], Any]) -> None:
    """Do something `count` times at run time; it is given the index."""
    counted(t, Loop(("repeat", key)), ZERO, count, 1, "k", lambda index: action(t.scalar(index)))


def conditional(t: Tracer, loop: Loop, condition: Callable[[], Scalar], body: Callable[[], None]) -> None:
    """`while condition(): body()`."""
    asked = any((decision, loop.key) in t.decisions for decision in (MADE_A_TURN, KNOWS_TURN))
    turned = t.variable("$turned", Scalar(Constant(False, Kind.BOOL), True)) if asked else None

    def run() -> None:
        t.builder.begin_while()
        mark = len(t.pending)
        test = condition()
        _must_stay(t, loop, mark)
        t.builder.middle_while(t.scalar(test, Kind.BOOL))
        if turned is not None:
            t.assign(turned, Scalar(Constant(True, Kind.BOOL), True))
        body()
        _must_stay(t, loop, mark)
    _attempts(t, loop, run, t.builder.end_while)
    if turned is not None:
        _turned(t, loop, t.scalar(t.read(turned)))


def _turned(t: Tracer, loop: Loop, turned: Value) -> None:
    """Behind a loop that makes Python numbers NumPy's, or other numbers of Python's: what tells if it made a turn."""
    t.turned[loop.key] = t.builder.frames[-1], turned
    if (MADE_A_TURN, loop.key) in t.decisions:
        t.check(turned, "DifferentiationError", "a loop made no turn, so that a number which it makes NumPy's, "
                "or another of Python's, is as it was: what is computed from it is of another precision or type")


def _must_stay(t: Tracer, loop: Loop, mark: int) -> None:
    """An exception that the program catches leaves this loop: it must be evaluated as one that can be left."""
    if len(t.pending) > mark:
        can_be_left(t, loop)


def can_be_left(t: Tracer, loop: Loop) -> NoReturn:
    """Trace again, with the decision that a loop may be left before its end."""
    if t.decisions.get(("left", loop.key)):
        t.fail("an exception in this loop is caught outside of it", "catch it inside the loop")
    raise Restart(("left", loop.key), True, t.span, "a loop is left by an exception")


def _attempts(t: Tracer, loop: Loop, run: Callable[[], None], close: Callable[[], Any]) -> None:
    open_loops, cells, span = list(t.open_loops), len(t.cells), t.builder.span
    for _ in range(MAX_ATTEMPTS):
        t.open_loops[:] = open_loops
        t.builder.span = span
        point = t.builder.checkpoint()
        log = LogFrame("loop", orders={cell: cell.order for cell in t.cells})
        t.frames.append(log)
        depth, mark = t.builder.depth, len(t.pending)
        try:
            run()
            settle = Settle(t, loop, log, depth)
            settle.all()
            close()
            t.frames.pop()
            t.frames[-1].renamed.extend(log.renamed)
            t.frames[-1].undo.extend(log.undo)
            settle.after()
            return
        except Widen as widen:
            _abandon(t, point, log)
            del t.pending[mark:]
            t.cells[cells:] = [cell for cell in t.cells[cells:] if cell.source is not None]
            for variable, value in widen.changes:
                t.assign(variable, value() if callable(value) else value)
        except BaseException:
            _abandon(t, point, log)
            del t.pending[mark:]
            raise
    t.fail("the types of the names assigned in this loop do not settle", "give each name one type")


def _abandon(t: Tracer, point: Checkpoint, log: LogFrame) -> None:
    while t.frames[-1] is not log:
        t.frames.pop().restore()
    t.frames.pop()
    t.builder.rollback(point)
    log.restore()
