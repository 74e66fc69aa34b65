"""Later arms of one condition take what earlier ones computed, bit for bit, and only where those have run."""
from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest

import workbench as wb
from tests.passes.random_ir import same
from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Slot, Value, verify, walk
from workbench.operators import Derivative
from workbench.passes import reuse
from workbench.rules import effect, emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)
ZERO, TWO = Constant(0.0, Kind.F64), Constant(2.0, Kind.F64)


class Arms:
    """A random program of conditionals on few conditions, whose arms are of few kinds, so that many repeat others."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        b = self.b = Builder(f"arms{seed}")
        self.n = b.param(INT, "n", (0, 0))
        a = b.param(ArrayType(Kind.F64, (self.n,)), "a")
        self.x, self.y, self.k = b.param(F64, "x"), b.param(F64, "y"), b.param(INT, "k")
        self.array = b.slot(a.type, emit(b, "copy", a), "a")
        self.total, self.other = b.slot(F64, self.x, "total"), b.slot(F64, ZERO, "other")
        self.count = b.slot(INT, self.k, "count")
        self.conditions = [emit(b, "lt", self.x, self.y), emit(b, "gt", self.y, ZERO)]

    def finish(self) -> Function:
        self.block(3, 5)
        slots = self.total, self.other, self.count, self.array
        return verify(self.b.finish([self.b.held(slot) for slot in slots]))

    def block(self, depth: int, length: int) -> None:
        b = self.b
        for _ in range(length):
            kind = self.random.choice(["if"] * 5 + ["for", "while", "store", "add"])
            if kind == "if":
                self.conditional(depth)
            elif kind == "store":
                self.store()
            elif kind == "add":
                b.write(self.other, emit(b, "add", b.held(self.other), b.held(self.total)))
            elif depth > 1 and kind == "for":
                b.begin_for(Constant(0, Kind.INT), Constant(2, Kind.INT))
                self.block(depth - 1, 3)
                b.end_for()
            elif depth > 1:
                turns = b.slot(INT, Constant(2, Kind.INT), "turns")
                b.begin_while()
                if self.random.random() < 0.5:
                    self.conditional(1)
                b.middle_while(emit(b, "gt", b.held(turns), Constant(0, Kind.INT)))
                self.block(depth - 1, 2)
                b.write(turns, emit(b, "sub", b.held(turns), Constant(1, Kind.INT)))
                b.end_while()

    def conditional(self, depth: int) -> None:
        b = self.b
        condition = self.random.choice(self.conditions)
        arms = []
        for _ in range(2):
            b.begin_arm()
            for _ in range(self.random.randrange(3)):
                self.piece(depth)
            arms.append(b.end_arm())
        b.end_if(condition, *arms)

    def piece(self, depth: int) -> None:
        b, pick = self.b, self.random.randrange(9)
        root = emit(b, "sqrt", emit(b, "add", emit(b, "mul", self.x, self.x), self.y))
        if pick == 0:
            b.write(self.total, root)
        elif pick == 1:
            b.write(self.total, emit(b, "add", emit(b, "sin", root), b.held(self.other)))
        elif pick == 2:
            b.write(self.other, emit(b, "mul", emit(b, "sin", root), emit(b, "neg", root)))
        elif pick == 3:
            effect(b, "check", emit(b, "lt", root, TWO), exception="ValueError", message="large")
            b.write(self.other, root)
        elif pick == 4:
            self.store()
        elif pick == 5:
            small = emit(b, "cast", emit(b, "lt", root, TWO), kind=Kind.INT)
            b.write(self.count, emit(b, "add", b.held(self.count), emit(b, "mul", small, self.k)))
        elif pick == 6:
            b.write(self.total, emit(b, "load", b.held(self.array), Constant(0, Kind.INT)))
        elif pick == 7 and depth > 0:
            self.conditional(depth - 1)
        elif pick == 8:
            b.begin_for(Constant(0, Kind.INT), self.n)
            b.write(self.total, emit(b, "add", b.held(self.total), emit(b, "div", root, TWO)))
            b.end_for()

    def store(self) -> None:
        b = self.b
        b.write(self.array, emit(b, "store", b.held(self.array), b.held(self.total), Constant(0, Kind.INT)))


def outcome(function: Function, x: float, y: float, n: int) -> list | str:
    with np.errstate(all="ignore"):
        try:
            return interpret.run(function, [np.linspace(0.5, 2.5, n), x, y, 3])
        except ValueError as error:
            return str(error)


def agree(function: Function, changed: Function) -> bool:
    for x, y, n in ((0.5, 1.5, 1), (1.5, 0.5, 3), (-0.5, -1.5, 2), (-1.5, -0.5, 1), (2.5, 2.75, 2), (0.1, math.nan, 1)):
        expected, found = outcome(function, x, y, n), outcome(changed, x, y, n)
        if isinstance(expected, str) or isinstance(found, str):
            if expected != found:
                return False
        elif not all(map(same, expected, found)):
            return False
    return True


def work(function: Function) -> int:
    return sum(op.prim in ("sqrt", "sin", "check") for op in walk(function.block))


def reused(function: Function) -> Function:
    return verify(passes.DeadCode()(verify(passes.Reuse()(function))))


def test_random_conditionals_keep_every_bit_and_compute_less() -> None:
    less = 0
    for seed in range(300):
        function = passes.Simplify()(Arms(seed).finish())
        changed = reused(function)
        assert agree(function, changed), f"seed {seed}"
        assert work(changed) <= work(function), f"seed {seed}"
        less += work(changed) < work(function)
    assert less > 100


def test_a_number_of_the_other_arm_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = reuse._Conditional.joined

    def wrong(self: reuse._Conditional, pair: tuple[Value, Value]) -> Value:
        return right(self, (pair[1], pair[1]) if isinstance(pair[1], Constant) else pair)

    monkeypatch.setattr(reuse._Conditional, "joined", wrong)
    functions = [passes.Simplify()(Arms(seed).finish()) for seed in range(60)]
    assert sum(not agree(function, passes.Reuse()(function)) for function in functions) > 5


def twice(between: str) -> Function:
    """if c: r = sqrt(x) else: r = x. Then something, and the same again, with another use of it."""
    b = Builder("twice")
    x, c = b.param(F64, "x"), b.param(ScalarType(Kind.BOOL), "c")
    d = b.param(ScalarType(Kind.BOOL), "d")
    results: list[Slot] = []
    for turn in range(2):
        r = b.slot(F64, ZERO, "r")
        results.append(r)
        if turn and between == "inside":
            b.begin_for(Constant(0, Kind.INT), Constant(9, Kind.INT))
        b.begin_arm()
        b.write(r, emit(b, "sqrt", x) if not turn else emit(b, "add", b.held(r), emit(b, "exp", emit(b, "sqrt", x))))
        first = b.end_arm()
        b.begin_arm()
        b.write(r, x)
        b.end_if(d if turn and between == "other" else c, first, b.end_arm())
        if turn and between == "inside":
            b.end_for()
    return verify(b.finish([b.held(r) for r in results]))


@pytest.mark.parametrize("between, roots", [("", 1), ("inside", 1), ("other", 2)])
def test_which_are_shared(between: str, roots: int) -> None:
    function = twice(between)
    changed = reused(function)
    assert Counter(op.prim for op in walk(changed.block))["sqrt"] == roots
    for c in (False, True):
        for d in (False, True):
            assert all(map(same, interpret.run(function, [2.25, c, d]), interpret.run(changed, [2.25, c, d])))


def spun(p, q):
    squared = p * p + q * q
    if squared != 0.0:
        angle = math.sqrt(squared)
        return math.cos(angle) * p / angle, math.sin(angle) * q / angle
    return p, q


def rows(ps, qs):
    made = np.empty((len(ps), 2, 2))
    for i in range(len(ps)):
        _, pullback = wb.vjp(spun, ps[i], qs[i])
        made[i, 0] = pullback((1.0, 0.0))
        made[i, 1] = pullback((0.0, 1.0))
    return made


def test_pullbacks_share_the_primal() -> None:
    program = Derivative(rows, "value", engine="numba")
    ps, qs = np.array([0.0, 0.3, -1.2, 0.0]), np.array([0.0, 0.7, 0.4, 2.0])
    made = program(ps, qs)
    lines = "\n".join(line for line in program.source.splitlines() if not line.strip().startswith("#"))
    for name in ("math.sqrt", "math.cos", "math.sin"):
        assert lines.count(name) == 1
    h = 1e-6
    for i in range(1, 4):
        plain = np.array([spun(ps[i] + h, qs[i]), spun(ps[i], qs[i] + h)]) - np.array(
            [spun(ps[i] - h, qs[i]), spun(ps[i], qs[i] - h)])
        np.testing.assert_allclose(made[i], plain.T / (2 * h), rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(made[0], np.eye(2))
    assert program(np.empty(0), np.empty(0)).shape == (0, 2, 2)
