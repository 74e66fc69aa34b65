"""Loops that hand a cotangent over end when it is taken, where the turns left would add zeros; gradients stay right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench import interpret, passes
from workbench.ir import ArrayType, Builder, Constant, Function, Kind, ScalarType, Value, verify, walk
from workbench.passes import early_end
from workbench.rules import emit

INT, F64 = ScalarType(Kind.INT), ScalarType(Kind.F64)
ZERO = Constant(0.0, Kind.F64)


def nearest(x):
    total = 0.0
    for i in range(len(x)):
        best = np.inf
        for j in range(len(x)):
            squared = 0.0
            for k in range(len(x)):
                squared += (x[j] - x[k] * x[i]) ** 2
            best = min(best, squared)
        total += best
    return total


def greatest(x):
    total = 0.0
    for i in range(len(x)):
        best = -1.0
        for j in range(len(x)):
            if x[j] * x[i] > best:
                best = x[j] * x[i]
        total += best
    return total


def spread(x):
    total = 0.0
    for i in range(len(x)):
        low, high = 100.0, -100.0
        for j in range(len(x)):
            value = np.sin(3.0 * x[j] * x[i]) + x[j]
            low = min(low, value)
            high = max(high, value)
        total += high * high - 2.0 * low
    return total


def pooled(x):
    total = 0.0
    for i in range(len(x) - 1):
        best = x[i] * 0.5
        for j in range(2):
            best = max(best, x[i + j] ** 3)
        total += best * best
    return total


def running(x):
    best, total = -100.0, 0.0
    for j in range(len(x)):
        best = max(best, x[j] * x[j] - x[0])
        total += best
    return total


def decaying(x):
    best, weight = -100.0, 1.0
    for j in range(len(x)):
        best = max(best, weight * x[j])
        weight = weight * 0.5 * x[j]
    return best + weight


def least(x):
    """Taken where the condition is false."""
    best = 1e30
    for k in range(len(x)):
        d = x[k] * x[k] + 0.1 * x[0]
        best = best if best < d else d
    return best


def least_in_an_arm(x):
    total = 0.0
    for i in range(len(x)):
        best = 1e30
        for j in range(len(x)):
            d = (x[j] - 0.3 * x[i]) ** 2
            if best < d:
                pass
            else:
                best = d
        total += best * x[i]
    return total


def ends(source: str) -> str:
    lines = [line.strip() for line in source.splitlines()]
    return "early" if any(line.startswith("while ") for line in lines) else (
        "one turn" if any(line.startswith("last = ") for line in lines) else "")


@pytest.mark.parametrize("f, early", [
    (nearest, "one turn"), (greatest, "one turn"), (spread, "early"), (pooled, None), (running, ""), (decaying, ""),
    (least, "one turn"), (least_in_an_arm, "one turn")])
def test_gradients_of_extrema(f: Callable[[Any], Any], early: str | None) -> None:
    derivative = wb.value_and_grad(f, engine="numba")
    rng = np.random.default_rng(3)
    with in_python():
        for n in (1, 2, 3, 6, 9):
            x = rng.uniform(0.3, 1.4, n) * rng.choice((-1.0, 1.0), n)
            value, gradient = derivative(x)
            assert value == f(x)
            h = 1e-6
            expected = [(f(x + h * unit) - f(x - h * unit)) / (2 * h) for unit in np.eye(n)]
            np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-7)
        assert early is None or ends(derivative.source) == early
        if f not in (decaying, running, least):
            assert np.array_equal(derivative(np.empty(0))[1], [])


@pytest.mark.parametrize("f", [nearest, greatest, spread, running, least, least_in_an_arm])
def test_ties_go_where_they_go_without(f: Callable[[Any], Any]) -> None:
    with in_python():
        quick, plain = (wb.grad(f, engine="numba", deterministic=flag) for flag in (False, True))
        for x in (np.ones(4), np.array([0.5, -0.5, 0.5, -0.5]), np.zeros(3)):
            np.testing.assert_allclose(quick(x), plain(x), rtol=1e-14)
        assert not ends(plain.source)


def handing(case: str) -> Function:
    """for j = n - 1, ..., 0: s = b if c[j] else 0; b = 0 if c[j] else b; a[j] += 2 * s."""
    b = Builder("f")
    n = b.param(INT, "n", (0, 0))
    c, x = b.param(ArrayType(Kind.BOOL, (n,)), "c"), b.param(ArrayType(Kind.F64, (n,)), "x")
    bar, other = b.slot(F64, emit(b, "load", x, Constant(0, Kind.INT)), "bar"), b.slot(F64, ZERO, "other")
    sums = b.slot(x.type, emit(b, "full", ZERO, n), "sums")
    down = case != "upwards"
    last, stop = emit(b, "sub", n, Constant(1, Kind.INT)), Constant(-1, Kind.INT)
    j = b.begin_for(last, stop, -1) if down else b.begin_for(Constant(0, Kind.INT), n)
    chosen, before = emit(b, "load", c, j), b.held(bar)
    taken, left = (emit(b, "select", chosen, *ways) for ways in ((before, ZERO), (ZERO, before)))
    if case == "turned":
        taken, left = left, taken
    if case == "halved":
        left = emit(b, "mul", left, Constant(0.5, Kind.F64))
    share: Value = emit(b, "mul", Constant(2.0, Kind.F64), taken)
    if case == "more":
        share = emit(b, "add", share, Constant(1.0, Kind.F64))
    with b.rounding(loose=True):
        if case == "in an arm":
            b.begin_arm()
            b.write(sums, emit(b, "accum", b.held(sums), share, j))
            first = b.end_arm()
            b.begin_arm()
            b.end_if(chosen, first, b.end_arm())
        elif case == "stored":
            b.write(sums, emit(b, "store", b.held(sums), share, j))
        elif case == "in a loop":
            part = b.slot(F64, ZERO, "part")
            k = b.begin_for(Constant(0, Kind.INT), n)
            b.write(part, emit(b, "add", b.held(part), emit(b, "mul", share, emit(b, "load", x, k))))
            b.write(sums, emit(b, "accum", b.held(sums), share, k))
            b.end_for()
            b.write(sums, emit(b, "accum", b.held(sums), b.held(part), j))
        else:
            b.write(sums, emit(b, "accum", b.held(sums), share, j))
        if case == "counted":
            b.write(other, emit(b, "add", b.held(other), Constant(1.0, Kind.F64)))
    b.write(bar, left)
    b.end_for()
    return verify(b.finish([ZERO, b.held(sums), b.held(bar), b.held(other)]))


def found_before(case: str) -> Function:
    """for j: c[j] = x[j] > best; best = max(best, x[j]); then the loop that hands over, and s += c[0]."""
    b = Builder("f")
    n = b.param(INT, "n", (0, 0))
    x = b.param(ArrayType(Kind.F64, (n,)), "x")
    zero, one = Constant(0, Kind.INT), Constant(1, Kind.INT)
    best, bar, s = b.slot(F64, ZERO, "best"), b.slot(F64, Constant(1.0, Kind.F64), "bar"), b.slot(F64, ZERO, "s")
    kept = b.slot(ArrayType(Kind.BOOL, (n,)), emit(b, "full", Constant(False, Kind.BOOL), n), "kept")
    sums = b.slot(x.type, emit(b, "full", ZERO, n), "sums")
    j = b.begin_for(one if case == "from another" else zero, n)
    value = emit(b, "load", x, j)
    better = emit(b, "le" if case == "turned" else "gt", value, b.held(best))
    b.write(best, emit(b, "select", better, *((b.held(best), value) if case == "turned" else (value, b.held(best)))))
    place = emit(b, "sub", emit(b, "sub", n, one), j) if case == "elsewhere" else j
    if case == "in an arm":
        b.begin_arm()
        b.write(kept, emit(b, "store", b.held(kept), Constant(True, Kind.BOOL), place))
        first = b.end_arm()
        b.begin_arm()
        b.end_if(better, first, b.end_arm())
    else:
        b.write(kept, emit(b, "store", b.held(kept), better, place))
    b.end_for()
    if case == "overwritten":
        b.write(kept, emit(b, "store", b.held(kept), Constant(False, Kind.BOOL), emit(b, "sub", n, one)))
    last = emit(b, "sub", n, one)
    i = b.begin_for(zero, n) if case == "upwards" else b.begin_for(last, Constant(-1, Kind.INT), -1)
    chosen, before = emit(b, "load", b.held(kept), i), b.held(bar)
    with b.rounding(loose=True):
        share = emit(b, "select", chosen, *((ZERO, before) if case == "turned" else (before, ZERO)))
        b.write(sums, emit(b, "accum", b.held(sums), emit(b, "mul", share, emit(b, "load", x, i)), i))
    b.write(bar, emit(b, "select", chosen, *((before, ZERO) if case == "turned" else (ZERO, before))))
    b.end_for()
    if case == "read again":
        b.write(s, emit(b, "cast", emit(b, "load", b.held(kept), zero), kind=Kind.F64))
    return verify(b.finish([b.held(best), b.held(sums), b.held(bar), b.held(s)]))


@pytest.mark.parametrize("case, turns", [
    ("plain", 1), ("turned", 1), ("read again", 1), ("from another", 0), ("elsewhere", 0), ("in an arm", 0),
    ("overwritten", 0), ("upwards", 0)])
def test_which_loops_are_one_turn(case: str, turns: int) -> None:
    function = found_before(case)
    changed = verify(passes.DeadCode()(verify(passes.EarlyEnd(1)(function))))
    assert sum(op.prim == "if" and bool(op.results) for op in walk(changed.block)) == turns + (case == "in an arm")
    assert any(op.prim == "store" for op in walk(changed.block)) == (turns == 0 or case == "read again")
    rng = np.random.default_rng(6)
    for n in (1, 2, 7):
        for x in (rng.uniform(-1.0, 1.0, n), -np.ones(n), np.ones(n), np.arange(1.0, n + 1)):
            for a, b in zip(interpret.run(function, [x]), interpret.run(changed, [x]), strict=True):
                np.testing.assert_array_equal(a, b)
    if case == "plain":
        assert all(np.size(a) <= 1 for a in interpret.run(changed, [np.empty(0)]))


@pytest.mark.parametrize("case, early", [
    ("plain", True), ("upwards", True), ("turned", True), ("in an arm", True), ("in a loop", True), ("halved", False),
    ("more", False), ("stored", False), ("counted", False)])
def test_which_loops_end_early(case: str, early: bool) -> None:
    function = handing(case)
    changed = verify(passes.EarlyEnd(1)(function))
    assert any(op.prim == "while" for op in walk(changed.block)) == early
    assert passes.EarlyEnd(4)(function) is function
    rng = np.random.default_rng(5)
    for n in (1, 2, 7):
        for chance in (0.0, 0.3, 1.0):
            args = [rng.uniform(size=n) < chance, rng.uniform(-1.0, 1.0, n)]
            for a, b in zip(interpret.run(function, args), interpret.run(changed, args), strict=True):
                np.testing.assert_array_equal(a, b)


def test_a_loop_that_does_more_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above would see a loop that ends although a turn adds something else."""
    monkeypatch.setattr(early_end._Sums, "is_multiple", lambda self, value: True)
    function = handing("more")
    changed = passes.EarlyEnd(1)(function)
    args = [np.array([False, True, True]), np.array([0.5, 1.0, 2.0])]
    before, after = interpret.run(function, args)[1], interpret.run(changed, args)[1]
    assert not np.array_equal(before, after)
