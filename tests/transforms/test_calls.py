"""Derivatives of calls: through bodies, by rules, of functions that call themselves; compiled as interpreted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.transforms.kit import Kit
from tests.transforms.oracle import check, fresh
from workbench.engines.numba import compile_function
from workbench.interpret import run
from workbench.ir import ArrayType, Builder, Callee, Function, Kind, ScalarType, Value, print_function, verify, walk
from workbench.passes import finalize, optimize
from workbench.rules import Expr, emit
from workbench.rules.functions import cos, exp, sin
from workbench.transforms import jvp, vjp


def call(k: Kit, callee: Callee, *operands: Any) -> list[Expr]:
    """Call, in a program under construction."""
    return [Expr(k.builder, v) for v in k.builder.call(callee, [k.value(v, Kind.F64) for v in operands])]


def wave(name: str = "wave") -> Callee:
    """(x, s) -> sin(x) s (an array), sum(x**2 s)"""
    k = Kit(name, x="f64[n]", s="f64")
    y = sin(k.x.now) * k.s.now
    return Callee(name, k.finish(y, k.emit("sum", k.x.now * k.x.now * k.s.now, axes=(0,))))


def in_place() -> Callee:
    """a! -> a with a[i] *= a[0], and its last element"""
    k = Kit("in_place", a="f64[n]")
    with k.loop(1, k.n) as i:
        k.a[i] = k.a[i] * k.a[0]
    return Callee("in_place", k.finish(k.a, k.a[k.n - 1]))


def power() -> Callee:
    """x**n, by halves: two calls of itself, with an array handed down."""
    callee = Callee("power", consumes=())
    k = Kit("power", x="f64", n="i64", w="f64[m]")
    y = k.var(1.0, "y")

    def again() -> None:
        result = [Value(ScalarType(Kind.F64), "p") for _ in range(2)]
        half = k.n.now // 2
        for r, part in zip(result, (half, k.n.now - half), strict=True):
            k.builder.call(callee, [k.x.now.value, part.value, k.w.now.value], [r])
        y.set(Expr(k.builder, result[0]) * Expr(k.builder, result[1]) + k.w[0] * 0.01)
    k.when(k.n.now > 1, again, lambda: y.set(sin(k.x.now)))
    callee.define(k.finish_unverified(y))
    return callee


def program(callee: Callee, looped: bool = False) -> Function:
    """A caller of `wave`, in a loop or not."""
    k = Kit("main", x="f64[n]", s="f64")
    total = k.var(0.0, "total")
    x = k.var(k.emit("copy", k.x), "x")

    def once() -> None:
        y, part = call(k, callee, x, k.s.now * 0.5)
        x.set(y + 0.3)
        total.set(total.now + part)
    if looped:
        with k.loop(0, 5):
            once()
    else:
        once()
    return k.finish(total.now * k.s.now, x)


ARGS = [np.array([0.3, -0.8, 1.1]), 0.7]


@pytest.mark.parametrize("looped", [False, True])
def test_through_the_body(looped: bool) -> None:
    check(program(wave(), looped), ARGS, [0, 1], [0, 1])
    check(optimize(program(wave(), looped)), [np.zeros(0), 0.7], [0, 1], [0, 1])


def test_consumed_operands() -> None:
    k = Kit("main", x="f64[n]")
    a = k.var(k.emit("copy", k.x), "a")
    s = k.var(0.0, "s")
    with k.loop(0, 2):
        made, last = call(k, in_place(), a)
        a.set(made)
        s.set(s.now + last * k.x[0])
    check(k.finish(s, a), [np.array([0.9, -0.8, 1.1])], [0], [0, 1])
    k = Kit("main", x="f64[n]")
    check(k.finish(*call(k, in_place(), k.x)), [np.array([0.9, -0.8, 1.1])], [0], [0, 1])


def test_recursion() -> None:
    k = Kit("main", x="f64", n="i64", w="f64[m]")
    (y,) = call(k, power(), k.x, k.n, k.w)
    f = k.finish(y * k.x.now)
    args = [0.8, 5, np.array([0.4])]
    check(f, args, [0, 2])
    adjoint = verify(vjp(f, [0, 2], [0]))
    assert {op.attrs["callee"].name for op in walk(adjoint.block) if op.prim == "call"} == {"power", "power_vjp"}
    compiled = compile_function(finalize(adjoint))
    for a, b in zip(compiled(*fresh(args), 1.5), run(adjoint, [*fresh(args), 1.5]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)
    assert "def power(" in compiled.source and "def power_vjp(" in compiled.source


def test_a_call_is_kept_whole_until_it_is_lowered() -> None:
    adjoint = vjp(optimize(program(wave(), True)), [0, 1], [0])
    text = print_function(adjoint)
    assert text.count("callee=wave_vjp") == 1 and "sin" not in text.split("func wave")[0]
    final = finalize(adjoint)
    assert not any(op.prim == "call" for op in walk(final.block))
    for a, b in zip(run(final, [*fresh(ARGS), 1.0]), run(adjoint, [*fresh(ARGS), 1.0]), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


class Exponential:
    """exp by its own rule: of the primal, the pullback takes the result alone."""

    def pushforward(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        b = Builder("exp_jvp")
        x, dot = (b.param(ScalarType(Kind.F64), n) for n in ("x", "x_dot"))
        y = b.call(callee, [x])[0]
        return b.finish([y, emit(b, "mul", y, dot)])

    def pullback(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        b = Builder("exp_vjp")
        _, y, bar = (b.param(ScalarType(Kind.F64), n) for n in ("x", "y", "y_bar"))
        return b.finish([emit(b, "mul", y, bar)])


def test_a_rule_instead_of_the_body() -> None:
    k = Kit("e", x="f64")
    callee = Callee("e", k.finish(exp(k.x.now)), Exponential())
    k = Kit("main", x="f64")
    y = k.var(k.x.now, "y")
    with k.loop(0, 3):
        y.set(call(k, callee, y.now * 0.3)[0])
    f = k.finish(y)
    check(f, [0.4], [0])
    assert "by its rule" in print_function(f)
    adjoint = vjp(f, [0], [0])
    kept = [op.results[0].name for op in walk(adjoint.block) if op.prim == "empty"]
    assert len(kept) == 1, print_function(adjoint)


class Wrong(Exponential):
    """Twice the derivative."""

    def pullback(self, callee: Callee, wrt: tuple[int, ...], outputs: tuple[int, ...]) -> Function:
        b = Builder("exp_vjp")
        _, y, bar = (b.param(ScalarType(Kind.F64), n) for n in ("x", "y", "y_bar"))
        return b.finish([emit(b, "add", emit(b, "mul", y, bar), emit(b, "mul", y, bar))])


def test_a_wrong_rule_is_used_and_caught() -> None:
    k = Kit("e", x="f64")
    callee = Callee("e", k.finish(exp(k.x.now)), Wrong())
    k = Kit("main", x="f64")
    with pytest.raises(AssertionError, match="x_dot"):
        check(k.finish(*call(k, callee, k.x)), [0.4], [0])


def test_dimensions_that_the_callee_computes() -> None:
    k = Kit("longer", a="f64[n]")
    made = k.zeros(k.n * 2 + 1, name="made")
    with k.loop(0, k.n) as i:
        made[i * 2] = cos(k.a[i]) * k.a[0]
    callee = Callee("longer", k.finish(made))
    k = Kit("main", a="f64[n]")
    y = call(k, callee, k.a)[0]
    f = k.finish(y * y, k.emit("sum", y, axes=(0,)))
    check(f, [np.array([0.4, 1.2])], [0], [0, 1])
    assert isinstance(f.results[0].type, ArrayType)
    final = compile_function(finalize(vjp(optimize(f), [0], [1])))
    assert final(np.array([0.4, 1.2]), 1.0)[2].shape == (2,)
    verify(jvp(optimize(f), [0], [0]))


def test_a_recursive_pullback_pops_what_the_forward_sweep_pushed() -> None:
    """It runs nothing of the primal again: the reverse twin calls itself alone, once per call of the callee."""
    k = Kit("main", x="f64", n="i64", w="f64[m]")
    (y,) = call(k, power(), k.x, k.n, k.w)
    adjoint = vjp(k.finish(y), [0, 2], [0])
    forward, reverse = (op.attrs["callee"] for op in walk(adjoint.block) if op.prim == "call")
    for twin in (forward, reverse):
        inner = [op.attrs["callee"] for op in walk(twin.function.block) if op.prim == "call"]
        assert inner == [twin, twin]
    assert not any(op.prim in ("sin", "while") for op in walk(reverse.function.block))
