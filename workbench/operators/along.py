"""A function looked at along a line: its difference quotients, and the decisions of the program (branches, loops,
comparisons, kinks of `abs` and its kin) that fall out differently along it.

Decisions are found by interpreting the traced program; where it cannot be traced, by the jumps that plain Python takes.

Invariant: the user's arguments are copied before every run.
"""

from __future__ import annotations

import dis
import functools
import linecache
import math
import os
import sys
import sysconfig
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import CodeType, FrameType
from typing import Any

import numpy as np

from workbench.frontend import span_of_function, trace
from workbench.frontend.source import python_function
from workbench.interpret import Interpreter, Values, bind
from workbench.ir import DifferentiationError, Kind, Op, Value, definitions
from workbench.operators import calling
from workbench.operators.identities import copied
from workbench.views.microscope import Switch

Place = tuple[str, int, str]  # file, line, what decides
Decisions = dict[Place, Hashable]

SCANNED = 64  # intervals of the line that are looked at for switches
MOST_SWITCHES = 24
MOST_OPERATIONS = 200_000  # of one interpreted run
_WORDS = {"if": "branch", "while": "loop", "for": "loop"}
_LIBRARIES = tuple(sysconfig.get_paths()[k] for k in ("stdlib", "purelib", "platlib"))
_HERE = os.path.dirname(os.path.dirname(__file__))


class TooLong(Exception):
    """A run takes more operations than are looked at."""


class _Watch(Values):
    """Values, and a note of every decision."""

    def __init__(self, makers: Mapping[Value, Op]) -> None:
        self.makers = makers
        self.left = MOST_OPERATIONS
        self.seen: Decisions = {}

    def note(self, op: Op, what: Hashable) -> None:
        """Add to what an operation has decided, at the line of its condition."""
        conditions = op.operands[:1] if op.prim == "if" else op.regions[0].yields[:1] if op.prim == "while" else ()
        span = next((self.makers[v].span for v in conditions if v in self.makers), op.span)
        if span is not None:
            place = (span.filename, span.line, _WORDS.get(op.prim, op.prim))
            self.seen[place] = hash((self.seen.get(place), what))

    def truth(self, value: Any, op: Op) -> bool:
        self.note(op, bool(value))
        return super().truth(value, op)

    def trips(self, lo: Any, hi: Any, step: int, op: Op) -> Any:
        self.note(op, (int(lo), int(hi)))
        return super().trips(lo, hi, step, op)

    def apply(self, op: Op, operands: Sequence[Any]) -> Sequence[Any]:
        self.left -= 1
        if self.left < 0:
            raise TooLong
        decided = _DECIDED.get(op.prim)
        what = decided(*operands) if decided is not None else None
        results = super().apply(op, operands)
        if what is None and len(results) == 1 and (
                op.prim in _VALUES or (op.result.kind is Kind.BOOL and op.prim not in _MOVING)):
            what = results[0]
        if what is not None:
            self.note(op, np.asarray(what).tobytes())
        return results


_VALUES = frozenset({"sign", "floor", "ceil", "rint", "trunc", "floordiv", "argmax", "argmin", "heaviside"})
_MOVING = frozenset({"not", "and", "or", "copy", "load", "select", "reshape", "transpose", "broadcast", "slice",
                     "gather", "full", "empty"})
_DECIDED: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("maximum", "minimum", "fmax", "fmin"), lambda a, b: np.sign(a - b)),
    "abs": np.sign, "mod": np.floor_divide, "remainder": lambda a, b: np.rint(a / b),
    **dict.fromkeys(("max", "min"), lambda a: np.argsort(a, axis=None)),
}


class Line:
    """A function of one offset: f at the point moved along a direction."""

    def __init__(self, f: Callable[..., Any], args: tuple[Any, ...], moved: Callable[[float], tuple[Any, ...]]) -> None:
        self.f = f
        self.args = args
        self.moved = moved
        self.note = ""
        self._decide = self._interpreted()

    def decisions(self, offset: float) -> Decisions:
        """What the program decides at an offset."""
        return self._decide(self.moved(offset))

    def _interpreted(self) -> Callable[[tuple[Any, ...]], Decisions]:
        try:
            names = tuple(f"arg{k}" for k in range(len(self.args)))
            traced = trace(self.f, copied(self.args, generators=True), names)
        except DifferentiationError:
            self.note = "switches within NumPy functions (abs, maximum, ...): the program is not compiled"
            return self._jumped
        pick = calling.picker(traced.inputs)
        makers = definitions(traced.function)
        kinds = [(item.kind.dtype, item.rank) for item in traced.inputs]

        def decide(args: tuple[Any, ...]) -> Decisions:
            data = [np.array(v, dtype=dtype, order="C") if rank >= 0 else v
                    for v, (dtype, rank) in zip(pick(args), kinds, strict=True)]
            watch = _Watch(makers)
            Interpreter(watch).call(traced.function, bind(traced.function, data))
            return watch.seen
        return decide

    def _jumped(self, args: tuple[Any, ...]) -> Decisions:
        """Which way every conditional jump goes, in the user's files."""
        seen: Decisions = {}
        before: dict[FrameType, tuple[int, int]] = {}  # line and jump that a frame stands at
        left = MOST_OPERATIONS

        def local(frame: FrameType, event: str, arg: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise TooLong
            if event == "opcode":
                if frame in before:
                    line, jump = before.pop(frame)
                    place = (frame.f_code.co_filename, line, "branch")
                    seen[place] = hash((seen.get(place), jump, frame.f_lasti))
                if frame.f_lasti in _jumps(frame.f_code):
                    before[frame] = (frame.f_lineno, frame.f_lasti)
            return local

        def enter(frame: FrameType, event: str, arg: Any) -> Any:
            if frame.f_code.co_filename.startswith(("<frozen", _HERE, *_LIBRARIES)):
                return None
            frame.f_trace_opcodes = True
            return local
        outer = sys.gettrace()
        sys.settrace(enter)
        try:
            self.f(*args)
        finally:
            sys.settrace(outer)
        return seen

    # ------------------------------------------------------------------ switches
    def switches(self, span: float) -> list[Switch]:
        """All that switches between -span and span, as far as it is looked at."""
        offsets = [span * (2 * k / SCANNED - 1) * (1 + 1e-9) + 1e-12 * span for k in range(SCANNED + 1)]
        found: list[Switch] = []
        try:
            known = [self.decisions(t) for t in offsets]
            for k in range(SCANNED):
                self._between(offsets[k], known[k], offsets[k + 1], known[k + 1], found)
        except TooLong:
            self.note = f"switches: one run takes more than {MOST_OPERATIONS} operations"
        if len(found) > MOST_SWITCHES:
            self.note = f"switches: only the {MOST_SWITCHES} nearest of {len(found)}"
            found = sorted(sorted(found, key=lambda s: abs(s.offset))[:MOST_SWITCHES], key=lambda s: s.offset)
        return found

    def _between(self, low: float, before: Decisions, high: float, after: Decisions, found: list[Switch]) -> None:
        """Find every switch between two offsets by bisection."""
        while before != after and len(found) < 4 * MOST_SWITCHES:
            a, b, last = low, high, after
            for _ in range(60):
                middle = (a + b) / 2
                if not a < middle < b or b - a < 1e-13 * max(abs(low), abs(high)):
                    break
                at = self.decisions(middle)
                if at == before:
                    a = middle
                else:
                    b, last = middle, at
            for place in _changed(before, last):
                switch = _switch((a + b) / 2, place)
                tie = next((s for s in found if place == (s.filename, s.line, s.operation) and abs(
                    s.offset - switch.offset) < 1e-9 * max(abs(low), abs(high))), None)
                if tie is None:  # (where both sides differ from the very point, it is one switch)
                    found.append(switch)
            low, before = b, last


@functools.cache
def _jumps(code: CodeType) -> frozenset[int]:
    """Where the conditional jumps of a code are."""
    return frozenset(i.offset for i in dis.get_instructions(code) if "_IF_" in i.opname or i.opname == "FOR_ITER")


def _changed(a: Decisions, b: Decisions) -> list[Place]:
    """What decides otherwise: branches and loops where there are such (what they enclose then runs otherwise, too)."""
    places = sorted(p for p in {*a, *b} if a.get(p) != b.get(p))
    control = [p for p in places if p[2] in _WORDS.values()]
    return control or places


def _switch(offset: float, place: Place) -> Switch:
    filename, line, what = place
    text = linecache.getline(filename, line).strip()
    return Switch(0.0 if abs(offset) < 1e-11 else offset, filename, line, text, what)


def quotients(value: Callable[[float], float], span: float) -> tuple[list[float], ...]:
    """Steps, and central, left and right difference quotients at 0."""
    steps = [span * 10.0 ** (-k / 3) for k in range(37)]
    middle = value(0.0)
    central, left, right = [], [], []
    for h in steps:
        below, above = value(-h), value(h)
        central.append((above - below) / (2 * h))
        left.append((middle - below) / h)
        right.append((above - middle) / h)
    return steps, central, left, right


def title_of(f: Callable[..., Any]) -> str:
    """A function's name, with its line where it has no name of its own."""
    name = getattr(f, "__name__", type(f).__name__)
    target = python_function(f)
    if name == "<lambda>" and hasattr(target, "__code__"):
        return f"{name} of line {span_of_function(target).line}"
    return str(name)


def finite(x: Any) -> float:
    """A float, NaN where it is complex or missing."""
    try:
        return float(np.real(x))
    except (TypeError, ValueError):
        return math.nan
