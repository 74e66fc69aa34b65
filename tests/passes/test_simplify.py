"""What simplification makes of small programs, as text."""

from __future__ import annotations

from textwrap import dedent

import numpy as np
import pytest

from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, print_function, verify
from workbench.rules import effect, emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)


def integer(number: int) -> Constant:
    return Constant(number, Kind.INT)


def real(number: float) -> Constant:
    return Constant(number, Kind.F64)


def expect(function: Function, text: str, *steps: passes.Pass) -> None:
    found = passes.run(steps or (passes.Simplify(),), verify(function), lambda name, stage: verify(stage))
    assert print_function(found) == dedent(text).strip()


def test_invariants_leave_loops_and_dead_values_are_not_carried() -> None:
    b = Builder("f")
    x, n = b.param(F64, "x"), b.param(INT, "n")
    s, unused = b.slot(F64, real(0.0), "s"), b.slot(F64, real(1.0), "unused")
    b.begin_for(integer(0), n)
    b.write(unused, emit(b, "mul", b.read(unused), x))
    b.write(s, emit(b, "add", b.read(s), emit(b, "exp", emit(b, "mul", x, real(2.0)))))
    b.end_for()
    expect(b.finish([b.read(s)]), """
        func f(x: f64, n: i64):
          t.0: f64 = mul(x, 2.0)
          t.1: f64 = exp(t.0)
          s.1: f64 = for(0, n, 0.0, step=1)
            body(i: i64, s: f64):
              t.2: f64 = add(s, t.1)
              yield t.2
          return s.1
        """)


def test_short_loops_are_unrolled_and_small_arrays_become_scalars() -> None:
    b = Builder("f")
    x, n = b.param(F64, "x"), b.param(INT, "n")
    state = b.slot(ArrayType(Kind.F64, (integer(2),)), emit(b, "full", real(0.0), integer(2)), "state")
    b.begin_for(integer(0), n)
    k = b.begin_for(integer(0), integer(2), name="k")
    value = emit(b, "add", emit(b, "load", b.read(state), k), x)
    b.write(state, emit(b, "store", b.read(state), value, k))
    b.end_for()
    b.end_for()
    result = emit(b, "load", b.read(state), integer(1))
    expect(b.finish([result]), """
        func f(x: f64, n: i64):
          state_1.1: f64 = for(0, n, 0.0, step=1)
            body(i: i64, state_1: f64):
              t.0: f64 = add(state_1, x)
              yield t.0
          return state_1.1
        """, passes.Simplify(), passes.ScalarReplacement(), passes.Simplify())


def test_known_conditions_and_loops_without_trips() -> None:
    b = Builder("f")
    x = b.param(F64, "x")
    s = b.slot(F64, x, "s")
    b.begin_arm()
    b.write(s, emit(b, "neg", x))
    then = b.end_arm()
    b.begin_arm()
    b.write(s, emit(b, "sin", x))
    b.end_if(Constant(True, Kind.BOOL), then, b.end_arm())
    b.begin_for(integer(3), integer(3))
    b.write(s, emit(b, "exp", b.read(s)))
    b.end_for()
    expect(b.finish([b.read(s)]), """
        func f(x: f64):
          t.0: f64 = neg(x)
          return t.0
        """)


def test_what_raises_stays() -> None:
    b = Builder("f")
    x, n = b.param(F64, "x"), b.param(INT, "n")
    b.begin_for(integer(0), n)
    effect(b, "check", emit(b, "gt", x, real(0.0)), exception="ValueError", message="negative")
    b.end_for()
    expect(b.finish([x]), """
        func f(x: f64, n: i64):
          t.0: bool = gt(x, 0.0)
          for(0, n, step=1)
            body(i: i64):
              check(t.0, exception='ValueError', message='negative')
              yield
          return x
        """)


def nested_load(case: str) -> Function:
    """s += x[i] * y[j] in two loops; in some cases x[i] must stay where it is."""
    b = Builder("nested")
    n, m = b.param(INT, "n", (0, 0)), b.param(INT, "m", (1, 0))
    x, y = b.param(ArrayType(Kind.F64, (n,)), "x"), b.param(ArrayType(Kind.F64, (m,)), "y")
    bound = b.param(INT, "k") if case == "not within" else n
    held = b.slot(x.type, emit(b, "copy", x), "held")
    s = b.slot(F64, Constant(0.0, Kind.F64), "s")
    if case == "backwards":
        i = b.begin_for(emit(b, "sub", n, Constant(1, Kind.INT)), Constant(-1, Kind.INT), -1)
    else:
        i = b.begin_for(Constant(0, Kind.INT), bound)
    j = b.begin_for(Constant(0, Kind.INT), m)
    if case == "before its element":
        where = emit(b, "sub", i, Constant(1, Kind.INT))
    else:
        where = i
    below = emit(b, "lt", i, j)
    if case == "in an arm":
        b.begin_arm()
    if case == "guarded":
        effect(b, "check", emit(b, "lt", j, i), exception="IndexError", message="")
    element = emit(b, "load", b.read(held), where)
    if case == "written":
        b.write(held, emit(b, "store", b.read(held), emit(b, "load", y, j), i))
    b.write(s, emit(b, "add", b.read(s), emit(b, "mul", element, emit(b, "load", y, j))))
    if case == "in an arm":
        then = b.end_arm()
        b.begin_arm()
        b.end_if(below, then, b.end_arm())
    b.end_for()
    b.end_for()
    return verify(b.finish([b.read(s), b.read(held)]))


@pytest.mark.parametrize("case, moves", [("plain", True), ("backwards", True), ("guarded", True), ("written", False),
                                         ("not within", False), ("before its element", False), ("in an arm", False)])
def test_loads_move_out_of_loops_that_change_nothing_of_them(case: str, moves: bool) -> None:
    function = nested_load(case)
    simple = verify(passes.Simplify()(function))
    (outer,) = (op for op in simple.block.ops if op.prim == "for")
    assert any(op.prim == "load" for op in outer.regions[0].ops) == moves
    if case in ("plain", "backwards", "written", "in an arm"):
        rng = np.random.default_rng(1)
        for sizes in ((0, 3), (3, 0), (1, 1), (4, 3)):
            args = [rng.normal(size=size) for size in sizes]
            for a, c in zip(interpret.run(function, args), interpret.run(simple, args), strict=True):
                assert np.array_equal(a, c)


@pytest.mark.parametrize("first", [True, False])
def test_a_condition_that_selects_truth_values_is_one_itself(first: bool) -> None:
    b = Builder("f")
    condition = emit(b, "lt", b.param(F64, "x"), real(1.0))
    b.begin_arm()
    then = b.end_arm()
    b.begin_arm()
    chosen = b.end_if(condition, then, b.end_arm(), [(Constant(first, Kind.BOOL), Constant(not first, Kind.BOOL))])
    function = passes.Simplify()(verify(b.finish(chosen)))
    assert [op.prim for op in function.block.ops] == (["lt"] if first else ["lt", "not"])
    for x in (0.5, 1.0, np.nan):
        assert interpret.run(function, [x]) == [(x < 1.0) is first]
