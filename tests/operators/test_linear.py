"""`vjp` and `linearize` inside programs: the program runs once, and its linear map may be called whenever and as often
as wanted. Each program is compared with plain Python, where the operators compile (or record) what they are given."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import workbench as wb
from tests.fuzz.emitted import in_python
from workbench.operators import Derivative

RNG = np.random.default_rng(11)


@dataclass
class Pair:
    """A container of an array and a number."""

    a: Any
    b: float


def scan(x, a):
    y = np.zeros(len(a))
    s = x
    for i in range(len(a)):
        s = math.sin(s) * a[i] + s if a[i] > 0.0 else s * a[i]
        y[i] = s * s
    return y, s


def newton(x):
    n = 0
    while x * x - 2.0 > 1e-6 and n < 20:
        x = x - 0.4 * (x * x - 2.0) / x
        n += 1
    return x * x * x


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def columns(x, a):
    value, push = wb.linearize(scan, x, a)
    out = np.empty((len(a) + 1, len(a)))
    for k in range(len(a) + 1):
        direction = np.zeros(len(a))
        if k > 0:
            direction[k - 1] = 1.0
        out[k] = push(1.0 if k == 0 else 0.0, direction)[0]
    return value, out


def rows(x, a):
    value, pull = wb.vjp(scan, x, a)
    out = np.empty((len(a), len(a) + 1))
    for k in range(len(a)):
        bar = np.zeros(len(a))
        bar[k] = 1.0
        out[k, 0], out[k, 1:] = pull((bar, 0.0))
    return value, out


def what_is_written_meanwhile(x, a):
    a = a * x
    value, pull = wb.vjp(lambda b: np.exp(b) * b[0], a)
    other, push = wb.linearize(lambda b: np.exp(b) * b[0], a)
    a[:] = 1.0
    value[0] = 0.0
    other[1:] = 2.0
    return value, other, pull(np.ones(len(value)) * x)[0], push(np.ones(len(a)) * x), a


def what_the_function_writes(x, a):
    a = a.copy()

    def f(b):
        b[1] = b[0] * b[1] * x
        return np.sum(b * b)
    value, push = wb.linearize(f, a)
    more, pull = wb.vjp(f, a)
    return value, push(np.ones(len(a))), more, pull(1.0)[0], a


def structures(x, a):
    p = {"u": Pair(a, x), "n": 3, "v": (x, [a, 2.0])}

    def f(q, scale):
        return {"s": np.sum(q["u"].a) * q["u"].b * scale, "t": (q["v"][1][0] * q["v"][1][1] * q["n"], q["n"])}
    value, push = wb.linearize(f, p, x)
    d = push({"u": Pair(a, 1.0), "n": 0, "v": (0.0, [a * 0.0, x])}, None)
    alone = push(None, 1.0)
    _, pull = wb.vjp(f, p, x)
    g, h = pull({"s": 1.0, "t": (a, 0)})
    return value["s"], d["s"], d["t"][0], alone["s"], alone["t"][0], g["u"].a, g["u"].b, g["v"][1][0], g["v"][1][1], h


def in_arms_and_loops(x, a):
    total = 0.0
    for k in range(len(a)):
        value, pull = wb.vjp(lambda t: math.sin(t) * a[k], x)  # noqa: B023
        if a[k] > 0.0:
            total += value * pull(2.0)[0]
        push = wb.linearize(newton, abs(a[k]) + 2.0)[1]
        total += push(1.0) + push(a[k])
    return total


def what_runs_again(x, a):
    value, pull = wb.vjp(lambda t: power(t, 3) * t, x)
    other, push = wb.linearize(lambda t: power(t, 3) * t, x)
    third, again = wb.linearize(lambda t, b: wb.checkpoint(lambda u: np.sum(np.sin(u) * b))(t * b), x, a)
    return value, pull(2.0)[0], other, push(2.0), third, again(1.0, None), again(None, a)


def the_argument_itself(x, a):
    value, pull = wb.vjp(lambda b: (b, b[::-1], np.sum(b) * x), a)
    push = wb.linearize(lambda b: (b, b[::-1], b * b), a)[1]
    dots = push(a)
    return value[0] is a, pull((a, a, 1.0))[0], dots[0], dots[1], dots[2]


def second_order(x, a):
    value, push = wb.linearize(lambda t: np.sum(wb.grad(lambda b: np.sum(np.sin(b * t) * b))(a)), x)
    return value, push(1.0)


PROGRAMS = [columns, rows, what_is_written_meanwhile, what_the_function_writes, structures, in_arms_and_loops,
            what_runs_again, the_argument_itself, second_order]


def numbers(value: Any) -> list[Any]:
    """The leaves of a result."""
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in numbers(part)]
    return [value]


@pytest.mark.sampled(1 / 2)
@pytest.mark.parametrize("program", PROGRAMS, ids=[f.__name__ for f in PROGRAMS])
@pytest.mark.parametrize("length", [4, 2])
def test_as_in_python(program: Any, length: int) -> None:
    x, a = 0.7, RNG.normal(size=length)
    plain = numbers(program(x, a.copy()))
    with in_python():
        mine = numbers(Derivative(program, "value", engine="numba")(x, a.copy()))
    assert len(mine) == len(plain)
    for k, (p, q) in enumerate(zip(mine, plain, strict=True)):
        np.testing.assert_allclose(p, q, rtol=1e-12, atol=1e-13, err_msg=f"result {k}")


def test_compiled() -> None:
    x, a = 0.4, RNG.normal(size=5)
    for program in (columns, rows):
        (y, s), table = Derivative(program, "value", engine="numba")(x, a)
        np.testing.assert_allclose(y, scan(x, a)[0], rtol=1e-14)
        assert s == pytest.approx(scan(x, a)[1])
        table = table if program is columns else table.T
        step = 1e-200
        for k in range(6):
            moved = a + (1j * step * np.eye(5)[k - 1] if k else 0.0)
            exact = _complex_scan(x + (0.0 if k else 1j * step), moved).imag / step
            np.testing.assert_allclose(table[k], exact, rtol=1e-12, atol=1e-14)


def _complex_scan(x: Any, a: Any) -> Any:
    out, s = [], x
    for v in a:
        s = np.sin(s) * v + s if v.real > 0.0 else s * v
        out.append(s * s)
    return np.array(out)


def test_the_program_runs_once() -> None:
    def program(x):
        value, push = wb.linearize(lambda t: math.exp(math.sin(t)) * t, x)
        return value, push(1.0) + push(2.0), wb.vjp(lambda t: math.exp(math.sin(t)) * t, x)[1](1.0)[0]
    with in_python():
        derivative = Derivative(program, "value", engine="numba")
        derivative(0.3)
    assert derivative.source.count("= math.exp(") == 1


def test_what_it_prints_is_printed_once(capsys: Any) -> None:
    def program(x):
        def f(t):
            print("here", t)
            return t * t
        pull = wb.vjp(f, x)[1]
        push = wb.linearize(f, x)[1]
        return pull(1.0)[0] + pull(2.0)[0] + push(1.0) + push(0.5)
    assert Derivative(program, "value", engine="numba")(1.5) == 13.5
    assert capsys.readouterr().out == "here 1.5\nhere 1.5\n"
    assert program(1.5) == 13.5
    assert capsys.readouterr().out == "here 1.5\nhere 1.5\n"
    assert wb.linearize(lambda t: print("tape", t) or t * t, 2.0, engine="tape")[1](1.0) == 4.0  # type: ignore[func-returns-value]
    assert capsys.readouterr().out == "tape 2.0\n"


@pytest.mark.parametrize("program", [in_arms_and_loops, second_order], ids=lambda f: f.__name__)
def test_derivatives_of_it(program: Any) -> None:
    a = RNG.normal(size=3)

    def f(x):
        result = program(x, a)
        return result[0] * result[1] if isinstance(result, tuple) else result
    with in_python():
        value, slope = wb.value_and_grad(f, engine="numba")(0.7)
        assert wb.jvp(f, (0.7,), (1.0,), engine="numba")[1] == pytest.approx(slope, rel=1e-10)
    h = 1e-3
    plain = [f(0.7 + k * h) for k in (-2, -1, 1, 2)]
    assert value == pytest.approx(f(0.7), rel=1e-12)
    assert slope == pytest.approx((plain[0] - 8.0 * plain[1] + 8.0 * plain[2] - plain[3]) / (12.0 * h), rel=1e-8)


def test_precisions_and_empty_arrays() -> None:
    def program(a):
        value, push = wb.linearize(lambda b: np.sin(b) * b, a)
        pull = wb.vjp(lambda b: np.sin(b) * b, a)[1]
        return value, push(np.ones(len(a))), pull(np.ones(len(a)))[0]
    with in_python():
        for n in (0, 1, 3):
            a = RNG.normal(size=n).astype(np.float32)
            for found in Derivative(program, "value", engine="numba")(a):
                assert found.dtype == np.float32 and found.shape == (n,)
            wide = a.astype(float)
            _, dot, bar = Derivative(program, "value", engine="numba")(wide)
            np.testing.assert_allclose(dot, np.cos(wide) * wide + np.sin(wide), rtol=1e-13)
            np.testing.assert_allclose(bar, dot, rtol=1e-13)


def test_at_the_top() -> None:
    a = RNG.normal(size=3)
    for engine in ("numba", "tape"):
        value, push = wb.linearize(lambda x, b, n: b * x ** n, 2.0, a, 3, engine=engine)
        a[0] += 1.0  # the map is that of the program as it was
        before = value / 8.0
        np.testing.assert_allclose(push(1.0, None, None), before * 12.0, rtol=1e-14)
        np.testing.assert_allclose(push(None, before, None), before * 8.0, rtol=1e-14)
        with pytest.raises(TypeError, match="3 arguments and 2 tangents"):
            push(1.0, a)
    with pytest.raises(ValueError, match="shape"):
        wb.linearize(lambda b: b * b, a)[1](np.ones(4))


def test_a_recorded_run_may_use_it() -> None:
    def program(x):
        table = {str(int(x)): x}  # (which the compiler refuses)
        value, push = wb.linearize(lambda t: t * t * table[str(int(x))], x)
        return value * push(1.0)
    with pytest.warns(UserWarning):
        assert wb.grad(program)(1.5) == pytest.approx(2.0 * 5 * 1.5 ** 4)


# ---------------------------------------------------------------------- what is refused
def made_in_an_arm(x):
    pull = None
    if x > 0.0:
        pull = wb.vjp(lambda t: t * t, x)[1]
    return pull(1.0)[0]


def made_in_an_iteration(x):
    while x < 100.0:
        x = x * 1.1
        pull = wb.vjp(lambda t: t * t, x)[1]
    return pull(1.0)[0]


def in_another_derivative(x):
    pull = wb.vjp(lambda t: t * t, x)[1]
    return wb.grad(lambda s: pull(s)[0])(2.0)


def of_another_shape(x):
    return wb.vjp(lambda t: np.ones(3) * t, x)[1](1.0)[0]


@pytest.mark.parametrize("program", [made_in_an_arm, made_in_an_iteration, in_another_derivative, of_another_shape],
                         ids=lambda f: f.__name__)
def test_refused(program: Any) -> None:
    with pytest.raises(wb.DifferentiationError) as caught:
        wb.grad(program, engine="numba")(1.5)
    assert caught.value.lineno >= program.__code__.co_firstlineno


def test_arguments_are_counted() -> None:
    def program(x):
        return wb.linearize(lambda t, u: t * u, x, x)[1](1.0)
    with pytest.raises(TypeError, match="2 arguments and 1 tangents"):
        wb.grad(program, engine="numba")(1.5)
