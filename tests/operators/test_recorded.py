"""Users' rules, hooks, checkpoints and stopped gradients on the tape, to any order; the checker on both engines."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import scipy.special

import workbench as wb
from tests.operators.test_identities import Pair, body
from tests.operators.test_rules import (
    Layer,
    layer,
    layer_plain,
    losses,
    power,
    same,
    struve,
    wave,
    wave_plain,
)

checked = wb.checkpoint(body)
GENERATOR = np.random.default_rng(3)


def tape_grad(f: Any, wrt: Any = 0) -> Any:
    return wb.grad(f, wrt, engine="tape")


@pytest.mark.parametrize("n", [0, 1, 3])
def test_rules_in_both_modes_and_order_two(n: int) -> None:
    rng = np.random.default_rng(n)
    x, a = rng.standard_normal(n), 0.7
    ruled, plain = (losses(f, None)[0] for f in (wave, wave_plain))
    same(tape_grad(ruled, (0, 1))(x, a), tape_grad(plain, (0, 1))(x, a))  # by transposition
    same(wb.jvp(ruled, (x, a), (x, 1.0), engine="tape"), wb.jvp(plain, (x, a), (x, 1.0), engine="tape"))

    def again(f: Any) -> Any:
        def gradient(x, a):  # type: ignore[no-untyped-def]
            gx, ga = wb.grad(f, (0, 1))(x, a)
            return np.sum(gx * gx) + ga
        return tape_grad(gradient, (0, 1))(x, a)
    same(again(ruled), again(plain))


def test_residuals_structures_and_aliases() -> None:
    p, x = Layer(np.array([0.3, 0.5]), 0.1, 2), np.array([0.4, -0.8])
    ruled, plain = (losses(None, g)[1] for g in (layer, layer_plain))
    same(tape_grad(ruled, (0, 1))(p, x), tape_grad(plain, (0, 1))(p, x))
    tangents = (Layer(np.array([1.0, 0.5]), 0.3, None), x)
    same(wb.jvp(ruled, (p, x), tangents, engine="tape"), wb.jvp(plain, (p, x), tangents, engine="tape"))

    def hessian_row(f: Any) -> Any:
        def part(p, x):  # type: ignore[no-untyped-def]
            g = wb.grad(f)(p, x)
            return g.b + np.sum(g.w)
        return tape_grad(part, (0, 1))(p, x)
    same(hessian_row(ruled), hessian_row(plain))
    assert wb.grad(wb.grad(wb.grad(lambda x: power(x * x, 3))), engine="tape")(0.7) == pytest.approx(120 * 0.7**3)

    def kept(x, a):  # type: ignore[no-untyped-def]
        s, z = wave(x, a)
        z[0] = 2.0 * s  # the program's own array: what the rule was told stays
        return np.sum(z)
    assert tape_grad(kept)(np.array([0.5, 0.7]), 2.0) == pytest.approx([4 * np.cos(0.5), 4 * np.cos(0.7) + 2.0])


def test_functions_without_source() -> None:
    first, second = slope(0.5, 1.2), (slope(-0.5, 1.2) - 0.5 / 1.2 * slope(0.5, 1.2) + 0.5 / 1.44 * struve(0.5, 1.2))
    assert tape_grad(lambda x: struve(0.5, x) * 2.0)(1.2) == pytest.approx(2.0 * first)
    unmodified = tape_grad(wb.grad(lambda x: scipy.special.struve(0.5, x), engine="tape"))
    assert unmodified(1.2) == pytest.approx(second)
    with pytest.warns(UserWarning, match="no Python source"):
        assert wb.grad(lambda x: struve(0.5, x))(1.2) == pytest.approx(first)
    report = wb.check(lambda x: struve(0.5, x), 1.2, directions=1)
    assert report.passed and report.comparisons[0].status == "refused"
    assert [c.order for c in report.comparisons if c.engine == "tape"] == [1, 1, 2, 2, 2]


def slope(v: float, x: float) -> float:
    """The derivative of a Struve function (DLMF 11.4.27)."""
    return float(scipy.special.struve(v - 1.0, x) - v / x * scipy.special.struve(v, x))


def test_what_is_wrong_with_a_rule_is_said_at_its_line() -> None:
    def bad(rule: Any, match: str, mode: str = "vjp") -> None:
        f = wb.rule(lambda x: x * 2.0)
        getattr(f, f"def{mode}")(rule)
        with pytest.raises(wb.DifferentiationError, match=match) as error:
            tape_grad(lambda x: np.sum(f(x)))(np.array([1.0, 2.0]))
        assert error.value.lineno == rule.__code__.co_firstlineno, str(error.value)
    bad(lambda primals, y, bar: bar, "one entry per argument")
    bad(lambda primals, y, bar: (bar, bar), "a tuple of 2 where a tuple of 1")
    bad(lambda primals, y, bar: (None,), "zeros_like")
    bad(lambda primals, y, bar: (bar[1:],), r"shape \(1,\) where an array of shape \(2,\)")
    bad(lambda primals, y, bar: (bar.astype(np.float32),), "float32")
    bad(lambda primals, y, dots: np.maximum(dots[0], 0.0), "not linear", "jvp")
    bad(lambda primals, y, dots: dots[0] + 1.0, "not linear", "jvp")


def test_what_cannot_be_recorded_is_refused() -> None:
    bare = wb.rule(lambda x: x * 2.0)
    with pytest.raises(wb.DifferentiationError, match="has no rule"):
        tape_grad(lambda x: bare(x))(1.0)
    writing = wb.rule(scribble)
    writing.defvjp(lambda primals, y, bar: (bar,))
    with pytest.raises(wb.DifferentiationError, match="writes into its arguments"):
        tape_grad(lambda x: writing(x))(np.ones(2))
    handing = wb.rule(lambda x: x)
    handing.defvjp(lambda primals, y, bar: (bar * 3.0,))
    assert list(tape_grad(lambda x: np.sum(handing(x)))(np.ones(2))) == [3.0, 3.0]

    def captured(x):  # type: ignore[no-untyped-def]
        f = wb.rule(lambda z: z * x)
        f.defvjp(lambda primals, y, bar: (bar,))
        return f(1.0) + f(x)
    with pytest.raises(wb.DifferentiationError, match="inside a recorded run"):
        tape_grad(captured)(2.0)
    with pytest.raises(wb.DifferentiationError, match="uses a number that is differentiated"):
        tape_grad(lambda x: wb.hook(x * x, lambda bar: bar * x))(2.0)


def test_stop_gradient_and_hooks() -> None:
    def f(x, p, n):  # type: ignore[no-untyped-def]
        y = wb.stop_gradient(x)
        y[0] += x[1]  # a copy: x stays as it is
        q = wb.stop_gradient((p, [n, "s"]))[0]
        return np.sum(x * y) + q.a * p.a + np.sum(q.v * p.v) * n
    x, p = np.array([0.5, -1.0]), Pair(2.0, np.array([3.0, 4.0]))
    gx, gp = tape_grad(f, (0, 1))(x, p, 2)
    assert list(gx) == [-0.5, -0.5] and gp.a == 2.0 and list(gp.v) == [6.0, 8.0]
    assert tape_grad(wb.grad(lambda x: wb.stop_gradient(x * x) * x * x))(3.0) == 18.0

    def g(x, c):  # type: ignore[no-untyped-def]
        limit = wb.stop_gradient(c)
        z = wb.hook({"y": np.sin(x), "c": c, "n": 3},
                    lambda bar: {"y": np.clip(bar["y"], -limit, limit), "c": bar["c"] * 3.0, "n": None})
        return np.sum(z["y"] * x * 2.0) + z["c"] ** 2
    x = np.array([0.3, 0.7])
    same(tape_grad(g, (0, 1))(x, 0.5), wb.grad(g, (0, 1))(x, 0.5))
    same(wb.jvp(g, (x, 0.5), (x, 1.0), engine="tape"), wb.jvp(g, (x, 0.5), (x, 1.0)))
    cubed = wb.grad(lambda x: wb.hook(x, lambda bar: bar * bar) ** 3)
    assert wb.grad(cubed, engine="tape")(1.1) == pytest.approx(wb.grad(cubed)(1.1))
    with pytest.raises(wb.DifferentiationError, match="shape"):
        tape_grad(lambda x: np.sum(wb.hook(x, lambda bar: bar[1:])))(np.ones(3))


def test_checkpoint_keeps_less_and_gives_the_same(capsys: Any) -> None:
    mine, plain = losses_of(checked), losses_of(body)
    x = np.linspace(0.3, 1.2, 3)
    same(tape_grad(mine)(x, 4), tape_grad(plain)(x, 4))
    same(wb.jvp(mine, (x, 4), (x, None), engine="tape"), wb.jvp(plain, (x, 4), (x, None), engine="tape"))
    again = [tape_grad(lambda x, f=f: np.sum(wb.grad(f)(x, 4) * x))(x) for f in (mine, plain)]
    same(*again)
    few, many = (len(wb.tape(f, x, 4)) for f in (mine, plain))
    assert few < many / 5

    def captured(x, s):  # type: ignore[no-untyped-def]
        return np.sum(wb.checkpoint(lambda z: z * s)(x))
    assert tape_grad(captured, 1)(x, 2.0) == pytest.approx(np.sum(x))

    def talking(x):  # type: ignore[no-untyped-def]
        print("once")
        return x * x
    assert tape_grad(lambda x: wb.checkpoint(talking)(x))(2.0) == 4.0
    assert capsys.readouterr().out == "once\n"


def test_checkpoint_draws_the_same_again() -> None:
    def noisy(x, rng):  # type: ignore[no-untyped-def]
        return np.sum(x * rng.standard_normal(3) * np.random.random() * random.random() * GENERATOR.random())
    loud = wb.checkpoint(noisy)
    rng = np.random.default_rng(5)
    x = np.array([0.1, 0.2, 0.3])
    value, gradient = wb.value_and_grad(lambda x: loud(x, rng) ** 2, engine="tape")(x)
    assert np.dot(gradient, x) == pytest.approx(2 * value)
    after = rng.standard_normal(3)
    again = np.random.default_rng(5)
    again.standard_normal(3)
    assert list(after) == list(again.standard_normal(3))  # drawn once, as far as the program sees

    count = [0.0]

    def drifting(x):  # type: ignore[no-untyped-def]
        count[0] += 1.0
        return x * count[0]
    with pytest.raises(wb.DifferentiationError, match="changes what is outside of it"):
        tape_grad(wb.checkpoint(drifting))(2.0)

    def scribbling(x):  # type: ignore[no-untyped-def]
        y = x * 1.0
        return wb.checkpoint(scribble)(y) + 5.0 * y[0] + y[1]
    assert list(tape_grad(scribbling)(np.ones(2))) == [0.0, 2.0]  # what it writes is written


def scribble(y):  # type: ignore[no-untyped-def]
    y[0] = 0.0
    return np.sum(y)


def losses_of(step: Any) -> Any:
    def loss(x, n):  # type: ignore[no-untyped-def]
        for _ in range(5):
            x = step(x, n)
        return np.sum(x * x)
    return loss


def test_forward_over_forward_by_arrays() -> None:
    x, d = np.array([2.0, 3.0]), np.ones(2)

    def first(x):  # type: ignore[no-untyped-def]
        return wb.jvp(lambda x: x[0] * x[1] * x[0], (x,), (d,))[1]
    assert wb.jvp(first, (x,), (d,), engine="tape") == (16.0, 14.0)


def test_a_generator_inside_a_derivative_inside_a_program() -> None:
    def f(x, rng):  # type: ignore[no-untyped-def]
        return wb.grad(lambda x: x * x * rng.random())(x)
    with pytest.raises(wb.DifferentiationError, match="random generator"):
        wb.grad(f, engine="numba")(1.0, np.random.default_rng(1))
