"""Which index checks are proved, and that unprovable ones stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench import passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, Polynomial, ScalarType, Value, verify, walk
from workbench.passes.inequalities import Facts
from workbench.rules import effect, emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


class Loops:
    """Builds a sum of checked elements of u[n, m]."""

    def __init__(self) -> None:
        self.b = Builder("f")
        self.n = self.b.param(INT, "n", (0, 0))
        self.m = self.b.param(INT, "m", (0, 1))
        self.u = self.b.param(ArrayType(Kind.F64, (self.n, self.m)), "u")
        self.k = self.b.param(INT, "k")
        self.total = self.b.slot(F64, Constant(0.0, Kind.F64), "total")

    def add(self, a: Value, number: int) -> Value:
        return emit(self.b, "add", a, integer(number))

    def read(self, i: Value, dim: Value | None = None) -> None:
        valid = emit(self.b, "index", i, dim or self.n, checked=True)
        value = emit(self.b, "load", self.u, *((valid, integer(0)) if dim is None else (integer(0), valid)))
        self.b.write(self.total, emit(self.b, "add", self.b.read(self.total), value))

    def finish(self) -> Function:
        return verify(self.b.finish([self.b.read(self.total)]))


def left(function: Function) -> int:
    """How many checks are left."""
    return sum(op.prim in ("index", "check") for op in walk(verify(passes.Bounds()(function)).block))


def stencil(p: Loops) -> None:
    i = p.b.begin_for(integer(1), p.add(p.n, -1))
    j = p.b.begin_for(integer(1), p.add(p.m, -1))
    for a in (-1, 0, 1):
        p.read(p.add(i, a))
        p.read(p.add(j, a), p.m)
    p.b.end_for()
    p.b.end_for()


def backwards(p: Loops) -> None:
    i = p.b.begin_for(p.add(p.n, -2), integer(-1), -1)
    p.read(i)
    p.read(p.add(i, 1))
    p.read(emit(p.b, "sub", i, p.n))
    p.b.end_for()


def strided(p: Loops) -> None:
    trips = emit(p.b, "maximum", integer(0), emit(p.b, "floordiv", p.add(p.n, 1), integer(2)))
    k = p.b.begin_for(integer(0), trips)
    p.read(emit(p.b, "mul", k, integer(2)))
    p.b.end_for()


def guarded(p: Loops) -> None:
    i = p.b.begin_for(integer(0), p.n)
    inside = emit(p.b, "lt", i, p.add(p.n, -1))
    p.b.begin_arm()
    p.read(p.add(i, 1))
    then = p.b.end_arm()
    p.b.begin_arm()
    p.b.end_if(inside, then, p.b.end_arm())
    p.b.end_for()


def counted(p: Loops) -> None:
    w = p.b.slot(INT, integer(0), "w")
    p.b.begin_while()
    p.b.middle_while(emit(p.b, "lt", p.b.read(w), p.m))
    p.read(p.b.read(w), p.m)
    p.b.write(w, p.add(p.b.read(w), 1))
    p.b.end_while()


def flattened(p: Loops) -> None:
    size = emit(p.b, "mul", p.n, p.m)
    flat = emit(p.b, "full", Constant(1.0, Kind.F64), size)
    i = p.b.begin_for(integer(0), p.n)
    j = p.b.begin_for(integer(0), p.m)
    where = emit(p.b, "index", emit(p.b, "add", emit(p.b, "mul", i, p.m), j), size, checked=True)
    p.b.write(p.total, emit(p.b, "add", p.b.read(p.total), emit(p.b, "load", flat, where)))
    p.b.end_for()
    p.b.end_for()


def checked_before(p: Loops) -> None:
    effect(p.b, "check", emit(p.b, "le", integer(0), p.k), exception="ValueError", message="")
    effect(p.b, "check", emit(p.b, "lt", p.k, p.n), exception="ValueError", message="")
    p.read(p.k)


@pytest.mark.parametrize("make", [stencil, backwards, strided, guarded, counted, flattened], ids=lambda f: f.__name__)
def test_proved(make: Callable[[Loops], None]) -> None:
    p = Loops()
    make(p)
    assert left(p.finish()) == 0


def test_a_check_passed_proves_an_index() -> None:
    p = Loops()
    checked_before(p)
    assert left(p.finish()) == 2  # the checks themselves


def too_far(p: Loops) -> None:
    i = p.b.begin_for(integer(0), p.n)
    p.read(p.add(i, 1))
    p.b.end_for()


def too_low(p: Loops) -> None:
    i = p.b.begin_for(integer(0), p.n)
    p.read(emit(p.b, "sub", p.add(i, -1), p.n))
    p.b.end_for()


def other_axis(p: Loops) -> None:
    i = p.b.begin_for(integer(0), p.m)
    p.read(i)
    p.b.end_for()


def falling_counter(p: Loops) -> None:
    w = p.b.slot(INT, integer(5), "w")
    p.b.begin_while()
    p.b.middle_while(emit(p.b, "lt", p.b.read(w), p.m))
    p.read(p.b.read(w), p.m)
    p.b.write(w, emit(p.b, "sub", p.b.read(w), p.k))
    p.b.end_while()


def guard_of_the_other_arm(p: Loops) -> None:
    inside = emit(p.b, "lt", p.k, p.n)
    p.b.begin_arm()
    then = p.b.end_arm()
    p.b.begin_arm()
    p.read(p.k)
    p.b.end_if(inside, then, p.b.end_arm())


def after_the_loop(p: Loops) -> None:
    i = p.b.begin_for(integer(0), p.k)
    p.b.end_for()
    del i
    p.read(p.k)


NOT_PROVED = [too_far, too_low, other_axis, falling_counter, guard_of_the_other_arm, after_the_loop]


@pytest.mark.parametrize("make", NOT_PROVED, ids=lambda f: f.__name__)
def test_not_proved(make: Callable[[Loops], None]) -> None:
    p = Loops()
    make(p)
    assert left(p.finish()) == 1


def over_two_loops(p: Loops, step: int = 1) -> None:
    count = p.b.slot(INT, integer(0), "count")
    p.b.begin_for(integer(0), p.n)
    p.b.begin_for(integer(0), p.m)
    p.read(p.b.read(count))
    p.b.write(count, p.add(p.b.read(count), 1))
    p.b.end_for()
    p.b.write(count, p.add(p.b.read(count), step))
    p.b.end_for()


def up_and_down(p: Loops) -> None:
    over_two_loops(p, -1)


@pytest.mark.parametrize("make, prim", [
    (too_far, "check"), (other_axis, "check"), (over_two_loops, "check"), (up_and_down, "index"), (too_low, "index"),
    (falling_counter, "index")])
def test_what_is_not_negative_is_compared_with_the_length_alone(make: Callable[[Loops], None], prim: str) -> None:
    p = Loops()
    make(p)
    made = verify(passes.Bounds()(p.finish()))
    assert [op.prim for op in walk(made.block) if op.prim in ("index", "check")] == [prim]


def test_inequalities() -> None:
    n, i, j = (Polynomial.atom(name) for name in "nij")
    one = Polynomial.of(1)
    facts = Facts()
    facts.add(i)
    facts.add(n - one - i)
    assert facts.is_nonnegative(n - one)
    assert not facts.is_nonnegative(n - one - one)
    assert not facts.is_nonnegative(j)
    mark = facts.mark()
    facts.add(j - i)
    assert facts.is_nonnegative(j)
    facts.release(mark)
    assert not facts.is_nonnegative(j)


def quotient(number: int, lowest: int) -> Function:
    """Whether number / (i * i + lowest) is finite, counted over a loop from 0."""
    p = Loops()
    i = p.b.begin_for(integer(0), p.n)
    below = emit(p.b, "cast", p.add(emit(p.b, "mul", i, i), lowest), kind=Kind.F64)
    finite = emit(p.b, "isfinite", emit(p.b, "div", Constant(float(number), Kind.F64), below))
    p.b.write(p.total, emit(p.b, "add", p.b.read(p.total), emit(p.b, "cast", finite, kind=Kind.F64)))
    p.b.end_for()
    return p.finish()


@pytest.mark.parametrize("lowest, proved", ((1, True), (7, True), (0, False), (-1, False)))
def test_a_quotient_by_a_positive_integer_is_finite(lowest: int, proved: bool) -> None:
    after = verify(passes.Bounds()(quotient(3, lowest)))
    assert any(op.prim == "isfinite" for op in walk(after.block)) is not proved
