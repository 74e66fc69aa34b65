"""`call`: what it means, what the verifier holds it to, how it is printed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.kit import Kit
from workbench.interpret import run
from workbench.ir import (
    Callee,
    Function,
    Kind,
    ScalarType,
    Value,
    VerificationError,
    callees,
    is_recursive,
    print_function,
    verify,
)
from workbench.ir.core import Block, Op
from workbench.rules import check_types
from workbench.rules.expr import Expr
from workbench.rules.functions import sin


def scaled() -> Callee:
    """scaled(a!, s) = (a with s added to its first element, s * s)"""
    k = Kit("scaled", a="f64[n]", s="f64")
    k.a.accum(k.s, 0)
    return Callee("scaled", k.finish(k.a, k.s.now * k.s.now))


def doubled_length() -> Callee:
    """An array of 2n + 1 elements: the caller does not know the dimension."""
    k = Kit("longer", a="f64[n]")
    made = k.zeros(k.n * 2 + 1, name="made")
    made[0] = k.a[0]
    return Callee("longer", k.finish(made))


def factorial() -> Callee:
    """x**n by recursion."""
    callee = Callee("power")
    k = Kit("power", x="f64", n="i64")
    y = k.var(1.0, "y")

    def again() -> None:
        got = k.builder.call(callee, [k.x.now.value, (k.n.now - 1).value], [Value(ScalarType(Kind.F64), "p")])
        y.set(k.x.now * Expr(k.builder, got[0]))
    k.when(k.n.now > 0, again)
    callee.define(k.finish_unverified(y))
    return callee


def calling(callee: Callee, **params: str) -> Function:
    """A function that does nothing but call."""
    k = Kit("main", **params)
    return k.builder.finish(k.builder.call(callee, [p.now.value for p in k.params.values()]))


def test_meaning_and_consumption() -> None:
    f = verify(calling(scaled(), a="f64[n]", s="f64"))
    check_types(f)
    a = np.arange(3.0)
    out, square = run(f, [a, 2.0])
    assert out is a and list(a) == [2.0, 1.0, 2.0] and square == 4.0


def test_dimensions_come_back_as_numbers() -> None:
    f = verify(calling(doubled_length(), a="f64[n]"))
    made, length = run(f, [np.array([3.0, 1.0])])
    assert made.shape == (5,) and made[0] == 3.0 and length == 5
    assert f.results[0].dims == (f.results[1],)


def test_what_comes_back_is_the_callers_own() -> None:
    k = Kit("same", a="f64[n]")
    a = np.ones(2)
    assert run(calling(Callee("same", k.finish(k.a)), a="f64[n]"), [a])[0] is not a


def test_recursion() -> None:
    callee = factorial()
    f = verify(calling(callee, x="f64", n="i64"))
    assert is_recursive(callee) and list(callees(f)) == [callee]
    assert run(f, [2.0, 5]) == [32.0]


def test_text_names_what_is_called() -> None:
    text = print_function(calling(scaled(), a="f64[n]", s="f64"))
    assert "call(a, s, callee=scaled)" in text and "\n\nfunc scaled(n: i64, a: f64[n], s: f64):" in text
    k = Kit("main", x="f64")
    same = [Callee("g", Kit("g", x="f64").finish(1.0)) for _ in range(2)]
    results = [k.builder.call(c, [k.x.now.value])[0] for c in same]
    text = print_function(k.builder.finish(results))
    assert "callee=g)" in text and "func g.1(" in text


def test_faults_are_found() -> None:
    callee = scaled()
    k = Kit("main", a="f64[n]", s="f64")
    a, s = k.a.now.value, k.s.now.value
    k.builder.call(callee, [a, s])
    with pytest.raises(VerificationError, match="buffer was taken"):
        verify(k.builder.finish([a]))
    with pytest.raises(VerificationError, match="takes 2 operands"):
        verify(calls(callee, (Value(ScalarType(Kind.F64)),), ()))
    k = Kit("main", a="f64[n,m]", s="f64")
    with pytest.raises(VerificationError, match="is not"):
        verify(calls(callee, (k.a.now.value, k.s.now.value), (), *k.builder.params))
    k = Kit("main", a="f64[n]", b="f64[m]")
    both = Kit("both", a="f64[n]", b="f64[n]")
    with pytest.raises(VerificationError, match="is not"):
        verify(calls(Callee("both", both.finish(both.a[0])), (k.a.now.value, k.b.now.value),
                     (Value(ScalarType(Kind.F64)),), *k.builder.params))
    with pytest.raises(VerificationError, match="no function"):
        verify(calls(Callee("unknown"), (), ()))
    with pytest.raises(ValueError, match="already"):
        callee.define(callee.function)


def calls(callee: Callee, operands: tuple[Value, ...], results: tuple[Value, ...], *params: Value) -> Function:
    """A call as it is given, right or wrong."""
    shapes = {p: (0, k) for k, p in enumerate(params) if p.kind is Kind.INT}
    op = Op("call", operands, results, {"callee": callee})
    return Function("main", Block(params or operands, (op,), results), shapes)


def test_scalars_are_called_each_time() -> None:
    k = Kit("g", x="f64")
    callee = Callee("g", k.finish(sin(k.x.now)))
    k = Kit("main", x="f64")
    twice = [k.builder.call(callee, [k.x.now.value])[0] for _ in range(2)]
    assert twice[0] is not twice[1]
