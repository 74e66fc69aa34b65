"""Callees in place of their calls, callees exchanged, and programs that are run again without their output."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ir.test_calls import calling, doubled_length, factorial, scaled
from tests.transforms.kit import Kit
from workbench.frontend import trace
from workbench.interpret import run
from workbench.ir import Builder, Callee, Function, Kind, ScalarType, callees, verify, walk
from workbench.passes.inline import Inline, Redirect
from workbench.passes.silence import silenced

F64 = ScalarType(Kind.F64)


class Rule:
    """A rule for derivatives, which is not asked for any."""

    def pushforward(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        raise AssertionError

    def pullback(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        raise AssertionError


def calls(function: Function) -> int:
    return sum(op.prim == "call" for op in walk(function.block))


def squared(rule: Rule | None = None) -> Callee:
    k = Kit("squared", x="f64")
    return Callee("squared", k.finish(k.x.now * k.x.now), rule)


# ---------------------------------------------------------------------- inline
def test_a_call_becomes_what_its_callee_does() -> None:
    function = verify(calling(scaled(), a="f64[n]", s="f64"))
    flat = verify(Inline()(function))
    assert calls(function) == 1 and calls(flat) == 0
    for program in (function, flat):
        array, square = run(program, [np.array([1.0, 2.0]), 3.0])
        assert array.tolist() == [4.0, 2.0] and square == 9.0


def test_dimensions_that_the_callee_computes_are_the_callers() -> None:
    flat = verify(Inline()(verify(calling(doubled_length(), a="f64[n]"))))
    assert run(flat, [np.array([5.0, 1.0])])[0].tolist() == [5.0, 0.0, 0.0, 0.0, 0.0]


def test_what_calls_itself_stays_a_call() -> None:
    function = verify(calling(factorial(), x="f64", n="i64"))
    assert Inline()(function) is function
    assert run(function, [3.0, 4])[0] == 81.0


@pytest.mark.parametrize("rules, left", [(False, 0), (True, 1)])
def test_what_has_a_rule_stays_a_call_where_rules_count(rules: bool, left: int) -> None:
    flat = Inline(rules)(verify(calling(squared(Rule()), x="f64")))
    assert calls(flat) == left and run(flat, [3.0])[0] == 9.0


def test_callees_of_callees_are_put_in_place_too() -> None:
    inner = squared()
    b = Builder("outer")
    x = b.param(F64, "x")
    (y,) = b.call(inner, [x])
    outer = Callee("outer", b.finish(b.call(inner, [y])))
    flat = verify(Inline()(verify(calling(outer, x="f64"))))
    assert calls(flat) == 0 and run(flat, [3.0])[0] == 81.0


def test_calls_are_redirected() -> None:
    k = Kit("cubed", x="f64")
    other = Callee("cubed", k.finish(k.x.now * k.x.now * k.x.now))
    first = squared()
    function = verify(calling(first, x="f64"))
    turned = verify(Redirect({first: other}).run(function))
    assert list(callees(turned)) == [other]
    assert run(turned, [2.0])[0] == 8.0 and run(function, [2.0])[0] == 4.0


# ---------------------------------------------------------------------- silence
def prints(x):
    print("x is", x)
    return x * x


def prints_on_the_way_down(x, n):
    print(n)
    return x if n == 0 else prints_on_the_way_down(x * 0.5, n - 1)


def enters(x, n):
    return prints_on_the_way_down(x, n) * x


def writes(function: Function) -> bool:
    """Whether it, or what it calls, writes anything."""
    return any(op.prim == "print" for f in (function, *(c.function for c in callees(function))) for op in walk(f.block))


def test_what_writes_nothing_is_left_as_it_is() -> None:
    function = verify(calling(squared(), x="f64"))
    assert silenced(function) is function


def test_the_value_is_the_same_without_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    loud = trace(prints, (3.0,), ("x",)).function
    quiet = verify(silenced(loud))
    assert writes(loud) and not writes(quiet)
    assert run(quiet, [3.0])[0] == 9.0 and capsys.readouterr().out == ""
    assert run(loud, [3.0])[0] == 9.0 and capsys.readouterr().out == "x is 3.0\n"


def test_what_calls_itself_is_silenced_once_and_calls_its_silent_self(capsys: pytest.CaptureFixture[str]) -> None:
    loud = trace(enters, (2.0, 2), ("x", "n")).function
    quiet, again = silenced(loud), silenced(loud)
    assert writes(loud) and not writes(quiet)
    assert set(callees(quiet)) == set(callees(again)) != set(callees(loud))
    assert run(quiet, [2.0, 2])[0] == 1.0 and capsys.readouterr().out == ""
