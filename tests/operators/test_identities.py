"""`stop_gradient`, `hook`, `checkpoint`, compiled: structures, captured values, orders, aliases, memory."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import workbench as wb
from workbench.frontend import trace
from workbench.ir import walk
from workbench.passes import optimize
from workbench.transforms import vjp


@dataclasses.dataclass
class Pair:
    a: float
    v: np.ndarray
    name: str = "p"


def body(x, n):  # type: ignore[no-untyped-def]
    for _ in range(n):
        x = np.sin(x) * 1.1
    return x


def in_place(y, s):  # type: ignore[no-untyped-def]
    y[0] = y[0] * s
    y[-1] += y[0]


checked = wb.checkpoint(body)


def test_stop_gradient() -> None:
    def f(x, p, n):  # type: ignore[no-untyped-def]
        y = wb.stop_gradient(x)
        y[0] += 1.0  # a copy: x stays as it is
        q = wb.stop_gradient((p, [n, "s"]))[0]
        return np.sum(x * y) + q.a * p.a + np.sum(q.v * p.v) * n
    x, p = np.array([0.5, -1.0]), Pair(2.0, np.array([3.0, 4.0]))
    gx, gp = wb.grad(f, (0, 1))(x, p, 2)
    assert list(gx) == [1.5, -1.0] and gp.a == 2.0 and list(gp.v) == [6.0, 8.0]
    assert f(x, p, 2) == wb.vjp(f, x, p, 2)[0] and list(x) == [0.5, -1.0]
    assert wb.jvp(lambda x: wb.stop_gradient(x) * x, (3.0,), (1.0,)) == (9.0, 3.0)
    assert wb.grad(wb.grad(lambda x: wb.stop_gradient(x * x) * x * x))(3.0) == 18.0
    assert wb.grad(lambda x, a: wb.stop_gradient(x)[0] * a)(np.array([1.0], np.float32), 2.0).dtype == np.float32


def test_lists_of_run_time_length_are_refused() -> None:
    def f(x, n):  # type: ignore[no-untyped-def]
        items = []
        for k in range(n):
            items.append(x * k)
        return wb.stop_gradient(items)[0]
    with pytest.raises(wb.DifferentiationError, match="run-time length"):
        wb.grad(f, engine="numba")(1.0, 100)
    assert wb.grad(f, engine="numba")(1.0, 3) == 0.0


def test_hook_changes_cotangents_alone() -> None:
    def f(x, c):  # type: ignore[no-untyped-def]
        y = np.sin(x)
        z = wb.hook({"y": y, "c": c, "n": 3},
                    lambda bar: {"y": np.clip(bar["y"], -c, c), "c": bar["c"] * 3.0, "n": None})
        return np.sum(z["y"] * x * 2.0) + z["c"] ** 2
    x, c = np.array([0.3, 0.7]), 0.5
    gx, gc = wb.grad(f, (0, 1))(x, c)
    np.testing.assert_allclose(gx, np.clip(2 * x, -c, c) * np.cos(x) + 2 * np.sin(x), rtol=1e-14)
    assert gc == 3.0 and f(x, c) == pytest.approx(wb.vjp(f, x, c)[0])
    tangent = wb.jvp(f, (x, c), (x, 1.0))[1]  # forward mode leaves tangents alone
    assert tangent == pytest.approx(np.sum((2 * x * np.cos(x) + 2 * np.sin(x)) * x) + 2 * c)

    def squared(x):  # type: ignore[no-untyped-def]
        return wb.hook(x, lambda bar: bar * bar) ** 3
    assert wb.grad(squared)(1.1) == pytest.approx(9 * 1.1**4)
    assert wb.grad(wb.grad(squared))(1.1) == pytest.approx(_of_the_hooked(1.1))

    def looped(x, n):  # type: ignore[no-untyped-def]
        for k in range(n):
            x = wb.hook(x * 2.0, lambda bar: bar * k)  # noqa: B023
        return x
    assert wb.grad(looped)(1.0, 4) == 0.0


def _of_the_hooked(x: float) -> float:
    """d/dx of (3 h(x)^2)^2, where h is the identity and its cotangent is squared."""
    outer = 2 * (3 * x**2) * 6 * x  # the cotangent of h(x)
    return outer * outer


def test_hooks_are_held_to_the_structure() -> None:
    with pytest.raises(wb.DifferentiationError, match="another shape"):
        wb.grad(lambda x: np.sum(wb.hook(x, lambda bar: bar[1:])), engine="numba")(np.ones(3))
    with pytest.raises(wb.DifferentiationError, match="1 dimension"):
        wb.grad(lambda x: np.sum(wb.hook(x, np.sum)), engine="numba")(np.ones(3))
    with pytest.raises(wb.DifferentiationError, match="writes into what it captured"):
        wb.grad(meddling, engine="numba")(np.ones(3))
    with pytest.raises(TypeError, match="a function of the cotangent"):
        wb.hook(1.0, 2.0)  # type: ignore[arg-type]
    x = np.ones(2)
    assert wb.hook(x, abs) is not x


def meddling(x):  # type: ignore[no-untyped-def]
    kept = np.zeros(3)

    def note(bar):  # type: ignore[no-untyped-def]
        kept[0] = bar[0]
        return bar
    return np.sum(wb.hook(x, note))


def losses(step: Any) -> Any:
    def loss(x, n):  # type: ignore[no-untyped-def]
        for _ in range(5):
            x = step(x, n)
        return np.sum(x * x)
    return loss


def test_checkpoint_is_the_function() -> None:
    x = np.linspace(0.3, 1.2, 3)
    mine, plain = losses(checked), losses(body)
    forms = [[wb.grad(f), wb.grad(lambda x, n, f=f: np.sum(wb.grad(f)(x, n) * x))] for f in (mine, plain)]
    for a, b in zip(*forms, strict=True):
        np.testing.assert_allclose(a(x, 4), b(x, 4), rtol=1e-12)
        assert a(x[:0], 4).shape == (0,)
    assert wb.jvp(mine, (x, 4), (x, None)) == pytest.approx(wb.jvp(plain, (x, 4), (x, None)))


def test_checkpoint_writes_and_captures() -> None:
    def f(x, s):  # type: ignore[no-untyped-def]
        y = x.copy()
        wb.checkpoint(in_place)(y, s)
        inner = wb.checkpoint(lambda z: z * s)
        same = wb.checkpoint(lambda z: z)(y)
        same[1] += s  # the very array
        return np.sum(inner(y) * x)

    def g(x, s):  # type: ignore[no-untyped-def]
        y = x.copy()
        in_place(y, s)
        y[1] += s
        return np.sum(y * s * x)
    x, s = np.array([0.3, 0.5, 0.7]), 0.4
    assert f(x, s) == g(x, s)
    for a, b in zip(wb.grad(f, (0, 1))(x, s), wb.grad(g, (0, 1))(x, s), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def kept(step: Any, order: int = 1) -> int:
    """How many arrays the forward sweep keeps of a program that calls `step` in a loop."""
    def loss(x, n, m):  # type: ignore[no-untyped-def]
        for _ in range(m):
            x = step(x, n)
        return np.sum(x)
    function = optimize(trace(loss, (np.ones(3), 4, 5), ("x", "n", "m"), (0,)).function)
    adjoint = vjp(function, [0], [0], seeds="one")
    return sum(op.result.rank - 1 for op in walk(adjoint.block) if op.prim in ("empty", "full") and op.result.rank > 1)


def test_checkpoint_keeps_the_arguments_alone() -> None:
    assert kept(checked) == 1  # x, in each round of the outer loop
    assert kept(body) == 2  # x, in each round of both


def tower(x, n):  # type: ignore[no-untyped-def]
    print("floor", n)
    return x if n <= 0 else x * tower(x, n - 1)


def test_what_is_run_again_prints_once(capfd: Any) -> None:
    def talking(x):  # type: ignore[no-untyped-def]
        print("once", x)
        return wb.checkpoint(lambda z: tower(z, 2))(x * x)
    assert wb.grad(wb.checkpoint(talking), engine="numba")(2.0) == pytest.approx(6 * 2.0**5)
    assert capfd.readouterr().out == "once 2.0\nfloor 2\nfloor 1\nfloor 0\n"


def test_writes_into_containers_and_exchanged_arrays() -> None:
    def bump(p, d):  # type: ignore[no-untyped-def]
        p.a = p.a * d["k"]
        p.v[0] = p.a
        d["k"] = d["k"] + p.v[1]
        return p.a * d["k"]

    def exchange(a, b):  # type: ignore[no-untyped-def]
        for i in range(3):
            a, b = b, a
            a[i % 2] = a[0] * b[1] + 0.5
        return np.sum(a) * np.sum(b * b)
    p, d = Pair(2.0, np.array([3.0, 4.0])), {"k": 1.5}
    q, e = Pair(2.0, np.array([3.0, 4.0])), {"k": 1.5}
    value, (by_p, by_d) = wb.value_and_grad(wb.checkpoint(bump), (0, 1), engine="numba")(p, d)
    assert value == bump(q, e) == 16.5 and (p.a, list(p.v), d) == (q.a, list(q.v), e)
    assert by_p.a == pytest.approx(1.5 * 5.5) and list(by_p.v) == [0.0, 3.0] and by_d["k"] == pytest.approx(14.0)
    with pytest.raises(wb.DifferentiationError, match="exchanges them in a loop"):
        wb.grad(wb.checkpoint(exchange), engine="numba")(np.ones(2), np.ones(3))
    for x in (np.array([0.3, -1.2]), np.array([1.0, 1.0])):  # of one size, which is guarded: differentiated
        a, b, c, e_b = x.copy(), x + 0.5, x.copy(), x + 0.5
        slope = wb.grad(wb.checkpoint(exchange), engine="numba")(a, b)
        for k in range(2):
            z = x.astype(complex)
            z[k] += 1e-30j
            assert slope[k] == pytest.approx(exchange(z, (x + 0.5).astype(complex)).imag / 1e-30)
        exchange(c, e_b)
        assert np.allclose(a, c) and np.allclose(b, e_b)
